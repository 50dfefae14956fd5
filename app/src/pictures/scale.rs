//! A time laid along a width.

use std::time::Duration;

use domain::timestamp::Timestamp;

use crate::components::time::humane;

/// The whole width.
pub const WHOLE: u32 = 10_000;
/// The least that can be seen, on a width of some hundred pixels.
const LEAST: u32 = 25;
/// Most marks along it.
const MOST_TICKS: u64 = 6;
/// Distances between two marks that people count in, in milliseconds.
const STEPS: [u64; 18] = [
    200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
    900_000, 1_800_000, 3_600_000, 7_200_000, 21_600_000, 86_400_000,
];

/// From a moment on, so many milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    from: Timestamp,
    span: u64,
}

impl Scale {
    /// At least one millisecond long.
    #[must_use]
    pub fn new(from: Timestamp, span: u64) -> Self {
        Self {
            from,
            span: span.max(1),
        }
    }

    /// One that need not change each second while it grows: as long as whole steps between marks.
    #[must_use]
    pub fn growing(from: Timestamp, span: u64) -> Self {
        let step = step(span.max(1));
        Self::new(from, span.max(1).div_ceil(step) * step)
    }

    /// Milliseconds.
    #[must_use]
    pub const fn span(self) -> u64 {
        self.span
    }

    /// Where a number of milliseconds after the beginning lies.
    #[must_use]
    pub fn after(self, millis: u64) -> u32 {
        let part = u128::from(millis.min(self.span)) * u128::from(WHOLE) / u128::from(self.span);
        u32::try_from(part).unwrap_or(WHOLE)
    }

    /// Where a moment lies.
    #[must_use]
    pub fn at(self, moment: Timestamp) -> u32 {
        self.after(millis(moment.since(self.from)))
    }

    /// Where a time begins, and how wide it is: wide enough to be seen.
    #[must_use]
    pub fn between(self, from: Timestamp, to: Timestamp) -> (u32, u32) {
        seen(self.at(from), self.at(to))
    }

    /// The same for milliseconds after the beginning.
    #[must_use]
    pub fn between_millis(self, from: u64, to: u64) -> (u32, u32) {
        seen(self.after(from), self.after(to))
    }

    /// Marks with what they say, without the beginning and the end.
    #[must_use]
    pub fn ticks(self) -> Vec<(u32, String)> {
        let step = step(self.span);
        let marks = (1..).map(|number| number * step);
        marks
            .take_while(|mark| *mark < self.span)
            .map(|mark| (self.after(mark), humane(Duration::from_millis(mark))))
            .collect()
    }
}

/// Whole milliseconds.
#[must_use]
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn seen(from: u32, to: u32) -> (u32, u32) {
    let width = to.saturating_sub(from).max(LEAST);
    (from.min(WHOLE - LEAST), width)
}

fn step(span: u64) -> u64 {
    let mut steps = STEPS.into_iter();
    steps
        .find(|step| span / step <= MOST_TICKS)
        .unwrap_or(span / MOST_TICKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn moments_lie_where_they_should_and_stay_inside() {
        let scale = Scale::new(at(1_000), 2_000);
        assert_eq!(scale.between(at(1_500), at(2_000)), (2_500, 2_500));
        assert_eq!(scale.between(at(0), at(9_000)), (0, WHOLE));
        assert_eq!(scale.between(at(3_000), at(3_000)), (WHOLE - LEAST, LEAST));
        assert_eq!(scale.between_millis(500, 1_000), (2_500, 2_500));
    }

    #[test]
    fn marks_are_few_and_round() {
        let check = |span: u64, expected: &[&str]| {
            let ticks = Scale::new(at(0), span).ticks();
            let labels: Vec<_> = ticks.iter().map(|(_, label)| label.as_str()).collect();
            assert_eq!(labels, expected, "{span}");
        };
        check(1_000, &["200ms", "400ms", "600ms", "800ms"]);
        check(12_000, &["2s", "4s", "6s", "8s", "10s"]);
        check(70_000, &["15s", "30s", "45s", "1m 00s"]);
        check(7_200_000, &["30m 00s", "1h 00m", "1h 30m"]);
    }

    #[test]
    fn what_grows_keeps_its_scale_for_a_while() {
        assert_eq!(Scale::growing(at(0), 12_100).span(), 14_000);
        assert_eq!(Scale::growing(at(0), 13_900).span(), 14_000);
    }
}
