//! Durable operations: kinds, statuses, the journal's events, and what follows from a journal.
//!
//! The journal is the only truth about progress: everything that people and machines see of an operation is a fold over its
//! [`event::Event`]s.

pub mod event;
pub mod failure;
pub mod narration;
pub mod progress;
pub mod status;
pub mod step;

use serde::{Deserialize, Serialize};

pub use status::{OperationStatus, StepState};

use crate::access::Actor;
use crate::id::{DeploymentId, EnvironmentId, OperationId};
use crate::plan::Plan;
use crate::timestamp::Timestamp;

/// What an operation does to a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    /// First roll-out of a product.
    Deploy,
}

impl OperationKind {
    /// Every kind, for tables.
    pub const ALL: &[Self] = &[Self::Deploy];

    /// The stored form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
        }
    }

    /// Reads the stored form; none for a kind of a newer version.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }
}

/// One operation as recorded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Operation {
    pub id: OperationId,
    pub environment_id: EnvironmentId,
    /// Group id of the product: at most one active operation per environment and group.
    pub group_id: String,
    pub deployment_id: DeploymentId,
    pub kind: OperationKind,
    pub status: OperationStatus,
    pub actor: Actor,
    /// The client's id for following this operation; echoed, never interpreted.
    pub session_id: String,
    /// Made by the runner before the first act; none until then.
    pub plan: Option<Plan>,
    /// Whether someone asked to cancel.
    pub cancel_requested: bool,
    /// One sentence, once it ended.
    pub message: Option<String>,
    /// Number of the newest event.
    pub event_seq: i64,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// Nothing happens before this time: the pause between two attempts.
    pub not_before: Option<Timestamp>,
}
