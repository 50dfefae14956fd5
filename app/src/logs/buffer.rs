//! The newest lines of a program, bounded, and where each of them stands in the window.
//!
//! A line keeps its number for ever. A row is what one line takes without wrapping; with it, a long line takes several.

use std::collections::VecDeque;

use domain::wire::LogLineView;

use super::ansi::plain;

/// Most lines that are kept. The oldest go first, and the viewer says so.
pub const MAX_LINES: usize = 200_000;
/// Most bytes of text that are kept.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When it was written, RFC 3339 with nanoseconds; empty where nobody knows.
    pub at: Box<str>,
    pub stderr: bool,
    /// With its escape sequences.
    pub text: Box<str>,
    /// Characters that are seen.
    columns: u32,
}

/// The lines.
#[derive(Debug, Clone, Default)]
pub struct LogBuffer {
    lines: VecDeque<Line>,
    /// Where each line ends, in rows from the very first line on.
    ends: VecDeque<u64>,
    /// The number of the first line that is kept.
    first: u64,
    /// The row at which that begins.
    begin: u64,
    bytes: usize,
    /// Characters of a row; 0 does not wrap.
    wrap: u32,
    widest: u32,
}

impl LogBuffer {
    /// Adds a line; where there are too many, the oldest goes.
    pub fn push(&mut self, line: LogLineView) {
        let columns = plain(&line.text).chars().count();
        let line = Line {
            at: line.at.into(),
            stderr: line.stderr,
            text: line.text.into(),
            columns: u32::try_from(columns).unwrap_or(u32::MAX),
        };
        self.bytes += line.text.len();
        self.widest = self.widest.max(line.columns);
        let end = self.end() + self.rows_of(&line);
        self.lines.push_back(line);
        self.ends.push_back(end);
        while self.lines.len() > MAX_LINES || self.bytes > MAX_BYTES {
            let Some(gone) = self.lines.pop_front() else {
                break;
            };
            self.bytes -= gone.text.len();
            self.first += 1;
            self.begin = self.ends.pop_front().unwrap_or(self.begin);
        }
    }

    /// How many lines are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The number of the first line that is kept; so many were dropped.
    #[must_use]
    pub const fn first(&self) -> u64 {
        self.first
    }

    /// The number that the next line gets.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.first + self.lines.len() as u64
    }

    /// The line of this number.
    #[must_use]
    pub fn get(&self, number: u64) -> Option<&Line> {
        let index = number.checked_sub(self.first)?;
        self.lines.get(usize::try_from(index).ok()?)
    }

    /// Every line, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Line> {
        self.lines.iter()
    }

    /// The number of the line of this time.
    #[must_use]
    pub fn find_time(&self, at: &str) -> Option<u64> {
        let index = self.lines.iter().position(|line| &*line.at == at)?;
        Some(self.first + index as u64)
    }

    /// The time of the newest line that has one.
    #[must_use]
    pub fn last_time(&self) -> Option<&str> {
        let times = self.lines.iter().rev().map(|line| &*line.at);
        times.into_iter().find(|at| !at.is_empty())
    }

    /// Rows that were dropped with the oldest lines.
    #[must_use]
    pub const fn dropped_rows(&self) -> u64 {
        self.begin
    }

    /// Characters of the widest line so far.
    #[must_use]
    pub const fn widest(&self) -> u32 {
        self.widest
    }

    /// Wraps at so many characters; 0 does not.
    pub fn set_wrap(&mut self, columns: u32) {
        if self.wrap == columns {
            return;
        }
        self.wrap = columns;
        let mut end = 0;
        self.begin = 0;
        let rows: Vec<u64> = self.lines.iter().map(|line| self.rows_of(line)).collect();
        self.ends.clear();
        for rows in rows {
            end += rows;
            self.ends.push_back(end);
        }
    }

    /// All rows.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.end() - self.begin
    }

    /// The number of the line that a row belongs to; past the end, the next one.
    #[must_use]
    pub fn line_at(&self, row: u64) -> u64 {
        let row = row + self.begin;
        self.first + self.ends.partition_point(|end| *end <= row) as u64
    }

    /// The row at which a line begins.
    #[must_use]
    pub fn row_of(&self, number: u64) -> u64 {
        let index = usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX);
        let before = index.checked_sub(1).map(|before| {
            let end = self.ends.get(before);
            end.copied().unwrap_or_else(|| self.end())
        });
        before.unwrap_or(self.begin) - self.begin
    }

    fn end(&self) -> u64 {
        self.ends.back().copied().unwrap_or(self.begin)
    }

    fn rows_of(&self, line: &Line) -> u64 {
        match self.wrap {
            0 => 1,
            wrap => u64::from(line.columns.div_ceil(wrap).max(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> LogLineView {
        LogLineView {
            at: format!("t{text}"),
            stderr: false,
            text: text.to_owned(),
        }
    }

    #[test]
    fn rows_and_lines_lead_to_each_other() {
        let mut buffer = LogBuffer::default();
        for text in ["aa", "\u{1b}[31mbbbbb\u{1b}[0m", "", "dddd"] {
            buffer.push(line(text));
        }
        assert_eq!((buffer.rows(), buffer.widest(), buffer.len()), (4, 5, 4));
        assert_eq!((buffer.line_at(2), buffer.row_of(2)), (2, 2));
        buffer.set_wrap(2);
        // 1 + 3 + 1 + 2 rows.
        assert_eq!(buffer.rows(), 7);
        let lines: Vec<_> = (0..8).map(|row| buffer.line_at(row)).collect();
        assert_eq!(lines, [0, 1, 1, 1, 2, 3, 3, 4]);
        let rows: Vec<_> = (0..5).map(|number| buffer.row_of(number)).collect();
        assert_eq!(rows, [0, 1, 4, 5, 7]);
        buffer.push(line("ee"));
        assert_eq!(buffer.rows(), 8);
        buffer.set_wrap(0);
        assert_eq!(buffer.rows(), 5);
    }

    #[test]
    fn the_oldest_go_and_numbers_stay() {
        let mut buffer = LogBuffer::default();
        let wanted = MAX_LINES as u64 + 3;
        for number in 0..wanted {
            buffer.push(line(&number.to_string()));
        }
        assert_eq!((buffer.len(), buffer.first()), (MAX_LINES, 3));
        assert_eq!(buffer.get(2), None);
        assert_eq!(buffer.get(3).map(|line| &*line.text), Some("3"));
        assert_eq!((buffer.line_at(0), buffer.row_of(3)), (3, 0));
        assert_eq!(buffer.rows(), MAX_LINES as u64);
        assert_eq!(buffer.next(), wanted);
        assert_eq!(buffer.find_time("t7"), Some(7));
        assert_eq!(buffer.find_time("t1"), None);
        assert_eq!(buffer.last_time(), Some(&*format!("t{}", wanted - 1)));
    }

    #[test]
    fn much_text_is_bounded_too() {
        let mut buffer = LogBuffer::default();
        let long = "x".repeat(MAX_BYTES / 4);
        for _ in 0..6 {
            buffer.push(line(&long));
        }
        assert_eq!((buffer.len(), buffer.first()), (4, 2));
    }

    #[test]
    fn nothing_has_no_rows() {
        let buffer = LogBuffer::default();
        assert_eq!(
            (buffer.rows(), buffer.line_at(0), buffer.row_of(0)),
            (0, 0, 0)
        );
        assert_eq!(buffer.last_time(), None);
    }
}
