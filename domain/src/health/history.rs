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
    pub to: State,
}

/// How something is, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub status: HealthStatus,
    /// One sentence; empty where only the status is remembered.
    pub reason: String,
    /// Whether an operation works on it: then nothing is an alarm.
    pub operation_active: bool,
}

impl State {
    fn of(status: HealthStatus, reason: &str) -> Self {
        Self {
            status,
            reason: reason.to_owned(),
            operation_active: false,
        }
    }
}

/// A time during which nothing changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    pub from: Timestamp,
    pub until: Timestamp,
    pub state: State,
}

/// How it is now, and since when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    pub since: Timestamp,
    pub state: State,
}

/// From `from` until `until`, the oldest first. `turns` are the recorded changes, the oldest first; `known_since` is when what the first
/// of them changed may have begun, none where earlier changes were forgotten. Spans of no length are left out.
#[must_use]
pub fn spans(
    turns: &[Turn],
    known_since: Option<Timestamp>,
    present: Option<&Present>,
    from: Timestamp,
    until: Timestamp,
) -> Vec<Span> {
    let mut state = State::of(HealthStatus::Unknown, NOT_RECORDED);
    let mut spans = Vec::new();
    let mut begun = from;
    let mut go_on = |until: Timestamp, state: State| {
        if until > begun {
            spans.push(Span {
                from: begun,
                until,
                state,
            });
            begun = until;
        }
    };
    if let (Some(first), Some(since)) = (turns.first(), known_since)
        && let Some(status) = first.from
    {
        go_on(since.min(first.at).min(until), state);
        state = State::of(status, "");
    }
    for turn in turns {
        go_on(turn.at.min(until), state);
        state = turn.to.clone();
    }
    // What is seen now may be newer than what is recorded, or be all there is.
    match present {
        Some(present) if present.state.status != state.status => {
            let last = turns.last().map_or(from, |turn| turn.at);
            go_on(present.since.max(last).min(until), state);
            state = present.state.clone();
        }
        Some(present) => state.operation_active &= present.state.operation_active,
        None => {}
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
            to: State::of(to, ""),
        }
    }

    fn now(status: HealthStatus, since: i64) -> Present {
        Present {
            since: at(since),
            state: State::of(status, ""),
        }
    }

    /// Of the seconds 100 to 200.
    fn check(
        turns: &[Turn],
        known_since: Option<i64>,
        present: Option<Present>,
        expected: &[(i64, i64, HealthStatus)],
    ) {
        let found: Vec<_> = spans(
            turns,
            known_since.map(at),
            present.as_ref(),
            at(100),
            at(200),
        )
        .into_iter()
        .map(|span| {
            let seconds = |at: Timestamp| at.millis() / 1000;
            (seconds(span.from), seconds(span.until), span.state.status)
        })
        .collect();
        assert_eq!(found, expected, "{turns:?}");
    }

    #[test]
    fn what_is_recorded_has_no_gap_and_the_rest_is_unknown() {
        check(&[], Some(0), None, &[(100, 200, Unknown)]);
        check(
            &[
                turn(120, None, Healthy),
                turn(150, Some(Healthy), Unhealthy),
            ],
            Some(0),
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
            Some(0),
            None,
            &[(100, 150, Healthy), (150, 200, Unhealthy)],
        );
        check(
            &turns,
            None,
            None,
            &[(100, 150, Unknown), (150, 200, Unhealthy)],
        );
    }

    #[test]
    fn nothing_is_claimed_of_the_time_before_it_was_deployed() {
        let turns = [turn(150, Some(Healthy), Unhealthy)];
        check(
            &turns,
            Some(130),
            None,
            &[
                (100, 130, Unknown),
                (130, 150, Healthy),
                (150, 200, Unhealthy),
            ],
        );
    }

    #[test]
    fn what_is_still_so_after_an_operation_is_an_alarm() {
        let mut turns = [turn(150, None, Unhealthy)];
        turns[0].to.operation_active = true;
        let spans = spans(&turns, None, Some(&now(Unhealthy, 150)), at(100), at(200));
        assert!(!spans[1].state.operation_active);
    }

    #[test]
    fn changes_before_the_window_only_say_how_it_begins() {
        check(
            &[
                turn(20, None, Unhealthy),
                turn(50, Some(Unhealthy), Healthy),
            ],
            Some(0),
            None,
            &[(100, 200, Healthy)],
        );
    }

    #[test]
    fn the_present_counts_where_nothing_newer_is_recorded() {
        check(&[], Some(0), Some(now(Healthy, 20)), &[(100, 200, Healthy)]);
        check(
            &[],
            Some(0),
            Some(now(Healthy, 160)),
            &[(100, 160, Unknown), (160, 200, Healthy)],
        );
        check(
            &[turn(110, None, Healthy)],
            Some(0),
            Some(now(Unknown, 190)),
            &[
                (100, 110, Unknown),
                (110, 190, Healthy),
                (190, 200, Unknown),
            ],
        );
        check(
            &[turn(110, None, Healthy)],
            Some(0),
            Some(now(Healthy, 110)),
            &[(100, 110, Unknown), (110, 200, Healthy)],
        );
    }
}
