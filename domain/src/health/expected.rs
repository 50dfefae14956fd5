//! What should be there: the services of each stack with the names of their containers, and whether they should run at all.

use serde::{Deserialize, Serialize};

use crate::deployment::{OperationMode, ProductStatus, StackStatus};
use crate::id::StackDeploymentId;
use crate::plan::{ContainerState, ObservedContainer};
use crate::spec::{ServiceSpec, StackSpec};

use super::{HealthStatus, Verdict};

/// The services that a deployed product consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedProduct {
    /// The product of the labels.
    pub group_id: String,
    /// In manifest order.
    pub stacks: Vec<ExpectedStack>,
}

/// One of its stacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedStack {
    pub id: StackDeploymentId,
    /// As in the product.
    pub name: String,
    pub display_name: String,
    /// None where the recorded stack cannot be rendered.
    pub services: Option<Vec<ExpectedService>>,
}

/// One service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedService {
    pub name: String,
    /// Whether it is a one-shot.
    pub init: bool,
    pub image: String,
    /// One name for each replica.
    pub containers: Vec<String>,
}

impl ExpectedService {
    /// All services of a rendered stack, in file order. Nothing of their environment is kept.
    #[must_use]
    pub fn all_of(stack: &StackSpec) -> Vec<Self> {
        stack.services.values().map(Self::from).collect()
    }
}

impl From<&ServiceSpec> for ExpectedService {
    fn from(spec: &ServiceSpec) -> Self {
        Self {
            name: spec.name.clone(),
            init: spec.lifecycle.is_init(),
            image: spec.image.to_string(),
            containers: (1..=spec.replicas.max(1))
                .map(|replica| spec.container_name_of(replica))
                .collect(),
        }
    }
}

/// Whether something should run, as operations left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Wanted {
    /// It should run.
    Running,
    /// Somebody stopped it.
    Stopped,
    /// Somebody works on it.
    Maintenance,
    /// Its turn has not come, or it was taken away.
    NotDeployed,
}

impl Wanted {
    /// The sentence about something that should not run, and does not.
    pub(super) const fn rest(self) -> &'static str {
        match self {
            Self::Running => "It should run.",
            Self::Stopped => "It is stopped on purpose.",
            Self::Maintenance => "It is in maintenance, and stopped on purpose.",
            Self::NotDeployed => "It is not deployed.",
        }
    }

    /// What a container's state means where it should not run.
    pub(super) fn bend(
        self,
        verdict: Verdict,
        name: &str,
        seen: Option<&ObservedContainer>,
    ) -> Verdict {
        let up = seen.is_some_and(|seen| {
            matches!(
                seen.state,
                ContainerState::Running | ContainerState::Restarting | ContainerState::Paused
            )
        });
        match self {
            Self::Running => verdict,
            Self::NotDeployed => Verdict::new(HealthStatus::NotFound, self.rest()),
            Self::Stopped if up => Verdict::new(
                HealthStatus::Degraded,
                format!("{name} runs, although it is stopped on purpose."),
            ),
            Self::Maintenance if up => Verdict::new(
                HealthStatus::Degraded,
                format!("{name} runs, although it is in maintenance."),
            ),
            Self::Stopped | Self::Maintenance => Verdict::new(HealthStatus::Healthy, self.rest()),
        }
    }
}

/// What operations left of a product: the narrow part of its record that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub status: ProductStatus,
    pub mode: OperationMode,
    /// By stack name.
    pub stacks: Vec<(String, StackStatus)>,
}

impl Standing {
    /// Of the whole product.
    #[must_use]
    pub fn wanted(&self) -> Wanted {
        match (self.mode, self.status) {
            (OperationMode::Maintenance, _) => Wanted::Maintenance,
            (_, ProductStatus::Stopped) => Wanted::Stopped,
            (_, ProductStatus::Removing | ProductStatus::Removed | ProductStatus::Superseded) => {
                Wanted::NotDeployed
            }
            _ => Wanted::Running,
        }
    }

    /// Of one stack.
    #[must_use]
    pub fn wanted_of(&self, stack: &str) -> Wanted {
        match (self.wanted(), self.status_of(stack)) {
            (Wanted::Running, Some(StackStatus::Stopped)) => Wanted::Stopped,
            (
                Wanted::Running,
                None | Some(StackStatus::Pending | StackStatus::Removing | StackStatus::Removed),
            ) => Wanted::NotDeployed,
            (wanted, _) => wanted,
        }
    }

    /// Whether an operation brought a stack up and is done with it: then its one-shots have done their work.
    #[must_use]
    pub fn is_settled(&self, stack: &str) -> bool {
        self.status_of(stack) == Some(StackStatus::Running)
    }

    fn status_of(&self, stack: &str) -> Option<StackStatus> {
        self.stacks
            .iter()
            .find(|(name, _)| name == stack)
            .map(|(_, status)| *status)
    }
}
