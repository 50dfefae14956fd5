//! Decide, then do: desired and observed become a [`Plan`], a graph of small acts, each with a cause.
//!
//! A plan is data: it is stored with its operation, shown to people as text, and run by an interpreter that decides
//! nothing. It names services and never holds their environment, so it holds no secret.

mod change;
mod fingerprint;
mod lifecycle;
mod observed;
mod remove;
mod rollout;
mod schedule;
mod text;
mod unwind;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::deployment::StackEvent;
use crate::operation::event::UnwindReason;

pub use change::{Change, ChangeKind, Downtime, ImageChange, ReplaceOrder};
pub use fingerprint::fingerprint;
pub use lifecycle::{
    LifecycleInput, Maintenance, NOTIFY_SETTER, ignores_maintenance, plan_restart, plan_start,
    plan_stop,
};
pub use observed::{
    ContainerState, Health, Observed, ObservedContainer, ObservedObject, Ownership,
};
pub use remove::{RemoveInput, RemovedStack, plan_remove};
pub use rollout::{
    Extent, PlannedStack, PresentImage, Refusal, RolloutInput, may_end, plan_rollout,
    replacement_name,
};
pub use schedule::{Schedule, StackOutcome, schedule, stack_outcome};
pub use unwind::{Unwinding, plan_unwind};

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
    /// Whether stacks that are complete go back too when another one fails (`onFailure: rollback`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all_or_nothing: bool,
    /// Whether what there was before is kept until every stack has ended, so that a cancel can bring all of it back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub way_back: bool,
    /// What happens to each container, for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// References of images to what is run instead, because the reference means another image by now.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pins: BTreeMap<String, String>,
    /// Stacks that the undoing brings back to what they were before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub returned: Vec<String>,
}

impl Plan {
    /// The name under which a replica's container is made; none where the plan makes none under a name of its own.
    #[must_use]
    pub fn name_of(&self, stack: &str, service: &str, replica: u32) -> Option<&str> {
        self.steps.iter().find_map(|step| match &step.action {
            Action::CreateContainer {
                stack: in_stack,
                service: of,
                replica: number,
                name: Some(name),
                ..
            } if in_stack == stack && of == service && *number == replica => Some(name.as_str()),
            _ => None,
        })
    }

    /// Whether containers of this stack give way to others, so that there is something to return to.
    #[must_use]
    pub fn displaces(&self, stack: &str) -> bool {
        self.own_steps().iter().any(|step| match &step.action {
            Action::StopContainer { stack: of, .. }
            | Action::CreateContainer {
                stack: of,
                name: Some(_),
                ..
            } => of == stack,
            _ => false,
        })
    }

    /// The steps without those that undo.
    #[must_use]
    pub fn own_steps(&self) -> &[Step] {
        &self.steps[..self.undo_from.unwrap_or(self.steps.len())]
    }
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
    /// Whether it only tidies up after what has succeeded: its failure takes nothing back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tidies: bool,
}

impl Step {
    /// The phase that people see while it runs.
    #[must_use]
    pub const fn phase(&self) -> Phase {
        if self.tidies {
            Phase::CleaningUp
        } else {
            self.action.phase()
        }
    }
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
    /// Stops a container. It stays, and can be started again.
    StopContainer {
        /// Stack.
        stack: String,
        /// Service.
        service: String,
        /// Its name on the engine.
        container: String,
        /// The engine's id.
        id: String,
    },
    /// Gives the container that took the place of an old one its plain name.
    TakeName {
        /// Stack.
        stack: String,
        /// Service.
        service: String,
        /// From 1.
        replica: u32,
        /// The name that it has until then.
        from: String,
    },
    /// Writes down which image each service runs, so that it can be returned to.
    RecordImages,
    /// Tells the system that the product is told about (the manifest's `setter`) that maintenance begins or ends.
    NotifySetter {
        /// Whether it begins.
        maintenance: bool,
    },
    /// Removes a volume that was asked to be removed by name.
    RemoveVolume {
        /// Stack.
        stack: String,
        /// Its name on the engine.
        name: String,
    },
    /// Undo: starts a container again that this operation stopped.
    RestoreContainer {
        /// Stack.
        stack: String,
        /// Service.
        service: String,
        /// Its name on the engine.
        container: String,
        /// The engine's id.
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
        /// Its name until the old one is gone; none where it has its plain name from the start.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
    /// The stack's turn has come: its status follows.
    BeginStack {
        /// Stack.
        stack: String,
        /// What is done to it.
        #[serde(default, skip_serializing_if = "Turn::is_deploy")]
        turn: Turn,
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
    /// The stack's last step: fails where one of its steps failed, and its status follows.
    FinishStack {
        /// Stack.
        stack: String,
        /// What was done to it.
        #[serde(default, skip_serializing_if = "Turn::is_deploy")]
        turn: Turn,
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

/// What is done to a stack when its turn has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// It is rolled out.
    #[default]
    Deploy,
    /// What ran is taken down, to make room for what follows.
    TakeDown,
    /// It is removed.
    Remove,
    /// It is stopped.
    Stop,
    /// It is started again, stopped before where it runs.
    Start,
}

impl Turn {
    const fn is_deploy(&self) -> bool {
        matches!(self, Self::Deploy)
    }

    /// What its beginning means for the stack's status.
    #[must_use]
    pub const fn begun(self) -> Option<StackEvent> {
        match self {
            Self::Deploy => Some(StackEvent::Begin),
            Self::TakeDown | Self::Remove => Some(StackEvent::Remove),
            Self::Stop | Self::Start => None,
        }
    }

    /// What it means that everything was done.
    #[must_use]
    pub const fn done(self) -> StackEvent {
        match self {
            Self::Deploy | Self::TakeDown => StackEvent::Complete,
            Self::Remove => StackEvent::Removed,
            Self::Stop => StackEvent::Stop,
            Self::Start => StackEvent::Restart,
        }
    }

    /// What it means that something was given up; none where the stack is as it was before.
    #[must_use]
    pub const fn failed(self) -> Option<StackEvent> {
        match self {
            // What could not be stopped still runs.
            Self::Stop => None,
            _ => Some(StackEvent::Fail),
        }
    }
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
            Self::RecordImages | Self::NotifySetter { .. } => None,
            Self::EnsureNetwork { stack, .. }
            | Self::EnsureVolume { stack, .. }
            | Self::StopContainer { stack, .. }
            | Self::TakeName { stack, .. }
            | Self::RemoveVolume { stack, .. }
            | Self::RestoreContainer { stack, .. }
            | Self::RemoveContainer { stack, .. }
            | Self::RemoveNetwork { stack, .. }
            | Self::CreateContainer { stack, .. }
            | Self::BeginStack { stack, .. }
            | Self::StartContainer { stack, .. }
            | Self::RunInit { stack, .. }
            | Self::AwaitHealthy { stack, .. }
            | Self::AwaitSettled { stack, .. }
            | Self::AwaitCompleted { stack, .. }
            | Self::FinishStack { stack, .. }
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
            | Self::StopContainer { service, .. }
            | Self::TakeName { service, .. }
            | Self::RestoreContainer { service, .. }
            | Self::CreateContainer { service, .. }
            | Self::StartContainer { service, .. }
            | Self::RunInit { service, .. }
            | Self::AwaitHealthy { service, .. }
            | Self::AwaitSettled { service, .. }
            | Self::AwaitCompleted { service, .. }
            | Self::StopFailed { service, .. }
            | Self::DiscardContainer { service, .. } => Some(service),
            Self::PullImage { .. }
            | Self::RecordImages
            | Self::NotifySetter { .. }
            | Self::EnsureNetwork { .. }
            | Self::EnsureVolume { .. }
            | Self::RemoveVolume { .. }
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
            Self::StopContainer { .. } => Phase::StoppingServices,
            Self::TakeName { .. } | Self::RemoveVolume { .. } | Self::RestoreContainer { .. } => {
                Phase::CleaningUp
            }
            Self::RecordImages => Phase::Complete,
            Self::NotifySetter { .. } => Phase::Preparing,
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
    StoppingServices,
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
            Self::StoppingServices => "Stopping services",
            Self::StartingServices => "Starting services",
            Self::WaitingForHealth => "Waiting for health checks",
            Self::Complete => "Complete",
            Self::CleaningUp => "Cleaning up",
        }
    }
}
