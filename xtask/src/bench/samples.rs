//! Measured values of one thing, and what is said of them.

/// At least one value is expected; of none, everything is zero.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Samples {
    sorted: Vec<f64>,
}

impl Samples {
    pub(super) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        Self { sorted }
    }

    pub(super) fn one(value: f64) -> Self {
        Self::of([value])
    }

    pub(super) fn count(&self) -> usize {
        self.sorted.len()
    }

    /// The middle; of an even number the mean of the two in the middle.
    pub(super) fn median(&self) -> f64 {
        let half = self.sorted.len() / 2;
        let upper = self.sorted.get(half).copied().unwrap_or_default();
        if self.sorted.len() % 2 == 1 {
            return upper;
        }
        let lower = half.checked_sub(1).and_then(|below| self.sorted.get(below));
        lower.map_or(upper, |lower| f64::midpoint(*lower, upper))
    }

    pub(super) fn least(&self) -> f64 {
        self.sorted.first().copied().unwrap_or_default()
    }

    pub(super) fn greatest(&self) -> f64 {
        self.sorted.last().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Samples;

    fn check(values: &[f64], median: f64, least: f64, greatest: f64) {
        let samples = Samples::of(values.iter().copied());
        let seen = (samples.median(), samples.least(), samples.greatest());
        assert_eq!(seen, (median, least, greatest), "{values:?}");
    }

    #[test]
    fn the_median_is_in_the_middle_whatever_the_order() {
        check(&[], 0.0, 0.0, 0.0);
        check(&[3.0], 3.0, 3.0, 3.0);
        check(&[3.0, 1.0], 2.0, 1.0, 3.0);
        check(&[9.0, 1.0, 2.0], 2.0, 1.0, 9.0);
        check(&[4.0, 1.0, 3.0, 2.0], 2.5, 1.0, 4.0);
    }
}
