//! The values of a deployed product on the wire.

use serde::{Deserialize, Serialize};

use super::StackSummary;

/// `GET …/{id}/configuration`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ConfigurationView {
    pub success: bool,
    /// The version that this is about.
    pub product_id: String,
    pub product_name: String,
    pub product_version: Option<String>,
    /// In the order of the manifest.
    pub stacks: Vec<StackConfiguration>,
    /// Variables that have a value now and that this version does not know any more.
    pub removed_variables: Vec<String>,
}

/// One stack of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StackConfiguration {
    /// The `defaultValue` of each variable is what holds where nothing is given; of a secret it is empty. `shared` is false where
    /// stacks have different values.
    #[serde(flatten)]
    pub stack: StackSummary,
    pub deployment_stack_name: String,
    /// Whether it is not deployed yet.
    pub is_new: bool,
    /// Variables whose value was given before, and stays.
    pub kept_variables: Vec<String>,
    /// Variables that the deployed version does not have.
    pub new_variables: Vec<String>,
}
