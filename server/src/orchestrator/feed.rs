//! Live events of the operations that run here. The journal is the truth; this only spares readers the wait.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::id::OperationId;
use domain::operation::event::Event;
use tokio::sync::{Notify, broadcast};

/// Events that a slow reader may fall behind before it has to read the journal again.
const BACKLOG: usize = 1024;

/// Events by operation, while it runs in this process.
#[derive(Clone, Default)]
pub struct Feed {
    channels: Arc<Mutex<HashMap<OperationId, Channel>>>,
}

#[derive(Clone)]
struct Channel {
    events: broadcast::Sender<Arc<Event>>,
    cancel: Arc<Notify>,
}

impl Channel {
    fn new() -> Self {
        Self {
            events: broadcast::channel(BACKLOG).0,
            cancel: Arc::new(Notify::new()),
        }
    }
}

impl Feed {
    /// Events from now on. Subscribe first, then read the journal, then skip what the journal had.
    #[must_use]
    pub fn subscribe(&self, operation: OperationId) -> broadcast::Receiver<Arc<Event>> {
        self.channel(operation).events.subscribe()
    }

    pub(super) fn publish(&self, operation: OperationId, events: impl IntoIterator<Item = Event>) {
        let channel = self.channel(operation);
        for event in events {
            // Nobody may be listening: that is no error.
            drop(channel.events.send(Arc::new(event)));
        }
    }

    pub(super) fn cancel_bell(&self, operation: OperationId) -> Arc<Notify> {
        self.channel(operation).cancel
    }

    pub(super) fn ring_cancel(&self, operation: OperationId) {
        self.channel(operation).cancel.notify_one();
    }

    /// Lets readers go; they find the rest in the journal.
    pub(super) fn forget(&self, operation: OperationId) {
        self.lock().remove(&operation);
    }

    fn channel(&self, operation: OperationId) -> Channel {
        let mut channels = self.lock();
        if let Some(channel) = channels.get(&operation) {
            return channel.clone();
        }
        // Channels of readers that are gone, and of no runner, are dropped when a new one comes.
        channels.retain(|_, channel| {
            channel.events.receiver_count() > 0 || Arc::strong_count(&channel.cancel) > 1
        });
        channels
            .entry(operation)
            .or_insert_with(Channel::new)
            .clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<OperationId, Channel>> {
        // The map is never left half-changed, so a poisoned lock is still good.
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
