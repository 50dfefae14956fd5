//! Plans how a roll-out that failed or was cancelled is brought to a known state.
//!
//! A stack that is complete stays. Of a stack that failed, what runs stays, the container that failed is stopped and kept as
//! evidence, and what never started goes. Of a stack whose turn never came, and of every stack that a cancel caught at work, everything
//! that this operation made goes. Volumes always stay.

use super::{Action, Ended, Need, Plan, StackOutcome, Step, StepKey, stack_outcome};
use crate::operation::StepState;
use crate::operation::event::UnwindReason;

/// The steps that undo; append them to the plan. Empty where nothing is to be undone.
#[must_use]
pub fn plan_unwind(plan: &Plan, states: &[StepState], reason: UnwindReason) -> Vec<Step> {
    let base = plan.steps.len();
    let mut containers: Vec<Step> = Vec::new();
    let mut networks: Vec<(String, String)> = Vec::new();
    for (position, step) in plan.steps.iter().enumerate() {
        let touched = !matches!(states[position], StepState::Pending | StepState::Skipped);
        let Some(stack) = step.action.stack().filter(|_| touched) else {
            continue;
        };
        let all = match (stack_outcome(plan, states, stack), reason) {
            (StackOutcome::Complete, _) => continue,
            (StackOutcome::Untouched, _) | (_, UnwindReason::Cancelled) => true,
            (StackOutcome::Failed(_) | StackOutcome::Blocked, UnwindReason::Failed) => false,
        };
        match &step.action {
            Action::CreateContainer {
                stack,
                service,
                replica,
                ..
            } => {
                let fate = if all {
                    Fate::Discard
                } else {
                    fate(plan, states, stack, service, *replica)
                };
                let number = if *replica > 1 {
                    format!("#{replica}")
                } else {
                    String::new()
                };
                let (stack, service, replica) = (stack.clone(), service.clone(), *replica);
                let subject = format!("{stack}/{service}{number}");
                match fate {
                    Fate::Keep => {}
                    Fate::Discard => containers.push(Step {
                        key: StepKey::new(format!("discard {subject}")),
                        action: Action::DiscardContainer {
                            stack,
                            service,
                            replica,
                        },
                        cause: match reason {
                            UnwindReason::Cancelled => "the operation was cancelled".to_owned(),
                            UnwindReason::Failed => "it was never started".to_owned(),
                        },
                        needs: Vec::new(),
                    }),
                    Fate::Stop => containers.push(Step {
                        key: StepKey::new(format!("stop {subject}")),
                        action: Action::StopFailed {
                            stack,
                            service,
                            replica,
                        },
                        cause: "it did not come up".to_owned(),
                        needs: Vec::new(),
                    }),
                }
            }
            Action::EnsureNetwork { stack, network } if all => {
                networks.push((stack.clone(), network.clone()));
            }
            _ => {}
        }
    }
    let removed = containers.len();
    for (stack, network) in networks {
        containers.push(Step {
            key: StepKey::new(format!("discard network {stack}/{network}")),
            action: Action::DiscardNetwork { stack, network },
            cause: "nothing is left on it".to_owned(),
            needs: (base..base + removed)
                .map(|step| Need {
                    step,
                    ended: Ended::Anyhow,
                })
                .collect(),
        });
    }
    containers
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
