//! Times as manifests write them: a whole number and `s`, `m` or `h`.

use std::time::Duration;

/// Longest time that makes sense anywhere in a manifest.
const MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Text that is no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum InvalidPeriod {
    /// Not a whole number with its unit.
    #[error("'{0}' is not a time.")]
    Form(String),
    /// Longer than a day.
    #[error("'{0}' is longer than a day.")]
    TooLong(String),
}

/// Reads `30s`, `5m` or `1h`.
pub(super) fn parse(text: &str) -> Result<Duration, InvalidPeriod> {
    let trimmed = text.trim();
    let form = || InvalidPeriod::Form(text.to_owned());
    let unit = match trimmed.chars().last().map(|ch| ch.to_ascii_lowercase()) {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        _ => return Err(form()),
    };
    let digits = trimmed[..trimmed.len() - 1].trim_end();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(form());
    }
    digits
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(unit))
        .map(Duration::from_secs)
        .filter(|time| *time <= MAX)
        .ok_or_else(|| InvalidPeriod::TooLong(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let form = |text: &str| Err(InvalidPeriod::Form(text.to_owned()));
        let long = |text: &str| Err(InvalidPeriod::TooLong(text.to_owned()));
        for (text, expect) in [
            ("30s", Ok(30)),
            (" 5 m ", Ok(300)),
            ("1H", Ok(3600)),
            ("0s", Ok(0)),
            ("24h", Ok(86_400)),
            ("25h", long("25h")),
            ("99999999999999999999s", long("99999999999999999999s")),
            ("30", form("30")),
            ("s", form("s")),
            ("1.5m", form("1.5m")),
            ("-1s", form("-1s")),
            ("30ms", form("30ms")),
            ("", form("")),
            ("1ſ", form("1ſ")),
        ] {
            assert_eq!(parse(text), expect.map(Duration::from_secs), "{text}");
        }
    }
}
