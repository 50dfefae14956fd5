//! What is being done in an environment, and what was done last.

use serde::{Deserialize, Serialize};

use crate::operation::{OperationKind, OperationStatus};
use crate::timestamp::Timestamp;

/// Everything at work, and the newest of what has ended.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ActivityView {
    /// What is at work first, then what ended, the newest first.
    pub operations: Vec<ActivityItem>,
}

/// One operation in a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ActivityItem {
    pub operation_id: String,
    pub product_deployment_id: String,
    pub product_name: String,
    pub product_version: Option<String>,
    pub kind: OperationKind,
    pub status: OperationStatus,
    pub actor: String,
    /// What came of it.
    pub message: Option<String>,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// Steps of its plan; 0 until it has one.
    pub steps: u32,
    /// Those of them that have ended, however they did.
    pub steps_ended: u32,
}

/// That the health of an environment was looked at: lists that show it ask again where it changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HealthNotice {
    /// When the engine was looked at last.
    pub observed_at: Option<Timestamp>,
    /// Whether the engine answers.
    pub engine_answers: bool,
    /// Whether the health of anything changed since the notice before.
    pub changed: bool,
}
