//! Counts what every test runner says, so that the last line of a run tells the whole.

use std::fmt;

use anyhow::Context as _;
use serde_json::Value;

/// Passed and failed tests of any number of runners.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Totals {
    /// Counts a summary line of a Rust test program; other lines count nothing.
    pub(crate) fn read_rust_line(&mut self, line: &str) {
        let Some(summary) = line.trim().strip_prefix("test result: ") else {
            return;
        };
        for part in summary.split(['.', ';']) {
            if let Some((number, what)) = part.trim().split_once(' ')
                && let Ok(number) = number.parse::<u64>()
            {
                match what {
                    "passed" => self.passed += number,
                    "failed" => self.failed += number,
                    _ => {}
                }
            }
        }
    }

    /// Counts Playwright's report in JSON. A test that passed only the second time has failed.
    pub(crate) fn read_browser_report(&mut self, report: &str) -> anyhow::Result<()> {
        let report: Value = serde_json::from_str(report).context("the report is not JSON")?;
        let count = |name: &str| {
            report["stats"][name]
                .as_u64()
                .with_context(|| format!("the report lacks `{name}`"))
        };
        let errors = report["errors"]
            .as_array()
            .map_or(0, |errors| errors.len() as u64);
        self.passed += count("expected")?;
        self.failed += count("unexpected")? + count("flaky")? + errors;
        Ok(())
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} passed, {} failed", self.passed, self.failed)
    }
}

#[cfg(test)]
mod tests {
    use super::Totals;

    fn check(line: &str, passed: u64, failed: u64) {
        let mut totals = Totals::default();
        totals.read_rust_line(line);
        assert_eq!(totals, Totals { passed, failed }, "{line}");
    }

    #[test]
    fn summaries_of_rust_tests_are_counted() {
        check(
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; \
             finished in 0.00s",
            12,
            0,
        );
        check(
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured",
            3,
            2,
        );
        check("test a::b ... ok", 0, 0);
        check("5 passed; 5 failed", 0, 0);
    }

    #[test]
    fn reports_of_browser_tests_are_counted() {
        let mut totals = Totals::default();
        let report = r#"{"stats":{"expected":4,"unexpected":1,"flaky":1,"skipped":9},"errors":[]}"#;
        totals.read_browser_report(report).unwrap();
        assert_eq!(totals.to_string(), "4 passed, 2 failed");
        assert!(totals.read_browser_report("{}").is_err());
    }
}
