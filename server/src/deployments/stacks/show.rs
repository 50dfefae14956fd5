//! Stack deployments as the API shows them, and how an operation on one ended.

use std::collections::BTreeMap;

use domain::access::Actor;
use domain::deployment::{ProductDeployment, StackDeployment, StackStatus};
use domain::plan::{ContainerState, Health, Observed, ObservedContainer};
use domain::spec::{PortSpec, ServiceSpec};
use domain::timestamp::Timestamp;
use domain::wire::{
    AllDeployments, DeploymentQuery, InitResult, StackDeploymentDetail, StackDeploymentItem,
    StackDeploymentList, StackDeploymentStatus, StackOperationResult, StackRecord,
    StackRollbackResult, StackServiceView, StackUpgradeResult,
};
use futures::future::join_all;

use super::super::show::{is_secret, mask};
use super::super::{DeploymentError, Deployments};
use super::{Found, StackAccepted, version_of};
use crate::catalog::render_deployed;
use crate::engine::Engine;
use crate::store::{DeploymentFilter, MAX_PAGE};

impl Deployments {
    /// Every stack of the newest products of an environment, at most as many products as a page has.
    ///
    /// # Errors
    /// Where the environment is unknown.
    pub async fn list_stack_deployments(
        &self,
        actor: &Actor,
        environment: &str,
    ) -> Result<StackDeploymentList, DeploymentError> {
        let environment = self
            .environments
            .get_environment(actor, environment)
            .await?;
        let filter = DeploymentFilter::default();
        let page = self
            .store
            .deployment_page(environment.id, &filter, MAX_PAGE, 0);
        let mut deployments = Vec::new();
        for row in page.await?.0 {
            // One that was removed since is left out.
            if let Some(deployment) = self.store.deployment(environment.id, row.id).await? {
                let stacks = deployment.stacks.iter();
                let there = stacks.filter(|stack| stack.status != StackStatus::Removed);
                deployments.extend(there.map(|stack| item(&deployment, stack)));
            }
        }
        Ok(StackDeploymentList {
            success: true,
            deployments,
        })
    }

    /// Stacks and products of an environment, or of the default one.
    ///
    /// # Errors
    /// Where the environment is unknown.
    pub async fn list_all_deployments(
        &self,
        actor: &Actor,
        environment: Option<&str>,
    ) -> Result<AllDeployments, DeploymentError> {
        let environment = match environment {
            Some(environment) => environment.to_owned(),
            None => {
                let all = self.environments.list_environments(actor).await?;
                // The default one is the first.
                let first = all.first().map(|environment| environment.id.to_string());
                first.unwrap_or_default()
            }
        };
        let query = DeploymentQuery::default();
        let products = self
            .list_product_deployments(actor, &environment, &query)
            .await?;
        let stacks = self.list_stack_deployments(actor, &environment).await?;
        Ok(AllDeployments {
            success: true,
            deployments: stacks.deployments,
            product_deployments: products.product_deployments,
        })
    }

    /// One stack with what its engine shows now.
    ///
    /// # Errors
    /// Where there is none in this environment.
    pub async fn get_stack_deployment(
        &self,
        _actor: &Actor,
        environment: &str,
        id_or_name: &str,
    ) -> Result<StackDeploymentDetail, DeploymentError> {
        let found = self.find_stack(environment, id_or_name).await?;
        let Found { deployment, stack } = &found;
        let configuration = configuration(deployment, stack);
        let observed = self.observed_or_nothing(deployment).await;
        Ok(StackDeploymentDetail {
            success: true,
            message: format!(
                "Deployment '{}' is {}.",
                stack.deployment_stack_name,
                found.status().as_str()
            ),
            deployment: item(deployment, stack),
            environment_id: deployment.environment_id.to_string(),
            services: services(deployment, stack, observed.as_ref()),
            init_container_results: self.inits(deployment, stack, observed.as_ref()).await,
            configuration,
            error_message: stack.error_message.clone(),
        })
    }

    /// What is recorded of a stack. Nobody waits for its engine.
    ///
    /// # Errors
    /// Where there is none in this environment.
    pub async fn get_stack_record(
        &self,
        _actor: &Actor,
        environment: &str,
        id_or_name: &str,
    ) -> Result<StackRecord, DeploymentError> {
        let found = self.find_stack(environment, id_or_name).await?;
        Ok(StackRecord {
            version: found.version(),
            release: found.stack.release,
            configuration: configuration(&found.deployment, &found.stack),
        })
    }

    async fn observed_or_nothing(&self, deployment: &ProductDeployment) -> Option<Observed> {
        let observed = async { Ok(self.engine_of(deployment).await?.observe().await?) };
        let observed: Result<Observed, DeploymentError> = observed.await;
        match observed {
            Ok(observed) => Some(observed),
            Err(error) => {
                tracing::warn!(
                    deployment.id = %deployment.id, error = &error as &dyn std::error::Error,
                    "the engine cannot be asked"
                );
                None
            }
        }
    }

    /// How the stack's one-shots ended, as far as their containers are still there.
    async fn inits(
        &self,
        deployment: &ProductDeployment,
        stack: &StackDeployment,
        observed: Option<&Observed>,
    ) -> Vec<InitResult> {
        let (Some(observed), Ok(engine)) = (observed, self.engine_of(deployment).await) else {
            return Vec::new();
        };
        let Ok(spec) = render_deployed(deployment, stack) else {
            return Vec::new();
        };
        let inits = spec.services.values();
        let asks = inits
            .filter(|service| service.lifecycle.is_init())
            .filter_map(|service| {
                let container = container_of(deployment, service, 1, observed)?;
                let ended = container.state == ContainerState::Exited;
                ended.then(|| init_result(engine.as_ref(), service, container))
            });
        join_all(asks).await
    }

    /// How deploying or removing a stack ended, once it has.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn wait_for_stack(
        &self,
        _actor: &Actor,
        environment: &str,
        accepted: &StackAccepted,
    ) -> Result<StackOperationResult, DeploymentError> {
        let (deployment, operation) = self.ended(environment, &accepted.accepted).await?;
        let stack = deployment
            .stacks
            .iter()
            .find(|it| it.stack_name == accepted.stack);
        let removes = accepted.removes;
        let success = match removes {
            true => stack.is_none_or(|it| it.status == StackStatus::Removed),
            // One that came back runs, too, but from the release before.
            false => stack.is_some_and(|stack| {
                let release = operation.input.release;
                stack.status == StackStatus::Running
                    && release.is_none_or(|release| stack.release == release)
            }),
        };
        let name = &accepted.stack_name;
        let message = match (success, removes) {
            (true, true) => format!("Deployment '{name}' removed successfully."),
            (true, false) => format!("Stack '{name}' deployed successfully."),
            (false, _) => operation.message.clone().unwrap_or_default(),
        };
        let shown = stack.filter(|_| !removes);
        let observed = match shown {
            Some(_) => self.observed_or_nothing(&deployment).await,
            None => None,
        };
        Ok(StackOperationResult {
            success,
            errors: errors(success, stack, &message),
            message,
            deployment_id: stack.map(|it| it.id.to_string()),
            stack_name: name.clone(),
            stack_version: match stack {
                Some(stack) => version_of(&deployment, stack),
                None => accepted.before.clone(),
            },
            services: shown.map_or_else(Vec::new, |stack| {
                services(&deployment, stack, observed.as_ref())
            }),
            warnings: Vec::new(),
            deployment_session_id: operation.session_id,
            operation_id: Some(operation.id.to_string()),
            operation_status: Some(operation.status),
            product_deployment_id: deployment.id.to_string(),
        })
    }

    /// How the upgrade of a stack ended, once it has.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn wait_for_stack_upgrade(
        &self,
        actor: &Actor,
        environment: &str,
        accepted: &StackAccepted,
    ) -> Result<StackUpgradeResult, DeploymentError> {
        let result = self.wait_for_stack(actor, environment, accepted).await?;
        let target = self.target_version_of(accepted).await?;
        let success = result.success;
        let id = result.deployment_id.unwrap_or_default();
        let back = self.get_stack_rollback(actor, environment, &id).await?;
        let message = match success {
            true => format!(
                "Stack '{}' upgraded from {} to {} successfully.",
                accepted.stack_name,
                accepted.before.as_deref().unwrap_or("another version"),
                target.as_deref().unwrap_or("another version")
            ),
            false => self.last_words(accepted).await?,
        };
        Ok(StackUpgradeResult {
            success,
            errors: match success {
                true => Vec::new(),
                false => vec![message.clone()],
            },
            message,
            deployment_id: id,
            previous_version: accepted.before.clone(),
            new_version: target,
            snapshot_id: accepted.release_before.map(|number| number.to_string()),
            can_rollback: back.can_rollback,
            rollback_version: back.rollback_target_version,
            operation_id: accepted.accepted.operation.to_string(),
        })
    }

    /// How the rollback of a stack ended, once it has.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn wait_for_stack_rollback(
        &self,
        actor: &Actor,
        environment: &str,
        accepted: &StackAccepted,
    ) -> Result<StackRollbackResult, DeploymentError> {
        let result = self.wait_for_stack(actor, environment, accepted).await?;
        let target = self.target_version_of(accepted).await?;
        let success = result.success;
        let message = match success {
            true => format!("Stack '{}' rolled back successfully.", accepted.stack_name),
            false => self.last_words(accepted).await?,
        };
        Ok(StackRollbackResult {
            success,
            message,
            deployment_id: result.deployment_id.unwrap_or_default(),
            target_version: target,
            previous_version: accepted.before.clone(),
            operation_id: accepted.accepted.operation.to_string(),
        })
    }

    async fn last_words(&self, accepted: &StackAccepted) -> Result<String, DeploymentError> {
        let operation = self.store.operation(accepted.accepted.operation).await?;
        Ok(operation.and_then(|it| it.message).unwrap_or_default())
    }

    /// The version of the stack that the operation rolled out.
    async fn target_version_of(
        &self,
        accepted: &StackAccepted,
    ) -> Result<Option<String>, DeploymentError> {
        let operation = self.store.operation(accepted.accepted.operation).await?;
        let Some(number) = operation.and_then(|operation| operation.input.release) else {
            return Ok(None);
        };
        let deployment = accepted.accepted.deployment;
        let release = self.store.product_release(deployment, number).await?;
        Ok(release.and_then(|release| {
            let template = release.product.stack(&accepted.stack)?;
            super::version_in(&release.product, template)
        }))
    }
}

/// The values of a stack's variables, those of secret ones masked.
fn configuration(
    deployment: &ProductDeployment,
    stack: &StackDeployment,
) -> BTreeMap<String, String> {
    let values = stack.values.0.iter().map(|(name, value)| {
        let shown = match is_secret(&deployment.product, name) {
            true => mask(deployment.id, value),
            false => value.clone(),
        };
        (name.clone(), shown)
    });
    values.collect()
}

fn errors(success: bool, stack: Option<&StackDeployment>, message: &str) -> Vec<String> {
    match success {
        true => Vec::new(),
        false => {
            let own = stack.and_then(|it| it.error_message.clone());
            vec![own.unwrap_or_else(|| message.to_owned())]
        }
    }
}

fn item(deployment: &ProductDeployment, stack: &StackDeployment) -> StackDeploymentItem {
    let since = stack.completed_at.or(stack.started_at);
    StackDeploymentItem {
        deployment_id: stack.id.to_string(),
        stack_name: stack.deployment_stack_name.clone(),
        stack_version: version_of(deployment, stack),
        deployed_at: since.unwrap_or(deployment.created_at),
        service_count: deployment.template(stack).map_or(0, |it| it.services.len()),
        status: StackDeploymentStatus::of(stack.status, deployment.status),
        operation_mode: deployment.operation_mode,
        product_deployment_id: deployment.id.to_string(),
        product_name: deployment.product.display_name.clone(),
    }
}

fn container_of<'a>(
    deployment: &ProductDeployment,
    service: &ServiceSpec,
    replica: u32,
    observed: &'a Observed,
) -> Option<&'a ObservedContainer> {
    let container = observed.container(&service.container_name_of(replica))?;
    let owner = container.ownership.as_ref()?;
    (owner.product == deployment.product.group_id).then_some(container)
}

fn services(
    deployment: &ProductDeployment,
    stack: &StackDeployment,
    observed: Option<&Observed>,
) -> Vec<StackServiceView> {
    let (Some(observed), Ok(spec)) = (observed, render_deployed(deployment, stack)) else {
        return Vec::new();
    };
    let replicas = spec.services.values().flat_map(|service| {
        let all = 1..=service.replicas.max(1);
        all.map(move |replica| (service, replica))
    });
    replicas
        .map(|(service, replica)| {
            let container = container_of(deployment, service, replica, observed);
            StackServiceView {
                service_name: service.name.clone(),
                container_id: container.map(|it| it.id.clone()),
                container_name: service.container_name_of(replica),
                image: service.image.to_string(),
                status: container.map(|it| it.state),
                health: container.map_or(Health::None, |it| it.health),
                ports: service.ports.iter().filter_map(published).collect(),
            }
        })
        .collect()
}

/// `127.0.0.1:8080:80/tcp`.
fn published(port: &PortSpec) -> Option<String> {
    let host = port.published.as_ref()?;
    let ip = port.host_ip.as_ref().map(|ip| format!("{ip}:"));
    Some(format!(
        "{}{host}:{}/{}",
        ip.unwrap_or_default(),
        port.target,
        port.protocol
    ))
}

async fn init_result(
    engine: &dyn Engine,
    service: &ServiceSpec,
    container: &ObservedContainer,
) -> InitResult {
    let details = engine.inspect_container(&container.id).await.ok();
    InitResult {
        service_name: service.name.clone(),
        success: container.exit_code == Some(0),
        exit_code: container.exit_code,
        executed_at_utc: details
            .and_then(|details| details.started_at)
            .map(Timestamp::from_millis),
        log_output: None,
    }
}
