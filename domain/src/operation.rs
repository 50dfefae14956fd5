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
use crate::deployment::{Before, StackBefore};
use crate::id::{DeploymentId, EnvironmentId, OperationId};
use crate::maintenance::MaintenanceTrigger;
use crate::plan::Plan;
use crate::product::OnFailure;
use crate::release::ReleaseNumber;
use crate::timestamp::Timestamp;

/// What an operation does to a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    /// First roll-out of a product.
    Deploy,
    /// The same version again, with images that were just pulled.
    Redeploy,
    /// What failed is rolled out again.
    Retry,
    /// Another version is rolled out.
    Upgrade,
    /// An earlier release is rolled out.
    Rollback,
    /// Containers are stopped.
    Stop,
    /// Containers are stopped and started again.
    Restart,
    /// Containers are stopped, and the product is in maintenance.
    EnterMaintenance,
    /// Containers are started again, and maintenance ends.
    ExitMaintenance,
    /// The product is removed.
    Remove,
}

impl OperationKind {
    /// Every kind, for tables.
    pub const ALL: &[Self] = &[
        Self::Deploy,
        Self::Redeploy,
        Self::Retry,
        Self::Upgrade,
        Self::Rollback,
        Self::Stop,
        Self::Restart,
        Self::EnterMaintenance,
        Self::ExitMaintenance,
        Self::Remove,
    ];

    /// The stored form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deploy => "deploy",
            Self::Redeploy => "redeploy",
            Self::Retry => "retry",
            Self::Upgrade => "upgrade",
            Self::Rollback => "rollback",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::EnterMaintenance => "enter_maintenance",
            Self::ExitMaintenance => "exit_maintenance",
            Self::Remove => "remove",
        }
    }

    /// Reads the stored form; none for a kind of a newer version.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }

    /// Whether it makes the product run as it is wanted: the kinds that can be undone.
    #[must_use]
    pub const fn rolls_out(self) -> bool {
        matches!(
            self,
            Self::Deploy | Self::Redeploy | Self::Retry | Self::Upgrade | Self::Rollback
        )
    }

    /// What is done, as a noun: `Redeploy of Shop`.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Deploy => "Deployment",
            Self::Redeploy => "Redeploy",
            Self::Retry => "Retry",
            Self::Upgrade => "Upgrade",
            Self::Rollback => "Rollback",
            Self::Stop => "Stop",
            Self::Restart => "Restart",
            Self::EnterMaintenance => "Entering maintenance",
            Self::ExitMaintenance => "Exiting maintenance",
            Self::Remove => "Removal",
        }
    }
}

/// What the caller of an operation wants, beyond its kind. Holds no secret: values are in the release.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OperationInput {
    /// Names of the stacks that are worked on; all where it is empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stacks: Vec<String>,
    /// The release that is rolled out; the present one where it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<ReleaseNumber>,
    /// Whether later stacks are worked on when one fails; what the deployment says where it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continue_on_error: Option<bool>,
    /// What happens to complete stacks when another one fails; what the manifest says where it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<OnFailure>,
    /// Status of the product before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Before>,
    /// Statuses of the stacks before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stacks_before: Vec<(String, StackBefore)>,
    /// Who enters or exits maintenance, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<MaintenanceTrigger>,
    /// Volumes on the engine that are removed, too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<String>,
    /// The fingerprint of the plan that the caller saw: only that one is carried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan_id: Option<String>,
}

/// What an operator decides about an operation that waits for a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// What failed is tried again.
    Retry,
    /// Everything returns to what it was before.
    Rollback,
    /// What is done stays done.
    Keep,
}

impl Decision {
    /// Every one, for tables.
    pub const ALL: &[Self] = &[Self::Retry, Self::Rollback, Self::Keep];

    /// The wire and stored form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Rollback => "rollback",
            Self::Keep => "keep",
        }
    }

    /// Reads the stored form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|decision| decision.as_str() == text)
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
    /// What the caller wants.
    pub input: OperationInput,
    /// What an operator decided, once it waited for a decision.
    pub decision: Option<Decision>,
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
