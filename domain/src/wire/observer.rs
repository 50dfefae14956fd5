//! Maintenance observers on the wire: the field names of the compatible API, and when the next look is.

use serde::{Deserialize, Serialize};

use crate::timestamp::Timestamp;

/// `GET /api/health/deployments/{deploymentId}/observer`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ObserverView {
    /// The id that was asked for, of a product or of one of its stacks.
    pub deployment_id: String,
    /// The deployment's name, or that of the stack.
    pub stack_name: String,
    /// Whether the product declares an observer.
    pub has_observer: bool,
    /// `sqlExtendedProperty`, `sqlQuery`, `http` or `file`; absent where the observer cannot be used.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub next_check_at: Option<Timestamp>,
    /// Failed checks in a row.
    pub consecutive_failures: u32,
    /// When the first of them was.
    pub failing_since: Option<Timestamp>,
    /// Absent before the first check.
    pub last_result: Option<ObserverResultView>,
}

/// What one check gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ObserverResultView {
    /// Whether there was a value that means something.
    pub is_success: bool,
    pub is_maintenance_required: bool,
    pub observed_value: Option<String>,
    /// Why it failed, as a sentence.
    pub error_message: Option<String>,
    pub checked_at: Timestamp,
}

/// `POST /api/health/deployments/{deploymentId}/observer/check`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ObserverCheckView {
    #[serde(flatten)]
    pub observer: ObserverView,
    /// One sentence.
    pub message: String,
    pub result: ObserverResultView,
}
