//! Waiting in the browser.

use std::cell::RefCell;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::channel::{mpsc, oneshot};
use futures::{Stream, StreamExt as _};
use leptos::leptos_dom::helpers::{IntervalHandle, set_interval_with_handle, set_timeout};

/// Ends after a while. In a hidden tab browsers round up to a second, which is welcome.
pub(super) async fn sleep(duration: Duration) {
    let (over, wait) = oneshot::channel::<()>();
    set_timeout(
        move || {
            // Whoever waited may have given up.
            let _ = over.send(());
        },
        duration,
    );
    // The sender is never dropped unsent.
    let _ = wait.await;
}

/// Ticks until it is dropped. A tick that nobody took is not repeated.
pub(super) struct Ticks {
    handle: Option<IntervalHandle>,
    ticks: mpsc::Receiver<()>,
}

impl Ticks {
    /// One tick each `every`.
    pub(super) fn new(every: Duration) -> Self {
        let (sender, ticks) = mpsc::channel(0);
        let sender = RefCell::new(sender);
        // Full means that the last tick still waits, and that one is enough.
        let tick = move || drop(sender.borrow_mut().try_send(()));
        let handle = set_interval_with_handle(tick, every).ok();
        Self { handle, ticks }
    }
}

impl Stream for Ticks {
    type Item = ();

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<()>> {
        self.ticks.poll_next_unpin(context)
    }
}

impl Drop for Ticks {
    fn drop(&mut self) {
        if let Some(handle) = self.handle {
            handle.clear();
        }
    }
}
