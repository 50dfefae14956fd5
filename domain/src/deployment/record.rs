//! Deployed products as recorded: whole, so that a source that vanishes changes nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::status::{ProductStatus, StackStatus};
use crate::access::Actor;
use crate::id::{DeploymentId, EnvironmentId, StackDeploymentId};
use crate::maintenance::MaintenanceTrigger;
use crate::product::{Product, StackTemplate};
use crate::release::{Release, ReleaseImage, ReleaseNumber};
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
    /// Who put it into maintenance; none where it is not.
    pub maintenance: Option<MaintenanceTrigger>,
    /// The release that it is at; its contents are below.
    pub release: ReleaseNumber,
    /// As given by the caller; secrets included.
    pub shared_values: Values,
    /// The product as it was when it was deployed.
    pub product: Product,
    /// What the references of images meant, by reference.
    pub images: BTreeMap<String, ReleaseImage>,
    /// Other releases that stacks are at: after an operation that only part of the product came through.
    pub others: Vec<Release>,
    /// In manifest order.
    pub stacks: Vec<StackDeployment>,
}

impl ProductDeployment {
    /// The stack as the release that it is at describes it; none where that release does not have it.
    #[must_use]
    pub fn template(&self, stack: &StackDeployment) -> Option<&StackTemplate> {
        let other = self.others.iter().find(|it| it.number == stack.release);
        let product = other.map_or(&self.product, |release| &release.product);
        product.stack(&stack.stack_name)
    }

    /// References of the stack's images to what is run instead of them.
    #[must_use]
    pub fn pins(&self, stack: &StackDeployment) -> BTreeMap<String, String> {
        let other = self.others.iter().find(|it| it.number == stack.release);
        let images = other.map_or(&self.images, |release| &release.images);
        images
            .iter()
            .filter_map(|(reference, image)| Some((reference.clone(), image.pinned.clone()?)))
            .collect()
    }
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
    /// The release that its containers were made from; 0 before there are any.
    pub release: ReleaseNumber,
    /// The three tiers resolved at the time of that release's request; secrets included.
    pub values: Values,
}
