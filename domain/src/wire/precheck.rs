//! Prechecks on the wire: what would stand in the way of a deployment. Nothing was begun, nothing is promised.

use serde::{Deserialize, Serialize};

/// `POST …/product-deployments/precheck`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PrecheckResult {
    /// Whether nothing stands in the way.
    pub can_deploy: bool,
    pub has_errors: bool,
    pub has_warnings: bool,
    /// One sentence.
    pub summary: String,
    /// One for each stack of the request.
    pub stacks: Vec<StackPrecheck>,
}

impl PrecheckResult {
    /// Of its stacks.
    #[must_use]
    pub fn of(stacks: Vec<StackPrecheck>) -> Self {
        let count = |bad: fn(&StackPrecheck) -> bool| stacks.iter().filter(|it| bad(it)).count();
        let errors = count(|stack| stack.has_errors);
        let warnings = count(|stack| stack.has_warnings);
        Self {
            can_deploy: errors == 0,
            has_errors: errors > 0,
            has_warnings: warnings > 0,
            summary: match (errors, warnings) {
                (0, 0) => format!("All checks passed for {} stack(s)", stacks.len()),
                (0, _) => format!("All checks passed with warnings in {warnings} stack(s)"),
                _ => format!("{errors} stack(s) have errors — deployment blocked"),
            },
            stacks,
        }
    }
}

/// What was found about one stack; also the answer of `POST …/stacks/{stackId}/precheck`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StackPrecheck {
    /// As in the request.
    pub stack_id: String,
    pub stack_name: String,
    pub can_deploy: bool,
    pub has_errors: bool,
    pub has_warnings: bool,
    /// One sentence.
    pub summary: String,
    pub checks: Vec<PrecheckFinding>,
}

impl StackPrecheck {
    /// Of its findings.
    #[must_use]
    pub fn of(stack_id: String, stack_name: String, checks: Vec<PrecheckFinding>) -> Self {
        let count = |severity| {
            let fits = |check: &&PrecheckFinding| check.severity == severity;
            checks.iter().filter(fits).count()
        };
        let errors = count(PrecheckSeverity::Error);
        let warnings = count(PrecheckSeverity::Warning);
        Self {
            stack_id,
            stack_name,
            can_deploy: errors == 0,
            has_errors: errors > 0,
            has_warnings: warnings > 0,
            summary: match (errors, warnings) {
                (0, 0) => "All checks passed".to_owned(),
                (0, _) => format!("All checks passed with {warnings} warning(s)"),
                _ => format!("{errors} check(s) failed — deployment blocked"),
            },
            checks,
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PrecheckFinding {
    pub rule: PrecheckRule,
    pub severity: PrecheckSeverity,
    /// In a few words.
    pub title: String,
    /// What is so, and the way out where it is wrong.
    pub detail: String,
    /// None where it is about the whole stack.
    pub service_name: Option<String>,
}

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum PrecheckRule {
    /// The catalog has the product.
    Product,
    /// The product has the stack, and it can be rendered.
    StackDefinition,
    VariableValidation,
    ExistingDeployment,
    ImageAvailability,
    PortConflict,
    NetworkAvailability,
    VolumeStatus,
    /// It could not be looked at.
    PrecheckExecution,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum PrecheckSeverity {
    Ok,
    Warning,
    Error,
}
