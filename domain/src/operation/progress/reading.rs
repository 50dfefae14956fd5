//! What can be read from the state of an operation. Changes nothing.

use std::time::Duration;

use super::{Progress, StackProgress, StepProgress};
use crate::deployment::StackStatus;
use crate::operation::status::{OperationStatus, StepState};
use crate::plan::{Phase, StepKey};
use crate::timestamp::Timestamp;

impl Progress {
    /// Whether nothing more will come.
    #[must_use]
    pub const fn is_finished(&self) -> bool {
        self.finished_at.is_some()
    }

    /// Stacks that run, and all of them.
    #[must_use]
    pub fn completed_stacks(&self) -> (usize, usize) {
        let done = self
            .stacks
            .iter()
            .filter(|stack| stack.status == StackStatus::Running)
            .count();
        (done, self.stacks.len())
    }

    /// The stack that people should look at: the first at work, else the first that failed, else the last that ended.
    #[must_use]
    pub fn stack_in_focus(&self) -> Option<&StackProgress> {
        let by = |status| self.stacks.iter().find(|stack| stack.status == status);
        by(StackStatus::Deploying)
            .or_else(|| by(StackStatus::Removing))
            .or_else(|| by(StackStatus::Failed))
            .or_else(|| {
                self.stacks
                    .iter()
                    .rev()
                    .find(|stack| stack.status == StackStatus::Running)
            })
            .or_else(|| self.stacks.first())
    }

    /// A stack by its name in the product.
    #[must_use]
    pub fn stack(&self, name: &str) -> Option<&StackProgress> {
        self.stacks.iter().find(|stack| stack.name == name)
    }

    /// Every step: those of the stacks in order, then those that serve several.
    pub fn steps(&self) -> impl Iterator<Item = &StepProgress> {
        self.stacks
            .iter()
            .flat_map(|stack| &stack.steps)
            .chain(&self.shared)
    }

    /// A step by its key.
    #[must_use]
    pub fn step(&self, key: &StepKey) -> Option<&StepProgress> {
        self.steps().find(|step| step.outline.step == *key)
    }

    /// The step that brought it down: the one that was given up first.
    #[must_use]
    pub fn first_failure(&self) -> Option<&StepProgress> {
        self.steps()
            .filter(|step| step.state == StepState::Failed)
            .min_by_key(|step| (step.ended_at, step.outline.phase == Phase::Complete))
    }

    /// How long it has been going on at a time, or went on until its end. Zero before it was accepted.
    #[must_use]
    pub fn elapsed(&self, now: Timestamp) -> Duration {
        self.accepted_at.map_or(Duration::ZERO, |from| {
            self.finished_at.unwrap_or(now).since(from)
        })
    }

    /// Done steps in percent of the plan; a pull counts by its bytes. 100 only at a good end.
    pub(super) fn percent_now(&self) -> u8 {
        if self.status == Some(OperationStatus::Succeeded) {
            return 100;
        }
        percent(self.steps()).min(99)
    }
}

impl StackProgress {
    /// The phase that it is in: that of the earliest step at work, else of the next one.
    #[must_use]
    pub fn phase(&self) -> Option<Phase> {
        self.steps
            .iter()
            .find(|step| step.state == StepState::Started)
            .or_else(|| {
                self.steps
                    .iter()
                    .find(|step| step.state == StepState::Pending)
            })
            .map(|step| step.outline.phase)
    }

    /// Services whose gate passed, and all of them.
    #[must_use]
    pub fn completed_services(&self) -> (usize, usize) {
        (
            self.services.iter().filter(|service| service.done).count(),
            self.services.len(),
        )
    }

    /// Done steps in percent of its part of the plan.
    #[must_use]
    pub fn percent(&self) -> u8 {
        percent(self.steps.iter())
    }

    /// The service that is being worked on.
    #[must_use]
    pub fn current_service(&self) -> Option<&str> {
        self.steps
            .iter()
            .filter(|step| step.state == StepState::Started)
            .find_map(|step| step.outline.service.as_deref())
    }

    /// The steps of a service, in the order of the plan.
    pub fn steps_of(&self, service: &str) -> impl Iterator<Item = &StepProgress> {
        self.steps
            .iter()
            .filter(move |step| step.outline.service.as_deref() == Some(service))
    }

    /// The step of it that was given up first.
    #[must_use]
    pub fn failed_step(&self) -> Option<&StepProgress> {
        self.steps
            .iter()
            .filter(|step| step.state == StepState::Failed)
            .min_by_key(|step| (step.ended_at, step.outline.phase == Phase::Complete))
    }
}

impl StepProgress {
    /// How long it has been going on at a time, or took; none where it was not begun.
    #[must_use]
    pub fn duration(&self, now: Timestamp) -> Option<Duration> {
        let end = match self.state {
            StepState::Started => now,
            _ => self.ended_at?,
        };
        self.started_at.map(|from| end.since(from))
    }

    /// Thousandths of it that are done.
    fn share(&self) -> u64 {
        match self.state {
            StepState::Done => 1000,
            StepState::Started if self.total > 0 => {
                // Widened: bytes times a thousand may pass 64 bits.
                let part = u128::from(self.current.min(self.total)) * 1000 / u128::from(self.total);
                u64::try_from(part).unwrap_or(1000).min(999)
            }
            _ => 0,
        }
    }
}

/// Undoing is not progress: its steps count neither way.
fn percent<'a>(steps: impl Iterator<Item = &'a StepProgress>) -> u8 {
    let (mut count, mut share) = (0_u64, 0_u64);
    for step in steps.filter(|step| step.outline.phase != Phase::CleaningUp) {
        count += 1;
        share += step.share();
    }
    if count == 0 {
        return 0;
    }
    u8::try_from(share / (count * 10)).unwrap_or(100)
}
