//! What the doctor says: findings, what was checked, and what was not looked at; for people as text, for programs as JSON.

use std::fmt;

use serde::Serialize;

/// Findings that are kept; the rest is counted.
const MAX_FINDINGS: usize = 1000;
/// Entries about what was not looked at that are kept; the rest is counted.
const MAX_NOT_LOOKED_AT: usize = 1000;

/// What must always hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// At most one operation works on a product in an environment.
    OneActiveOperation,
    /// At most one container for each product, stack, service, replica and generation.
    OneContainer,
    /// Events of an operation have the numbers 1, 2, 3, … and its row knows the last one.
    EventsWithoutGaps,
    /// What has ended has ended: nothing runs, owns or follows it, and its deployment is at rest.
    FinalIsFinal,
    /// What is recorded as running runs as recorded, and what is recorded as not begun is not there.
    EngineMatchesRecord,
    /// Everything with our labels is known to the record.
    NothingUnknown,
}

impl Rule {
    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OneActiveOperation => "one_active_operation",
            Self::OneContainer => "one_container",
            Self::EventsWithoutGaps => "events_without_gaps",
            Self::FinalIsFinal => "final_is_final",
            Self::EngineMatchesRecord => "engine_matches_record",
            Self::NothingUnknown => "nothing_unknown",
        }
    }
}

/// One thing that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub rule: Rule,
    /// `operation 018f…`, `container shop-web_app`, ….
    pub subject: String,
    /// What was found, one sentence.
    pub message: String,
    /// What to do about it.
    pub advice: &'static str,
}

/// Why something was not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Its engine cannot be asked.
    Engine,
    /// An operation works on it.
    Active,
}

/// Something that was not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotLookedAt {
    pub reason: Reason,
    /// `engine of environment 'local'`, `product demo.shop in environment 'local'`.
    pub subject: String,
    pub message: String,
}

/// How much was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    pub operations: usize,
    /// Of the operations.
    pub active_operations: usize,
    pub events: usize,
    /// Neither removed nor superseded.
    pub deployments: usize,
    pub environments: usize,
    /// Engines that answered.
    pub engines: usize,
    /// With labels of an environment of this store; so are the other two.
    pub containers: usize,
    pub networks: usize,
    pub volumes: usize,
    /// Objects with labels of environments that this store does not know.
    pub of_another_windlass: usize,
}

/// Everything that the doctor says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub findings: Vec<Finding>,
    /// Findings beyond the first 1000.
    pub more_findings: usize,
    pub not_looked_at: Vec<NotLookedAt>,
    /// Entries beyond the first 1000.
    pub more_not_looked_at: usize,
    pub checked: Checked,
}

impl Report {
    /// Whether something does not hold.
    #[must_use]
    pub fn has_findings(&self) -> bool {
        !self.findings.is_empty()
    }

    /// Whether an engine could not be asked. That a product is being worked on is no trouble.
    #[must_use]
    pub fn is_partial(&self) -> bool {
        self.not_looked_at
            .iter()
            .any(|each| each.reason == Reason::Engine)
    }

    pub(super) fn add(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            if self.findings.len() < MAX_FINDINGS {
                self.findings.push(finding);
            } else {
                self.more_findings += 1;
            }
        }
    }

    pub(super) fn not_looked_at(&mut self, reason: Reason, subject: String, message: String) {
        // Engines are few, and never cut.
        if reason == Reason::Active && self.not_looked_at.len() >= MAX_NOT_LOOKED_AT {
            self.more_not_looked_at += 1;
            return;
        }
        self.not_looked_at.push(NotLookedAt {
            reason,
            subject,
            message,
        });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let checked = &self.checked;
        writeln!(
            f,
            "Checked in the record: {} ({} active) with {}, {} in {}.",
            counted(checked.operations, "operation"),
            checked.active_operations,
            counted(checked.events, "event"),
            counted(checked.deployments, "deployment"),
            counted(checked.environments, "environment"),
        )?;
        writeln!(
            f,
            "Checked on {}: {}, {}, {} of these environments.",
            counted(checked.engines, "engine"),
            counted(checked.containers, "container"),
            counted(checked.networks, "network"),
            counted(checked.volumes, "volume"),
        )?;
        if checked.of_another_windlass > 0 {
            writeln!(
                f,
                "Passed over: {} of another Windlass.",
                counted(checked.of_another_windlass, "object")
            )?;
        }
        for NotLookedAt {
            subject, message, ..
        } in &self.not_looked_at
        {
            writeln!(f, "Not looked at: {subject}: {message}.")?;
        }
        if self.more_not_looked_at > 0 {
            writeln!(f, "Not looked at: {} more.", self.more_not_looked_at)?;
        }
        for finding in &self.findings {
            writeln!(
                f,
                "\n{}: {}\n  {}\n  What to do: {}",
                finding.rule.as_str(),
                finding.subject,
                finding.message,
                finding.advice
            )?;
        }
        if self.more_findings > 0 {
            writeln!(f, "\nand {} more findings", self.more_findings)?;
        }
        match self.findings.len() + self.more_findings {
            0 if self.is_partial() => write!(f, "Nothing was found in what could be looked at."),
            0 => write!(f, "Nothing was found."),
            all => write!(f, "\n{}.", counted(all, "finding")),
        }
    }
}

fn counted(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}
