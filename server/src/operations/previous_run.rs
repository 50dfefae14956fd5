//! An operation that succeeded, as durations: what the next one of its kind is measured by.

use std::collections::BTreeMap;

use domain::operation::Operation;
use domain::operation::step::StepRecord;
use domain::plan::{Action, Phase};
use domain::timestamp::Timestamp;
use domain::wire::{PreviousRun, PreviousStack};

/// None where it has not ended, or was never begun.
pub(super) fn previous_run(operation: &Operation, steps: &[StepRecord]) -> Option<PreviousRun> {
    let began = operation.started_at?;
    let after = |at: Timestamp| u64::try_from(at.since(began).as_millis()).unwrap_or(u64::MAX);
    let records: BTreeMap<_, _> = steps.iter().map(|step| (&step.key, step)).collect();
    let mut stacks: Vec<PreviousStack> = Vec::new();
    let planned = operation.plan.iter().flat_map(|plan| plan.own_steps());
    // Tidying up after all stacks is not part of any stack's turn.
    for step in planned.filter(|step| step.phase() != Phase::CleaningUp) {
        let record = records.get(&step.key);
        let times = record.and_then(|record| Some((record.started_at?, record.ended_at?)));
        let (Some(name), Some((from, to))) = (step.action.stack(), times) else {
            continue;
        };
        let (from, to) = (after(from), after(to));
        // Made ready is a stack long before its turn.
        let prepares = step.phase() == Phase::Preparing;
        if prepares && !matches!(step.action, Action::BeginStack { .. }) {
            continue;
        }
        match stacks.iter_mut().find(|stack| stack.stack_name == name) {
            Some(stack) => {
                stack.from_milliseconds = stack.from_milliseconds.min(from);
                stack.to_milliseconds = stack.to_milliseconds.max(to);
            }
            None => stacks.push(PreviousStack {
                stack_name: name.to_owned(),
                from_milliseconds: from,
                to_milliseconds: to,
            }),
        }
    }
    stacks.sort_by_key(|stack| stack.from_milliseconds);
    Some(PreviousRun {
        operation_id: operation.id.to_string(),
        total_milliseconds: after(operation.finished_at?),
        stacks,
    })
}
