//! Deployments of single stacks on the wire: the field names of the compatible API. A stack deployment is one stack of a product
//! deployment; what is done to it is an operation on its product.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::{DeploymentListItem, VariableView};
use crate::deployment::{OperationMode, ProductStatus, StackStatus};
use crate::operation::OperationStatus;
use crate::plan::{ContainerState, Health};
use crate::timestamp::Timestamp;

/// `null` is as good as nothing, as compatible clients send it.
fn or_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    value: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(value)?.unwrap_or_default())
}

/// `POST …/stacks/{stackId}/deploy` and `…/precheck`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeployStackRequest {
    /// What the deployment is called, and the prefix of its names on the engine.
    pub stack_name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub variables: BTreeMap<String, String>,
    /// The client's own id for following the operation.
    #[serde(default)]
    pub session_id: Option<String>,
}

/// `POST …/deployments`: one Compose file that no source has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeployComposeRequest {
    /// What the deployment is called, and the prefix of its names on the engine.
    pub stack_name: String,
    /// The file. It may name no other one.
    pub yaml_content: String,
    #[serde(default, deserialize_with = "or_default")]
    pub variables: BTreeMap<String, String>,
    #[serde(default)]
    pub stack_version: Option<String>,
    #[serde(default)]
    pub session_id: Option<String>,
}

/// `POST /api/deployments/parse`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ParseComposeRequest {
    pub yaml_content: String,
}

/// Its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ParsedCompose {
    pub success: bool,
    pub message: String,
    pub variables: Vec<ParsedVariable>,
    /// Names, in the order of the file.
    pub services: Vec<String>,
    /// Always empty: a file with errors is refused.
    pub errors: Vec<String>,
    pub warnings: Vec<String>,
}

/// A variable of a file, and who uses it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ParsedVariable {
    #[serde(flatten)]
    pub variable: VariableView,
    pub used_in_services: Vec<String>,
}

/// Where a stack deployment is, in the words of the compatible API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum StackDeploymentStatus {
    /// An operation brings it up for the first time.
    Installing,
    /// An operation changes it.
    Upgrading,
    Running,
    /// Its containers were stopped.
    Stopped,
    Failed,
    Removing,
    Removed,
}

impl StackDeploymentStatus {
    /// Of a stack in a product that has these statuses.
    #[must_use]
    pub const fn of(stack: StackStatus, product: ProductStatus) -> Self {
        match (stack, product) {
            (StackStatus::Running, _) => Self::Running,
            (StackStatus::Stopped, _) => Self::Stopped,
            (StackStatus::Failed, _) => Self::Failed,
            (StackStatus::Removing, _) | (StackStatus::Pending, ProductStatus::Removing) => {
                Self::Removing
            }
            (StackStatus::Removed, _) => Self::Removed,
            (StackStatus::Pending | StackStatus::Deploying, ProductStatus::Deploying) => {
                Self::Installing
            }
            // Nothing is on its way: it was never begun.
            (StackStatus::Pending, status) if !status.is_in_progress() => Self::Failed,
            (StackStatus::Pending | StackStatus::Deploying, _) => Self::Upgrading,
        }
    }

    /// The wire form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Installing => "Installing",
            Self::Upgrading => "Upgrading",
            Self::Running => "Running",
            Self::Stopped => "Stopped",
            Self::Failed => "Failed",
            Self::Removing => "Removing",
            Self::Removed => "Removed",
        }
    }
}

/// The answer of deploying or removing a stack that was waited for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StackOperationResult {
    pub success: bool,
    pub message: String,
    /// None where there is no such stack any more.
    pub deployment_id: Option<String>,
    pub stack_name: String,
    pub stack_version: Option<String>,
    /// What the engine shows; empty while it does not answer.
    pub services: Vec<StackServiceView>,
    pub errors: Vec<String>,
    pub warnings: Vec<String>,
    pub deployment_session_id: String,
    /// None where nothing had to be done.
    pub operation_id: Option<String>,
    pub operation_status: Option<OperationStatus>,
    pub product_deployment_id: String,
}

/// One container of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StackServiceView {
    pub service_name: String,
    /// None where the engine has no such container.
    pub container_id: Option<String>,
    pub container_name: String,
    pub image: String,
    pub status: Option<ContainerState>,
    pub health: Health,
    /// Published ones as the specification has them: `8080:80/tcp`.
    pub ports: Vec<String>,
}

/// `GET …/deployments`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StackDeploymentList {
    pub success: bool,
    /// The newest product first, its stacks in order.
    pub deployments: Vec<StackDeploymentItem>,
}

/// One line of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StackDeploymentItem {
    pub deployment_id: String,
    /// What the deployment is called.
    pub stack_name: String,
    pub stack_version: Option<String>,
    pub deployed_at: Timestamp,
    pub service_count: usize,
    pub status: StackDeploymentStatus,
    pub operation_mode: OperationMode,
    pub product_deployment_id: String,
    pub product_name: String,
}

/// `GET /api/deployments`: stacks and products in one answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AllDeployments {
    pub success: bool,
    pub deployments: Vec<StackDeploymentItem>,
    /// The newest, at most a page.
    pub product_deployments: Vec<DeploymentListItem>,
}

/// `GET …/deployments/{stackName}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StackDeploymentDetail {
    pub success: bool,
    pub message: String,
    #[serde(flatten)]
    pub deployment: StackDeploymentItem,
    pub environment_id: String,
    pub services: Vec<StackServiceView>,
    pub init_container_results: Vec<InitResult>,
    /// Values of its variables; secret ones are masked with a fingerprint.
    pub configuration: BTreeMap<String, String>,
    pub error_message: Option<String>,
}

/// What is recorded of a stack, whatever its engine shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StackRecord {
    pub version: Option<String>,
    /// The release that it runs from.
    pub release: u32,
    /// Values of its variables; secret ones are masked with a fingerprint.
    pub configuration: BTreeMap<String, String>,
}

/// How a one-shot ended, as far as the engine still knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct InitResult {
    pub service_name: String,
    pub success: bool,
    pub exit_code: Option<i64>,
    /// When it began.
    pub executed_at_utc: Option<Timestamp>,
    /// Its output is in the events of the operation that ran it.
    pub log_output: Option<String>,
}

/// `GET …/deployments/{id}/snapshots`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StackRollbackInfo {
    pub success: bool,
    pub deployment_id: String,
    pub stack_name: String,
    pub current_version: Option<String>,
    pub can_rollback: bool,
    pub rollback_target_version: Option<String>,
    /// The release that it would return to.
    pub rollback_release: Option<u32>,
}

/// `POST …/deployments/{id}/rollback`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StackRollbackRequest {
    #[serde(default)]
    pub session_id: Option<String>,
}

/// Its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StackRollbackResult {
    pub success: bool,
    pub message: String,
    pub deployment_id: String,
    pub target_version: Option<String>,
    pub previous_version: Option<String>,
    pub operation_id: String,
}

/// `GET …/deployments/{id}/upgrade/check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StackUpgradeCheck {
    pub success: bool,
    pub message: String,
    pub upgrade_available: bool,
    pub current_version: Option<String>,
    pub latest_version: Option<String>,
    pub latest_stack_id: Option<String>,
    /// The newest first; none where there is none.
    pub available_versions: Option<Vec<AvailableStackVersion>>,
    /// Names of variables that the newest version has in addition.
    pub new_variables: Option<Vec<String>>,
    /// Names of variables that it does not have any more.
    pub removed_variables: Option<Vec<String>>,
    pub can_upgrade: bool,
    pub cannot_upgrade_reason: Option<String>,
}

/// A version of a stack that can be upgraded to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AvailableStackVersion {
    pub version: Option<String>,
    pub stack_id: String,
    pub source_id: String,
}

/// `POST …/deployments/{id}/upgrade`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct UpgradeStackRequest {
    /// From the catalog, such as `demo:Shop:Web:1.1.0`.
    pub stack_id: String,
    /// Values that take the place of those of before.
    #[serde(default, deserialize_with = "or_default")]
    pub variables: BTreeMap<String, String>,
    #[serde(default)]
    pub session_id: Option<String>,
}

/// Its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct StackUpgradeResult {
    pub success: bool,
    pub message: String,
    pub deployment_id: String,
    pub previous_version: Option<String>,
    pub new_version: Option<String>,
    /// The release before, which can be returned to.
    pub snapshot_id: Option<String>,
    pub errors: Vec<String>,
    pub can_rollback: bool,
    pub rollback_version: Option<String>,
    pub operation_id: String,
}

/// `POST …/deployments/{id}/mark-failed`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MarkFailedRequest {
    #[serde(default)]
    pub reason: Option<String>,
}

/// Its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct MarkFailedResult {
    pub success: bool,
    pub message: String,
    pub previous_status: StackDeploymentStatus,
    pub operation_id: String,
}

/// `DELETE …/deployments/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct RemoveStackRequest {
    #[serde(default)]
    pub session_id: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_in_the_words_of_the_compatible_api() {
        use StackDeploymentStatus as D;
        for (stack, product, expected) in [
            (
                StackStatus::Pending,
                ProductStatus::Deploying,
                D::Installing,
            ),
            (
                StackStatus::Deploying,
                ProductStatus::Upgrading,
                D::Upgrading,
            ),
            (
                StackStatus::Pending,
                ProductStatus::Redeploying,
                D::Upgrading,
            ),
            (StackStatus::Pending, ProductStatus::Failed, D::Failed),
            (StackStatus::Pending, ProductStatus::Removing, D::Removing),
            (StackStatus::Running, ProductStatus::Upgrading, D::Running),
            (StackStatus::Stopped, ProductStatus::Stopped, D::Stopped),
            (StackStatus::Removed, ProductStatus::Removed, D::Removed),
        ] {
            assert_eq!(D::of(stack, product), expected, "{stack} in {product}");
            assert_eq!(serde_json::to_value(expected).unwrap(), expected.as_str());
        }
    }
}
