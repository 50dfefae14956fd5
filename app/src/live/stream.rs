//! The stream of an operation's events into the page's signals. Only in the browser.
//!
//! A browser that reconnects by itself sends the id of its last event; a stream that we open anew names it in the address.
//! Either way nothing is missed, and what comes twice changes nothing. A stream that says nothing for long is checked, for
//! a machine that slept or a cut cable leaves it open and silent for ever.

use std::pin::{Pin, pin};
use std::time::Duration;

use domain::operation::event::Event;
use futures::future::{AbortHandle, Abortable, Either, select};
use futures::stream::SelectAll;
use futures::{FutureExt as _, Stream, StreamExt as _};
use gloo_net::eventsource::{State, futures::EventSource};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Live;
use super::feed::Applied;
use super::link::{Backoff, Link};
use super::timer::{Ticks, sleep};
use crate::calls::operations::get_operation;
use crate::clock;
use crate::json;

/// Events of one frame are applied together: one change of the page for a burst.
const FRAME: Duration = Duration::from_millis(16);
/// Most events applied at once, so that a long catch-up does not freeze the page.
const MAX_BURST: usize = 256;
/// How often the connection is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// Looks without an event after which the server is asked whether there should have been one.
const SILENT_LOOKS: u32 = 40;
/// How long its answer may take.
const ANSWER: Duration = Duration::from_secs(10);
/// Name of the events that carry an [`Event`].
const EVENT: &str = "operation-event";
/// Name of the event that says that all were delivered and no more will come.
const END: &str = "end";

/// Follows until the operation ends or the page is left.
pub(super) fn start(operation: String, live: Live) {
    // Effects run only once the page is the browser's, so the first paint is the server's.
    Effect::new(move |_| {
        let (stop, stopped) = AbortHandle::new_pair();
        let following = Abortable::new(follow(operation.clone(), live), stopped);
        // Being stopped is how it ends when the page is left.
        spawn_local(following.map(drop));
        on_cleanup(move || stop.abort());
    });
}

/// How one connection ended.
enum End {
    /// Everything was delivered.
    Complete,
    /// It broke, or something is missing.
    Lost,
    /// It cannot be read.
    Unreadable,
    /// Nobody looks any more.
    Left,
}

async fn follow(operation: String, live: Live) {
    let mut backoff = Backoff::default();
    loop {
        let Some(after) = live.feed.try_with_untracked(|feed| feed.progress.seq) else {
            return;
        };
        let address = format!("/api/operations/{operation}/events?after={after}");
        let end = match Connection::open(&address) {
            Some(connection) => connection.read(&operation, live, &mut backoff).await,
            None => End::Lost,
        };
        let (link, pause) = match end {
            End::Left => return,
            End::Complete => {
                live.link.try_set(Link::Ended);
                return;
            }
            End::Unreadable => {
                live.link.try_set(Link::Outdated);
                return;
            }
            End::Lost => backoff.failed(),
        };
        live.link.try_set(link);
        sleep(pause).await;
    }
}

/// What a connection brings.
enum Incoming {
    Event(String),
    End,
    Broken,
    /// Time to look at the connection itself.
    Look,
}

struct Connection {
    source: EventSource,
    incoming: SelectAll<Pin<Box<dyn Stream<Item = Incoming>>>>,
    silent_looks: u32,
}

impl Connection {
    fn open(address: &str) -> Option<Self> {
        let mut source = EventSource::new(address).ok()?;
        let events = source.subscribe(EVENT).ok()?.map(|message| {
            let text = message
                .ok()
                .and_then(|(_, message)| message.data().as_string());
            text.map_or(Incoming::Broken, Incoming::Event)
        });
        let ends = source
            .subscribe(END)
            .ok()?
            .map(|message| message.map_or(Incoming::Broken, |_| Incoming::End));
        let looks = Ticks::new(LOOK).map(|()| Incoming::Look);
        let mut incoming = SelectAll::new();
        incoming.push(events.boxed_local());
        incoming.push(ends.boxed_local());
        incoming.push(looks.boxed_local());
        Some(Self {
            source,
            incoming,
            silent_looks: 0,
        })
    }

    async fn read(mut self, operation: &str, live: Live, backoff: &mut Backoff) -> End {
        let mut ended = false;
        while let Some(first) = self.incoming.next().await {
            if matches!(first, Incoming::Event(_)) {
                sleep(FRAME).await;
            }
            let (mut burst, mut broken, mut look) = (Vec::new(), false, false);
            let mut next = Some(first);
            while let Some(incoming) = next {
                match incoming {
                    Incoming::Event(text) => match json::read::<Event>(text.as_bytes()) {
                        Ok(event) => burst.push(event),
                        Err(_) => return End::Unreadable,
                    },
                    Incoming::End => ended = true,
                    Incoming::Broken => broken = true,
                    Incoming::Look => look = true,
                }
                if burst.len() >= MAX_BURST {
                    break;
                }
                next = self.incoming.next().now_or_never().flatten();
            }
            if !burst.is_empty() {
                self.silent_looks = 0;
                backoff.reset();
                match apply(live, &burst) {
                    None => return End::Left,
                    Some(Applied::Gap) => return End::Lost,
                    Some(Applied::All) => {}
                }
            }
            if burst.len() >= MAX_BURST {
                continue;
            }
            if ended {
                return match live
                    .feed
                    .try_with_untracked(|feed| feed.progress.is_finished())
                {
                    Some(true) => End::Complete,
                    Some(false) => End::Lost,
                    None => End::Left,
                };
            }
            if broken {
                return End::Lost;
            }
            if look && let Some(end) = self.look(operation, live, backoff).await {
                return end;
            }
        }
        End::Lost
    }

    /// Shows how the connection is; some end where it is of no use any more.
    async fn look(&mut self, operation: &str, live: Live, backoff: &mut Backoff) -> Option<End> {
        let shown = live.link.try_get_untracked();
        let Some(shown) = shown else {
            return Some(End::Left);
        };
        match self.source.state() {
            State::Closed => return Some(End::Lost),
            State::Connecting if shown == Link::Live => drop(live.link.try_set(Link::Reconnecting)),
            State::Connecting => {}
            State::Open if shown == Link::Live => self.silent_looks += 1,
            State::Open => {
                backoff.reset();
                self.silent_looks = 0;
                live.link.try_set(Link::Live);
                live.heard.try_set(Some(clock::read()));
            }
        }
        if self.silent_looks < SILENT_LOOKS {
            return None;
        }
        self.silent_looks = 0;
        let seen = live.feed.try_with_untracked(|feed| feed.progress.seq);
        let answer = pin!(get_operation(operation.to_owned()));
        let patience = pin!(sleep(ANSWER));
        match (select(answer, patience).await, seen) {
            (_, None) => Some(End::Left),
            (Either::Left((Ok(view), _)), Some(seen)) if view.last_event_id <= seen => {
                live.heard.try_set(Some(clock::read()));
                None
            }
            _ => Some(End::Lost),
        }
    }
}

/// None where the page is gone.
fn apply(live: Live, burst: &[Event]) -> Option<Applied> {
    let applied = live.feed.try_update(|feed| feed.apply(burst))?;
    live.link.try_set(Link::Live);
    live.heard.try_set(Some(clock::read()));
    Some(applied)
}
