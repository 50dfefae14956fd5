//! What was measured as a table: nothing in it is a constant but the targets, and a missed target says so.

use std::fmt::Write as _;

use super::samples::Samples;

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Seconds,
    Millis,
    Mebibytes,
    Kibibytes,
    Count,
    Rate,
}

/// What must be reached.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Target {
    /// Of the median to the baseline's.
    Ratio(f64),
    /// Of the median, in the figure's unit.
    AtMost(f64),
    /// Shown for comparison only.
    None,
}

/// What it is compared with.
#[derive(Debug, Clone)]
pub(super) struct Baseline {
    pub(super) name: String,
    pub(super) samples: Samples,
}

/// One line of the table.
#[derive(Debug, Clone)]
pub(super) struct Figure {
    pub(super) what: String,
    pub(super) unit: Unit,
    /// Or why it could not be measured.
    pub(super) measured: Result<Samples, String>,
    pub(super) baseline: Option<Baseline>,
    pub(super) target: Target,
}

impl Figure {
    pub(super) fn new(what: &str, unit: Unit, samples: Samples) -> Self {
        Self {
            what: what.to_owned(),
            unit,
            measured: Ok(samples),
            baseline: None,
            target: Target::None,
        }
    }

    pub(super) fn not_available(what: &str, unit: Unit, why: String) -> Self {
        Self {
            measured: Err(why),
            ..Self::new(what, unit, Samples::default())
        }
    }

    pub(super) fn against(mut self, name: &str, samples: &Samples) -> Self {
        self.baseline = Some(Baseline {
            name: name.to_owned(),
            samples: samples.clone(),
        });
        self
    }

    pub(super) fn target(mut self, target: Target) -> Self {
        self.target = target;
        self
    }

    fn ratio(&self) -> Option<f64> {
        let own = self.measured.as_ref().ok()?.median();
        let other = self.baseline.as_ref()?.samples.median();
        (other > 0.0).then(|| own / other)
    }

    /// Whether the target was reached; none where there is none.
    pub(super) fn met(&self) -> Option<bool> {
        let samples = self.measured.as_ref();
        match self.target {
            Target::None => None,
            Target::Ratio(most) => Some(self.ratio().is_some_and(|ratio| ratio <= most)),
            Target::AtMost(most) => Some(samples.is_ok_and(|samples| samples.median() <= most)),
        }
    }

    fn row(&self) -> String {
        let measured = match &self.measured {
            Ok(samples) => show(samples, self.unit),
            Err(why) => format!("not available: {why}"),
        };
        let (name, baseline) = match &self.baseline {
            Some(baseline) => (baseline.name.as_str(), show(&baseline.samples, self.unit)),
            None => ("", String::new()),
        };
        let ratio = self
            .ratio()
            .map_or_else(String::new, |ratio| format!("{ratio:.2}"));
        let target = match self.target {
            Target::Ratio(most) => format!("ratio ≤ {most:.2}"),
            Target::AtMost(most) => format!("≤ {}", self.unit.show(most)),
            Target::None => String::new(),
        };
        let verdict = match (self.met(), &self.measured) {
            (None, _) => "",
            (Some(_), Err(_)) => "open",
            (Some(true), Ok(_)) => "met",
            (Some(false), Ok(_)) => "**missed**",
        };
        let cells = [
            self.what.as_str(),
            &measured,
            name,
            &baseline,
            &ratio,
            &target,
            verdict,
        ]
        .map(|cell| cell.replace('|', "\\|").replace('\n', " "));
        format!("| {} |", cells.join(" | "))
    }
}

impl Unit {
    fn show(self, value: f64) -> String {
        match self {
            Self::Seconds => format!("{value:.2} s"),
            Self::Millis => format!("{value:.2} ms"),
            Self::Mebibytes => format!("{value:.1} MB"),
            Self::Kibibytes => format!("{value:.1} KB"),
            Self::Count => format!("{value:.0}"),
            Self::Rate => format!("{value:.1}"),
        }
    }
}

/// The median, and between which values the others were.
fn show(samples: &Samples, unit: Unit) -> String {
    let median = unit.show(samples.median());
    if samples.count() < 2 {
        return median;
    }
    let (least, greatest) = (unit.show(samples.least()), unit.show(samples.greatest()));
    format!("{median} ({least} to {greatest}, n={})", samples.count())
}

/// The table, with a heading for each part.
pub(super) fn table(parts: &[(&str, Vec<Figure>)]) -> String {
    let mut text = String::new();
    for (part, figures) in parts {
        let lines = figures
            .iter()
            .map(Figure::row)
            .collect::<Vec<_>>()
            .join("\n");
        let written = write!(
            text,
            "### {part}\n\n\
             | What | Windlass | Baseline | Measured | Ratio | Target | |\n\
             |---|---|---|---|---|---|---|\n{lines}\n\n"
        );
        debug_assert!(written.is_ok(), "a string takes everything");
    }
    text
}

/// How many targets were met, missed, and could not be measured.
pub(super) fn verdicts(parts: &[(&str, Vec<Figure>)]) -> String {
    let (mut met, mut missed, mut open) = (0, 0, 0);
    for figure in parts.iter().flat_map(|(_, figures)| figures) {
        match (figure.met(), &figure.measured) {
            (None, _) => {}
            (Some(_), Err(_)) => open += 1,
            (Some(true), Ok(_)) => met += 1,
            (Some(false), Ok(_)) => missed += 1,
        }
    }
    format!("Targets: {met} met, {missed} missed, {open} not available.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(own: &[f64], other: &[f64], target: Target) -> Figure {
        Figure::new("Deploy", Unit::Seconds, Samples::of(own.iter().copied()))
            .against("compose", &Samples::of(other.iter().copied()))
            .target(target)
    }

    #[test]
    fn a_row_says_what_was_measured_and_whether_that_is_enough() {
        let check = |figure: Figure, expected: &str| assert_eq!(figure.row(), expected);
        check(
            figure(&[1.0, 2.0, 1.5], &[3.0], Target::Ratio(0.5)),
            "| Deploy | 1.50 s (1.00 s to 2.00 s, n=3) | compose | 3.00 s | 0.50 | ratio ≤ 0.50 | met |",
        );
        check(
            figure(&[2.0], &[3.0], Target::Ratio(0.5)),
            "| Deploy | 2.00 s | compose | 3.00 s | 0.67 | ratio ≤ 0.50 | **missed** |",
        );
        check(
            figure(&[2.0], &[3.0], Target::None),
            "| Deploy | 2.00 s | compose | 3.00 s | 0.67 |  |  |",
        );
        check(
            Figure::new("Idle", Unit::Mebibytes, Samples::one(41.26)).target(Target::AtMost(40.0)),
            "| Idle | 41.3 MB |  |  |  | ≤ 40.0 MB | **missed** |",
        );
        check(
            Figure::not_available("Again", Unit::Seconds, "a | b".to_owned())
                .target(Target::Ratio(0.1)),
            "| Again | not available: a \\| b |  |  |  | ratio ≤ 0.10 | open |",
        );
    }

    #[test]
    fn a_ratio_without_a_baseline_is_never_met() {
        let nothing = figure(&[1.0], &[], Target::Ratio(2.0));
        assert_eq!(nothing.met(), Some(false));
    }

    #[test]
    fn verdicts_are_counted() {
        let parts = [
            (
                "one",
                vec![
                    figure(&[1.0], &[2.0], Target::Ratio(0.6)),
                    figure(&[1.0], &[2.0], Target::Ratio(0.4)),
                    figure(&[1.0], &[2.0], Target::None),
                ],
            ),
            (
                "two",
                vec![
                    Figure::not_available("x", Unit::Count, String::new())
                        .target(Target::AtMost(0.0)),
                ],
            ),
        ];
        assert_eq!(
            verdicts(&parts),
            "Targets: 1 met, 1 missed, 1 not available."
        );
        assert_eq!(table(&parts).matches("### ").count(), 2);
    }
}
