//! Decide, then do: desired and observed become a [`Plan`], a graph of small acts, each with a cause.
//!
//! A plan is data: it is stored with its operation, shown to people as text, and run by an interpreter that decides
//! nothing. It names services and never holds their environment, so it holds no secret.

mod deploy;
mod observed;
mod schedule;
mod text;
mod unwind;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::operation::event::UnwindReason;

pub use deploy::{DeployInput, PlannedStack, PresentImage, Refusal, plan_deploy};
pub use observed::{
    ContainerState, Health, Observed, ObservedContainer, ObservedObject, Ownership,
};
pub use schedule::{Schedule, StackOutcome, schedule, stack_outcome};
pub use unwind::plan_unwind;

/// Version of the stored form. Kinds of steps are only ever added.
pub const PLAN_VERSION: u32 = 1;

/// A stable name of one step, unique in its operation, such as `start web/app`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct StepKey(String);

impl StepKey {
    /// Wraps text made by a planner or read from the store.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StepKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The ordered acts of one operation. Needs only ever point to earlier steps, so a plan cannot have a cycle.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Plan {
    /// [`PLAN_VERSION`] at the time it was made.
    pub version: u32,
    /// In an order that respects every need.
    pub steps: Vec<Step>,
    /// Containers of an earlier deployment that stay as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<Kept>,
    /// Whether no further stack begins once a step was given up (`continueOnError: false`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stop_on_failure: bool,
    /// Where the steps that undo begin; none until something is undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo_from: Option<usize>,
    /// Why they are done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo_because: Option<UnwindReason>,
}

/// A container that is what would be made anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Stack.
    pub stack: String,
    /// Service.
    pub service: String,
    /// From 1.
    pub replica: u32,
    /// Its name on the engine.
    pub container: String,
    /// When the plan was made.
    pub health: Health,
}

/// One act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Its stable name.
    pub key: StepKey,
    /// What is done.
    pub action: Action,
    /// Why, as a clause: `the image is not on the engine`.
    pub cause: String,
    /// What must have ended before.
    pub needs: Vec<Need>,
}

/// An edge of the graph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// Position of the earlier step in [`Plan::steps`].
    pub step: usize,
    /// How it must have ended.
    pub ended: Ended,
}

/// How an earlier step must have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// Done. A step whose need ended otherwise is skipped.
    Well,
    /// In any way.
    Anyhow,
}

/// What a step does: one act on the engine or one change of the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Action {
    /// Makes the image available on the engine.
    PullImage {
        /// The reference.
        image: String,
        /// Whether the registry is asked even where the engine has it.
        always: bool,
        /// Stacks that use it, in order.
        stacks: Vec<String>,
    },
    /// Makes a network, or checks that an external one exists.
    EnsureNetwork {
        /// Stack.
        stack: String,
        /// Key in the stack's specification.
        network: String,
    },
    /// Makes a volume, or checks that an external one exists.
    EnsureVolume {
        /// Stack.
        stack: String,
        /// Key in the stack's specification.
        volume: String,
    },
    /// Removes a container of an earlier deployment that is in the way.
    RemoveContainer {
        /// Stack.
        stack: String,
        /// Service.
        service: String,
        /// Its name on the engine.
        container: String,
        /// The engine's id, so that a newer one of the same name is never hit.
        id: String,
    },
    /// Removes a network of an earlier deployment that no stack is on any more.
    RemoveNetwork {
        /// Stack.
        stack: String,
        /// Its name on the engine.
        name: String,
    },
    /// Makes a container and puts its files into it.
    CreateContainer {
        /// Stack.
        stack: String,
        /// Service.
        service: String,
        /// From 1.
        replica: u32,
        /// Generation label of the new container.
        generation: u32,
    },
    /// The stack's turn has come: its status becomes Deploying.
    BeginStack {
        /// Stack.
        stack: String,
    },
    /// Starts a container.
    StartContainer {
        /// Stack.
        stack: String,
        /// Service.
        service: String,
        /// From 1.
        replica: u32,
    },
    /// Starts a one-shot, keeps its output, and waits for its end; only exit code 0 is good.
    RunInit {
        /// Stack.
        stack: String,
        /// Service.
        service: String,
    },
    /// Waits until the service's health gate passes on all replicas.
    AwaitHealthy {
        /// Stack.
        stack: String,
        /// Service.
        service: String,
    },
    /// Waits until a service without a check of its own has stayed up for a while on all replicas.
    AwaitSettled {
        /// Stack.
        stack: String,
        /// Service.
        service: String,
    },
    /// Waits until a service that is depended on with `service_completed_successfully` has ended with exit code 0.
    AwaitCompleted {
        /// Stack.
        stack: String,
        /// Service.
        service: String,
    },
    /// The stack's last step: fails where one of its steps failed, so that its status becomes Running or Failed.
    FinishStack {
        /// Stack.
        stack: String,
    },
    /// Undo: stops a container that did not become healthy and keeps it as evidence.
    StopFailed {
        /// Stack.
        stack: String,
        /// Service.
        service: String,
        /// From 1.
        replica: u32,
    },
    /// Undo: removes a container that this operation made.
    DiscardContainer {
        /// Stack.
        stack: String,
        /// Service.
        service: String,
        /// From 1.
        replica: u32,
    },
    /// Undo: removes a network that this operation made.
    DiscardNetwork {
        /// Stack.
        stack: String,
        /// Key in the stack's specification.
        network: String,
    },
}

impl Action {
    /// The stack that it belongs to; none for what serves several.
    #[must_use]
    pub fn stack(&self) -> Option<&str> {
        match self {
            Self::PullImage { stacks, .. } => match stacks.as_slice() {
                [only] => Some(only),
                _ => None,
            },
            Self::EnsureNetwork { stack, .. }
            | Self::EnsureVolume { stack, .. }
            | Self::RemoveContainer { stack, .. }
            | Self::RemoveNetwork { stack, .. }
            | Self::CreateContainer { stack, .. }
            | Self::BeginStack { stack }
            | Self::StartContainer { stack, .. }
            | Self::RunInit { stack, .. }
            | Self::AwaitHealthy { stack, .. }
            | Self::AwaitSettled { stack, .. }
            | Self::AwaitCompleted { stack, .. }
            | Self::FinishStack { stack }
            | Self::StopFailed { stack, .. }
            | Self::DiscardContainer { stack, .. }
            | Self::DiscardNetwork { stack, .. } => Some(stack),
        }
    }

    /// The service that it belongs to.
    #[must_use]
    pub fn service(&self) -> Option<&str> {
        match self {
            Self::RemoveContainer { service, .. }
            | Self::CreateContainer { service, .. }
            | Self::StartContainer { service, .. }
            | Self::RunInit { service, .. }
            | Self::AwaitHealthy { service, .. }
            | Self::AwaitSettled { service, .. }
            | Self::AwaitCompleted { service, .. }
            | Self::StopFailed { service, .. }
            | Self::DiscardContainer { service, .. } => Some(service),
            Self::PullImage { .. }
            | Self::EnsureNetwork { .. }
            | Self::EnsureVolume { .. }
            | Self::RemoveNetwork { .. }
            | Self::BeginStack { .. }
            | Self::FinishStack { .. }
            | Self::DiscardNetwork { .. } => None,
        }
    }

    /// The phase that people see while it runs.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        match self {
            Self::PullImage { .. } => Phase::PullingImages,
            Self::EnsureNetwork { .. }
            | Self::EnsureVolume { .. }
            | Self::RemoveContainer { .. }
            | Self::RemoveNetwork { .. }
            | Self::CreateContainer { .. }
            | Self::BeginStack { .. } => Phase::Preparing,
            Self::RunInit { .. } => Phase::InitializingContainers,
            Self::StartContainer { .. } => Phase::StartingServices,
            Self::AwaitHealthy { .. } | Self::AwaitSettled { .. } | Self::AwaitCompleted { .. } => {
                Phase::WaitingForHealth
            }
            Self::FinishStack { .. } => Phase::Complete,
            Self::StopFailed { .. }
            | Self::DiscardContainer { .. }
            | Self::DiscardNetwork { .. } => Phase::CleaningUp,
        }
    }
}

/// What people see of a group of steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Phase {
    PullingImages,
    Preparing,
    InitializingContainers,
    StartingServices,
    WaitingForHealth,
    Complete,
    CleaningUp,
}

impl Phase {
    /// The words.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::PullingImages => "Pulling images",
            Self::Preparing => "Preparing",
            Self::InitializingContainers => "Initializing containers",
            Self::StartingServices => "Starting services",
            Self::WaitingForHealth => "Waiting for health checks",
            Self::Complete => "Complete",
            Self::CleaningUp => "Cleaning up",
        }
    }
}
