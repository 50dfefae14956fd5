//! What can be done next, and how a stack came out: pure functions of a plan and the states of its steps.
//!
//! Recovery after a crash is the normal path: states are read from the store, and the same functions go on from there.

use std::collections::HashMap;

use super::{Action, Ended, Plan, Step};
use crate::operation::StepState;

/// What follows from the states of a plan's steps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schedule {
    /// Positions of steps that can begin now, the most urgent first. Steps that were begun already are not in it.
    pub ready: Vec<usize>,
    /// Positions of steps that will never be done, each with the reason.
    pub skipped: Vec<(usize, String)>,
    /// Whether every step has ended, once the skipped ones are marked.
    pub finished: bool,
}

/// What can be done next. `states` is parallel to the plan's steps.
///
/// While a plan has steps that undo, only those are looked at: what was not begun before stays as it is.
#[must_use]
pub fn schedule(plan: &Plan, states: &[StepState]) -> Schedule {
    let mut states = states.to_vec();
    let mut out = Schedule {
        finished: true,
        ..Schedule::default()
    };
    let failed = plan
        .stop_on_failure
        .then(|| first_failed(plan, &states))
        .flatten();
    let from = plan.undo_from.unwrap_or(0);
    for position in 0..plan.steps.len() {
        // What tidies up after what has succeeded goes on beside the undoing of the rest.
        if position < from && !plan.steps[position].tidies {
            continue;
        }
        if states[position].has_ended() {
            continue;
        }
        if states[position] != StepState::Pending {
            out.finished = false;
            continue;
        }
        let step = &plan.steps[position];
        let aborted = failed.filter(|_| matches!(step.action, Action::BeginStack { .. }));
        let blocked = step.needs.iter().find(|need| {
            need.ended == Ended::Well
                && states[need.step].has_ended()
                && states[need.step] != StepState::Done
        });
        if let Some(cause) = aborted.or(blocked.map(|need| need.step)) {
            let because = reason(&plan.steps[cause], states[cause]);
            states[position] = StepState::Skipped;
            out.skipped.push((position, because));
        } else {
            out.finished = false;
            if step.needs.iter().all(|need| states[need.step].has_ended()) {
                out.ready.push(position);
            }
        }
    }
    // Whose turn comes first must not wait for room behind what is only prepared early.
    let turns = turns(plan);
    out.ready.sort_by_key(|&position| {
        let stack = plan.steps[position].action.stack();
        stack.and_then(|stack| turns.get(stack)).copied()
    });
    out
}

/// Stacks in the order of their turns.
fn turns(plan: &Plan) -> HashMap<&str, usize> {
    let begins = plan.steps.iter().filter_map(|step| match &step.action {
        Action::BeginStack { stack, .. } => Some(stack.as_str()),
        _ => None,
    });
    begins
        .enumerate()
        .map(|(turn, stack)| (stack, turn))
        .collect()
}

fn first_failed(plan: &Plan, states: &[StepState]) -> Option<usize> {
    let end = plan.undo_from.unwrap_or(plan.steps.len());
    (0..end).find(|&position| states[position] == StepState::Failed && !plan.steps[position].tidies)
}

fn reason(step: &Step, state: StepState) -> String {
    let what = step.action.title();
    match state {
        StepState::Failed => format!("\"{what}\" failed"),
        _ => format!("\"{what}\" was not done"),
    }
}

/// How a stack came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StackOutcome {
    /// Every step was done.
    Complete,
    /// At least one step was given up; the position of the first.
    Failed(usize),
    /// Its turn never came.
    Untouched,
    /// Its turn came, and something that it needed outside of it was not done.
    Blocked,
}

/// How a stack came out so far, its last step aside.
#[must_use]
pub fn stack_outcome(plan: &Plan, states: &[StepState], stack: &str) -> StackOutcome {
    let end = plan.undo_from.unwrap_or(plan.steps.len());
    let mut begun = false;
    let mut complete = true;
    for (position, step) in plan.steps[..end].iter().enumerate() {
        let is_last = matches!(step.action, Action::FinishStack { .. });
        if !step.action.concerns(stack) || is_last || step.tidies {
            continue;
        }
        if states[position] == StepState::Failed {
            return StackOutcome::Failed(position);
        }
        if matches!(step.action, Action::BeginStack { .. }) {
            begun |= states[position] == StepState::Done;
        }
        complete &= states[position] == StepState::Done;
    }
    match (begun, complete) {
        (true, true) => StackOutcome::Complete,
        (true, false) => StackOutcome::Blocked,
        (false, _) => StackOutcome::Untouched,
    }
}
