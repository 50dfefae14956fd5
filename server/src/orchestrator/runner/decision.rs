//! `onFailure: pause`: an operation in which something failed waits for an operator, before anything is undone or tidied up.

use domain::deployment::StackEvent;
use domain::deployment::StackStatus;
use domain::operation::event::{EventBody, Level};
use domain::operation::{Decision, OperationStatus, StepState};
use domain::plan::{Action, Ended as NeedEnded};
use domain::product::OnFailure;
use std::time::Duration;

use super::journal::Write;
use super::{Run, RunError};

/// Between two looks whether somebody has decided; a decision ends the pause.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// What follows from what was decided.
pub(super) enum Next {
    /// Nobody has decided.
    Wait,
    /// There are steps to be carried out again.
    Again,
    /// The end.
    GoOn,
}

impl Run {
    /// Asks for a decision where one is needed, and does what was decided.
    pub(super) async fn decide(&mut self) -> Result<Next, RunError> {
        let pauses = self.operation.kind.rolls_out()
            && self.material.on_failure() == OnFailure::Pause
            && self.plan.undo_from.is_none()
            && !self.cancelled;
        let failed = self.plan.steps.iter().zip(&self.records);
        let failed = failed
            .into_iter()
            .any(|(step, record)| !step.tidies && record.state == StepState::Failed);
        if !pauses || !failed {
            return Ok(Next::GoOn);
        }
        let Some(decision) = self.operation.decision.take() else {
            if self.heed_cancel() {
                return Ok(Next::GoOn);
            }
            return self.wait_for_decision().await;
        };
        match decision {
            Decision::Rollback => {
                self.plan.all_or_nothing = true;
                Ok(Next::GoOn)
            }
            Decision::Keep => {
                self.keep_what_is_done();
                self.go_on("An operator decided to keep what is done.");
                // Decided once: when it comes here again, it goes on.
                self.material.input.on_failure = Some(OnFailure::Keep);
                self.journal.write().await?;
                Ok(Next::Again)
            }
            Decision::Retry => {
                self.journal.push(Write::TakeUpDecision);
                self.begin_failed_again();
                self.go_on("An operator decided to try again what failed.");
                self.journal.write().await?;
                Ok(Next::Again)
            }
        }
    }

    async fn wait_for_decision(&mut self) -> Result<Next, RunError> {
        let status = OperationStatus::Waiting;
        let shared = &self.journal.shared;
        let again = shared.clock.now().plus(LOOK_AGAIN);
        let message =
            "Something failed, and the product asks for a decision: try again what failed, \
                       roll everything back, or keep what is done."
                .to_owned();
        self.journal.push(Write::NotBefore(again));
        self.journal.push(Write::Status(status));
        if self.operation.status != status {
            self.journal
                .event(Level::Warning, EventBody::StatusChanged { status, message });
        }
        self.journal.write().await?;
        Ok(Next::Wait)
    }

    /// Lets stacks that came through be tidied up although others failed.
    fn keep_what_is_done(&mut self) {
        let finishes: Vec<bool> = self
            .plan
            .steps
            .iter()
            .map(|step| matches!(step.action, Action::FinishStack { .. }))
            .collect();
        let stacks: Vec<Option<String>> = self
            .plan
            .steps
            .iter()
            .map(|step| step.action.stack().map(str::to_owned))
            .collect();
        for position in 0..self.plan.steps.len() {
            if !self.plan.steps[position].tidies {
                continue;
            }
            let own = stacks[position].clone();
            for need in &mut self.plan.steps[position].needs {
                if finishes[need.step] && stacks[need.step] != own {
                    need.ended = NeedEnded::Anyhow;
                }
            }
            if self.records[position].state == StepState::Skipped {
                self.put_aside(position);
            }
        }
        self.journal.push(Write::Plan(self.plan.clone()));
    }

    /// Ends the wait, for everybody to see.
    fn go_on(&mut self, message: &str) {
        let status = OperationStatus::Running;
        let message = message.to_owned();
        self.operation.status = status;
        self.journal.push(Write::Status(status));
        self.journal
            .event(Level::Info, EventBody::StatusChanged { status, message });
    }

    /// Puts back what failed and what was skipped for it, with what brings the same service up.
    fn begin_failed_again(&mut self) {
        let failed: Vec<(Option<String>, Option<String>)> = self
            .plan
            .steps
            .iter()
            .zip(&self.records)
            .filter(|(step, record)| !step.tidies && record.state == StepState::Failed)
            .map(|(step, _)| {
                let stack = step.action.stack().map(str::to_owned);
                (stack, step.action.service().map(str::to_owned))
            })
            .collect();
        for position in 0..self.plan.steps.len() {
            let action = &self.plan.steps[position].action;
            let of_failed = failed.iter().any(|(stack, service)| {
                service.is_some()
                    && action.stack() == stack.as_deref()
                    && action.service() == service.as_deref()
            });
            let starts = matches!(
                action,
                Action::StartContainer { .. }
                    | Action::AwaitHealthy { .. }
                    | Action::AwaitSettled { .. }
                    | Action::AwaitCompleted { .. }
            );
            let state = self.records[position].state;
            let again = matches!(state, StepState::Failed | StepState::Skipped)
                || (of_failed && starts && state == StepState::Done);
            if again {
                self.put_aside(position);
            }
        }
        let failed: Vec<String> = self
            .stacks
            .iter()
            .filter(|(_, status)| *status == StackStatus::Failed)
            .map(|(name, _)| name.clone())
            .collect();
        for stack in failed {
            self.change_stack(&stack, StackEvent::Reset, None);
            self.change_stack(&stack, StackEvent::Begin, None);
        }
    }

    fn put_aside(&mut self, position: usize) {
        let record = &mut self.records[position];
        record.state = StepState::Pending;
        record.attempt = 0;
        record.next_at = None;
        record.ended_at = None;
        record.failure = None;
        let record = record.clone();
        self.journal.push(Write::Step(record));
        self.tries.remove(&position);
    }
}
