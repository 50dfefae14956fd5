//! Deployed products as recorded: whole, so that a source that vanishes changes nothing.

use serde::{Deserialize, Serialize};

use super::status::{ProductStatus, StackStatus};
use crate::access::Actor;
use crate::id::{DeploymentId, EnvironmentId, StackDeploymentId};
use crate::product::Product;
use crate::timestamp::Timestamp;
use crate::variable::Values;

/// Whether a product serves or is being worked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum OperationMode {
    #[default]
    Normal,
    Maintenance,
}

impl OperationMode {
    /// The wire and stored form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Maintenance => "Maintenance",
        }
    }

    /// Reads the stored form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Normal, Self::Maintenance]
            .into_iter()
            .find(|mode| mode.as_str() == text)
    }
}

/// One product in one environment.
#[derive(Debug, Clone, PartialEq)]
pub struct ProductDeployment {
    pub id: DeploymentId,
    pub environment_id: EnvironmentId,
    pub deployment_name: String,
    pub status: ProductStatus,
    pub operation_mode: OperationMode,
    pub deployed_by: Actor,
    pub created_at: Timestamp,
    pub completed_at: Option<Timestamp>,
    pub error_message: Option<String>,
    pub continue_on_error: bool,
    pub previous_version: Option<String>,
    pub last_upgraded_at: Option<Timestamp>,
    pub upgrade_count: u32,
    /// As given by the caller; secrets included.
    pub shared_values: Values,
    /// The product as it was when it was deployed.
    pub product: Product,
    /// In manifest order.
    pub stacks: Vec<StackDeployment>,
}

/// One stack of a deployed product.
#[derive(Debug, Clone, PartialEq)]
pub struct StackDeployment {
    pub id: StackDeploymentId,
    /// [`crate::product::StackTemplate::name`].
    pub stack_name: String,
    /// Prefix of the stack's names on the engine.
    pub deployment_stack_name: String,
    pub status: StackStatus,
    /// From 0, in manifest order.
    pub order: u32,
    pub started_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
    pub error_message: Option<String>,
    pub is_new_in_upgrade: bool,
    /// The three tiers resolved at the time of the request; secrets included.
    pub values: Values,
}
