//! Lines of a program as they come. The viewer shows a [`LogFeed`] and does not know who fills it.

use std::sync::Arc;

use domain::timestamp::Timestamp;
use domain::wire::{LogChunk, LogLineView};
use leptos::prelude::*;

use super::{Link, Tab};
use crate::json;
use crate::logs::LogBuffer;

/// Lines for the viewer. Whoever has some pushes them.
#[derive(Clone, Copy)]
pub struct LogFeed {
    /// Not a signal: with so many lines nobody may copy or compare them.
    pub lines: StoredValue<LogBuffer>,
    /// Grows whenever lines came.
    pub changed: RwSignal<u64>,
    /// Whether all lines that are kept are there, and not only those that the page was rendered with: numbers are told then.
    pub whole: RwSignal<bool>,
    pub link: RwSignal<Link>,
    /// When the server was heard last, by the reader's clock; none until then.
    pub heard: RwSignal<Option<Timestamp>>,
}

impl LogFeed {
    /// With the lines that the page was rendered with.
    #[must_use]
    pub fn new(first: Vec<LogLineView>) -> Self {
        let mut lines = LogBuffer::default();
        for line in first {
            lines.push(line);
        }
        Self {
            lines: StoredValue::new(lines),
            changed: RwSignal::new(0),
            whole: RwSignal::new(false),
            link: RwSignal::new(Link::Connecting),
            heard: RwSignal::new(None),
        }
    }

    /// Adds lines and tells the viewer, once for all of them. What somebody pushes follows on what was there.
    pub fn push(&self, lines: Vec<LogLineView>) {
        let added = self.lines.try_update_value(|buffer| {
            for line in lines {
                buffer.push(line);
            }
        });
        if added.is_some() {
            self.whole.try_set(true);
            self.tell();
        }
    }

    fn tell(&self) {
        self.changed.try_update(|count| *count += 1);
    }
}

/// Fills a feed with what a container writes until the page is left.
///
/// All lines that are kept are told; the ones that the feed begins with are replaced once those are there.
pub fn follow_logs(feed: LogFeed, environment: String, container: String) {
    let reach = feed.lines.with_value(last_time);
    let receiver = Receiver {
        feed,
        coming: StoredValue::new(Coming::until(reach)),
    };
    Tab::of_page().want_log(environment, container, feed, Arc::new(receiver));
}

/// What the stream of the tab does with lines. The code lies with the page that shows them, and not with the stream, which every
/// page loads.
#[cfg_attr(
    not(feature = "hydrate"),
    expect(dead_code, reason = "only browsers listen")
)]
pub(super) trait TakeLines: Send + Sync {
    /// The time of the last line that came.
    fn last(&self) -> Option<String>;
    /// Takes in what one event says; none where it cannot be read.
    fn take(&self, text: &str) -> Option<()>;
    /// Shows what was taken in: once for all that comes together.
    fn show(&self);
    /// Nothing more comes, unless the program is started again.
    fn end(&self);
}

fn last_time(lines: &LogBuffer) -> Option<String> {
    lines.last_time().map(str::to_owned)
}

struct Receiver {
    feed: LogFeed,
    coming: StoredValue<Coming>,
}

impl Receiver {
    /// Changes what is coming and what is shown; nothing where the page is gone. The change says whether all lines are shown from
    /// now on.
    fn change(&self, change: impl FnOnce(&mut Coming, &mut LogBuffer) -> bool) {
        let swapped = self
            .feed
            .lines
            .try_update_value(|shown| self.coming.try_update_value(|coming| change(coming, shown)));
        if swapped.flatten() == Some(true) {
            self.feed.whole.try_set(true);
        }
    }
}

impl TakeLines for Receiver {
    fn last(&self) -> Option<String> {
        let last = self
            .feed
            .lines
            .try_with_value(|shown| self.coming.try_with_value(|coming| coming.last(shown)));
        last.flatten().flatten()
    }

    fn take(&self, text: &str) -> Option<()> {
        let chunk = json::read::<LogChunk>(text.as_bytes()).ok()?;
        self.change(|coming, shown| coming.take(shown, chunk.lines));
        Some(())
    }

    fn show(&self) {
        self.feed.tell();
    }

    fn end(&self) {
        self.change(Coming::swap);
        self.feed.tell();
    }
}

/// All lines, until they reach those that the page began with: what is shown must not get less in between.
struct Coming {
    /// None once they are what is shown.
    whole: Option<LogBuffer>,
    /// The time of the last line that the page began with.
    reach: Option<String>,
}

impl Coming {
    fn until(reach: Option<String>) -> Self {
        Self {
            whole: Some(LogBuffer::default()),
            reach,
        }
    }

    fn last(&self, shown: &LogBuffer) -> Option<String> {
        last_time(self.whole.as_ref().unwrap_or(shown))
    }

    /// Whether all lines are shown from now on.
    fn take(&mut self, shown: &mut LogBuffer, lines: Vec<LogLineView>) -> bool {
        let Some(whole) = &mut self.whole else {
            for line in lines {
                shown.push(line);
            }
            return false;
        };
        for line in lines {
            whole.push(line);
        }
        // Times are as wide as each other, so they sort as texts do.
        whole.last_time() >= self.reach.as_deref() && self.swap(shown)
    }

    /// Whether something else is shown from now on.
    fn swap(&mut self, shown: &mut LogBuffer) -> bool {
        let whole = self.whole.take().filter(|whole| !whole.is_empty());
        whole.map(|whole| *shown = whole).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(times: &[&str]) -> Vec<LogLineView> {
        let line = |at: &&str| LogLineView {
            at: (*at).to_owned(),
            stderr: false,
            text: String::new(),
        };
        times.iter().map(line).collect()
    }

    fn shown(times: &[&str]) -> LogBuffer {
        let mut buffer = LogBuffer::default();
        for line in lines(times) {
            buffer.push(line);
        }
        buffer
    }

    #[test]
    fn what_is_shown_is_replaced_once_all_of_it_came_again() {
        let mut buffer = shown(&["3", "4"]);
        let mut coming = Coming::until(last_time(&buffer));
        assert_eq!(coming.last(&buffer), None, "from the first line on");
        assert!(!coming.take(&mut buffer, lines(&["1", "2", "3"])));
        assert_eq!(
            (buffer.len(), coming.last(&buffer).as_deref()),
            (2, Some("3"))
        );
        assert!(coming.take(&mut buffer, lines(&["4", "5"])));
        assert_eq!(
            (buffer.len(), coming.last(&buffer).as_deref()),
            (5, Some("5"))
        );
        // From here on lines follow on what is shown.
        assert!(!coming.take(&mut buffer, lines(&["6"])));
        assert_eq!(
            (buffer.len(), coming.last(&buffer).as_deref()),
            (6, Some("6"))
        );
    }

    #[test]
    fn an_end_before_that_shows_what_came_and_an_empty_one_takes_nothing_away() {
        let mut buffer = shown(&["3", "4"]);
        let mut coming = Coming::until(last_time(&buffer));
        coming.take(&mut buffer, lines(&["1"]));
        assert!(coming.swap(&mut buffer));
        assert_eq!(
            (buffer.len(), coming.last(&buffer).as_deref()),
            (1, Some("1"))
        );

        let mut buffer = shown(&["3"]);
        let mut coming = Coming::until(last_time(&buffer));
        assert!(!coming.swap(&mut buffer));
        assert_eq!(
            (buffer.len(), coming.last(&buffer).as_deref()),
            (1, Some("3"))
        );
    }
}
