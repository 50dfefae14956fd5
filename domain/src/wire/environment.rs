//! Environments on the wire.

use serde::{Deserialize, Serialize};

use crate::environment::{Connection, Environment};
use crate::timestamp::Timestamp;

/// `GET /api/environments`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentList {
    pub success: bool,
    pub environments: Vec<EnvironmentView>,
}

/// One environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentView {
    pub id: String,
    pub name: String,
    /// `DockerSocket`.
    #[serde(rename = "type")]
    pub kind: String,
    pub connection_string: String,
    pub is_default: bool,
    pub created_at: Timestamp,
}

impl From<&Environment> for EnvironmentView {
    fn from(environment: &Environment) -> Self {
        let Connection::DockerSocket { socket_path } = &environment.connection;
        Self {
            id: environment.id.to_string(),
            name: environment.name.clone(),
            kind: "DockerSocket".to_owned(),
            connection_string: socket_path.clone(),
            is_default: environment.is_default,
            created_at: environment.created_at,
        }
    }
}

/// `POST /api/environments`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CreateEnvironmentRequest {
    /// 1 to 100 characters, unique.
    pub name: String,
    /// `DockerSocket`, the only type for now.
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    /// `unix:///var/run/docker.sock`, a path, or `tcp://host:port`.
    #[serde(default)]
    pub socket_path: Option<String>,
}

/// Its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CreateEnvironmentResponse {
    pub success: bool,
    pub message: String,
    pub environment: EnvironmentView,
}

/// `POST /api/environments/test-connection`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct TestConnectionRequest {
    /// `DockerSocket`, the only type for now.
    #[serde(rename = "type", default)]
    pub kind: Option<String>,
    /// `unix:///var/run/docker.sock`, a path, or `tcp://host:port`.
    #[serde(default, alias = "socketPath")]
    pub docker_host: Option<String>,
}

/// Its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConnectionTest {
    /// Whether the engine answered.
    pub success: bool,
    /// Who answered, or why nobody did.
    pub message: String,
    /// Such as `28.5.2`.
    pub docker_version: Option<String>,
}
