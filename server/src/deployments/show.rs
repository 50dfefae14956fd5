//! Deployed products as the API and the pages show them.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::access::Actor;
use domain::deployment::{
    OperationMode, ProductDeployment, ProductStatus, StackDeployment, StackStatus,
};
use domain::health::Standing;
use domain::id::DeploymentId;
use domain::maintenance::MaintenanceTrigger;
use domain::operation::{Operation, OperationKind, OperationStatus};
use domain::plan::{Change, ChangeKind};
use domain::product::{Product, StackTemplate};
use domain::wire::{
    ContainersOfStack, ContainersResult, DeployProductResponse, DeploymentList, DeploymentListItem,
    DeploymentQuery, HealthView, MaintenanceTriggerView, OperationResult, ProductDeploymentDetail,
    StackDetail, StackResult,
};
use sha2::{Digest as _, Sha256};

use super::{Accepted, DeploymentError, Deployments};
use crate::engine::Engine;
use crate::health::show as health;
use crate::reconcile::{Snapshot, Watched};
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
        let seen = self.reconciler.snapshot(environment.id).unwrap_or_default();
        Ok(DeploymentList {
            success: true,
            product_deployments: rows.into_iter().map(|row| list_item(row, &seen)).collect(),
            total,
            page,
            page_size,
        })
    }

    /// One deployed product with what its engine showed last.
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
        let active = operation
            .as_ref()
            .filter(|operation| operation.status.is_active());
        let (seen, watched) = self.reconciler.seen(&deployment, active.is_some()).await;
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
            .map(|stack| stack_detail(&deployment, stack, &watched, &seen))
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
            // Of the newest operation: how long ago the product came here says nothing.
            duration_seconds: operation.as_ref().and_then(|operation| {
                let end = operation.finished_at?;
                Some(end.since(operation.created_at).as_secs_f64())
            }),
            stacks,
            shared_variables: masked(&deployment),
            active_operation_id: active.map(|operation| operation.id.to_string()),
            last_operation_id: operation.as_ref().map(|operation| operation.id.to_string()),
            deployed_by: deployment.deployed_by.to_string(),
            health: health::product(&watched, &seen),
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

fn list_item(row: DeploymentRow, seen: &Snapshot) -> DeploymentListItem {
    let may = Allowed::of(row.status, row.operation_mode);
    let health = health_of(&row, seen);
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
        health,
    }
}

fn health_of(row: &DeploymentRow, seen: &Snapshot) -> HealthView {
    if let Some(watched) = seen.deployments.get(&row.id) {
        return health::product(watched, seen);
    }
    let standing = Standing {
        status: row.status,
        mode: row.operation_mode,
        stacks: Vec::new(),
    };
    health::unseen(seen, standing.wanted(), row.active_operation.is_some())
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
    // What was taken back left the product at the version that it was at before.
    let previous_version = match operation.input.release {
        Some(release) if release != deployment.release => deployment.product.version.clone(),
        _ => deployment.previous_version.clone(),
    };
    let changes = matches!(
        operation.kind,
        OperationKind::Upgrade | OperationKind::Rollback
    );
    OperationResult {
        success: operation.status == OperationStatus::Succeeded,
        message: operation.message.clone().unwrap_or_default(),
        product_deployment_id: deployment.id.to_string(),
        operation_id: operation.id.to_string(),
        product_name: deployment.product.name.clone(),
        product_version: deployment.product.version.clone(),
        previous_version: previous_version.filter(|_| changes),
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
    watched: &Watched,
    seen: &Snapshot,
) -> StackDetail {
    let template = deployment.template(stack);
    let mut parts = watched.health.stacks.iter();
    let part = parts.find(|part| part.name == stack.stack_name);
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
        depends_on: template.map_or_else(Vec::new, |template| template.depends_on.clone()),
        health: match part {
            Some(part) => health::stack(part, watched, seen),
            None => health::unseen(seen, watched.health.wanted, watched.operation_active),
        },
        services: part.and_then(|part| health::services(part, watched, seen)),
    }
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
