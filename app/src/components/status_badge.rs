//! How a state looks: a tone, a drawing and a word, never a colour alone.
//!
//! Rollout (what an operation did) and health (how the containers are) are two badges; health is the outlined one.

use domain::deployment::{OperationMode, ProductStatus, StackStatus};
use domain::operation::{OperationStatus, StepState};
use domain::plan::{ContainerState, Health};
use domain::wire::ServiceState;
use leptos::prelude::*;

use super::icon::{Glyph, Icon};

/// What a state means to the person who looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// Needs a look.
    Warn,
    /// Broken.
    Bad,
    /// Is being changed right now.
    Busy,
    /// Nothing to say.
    Idle,
}

impl Tone {
    /// The class that sets the colours of what is inside.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Good => "tone-good",
            Self::Warn => "tone-warn",
            Self::Bad => "tone-bad",
            Self::Busy => "tone-busy",
            Self::Idle => "tone-idle",
        }
    }
}

/// How a state is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    pub tone: Tone,
    pub glyph: Glyph,
    pub word: &'static str,
}

impl Look {
    /// A look of one's own.
    #[must_use]
    pub const fn new(tone: Tone, glyph: Glyph, word: &'static str) -> Self {
        Self { tone, glyph, word }
    }

    /// A product: its status, unless somebody put it into maintenance.
    #[must_use]
    pub fn of_product(status: ProductStatus, mode: OperationMode) -> Self {
        match mode {
            OperationMode::Maintenance if !status.is_in_progress() && !status.is_terminal() => {
                Self::new(Tone::Idle, Glyph::Maintenance, "Maintenance")
            }
            _ => status.into(),
        }
    }

    /// A container as the engine shows it. A one-shot that finished well is completed, not stopped.
    #[must_use]
    pub fn of_service(service: &ServiceState) -> Self {
        match service.state {
            None => Self::new(Tone::Idle, Glyph::Gone, "Missing"),
            Some(state) => {
                Self::of_container(state, service.health, service.init, service.exit_code)
            }
        }
    }

    /// The same of any container.
    #[must_use]
    pub fn of_container(
        state: ContainerState,
        health: Health,
        one_shot: bool,
        exit_code: Option<i64>,
    ) -> Self {
        match (state, one_shot, exit_code) {
            (ContainerState::Exited, true, Some(0)) => {
                Self::new(Tone::Good, Glyph::Completed, "Completed")
            }
            (ContainerState::Exited, false, Some(0)) => {
                Self::new(Tone::Idle, Glyph::Stopped, "Stopped")
            }
            (ContainerState::Exited | ContainerState::Dead, _, _) => {
                Self::new(Tone::Bad, Glyph::Failed, "Exited")
            }
            (ContainerState::Created, _, _) => Self::new(Tone::Idle, Glyph::Pending, "Created"),
            (ContainerState::Restarting, _, _) => {
                Self::new(Tone::Warn, Glyph::Partial, "Restarting")
            }
            (ContainerState::Paused, _, _) => Self::new(Tone::Idle, Glyph::Stopped, "Paused"),
            (ContainerState::Removing, _, _) => {
                Self::new(Tone::Busy, Glyph::InProgress, "Removing")
            }
            (ContainerState::Running, _, _) => match health {
                Health::None => Self::new(Tone::Good, Glyph::Running, "Running"),
                health => health.into(),
            },
        }
    }
}

impl From<ProductStatus> for Look {
    fn from(status: ProductStatus) -> Self {
        match status {
            ProductStatus::Deploying => Self::new(Tone::Busy, Glyph::InProgress, "Deploying"),
            ProductStatus::Running => Self::new(Tone::Good, Glyph::Running, "Running"),
            ProductStatus::PartiallyRunning => {
                Self::new(Tone::Warn, Glyph::Partial, "Partially Running")
            }
            ProductStatus::Upgrading => Self::new(Tone::Busy, Glyph::InProgress, "Upgrading"),
            ProductStatus::Failed => Self::new(Tone::Bad, Glyph::Failed, "Failed"),
            ProductStatus::Removing => Self::new(Tone::Busy, Glyph::InProgress, "Removing"),
            ProductStatus::Removed => Self::new(Tone::Idle, Glyph::Gone, "Removed"),
            ProductStatus::Stopped => Self::new(Tone::Idle, Glyph::Stopped, "Stopped"),
            ProductStatus::Redeploying => Self::new(Tone::Busy, Glyph::InProgress, "Redeploying"),
            ProductStatus::Superseded => Self::new(Tone::Idle, Glyph::Gone, "Superseded"),
        }
    }
}

impl From<StackStatus> for Look {
    fn from(status: StackStatus) -> Self {
        match status {
            StackStatus::Pending => Self::new(Tone::Idle, Glyph::Pending, "Pending"),
            StackStatus::Deploying => Self::new(Tone::Busy, Glyph::InProgress, "Deploying"),
            StackStatus::Running => Self::new(Tone::Good, Glyph::Running, "Running"),
            StackStatus::Failed => Self::new(Tone::Bad, Glyph::Failed, "Failed"),
            StackStatus::Removing => Self::new(Tone::Busy, Glyph::InProgress, "Removing"),
            StackStatus::Removed => Self::new(Tone::Idle, Glyph::Gone, "Removed"),
            StackStatus::Stopped => Self::new(Tone::Idle, Glyph::Stopped, "Stopped"),
        }
    }
}

impl From<OperationStatus> for Look {
    fn from(status: OperationStatus) -> Self {
        match status {
            OperationStatus::Queued => Self::new(Tone::Idle, Glyph::Pending, "Queued"),
            OperationStatus::Running => Self::new(Tone::Busy, Glyph::InProgress, "In progress"),
            OperationStatus::Waiting => Self::new(Tone::Warn, Glyph::Clock, "Waiting"),
            OperationStatus::Cancelling => Self::new(Tone::Busy, Glyph::InProgress, "Cancelling"),
            OperationStatus::Compensating => Self::new(Tone::Busy, Glyph::InProgress, "Undoing"),
            OperationStatus::Succeeded => Self::new(Tone::Good, Glyph::Completed, "Succeeded"),
            OperationStatus::Failed => Self::new(Tone::Bad, Glyph::Failed, "Failed"),
            OperationStatus::Cancelled => Self::new(Tone::Idle, Glyph::Stopped, "Cancelled"),
            OperationStatus::Stuck => Self::new(Tone::Bad, Glyph::Failed, "Needs a decision"),
        }
    }
}

impl From<StepState> for Look {
    fn from(state: StepState) -> Self {
        match state {
            StepState::Pending => Self::new(Tone::Idle, Glyph::Pending, "Pending"),
            StepState::Started => Self::new(Tone::Busy, Glyph::InProgress, "In progress"),
            StepState::Done => Self::new(Tone::Good, Glyph::Completed, "Done"),
            StepState::Failed => Self::new(Tone::Bad, Glyph::Failed, "Failed"),
            StepState::Unknown => Self::new(Tone::Idle, Glyph::Unknown, "Unknown"),
            StepState::Skipped => Self::new(Tone::Idle, Glyph::Gone, "Skipped"),
            StepState::Undone => Self::new(Tone::Idle, Glyph::Undo, "Undone"),
        }
    }
}

impl From<Health> for Look {
    fn from(health: Health) -> Self {
        match health {
            Health::None => Self::new(Tone::Idle, Glyph::Unknown, "No check"),
            Health::Starting => Self::new(Tone::Busy, Glyph::InProgress, "Starting"),
            Health::Healthy => Self::new(Tone::Good, Glyph::Running, "Healthy"),
            Health::Unhealthy => Self::new(Tone::Bad, Glyph::Failed, "Unhealthy"),
        }
    }
}

/// A badge: drawing and word. `outlined` is for health, `bare` for lists where a tint would shout.
#[component]
pub fn StatusBadge(
    #[prop(into)] look: Signal<Look>,
    #[prop(optional)] outlined: bool,
    #[prop(optional)] bare: bool,
) -> impl IntoView {
    let class = move || {
        let form = match (outlined, bare) {
            (true, _) => "badge badge--outlined",
            (_, true) => "badge badge--bare",
            _ => "badge",
        };
        format!("{form} {}", look.get().tone.class())
    };
    view! {
        <span class=class>
            <Icon glyph=Signal::derive(move || look.get().glyph) />
            {move || look.get().word}
        </span>
    }
}

#[cfg(test)]
mod tests {
    use domain::health::{HealthSource, HealthStatus, Wanted};
    use domain::wire::HealthView;

    use super::*;

    fn service(init: bool, state: Option<ContainerState>, exit_code: Option<i64>) -> ServiceState {
        ServiceState {
            name: "migrate".to_owned(),
            init,
            image: "migrate:1".to_owned(),
            container_name: "shop_migrate".to_owned(),
            container_id: None,
            state,
            health: Health::None,
            exit_code,
            service_health: HealthView {
                status: HealthStatus::Running,
                reason: String::new(),
                since: None,
                observed_at: None,
                source: HealthSource::Resync,
                healthy_services: 1,
                total_services: 1,
                wanted: Wanted::Running,
                operation_active: false,
            },
        }
    }

    fn check(service: &ServiceState, word: &str, tone: Tone) {
        let look = Look::of_service(service);
        assert_eq!((look.word, look.tone), (word, tone), "{service:?}");
    }

    #[test]
    fn a_one_shot_that_finished_is_good_and_only_a_code_is_a_failure() {
        let exited = Some(ContainerState::Exited);
        check(&service(true, exited, Some(0)), "Completed", Tone::Good);
        check(&service(true, exited, Some(3)), "Exited", Tone::Bad);
        check(&service(false, exited, Some(0)), "Stopped", Tone::Idle);
        check(&service(false, exited, Some(137)), "Exited", Tone::Bad);
        check(&service(false, None, None), "Missing", Tone::Idle);
    }

    #[test]
    fn no_two_product_states_look_alike_unless_they_mean_the_same() {
        for (index, one) in ProductStatus::ALL.iter().enumerate() {
            for other in &ProductStatus::ALL[index + 1..] {
                assert_ne!(Look::from(*one).word, Look::from(*other).word);
            }
        }
    }

    #[test]
    fn maintenance_hides_the_status_only_while_nothing_changes() {
        let mode = OperationMode::Maintenance;
        let word = |status| Look::of_product(status, mode).word;
        assert_eq!(word(ProductStatus::Running), "Maintenance");
        assert_eq!(word(ProductStatus::Removing), "Removing");
    }
}
