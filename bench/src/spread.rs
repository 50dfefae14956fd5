//! How a lot of times are spread.

use serde::Serialize;

/// Milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) count: usize,
    pub(crate) median: f64,
    pub(crate) p99: f64,
    pub(crate) least: f64,
    pub(crate) greatest: f64,
}

impl Spread {
    /// None of nothing.
    pub(crate) fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let at = |percent: usize| {
            let position = (values.len() * percent).div_ceil(100).max(1) - 1;
            values.get(position).copied()
        };
        Some(Self {
            count: values.len(),
            median: at(50)?,
            p99: at(99)?,
            least: *values.first()?,
            greatest: *values.last()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn percentiles_are_values_that_occurred() {
        assert_eq!(Spread::of(Vec::new()), None);
        let spread = Spread::of((1..=200).rev().map(f64::from).collect()).unwrap();
        assert_eq!((spread.least, spread.median), (1.0, 100.0));
        assert_eq!((spread.p99, spread.greatest), (198.0, 200.0));
        let one = Spread::of(vec![7.0]).unwrap();
        assert_eq!((one.median, one.p99, one.count), (7.0, 7.0, 1));
    }
}
