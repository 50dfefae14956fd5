//! Releases on the wire, what differs between two of them, and what can be upgraded to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::release::{ReleaseImage, ReleaseResult};
use crate::timestamp::Timestamp;

/// `GET …/{id}/releases`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReleaseList {
    pub success: bool,
    /// The newest first.
    pub releases: Vec<ReleaseView>,
    /// Of all pages.
    pub total: u64,
    pub page: u32,
    pub page_size: u32,
}

/// One release in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReleaseView {
    /// From 1 within the deployment.
    pub number: u32,
    pub product_id: String,
    pub version: Option<String>,
    pub result: ReleaseResult,
    pub message: Option<String>,
    /// The release whose contents it has.
    pub rollback_of: Option<u32>,
    /// Whether the product is at it.
    pub is_current: bool,
    pub can_roll_back_to: bool,
    pub operation_id: Option<String>,
    pub created_by: String,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

/// `GET …/{id}/releases/{number}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReleaseDetail {
    #[serde(flatten)]
    pub release: ReleaseView,
    /// What the references of images meant.
    pub images: BTreeMap<String, ReleaseImage>,
    pub stacks: Vec<ReleaseStackView>,
    /// Secret values are masked with a fingerprint.
    pub shared_variables: BTreeMap<String, String>,
}

/// One stack of a release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReleaseStackView {
    pub stack_name: String,
    pub deployment_stack_name: String,
    /// Secret values are masked with a fingerprint.
    pub variables: BTreeMap<String, String>,
    /// Names of its services with their images.
    pub services: BTreeMap<String, String>,
}

/// `GET …/{id}/releases/diff?from=1&to=2`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReleaseDiff {
    pub from: u32,
    pub to: u32,
    pub from_version: Option<String>,
    pub to_version: Option<String>,
    /// What differs, in the order of the stacks.
    pub differences: Vec<Difference>,
}

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    pub stack: String,
    /// None where it is about the whole stack.
    pub service: Option<String>,
    /// Such as `image`, `environment.LOG_LEVEL`, `ports[0].published`; empty where all of it came or went.
    pub field: String,
    /// None where it is new. A secret is masked.
    pub from: Option<String>,
    /// None where it is gone. A secret is masked.
    pub to: Option<String>,
}

/// `GET …/{id}/upgrade/check`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct UpgradeCheck {
    pub success: bool,
    pub message: String,
    pub upgrade_available: bool,
    pub current_version: Option<String>,
    pub latest_version: Option<String>,
    pub latest_product_id: Option<String>,
    pub latest_release_notes_url: Option<String>,
    pub latest_has_release_notes: bool,
    /// The newest first; none where there is none.
    pub available_versions: Option<Vec<AvailableVersion>>,
    /// Stacks that the newest version has in addition.
    pub new_stacks: Option<Vec<String>>,
    /// Stacks that it does not have any more.
    pub removed_stacks: Option<Vec<String>>,
    pub can_upgrade: bool,
    pub cannot_upgrade_reason: Option<String>,
}

/// A version that can be upgraded to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AvailableVersion {
    pub version: Option<String>,
    pub product_id: String,
    pub source_id: String,
    pub stack_count: usize,
    pub release_notes_url: Option<String>,
    pub has_release_notes: bool,
}

/// `GET …/{id}/release-notes?version=1.1.0`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ReleaseNotes {
    pub success: bool,
    pub message: String,
    pub mode: NotesMode,
    /// Markdown.
    pub content: Option<String>,
    pub url: Option<String>,
    pub version: String,
}

/// Where release notes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum NotesMode {
    Markdown,
    Url,
    None,
}
