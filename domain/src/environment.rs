//! Environments: the Docker engines that products are deployed to.

use serde::{Deserialize, Serialize};

use crate::id::EnvironmentId;
use crate::timestamp::Timestamp;

/// Longest environment name, in characters.
pub const MAX_NAME: usize = 100;

/// How Windlass reaches an environment's engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum Connection {
    /// A Docker engine's socket on this machine, or a plain TCP address.
    #[serde(rename_all = "camelCase")]
    DockerSocket {
        /// `unix:///var/run/docker.sock`, or `tcp://127.0.0.1:2375`.
        socket_path: String,
    },
}

/// One environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Environment {
    /// Its id.
    pub id: EnvironmentId,
    /// Unique, 1 to [`MAX_NAME`] characters.
    pub name: String,
    /// How its engine is reached.
    pub connection: Connection,
    /// Whether it is the one chosen where none is named.
    pub is_default: bool,
    /// When it was created.
    pub created_at: Timestamp,
}
