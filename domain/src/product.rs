//! What can be deployed: a product of stacks, as a catalog source describes it, before any variable has a value.
//!
//! A [`Product`] is recorded whole with every deployment, so a source that vanishes changes nothing for what runs.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::variable::{Variable, effective};

/// A product with its stacks; one version of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    /// `source:name:version`, or `source:name` where there is no version.
    pub id: String,
    /// The product without its version: the manifest's own id, or `source:name`.
    pub group_id: String,
    /// The catalog source that it was read from.
    pub source_id: String,
    /// As written in the manifest; spaces and case are kept.
    pub name: String,
    /// What people see; the name unless the manifest says otherwise.
    pub display_name: String,
    /// One paragraph, or empty.
    pub description: String,
    /// As written; ordered as SemVer where it is SemVer.
    pub version: Option<String>,
    /// Free text for grouping in the catalog.
    pub category: Option<String>,
    /// Free words for search.
    pub tags: Vec<String>,
    /// Address of a picture.
    pub icon: Option<String>,
    /// Address of the documentation.
    pub documentation: Option<String>,
    /// Address of the release notes; `changelog` wins over it.
    pub release_notes_url: Option<String>,
    /// Text of the `CHANGELOG.md` beside the manifest.
    pub changelog: Option<String>,
    /// Variables that every stack gets.
    pub shared_variables: Vec<Variable>,
    /// In manifest order; never empty.
    pub stacks: Vec<StackTemplate>,
    /// How stacks follow each other.
    pub order: StackOrder,
    /// What happens to stacks already done when a later one fails.
    pub on_failure: OnFailure,
    /// The manifest's `maintenance` section as written (observer, setter), uninterpreted here.
    pub maintenance: Option<Value>,
    /// The manifest's path below its source, for messages.
    pub path: String,
    /// What the author should know: unknown keys, fields without effect. Never an error.
    pub warnings: Vec<Problem>,
}

impl Product {
    /// The stack with this id or, for callers that send one, this name.
    #[must_use]
    pub fn stack(&self, id_or_name: &str) -> Option<&StackTemplate> {
        self.stacks
            .iter()
            .find(|stack| stack.id == id_or_name)
            .or_else(|| self.stacks.iter().find(|stack| stack.name == id_or_name))
    }

    /// The variables of one stack: the shared ones and its own, its own winning.
    #[must_use]
    pub fn variables_of(&self, stack: &StackTemplate) -> Vec<Variable> {
        effective(&self.shared_variables, &stack.variables)
    }

    /// Services of all stacks.
    #[must_use]
    pub fn service_count(&self) -> usize {
        self.stacks.iter().map(|stack| stack.services.len()).sum()
    }
}

/// How stacks follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StackOrder {
    /// One after the other, in manifest order.
    Sequential,
    /// By `depends_on`; what does not depend on each other runs side by side.
    Graph,
}

/// What happens to stacks already done when a later one fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum OnFailure {
    /// They stay at the new version.
    #[default]
    Keep,
    /// They go back too.
    Rollback,
    /// The operation waits for the operator.
    Pause,
}

/// One stack before interpolation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StackTemplate {
    /// `source:product:stack:version`, or three parts where there is no version.
    pub id: String,
    /// Unique in the product.
    pub name: String,
    /// What people see.
    pub display_name: String,
    /// One paragraph, or empty.
    pub description: String,
    /// Names of stacks that must be done before; only with [`StackOrder::Graph`].
    pub depends_on: Vec<String>,
    /// The stack's own variables; one of the same name in the product's shared ones is overridden by it.
    pub variables: Vec<Variable>,
    /// The Compose model as data (`services`, `networks`, `volumes`, `configs`, `secrets`), with `${…}` untouched.
    /// RSGO manifests are translated into it when they are read.
    pub compose: Value,
    /// Text of the files that `configs`, `secrets`, `env_file` and `label_file` name, by their path below the source, which is how `compose`
    /// names them, too: recorded, so that a deployment does not need its source any more.
    pub files: BTreeMap<String, String>,
    /// Active Compose profiles.
    pub profiles: Vec<String>,
    /// What the catalog shows of the services.
    pub services: Vec<ServiceSummary>,
}

/// What the catalog shows of a service before variables have values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceSummary {
    /// Unique in the stack.
    pub name: String,
    /// As written, `${…}` and all.
    pub image: String,
    /// Whether it runs to completion before the services start.
    pub init: bool,
    /// Names of services it waits for.
    pub depends_on: Vec<String>,
    /// Published ports as written.
    pub ports: Vec<String>,
}

/// How bad a [`Problem`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// The file is used; something in it has no effect.
    Warning,
    /// The file is not used.
    Error,
}

/// Something wrong in a file of a source, with the place and the way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "CatalogProblem"))]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Warning or error.
    pub severity: Severity,
    /// Path below the source.
    pub file: String,
    /// 1-based; absent where the whole file is meant.
    pub line: Option<u32>,
    /// 1-based, in characters.
    pub column: Option<u32>,
    /// Path inside the document, such as `services.web.ports[0]`; empty for the whole.
    pub field: String,
    /// What is wrong, as a sentence.
    pub message: String,
    /// The way out, as a sentence, where there is one.
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
        }
        if !self.field.is_empty() {
            write!(f, ": {}", self.field)?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, " {hint}")?;
        }
        Ok(())
    }
}
