//! How something was over time: recorded changes become spans without gaps, of which each says what is known of it.
//!
//! Pure. What nobody has recorded is unknown; nothing is made up.

use super::HealthStatus;
use crate::timestamp::Timestamp;

/// The sentence about a time of which nothing is known.
pub const NOT_RECORDED: &str = "Nothing is recorded of this time.";

/// A status that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    pub at: Timestamp,
    /// None where nothing was known before.
    pub from: Option<HealthStatus>,
    pub to: HealthStatus,
    pub reason: String,
}

/// A time during which nothing changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub from: Timestamp,
    pub until: Timestamp,
    pub status: HealthStatus,
    pub reason: String,
}

/// How it is now, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    pub status: HealthStatus,
    pub since: Timestamp,
    pub reason: String,
}

/// From `from` until `until`, the oldest first. `turns` are the recorded changes, the oldest first; `whole` says whether they are all
/// that are remembered, so that what stood before the first of them stood until then. Spans of no length are left out.
#[must_use]
pub fn spans(
    turns: &[Turn],
    whole: bool,
    present: Option<&Present>,
    from: Timestamp,
    until: Timestamp,
) -> Vec<Span> {
    let unknown = || (HealthStatus::Unknown, NOT_RECORDED.to_owned());
    let before = turns.first().and_then(|first| first.from);
    let mut state = match before.filter(|_| whole) {
        Some(status) => (status, String::new()),
        None => unknown(),
    };
    let mut spans = Vec::new();
    let mut begun = from;
    let mut go_on = |until: Timestamp, (status, reason): (HealthStatus, String)| {
        if until > begun {
            spans.push(Span {
                from: begun,
                until,
                status,
                reason,
            });
            begun = until;
        }
    };
    for turn in turns {
        let at = turn.at.min(until);
        go_on(at, state);
        state = (turn.to, turn.reason.clone());
    }
    // What is seen now may be newer than what is recorded, or be all there is.
    if let Some(present) = present.filter(|present| present.status != state.0) {
        let last = turns.last().map_or(from, |turn| turn.at);
        let since = present.since.max(last).min(until);
        go_on(since, state);
        state = (present.status, present.reason.clone());
    }
    go_on(until, state);
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use HealthStatus::{Healthy, Unhealthy, Unknown};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn turn(seconds: i64, from: Option<HealthStatus>, to: HealthStatus) -> Turn {
        Turn {
            at: at(seconds),
            from,
            to,
            reason: String::new(),
        }
    }

    fn now(status: HealthStatus, since: i64) -> Present {
        Present {
            status,
            since: at(since),
            reason: String::new(),
        }
    }

    /// Of the seconds 100 to 200.
    fn check(
        turns: &[Turn],
        whole: bool,
        present: Option<Present>,
        expected: &[(i64, i64, HealthStatus)],
    ) {
        let found: Vec<_> = spans(turns, whole, present.as_ref(), at(100), at(200))
            .into_iter()
            .map(|span| {
                let seconds = |at: Timestamp| at.millis() / 1000;
                (seconds(span.from), seconds(span.until), span.status)
            })
            .collect();
        assert_eq!(found, expected, "{turns:?}");
    }

    #[test]
    fn what_is_recorded_has_no_gap_and_the_rest_is_unknown() {
        check(&[], true, None, &[(100, 200, Unknown)]);
        check(
            &[
                turn(120, None, Healthy),
                turn(150, Some(Healthy), Unhealthy),
            ],
            true,
            None,
            &[
                (100, 120, Unknown),
                (120, 150, Healthy),
                (150, 200, Unhealthy),
            ],
        );
    }

    #[test]
    fn what_stood_before_the_first_change_is_known_only_where_nothing_was_forgotten() {
        let turns = [turn(150, Some(Healthy), Unhealthy)];
        check(
            &turns,
            true,
            None,
            &[(100, 150, Healthy), (150, 200, Unhealthy)],
        );
        check(
            &turns,
            false,
            None,
            &[(100, 150, Unknown), (150, 200, Unhealthy)],
        );
    }

    #[test]
    fn changes_before_the_window_only_say_how_it_begins() {
        check(
            &[
                turn(20, None, Unhealthy),
                turn(50, Some(Unhealthy), Healthy),
            ],
            true,
            None,
            &[(100, 200, Healthy)],
        );
    }

    #[test]
    fn the_present_counts_where_nothing_newer_is_recorded() {
        check(&[], true, Some(now(Healthy, 20)), &[(100, 200, Healthy)]);
        check(
            &[],
            true,
            Some(now(Healthy, 160)),
            &[(100, 160, Unknown), (160, 200, Healthy)],
        );
        check(
            &[turn(110, None, Healthy)],
            true,
            Some(now(Unknown, 190)),
            &[
                (100, 110, Unknown),
                (110, 190, Healthy),
                (190, 200, Unknown),
            ],
        );
        check(
            &[turn(110, None, Healthy)],
            true,
            Some(now(Healthy, 110)),
            &[(100, 110, Unknown), (110, 200, Healthy)],
        );
    }
}
