//! Goes on with the lines of a container after one that its reader has, although engines can only be asked from a second on, and
//! write lines of two streams not quite in the order of their times.

use std::collections::VecDeque;

use crate::engine::LogLine;

/// Lines later than the known one that are kept while it was not seen.
const MAX_HELD: usize = 1000;

/// Finds the place after a line.
#[derive(Debug)]
pub(super) struct Resume {
    /// Epoch nanoseconds of the line that is known; none once its place was found.
    after: Option<i64>,
    /// Lines that came before the known one did, and may be new where it is gone.
    held: VecDeque<LogLine>,
}

impl Resume {
    /// After the line of this time; none begins with the first line.
    pub(super) const fn after(nanos: Option<i64>) -> Self {
        Self {
            after: nanos,
            held: VecDeque::new(),
        }
    }

    /// Epoch seconds from which lines have to be asked for.
    pub(super) fn since(&self) -> Option<i64> {
        self.after.map(|nanos| nanos / 1_000_000_000 - 1)
    }

    /// Takes a line; the ones that are new.
    pub(super) fn take(&mut self, line: LogLine) -> Vec<LogLine> {
        let Some(after) = self.after else {
            return vec![line];
        };
        match line.nanos {
            // Found: what was held came before it, so the reader has that.
            Some(nanos) if nanos == after => {
                self.after = None;
                self.held.clear();
                Vec::new()
            }
            Some(nanos) if nanos < after => Vec::new(),
            _ => {
                self.held.push_back(line);
                if self.held.len() < MAX_HELD {
                    return Vec::new();
                }
                self.give_up()
            }
        }
    }

    /// Whether lines are kept back.
    pub(super) fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// The known line does not come any more: what was held is new.
    pub(super) fn give_up(&mut self) -> Vec<LogLine> {
        self.after = None;
        std::mem::take(&mut self.held).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(nanos: i64) -> LogLine {
        LogLine {
            stderr: false,
            at: Some(nanos / 1_000_000),
            nanos: Some(nanos),
            text: nanos.to_string(),
        }
    }

    fn check(after: Option<i64>, lines: &[i64], expected: &[i64]) {
        let mut resume = Resume::after(after);
        let mut new: Vec<LogLine> = lines
            .iter()
            .flat_map(|nanos| resume.take(line(*nanos)))
            .collect();
        new.extend(resume.give_up());
        let new: Vec<i64> = new.iter().filter_map(|line| line.nanos).collect();
        assert_eq!(new, expected, "after {after:?} in {lines:?}");
    }

    #[test]
    fn nothing_is_missed_and_nothing_comes_twice() {
        check(None, &[1, 2, 3], &[1, 2, 3]);
        check(Some(2), &[1, 2, 3, 4], &[3, 4]);
        check(Some(4), &[1, 2, 3, 4], &[]);
        // A line of the other stream was written later, with an earlier time.
        check(Some(5), &[4, 6, 5, 7], &[7]);
        check(Some(6), &[4, 6, 5, 7], &[5, 7]);
        // The known line is gone.
        check(Some(5), &[7, 8], &[7, 8]);
        check(Some(5), &[], &[]);
    }

    #[test]
    fn lines_are_asked_for_from_a_second_before() {
        assert_eq!(Resume::after(Some(3_500_000_000)).since(), Some(2));
        assert_eq!(Resume::after(None).since(), None);
    }

    #[test]
    fn what_is_held_is_bounded() {
        let mut resume = Resume::after(Some(1));
        let lines = (2..2_000).flat_map(|nanos| resume.take(line(nanos)));
        assert_eq!(lines.count(), 1_998);
    }
}
