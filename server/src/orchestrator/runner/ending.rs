//! From the last step to the end: what is undone, what came back, and what that means.

use std::collections::BTreeMap;

use domain::deployment::{StackBefore, StackEvent, StackStatus};
use domain::operation::event::{EventBody, Level, UnwindReason};
use domain::operation::{OperationStatus, StepState};
use domain::plan::{Action, StackOutcome, Step, plan_unwind, stack_outcome};
use domain::release::ReleaseImage;
use tokio_util::sync::CancellationToken;

use super::super::operations::{self, End, Ending};
use super::journal::Write;
use super::{Ended, Run, RunError, pending, was_interrupted};

impl Run {
    /// Plans the undoing; false where nothing is to be undone, and nothing else is left to be done.
    pub(super) async fn begin_undo(&mut self) -> Result<bool, RunError> {
        self.finish_complete_stacks();
        if self.is_complete() {
            return Ok(self.overlook_late_cancel());
        }
        for record in &mut self.records {
            if was_interrupted(record) || record.state == StepState::Started {
                record.state = StepState::Unknown;
                record.next_at = None;
                // Nobody begins it again: what the store says of it must not look as if.
                self.journal.push(Write::Step(record.clone()));
            }
        }
        self.due.clear();
        let reason = if self.cancelled {
            UnwindReason::Cancelled
        } else {
            UnwindReason::Failed
        };
        let undone = operations::is_undone(self.operation.kind, self.cancelled);
        let undo = match undone {
            true => plan_unwind(&self.plan, &self.states(), reason),
            false => domain::plan::Unwinding::default(),
        };
        if self.cancelled {
            self.withdraw_caught(undone);
        }
        // Nothing is tidied up after what is taken back.
        for position in 0..self.records.len() {
            let tidies = self.plan.steps[position].tidies;
            if tidies && self.records[position].state == StepState::Pending {
                self.skip(position, "the operation is taken back".to_owned());
            }
        }
        self.plan.returned = undo.returned;
        if undo.steps.is_empty() {
            self.journal.push(Write::Plan(self.plan.clone()));
            return Ok(false);
        }
        let outlines = undo.steps.iter().map(Step::outline).collect();
        self.records.extend(undo.steps.iter().map(pending));
        self.plan.undo_from = Some(self.plan.steps.len());
        self.plan.undo_because = Some(reason);
        self.plan.steps.extend(undo.steps);
        self.journal.push(Write::Plan(self.plan.clone()));
        self.journal
            .push(Write::Status(OperationStatus::Compensating));
        self.journal.event(
            Level::Warning,
            EventBody::Unwinding {
                reason,
                steps: outlines,
            },
        );
        self.journal.write().await?;
        // Undoing is not cancelled by the request that led to it.
        self.cancel = CancellationToken::new();
        Ok(true)
    }

    /// Whether every stack of the plan came through.
    fn is_complete(&self) -> bool {
        let states = self.states();
        let stacks = self
            .material
            .scope()
            .into_iter()
            .chain(self.material.gone());
        stacks
            .into_iter()
            .all(|stack| stack_outcome(&self.plan, &states, &stack) == StackOutcome::Complete)
    }

    /// A cancel that came when every stack was complete changes nothing; whether something is left to be tidied up.
    fn overlook_late_cancel(&mut self) -> bool {
        if !self.cancelled {
            return false;
        }
        self.cancelled = false;
        self.cancel = CancellationToken::new();
        self.journal.push(Write::Status(OperationStatus::Running));
        self.records.iter().any(|record| !record.state.has_ended())
    }

    /// A cancel caught these stacks at work: what can be undone is not theirs any more, what cannot be has failed.
    fn withdraw_caught(&mut self, undone: bool) {
        let states = self.states();
        let caught: Vec<String> = self
            .stacks
            .iter()
            .filter(|(name, status)| match undone {
                true => matches!(status, StackStatus::Deploying | StackStatus::Removing),
                false => matches!(
                    stack_outcome(&self.plan, &states, name),
                    StackOutcome::Blocked | StackOutcome::Failed(_)
                ),
            })
            .map(|(name, _)| name.clone())
            .collect();
        let event = match undone {
            true => StackEvent::Withdraw,
            false => StackEvent::Fail,
        };
        for stack in caught {
            self.change_stack(&stack, event, Some("cancelled".to_owned()));
        }
    }

    /// A stack whose every gate passed before the cancel was taken up is there, and stays.
    pub(super) fn finish_complete_stacks(&mut self) {
        for position in 0..self.plan.steps.len() {
            let Action::FinishStack { stack, turn } = &self.plan.steps[position].action else {
                continue;
            };
            let (stack, turn) = (stack.clone(), *turn);
            if self.records[position].state == StepState::Pending
                && stack_outcome(&self.plan, &self.states(), &stack) == StackOutcome::Complete
            {
                self.finish_stack(position, &stack, turn);
            }
        }
    }

    pub(super) async fn finish(&mut self) -> Result<Ended, RunError> {
        let from = self.plan.undo_from.unwrap_or(self.plan.steps.len());
        let left: Vec<usize> = (0..self.plan.steps.len())
            .filter(|&position| {
                let step = &self.plan.steps[position];
                let matters = position >= from || (step.tidies && must_be_tidied(&step.action));
                matters && self.records[position].state == StepState::Failed
            })
            .collect();
        if !left.is_empty() {
            return self.stuck(&left).await;
        }
        // A step that was ready when the cancel came, and that nothing else waits for.
        for position in 0..self.records.len() {
            if self.records[position].state == StepState::Pending {
                self.skip(position, "the operation ended before its turn".to_owned());
            }
        }
        self.bring_back();
        let end = self.end();
        self.finish_with(end).await
    }

    /// Stacks that came through and to which something was done.
    fn advanced(&self) -> Vec<String> {
        let states = self.states();
        let is_done = |stack: &str| {
            let steps = self.plan.own_steps().iter();
            let touched = |step: &Step| match &step.action {
                Action::CreateContainer { stack: of, .. }
                | Action::StopContainer { stack: of, .. }
                | Action::StartContainer { stack: of, .. }
                | Action::RemoveContainer { stack: of, .. } => of == stack,
                _ => false,
            };
            steps.into_iter().any(touched)
        };
        let stacks = self
            .material
            .scope()
            .into_iter()
            .chain(self.material.gone());
        stacks
            .filter(|stack| {
                let complete = stack_outcome(&self.plan, &states, stack) == StackOutcome::Complete;
                complete && is_done(stack) && !self.plan.returned.contains(stack)
            })
            .collect()
    }

    /// Whether all of it is as it was before the operation.
    fn is_returned(&self, advanced: &[String]) -> bool {
        let known = self.material.input.before.is_some();
        let undone = operations::is_undone(self.operation.kind, self.cancelled);
        known && undone && advanced.is_empty() && !self.is_complete() && !self.was_left_begun()
    }

    /// What the undoing brought back, and what was never touched, has the status again that it had before.
    pub(super) fn bring_back(&mut self) {
        let advanced = self.advanced();
        let whole = self.is_returned(&advanced) && !self.left_undone();
        let before: Vec<(String, StackBefore)> = self.material.input.stacks_before.clone();
        for (stack, before) in before {
            let Some((_, status)) = self.stacks.iter().find(|(name, _)| *name == stack) else {
                continue;
            };
            let came_back = self.plan.returned.contains(&stack);
            let untouched = *status == StackStatus::Pending;
            let comes_back = match whole {
                true => !advanced.contains(&stack),
                // Part of the product is at the new version: a stack that failed must be seen.
                false => untouched && !came_back,
            };
            if comes_back && *status != before.status() {
                let message = self
                    .failure_of(&stack)
                    .map(|failure| format!("{failure}; what ran before runs again"));
                self.change_stack(&stack, StackEvent::Return(before), message);
            }
        }
        self.take_back_new();
    }

    /// Of a stack that came through, was not there before and was taken back, nothing is left.
    fn take_back_new(&mut self) {
        let known = &self.material.input.stacks_before;
        let is_new = |name: &String| !known.iter().any(|(other, _)| other == name);
        let taken_back: Vec<String> = self
            .stacks
            .iter()
            .filter(|(name, status)| {
                let returned = self.plan.returned.contains(name);
                *status == StackStatus::Running && returned && is_new(name)
            })
            .map(|(name, _)| name.clone())
            .collect();
        for stack in taken_back {
            let message = Some("it was taken back".to_owned());
            self.change_stack(&stack, StackEvent::Return(StackBefore::Pending), message);
        }
    }

    /// The sentence of the step that was given up first.
    fn first_failure(&self) -> Option<String> {
        let steps = self.plan.own_steps().iter().zip(&self.records);
        let failed = steps.filter(|(step, record)| {
            let last = matches!(step.action, Action::FinishStack { .. });
            record.state == StepState::Failed && !step.tidies && !last
        });
        let first = failed.min_by_key(|(_, record)| record.ended_at);
        first.and_then(|(_, record)| Some(record.failure.as_ref()?.message.clone()))
    }

    /// Why a stack's roll-out was given up.
    fn failure_of(&self, stack: &str) -> Option<String> {
        let mut steps = self.plan.own_steps().iter().zip(&self.records);
        steps.find_map(|(step, record)| {
            let failed = step.action.concerns(stack) && record.state == StepState::Failed;
            let failure = record.failure.as_ref().filter(|_| failed && !step.tidies)?;
            Some(failure.message.clone())
        })
    }

    /// Whether the operator left something undone.
    fn left_undone(&self) -> bool {
        let from = self.plan.undo_from.unwrap_or(self.plan.steps.len());
        let mut undo = self.records[from..].iter();
        undo.any(|record| record.state == StepState::Failed)
    }

    pub(super) fn end(&self) -> End {
        let advanced = self.advanced();
        let ending = Ending {
            stacks: &self.stacks,
            cancelled: self.cancelled,
            returned: self.is_returned(&advanced) && !self.left_undone(),
            advanced: &advanced,
            failure: self.first_failure(),
        };
        let keep = self.journal.shared.settings.keep_releases;
        operations::end(&self.material, &ending, keep)
    }

    pub(super) async fn finish_with(&mut self, end: End) -> Result<Ended, RunError> {
        self.journal.push(Write::Finish {
            deployment: self.operation.deployment_id,
            end,
        });
        self.journal.write().await?;
        Ok(Ended::Finished)
    }

    /// What is known of the images of the release that is rolled out.
    pub(super) fn images_before(&self) -> BTreeMap<String, ReleaseImage> {
        let target = self.material.target.as_ref();
        target
            .map(|target| target.images.clone())
            .unwrap_or_default()
    }
}

/// Whether something is left behind where it fails. Telling somebody is not.
const fn must_be_tidied(action: &Action) -> bool {
    !matches!(action, Action::NotifySetter { .. })
}
