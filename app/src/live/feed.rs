//! Everything the page of an operation shows, as a fold over its events: the state, and the newest lines of the story.

use std::collections::VecDeque;

use domain::operation::event::{Event, EventBody, Level};
use domain::operation::narration;
use domain::operation::progress::Progress;
use domain::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

/// Most lines that the page keeps; the event feed of the REST interface has all.
pub const MAX_LINES: usize = 400;

/// The state of an operation and how it came about.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Feed {
    pub progress: Progress,
    /// Newest last. Progress and output have their own places on the page and are not told again here.
    pub lines: VecDeque<Line>,
    /// Lines before the first of `lines`.
    pub earlier: u64,
}

/// One event in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub seq: i64,
    pub at: Timestamp,
    pub level: Level,
    /// Display name of the stack that it is about.
    pub stack: Option<String>,
    pub text: String,
}

/// Whether events can be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// Everything is in.
    All,
    /// One is missing before the next: the stream must be opened again from where this ends.
    Gap,
}

impl Feed {
    /// Applies events in order and stops before a gap. Events that were applied before change nothing.
    pub fn apply(&mut self, events: &[Event]) -> Applied {
        for event in events {
            if event.seq <= self.progress.seq {
                continue;
            }
            if event.seq > self.progress.seq + 1 {
                return Applied::Gap;
            }
            self.progress.apply(event);
            self.tell(event);
        }
        Applied::All
    }

    fn tell(&mut self, event: &Event) {
        let told_elsewhere = event.level == Level::Detail
            || matches!(
                event.body,
                EventBody::StepProgress { .. } | EventBody::StepOutput { .. }
            );
        if told_elsewhere {
            return;
        }
        let stack = narration::stack_of(&event.body, &self.progress)
            .and_then(|name| self.progress.stack(name))
            .map(|stack| stack.display_name.clone());
        self.lines.push_back(Line {
            seq: event.seq,
            at: event.at,
            level: event.level,
            stack,
            text: narration::sentence(&event.body, &self.progress),
        });
        if self.lines.len() > MAX_LINES {
            self.lines.pop_front();
            self.earlier += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::operation::OperationStatus;
    use domain::operation::event::OutputLine;
    use domain::plan::StepKey;

    fn event(seq: i64) -> Event {
        told(
            seq,
            EventBody::StatusChanged {
                status: OperationStatus::Waiting,
                message: format!("number {seq}"),
            },
        )
    }

    fn told(seq: i64, body: EventBody) -> Event {
        Event {
            seq,
            at: Timestamp::from_millis(seq),
            level: Level::Info,
            body,
        }
    }

    fn texts(feed: &Feed) -> Vec<&str> {
        feed.lines.iter().map(|line| line.text.as_str()).collect()
    }

    #[test]
    fn a_burst_is_applied_in_order_and_repeats_are_ignored() {
        let mut feed = Feed::default();
        assert_eq!(feed.apply(&[event(1), event(2)]), Applied::All);
        assert_eq!(feed.apply(&[event(1), event(2), event(3)]), Applied::All);
        assert_eq!(texts(&feed), ["number 1", "number 2", "number 3"]);
        assert_eq!(feed.progress.seq, 3);
    }

    #[test]
    fn nothing_is_applied_past_a_gap() {
        let mut feed = Feed::default();
        assert_eq!(feed.apply(&[event(1), event(3), event(4)]), Applied::Gap);
        assert_eq!(feed.progress.seq, 1);
        assert_eq!(feed.apply(&[event(2), event(3)]), Applied::All);
        assert_eq!(feed.progress.seq, 3);
    }

    #[test]
    fn progress_and_output_are_not_told_twice() {
        let mut feed = Feed::default();
        let step = || StepKey::new("pull app");
        let _ = feed.apply(&[
            told(
                1,
                EventBody::StepProgress {
                    step: step(),
                    message: "half".to_owned(),
                    current: 1,
                    total: 2,
                },
            ),
            told(
                2,
                EventBody::StepOutput {
                    step: step(),
                    lines: vec![OutputLine {
                        stderr: false,
                        text: "hello".to_owned(),
                    }],
                },
            ),
            event(3),
        ]);
        assert_eq!(texts(&feed), ["number 3"]);
    }

    #[test]
    fn the_story_is_bounded_and_says_how_much_is_missing() {
        let events: Vec<Event> = (1..=i64::try_from(MAX_LINES).unwrap() + 5)
            .map(event)
            .collect();
        let mut feed = Feed::default();
        assert_eq!(feed.apply(&events), Applied::All);
        assert_eq!((feed.lines.len(), feed.earlier), (MAX_LINES, 5));
        assert_eq!(feed.lines[0].text, "number 6");
    }
}
