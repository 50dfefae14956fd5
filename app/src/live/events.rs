//! What the stream of the tab does with the events of an operation. The code lies with the pages that show one, and not with the stream,
//! which every page loads.

use domain::operation::event::Event;
use leptos::prelude::*;

use super::feed::Applied;
use super::{Link, Live};
use crate::json;

/// Whoever hears an operation.
#[cfg_attr(
    not(feature = "hydrate"),
    expect(dead_code, reason = "only browsers listen")
)]
pub(super) trait TakeEvents: Send + Sync {
    /// The number of the last event that is shown.
    fn seen(&self) -> i64;
    /// Takes in one event; none where it cannot be read.
    fn take(&self, text: &str) -> Option<()>;
    /// Shows what was taken in, all at once. False where an event is missing before it.
    fn show(&self) -> bool;
    /// Whether the operation has ended; then it is shown that nothing more will come.
    fn end(&self) -> bool;
}

/// Of a page.
pub(super) struct Receiver {
    live: Live,
    coming: StoredValue<Vec<Event>>,
}

impl Receiver {
    pub(super) fn of(live: Live) -> Self {
        Self {
            live,
            coming: StoredValue::new(Vec::new()),
        }
    }
}

// Where nobody looks any more, nothing is missing.
impl TakeEvents for Receiver {
    fn seen(&self) -> i64 {
        let seen = self.live.feed.try_with_untracked(|feed| feed.progress.seq);
        seen.unwrap_or_default()
    }

    fn take(&self, text: &str) -> Option<()> {
        let event = json::read::<Event>(text.as_bytes()).ok()?;
        self.coming.try_update_value(|coming| coming.push(event));
        Some(())
    }

    fn show(&self) -> bool {
        let coming = self.coming.try_update_value(std::mem::take);
        let Some(coming) = coming.filter(|coming| !coming.is_empty()) else {
            return true;
        };
        let applied = self.live.feed.try_update(|feed| feed.apply(&coming));
        !matches!(applied, Some(Applied::Gap))
    }

    fn end(&self) -> bool {
        let finished = self
            .live
            .feed
            .try_with_untracked(|feed| feed.progress.is_finished());
        if finished == Some(true) {
            self.live.link.try_set(Link::Ended);
        }
        finished != Some(false)
    }
}
