//! One connection to a stream of the server: events by their names, and ticks to look at the connection itself. Only in the browser.

use std::pin::Pin;
use std::time::Duration;

use futures::stream::SelectAll;
use futures::{FutureExt as _, Stream, StreamExt as _};
use gloo_net::eventsource::{State, futures::EventSource};

use super::timer::Ticks;

/// How often the connection is looked at.
pub(super) const LOOK: Duration = Duration::from_millis(500);

/// What a connection brings.
pub(super) enum Incoming {
    /// An event: its name and its text.
    Told(&'static str, String),
    Broken,
    /// Time to look at the connection itself.
    Look,
}

/// An open stream; closed when it is dropped.
pub(super) struct Connection {
    source: EventSource,
    incoming: SelectAll<Pin<Box<dyn Stream<Item = Incoming>>>>,
}

impl Connection {
    /// Listens for the events with these names.
    pub(super) fn open(address: &str, names: &[&'static str]) -> Option<Self> {
        let mut source = EventSource::new(address).ok()?;
        let mut incoming: SelectAll<Pin<Box<dyn Stream<Item = Incoming>>>> = SelectAll::new();
        for name in names.iter().copied() {
            let told = source.subscribe(name).ok()?.map(move |message| {
                let text = message
                    .ok()
                    .and_then(|(_, message)| message.data().as_string());
                text.map_or(Incoming::Broken, |text| Incoming::Told(name, text))
            });
            incoming.push(told.boxed_local());
        }
        incoming.push(Ticks::new(LOOK).map(|()| Incoming::Look).boxed_local());
        Some(Self { source, incoming })
    }

    /// Waits for the next.
    pub(super) async fn next(&mut self) -> Option<Incoming> {
        self.incoming.next().await
    }

    /// What is there already.
    pub(super) fn ready(&mut self) -> Option<Incoming> {
        self.incoming.next().now_or_never().flatten()
    }

    /// How the browser sees it.
    pub(super) fn state(&self) -> State {
        self.source.state()
    }
}
