//! What was measured as a table: nothing in it is a constant but the targets, and a missed target says so.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use anyhow::Context as _;

use super::samples::Samples;

const MET: &str = "met";
const MISSED: &str = "**missed**";

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
    pub(super) samples: Samples,
    pub(super) baseline: Option<Baseline>,
    pub(super) target: Target,
}

impl Figure {
    pub(super) fn new(what: &str, unit: Unit, samples: Samples) -> Self {
        Self {
            what: what.to_owned(),
            unit,
            samples,
            baseline: None,
            target: Target::None,
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
        let own = self.samples.median();
        let other = self.baseline.as_ref()?.samples.median();
        (other > 0.0).then(|| own / other)
    }

    /// Whether the target was reached; none where there is none.
    pub(super) fn met(&self) -> Option<bool> {
        match self.target {
            Target::None => None,
            Target::Ratio(most) => Some(self.ratio().is_some_and(|ratio| ratio <= most)),
            Target::AtMost(most) => Some(self.samples.median() <= most),
        }
    }

    fn row(&self) -> String {
        let measured = show(&self.samples, self.unit);
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
        let verdict = match self.met() {
            None => "",
            Some(true) => MET,
            Some(false) => MISSED,
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

/// One part: when it was measured, and its figures.
pub(super) fn section(title: &str, of: &str, figures: &[Figure]) -> String {
    let lines = figures
        .iter()
        .map(Figure::row)
        .collect::<Vec<_>>()
        .join("\n");
    format!(
        "### {title}\n\nMeasured {of}.\n\n\
         | What | Windlass | Baseline | Measured | Ratio | Target | |\n\
         |---|---|---|---|---|---|---|\n{lines}\n\n"
    )
}

/// The parts that were measured, now or before.
#[derive(Debug, Default)]
pub(super) struct Report(BTreeMap<String, String>);

impl Report {
    /// What an earlier run has written; nothing where there is no file.
    pub(super) fn read(file: &Path) -> anyhow::Result<Self> {
        match fs::read_to_string(file) {
            Ok(text) => Ok(Self::parse(&text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
        }
    }

    fn parse(text: &str) -> Self {
        let figures = text.split("\nTargets:").next().unwrap_or_default();
        let sections = figures.split("### ").skip(1).filter_map(|section| {
            let (title, _) = section.split_once('\n')?;
            Some((title.to_owned(), format!("### {}\n\n", section.trim_end())))
        });
        Self(sections.collect())
    }

    pub(super) fn put(&mut self, title: &str, section: String) {
        self.0.insert(title.to_owned(), section);
    }

    /// Those with these titles, in this order.
    pub(super) fn sections(&self, titles: &[&str]) -> String {
        let sections = titles.iter().filter_map(|title| self.0.get(*title));
        sections.map(String::as_str).collect()
    }

    /// How many targets were met and missed.
    pub(super) fn verdicts(&self) -> String {
        let count = |verdict: &str| -> usize {
            let sections = self.0.values();
            sections.map(|it| it.matches(verdict).count()).sum()
        };
        let (met, missed) = (count(&cell(MET)), count(&cell(MISSED)));
        format!("Targets: {met} met, {missed} missed.")
    }
}

fn cell(word: &str) -> String {
    format!("| {word} |\n")
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
    }

    #[test]
    fn a_ratio_without_a_baseline_is_never_met() {
        let nothing = figure(&[1.0], &[], Target::Ratio(2.0));
        assert_eq!(nothing.met(), Some(false));
    }

    #[test]
    fn parts_that_are_not_measured_again_stay() {
        let one = [
            figure(&[1.0], &[2.0], Target::Ratio(0.6)),
            figure(&[1.0], &[2.0], Target::Ratio(0.4)),
            figure(&[1.0], &[2.0], Target::None),
        ];
        let two = [figure(&[9.0], &[], Target::AtMost(8.0))];
        let mut report = Report::default();
        report.put("One", section("One", "today of 1", &one));
        report.put("Two", section("Two", "today of 1", &two));
        assert_eq!(report.verdicts(), "Targets: 1 met, 2 missed.");

        let written = format!(
            "# Measured\n\n{}{}\n\n### How\n",
            report.sections(&["Two", "One"]),
            report.verdicts()
        );
        let mut again = Report::parse(&written);
        assert_eq!(again.0, report.0);
        again.put("Two", section("Two", "tomorrow of 2", &[]));
        assert_eq!(again.verdicts(), "Targets: 1 met, 1 missed.");
        let sections = again.sections(&["One", "Two", "Three"]);
        assert!(
            sections.contains("Measured today of 1.")
                && sections.contains("Measured tomorrow of 2.")
        );
    }
}
