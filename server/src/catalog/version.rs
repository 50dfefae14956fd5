//! Which of two versions is newer.

use std::cmp::Ordering;

use semver::Version;

/// SemVer precedence (build metadata breaks ties, so that the order is total); what is no SemVer is older than what is, and ordered as
/// text; no version is the oldest. A leading `v` and missing parts (`2.4`) are read generously.
#[must_use]
pub fn compare(a: Option<&str>, b: Option<&str>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => match (parse(a), parse(b)) {
            (Some(x), Some(y)) => x.cmp(&y).then_with(|| a.cmp(b)),
            (Some(_), None) => Ordering::Greater,
            (None, Some(_)) => Ordering::Less,
            (None, None) => a.cmp(b),
        },
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

fn parse(text: &str) -> Option<Version> {
    let text = text.trim().trim_start_matches(['v', 'V']);
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (core, rest) = text.split_at(end);
    let padded = match core.matches('.').count() {
        0 => format!("{core}.0.0{rest}"),
        1 => format!("{core}.0{rest}"),
        _ => text.to_owned(),
    };
    Version::parse(&padded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_last() {
        let order = [
            None,
            Some("Spring 2024"),
            Some("latest"),
            Some("0.9"),
            Some("1.0.0-alpha"),
            Some("1.0.0-rc.2"),
            Some("1.0.0-rc.10"),
            Some("1.0.0"),
            Some("v1.2"),
            Some("1.10.0"),
            Some("2"),
        ];
        for (i, a) in order.iter().enumerate() {
            for (j, b) in order.iter().enumerate() {
                assert_eq!(compare(*a, *b), i.cmp(&j), "{a:?} {b:?}");
            }
        }
    }
}
