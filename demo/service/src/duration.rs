//! Durations as people write them in an environment: `250ms`, `3s`, `2m`, `1h`.
//!
//! A number without a unit is refused rather than guessed; only a plain `0` needs none.

use std::time::Duration;

/// Longest duration accepted; far beyond any test, far below what overflows a clock.
const MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Why a text is no duration.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum DurationError {
    NoNumber,
    NoUnit,
    UnknownUnit(String),
    TooLong,
}

impl std::fmt::Display for DurationError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoNumber => f.write_str("must begin with a whole number, as in 3s"),
            Self::NoUnit => f.write_str("needs a unit: ms, s, m or h, as in 3s"),
            Self::UnknownUnit(unit) => {
                write!(f, "has the unknown unit \"{unit}\": use ms, s, m or h")
            }
            Self::TooLong => f.write_str("is longer than 30 days"),
        }
    }
}

/// Reads one duration.
pub(crate) fn parse(text: &str) -> Result<Duration, DurationError> {
    let text = text.trim();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    if number.is_empty() {
        return Err(DurationError::NoNumber);
    }
    let number: u64 = number.parse().map_err(|_| DurationError::TooLong)?;
    let milliseconds = match unit {
        "" if number == 0 => 0,
        "" => return Err(DurationError::NoUnit),
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        other => return Err(DurationError::UnknownUnit(other.to_owned())),
    };
    let duration = number.checked_mul(milliseconds).map(Duration::from_millis);
    duration
        .filter(|duration| *duration <= MAX)
        .ok_or(DurationError::TooLong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<u64, DurationError>) {
        assert_eq!(parse(text), expected.map(Duration::from_millis), "{text:?}");
    }

    #[test]
    fn a_number_and_a_unit() {
        check("250ms", Ok(250));
        check("3s", Ok(3_000));
        check(" 2m ", Ok(120_000));
        check("1h", Ok(3_600_000));
        check("0", Ok(0));
        check("720h", Ok(2_592_000_000));
    }

    #[test]
    fn everything_else_is_refused_with_its_reason() {
        check("", Err(DurationError::NoNumber));
        check("s", Err(DurationError::NoNumber));
        check("-1s", Err(DurationError::NoNumber));
        check("3", Err(DurationError::NoUnit));
        check("1.5s", Err(DurationError::UnknownUnit(".5s".into())));
        check("3 s", Err(DurationError::UnknownUnit(" s".into())));
        check("3S", Err(DurationError::UnknownUnit("S".into())));
        check("721h", Err(DurationError::TooLong));
        check("18446744073709551615h", Err(DurationError::TooLong));
        check("99999999999999999999s", Err(DurationError::TooLong));
    }
}
