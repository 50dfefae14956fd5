//! A plan as text: the surface of the planner's tests, the dry run, and the log.

use std::fmt::{self, Write as _};

use super::{Action, Ended, Kept, Plan, Step, Turn};
use crate::operation::event::{KeptOutline, StepOutline};

impl Action {
    /// What people read: `Start web`.
    #[must_use]
    pub fn title(&self) -> String {
        let number = |replica: u32| {
            if replica > 1 {
                format!(" {replica}")
            } else {
                String::new()
            }
        };
        match self {
            Self::PullImage { image, .. } => format!("Pull {image}"),
            Self::EnsureNetwork { network, .. } => format!("Prepare network {network}"),
            Self::EnsureVolume { volume, .. } => format!("Prepare volume {volume}"),
            Self::RemoveContainer { container, .. } => format!("Remove container {container}"),
            Self::RemoveNetwork { name, .. } => format!("Remove network {name}"),
            Self::CreateContainer {
                service, replica, ..
            } => {
                format!("Create {service}{}", number(*replica))
            }
            Self::StopContainer { container, .. } => format!("Stop {container}"),
            Self::TakeName { from, .. } => format!("Give {from} its plain name"),
            Self::RecordImages => "Record the images".to_owned(),
            Self::NotifySetter { maintenance: true } => "Announce maintenance".to_owned(),
            Self::NotifySetter { maintenance: false } => {
                "Announce the end of maintenance".to_owned()
            }
            Self::RemoveVolume { name, .. } => format!("Remove volume {name} with its data"),
            Self::RestoreContainer { container, .. } => format!("Start {container} again"),
            Self::BeginStack {
                stack,
                turn: Turn::TakeDown,
            } => format!("Take down what ran of stack {stack}"),
            Self::BeginStack { stack, .. } => format!("Begin stack {stack}"),
            Self::StartContainer {
                service, replica, ..
            } => {
                format!("Start {service}{}", number(*replica))
            }
            Self::RunInit { service, .. } => format!("Run {service} to its end"),
            Self::AwaitSettled { service, .. } => format!("Wait until {service} has stayed up"),
            Self::AwaitHealthy { service, .. } => format!("Wait until {service} is healthy"),
            Self::AwaitCompleted { service, .. } => format!("Wait until {service} has completed"),
            Self::FinishStack { stack, .. } => format!("Finish stack {stack}"),
            Self::StopFailed {
                service, replica, ..
            } => {
                format!(
                    "Stop {service}{} and keep it for inspection",
                    number(*replica)
                )
            }
            Self::DiscardContainer {
                service, replica, ..
            } => {
                format!("Remove unused container of {service}{}", number(*replica))
            }
            Self::DiscardNetwork { network, .. } => format!("Remove unused network {network}"),
        }
    }

    /// Whether a stack depends on this act: its own acts, and pulls of its images.
    #[must_use]
    pub fn concerns(&self, stack: &str) -> bool {
        match self {
            Self::PullImage { stacks, .. } => stacks.iter().any(|name| name == stack),
            _ => self.stack() == Some(stack),
        }
    }
}

impl Kept {
    /// As announced with the plan.
    #[must_use]
    pub fn outline(&self) -> KeptOutline {
        KeptOutline {
            stack: self.stack.clone(),
            service: self.service.clone(),
            container: self.container.clone(),
        }
    }
}

impl Step {
    /// As announced with the plan.
    #[must_use]
    pub fn outline(&self) -> StepOutline {
        StepOutline {
            step: self.key.clone(),
            title: self.action.title(),
            phase: self.phase(),
            cause: self.cause.clone(),
            stack: self.action.stack().map(str::to_owned),
            service: self.action.service().map(str::to_owned),
            waits_for: Vec::new(),
        }
    }
}

impl Plan {
    /// Every step as announced with the plan, with whom it waits for.
    #[must_use]
    pub fn outlines(&self) -> Vec<StepOutline> {
        let each = self.steps.iter().map(|step| StepOutline {
            waits_for: self.waited_for(step),
            ..step.outline()
        });
        each.collect()
    }

    /// Names for people, each once: of the stacks before a stack, of the services before a service of the same stack. Images and
    /// what only makes ready have no name here.
    fn waited_for(&self, step: &Step) -> Vec<String> {
        let begins = matches!(step.action, Action::BeginStack { .. });
        let starts = matches!(
            step.action,
            Action::StartContainer { .. } | Action::RunInit { .. }
        );
        let stack = step.action.stack();
        let mut names: Vec<String> = Vec::new();
        for need in &step.needs {
            let earlier = self.steps.get(need.step).map(|earlier| &earlier.action);
            let Some(action) = earlier.filter(|it| !matches!(it, Action::PullImage { .. })) else {
                continue;
            };
            let name = match (begins, starts, action.stack() == stack) {
                (true, _, false) => action.stack(),
                (_, true, true) => action
                    .service()
                    .filter(|name| Some(*name) != step.action.service()),
                _ => None,
            };
            if let Some(name) = name.filter(|name| !names.iter().any(|known| known == name)) {
                names.push(name.to_owned());
            }
        }
        names
    }
}

impl fmt::Display for Plan {
    /// One line a step: `#4 start web/app <- #1 #3? (cause)`; `?` marks a need that may end in any way. First what stays.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for kept in &self.kept {
            writeln!(f, "keep {} (nothing changed)", kept.container)?;
        }
        for (reference, pinned) in &self.pins {
            writeln!(f, "run {pinned} for {reference}")?;
        }
        for (position, step) in self.steps.iter().enumerate() {
            let mut needs = String::new();
            for need in &step.needs {
                let mark = if need.ended == Ended::Anyhow { "?" } else { "" };
                write!(needs, " #{}{mark}", need.step)?;
            }
            let arrow = if needs.is_empty() { "" } else { " <-" };
            writeln!(f, "#{position} {}{arrow}{needs} ({})", step.key, step.cause)?;
        }
        Ok(())
    }
}
