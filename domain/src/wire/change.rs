//! Requests and answers of everything that is done to a deployed product, and the plan before it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::{StackConfig, StackResult};
use crate::deployment::{OperationMode, ProductStatus};
use crate::maintenance::TriggerSource;
use crate::operation::event::StepOutline;
use crate::operation::{Decision, OperationKind, OperationStatus};
use crate::plan::Change;
use crate::product::OnFailure;

const fn yes() -> bool {
    true
}

/// `null` is as good as nothing, as compatible clients send it.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    value: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(value)?.unwrap_or_default())
}

/// `POST …/{id}/redeploy`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RedeployRequest {
    /// Only these stacks; all where it is empty.
    #[serde(default, deserialize_with = "or_default")]
    pub stack_names: Vec<String>,
    /// Values that take the place of recorded ones, for every stack.
    #[serde(default, deserialize_with = "or_default")]
    pub variables: BTreeMap<String, String>,
    /// The same for single stacks.
    #[serde(default)]
    pub stack_configs: Option<Vec<StackConfig>>,
    /// The client's own id for following the operation.
    #[serde(default)]
    pub session_id: Option<String>,
    /// Whether later stacks are redeployed when one fails.
    #[serde(default = "yes")]
    pub continue_on_error: bool,
    /// What happens to complete stacks when another one fails; what the manifest says where it is missing.
    #[serde(default)]
    pub on_failure: Option<OnFailure>,
    /// Carry out only the plan that was seen.
    #[serde(default)]
    pub plan_id: Option<String>,
}

/// `POST …/{id}/retry`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RetryRequest {
    #[serde(default)]
    pub session_id: Option<String>,
    #[serde(default = "yes")]
    pub continue_on_error: bool,
    #[serde(default)]
    pub plan_id: Option<String>,
}

/// `POST …/{id}/upgrade`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct UpgradeRequest {
    /// From the catalog, such as `demo:Shop:1.1.0`.
    pub target_product_id: String,
    /// Values for single stacks; every stack of the target where it is missing.
    #[serde(default)]
    pub stack_configs: Option<Vec<StackConfig>>,
    /// Values for every stack; those of before are carried over.
    #[serde(default, deserialize_with = "or_default")]
    pub shared_variables: BTreeMap<String, String>,
    #[serde(default)]
    pub session_id: Option<String>,
    #[serde(default = "yes")]
    pub continue_on_error: bool,
    #[serde(default)]
    pub on_failure: Option<OnFailure>,
    #[serde(default)]
    pub plan_id: Option<String>,
}

/// `POST …/{id}/rollback`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RollbackRequest {
    /// The release to return to; the newest that succeeded before the present one where it is missing.
    #[serde(default)]
    pub release: Option<u32>,
    #[serde(default)]
    pub session_id: Option<String>,
    #[serde(default = "yes")]
    pub continue_on_error: bool,
    #[serde(default)]
    pub on_failure: Option<OnFailure>,
    #[serde(default)]
    pub plan_id: Option<String>,
}

/// `POST …/{id}/stop-containers` and `…/restart-containers`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ContainersRequest {
    /// Only these stacks; all where it is empty.
    #[serde(default, deserialize_with = "or_default")]
    pub stack_names: Vec<String>,
    #[serde(default)]
    pub session_id: Option<String>,
    #[serde(default)]
    pub plan_id: Option<String>,
}

/// `PUT …/{id}/operation-mode`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OperationModeRequest {
    /// `Maintenance` or `Normal`, in any case.
    pub mode: String,
    #[serde(default)]
    pub reason: Option<String>,
    /// `Manual` is the only source that a caller can be.
    #[serde(default)]
    pub source: Option<String>,
    #[serde(default)]
    pub session_id: Option<String>,
    #[serde(default)]
    pub plan_id: Option<String>,
}

/// `DELETE …/{id}`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RemoveRequest {
    #[serde(default)]
    pub session_id: Option<String>,
    /// Names of volumes on the engine that are removed with their data; all others stay.
    #[serde(default, deserialize_with = "or_default")]
    pub volumes: Vec<String>,
    #[serde(default)]
    pub plan_id: Option<String>,
}

/// `POST …/{id}/plan`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PlanRequest {
    /// What shall be planned.
    pub operation: OperationKind,
    /// The body that the operation's own request would have.
    #[serde(default)]
    pub request: serde_json::Value,
}

/// What an operation would do. Nothing was begun.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PlanView {
    pub success: bool,
    /// Give it with the operation's request, and only this plan is carried out.
    pub plan_id: String,
    pub operation: OperationKind,
    pub product_name: String,
    pub from_version: Option<String>,
    pub to_version: Option<String>,
    /// One sentence.
    pub summary: String,
    /// Whether any container is touched.
    pub changes_something: bool,
    /// What happens to each container.
    pub containers: Vec<Change>,
    /// Images that are pulled before anything else.
    pub pulls: Vec<String>,
    /// Volumes whose data is lost.
    pub data_at_risk: Vec<DataAtRisk>,
    /// Where the engine is not as recorded.
    pub drift: Vec<Drift>,
    /// Every act in order.
    pub steps: Vec<StepOutline>,
    /// The plan as text, as in the log.
    pub text: String,
}

/// Data that may be lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DataAtRisk {
    /// Name on the engine.
    pub volume: String,
    pub stack: String,
    /// As a sentence.
    pub why: String,
}

/// Something that was changed from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    pub stack: String,
    pub service: String,
    /// Name on the engine.
    pub container: String,
    /// As a clause: `it was removed`.
    pub what: String,
}

/// The answer of an operation on a deployed product that was waited for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OperationResult {
    pub success: bool,
    pub message: String,
    pub product_deployment_id: String,
    pub operation_id: String,
    pub product_name: String,
    pub product_version: Option<String>,
    /// The version before, where another one was rolled out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_version: Option<String>,
    /// The version that was rolled out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_version: Option<String>,
    pub status: ProductStatus,
    pub operation_status: OperationStatus,
    pub session_id: String,
    pub stack_results: Vec<StackResult>,
    /// What is not as expected, and no failure.
    pub warnings: Option<Vec<String>>,
}

/// The answer of stopping and restarting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ContainersResult {
    pub success: bool,
    pub message: String,
    pub product_deployment_id: String,
    pub operation_id: String,
    pub product_name: String,
    pub status: ProductStatus,
    pub operation_status: OperationStatus,
    pub session_id: String,
    pub total_stacks: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_stacks: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restarted_stacks: Option<usize>,
    pub failed_stacks: usize,
    pub results: Vec<ContainersOfStack>,
}

/// One stack of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ContainersOfStack {
    pub stack_name: String,
    pub stack_display_name: String,
    pub success: bool,
    pub containers_stopped: usize,
    pub containers_started: usize,
    pub error: Option<String>,
}

/// The answer of a change of the operation mode.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OperationModeResult {
    pub success: bool,
    pub message: String,
    pub product_deployment_id: String,
    pub previous_mode: OperationMode,
    pub new_mode: OperationMode,
    pub trigger_source: Option<TriggerSource>,
    /// Why whoever is to be told was not told.
    pub setter_error: Option<String>,
    /// None where nothing had to be done.
    pub operation_id: Option<String>,
    pub status: ProductStatus,
}

/// `POST /api/operations/{id}/decision`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DecisionRequest {
    pub decision: Decision,
}

impl RedeployRequest {
    /// The request of whoever sends no body.
    #[must_use]
    pub fn plain() -> Self {
        Self {
            stack_names: Vec::new(),
            variables: BTreeMap::new(),
            stack_configs: None,
            session_id: None,
            continue_on_error: true,
            on_failure: None,
            plan_id: None,
        }
    }
}
