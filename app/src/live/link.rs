//! Whether what is shown is current: the state of the connection, and how long to wait before it is tried again.

use std::time::Duration;

/// The first pause before a connection is tried again.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest one.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// Failures in a row after which the page no longer promises anything.
const HOPEFUL_TRIES: u32 = 5;

/// The connection as the reader sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Not yet open.
    Connecting,
    /// What is shown is what is.
    Live,
    /// It broke and is tried again; what is shown may be old.
    Reconnecting,
    /// It was tried again and again; it still is.
    Unavailable,
    /// The server speaks of things that this page does not know: only a reload helps.
    Outdated,
    /// The operation has ended; nothing more will come.
    Ended,
}

impl Link {
    /// The words.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Connecting => "Connecting...",
            Self::Live => "Live updates",
            Self::Reconnecting => "Reconnecting...",
            Self::Unavailable => "Updates unavailable",
            Self::Outdated => "Reload for updates",
            Self::Ended => "Ended",
        }
    }

    /// Whether what is shown may be old.
    #[must_use]
    pub const fn is_stale(self) -> bool {
        matches!(
            self,
            Self::Reconnecting | Self::Unavailable | Self::Outdated
        )
    }
}

/// Counts failures in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// It worked.
    pub const fn reset(&mut self) {
        self.failures = 0;
    }

    /// It failed: what to show, and how long to wait. Doubles up to a bound.
    pub fn failed(&mut self) -> (Link, Duration) {
        let pause = FIRST_PAUSE
            .saturating_mul(1 << self.failures.min(10))
            .min(LONGEST_PAUSE);
        self.failures = self.failures.saturating_add(1);
        let link = if self.failures > HOPEFUL_TRIES {
            Link::Unavailable
        } else {
            Link::Reconnecting
        };
        (link, pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound_and_hope_ends() {
        let mut backoff = Backoff::default();
        let seen: Vec<_> = (0..8).map(|_| backoff.failed()).collect();
        let millis: Vec<_> = seen.iter().map(|(_, pause)| pause.as_millis()).collect();
        assert_eq!(
            millis,
            [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]
        );
        assert_eq!(seen[4].0, Link::Reconnecting);
        assert_eq!(seen[5].0, Link::Unavailable);
        backoff.reset();
        assert_eq!(
            backoff.failed(),
            (Link::Reconnecting, Duration::from_millis(500))
        );
    }
}
