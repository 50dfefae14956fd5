//! Rolls out another version of a product that is deployed.

use std::cmp::Ordering;
use std::sync::Arc;

use domain::access::Actor;
use domain::deployment::{ProductDeployment, ProductEvent, StackDeployment, StackStatus};
use domain::id::StackDeploymentId;
use domain::name::{check_project, kebab};
use domain::operation::OperationKind;
use domain::product::Product;
use domain::release::{Release, ReleaseResult, ReleaseStack};
use domain::variable::{Values, effective};
use domain::wire::UpgradeRequest;

use super::intent::{Intent, must_not_be_in_maintenance};
use super::values::Checked;
use super::{Accepted, DeploymentError, Deployments, InvalidField};
use crate::catalog::{compare_versions, find_stack};
use crate::clock::new_id;

impl Deployments {
    /// Accepts an upgrade to a version of the catalog.
    ///
    /// # Errors
    /// Every reason to refuse it, found before anything is written.
    pub async fn upgrade_product(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
        request: &UpgradeRequest,
    ) -> Result<Accepted, DeploymentError> {
        let deployment = self.to_be_changed(environment, id).await?;
        let intent = self.upgrade_intent(actor, deployment, request).await?;
        self.accept(actor, intent).await
    }

    pub(super) async fn upgrade_intent(
        &self,
        actor: &Actor,
        deployment: ProductDeployment,
        request: &UpgradeRequest,
    ) -> Result<Intent, DeploymentError> {
        must_not_be_in_maintenance(&deployment, "upgraded")?;
        let to = deployment.status.next(ProductEvent::Upgrade);
        let to = to.map_err(|_| DeploymentError::StatusForbids {
            what: "upgraded",
            status: deployment.status,
        })?;
        let target = self
            .catalog
            .product(&request.target_product_id)
            .ok_or_else(|| DeploymentError::TargetNotFound(request.target_product_id.clone()))?;
        check_version(&deployment.product, &target)?;
        let stacks = self.target_stacks(&deployment, &target, request)?;
        let shared = overlaid(
            &deployment.shared_values,
            &Values(request.shared_variables.clone()),
        );
        let release = Release {
            deployment: deployment.id,
            number: self.store.next_release_number(deployment.id).await?,
            operation: None,
            product: Product::clone(&target),
            shared_values: shared,
            stacks,
            images: std::collections::BTreeMap::new(),
            result: ReleaseResult::Pending,
            message: None,
            rollback_of: None,
            created_by: actor.clone(),
            created_at: self.clock.now(),
            ended_at: None,
        };
        let mut intent = Intent::of(OperationKind::Upgrade, deployment);
        intent.to = to;
        intent.input.continue_on_error = Some(request.continue_on_error);
        intent.input.on_failure = request.on_failure;
        intent.input.plan_id.clone_from(&request.plan_id);
        intent.session_id.clone_from(&request.session_id);
        intent.rolls_out(release);
        Ok(intent)
    }

    /// Every stack of the target with its values: what was given before is carried over.
    fn target_stacks(
        &self,
        deployment: &ProductDeployment,
        target: &Arc<Product>,
        request: &UpgradeRequest,
    ) -> Result<Vec<ReleaseStack>, DeploymentError> {
        let configs = request.stack_configs.as_deref();
        if configs.is_some_and(<[_]>::is_empty) {
            return Err(DeploymentError::NoStacks);
        }
        let configs = configs.unwrap_or_default();
        for config in configs {
            if find_stack(target, &config.stack_id).is_none() {
                return Err(DeploymentError::StackNotFound {
                    stack: config.stack_id.clone(),
                    product: target.display_name.clone(),
                });
            }
        }
        let given = Values(request.shared_variables.clone());
        let mut checked = Checked::default();
        let mut stacks: Vec<ReleaseStack> = Vec::new();
        for template in &target.stacks {
            let config = configs.iter().enumerate().find(|(_, config)| {
                find_stack(target, &config.stack_id).is_some_and(|it| it.name == template.name)
            });
            let known = deployment
                .stacks
                .iter()
                .find(|stack| stack.stack_name == template.name);
            let wanted = config.and_then(|(_, config)| config.deployment_stack_name.as_deref());
            let name = match (known, wanted) {
                (Some(known), _) => known.deployment_stack_name.clone(),
                (None, Some(wanted)) if !wanted.trim().is_empty() => wanted.trim().to_owned(),
                (None, _) => kebab(&format!("{}-{}", deployment.deployment_name, template.name)),
            };
            let field = match config {
                Some((position, _)) => format!("stackConfigs[{position}].variables"),
                None => format!("stackConfigs.{}.variables", template.name),
            };
            if let Err(error) = check_project(&name) {
                checked.invalid.push(InvalidField {
                    field: field.replace("variables", "deploymentStackName"),
                    message: super::accept::sentence(&error),
                });
            } else if stacks
                .iter()
                .any(|other| other.deployment_stack_name == name)
            {
                checked.invalid.push(InvalidField {
                    field: field.replace("variables", "deploymentStackName"),
                    message: format!(
                        "'{name}' is used by another stack; every stack needs its own name."
                    ),
                });
            }
            let before = match known {
                Some(known) => carried_over(deployment, known),
                None => deployment.shared_values.clone(),
            };
            let shared = overlaid(&before, &given);
            let own = config.map(|(_, config)| Values(config.variables.clone()));
            let own = own.unwrap_or_default();
            let values = checked.values(target, template, &name, &shared, &own, &field);
            stacks.push(ReleaseStack {
                stack_name: template.name.clone(),
                deployment_stack_name: name,
                values,
            });
        }
        checked.done()?;
        Ok(stacks)
    }
}

impl Intent {
    /// Rolls out a release of other contents: its stacks that are not deployed yet are new.
    pub(super) fn rolls_out(&mut self, release: Release) {
        let deployed = |name: &str| {
            let mut stacks = self.deployment.stacks.iter();
            stacks.any(|stack| stack.stack_name == name)
        };
        self.add = (0_u32..)
            .zip(&release.stacks)
            .filter(|(_, stack)| !deployed(&stack.stack_name))
            .map(|(order, stack)| StackDeployment {
                id: StackDeploymentId::from_uuid(new_id()),
                stack_name: stack.stack_name.clone(),
                deployment_stack_name: stack.deployment_stack_name.clone(),
                status: StackStatus::Pending,
                order,
                started_at: None,
                completed_at: None,
                error_message: None,
                is_new_in_upgrade: true,
                release: 0,
                values: stack.values.clone(),
            })
            .collect();
        self.reset = self
            .deployment
            .stacks
            .iter()
            .map(|stack| stack.stack_name.clone())
            .collect();
        self.input.release = Some(release.number);
        self.release = Some(release);
    }
}

/// What was given for a stack, as opposed to what its version had as defaults: those may have changed for good reasons.
pub(super) fn carried_over(deployment: &ProductDeployment, stack: &StackDeployment) -> Values {
    let Some(template) = deployment.template(stack) else {
        return stack.values.clone();
    };
    let variables = effective(&deployment.product.shared_variables, &template.variables);
    let mut values = stack.values.clone();
    values.0.retain(|name, value| {
        let declared = variables
            .iter()
            .find(|variable| variable.name.eq_ignore_ascii_case(name));
        declared.is_none_or(|variable| variable.default.as_ref() != Some(value))
    });
    values
}

/// The second over the first, without regard to case.
pub(super) fn overlaid(below: &Values, above: &Values) -> Values {
    let mut values = below.clone();
    for (name, value) in &above.0 {
        values.set(name, value);
    }
    values
}

pub(super) fn check_version(deployed: &Product, target: &Product) -> Result<(), DeploymentError> {
    if deployed.group_id != target.group_id {
        return Err(DeploymentError::VersionRefused(format!(
            "'{}' is another product than '{}': only another version of the same product can be upgraded to.",
            target.id, deployed.group_id
        )));
    }
    let (from, to) = (deployed.version.as_deref(), target.version.as_deref());
    let word = |version: Option<&str>| version.unwrap_or("without a number").to_owned();
    match compare_versions(to, from) {
        Ordering::Equal => Err(DeploymentError::VersionRefused(format!(
            "Product is already running version {}. Use redeploy to roll the same version out again.",
            word(to)
        ))),
        Ordering::Less => Err(DeploymentError::VersionRefused(format!(
            "Downgrade from {} to {} is not supported. Roll back to an earlier release instead.",
            word(from),
            word(to)
        ))),
        Ordering::Greater => Ok(()),
    }
}
