//! Notices when the machine's clock is set, or the machine slept.
//!
//! On SQLite the machine's clock decides leases. When it is set forward, every lease of this process seems to be over, and an
//! operation that is at work here must not be claimed a second time: after a jump nothing is claimed until every runner had its turn
//! to extend its lease by the new clock.

use std::time::Duration;

use domain::timestamp::Timestamp;
use tokio::time::Instant;

/// Longest that a runner needs to extend its lease, in heartbeats.
const SETTLED_AFTER: u32 = 2;

/// Compares the clock with the time that really went by.
#[derive(Debug)]
pub(super) struct Jumps {
    heartbeat: Duration,
    clock: Timestamp,
    seen: Instant,
    /// Until when leases may be of the old clock.
    unsettled: Option<Instant>,
}

impl Jumps {
    pub(super) fn new(clock: Timestamp, heartbeat: Duration) -> Self {
        Self {
            heartbeat,
            clock,
            seen: Instant::now(),
            unsettled: None,
        }
    }

    /// Whether leases can be judged by this time of the clock.
    pub(super) fn is_settled(&mut self, clock: Timestamp) -> bool {
        let now = Instant::now();
        let went_by = now.duration_since(self.seen);
        let expected = self.clock.plus(went_by);
        // Each is zero where the other is not.
        let jumped = clock.since(expected).max(expected.since(clock));
        (self.clock, self.seen) = (clock, now);
        if jumped > self.heartbeat {
            tracing::warn!(
                clock.jumped_ms = u64::try_from(jumped.as_millis()).unwrap_or(u64::MAX),
                "the clock was set, or the machine slept: leases are extended before anything is claimed"
            );
            self.unsettled = Some(now + self.heartbeat * SETTLED_AFTER);
        }
        if self.unsettled.is_some_and(|until| now >= until) {
            self.unsettled = None;
        }
        self.unsettled.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEARTBEAT: Duration = Duration::from_secs(3);

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_jumps_is_waited_for() {
        let hour = Duration::from_secs(3600);
        for ahead in [true, false] {
            let start = Timestamp::from_millis(10_000_000_000);
            let mut jumps = Jumps::new(start, HEARTBEAT);
            let second = Duration::from_secs(1);
            tokio::time::advance(second).await;
            let mut clock = start.plus(second);
            assert!(jumps.is_settled(clock));
            clock = match ahead {
                true => clock.plus(hour),
                false => Timestamp::from_millis(clock.millis() - 3_600_000),
            };
            assert!(!jumps.is_settled(clock));
            tokio::time::advance(second).await;
            clock = clock.plus(second);
            assert!(!jumps.is_settled(clock));
            tokio::time::advance(HEARTBEAT * SETTLED_AFTER).await;
            clock = clock.plus(HEARTBEAT * SETTLED_AFTER);
            assert!(jumps.is_settled(clock));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_corrected_a_little_is_not() {
        let start = Timestamp::from_millis(10_000_000_000);
        let mut jumps = Jumps::new(start, HEARTBEAT);
        assert!(jumps.is_settled(start.plus(HEARTBEAT)));
        assert!(jumps.is_settled(start));
    }
}
