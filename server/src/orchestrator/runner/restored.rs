//! The end of an operation that was in the middle when a backup was made. Its plan is of then: what it was to replace may long be
//! replaced, what it made may be what runs. So nothing of it is carried on or undone, and the engine is not even asked. What came through
//! counts, what was at work has failed and can be tried again: that is planned by what the engine has then.

use domain::access::Actor;
use domain::deployment::{StackEvent, StackStatus};

use super::{Ended, Run, RunError};

const CAUGHT: &str = "a backup was restored that was made in the middle of it";

impl Run {
    /// Whether a restore left it behind: nobody else lets go of an operation in the name of Windlass.
    pub(super) fn is_of_a_backup(&self) -> bool {
        self.abandon && self.journal.cancel_by == Some(Actor::System)
    }

    /// Whether it was left when something had been done already.
    pub(super) fn was_left_begun(&self) -> bool {
        self.is_of_a_backup()
            && self
                .records
                .iter()
                .any(|record| record.started_at.is_some())
    }

    /// Ends it as it is.
    pub(super) async fn leave(&mut self) -> Result<Ended, RunError> {
        if self.plan.undo_from.is_none() {
            self.heed_cancel();
        }
        self.finish_complete_stacks();
        let caught: Vec<String> = self
            .stacks
            .iter()
            .filter(|(_, status)| matches!(status, StackStatus::Deploying | StackStatus::Removing))
            .map(|(name, _)| name.clone())
            .collect();
        for stack in caught {
            self.change_stack(&stack, StackEvent::Fail, Some(CAUGHT.to_owned()));
        }
        for position in 0..self.records.len() {
            if !self.records[position].state.has_ended() {
                self.skip(position, CAUGHT.to_owned());
            }
        }
        self.bring_back();
        let mut end = self.end();
        end.add(
            "It was in the middle when the backup was made that was restored: nothing was done on the engine. \
             `windlass-server doctor` says what differs there; a retry or a redeploy makes both agree.",
        );
        self.finish_with(end).await
    }
}
