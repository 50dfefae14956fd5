//! Health on the wire: the field names of the compatible API, and what Windlass says besides.

use serde::{Deserialize, Serialize};

use super::deployment::ServiceState;
use crate::deployment::OperationMode;
use crate::health::{HealthSource, HealthStatus, Wanted};
use crate::timestamp::Timestamp;

/// How a product, a stack or a service is, since when, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HealthView {
    pub status: HealthStatus,
    /// One sentence.
    pub reason: String,
    /// When it was first seen so; none while nobody has looked.
    pub since: Option<Timestamp>,
    /// When the engine was looked at last.
    pub observed_at: Option<Timestamp>,
    /// What made somebody look then.
    pub source: HealthSource,
    pub healthy_services: u32,
    pub total_services: u32,
    /// Whether it should run at all.
    pub wanted: Wanted,
    /// Whether an operation works on it: then nothing here is an alarm.
    pub operation_active: bool,
}

/// The health of one deployed product with all its parts: what a change is told as.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeploymentHealth {
    pub product_deployment_id: String,
    pub health: HealthView,
    pub stacks: Vec<StackHealthPart>,
}

/// One stack of a [`DeploymentHealth`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StackHealthPart {
    pub deployment_id: String,
    pub stack_name: String,
    pub health: HealthView,
    /// None while nobody knows.
    pub services: Option<Vec<ServiceState>>,
}

/// One frame of the live feed: the first one has everything, the following what changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HealthFrame {
    pub environment_id: String,
    /// Whether `deployments` has all there are.
    pub complete: bool,
    /// When the engine was looked at last, changed or not.
    pub observed_at: Option<Timestamp>,
    pub source: HealthSource,
    /// Whether the engine answers.
    pub engine_answers: bool,
    pub deployments: Vec<DeploymentHealth>,
    /// Ids of product deployments that are no more.
    pub gone: Vec<String>,
}

/// `GET /api/health/{environmentId}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentHealthResponse {
    pub success: bool,
    pub message: Option<String>,
    pub data: EnvironmentHealthSummary,
}

/// All stacks of an environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentHealthSummary {
    pub environment_id: String,
    pub environment_name: String,
    pub total_stacks: u32,
    /// Healthy, or running without a check.
    pub healthy_count: u32,
    pub degraded_count: u32,
    /// Unhealthy, or not there.
    pub unhealthy_count: u32,
    pub unknown_count: u32,
    /// When the engine was looked at last.
    pub observed_at_utc: Option<Timestamp>,
    pub stacks: Vec<StackHealthSummary>,
}

/// One stack of a summary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StackHealthSummary {
    pub deployment_id: String,
    pub stack_name: String,
    pub current_version: Option<String>,
    pub overall_status: HealthStatus,
    pub operation_mode: OperationMode,
    pub healthy_services: u32,
    pub total_services: u32,
    pub status_message: String,
    pub requires_attention: bool,
    pub captured_at_utc: Option<Timestamp>,
    pub product_deployment_id: String,
    pub product_display_name: String,
    /// Whether it should run at all.
    pub wanted: Wanted,
    /// Whether an operation works on it: then nothing here is an alarm.
    pub operation_active: bool,
}

/// `GET /api/health/{environmentId}/deployments/{deploymentId}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StackHealthResponse {
    pub success: bool,
    pub message: Option<String>,
    pub data: StackHealthDetail,
}

/// A stack, or a whole product in the shape of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StackHealthDetail {
    /// As asked for: of a product deployment, or of one of its stacks.
    pub deployment_id: String,
    pub environment_id: String,
    pub stack_name: String,
    pub current_version: Option<String>,
    pub target_version: Option<String>,
    pub overall_status: HealthStatus,
    pub operation_mode: OperationMode,
    pub healthy_services: u32,
    pub total_services: u32,
    pub status_message: String,
    /// Something is wrong, and no operation works on it.
    pub requires_attention: bool,
    pub captured_at_utc: Option<Timestamp>,
    /// When it was first seen so.
    pub since_utc: Option<Timestamp>,
    pub source: HealthSource,
    pub operation_active: bool,
    #[serde(rename = "self")]
    pub own: ServicesHealth,
    pub product_deployment_id: String,
    pub product_display_name: String,
}

/// The services of a [`StackHealthDetail`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ServicesHealth {
    pub status: HealthStatus,
    pub healthy_count: u32,
    pub total_count: u32,
    pub services: Vec<ServiceHealthView>,
}

/// `GET …/services/{serviceName}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ServiceHealthResponse {
    pub success: bool,
    pub message: Option<String>,
    pub data: ServiceHealthView,
}

/// One service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ServiceHealthView {
    pub name: String,
    /// The stack that it belongs to.
    pub stack_name: String,
    pub status: HealthStatus,
    /// Of its first container.
    pub container_id: Option<String>,
    pub container_name: Option<String>,
    pub reason: String,
    pub since_utc: Option<Timestamp>,
    pub captured_at_utc: Option<Timestamp>,
}

/// `GET /api/health/deployments/{deploymentId}/history` and `…/transitions`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HealthTransitionList {
    pub success: bool,
    pub message: Option<String>,
    /// The newest first.
    pub data: Vec<HealthTransitionView>,
}

/// A status that changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HealthTransitionView {
    /// None where it is the whole product's.
    pub stack_name: Option<String>,
    /// None where it is the whole stack's or product's.
    pub service_name: Option<String>,
    /// None where nothing was known before.
    pub from_status: Option<HealthStatus>,
    pub to_status: HealthStatus,
    pub reason: String,
    pub source: HealthSource,
    /// Whether an operation worked on it then.
    pub operation_active: bool,
    pub healthy_services: u32,
    pub total_services: u32,
    pub at_utc: Timestamp,
}

/// `GET /api/health/deployments/{deploymentId}/timeline`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HealthTimelineResponse {
    pub success: bool,
    pub message: Option<String>,
    pub data: HealthTimeline,
}

/// How a deployed product with its stacks, or a stack with its services, was over a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HealthTimeline {
    pub from_utc: Timestamp,
    /// The moment of the answer.
    pub until_utc: Timestamp,
    /// The whole first, then its parts.
    pub tracks: Vec<HealthTrack>,
}

/// One line of a [`HealthTimeline`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HealthTrack {
    /// For people.
    pub name: String,
    /// None where it is the whole product's.
    pub stack_name: Option<String>,
    /// None where it is the whole stack's or product's.
    pub service_name: Option<String>,
    /// The oldest first, without a gap.
    pub spans: Vec<HealthSpan>,
}

/// A time during which a status did not change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HealthSpan {
    pub from_utc: Timestamp,
    pub until_utc: Timestamp,
    pub status: HealthStatus,
    /// One sentence; empty where only the status is remembered.
    pub reason: String,
    /// Whether an operation worked on it: then nothing here was an alarm.
    pub operation_active: bool,
}
