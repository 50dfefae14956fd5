//! How long the lease of a run surely holds, by the clock of this process alone.
//!
//! The fence keeps a process that was only slow from writing to the journal. The engine knows no fence: before each act on it the
//! process asks here whether it may still act.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// The writer's side: says when the lease was extended.
pub(super) struct LeaseEnd(watch::Sender<Instant>);

/// The actors' side.
#[derive(Clone)]
pub(super) struct HeldLease(watch::Receiver<Instant>);

impl LeaseEnd {
    /// Over until the first write has extended it.
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(Instant::now()))
    }

    /// A write that was begun at `begun` has extended the lease: the database counts from a later moment.
    pub(super) fn extended(&self, begun: Instant, lease: Duration) {
        self.0.send_replace(begun + lease);
    }

    pub(super) fn watch(&self) -> HeldLease {
        HeldLease(self.0.subscribe())
    }
}

impl HeldLease {
    /// Returns while the lease holds; otherwise once it holds again, which may be never.
    pub(super) async fn held(&self) {
        let mut end = self.0.clone();
        if end.wait_for(|end| Instant::now() < *end).await.is_err() {
            // The run was left, and with it everything that waits here.
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn acts_wait_while_the_lease_does_not_hold() {
        const LEASE: Duration = Duration::from_secs(15);
        let end = LeaseEnd::new();
        let held = end.watch();
        let waits = async || {
            tokio::time::timeout(Duration::from_millis(1), held.held())
                .await
                .is_err()
        };
        assert!(waits().await, "before the first write");
        end.extended(Instant::now(), LEASE);
        assert!(!waits().await, "extended");
        tokio::time::advance(LEASE).await;
        assert!(waits().await, "slept past its end");
        end.extended(Instant::now(), LEASE);
        assert!(!waits().await, "extended again");
        drop(end);
        tokio::time::advance(LEASE).await;
        assert!(waits().await, "nobody can extend it any more");
    }
}
