//! Operations on the wire.

use serde::{Deserialize, Serialize};

use crate::deployment::ProductStatus;
use crate::operation::event::Event;
use crate::operation::{Decision, OperationKind, OperationStatus};
use crate::timestamp::Timestamp;

/// `GET /api/operations/{id}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OperationView {
    pub operation_id: String,
    pub environment_id: String,
    pub environment_name: String,
    pub product_group_id: String,
    pub product_deployment_id: String,
    pub product_name: String,
    pub product_version: Option<String>,
    pub kind: OperationKind,
    pub status: OperationStatus,
    /// Of the product, as recorded now.
    pub product_status: ProductStatus,
    pub actor: String,
    pub session_id: String,
    pub cancel_requested: bool,
    pub can_cancel: bool,
    /// What an operator may decide, where it waits for a decision.
    pub decisions: Vec<Decision>,
    pub message: Option<String>,
    /// Number of the newest event.
    pub last_event_id: i64,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
}

/// `GET /api/operations`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OperationList {
    pub success: bool,
    /// The newest first.
    pub operations: Vec<OperationView>,
    /// Of all pages.
    pub total: u64,
    pub page: u32,
    pub page_size: u32,
}

/// 202: where to follow what was accepted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AcceptedOperation {
    pub success: bool,
    pub message: String,
    pub operation_id: String,
    pub product_deployment_id: String,
    pub session_id: String,
}

/// `GET /api/operations/{id}/events` as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EventPage {
    pub events: Vec<Event>,
    /// Give this as `after` for the next page.
    pub next_after: i64,
    /// Whether more events are stored already.
    pub has_more: bool,
    /// Whether the operation has ended and every event was given.
    pub complete: bool,
}

/// `GET /api/operations/{id}/previous-run`: how long the last operation of the same kind on the same product took.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PreviousRunResponse {
    pub success: bool,
    /// None where no earlier one has succeeded, as far as it is looked for.
    pub previous_run: Option<PreviousRun>,
}

/// An operation that succeeded, in durations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PreviousRun {
    pub operation_id: String,
    /// From its first claim to its end.
    pub total_milliseconds: u64,
    /// In the order in which they began; those that nothing was done to are left out.
    pub stacks: Vec<PreviousStack>,
}

/// When a stack's part of a [`PreviousRun`] began and ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PreviousStack {
    pub stack_name: String,
    /// After the beginning of the run.
    pub from_milliseconds: u64,
    /// After the beginning of the run.
    pub to_milliseconds: u64,
}
