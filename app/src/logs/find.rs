//! Search over all lines, a piece at a time, so that no page stands still meanwhile.

use std::ops::Range;

use super::LogBuffer;
use super::ansi::plain;

/// Most lines that are remembered; the others are only not led to.
const MAX_HITS: usize = 100_000;

/// What is searched for and where it was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Find {
    /// In lower case; empty searches for nothing.
    needle: String,
    /// Numbers of lines, in order.
    hits: Vec<u64>,
    /// The number of the first line that was not looked at.
    next: u64,
}

impl Find {
    /// Begins anew.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self {
            needle: text.to_ascii_lowercase(),
            ..Self::default()
        }
    }

    /// What is searched for, in lower case.
    #[must_use]
    pub fn needle(&self) -> &str {
        &self.needle
    }

    /// How many lines have it, as far as was looked.
    #[must_use]
    pub fn count(&self) -> usize {
        self.hits.len()
    }

    /// Looks at the next lines, at most so many bytes of them; whether some are left.
    pub fn look(&mut self, lines: &LogBuffer, mut bytes: usize) -> bool {
        if self.needle.is_empty() {
            return false;
        }
        let first = lines.first();
        let gone = self.hits.partition_point(|hit| *hit < first);
        self.hits.drain(..gone);
        self.next = self.next.max(first);
        while let Some(line) = lines.get(self.next) {
            if self.hits.len() >= MAX_HITS {
                return false;
            }
            if bytes == 0 {
                return true;
            }
            bytes = bytes.saturating_sub(line.text.len() + 16);
            if position(plain(&line.text).as_bytes(), self.needle.as_bytes()).is_some() {
                self.hits.push(self.next);
            }
            self.next += 1;
        }
        false
    }

    /// The line after `from` that has it, or the first of all; and its place among all, from 1.
    #[must_use]
    pub fn after(&self, from: Option<u64>) -> Option<(u64, usize)> {
        let at = from.map_or(0, |from| self.hits.partition_point(|hit| *hit <= from));
        let at = if at < self.hits.len() { at } else { 0 };
        self.hits.get(at).map(|hit| (*hit, at + 1))
    }

    /// The line before `from` that has it, or the last of all; and its place among all, from 1.
    #[must_use]
    pub fn before(&self, from: Option<u64>) -> Option<(u64, usize)> {
        let end = from.map_or(0, |from| self.hits.partition_point(|hit| *hit < from));
        let at = if end == 0 { self.hits.len() } else { end };
        let at = at.checked_sub(1)?;
        self.hits.get(at).map(|hit| (*hit, at + 1))
    }
}

/// Where `needle`, in lower case, begins; upper and lower case of English letters are alike.
fn position(hay: &[u8], needle: &[u8]) -> Option<usize> {
    let (first, rest) = needle.split_first()?;
    let last = hay.len().checked_sub(needle.len())?;
    (0..=last).find(|at| {
        hay[*at].to_ascii_lowercase() == *first
            && hay[at + 1..at + needle.len()].eq_ignore_ascii_case(rest)
    })
}

/// Every place where `needle`, in lower case, is found.
#[must_use]
pub fn ranges(hay: &str, needle: &str) -> Vec<Range<usize>> {
    let mut all = Vec::new();
    let mut from = 0;
    while let Some(at) = position(&hay.as_bytes()[from..], needle.as_bytes()) {
        let start = from + at;
        from = start + needle.len();
        all.push(start..from);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::wire::LogLineView;

    fn lines(texts: &[&str]) -> LogBuffer {
        let mut lines = LogBuffer::default();
        for text in texts {
            lines.push(LogLineView {
                at: String::new(),
                stderr: false,
                text: (*text).to_owned(),
            });
        }
        lines
    }

    #[test]
    fn lines_are_found_piece_by_piece_and_walked_around() {
        let mut buffer = lines(&[
            "Error: one",
            "fine",
            "an \u{1b}[31mERR\u{1b}[0mor",
            "grün ERROR",
        ]);
        let mut find = Find::new("error");
        while find.look(&buffer, 1) {}
        assert_eq!(find.count(), 3);
        assert_eq!(find.after(None), Some((0, 1)));
        assert_eq!(find.after(Some(0)), Some((2, 2)));
        assert_eq!(find.after(Some(3)), Some((0, 1)));
        assert_eq!(find.before(Some(2)), Some((0, 1)));
        assert_eq!(find.before(Some(0)), Some((3, 3)));
        assert_eq!(find.before(None), Some((3, 3)));
        buffer.push(LogLineView {
            at: String::new(),
            stderr: true,
            text: "error again".to_owned(),
        });
        assert!(!find.look(&buffer, usize::MAX));
        assert_eq!(find.count(), 4);
    }

    #[test]
    fn nothing_is_found_where_nothing_is_searched_for() {
        let buffer = lines(&["a", "b"]);
        let mut find = Find::new("");
        assert!(!find.look(&buffer, usize::MAX));
        assert_eq!(
            (find.count(), find.after(None), find.before(None)),
            (0, None, None)
        );
        assert!(ranges("abc", "").is_empty());
        assert_eq!(ranges("aXxa", "x"), [1..2, 2..3]);
        assert!(ranges("ab", "abc").is_empty());
    }
}
