//! Live events of the operations that run here. The journal is the truth; this only spares readers the wait.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::id::OperationId;
use domain::operation::event::Event;
use tokio::sync::{Notify, broadcast, watch};
use tokio::time::Instant;

/// Events that a slow reader may fall behind before it has to read the journal again.
const BACKLOG: usize = 1024;

/// Events by operation, while it runs in this process.
#[derive(Clone, Default)]
pub struct Feed {
    channels: Arc<Mutex<HashMap<OperationId, Channel>>>,
    /// Rings when anything happens in any operation here.
    bell: Arc<watch::Sender<()>>,
}

struct Channel {
    events: broadcast::Sender<Arc<Event>>,
    cancel: Arc<Notify>,
    /// Runs of the operation in this process; more than one only while one finds out that it was fenced out.
    runs: usize,
    /// Number of the newest event that anybody here knows of.
    newest: i64,
    /// When a reader last had its turn to look into the journal.
    looked: Option<Instant>,
}

impl Channel {
    fn new() -> Self {
        Self {
            events: broadcast::channel(BACKLOG).0,
            cancel: Arc::new(Notify::new()),
            runs: 0,
            newest: 0,
            looked: None,
        }
    }
}

impl Feed {
    /// Events from now on. Subscribe first, then read the journal, then skip what the journal had.
    #[must_use]
    pub fn subscribe(&self, operation: OperationId) -> broadcast::Receiver<Arc<Event>> {
        self.with(operation, |channel| channel.events.subscribe())
    }

    /// Rings when anything happens in any operation here; what happens elsewhere is in the journal.
    #[must_use]
    pub fn bell(&self) -> watch::Receiver<()> {
        self.bell.subscribe()
    }

    /// Whether the operation runs in this process: then every event comes by itself.
    #[must_use]
    pub fn is_live(&self, operation: OperationId) -> bool {
        self.with(operation, |channel| channel.runs > 0)
    }

    /// Whether a reader that has the events up to `after` should look into the journal. Of all readers of an operation one is told so
    /// once a `pace`, and everybody whom somebody else is ahead of.
    #[must_use]
    pub fn should_look(&self, operation: OperationId, after: i64, pace: Duration) -> bool {
        self.with(operation, |channel| {
            let now = Instant::now();
            let turn = channel.looked.is_none_or(|at| now >= at + pace);
            if turn {
                channel.looked = Some(now);
            }
            turn || channel.newest > after
        })
    }

    /// Tells readers what happened: its runner does, and a reader who found it in the journal.
    pub fn publish(&self, operation: OperationId, events: impl IntoIterator<Item = Arc<Event>>) {
        self.with(operation, |channel| {
            for event in events {
                channel.newest = channel.newest.max(event.seq);
                // Nobody may be listening: that is no error.
                drop(channel.events.send(event));
            }
        });
        self.bell.send_replace(());
    }

    /// Marks that the operation runs here, until the guard is dropped; then readers are let go, and find the rest in the journal.
    pub(super) fn go_live(&self, operation: OperationId) -> Live {
        self.with(operation, |channel| channel.runs += 1);
        Live {
            feed: self.clone(),
            operation,
        }
    }

    pub(super) fn cancel_bell(&self, operation: OperationId) -> Arc<Notify> {
        self.with(operation, |channel| Arc::clone(&channel.cancel))
    }

    /// Nothing happens where it does not run here.
    pub(super) fn ring_cancel(&self, operation: OperationId) {
        if let Some(channel) = self.lock().get(&operation) {
            channel.cancel.notify_one();
        }
    }

    fn with<T>(&self, operation: OperationId, act: impl FnOnce(&mut Channel) -> T) -> T {
        let mut channels = self.lock();
        if !channels.contains_key(&operation) {
            // Channels of readers that are gone, and of no run, are dropped when a new one comes.
            channels.retain(|_, channel| channel.runs > 0 || channel.events.receiver_count() > 0);
        }
        act(channels.entry(operation).or_insert_with(Channel::new))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<OperationId, Channel>> {
        // The map is never left half-changed, so a poisoned lock is still good.
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A run of an operation in this process.
pub(super) struct Live {
    feed: Feed,
    operation: OperationId,
}

impl Drop for Live {
    fn drop(&mut self) {
        let mut channels = self.feed.lock();
        if let Some(channel) = channels.get_mut(&self.operation) {
            channel.runs -= 1;
            if channel.runs == 0 {
                channels.remove(&self.operation);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_reader_a_pace_looks_and_who_is_behind() {
        let (feed, operation) = (Feed::default(), OperationId::from_uuid(uuid::Uuid::nil()));
        let pace = Duration::from_secs(1);
        assert!(feed.should_look(operation, 0, pace));
        assert!(!feed.should_look(operation, 0, pace));
        tokio::time::advance(pace).await;
        assert!(feed.should_look(operation, 0, pace));
        feed.with(operation, |channel| channel.newest = 4);
        assert!(feed.should_look(operation, 3, pace));
        assert!(!feed.should_look(operation, 4, pace));
    }

    #[test]
    fn readers_are_let_go_when_the_last_run_ends() {
        let (feed, operation) = (Feed::default(), OperationId::from_uuid(uuid::Uuid::nil()));
        let mut reader = feed.subscribe(operation);
        let (first, second) = (feed.go_live(operation), feed.go_live(operation));
        drop(first);
        assert!(feed.is_live(operation));
        drop(second);
        assert!(matches!(
            reader.try_recv(),
            Err(broadcast::error::TryRecvError::Closed)
        ));
    }
}
