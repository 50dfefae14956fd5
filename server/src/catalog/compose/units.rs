//! The small languages inside Compose values: durations, byte sizes, modes, shell words. Text in, value or nothing out.

use std::time::Duration;

/// Longest duration that is taken: a year. What is longer is a slip of the pen and would overflow an engine's nanoseconds.
const MAX_DURATION: Duration = Duration::from_secs(366 * 24 * 3600);

/// `1h30m`, `1.5s`, `500ms`: the specification's form.
#[must_use]
pub(super) fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    if rest == "0" {
        return Some(Duration::ZERO);
    }
    let mut total = 0.0_f64;
    let mut any = false;
    while !rest.is_empty() {
        let digits = rest.len()
            - rest
                .trim_start_matches(|ch: char| ch.is_ascii_digit() || ch == '.')
                .len();
        let amount: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.len() - rest.trim_start_matches(|ch: char| ch.is_alphabetic()).len();
        let unit = match &rest[..letters] {
            "ns" => 1e-9,
            "us" | "µs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86400.0,
            _ => return None,
        };
        rest = &rest[letters..];
        total += amount * unit;
        any = true;
    }
    let total = Duration::try_from_secs_f64(total).ok()?;
    (any && total <= MAX_DURATION).then_some(total)
}

/// A duration, or whole seconds without a unit.
#[must_use]
pub(super) fn duration_or_seconds(text: &str) -> Option<Duration> {
    match text.trim().parse::<u64>() {
        Ok(seconds) => Some(Duration::from_secs(seconds)).filter(|value| *value <= MAX_DURATION),
        Err(_) => duration(text),
    }
}

/// `512m`, `1.5gb`, `1024`: powers of 1024, as the specification has it.
#[must_use]
pub(super) fn bytes(text: &str) -> Option<i64> {
    let text = text.trim().to_ascii_lowercase();
    let digits = text.trim_end_matches(|ch: char| ch.is_ascii_alphabetic() || ch == ' ');
    let factor = match text[digits.len()..].trim() {
        "" | "b" => 1_u64,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        "t" | "tb" | "tib" => 1 << 40,
        "p" | "pb" | "pib" => 1 << 50,
        _ => return None,
    };
    if let Ok(whole) = digits.parse::<i64>() {
        return i64::try_from(factor)
            .ok()
            .and_then(|factor| whole.checked_mul(factor))
            .filter(|bytes| *bytes >= 0);
    }
    let amount: f64 = digits.parse().ok()?;
    let total = amount * factor as f64;
    (total.is_finite() && (0.0..9e18).contains(&total)).then_some(total as i64)
}

/// An integer as YAML and Go write it: decimal, `0x1F`, `0o17`, or octal with a leading zero.
#[must_use]
pub(super) fn integer(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.starts_with(['-', '+']) {
        return None;
    }
    let number = if let Some(hex) = digits.strip_prefix("0x") {
        i64::from_str_radix(hex, 16).ok()?
    } else if let Some(octal) = digits.strip_prefix("0o") {
        i64::from_str_radix(octal, 8).ok()?
    } else if digits.len() > 1 && digits.starts_with('0') {
        i64::from_str_radix(digits, 8).ok()?
    } else {
        digits.parse().ok()?
    };
    Some(if negative { -number } else { number })
}

/// A file mode. Text is octal (`"0440"`, `"440"`); a number is what YAML makes of it.
#[must_use]
pub(super) fn mode(text: &str, number: bool) -> Option<u32> {
    let mode = if number {
        u32::try_from(integer(text)?).ok()?
    } else {
        let octal = text.trim().trim_start_matches("0o");
        u32::from_str_radix(octal, 8).ok()?
    };
    (mode <= 0o7777).then_some(mode)
}

/// Splits as a POSIX shell does, without expanding anything. Nothing where a quote is not closed.
#[must_use]
pub(super) fn shell_words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars().peekable();
    while let Some(ch) = chars.next() {
        match ch {
            ' ' | '\t' | '\n' | '\r' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '\'' => break,
                        ch => word.push(ch),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '"' => break,
                        '\\' => match chars.next()? {
                            '\n' => {}
                            ch @ ('"' | '\\' | '$' | '`') => word.push(ch),
                            ch => {
                                word.push('\\');
                                word.push(ch);
                            }
                        },
                        ch => word.push(ch),
                    }
                }
            }
            '\\' => match chars.next()? {
                '\n' => {}
                ch => word.get_or_insert_default().push(ch),
            },
            ch => word.get_or_insert_default().push(ch),
        }
    }
    words.extend(word);
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, expect) in [
            ("30s", Some(30_000)),
            ("1h30m", Some(5_400_000)),
            ("1.5s", Some(1_500)),
            ("500ms", Some(500)),
            ("2us", Some(0)),
            ("0", Some(0)),
            ("0s", Some(0)),
            ("", None),
            ("10", None),
            ("10x", None),
            ("s", None),
            ("-1s", None),
            ("1e9h", None),
            ("999999999h", None),
        ] {
            let got = duration(text).map(|value| value.as_millis());
            assert_eq!(got, expect, "{text}");
        }
        assert_eq!(duration_or_seconds("15"), Some(Duration::from_secs(15)));
    }

    #[test]
    fn sizes() {
        for (text, expect) in [
            ("1024", Some(1024)),
            ("1k", Some(1024)),
            ("64MB", Some(64 << 20)),
            ("1.5g", Some(3 << 29)),
            ("2 GiB", Some(2 << 30)),
            ("10b", Some(10)),
            ("", None),
            ("x", None),
            ("-1", None),
            ("9999999p", None),
        ] {
            assert_eq!(bytes(text), expect, "{text}");
        }
    }

    #[test]
    fn modes_and_integers() {
        assert_eq!(mode("0440", true), Some(0o440));
        assert_eq!(mode("0440", false), Some(0o440));
        assert_eq!(mode("288", true), Some(0o440));
        assert_eq!(mode("0o400", true), Some(0o400));
        assert_eq!(mode("999", false), None);
        assert_eq!(integer("0x1F"), Some(31));
        assert_eq!(integer("-5"), Some(-5));
        assert_eq!(integer("--5"), None);
        assert_eq!(integer("1.5"), None);
    }

    #[test]
    fn words() {
        for (text, expect) in [
            ("run", Some(vec!["run"])),
            ("a  b\tc", Some(vec!["a", "b", "c"])),
            (
                "sh -c 'echo \"hi\"; exit 1'",
                Some(vec!["sh", "-c", "echo \"hi\"; exit 1"]),
            ),
            (
                r#"a "b \"c\" \n" d\ e"#,
                Some(vec!["a", r#"b "c" \n"#, "d e"]),
            ),
            ("a ''", Some(vec!["a", ""])),
            ("", Some(vec![])),
            ("a 'b", None),
            ("a \\", None),
        ] {
            let got = shell_words(text);
            let expect =
                expect.map(|words| words.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(got, expect, "{text}");
        }
    }
}
