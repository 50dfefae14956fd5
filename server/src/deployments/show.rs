//! Deployed products as the API and the pages show them.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::access::Actor;
use domain::deployment::{
    OperationMode, ProductDeployment, ProductStatus, StackDeployment, StackStatus,
};
use domain::id::DeploymentId;
use domain::maintenance::MaintenanceTrigger;
use domain::operation::{Operation, OperationKind, OperationStatus};
use domain::plan::{Change, ChangeKind, Health, Observed, ObservedContainer};
use domain::product::{Product, StackTemplate};
use domain::wire::{
    ContainersOfStack, ContainersResult, DeployProductResponse, DeploymentList, DeploymentListItem,
    DeploymentQuery, MaintenanceTriggerView, OperationResult, ProductDeploymentDetail,
    ServiceState, StackDetail, StackResult,
};
use sha2::{Digest as _, Sha256};

use super::{Accepted, DeploymentError, Deployments};
use crate::catalog::render_deployed;
use crate::engine::Engine;
use crate::store::{DeploymentFilter, DeploymentRow, DeploymentSort};

/// Lines of a page where the request does not say.
const PAGE_SIZE: u32 = 50;
/// Most lines of a page.
const MAX_PAGE_SIZE: u32 = 200;
/// What stands in place of a secret, before its fingerprint.
const MASK: &str = "••••••";

impl Deployments {
    /// One page of an environment's deployed products.
    ///
    /// # Errors
    /// Where the environment is unknown.
    pub async fn list_product_deployments(
        &self,
        actor: &Actor,
        environment: &str,
        query: &DeploymentQuery,
    ) -> Result<DeploymentList, DeploymentError> {
        let environment = self
            .environments
            .get_environment(actor, environment)
            .await?;
        let page = query.page.unwrap_or(1).max(1);
        let page_size = query.page_size.unwrap_or(PAGE_SIZE).clamp(1, MAX_PAGE_SIZE);
        let filter = DeploymentFilter {
            search: query.search.clone().filter(|text| !text.trim().is_empty()),
            statuses: query.status.into_iter().collect(),
            sort: match query.sort.unwrap_or_default() {
                domain::wire::DeploymentSort::Newest => DeploymentSort::Newest,
                domain::wire::DeploymentSort::Oldest => DeploymentSort::Oldest,
                domain::wire::DeploymentSort::Name => DeploymentSort::Name,
                domain::wire::DeploymentSort::WorstFirst => DeploymentSort::WorstFirst,
            },
        };
        let offset = (page - 1).saturating_mul(page_size);
        let (rows, total) = self
            .store
            .deployment_page(environment.id, &filter, page_size, offset)
            .await?;
        Ok(DeploymentList {
            success: true,
            product_deployments: rows.into_iter().map(list_item).collect(),
            total,
            page,
            page_size,
        })
    }

    /// One deployed product with what its engine shows now.
    ///
    /// # Errors
    /// Where there is none in this environment.
    pub async fn get_product_deployment(
        &self,
        _actor: &Actor,
        environment: &str,
        id: &str,
    ) -> Result<ProductDeploymentDetail, DeploymentError> {
        let deployment = self.find(environment, id).await?;
        self.detail(deployment).await
    }

    /// One deployed product, in whichever environment it is.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn find_product_deployment(
        &self,
        actor: &Actor,
        id: &str,
    ) -> Result<ProductDeploymentDetail, DeploymentError> {
        let parsed = id.parse().map_err(|_| DeploymentError::NotFound)?;
        let environment = self
            .store
            .environment_of(parsed)
            .await?
            .ok_or(DeploymentError::NotFound)?;
        self.get_product_deployment(actor, &environment.to_string(), id)
            .await
    }

    /// The deployment of a product that is neither removed nor superseded.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn get_deployment_by_product(
        &self,
        _actor: &Actor,
        environment: &str,
        group_id: &str,
    ) -> Result<ProductDeploymentDetail, DeploymentError> {
        let environment = environment
            .parse()
            .map_err(|_| DeploymentError::NotDeployed)?;
        let deployment = self
            .store
            .active_deployment(environment, group_id)
            .await?
            .ok_or(DeploymentError::NotDeployed)?;
        self.detail(deployment).await
    }

    async fn detail(
        &self,
        deployment: ProductDeployment,
    ) -> Result<ProductDeploymentDetail, DeploymentError> {
        let operation = self.store.newest_operation(deployment.id).await?;
        // An engine that does not answer hides what runs; it does not hide what is recorded.
        let observed = match self.observe(&deployment).await {
            Ok(observed) => Some(observed),
            Err(error) => {
                tracing::warn!(
                    deployment.id = %deployment.id, error = &error as &dyn std::error::Error,
                    "the engine cannot be asked"
                );
                None
            }
        };
        let product = &deployment.product;
        let count = |status| {
            u32::try_from(
                deployment
                    .stacks
                    .iter()
                    .filter(|stack| stack.status == status)
                    .count(),
            )
            .unwrap_or(u32::MAX)
        };
        let may = Allowed::of(deployment.status, deployment.operation_mode);
        let stacks = deployment
            .stacks
            .iter()
            .map(|stack| stack_detail(&deployment, stack, observed.as_ref()))
            .collect();
        Ok(ProductDeploymentDetail {
            product_deployment_id: deployment.id.to_string(),
            environment_id: deployment.environment_id.to_string(),
            product_group_id: product.group_id.clone(),
            product_id: product.id.clone(),
            product_name: product.name.clone(),
            product_display_name: product.display_name.clone(),
            product_version: product.version.clone(),
            deployment_name: deployment.deployment_name.clone(),
            status: deployment.status,
            created_at: deployment.created_at,
            completed_at: deployment.completed_at,
            error_message: deployment.error_message.clone(),
            continue_on_error: deployment.continue_on_error,
            total_stacks: u32::try_from(deployment.stacks.len()).unwrap_or(u32::MAX),
            completed_stacks: count(StackStatus::Running),
            failed_stacks: count(StackStatus::Failed),
            previous_version: deployment.previous_version.clone(),
            last_upgraded_at: deployment.last_upgraded_at,
            release: deployment.release,
            target_version: self.target_version(&deployment, operation.as_ref()).await?,
            upgrade_count: deployment.upgrade_count,
            can_retry: may.retry,
            can_upgrade: may.upgrade,
            can_remove: may.remove,
            can_redeploy: may.redeploy,
            can_stop: may.stop,
            can_restart: may.restart,
            can_enter_maintenance: may.enter_maintenance,
            can_exit_maintenance: may.exit_maintenance,
            can_rollback: may.upgrade && deployment.release > 1,
            operation_mode: deployment.operation_mode,
            maintenance_trigger: deployment.maintenance.as_ref().map(trigger_view),
            duration_seconds: deployment
                .completed_at
                .map(|end| end.since(deployment.created_at).as_secs_f64()),
            stacks,
            shared_variables: masked(&deployment),
            active_operation_id: operation
                .as_ref()
                .filter(|operation| operation.status.is_active())
                .map(|operation| operation.id.to_string()),
            last_operation_id: operation.map(|operation| operation.id.to_string()),
            deployed_by: deployment.deployed_by.to_string(),
        })
    }

    /// The version that an operation is rolling out, where it is another one.
    async fn target_version(
        &self,
        deployment: &ProductDeployment,
        operation: Option<&Operation>,
    ) -> Result<Option<String>, DeploymentError> {
        let target = operation
            .filter(|operation| operation.status.is_active())
            .and_then(|operation| operation.input.release);
        let Some(number) = target.filter(|number| *number != deployment.release) else {
            return Ok(None);
        };
        let release = self.store.product_release(deployment.id, number).await?;
        let version = release.and_then(|release| release.product.version);
        Ok(version.filter(|version| deployment.product.version.as_ref() != Some(version)))
    }

    /// What the engine of a deployment shows now.
    pub(super) async fn observe(
        &self,
        deployment: &ProductDeployment,
    ) -> Result<Observed, DeploymentError> {
        Ok(self.engine_of(deployment).await?.observe().await?)
    }

    /// The engine that a product is deployed on.
    pub(super) async fn engine_of(
        &self,
        deployment: &ProductDeployment,
    ) -> Result<Arc<dyn Engine>, DeploymentError> {
        let environment = self
            .store
            .environment(deployment.environment_id)
            .await?
            .ok_or(DeploymentError::NotFound)?;
        Ok(self.environments.engine_of(&environment)?)
    }
}

/// What may be done to a product in its status: as far as operations exist for it. Derived in one place for lists and details.
struct Allowed {
    retry: bool,
    upgrade: bool,
    remove: bool,
    redeploy: bool,
    stop: bool,
    restart: bool,
    enter_maintenance: bool,
    exit_maintenance: bool,
}

impl Allowed {
    const fn of(status: ProductStatus, mode: OperationMode) -> Self {
        use ProductStatus as S;
        let maintenance = matches!(mode, OperationMode::Maintenance);
        let operational = status.is_operational();
        let settled = operational || matches!(status, S::Failed | S::Stopped);
        Self {
            retry: matches!(status, S::PartiallyRunning | S::Failed) && !maintenance,
            upgrade: settled && !maintenance,
            remove: settled,
            redeploy: operational && !maintenance,
            stop: operational,
            restart: (operational || matches!(status, S::Stopped)) && !maintenance,
            enter_maintenance: operational && !maintenance,
            exit_maintenance: maintenance,
        }
    }
}

fn list_item(row: DeploymentRow) -> DeploymentListItem {
    let may = Allowed::of(row.status, row.operation_mode);
    DeploymentListItem {
        product_deployment_id: row.id.to_string(),
        product_group_id: row.group_id,
        product_name: row.product_name,
        product_display_name: row.product_display_name,
        product_version: row.product_version,
        deployment_name: row.deployment_name,
        status: row.status,
        operation_mode: row.operation_mode,
        created_at: row.created_at,
        completed_at: row.completed_at,
        error_message: row.error_message,
        total_stacks: row.total_stacks,
        completed_stacks: row.completed_stacks,
        failed_stacks: row.failed_stacks,
        can_retry: may.retry,
        can_upgrade: may.upgrade,
        can_remove: may.remove,
        can_redeploy: may.redeploy,
        can_stop: may.stop,
        can_restart: may.restart,
        active_operation_id: row.active_operation.map(|id| id.to_string()),
    }
}

/// The answer to a caller who waited for the end of a deployment.
pub(super) fn result(
    deployment: &ProductDeployment,
    accepted: &Accepted,
    message: String,
) -> DeployProductResponse {
    DeployProductResponse {
        success: deployment.status.is_operational(),
        message,
        product_deployment_id: deployment.id.to_string(),
        operation_id: accepted.operation.to_string(),
        product_name: deployment.product.name.clone(),
        product_version: deployment.product.version.clone(),
        status: deployment.status,
        session_id: accepted.session_id.clone(),
        stack_results: stack_results(deployment, StackStatus::Running),
    }
}

/// The answer to a caller who waited for the end of another operation.
pub(super) fn operation_result(
    deployment: &ProductDeployment,
    operation: &Operation,
    target: Option<String>,
) -> OperationResult {
    let wanted = match operation.kind {
        OperationKind::Remove => StackStatus::Removed,
        OperationKind::Stop | OperationKind::EnterMaintenance => StackStatus::Stopped,
        _ => StackStatus::Running,
    };
    let succeeded = operation.status == OperationStatus::Succeeded;
    // A retry that brings some of it up is a success to its caller, as a deployment is.
    let retried = operation.kind == OperationKind::Retry && deployment.status.is_operational();
    let changes = matches!(
        operation.kind,
        OperationKind::Upgrade | OperationKind::Rollback
    );
    OperationResult {
        success: succeeded || retried,
        message: operation.message.clone().unwrap_or_default(),
        product_deployment_id: deployment.id.to_string(),
        operation_id: operation.id.to_string(),
        product_name: deployment.product.name.clone(),
        product_version: deployment.product.version.clone(),
        previous_version: deployment.previous_version.clone().filter(|_| changes),
        new_version: target.filter(|_| changes),
        status: deployment.status,
        operation_status: operation.status,
        session_id: operation.session_id.clone(),
        stack_results: stack_results(deployment, wanted),
        warnings: None,
    }
}

fn stack_results(deployment: &ProductDeployment, wanted: StackStatus) -> Vec<StackResult> {
    deployment
        .stacks
        .iter()
        .map(|stack| {
            let template = deployment.template(stack);
            StackResult {
                stack_name: stack.stack_name.clone(),
                stack_display_name: display_name(template, stack),
                success: stack.status == wanted,
                deployment_id: stack.id.to_string(),
                deployment_stack_name: stack.deployment_stack_name.clone(),
                error_message: stack.error_message.clone(),
                service_count: template.map_or(0, |template| template.services.len()),
                is_new_in_upgrade: stack.is_new_in_upgrade.then_some(true),
            }
        })
        .collect()
}

/// The answer to a caller who waited for containers to be stopped or restarted.
pub(super) fn containers_result(
    deployment: &ProductDeployment,
    operation: &Operation,
) -> ContainersResult {
    let stops = operation.kind == OperationKind::Stop;
    let wanted = match stops {
        true => StackStatus::Stopped,
        false => StackStatus::Running,
    };
    let plan = operation.plan.as_ref();
    let count = |stack: &str, kinds: &[ChangeKind]| {
        let changes = plan.into_iter().flat_map(|plan| &plan.changes);
        let fits = |change: &&Change| change.stack == stack && kinds.contains(&change.kind);
        changes.filter(fits).count()
    };
    let named = &operation.input.stacks;
    let results: Vec<ContainersOfStack> = deployment
        .stacks
        .iter()
        .filter(|stack| named.is_empty() || named.contains(&stack.stack_name))
        .map(|stack| {
            let name = stack.stack_name.as_str();
            let success = stack.status == wanted;
            let counted = |kinds| if success { count(name, kinds) } else { 0 };
            ContainersOfStack {
                stack_name: stack.stack_name.clone(),
                stack_display_name: display_name(deployment.template(stack), stack),
                success,
                containers_stopped: counted(&[ChangeKind::Stop, ChangeKind::Restart]),
                containers_started: counted(&[ChangeKind::Start, ChangeKind::Restart]),
                error: stack.error_message.clone().filter(|_| !success),
            }
        })
        .collect();
    let done = results.iter().filter(|stack| stack.success).count();
    ContainersResult {
        success: operation.status == OperationStatus::Succeeded,
        message: operation.message.clone().unwrap_or_default(),
        product_deployment_id: deployment.id.to_string(),
        operation_id: operation.id.to_string(),
        product_name: deployment.product.name.clone(),
        status: deployment.status,
        operation_status: operation.status,
        session_id: operation.session_id.clone(),
        total_stacks: results.len(),
        stopped_stacks: stops.then_some(done),
        restarted_stacks: (!stops).then_some(done),
        failed_stacks: results.len() - done,
        results,
    }
}

fn trigger_view(trigger: &MaintenanceTrigger) -> MaintenanceTriggerView {
    MaintenanceTriggerView {
        source: trigger.source,
        reason: trigger.reason.clone(),
        triggered_at_utc: trigger.at,
        triggered_by: trigger.by.clone(),
    }
}

fn display_name(template: Option<&StackTemplate>, stack: &StackDeployment) -> String {
    template.map_or_else(
        || stack.stack_name.clone(),
        |template| template.display_name.clone(),
    )
}

fn stack_detail(
    deployment: &ProductDeployment,
    stack: &StackDeployment,
    observed: Option<&Observed>,
) -> StackDetail {
    let template = deployment.template(stack);
    let group_id = &deployment.product.group_id;
    StackDetail {
        stack_name: stack.stack_name.clone(),
        stack_display_name: display_name(template, stack),
        stack_id: template
            .map(|template| template.id.clone())
            .unwrap_or_default(),
        deployment_id: stack.id.to_string(),
        deployment_stack_name: stack.deployment_stack_name.clone(),
        status: stack.status,
        started_at: stack.started_at,
        completed_at: stack.completed_at,
        error_message: stack.error_message.clone(),
        order: stack.order,
        service_count: template.map_or(0, |template| template.services.len()),
        is_new_in_upgrade: stack.is_new_in_upgrade,
        services: observed.and_then(|observed| {
            let spec = render_deployed(deployment, stack).ok()?;
            let mut services = Vec::new();
            for service in spec.services.values() {
                for replica in 1..=service.replicas.max(1) {
                    let name = service.container_name_of(replica);
                    let container = observed
                        .container(&name)
                        .filter(|container| belongs_to(container, group_id));
                    services.push(ServiceState {
                        name: service.name.clone(),
                        init: service.lifecycle.is_init(),
                        image: service.image.to_string(),
                        container_name: name,
                        container_id: container.map(|container| container.id.clone()),
                        state: container.map(|container| container.state),
                        health: container.map_or(Health::None, |container| container.health),
                        exit_code: container.and_then(|container| container.exit_code),
                    });
                }
            }
            Some(services)
        }),
    }
}

pub(super) fn belongs_to(container: &ObservedContainer, group_id: &str) -> bool {
    container
        .ownership
        .as_ref()
        .is_some_and(|owner| owner.product == group_id)
}

/// Shared values, those of secret variables as a mask and a fingerprint that tells whether two are equal.
fn masked(deployment: &ProductDeployment) -> BTreeMap<String, String> {
    deployment
        .shared_values
        .0
        .iter()
        .map(|(name, value)| {
            let shown = if is_secret(&deployment.product, name) {
                mask(deployment.id, value)
            } else {
                value.clone()
            };
            (name.clone(), shown)
        })
        .collect()
}

/// Whether a variable of this name is secret anywhere in the product.
pub(super) fn is_secret(product: &Product, name: &str) -> bool {
    product
        .shared_variables
        .iter()
        .chain(product.stacks.iter().flat_map(|stack| &stack.variables))
        .any(|variable| variable.name.eq_ignore_ascii_case(name) && variable.kind.is_secret())
}

/// Salted with the deployment, so that equal secrets of two products do not show as equal.
pub(super) fn mask(deployment: DeploymentId, value: &str) -> String {
    let digest = Sha256::new()
        .chain_update(deployment.uuid().as_bytes())
        .chain_update(value.as_bytes())
        .finalize();
    let fingerprint: String = digest
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{MASK} ({fingerprint})")
}

/// Stands for a text with a secret in it: tells only whether two are equal.
pub(super) fn fingerprint_of(text: &str) -> String {
    mask(DeploymentId::from_uuid(uuid::Uuid::nil()), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_done_in_each_status() {
        let words = |status, mode| {
            let may = Allowed::of(status, mode);
            [
                (may.retry, "retry"),
                (may.upgrade, "upgrade"),
                (may.remove, "remove"),
                (may.redeploy, "redeploy"),
                (may.stop, "stop"),
                (may.restart, "restart"),
                (may.enter_maintenance, "enter-maintenance"),
                (may.exit_maintenance, "exit-maintenance"),
            ]
            .into_iter()
            .filter_map(|(allowed, word)| allowed.then_some(word))
            .collect::<Vec<_>>()
            .join(" ")
        };
        let mut lines = Vec::new();
        for mode in [OperationMode::Normal, OperationMode::Maintenance] {
            for status in ProductStatus::ALL {
                lines.push(format!(
                    "{} {status}: {}",
                    mode.as_str(),
                    words(*status, mode)
                ));
            }
        }
        insta::assert_snapshot!(lines.join("\n"));
    }
}
