//! Plans how an operation that failed or was cancelled is brought to a known state.
//!
//! Where containers gave way to others, they come back: what this operation made goes, and what it stopped is started again. Elsewhere a
//! stack that is complete stays; of one that failed, what runs stays, the container that failed is stopped and kept as evidence, and
//! what never started goes. Of a stack whose turn never came, and of every stack that a cancel caught at work, everything that this
//! operation made goes. Volumes always stay.

use super::{Action, Ended, Need, Plan, StackOutcome, Step, StepKey, stack_outcome};
use crate::operation::StepState;
use crate::operation::event::UnwindReason;

/// What undoes an operation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unwinding {
    /// Append them to the plan. Empty where nothing is to be undone.
    pub steps: Vec<Step>,
    /// Stacks that come back to what they were before.
    pub returned: Vec<String>,
}

/// Plans the undoing.
#[must_use]
pub fn plan_unwind(plan: &Plan, states: &[StepState], reason: UnwindReason) -> Unwinding {
    let mut out = Unwinder {
        base: plan.steps.len(),
        steps: Vec::new(),
        reason,
    };
    let mut returned: Vec<String> = Vec::new();
    let mut networks: Vec<(String, String)> = Vec::new();
    let tidied = plan.steps.iter().zip(states).any(|(step, state)| {
        let removes = matches!(step.action, Action::RemoveContainer { .. });
        step.tidies && removes && *state != StepState::Pending && *state != StepState::Skipped
    });
    // Once the first old container is gone, what is complete stays.
    let goes_back = |stack: &str| match reason {
        _ if tidied => false,
        UnwindReason::Cancelled => plan.way_back || plan.displaces(stack),
        UnwindReason::Failed => plan.all_or_nothing,
    };
    // Whether everything of a stack goes; none where it stays.
    let whole = |stack: &str| match (stack_outcome(plan, states, stack), reason) {
        (StackOutcome::Complete, _) => goes_back(stack).then_some(true),
        (StackOutcome::Untouched, _) | (_, UnwindReason::Cancelled) => Some(true),
        (StackOutcome::Failed(_) | StackOutcome::Blocked, UnwindReason::Failed) => {
            Some(plan.all_or_nothing || plan.displaces(stack))
        }
    };
    let touched = |position: usize| {
        let state = states[position];
        !matches!(state, StepState::Pending | StepState::Skipped)
    };
    for (position, step) in plan.steps.iter().enumerate() {
        let Some(stack) = step.action.stack().filter(|_| touched(position)) else {
            continue;
        };
        let Some(whole) = whole(stack) else {
            continue;
        };
        // A new stack that came through returns as well: to not being there.
        let comes_back =
            plan.displaces(stack) || stack_outcome(plan, states, stack) == StackOutcome::Complete;
        if comes_back && !returned.iter().any(|name| name == stack) {
            returned.push(stack.to_owned());
        }
        match &step.action {
            Action::CreateContainer {
                stack,
                service,
                replica,
                ..
            } => {
                let fate = if whole {
                    Fate::Discard
                } else {
                    fate(plan, states, stack, service, *replica)
                };
                out.undo_container(plan, states, (stack, service, *replica), fate);
            }
            Action::EnsureNetwork { stack, network } if whole => {
                networks.push((stack.clone(), network.clone()));
            }
            _ => {}
        }
    }
    // Where a new one was made, an outage of the engine may have taken the old one along before its turn to stop came.
    let gave_way = |stack: &str, service: &str| {
        plan.steps.iter().enumerate().any(|(position, step)| {
            matches!(&step.action, Action::CreateContainer { stack: of_stack, service: of, .. }
                if of_stack == stack && of == service)
                && touched(position)
        })
    };
    // What was made is planned to go first: what comes back may need its place.
    for (position, step) in plan.steps.iter().enumerate() {
        if let Action::StopContainer {
            stack,
            service,
            container,
            id,
        } = &step.action
            && (touched(position) || gave_way(stack, service))
            && whole(stack).is_some()
        {
            out.restore((stack, service), container, id);
        }
    }
    out.networks(networks);
    Unwinding {
        steps: out.steps,
        returned,
    }
}

struct Unwinder {
    /// Position of the first step that undoes.
    base: usize,
    steps: Vec<Step>,
    reason: UnwindReason,
}

impl Unwinder {
    fn add(&mut self, key: String, action: Action, cause: &str, needs: Vec<Need>) -> usize {
        self.steps.push(Step {
            key: StepKey::new(key),
            action,
            cause: cause.to_owned(),
            needs,
            tidies: false,
        });
        self.base + self.steps.len() - 1
    }

    fn undo_container(
        &mut self,
        plan: &Plan,
        states: &[StepState],
        (stack, service, replica): (&str, &str, u32),
        fate: Fate,
    ) {
        let number = if replica > 1 {
            format!("#{replica}")
        } else {
            String::new()
        };
        let subject = format!("{stack}/{service}{number}");
        let (stack, service) = (stack.to_owned(), service.to_owned());
        match fate {
            Fate::Keep => {}
            Fate::Discard => {
                let cause = match self.reason {
                    UnwindReason::Cancelled => "the operation was cancelled",
                    UnwindReason::Failed if plan.displaces(&stack) => "the old one comes back",
                    UnwindReason::Failed => "it was never started",
                };
                // Where the old one was stopped after the new one had taken over, it is up again before the new one goes.
                let needs = match took_over(plan, states, &stack, &service) {
                    true => self.restored_of(&stack, &service, plan, states),
                    false => Vec::new(),
                };
                let action = Action::DiscardContainer {
                    stack,
                    service,
                    replica,
                };
                self.add(format!("discard {subject}"), action, cause, needs);
            }
            Fate::Stop => {
                let action = Action::StopFailed {
                    stack,
                    service,
                    replica,
                };
                let key = format!("stop {subject}");
                self.add(key, action, "it did not come up", Vec::new());
            }
        }
    }

    /// Starts the old containers of a service again, at once; the steps that do.
    fn restored_of(
        &mut self,
        stack: &str,
        service: &str,
        plan: &Plan,
        states: &[StepState],
    ) -> Vec<Need> {
        let mut needs = Vec::new();
        for (step, state) in plan.steps.iter().zip(states) {
            let touched = !matches!(state, StepState::Pending | StepState::Skipped);
            if let Action::StopContainer {
                stack: of_stack,
                service: of,
                container,
                id,
            } = &step.action
                && touched
                && of_stack == stack
                && of == service
            {
                let step = self.restore_once((stack, service), container, id, Vec::new());
                needs.push(Need {
                    step,
                    ended: Ended::Anyhow,
                });
            }
        }
        needs
    }

    /// Starts an old container again, once what was made is out of its way.
    fn restore(&mut self, (stack, service): (&str, &str), container: &str, id: &str) {
        let replaced = |step: &Step| match &step.action {
            Action::DiscardContainer { stack: of, .. } => of == stack,
            _ => false,
        };
        // Of a stack that was to go nothing was made: its place may have been taken by any other.
        let own = self.steps.iter().any(replaced);
        let needs = (0..self.steps.len())
            .filter(|&step| match &self.steps[step].action {
                Action::DiscardContainer { .. } => !own || replaced(&self.steps[step]),
                _ => false,
            })
            .map(|step| Need {
                step: self.base + step,
                ended: Ended::Anyhow,
            })
            .collect();
        self.restore_once((stack, service), container, id, needs);
    }

    fn restore_once(
        &mut self,
        (stack, service): (&str, &str),
        container: &str,
        id: &str,
        needs: Vec<Need>,
    ) -> usize {
        let key = format!("restore {container}");
        let known = self.steps.iter().position(|step| step.key.as_str() == key);
        if let Some(known) = known {
            return self.base + known;
        }
        let action = Action::RestoreContainer {
            stack: stack.to_owned(),
            service: service.to_owned(),
            container: container.to_owned(),
            id: id.to_owned(),
        };
        self.add(key, action, "it ran before", needs)
    }

    fn networks(&mut self, networks: Vec<(String, String)>) {
        let removed = self.steps.len();
        for (stack, network) in networks {
            let needs = (self.base..self.base + removed)
                .map(|step| Need {
                    step,
                    ended: Ended::Anyhow,
                })
                .collect();
            let key = format!("discard network {stack}/{network}");
            let action = Action::DiscardNetwork { stack, network };
            self.add(key, action, "nothing is left on it", needs);
        }
    }
}

/// Whether the old container of a service was stopped only after the new one had started.
fn took_over(plan: &Plan, states: &[StepState], stack: &str, service: &str) -> bool {
    let at = |fits: &dyn Fn(&Action) -> bool| {
        plan.own_steps()
            .iter()
            .zip(states)
            .position(|(step, state)| {
                let touched = !matches!(state, StepState::Pending | StepState::Skipped);
                touched && fits(&step.action)
            })
    };
    let stop = at(&|action| {
        matches!(action, Action::StopContainer { stack: of_stack, service: of, .. }
            if of_stack == stack && of == service)
    });
    let start = at(&|action| {
        matches!(action, Action::StartContainer { stack: of_stack, service: of, .. }
            if of_stack == stack && of == service)
    });
    matches!((start, stop), (Some(start), Some(stop)) if start < stop)
}

enum Fate {
    Keep,
    Discard,
    Stop,
}

fn fate(plan: &Plan, states: &[StepState], stack: &str, service: &str, replica: u32) -> Fate {
    let mut started = false;
    let mut failed = false;
    for (position, step) in plan.steps.iter().enumerate() {
        let state = states[position];
        let mine = step.action.stack() == Some(stack) && step.action.service() == Some(service);
        if !mine {
            continue;
        }
        match &step.action {
            Action::StartContainer { replica: other, .. } if *other == replica => {
                started = !matches!(state, StepState::Pending | StepState::Skipped);
                failed |= state == StepState::Failed;
            }
            Action::RunInit { .. } => {
                started = !matches!(state, StepState::Pending | StepState::Skipped);
                failed |= state == StepState::Failed;
            }
            Action::AwaitHealthy { .. }
            | Action::AwaitSettled { .. }
            | Action::AwaitCompleted { .. } => {
                failed |= state == StepState::Failed;
            }
            _ => {}
        }
    }
    match (started, failed) {
        (false, _) => Fate::Discard,
        (true, true) => Fate::Stop,
        (true, false) => Fate::Keep,
    }
}
