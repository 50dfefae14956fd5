//! Deploys one stack: as a deployment of its product with this stack alone, or as one more stack of the product where that is deployed.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::access::Actor;
use domain::deployment::{ProductDeployment, ProductStatus, StackDeployment, StackStatus};
use domain::environment::Environment;
use domain::id::StackDeploymentId;
use domain::name::check_project;
use domain::product::{Product, StackTemplate};
use domain::variable::Values;
use domain::wire::{DeployProductRequest, DeployStackRequest, StackConfig, StackPrecheck};

use super::super::accept::sentence;
use super::super::intent::Intent;
use super::super::precheck::Wish;
use super::super::values::Checked;
use super::super::{DeploymentError, Deployments, InvalidField};
use super::release::Change;
use super::{StackAccepted, about_one_stack, changes_stacks};
use crate::clock::new_id;

impl Deployments {
    /// Accepts the deployment of a stack of the catalog.
    ///
    /// # Errors
    /// Every reason to refuse it, found before anything is written.
    pub async fn deploy_stack(
        &self,
        actor: &Actor,
        environment: &str,
        stack_id: &str,
        request: &DeployStackRequest,
    ) -> Result<StackAccepted, DeploymentError> {
        let environment = self
            .environments
            .get_environment(actor, environment)
            .await?;
        let found = self.catalog.stack(stack_id);
        let (product, template) =
            found.ok_or_else(|| DeploymentError::CatalogStackNotFound(stack_id.to_owned()))?;
        let existing = self
            .store
            .active_deployment(environment.id, &product.group_id)
            .await?;
        let accepted = match existing {
            Some(existing) if !makes_room(&existing, &template.name) => {
                self.extend(actor, existing, &product, &template, request)
                    .await
            }
            _ => {
                self.deploy_alone(actor, &environment, product, &template, request)
                    .await
            }
        };
        accepted.map_err(about_one_stack)
    }

    /// Looks at the deployment of a stack before it is asked for.
    ///
    /// # Errors
    /// Where there is no such environment or stack.
    pub async fn precheck_stack(
        &self,
        actor: &Actor,
        environment: &str,
        stack_id: &str,
        request: &DeployStackRequest,
    ) -> Result<StackPrecheck, DeploymentError> {
        let environment = self
            .environments
            .get_environment(actor, environment)
            .await?;
        let missing = || DeploymentError::CatalogStackNotFound(stack_id.to_owned());
        let (product, template) = self.catalog.stack(stack_id).ok_or_else(missing)?;
        let mut wanted = alone(&product, &template, request);
        let existing = self
            .store
            .active_deployment(environment.id, &product.group_id)
            .await?;
        if let Some(existing) = existing {
            // What was given for the product counts for its new stack, too.
            wanted.shared_variables = existing.shared_values.0;
        }
        let found = self
            .precheck(&environment, &product, &wanted, Wish::Stack)
            .await?;
        found.into_iter().next().ok_or_else(missing)
    }

    pub(super) async fn deploy_alone(
        &self,
        actor: &Actor,
        environment: &Environment,
        product: Arc<Product>,
        template: &StackTemplate,
        request: &DeployStackRequest,
    ) -> Result<StackAccepted, DeploymentError> {
        let wanted = alone(&product, template, request);
        let accepted = self
            .accept_first(actor, environment, product, &wanted)
            .await?;
        Ok(StackAccepted {
            accepted,
            stack: template.name.clone(),
            stack_name: request.stack_name.trim().to_owned(),
            before: None,
            release_before: None,
            removes: false,
        })
    }

    /// One more stack of a product that is deployed, or one of its stacks that failed once more.
    async fn extend(
        &self,
        actor: &Actor,
        existing: ProductDeployment,
        wanted: &Product,
        template: &StackTemplate,
        request: &DeployStackRequest,
    ) -> Result<StackAccepted, DeploymentError> {
        let environment = existing.environment_id.to_string();
        let name = existing.product.display_name.clone();
        let changed = self
            .to_be_changed(&environment, &existing.id.to_string())
            .await;
        let deployment = changed.map_err(|error| match error {
            // As every deployment is refused that comes second.
            DeploymentError::Active { active, .. } => DeploymentError::InProgress {
                product: name,
                active,
            },
            other => other,
        })?;
        if deployment.product.id != wanted.id {
            let version = |product: &Product| product.version.clone().unwrap_or_default();
            return Err(DeploymentError::VersionRefused(format!(
                "Product '{}' is deployed at version {}, and the stack is of version {}. Upgrade the product, or deploy the stack of the version that is deployed.",
                deployment.product.display_name,
                version(&deployment.product),
                version(wanted)
            )));
        }
        // As recorded: what the source has by now may be another one.
        let template = deployment.product.stack(&template.name).cloned();
        let template = template.ok_or_else(|| DeploymentError::StackNotFound {
            stack: wanted.id.clone(),
            product: deployment.product.display_name.clone(),
        })?;
        let known = deployment
            .stacks
            .iter()
            .find(|it| it.stack_name == template.name);
        if let Some(known) = known
            && !matches!(known.status, StackStatus::Failed | StackStatus::Pending)
        {
            return Err(DeploymentError::StackAlreadyDeployed {
                stack: template.name.clone(),
                id: known.id,
                status: known.status,
            });
        }
        let stack_name = request.stack_name.trim().to_owned();
        check_name(&deployment, &template, &stack_name)?;
        let (kind, to) = changes_stacks(&deployment, "extended by a stack")?;
        let own = Values(request.variables.clone());
        let mut checked = Checked::default();
        let values = checked.values(
            &deployment.product,
            &template,
            &stack_name,
            &deployment.shared_values,
            &own,
            "variables",
        );
        checked.done()?;
        let release_before = Some(deployment.release);
        let release = self
            .release_with(
                actor,
                &deployment,
                Change::Put {
                    product: &deployment.product,
                    template: &template,
                    deployment_stack_name: &stack_name,
                    values: values.clone(),
                    images: BTreeMap::new(),
                },
            )
            .await?;
        let added = known.is_none().then(|| StackDeployment {
            id: StackDeploymentId::from_uuid(new_id()),
            stack_name: template.name.clone(),
            deployment_stack_name: stack_name.clone(),
            status: StackStatus::Pending,
            order: place_of(&deployment.product, &template.name),
            started_at: None,
            completed_at: None,
            error_message: None,
            is_new_in_upgrade: true,
            release: 0,
            values,
        });
        let reset = known.map(|known| known.stack_name.clone());
        let mut intent = Intent::of(kind, deployment);
        intent.to = to;
        intent.add = added.into_iter().collect();
        intent.reset = reset.into_iter().collect();
        intent.input.stacks = vec![template.name.clone()];
        intent.input.release = Some(release.number);
        intent.input.continue_on_error = Some(true);
        intent.release = Some(release);
        intent.session_id.clone_from(&request.session_id);
        Ok(StackAccepted {
            accepted: self.accept(actor, intent).await?,
            stack: template.name,
            stack_name,
            before: None,
            release_before,
            removes: false,
        })
    }
}

/// Whether a deployment gives way to a new one: it failed, and the stack is all that it has.
pub(super) fn makes_room(existing: &ProductDeployment, stack: &str) -> bool {
    let mut stacks = existing.stacks.iter();
    existing.status == ProductStatus::Failed && stacks.all(|it| it.stack_name == stack)
}

fn alone(
    product: &Product,
    template: &StackTemplate,
    request: &DeployStackRequest,
) -> DeployProductRequest {
    DeployProductRequest {
        product_id: product.id.clone(),
        deployment_name: None,
        stack_configs: vec![StackConfig {
            stack_id: template.id.clone(),
            deployment_stack_name: Some(request.stack_name.clone()),
            variables: request.variables.clone(),
        }],
        shared_variables: BTreeMap::new(),
        session_id: request.session_id.clone(),
        continue_on_error: true,
    }
}

fn check_name(
    deployment: &ProductDeployment,
    template: &StackTemplate,
    name: &str,
) -> Result<(), DeploymentError> {
    let wrong = |message: String| {
        Err(DeploymentError::Invalid(vec![InvalidField {
            field: "stackName".to_owned(),
            message,
        }]))
    };
    if let Err(error) = check_project(name) {
        return wrong(sentence(&error));
    }
    for stack in &deployment.stacks {
        let (own, taken) = (
            stack.stack_name == template.name,
            &stack.deployment_stack_name,
        );
        if own && taken != name {
            return wrong(format!(
                "The stack is deployed under the name '{taken}': use that one."
            ));
        }
        if !own && taken == name {
            return wrong(format!(
                "'{name}' is used by another stack of the product; every stack needs its own name."
            ));
        }
    }
    Ok(())
}

fn place_of(product: &Product, stack: &str) -> u32 {
    let position = product.stacks.iter().position(|it| it.name == stack);
    position
        .and_then(|it| u32::try_from(it).ok())
        .unwrap_or(u32::MAX)
}
