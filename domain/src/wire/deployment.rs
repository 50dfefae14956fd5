//! Product deployments on the wire: the field names of the compatible API.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::health::HealthView;
use crate::deployment::{OperationMode, ProductStatus, StackStatus};
use crate::maintenance::TriggerSource;
use crate::plan::{ContainerState, Health};
use crate::timestamp::Timestamp;

const fn yes() -> bool {
    true
}

/// `POST /api/environments/{environmentId}/product-deployments`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeployProductRequest {
    /// From the catalog, such as `demo:Shop:1.0.0`.
    pub product_id: String,
    /// Prefix for the stacks' names; derived from the product's name where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment_name: Option<String>,
    /// One for each stack to deploy.
    pub stack_configs: Vec<StackConfig>,
    /// Values for every stack.
    #[serde(default)]
    pub shared_variables: BTreeMap<String, String>,
    /// The client's own id for following the operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Whether later stacks are deployed when one fails.
    #[serde(default = "yes")]
    pub continue_on_error: bool,
}

/// One stack of a deploy request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StackConfig {
    /// From the catalog.
    pub stack_id: String,
    /// Prefix of the stack's names on the engine; derived where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment_stack_name: Option<String>,
    /// Values for this stack only.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
}

/// The answer of every operation that was waited for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeployProductResponse {
    pub success: bool,
    pub message: String,
    pub product_deployment_id: String,
    pub operation_id: String,
    pub product_name: String,
    pub product_version: Option<String>,
    pub status: ProductStatus,
    pub session_id: String,
    pub stack_results: Vec<StackResult>,
}

/// One stack of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StackResult {
    pub stack_name: String,
    pub stack_display_name: String,
    pub success: bool,
    pub deployment_id: String,
    pub deployment_stack_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    pub service_count: usize,
    /// Whether an upgrade brought it; only said where it is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_new_in_upgrade: Option<bool>,
}

/// What a list shall show. Lives in the address of the list page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct DeploymentQuery {
    /// Part of a name, without case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search: Option<String>,
    /// Only this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<ProductStatus>,
    /// Order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<DeploymentSort>,
    /// From 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// 1 to 200; 50 where it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
}

/// Order of a list of deployments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum DeploymentSort {
    /// Newest first, as the compatible API has it.
    #[default]
    Newest,
    Oldest,
    Name,
    /// Failed, partial, in progress, running.
    WorstFirst,
}

/// `GET …/product-deployments`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeploymentList {
    pub success: bool,
    pub product_deployments: Vec<DeploymentListItem>,
    /// Of all pages.
    pub total: u64,
    pub page: u32,
    pub page_size: u32,
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeploymentListItem {
    pub product_deployment_id: String,
    pub product_group_id: String,
    pub product_name: String,
    pub product_display_name: String,
    pub product_version: Option<String>,
    pub deployment_name: String,
    pub status: ProductStatus,
    pub operation_mode: OperationMode,
    pub created_at: Timestamp,
    pub completed_at: Option<Timestamp>,
    pub error_message: Option<String>,
    pub total_stacks: u32,
    pub completed_stacks: u32,
    pub failed_stacks: u32,
    pub can_retry: bool,
    pub can_upgrade: bool,
    pub can_remove: bool,
    pub can_redeploy: bool,
    pub can_stop: bool,
    pub can_restart: bool,
    /// The operation that is changing it.
    pub active_operation_id: Option<String>,
    /// How its containers are; nothing of it comes from the status.
    pub health: HealthView,
}

/// `GET …/product-deployments/{id}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ProductDeploymentDetail {
    pub product_deployment_id: String,
    pub environment_id: String,
    pub product_group_id: String,
    pub product_id: String,
    pub product_name: String,
    pub product_display_name: String,
    pub product_version: Option<String>,
    pub deployment_name: String,
    pub status: ProductStatus,
    pub created_at: Timestamp,
    pub completed_at: Option<Timestamp>,
    pub error_message: Option<String>,
    pub continue_on_error: bool,
    pub total_stacks: u32,
    pub completed_stacks: u32,
    pub failed_stacks: u32,
    pub previous_version: Option<String>,
    pub last_upgraded_at: Option<Timestamp>,
    pub upgrade_count: u32,
    /// The release that it is at.
    pub release: u32,
    /// The version that is being rolled out, where it is another one.
    pub target_version: Option<String>,
    pub can_retry: bool,
    pub can_upgrade: bool,
    pub can_remove: bool,
    pub can_redeploy: bool,
    pub can_stop: bool,
    pub can_restart: bool,
    pub can_enter_maintenance: bool,
    pub can_exit_maintenance: bool,
    pub can_rollback: bool,
    pub operation_mode: OperationMode,
    pub maintenance_trigger: Option<MaintenanceTriggerView>,
    pub duration_seconds: Option<f64>,
    pub stacks: Vec<StackDetail>,
    /// Secret values are masked with a fingerprint.
    pub shared_variables: BTreeMap<String, String>,
    pub active_operation_id: Option<String>,
    /// The newest operation, running or not.
    pub last_operation_id: Option<String>,
    /// Who deployed it.
    pub deployed_by: String,
    /// How its containers are; nothing of it comes from the status.
    pub health: HealthView,
}

/// Who put a product into maintenance, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MaintenanceTriggerView {
    pub source: TriggerSource,
    pub reason: Option<String>,
    pub triggered_at_utc: Timestamp,
    pub triggered_by: Option<String>,
}

/// One stack of a deployment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StackDetail {
    pub stack_name: String,
    pub stack_display_name: String,
    pub stack_id: String,
    pub deployment_id: String,
    pub deployment_stack_name: String,
    pub status: StackStatus,
    pub started_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
    pub error_message: Option<String>,
    pub order: u32,
    pub service_count: usize,
    pub is_new_in_upgrade: bool,
    /// Names of the stacks of the product that come before it.
    pub depends_on: Vec<String>,
    /// How its containers are.
    pub health: HealthView,
    /// What the engine showed last; none while nobody knows.
    pub services: Option<Vec<ServiceState>>,
}

/// One container of a stack as the engine shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ServiceState {
    pub name: String,
    pub init: bool,
    pub image: String,
    pub container_name: String,
    /// None where the engine has no such container.
    pub container_id: Option<String>,
    pub state: Option<ContainerState>,
    /// What the engine's own check says.
    pub health: Health,
    pub exit_code: Option<i64>,
    /// How the service is, all its containers together.
    pub service_health: HealthView,
}
