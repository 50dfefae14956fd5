//! How much of an operation may be at work at once.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::plan::{Action, Plan};
use tokio::task::{Id, JoinSet};
use tokio::time::Instant;

use super::super::steps::{Cause, Outcome};
use crate::engine::Engine;

/// Attempts of a step that may work another time.
const MAX_ATTEMPTS: u32 = 6;
/// How long an engine that is away or silent is waited for.
const LONGEST_OUTAGE: Duration = Duration::from_secs(300);
/// Pulls at once.
const MAX_PULLS: usize = 4;
/// Containers made or removed at once.
const MAX_SHORT: usize = 8;
/// Longest wait for the engine's version.
const VERSION_LIMIT: Duration = Duration::from_secs(3);
/// Containers started at once.
const MAX_STARTS: usize = 12;
/// The same on engines before 23, which stall when many start at once.
const MAX_STARTS_OLD: usize = 2;

/// How often one step failed in this run, and of what. An outage of the engine uses up time, not attempts.
#[derive(Default)]
pub(super) struct Tries {
    /// Attempts that an outage took.
    lost: u32,
    /// When the present outage was seen first, and the attempts that it took.
    outage: Option<(Instant, u32)>,
}

impl Tries {
    /// Counts a failed attempt, the `attempt`th of its step. Which failure in a row of its kind it is, for the pause; none where it was
    /// the last one.
    pub(super) fn failed(&mut self, attempt: u32, cause: Cause) -> Option<u32> {
        match cause {
            Cause::Outage => {
                let (since, row) = self.outage.get_or_insert_with(|| (Instant::now(), 0));
                *row += 1;
                self.lost += 1;
                (since.elapsed() < LONGEST_OUTAGE).then_some(*row)
            }
            Cause::Act => {
                self.outage = None;
                let own = attempt.saturating_sub(self.lost);
                (own < MAX_ATTEMPTS).then_some(own)
            }
        }
    }
}

/// Steps at work.
#[derive(Default)]
pub(super) struct Work {
    pub(super) tasks: JoinSet<Outcome>,
    /// Positions by task.
    pub(super) running: BTreeMap<Id, usize>,
}

impl Work {
    pub(super) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }
}

/// How many steps of a class may be at work at once.
pub(super) struct Limits {
    starts: usize,
}

pub(super) struct Room {
    pulls: usize,
    starts: usize,
    short: usize,
}

impl Limits {
    pub(super) async fn of(engine: &dyn Engine) -> Self {
        // An engine that does not answer now is asked again by its steps; until then the careful limit holds.
        let major: Option<u32> = match tokio::time::timeout(VERSION_LIMIT, engine.info()).await {
            Ok(Ok(info)) => info
                .version
                .split('.')
                .next()
                .and_then(|major| major.parse().ok()),
            Ok(Err(_)) | Err(_) => None,
        };
        let modern = major.is_some_and(|major| major >= 23);
        Self {
            starts: if modern { MAX_STARTS } else { MAX_STARTS_OLD },
        }
    }

    pub(super) fn room(&self, plan: &Plan, work: &Work) -> Room {
        let mut room = Room {
            pulls: MAX_PULLS,
            starts: self.starts,
            short: MAX_SHORT,
        };
        for &position in work.running.values() {
            room.take(&plan.steps[position].action);
        }
        room
    }
}

impl Room {
    /// Whether there is room for one more of its class; takes it.
    pub(super) fn take(&mut self, action: &Action) -> bool {
        let class = match action {
            Action::PullImage { .. } => &mut self.pulls,
            Action::StartContainer { .. } | Action::RunInit { .. } => &mut self.starts,
            // Waiting costs nothing.
            Action::AwaitHealthy { .. }
            | Action::AwaitSettled { .. }
            | Action::AwaitCompleted { .. } => return true,
            _ => &mut self.short,
        };
        let free = *class > 0;
        *class = class.saturating_sub(1);
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_act_has_its_attempts_and_an_outage_has_its_time() {
        let mut tries = Tries::default();
        assert_eq!(tries.failed(1, Cause::Act), Some(1));
        // An outage starts its pauses anew, and takes no attempt away from the act.
        for (attempt, row) in (2..=30).zip(1..) {
            assert_eq!(tries.failed(attempt, Cause::Outage), Some(row));
            tokio::time::advance(Duration::from_secs(10)).await;
        }
        for (attempt, own) in (31..=34).zip(2..) {
            assert_eq!(tries.failed(attempt, Cause::Act), Some(own));
        }
        assert_eq!(tries.failed(35, Cause::Act), None);
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_is_waited_for_only_so_long() {
        let mut tries = Tries::default();
        assert_eq!(tries.failed(1, Cause::Outage), Some(1));
        tokio::time::advance(LONGEST_OUTAGE).await;
        assert_eq!(tries.failed(2, Cause::Outage), None);
    }
}
