//! Lines of a program as they come. The viewer shows a [`LogFeed`] and does not know who fills it.

use domain::timestamp::Timestamp;
use domain::wire::LogLineView;
use leptos::prelude::*;

use super::link::Link;
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

#[cfg(feature = "hydrate")]
pub use browser::follow_logs;

#[cfg(feature = "hydrate")]
mod browser {
    use std::time::Duration;

    use domain::wire::LogChunk;
    use futures::FutureExt as _;
    use futures::future::{AbortHandle, Abortable};
    use gloo_net::eventsource::State;
    use leptos::task::spawn_local;

    use super::super::connection::{Connection, Incoming};
    use super::super::link::Backoff;
    use super::super::timer::sleep;
    use super::*;
    use crate::{address, clock, json};

    /// Name of the events that carry a [`LogChunk`].
    const EVENT: &str = "log";
    /// Name of the event that says that the program does not run.
    const END: &str = "end";
    /// Between two pieces of work: time for the browser to draw.
    const FRAME: Duration = Duration::from_millis(16);
    /// How long lines are taken in before the browser draws.
    const BUDGET: Duration = Duration::from_millis(8);
    /// How long to wait before it is looked whether a program that has ended runs again.
    const AGAIN: Duration = Duration::from_secs(5);

    /// Fills a feed from a stream of lines until the page is left. What breaks is opened again after the last line that came.
    ///
    /// `address` gives all lines that are kept; the ones that the feed begins with are replaced once those are there.
    pub fn follow_logs(feed: LogFeed, address: String) {
        // Effects run only once the page is the browser's, so the first paint is the server's.
        Effect::new(move |_| {
            let (stop, stopped) = AbortHandle::new_pair();
            let following = Follower::new(feed).follow(address.clone());
            // Being stopped is how it ends when the page is left.
            spawn_local(Abortable::new(following, stopped).map(drop));
            on_cleanup(move || stop.abort());
        });
    }

    /// How one connection ended.
    enum End {
        /// The program does not run.
        Ended,
        Lost,
        /// It cannot be read.
        Unreadable,
        /// Nobody looks any more.
        Left,
    }

    struct Follower {
        feed: LogFeed,
        /// All lines, until they reach those that the page began with.
        whole: Option<LogBuffer>,
        /// The last of those.
        reach: Option<String>,
    }

    impl Follower {
        fn new(feed: LogFeed) -> Self {
            let reach = feed
                .lines
                .try_with_value(|lines| lines.last_time().map(str::to_owned));
            Self {
                feed,
                whole: Some(LogBuffer::default()),
                reach: reach.flatten(),
            }
        }

        async fn follow(mut self, address: String) {
            let mut backoff = Backoff::default();
            loop {
                let last = |lines: &LogBuffer| lines.last_time().map(str::to_owned);
                let after = match &self.whole {
                    Some(whole) => last(whole),
                    None => self.feed.lines.try_with_value(last).flatten(),
                };
                let from = after.map_or_else(
                    || address.clone(),
                    |at| format!("{address}&after={}", address::segment(&at)),
                );
                let end = match Connection::open(&from, &[EVENT, END]) {
                    Some(connection) => self.read(connection, &mut backoff).await,
                    None => End::Lost,
                };
                let (link, pause) = match end {
                    End::Left => return,
                    End::Ended => {
                        self.swap();
                        (Link::Ended, AGAIN)
                    }
                    End::Unreadable => {
                        self.feed.link.try_set(Link::Outdated);
                        return;
                    }
                    End::Lost => backoff.failed(),
                };
                if self.feed.link.try_set(link).is_some() {
                    return;
                }
                sleep(pause).await;
                while document().hidden() {
                    sleep(AGAIN).await;
                }
            }
        }

        async fn read(&mut self, mut connection: Connection, backoff: &mut Backoff) -> End {
            while let Some(first) = connection.next().await {
                let begun = clock::read();
                let mut next = Some(first);
                let mut came = false;
                while let Some(incoming) = next {
                    match incoming {
                        Incoming::Told(EVENT, text) => {
                            let Ok(chunk) = json::read::<LogChunk>(text.as_bytes()) else {
                                return End::Unreadable;
                            };
                            came = true;
                            self.take(chunk);
                        }
                        Incoming::Told(..) => return End::Ended,
                        Incoming::Broken => return End::Lost,
                        Incoming::Look => match connection.state() {
                            State::Closed => return End::Lost,
                            State::Connecting => {}
                            State::Open => {
                                backoff.reset();
                                if self.live().is_none() {
                                    return End::Left;
                                }
                            }
                        },
                    }
                    if clock::read().since(begun) >= BUDGET {
                        break;
                    }
                    next = connection.ready();
                }
                if came {
                    backoff.reset();
                    if self.live().is_none() {
                        return End::Left;
                    }
                    self.feed.tell();
                    sleep(FRAME).await;
                }
            }
            End::Lost
        }

        /// None where the page is gone.
        fn live(&self) -> Option<()> {
            let shown = self.feed.link.try_get_untracked()?;
            if shown != Link::Live {
                self.feed.link.try_set(Link::Live);
            }
            self.feed.heard.try_set(Some(clock::read()));
            Some(())
        }

        fn take(&mut self, chunk: LogChunk) {
            let Some(whole) = &mut self.whole else {
                self.feed.lines.try_update_value(|lines| {
                    for line in chunk.lines {
                        lines.push(line);
                    }
                });
                return;
            };
            for line in chunk.lines {
                whole.push(line);
            }
            // Times are as wide as each other, so they sort as texts do.
            if whole.last_time() >= self.reach.as_deref() {
                self.swap();
            }
        }

        fn swap(&mut self) {
            if let Some(whole) = self.whole.take_if(|whole| !whole.is_empty()) {
                self.feed.lines.try_set_value(whole);
                self.feed.whole.try_set(true);
                self.feed.tell();
            }
            self.whole = None;
        }
    }
}
