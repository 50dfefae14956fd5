//! What people see of an operation: a fold over its events, the same on the server and in the browser.
//!
//! Here events are applied; what can be read from the state is in `reading`. Applying an event again changes nothing, so
//! a stream may repeat what was delivered before.

mod reading;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::OperationKind;
use super::event::{Event, EventBody, KeptOutline, OutputLine, StepOutline, UnwindReason};
use super::failure::Failure;
use super::status::{OperationStatus, StepState};
use crate::deployment::{ProductStatus, StackStatus};
use crate::plan::{Phase, StepKey};
use crate::timestamp::Timestamp;

/// Most lines of a one-shot's output that the view keeps; the feed has all that were recorded.
pub const MAX_OUTPUT_LINES: usize = 1000;

/// The state of an operation after some of its events.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Number of the last event that was applied.
    pub seq: i64,
    /// When it happened.
    pub at: Timestamp,
    pub kind: Option<OperationKind>,
    pub product_name: String,
    pub product_version: Option<String>,
    /// The version that ran before, where it is another one.
    pub previous_version: Option<String>,
    pub environment_name: String,
    pub actor: String,
    pub status: Option<OperationStatus>,
    pub product_status: Option<ProductStatus>,
    /// The final sentence.
    pub message: Option<String>,
    pub cancel_requested: bool,
    /// Why it is being undone, or was.
    pub unwinding: Option<UnwindReason>,
    pub accepted_at: Option<Timestamp>,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub stacks: Vec<StackProgress>,
    /// Steps that serve several stacks, such as pulls of shared images.
    pub shared: Vec<StepProgress>,
    /// How often a runner took the operation over after the first.
    pub resumed: u32,
    /// Done so far, in percent of the plan. Never falls.
    pub percent: u8,
}

/// One stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StackProgress {
    pub name: String,
    pub display_name: String,
    pub deployment_stack_name: String,
    pub status: StackStatus,
    pub message: Option<String>,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub services: Vec<ServiceProgress>,
    pub steps: Vec<StepProgress>,
}

/// One service of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceProgress {
    pub name: String,
    pub init: bool,
    /// Whether its last gate passed.
    pub done: bool,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepProgress {
    #[serde(flatten)]
    pub outline: StepOutline,
    pub state: StepState,
    pub attempt: u32,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// Bytes of a pull, seconds of a wait.
    pub message: Option<String>,
    pub current: u64,
    pub total: u64,
    pub result: Option<String>,
    /// Of the last attempt; none once one worked.
    pub failure: Option<Failure>,
    /// When it is tried again; none while it is being tried.
    pub retry_at: Option<Timestamp>,
    /// Newest last; bounded by [`MAX_OUTPUT_LINES`].
    pub output: VecDeque<OutputLine>,
    /// Lines that were written before the first of `output`.
    pub output_dropped: u64,
    /// Why it was skipped.
    pub because: Option<String>,
    /// Whether it takes back what was done.
    pub undoes: bool,
}

impl Progress {
    /// The state after these events.
    #[must_use]
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut progress = Self::default();
        for event in events {
            progress.apply(event);
        }
        progress
    }

    /// Applies one event; one that was applied already changes nothing.
    pub fn apply(&mut self, event: &Event) {
        if event.seq <= self.seq {
            return;
        }
        self.seq = event.seq;
        self.at = event.at;
        match &event.body {
            EventBody::Accepted {
                kind,
                actor,
                product_name,
                product_version,
                previous_version,
                environment_name,
                stacks,
            } => {
                self.kind = Some(*kind);
                self.previous_version.clone_from(previous_version);
                self.actor = actor.to_string();
                self.product_name.clone_from(product_name);
                self.product_version.clone_from(product_version);
                self.environment_name.clone_from(environment_name);
                self.accepted_at = Some(event.at);
                self.status = Some(OperationStatus::Queued);
                self.stacks = stacks
                    .iter()
                    .map(|stack| StackProgress {
                        name: stack.name.clone(),
                        display_name: stack.display_name.clone(),
                        deployment_stack_name: stack.deployment_stack_name.clone(),
                        status: stack.status.unwrap_or(StackStatus::Pending),
                        message: None,
                        started_at: None,
                        ended_at: None,
                        services: stack
                            .services
                            .iter()
                            .map(|service| ServiceProgress {
                                name: service.name.clone(),
                                init: service.init,
                                done: false,
                            })
                            .collect(),
                        steps: Vec::new(),
                    })
                    .collect();
            }
            EventBody::Claimed { resumed, .. } => {
                self.resumed += u32::from(*resumed);
                self.started_at.get_or_insert(event.at);
                if self.status == Some(OperationStatus::Queued) {
                    self.status = Some(OperationStatus::Running);
                }
            }
            EventBody::Planned { steps, kept } => {
                self.announce(steps, false);
                self.mark_kept(kept);
                // It may have waited for the engine until now.
                if matches!(
                    self.status,
                    Some(OperationStatus::Queued | OperationStatus::Waiting)
                ) {
                    self.status = Some(OperationStatus::Running);
                    self.message = None;
                }
            }
            EventBody::Unwinding { reason, steps } => {
                self.announce(steps, true);
                self.unwinding = Some(*reason);
                self.status = Some(OperationStatus::Compensating);
            }
            EventBody::StepStarted { step, attempt } => self.change(step, |s| {
                s.state = StepState::Started;
                s.attempt = *attempt;
                s.started_at.get_or_insert(event.at);
                s.ended_at = None;
                s.retry_at = None;
            }),
            EventBody::StepProgress {
                step,
                message,
                current,
                total,
            } => self.change(step, |s| {
                s.message = Some(message.clone());
                s.current = *current;
                s.total = *total;
            }),
            EventBody::StepOutput { step, lines } => self.change(step, |s| {
                s.output.extend(lines.iter().cloned());
                let surplus = s.output.len().saturating_sub(MAX_OUTPUT_LINES);
                s.output.drain(..surplus);
                s.output_dropped = s
                    .output_dropped
                    .saturating_add(u64::try_from(surplus).unwrap_or(u64::MAX));
            }),
            EventBody::StepDone { step, result } => {
                self.change(step, |s| {
                    s.end(StepState::Done, event.at);
                    s.result.clone_from(result);
                    s.failure = None;
                });
                self.mark_service(step);
            }
            EventBody::StepRetrying {
                step,
                attempt,
                at,
                failure,
            } => self.change(step, |s| {
                s.attempt = *attempt;
                s.retry_at = Some(*at);
                s.failure = Some(failure.clone());
            }),
            EventBody::StepFailed { step, failure } => self.change(step, |s| {
                s.end(StepState::Failed, event.at);
                s.failure = Some(failure.clone());
            }),
            EventBody::StepSkipped { step, because } => self.change(step, |s| {
                s.end(StepState::Skipped, event.at);
                s.because = Some(because.clone());
            }),
            EventBody::StackChanged {
                stack,
                status,
                message,
            } => {
                if let Some(entry) = self.stacks.iter_mut().find(|entry| entry.name == *stack) {
                    entry.status = *status;
                    entry.message.clone_from(message);
                    match status {
                        StackStatus::Deploying | StackStatus::Removing => {
                            entry.started_at.get_or_insert(event.at);
                            entry.ended_at = None;
                        }
                        StackStatus::Pending => {
                            entry.started_at = None;
                            entry.ended_at = None;
                        }
                        _ => entry.ended_at = Some(event.at),
                    }
                }
            }
            EventBody::CancelRequested { .. } => {
                self.cancel_requested = true;
                self.status = Some(OperationStatus::Cancelling);
            }
            EventBody::StatusChanged { status, message } => {
                self.status = Some(*status);
                self.message = Some(message.clone());
            }
            EventBody::Finished {
                status,
                product_status,
                message,
            } => {
                self.status = Some(*status);
                self.product_status = Some(*product_status);
                self.message = Some(message.clone());
                self.finished_at = Some(event.at);
            }
        }
        self.percent = self.percent.max(self.percent_now());
    }

    fn announce(&mut self, steps: &[StepOutline], undoes: bool) {
        for outline in steps {
            self.add_step(outline, undoes);
        }
    }

    /// A service whose containers all stay has nothing to wait for.
    fn mark_kept(&mut self, kept: &[KeptOutline]) {
        for kept in kept {
            let Some(stack) = self
                .stacks
                .iter_mut()
                .find(|entry| entry.name == kept.stack)
            else {
                continue;
            };
            let nothing_to_do = stack.steps_of(&kept.service).next().is_none();
            let mut services = stack.services.iter_mut();
            if let Some(service) = services.find(|service| service.name == kept.service) {
                service.done = nothing_to_do;
            }
        }
    }

    fn add_step(&mut self, outline: &StepOutline, undoes: bool) {
        let step = StepProgress {
            outline: outline.clone(),
            state: StepState::Pending,
            attempt: 0,
            started_at: None,
            ended_at: None,
            message: None,
            current: 0,
            total: 0,
            result: None,
            failure: None,
            retry_at: None,
            output: VecDeque::new(),
            output_dropped: 0,
            because: None,
            undoes,
        };
        let stack = outline
            .stack
            .as_ref()
            .and_then(|name| self.stacks.iter_mut().find(|entry| entry.name == *name));
        let steps = match stack {
            Some(stack) => &mut stack.steps,
            None => &mut self.shared,
        };
        // A plan that is made again after a crash replaces what was announced before.
        match steps
            .iter_mut()
            .find(|known| known.outline.step == outline.step)
        {
            Some(known) => known.outline = outline.clone(),
            None => steps.push(step),
        }
    }

    fn change(&mut self, key: &StepKey, apply: impl FnOnce(&mut StepProgress)) {
        let step = self
            .stacks
            .iter_mut()
            .flat_map(|stack| stack.steps.iter_mut())
            .chain(self.shared.iter_mut())
            .find(|step| step.outline.step == *key);
        if let Some(step) = step {
            apply(step);
        }
    }

    /// A service is done when every step of it is done, and no longer when what was done is taken back.
    fn mark_service(&mut self, key: &StepKey) {
        let undoing = self.unwinding.is_some();
        let removes = self.kind == Some(OperationKind::Remove) && !undoing;
        for stack in &mut self.stacks {
            let Some(step) = stack.steps.iter().find(|step| step.outline.step == *key) else {
                continue;
            };
            let Some(name) = step.outline.service.clone() else {
                return;
            };
            let cleans = step.outline.phase == Phase::CleaningUp;
            if cleans && !undoing && !removes {
                // The old container goes; the service stays.
                return;
            }
            let counts = |step: &&StepProgress| removes || step.outline.phase != Phase::CleaningUp;
            let done = (!cleans || removes)
                && stack
                    .steps_of(&name)
                    .filter(counts)
                    .all(|step| step.state == StepState::Done);
            if let Some(service) = stack
                .services
                .iter_mut()
                .find(|service| service.name == name)
            {
                service.done = done;
            }
            return;
        }
    }
}

impl StepProgress {
    fn end(&mut self, state: StepState, at: Timestamp) {
        self.state = state;
        self.ended_at = Some(at);
        self.retry_at = None;
    }
}
