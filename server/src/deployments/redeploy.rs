//! Rolls the same version out again, with images that are pulled anew.

use domain::access::Actor;
use domain::deployment::{ProductDeployment, ProductEvent, StackStatus};
use domain::operation::OperationKind;
use domain::release::{Release, ReleaseResult, ReleaseStack};
use domain::variable::Values;
use domain::wire::RedeployRequest;

use super::intent::{Intent, must_not_be_in_maintenance};
use super::upgrade::overlaid;
use super::values::Checked;
use super::{Accepted, DeploymentError, Deployments};
use crate::catalog::find_stack;

impl Deployments {
    /// Accepts a redeploy of all or the named stacks.
    ///
    /// # Errors
    /// Every reason to refuse it, found before anything is written.
    pub async fn redeploy_product(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
        request: &RedeployRequest,
    ) -> Result<Accepted, DeploymentError> {
        let deployment = self.to_be_changed(environment, id).await?;
        let intent = self.redeploy_intent(actor, deployment, request).await?;
        self.accept(actor, intent).await
    }

    pub(super) async fn redeploy_intent(
        &self,
        actor: &Actor,
        deployment: ProductDeployment,
        request: &RedeployRequest,
    ) -> Result<Intent, DeploymentError> {
        must_not_be_in_maintenance(&deployment, "redeployed")?;
        let to = deployment.status.next(ProductEvent::Redeploy);
        let to = to.map_err(|_| DeploymentError::StatusForbids {
            what: "redeployed",
            status: deployment.status,
        })?;
        let named = named_stacks(&deployment, &request.stack_names)?;
        let release = self.same_again(actor, &deployment, request).await?;
        let scope = |name: &String| named.is_empty() || named.contains(name);
        // What never ran has nothing to be taken down, and is rolled out with the rest.
        let reset = deployment
            .stacks
            .iter()
            .filter(|stack| scope(&stack.stack_name) && stack.status != StackStatus::Removed)
            .map(|stack| stack.stack_name.clone())
            .collect();
        let mut intent = Intent::of(OperationKind::Redeploy, deployment);
        intent.to = to;
        intent.reset = reset;
        intent.input.stacks = named;
        intent.input.release = Some(release.number);
        intent.input.continue_on_error = Some(request.continue_on_error);
        intent.input.on_failure = request.on_failure;
        intent.input.plan_id.clone_from(&request.plan_id);
        intent.release = Some(release);
        intent.session_id.clone_from(&request.session_id);
        Ok(intent)
    }

    /// The present contents as a new release: what its images mean is found out anew.
    async fn same_again(
        &self,
        actor: &Actor,
        deployment: &ProductDeployment,
        request: &RedeployRequest,
    ) -> Result<Release, DeploymentError> {
        let mut checked = Checked::default();
        let given = Values(request.variables.clone());
        let product = &deployment.product;
        let configs = request.stack_configs.as_deref().unwrap_or_default();
        for config in configs {
            if find_stack(product, &config.stack_id).is_none() {
                return Err(DeploymentError::StackNotDeployed(config.stack_id.clone()));
            }
        }
        let mut stacks = Vec::new();
        for stack in &deployment.stacks {
            let Some(template) = product.stack(&stack.stack_name) else {
                continue;
            };
            let config = configs.iter().enumerate().find(|(_, config)| {
                find_stack(product, &config.stack_id).is_some_and(|it| it.name == template.name)
            });
            let (field, own) = match config {
                Some((position, config)) => (
                    format!("stackConfigs[{position}].variables"),
                    overlaid(&given, &Values(config.variables.clone())),
                ),
                None => ("variables".to_owned(), given.clone()),
            };
            let name = stack.deployment_stack_name.as_str();
            let values = checked.values(product, template, name, &stack.values, &own, &field);
            stacks.push(ReleaseStack {
                stack_name: stack.stack_name.clone(),
                deployment_stack_name: stack.deployment_stack_name.clone(),
                values,
            });
        }
        checked.done()?;
        let mut shared = deployment.shared_values.clone();
        for (name, value) in &given.0 {
            // What only single stacks know stays theirs.
            let mut declared = product.shared_variables.iter();
            if shared.get(name).is_some() || declared.any(|it| it.name.eq_ignore_ascii_case(name)) {
                shared.set(name, value);
            }
        }
        Ok(Release {
            deployment: deployment.id,
            number: self.store.next_release_number(deployment.id).await?,
            operation: None,
            product: product.clone(),
            shared_values: shared,
            stacks,
            images: deployment.images.clone(),
            result: ReleaseResult::Pending,
            message: None,
            rollback_of: None,
            created_by: actor.clone(),
            created_at: self.clock.now(),
            ended_at: None,
        })
    }
}

/// The names, each of which the deployment has.
pub(super) fn named_stacks(
    deployment: &ProductDeployment,
    names: &[String],
) -> Result<Vec<String>, DeploymentError> {
    let mut named = Vec::new();
    for name in names {
        let known = deployment.stacks.iter().find(|stack| {
            let template = deployment.template(stack);
            stack.stack_name == *name || template.is_some_and(|it| it.id == *name)
        });
        let stack = known.ok_or_else(|| DeploymentError::StackNotDeployed(name.clone()))?;
        if !named.contains(&stack.stack_name) {
            named.push(stack.stack_name.clone());
        }
    }
    Ok(named)
}
