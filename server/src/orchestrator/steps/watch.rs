//! Wakes waiting steps when the engine says that something happened to their container: one event stream for all of an operation.
//!
//! An event is only a reason to look again; what counts is what the engine shows then. While the stream is broken everybody looks again
//! at a slow pace.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use tokio::sync::broadcast;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::engine::Engine;

/// Events that a waiter may fall behind; then it simply looks.
const BACKLOG: usize = 512;
/// Without any event, how often a waiter looks all the same.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// Pause before a broken stream is opened again.
const REOPEN: Duration = Duration::from_secs(1);

/// The event stream of one operation.
pub(crate) struct Watch {
    names: broadcast::Sender<Arc<str>>,
    /// How often an open stream broke.
    outages: Arc<AtomicU32>,
    _stop: DropGuard,
}

impl Watch {
    /// Opens the stream; it is closed when this is dropped.
    pub(crate) fn open(engine: Arc<dyn Engine>, tasks: &TaskTracker) -> Self {
        let (names, _) = broadcast::channel(BACKLOG);
        let stop = CancellationToken::new();
        let outages = Arc::new(AtomicU32::new(0));
        let (sender, stopped) = (names.clone(), stop.clone());
        let count = Arc::clone(&outages);
        tasks.spawn(async move {
            tokio::select! {
                () = stopped.cancelled() => {}
                () = forward(engine, sender, &count) => {}
            }
        });
        Self {
            names,
            outages,
            _stop: stop.drop_guard(),
        }
    }

    /// How often the engine went away so far: a container that ended since an earlier count may have ended with it.
    pub(super) fn outages(&self) -> u32 {
        self.outages.load(Ordering::Acquire)
    }

    /// Changes of one container from now on. Ask before looking, then wait, then look again.
    pub(super) fn of(&self, name: &str) -> Changes {
        Changes {
            name: name.to_owned(),
            events: self.names.subscribe(),
        }
    }
}

async fn forward(engine: Arc<dyn Engine>, names: broadcast::Sender<Arc<str>>, outages: &AtomicU32) {
    loop {
        match engine.events().await {
            Ok(mut events) => {
                // What happened while nobody listened is unknown: everybody looks.
                drop(names.send(Arc::from("")));
                while let Some(Ok(event)) = events.next().await {
                    drop(names.send(Arc::from(event.name)));
                }
                outages.fetch_add(1, Ordering::Release);
            }
            Err(error) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "no event stream");
            }
        }
        tokio::time::sleep(REOPEN).await;
    }
}

/// Changes of one container.
pub(super) struct Changes {
    name: String,
    events: broadcast::Receiver<Arc<str>>,
}

impl Changes {
    /// Returns when something happened, or when it is time to look all the same.
    pub(super) async fn changed(&mut self) {
        let wait = async {
            loop {
                match self.events.recv().await {
                    Ok(name) if name.is_empty() || *name == *self.name => return,
                    Ok(_) => {}
                    Err(broadcast::error::RecvError::Lagged(_)) => return,
                    Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        // Running out of time is a reason to look, not a failure.
        drop(tokio::time::timeout(LOOK_AGAIN, wait).await);
    }
}
