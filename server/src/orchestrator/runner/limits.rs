//! How much of an operation may be at work at once.

use std::collections::BTreeMap;

use domain::plan::{Action, Plan};
use tokio::task::{Id, JoinSet};

use super::super::HEARTBEAT;
use super::super::steps::Outcome;
use crate::engine::Engine;

/// Pulls at once.
const MAX_PULLS: usize = 4;
/// Containers made or removed at once.
const MAX_SHORT: usize = 8;
/// Containers started at once.
const MAX_STARTS: usize = 12;
/// The same on engines before 23, which stall when many start at once.
const MAX_STARTS_OLD: usize = 2;

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
        let major: Option<u32> = match tokio::time::timeout(HEARTBEAT, engine.info()).await {
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
