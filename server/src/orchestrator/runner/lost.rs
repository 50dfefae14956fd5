//! What an outage of the engine took from services that were up already: they are begun again before the operation ends.
//!
//! An engine that restarts takes its containers with it unless it was told to keep them, and which of them it starts again is up to their
//! restart policies. A deployment that says "running" must not be wrong about that. Gates that still wait see it themselves; this is
//! about those that had passed.

use std::collections::BTreeSet;

use domain::deployment::StackEvent;
use domain::operation::StepState;
use domain::operation::event::{EventBody, Level};
use domain::operation::failure::Failure;
use domain::plan::{Action, Turn};

use super::journal::Write;
use super::{Attended, Run, RunError, attended};
use crate::orchestrator::steps::{Context, lost_services};

impl Run {
    /// Puts the start and the gate of every lost service back to be done again, and its stack with them; whether there was any.
    pub(super) async fn begin_lost_again(
        &mut self,
        context: &Context,
    ) -> Result<Attended<bool>, RunError> {
        if self.plan.undo_from.is_some() || self.cancelled {
            return Ok(Attended::Done(false));
        }
        let looked = attended(&mut self.journal, &self.stop, lost_services(context)).await?;
        let lost = match looked {
            Attended::Done(lost) => lost,
            Attended::Cancelled => return Ok(Attended::Cancelled),
            Attended::Stopped => return Ok(Attended::Stopped),
        };
        let mut stacks = BTreeSet::new();
        for position in 0..self.plan.steps.len() {
            let is_lost = |stack: &str, service: &str| {
                lost.iter()
                    .any(|(in_stack, name)| in_stack == stack && name == service)
            };
            let (stack, service) = match &self.plan.steps[position].action {
                Action::StartContainer { stack, service, .. }
                | Action::AwaitHealthy { stack, service }
                | Action::AwaitSettled { stack, service }
                    if is_lost(stack, service) =>
                {
                    (stack.clone(), service.clone())
                }
                _ => continue,
            };
            if self.records[position].state == StepState::Done {
                self.put_back(position, &service);
                stacks.insert(stack);
            }
        }
        for stack in &stacks {
            let mut steps = self.plan.steps.iter().enumerate();
            let finish = steps.find_map(|(position, step)| match &step.action {
                Action::FinishStack { stack: of, turn } if of == stack => Some((position, *turn)),
                _ => None,
            });
            if let Some((position, turn)) =
                finish.filter(|(p, _)| self.records[*p].state == StepState::Done)
            {
                self.records[position].state = StepState::Pending;
                let record = self.records[position].clone();
                self.journal.push(Write::Step(record));
                if turn == Turn::Deploy {
                    self.change_stack(stack, StackEvent::Reset, None);
                    self.change_stack(stack, StackEvent::Begin, None);
                }
            }
        }
        self.journal.write().await?;
        Ok(Attended::Done(!stacks.is_empty()))
    }

    fn put_back(&mut self, position: usize, service: &str) {
        let at = self.journal.shared.clock.now();
        let failure = Failure::new(format!(
            "{service} ended when the engine went away, and the engine did not start it again"
        ));
        let record = &mut self.records[position];
        record.state = StepState::Pending;
        record.ended_at = None;
        let (step, attempt) = (record.key.clone(), record.attempt + 1);
        self.journal.push(Write::Step(record.clone()));
        self.journal.event(
            Level::Warning,
            EventBody::StepRetrying {
                step,
                attempt,
                at,
                failure,
            },
        );
    }
}
