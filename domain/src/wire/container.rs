//! Containers on the wire: the field names of the compatible API, and what Windlass says besides.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::container::ContainerGroup;
use crate::plan::{ContainerState, Health};
use crate::timestamp::Timestamp;

/// One container in `GET /api/containers`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ContainerView {
    pub id: String,
    pub name: String,
    pub image: String,
    pub state: ContainerState,
    /// The engine's words, such as `Up 2 minutes (healthy)`.
    pub status: String,
    pub created: Option<Timestamp>,
    pub ports: Vec<ContainerPortView>,
    pub labels: BTreeMap<String, String>,
    pub health_status: Health,
    /// Health checks that failed one after the other, up to now.
    pub failing_streak: u32,
    pub restart_count: u32,
    /// Of the last end; none while it runs or never ran.
    pub exit_code: Option<i64>,
    /// Whose it is; none where Windlass did not make it.
    pub owner: Option<ObjectOwner>,
    /// The operation that works on its product: until that ends, nothing is done by hand.
    pub busy: Option<BusyWith>,
}

/// A port that a container offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ContainerPortView {
    pub private_port: u16,
    /// Port on the host, where it is published.
    pub public_port: Option<u16>,
    /// `tcp`, `udp` or `sctp`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Address on the host; empty where it is not published.
    pub ip: String,
}

/// Whose a container or a volume is, as its labels say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ObjectOwner {
    pub product_deployment_id: String,
    /// Whether that deployment is there: otherwise the object was left over.
    pub is_deployed: bool,
    pub product_group_id: String,
    /// The display name where the product is deployed, its group id otherwise.
    pub product_name: String,
    /// Name in the product.
    pub stack: String,
    /// Prefix of the stack's names on the engine.
    pub stack_name: String,
    /// Empty for volumes.
    pub service: String,
    /// Whether it is a one-shot.
    pub is_one_shot: bool,
}

/// The operation in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct BusyWith {
    pub operation_id: String,
    /// What it is and who began it.
    pub sentence: String,
}

/// Which containers are wanted. Nothing left out means all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerQuery {
    /// Part of the name or the image.
    pub search: Option<String>,
    pub state: Option<ContainerGroup>,
    /// Group id of a product.
    pub product: Option<String>,
    /// From 1.
    pub page: Option<u32>,
}

/// One page of them, the worst first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerPage {
    pub environment_id: String,
    pub containers: Vec<ContainerView>,
    /// How many fit the query.
    pub total: u64,
    /// How many there are at all.
    pub everything: u64,
    pub page: u32,
    pub page_size: u32,
    /// Products that have containers here: group id and name.
    pub products: Vec<(String, String)>,
}

/// `GET /api/containers/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ContainerDetail {
    #[serde(flatten)]
    pub container: ContainerView,
    pub environment_id: String,
    /// `sha256:…` of the image's configuration.
    pub image_id: String,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// The engine's own sentence about why it could not start.
    pub error: Option<String>,
    /// Whether the kernel killed it for memory.
    pub oom_killed: bool,
    /// `no`, `always`, `unless-stopped` or `on-failure`.
    pub restart_policy: String,
    /// The last health checks, the newest last.
    pub health_log: Vec<HealthProbeView>,
    pub mounts: Vec<ContainerMountView>,
    /// Networks with its address there; empty while it does not run.
    pub networks: BTreeMap<String, String>,
    /// Names of its environment variables. Their values may be secret and are never given.
    pub variables: Vec<String>,
}

/// One run of a health check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct HealthProbeView {
    /// 0 is healthy.
    pub exit_code: i64,
    pub output: String,
}

/// Something that a container sees in its file system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ContainerMountView {
    /// `volume`, `bind`, `tmpfs`, ….
    #[serde(rename = "type")]
    pub kind: String,
    /// The volume, where it is one.
    pub volume: Option<String>,
    /// Path on the host; empty where it has none.
    pub source: String,
    /// Path in the container.
    pub target: String,
    pub read_only: bool,
}

/// A line of a container's output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LogLineView {
    /// When it was written, RFC 3339 with nanoseconds: names the line. Empty where the engine does not say.
    pub at: String,
    pub stderr: bool,
    /// As it was written, with its escape sequences.
    pub text: String,
}

/// Lines that came together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct LogChunk {
    pub lines: Vec<LogLineView>,
}

/// `GET /api/containers/context`: what is known of the stacks that containers belong to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ContainerContext {
    pub success: bool,
    /// By the prefix of the stack's names.
    pub stacks: BTreeMap<String, StackContext>,
    pub error_message: Option<String>,
}

/// One stack of [`ContainerContext`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StackContext {
    pub stack_name: String,
    pub deployment_exists: bool,
    /// Of the product deployment; none where it is no more.
    pub deployment_id: Option<String>,
    pub product_name: Option<String>,
    pub product_display_name: Option<String>,
    /// Name in the product.
    pub stack_definition_name: Option<String>,
}

/// `DELETE /api/containers/orphaned-stacks/{stack}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrphanRemoval {
    pub success: bool,
    pub removed_count: u32,
}

/// `GET /api/dashboard/stats`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DashboardStats {
    /// Of the catalog.
    pub total_products: u32,
    /// Of the catalog.
    pub total_stacks: u32,
    pub deployed_stacks: u32,
    pub not_deployed_stacks: u32,
    pub total_containers: u32,
    pub running_containers: u32,
    pub stopped_containers: u32,
    /// Why containers are not counted.
    pub error_message: Option<String>,
}
