//! What an engine has, as plain data: one snapshot, labels parsed once, nothing chosen early.

use serde::{Deserialize, Serialize};

use crate::id::{DeploymentId, EnvironmentId, OperationId};

/// Whom an object on the engine belongs to, as its labels say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ownership {
    /// Group id of the product.
    pub product: String,
    /// Environment.
    pub environment: EnvironmentId,
    /// Product deployment.
    pub deployment: DeploymentId,
    /// Stack name in the product.
    pub stack: String,
    /// Prefix of the stack's names.
    pub project: String,
    /// Service name; empty for networks and volumes.
    pub service: String,
    /// From 1; 0 for networks and volumes.
    pub replica: u32,
    /// Whether it is a one-shot.
    pub init: bool,
    /// The operation that made it.
    pub operation: OperationId,
    /// Counts replacements, from 1; 0 for networks and volumes.
    pub generation: u32,
    /// Hash of the specification at creation; empty for networks and volumes.
    pub spec_hash: String,
}

/// A container's life as the engine tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ContainerState {
    Created,
    Running,
    Paused,
    Restarting,
    Removing,
    Exited,
    Dead,
}

/// What the engine's health check says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// There is no check.
    None,
    Starting,
    Healthy,
    Unhealthy,
}

/// One container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedContainer {
    /// The engine's id.
    pub id: String,
    /// Without the leading slash.
    pub name: String,
    /// As the container was created with.
    pub image: String,
    /// `sha256:…` of the image's configuration.
    pub image_id: String,
    pub state: ContainerState,
    pub health: Health,
    /// Of the last end; none while it runs or never ran.
    pub exit_code: Option<i64>,
    /// Ours, or not.
    pub ownership: Option<Ownership>,
}

/// One network or volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObservedObject {
    /// Its name.
    pub name: String,
    /// Ours, or not.
    pub ownership: Option<Ownership>,
}

/// Everything of interest on one engine at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Observed {
    pub containers: Vec<ObservedContainer>,
    pub networks: Vec<ObservedObject>,
    pub volumes: Vec<ObservedObject>,
}

impl Observed {
    /// The container of this name, ours or not.
    #[must_use]
    pub fn container(&self, name: &str) -> Option<&ObservedContainer> {
        self.containers
            .iter()
            .find(|container| container.name == name)
    }
}
