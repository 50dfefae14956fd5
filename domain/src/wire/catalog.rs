//! The catalog on the wire.

use serde::{Deserialize, Serialize};

use crate::product::Problem;
use crate::timestamp::Timestamp;
use crate::variable::Variable;

/// What the catalog page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct CatalogView {
    /// The newest version of each product.
    pub products: Vec<ProductSummary>,
    /// What is wrong in the sources.
    pub problems: Vec<SourceProblem>,
    /// Names of the sources.
    pub sources: Vec<String>,
}

/// A problem with the source that it was found in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SourceProblem {
    pub source_id: String,
    #[serde(flatten)]
    pub problem: Problem,
}

/// One source in `GET /api/stack-sources`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StackSourceView {
    pub id: String,
    pub name: String,
    /// `LocalDirectory`, the only type for now.
    #[serde(rename = "type")]
    pub kind: String,
    pub enabled: bool,
    pub last_synced_at: Timestamp,
    pub details: StackSourceDetails,
    /// Products that were read from it, each of their versions.
    pub products: usize,
    /// Files of it that cannot be used, and what has no effect in others.
    pub problems: usize,
}

/// Where a source is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StackSourceDetails {
    /// The folder on the server's machine.
    pub path: String,
}

/// `POST /api/stack-sources/sync`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct SyncResult {
    /// Whether every file could be used.
    pub success: bool,
    pub stacks_loaded: usize,
    pub sources_synced: usize,
    /// Files that are not used, each with its place, the reason and the way out.
    pub errors: Vec<String>,
    /// What has no effect in files that are used.
    pub warnings: Vec<String>,
}

/// One product in `GET /api/products`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProductSummary {
    pub id: String,
    pub group_id: String,
    pub source_id: String,
    pub source_name: String,
    /// The display name.
    pub name: String,
    pub description: String,
    pub version: Option<String>,
    pub category: Option<String>,
    pub tags: Vec<String>,
    pub is_multi_stack: bool,
    pub total_services: usize,
    pub total_variables: usize,
    pub stacks: Vec<StackSummary>,
    pub last_synced_at: Timestamp,
}

/// One stack of a product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StackSummary {
    pub id: String,
    pub name: String,
    pub display_name: String,
    pub description: String,
    pub depends_on: Vec<String>,
    pub services: Vec<ServiceView>,
    /// Own and shared ones, as the stack sees them.
    pub variables: Vec<VariableView>,
}

/// One service of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ServiceView {
    pub name: String,
    pub image: String,
    pub init: bool,
    pub depends_on: Vec<String>,
    pub ports: Vec<String>,
}

/// A variable as the forms and the API show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct VariableView {
    #[serde(flatten)]
    pub variable: Variable,
    pub default_value: Option<String>,
    pub is_required: bool,
    /// Whether it is declared for the whole product, or by two or more stacks.
    pub shared: bool,
}

impl VariableView {
    /// The view of a declared variable.
    #[must_use]
    pub fn new(variable: &Variable, shared: bool) -> Self {
        Self {
            default_value: variable.default.clone(),
            is_required: variable.required,
            shared,
            variable: variable.clone(),
        }
    }
}

/// `GET /api/products/{id}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProductDetail {
    #[serde(flatten)]
    pub summary: ProductSummary,
    pub documentation: Option<String>,
    pub release_notes_url: Option<String>,
    /// Markdown.
    pub changelog: Option<String>,
    /// Newest first.
    pub available_versions: Vec<ProductVersion>,
    pub warnings: Vec<Problem>,
}

/// One version of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProductVersion {
    pub version: Option<String>,
    pub product_id: String,
    pub default_stack_id: String,
    pub is_current: bool,
}
