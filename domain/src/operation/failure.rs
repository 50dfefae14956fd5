//! Why a step failed, with the evidence that a person needs at three in the morning.

use serde::{Deserialize, Serialize};

/// Most log lines kept as evidence.
pub const MAX_EVIDENCE_LINES: usize = 50;

/// Why a step was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// The cause in one sentence.
    pub message: String,
    /// The likely fix in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Of the container, where it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i64>,
    /// The container's last lines, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log_lines: Vec<String>,
    /// Output of the last health check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_output: Option<String>,
}

impl Failure {
    /// A failure with nothing but its sentence.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            exit_code: None,
            log_lines: Vec::new(),
            health_output: None,
        }
    }

    /// The same with a likely fix.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
