//! Rolls out another version of one stack, and returns it to what it was.

use std::collections::BTreeMap;

use domain::access::Actor;
use domain::deployment::{OperationMode, ProductEvent};
use domain::operation::OperationKind;
use domain::product::{Product, StackTemplate};
use domain::release::{Release, ReleaseImage, ReleaseResult, ReleaseStack};
use domain::variable::Values;
use domain::wire::{
    AvailableStackVersion, StackRollbackInfo, StackRollbackRequest, StackUpgradeCheck,
    UpgradeStackRequest,
};

use super::super::intent::{Intent, must_not_be_in_maintenance};
use super::super::releases::is_upgrade_from;
use super::super::upgrade::{carried_over, check_version, overlaid};
use super::super::values::Checked;
use super::super::{DeploymentError, Deployments};
use super::release::Change;
use super::{Found, StackAccepted, about_one_stack, version_in};
use crate::catalog::render_stack;

/// Most releases that are looked at for one that differs.
const MOST_LOOKS: u32 = 50;

/// A release that a stack can return to, and the stack in it.
struct Earlier {
    release: Release,
    template: StackTemplate,
    stack: ReleaseStack,
}

impl Deployments {
    /// Accepts an upgrade of a stack to a version of the catalog.
    ///
    /// # Errors
    /// Every reason to refuse it, found before anything is written.
    pub async fn upgrade_stack(
        &self,
        actor: &Actor,
        environment: &str,
        id_or_name: &str,
        request: &UpgradeStackRequest,
    ) -> Result<StackAccepted, DeploymentError> {
        let found = self.find_stack_to_change(environment, id_or_name).await?;
        let target = self.catalog.stack(&request.stack_id);
        let missing = || DeploymentError::TargetStackNotFound(request.stack_id.clone());
        let (product, template) = target.ok_or_else(missing)?;
        must_not_be_in_maintenance(&found.deployment, "upgraded")?;
        let mut present = found.deployment.product.clone();
        present.version = found.version();
        check_version(&present, &product)?;
        if template.name != found.stack.stack_name {
            return Err(DeploymentError::VersionRefused(format!(
                "'{}' is another stack than '{}': only another version of the same stack can be upgraded to.",
                template.id, found.stack.stack_name
            )));
        }
        self.replace_stack(
            actor,
            found,
            (&product, &template),
            &request.variables,
            &request.session_id,
        )
        .await
        .map_err(about_one_stack)
    }

    /// Accepts that a stack is made from another template; what was given for it before is carried over.
    pub(super) async fn replace_stack(
        &self,
        actor: &Actor,
        found: Found,
        (product, template): (&Product, &StackTemplate),
        variables: &BTreeMap<String, String>,
        session_id: &Option<String>,
    ) -> Result<StackAccepted, DeploymentError> {
        let deployment = &found.deployment;
        must_not_be_in_maintenance(deployment, "upgraded")?;
        let name = found.stack.deployment_stack_name.clone();
        let before = carried_over(deployment, &found.stack);
        let given = overlaid(&before, &Values(variables.clone()));
        let mut checked = Checked::default();
        let none = Values::default();
        let values = checked.values(product, template, &name, &none, &given, "variables");
        checked.done()?;
        let release = self
            .release_with(
                actor,
                deployment,
                Change::Put {
                    product,
                    template,
                    deployment_stack_name: &name,
                    values,
                    images: BTreeMap::new(),
                },
            )
            .await?;
        self.roll_out(actor, found, OperationKind::Upgrade, release, session_id)
            .await
    }

    /// What a stack could return to.
    ///
    /// # Errors
    /// Where there is no such stack.
    pub async fn get_stack_rollback(
        &self,
        _actor: &Actor,
        environment: &str,
        id_or_name: &str,
    ) -> Result<StackRollbackInfo, DeploymentError> {
        let found = self.find_stack(environment, id_or_name).await?;
        let earlier = self.earlier_release(&found).await?;
        let deployment = &found.deployment;
        let may = deployment.status.next(ProductEvent::Upgrade).is_ok()
            && deployment.operation_mode == OperationMode::Normal;
        let version = |earlier: &Earlier| version_in(&earlier.release.product, &earlier.template);
        Ok(StackRollbackInfo {
            success: true,
            deployment_id: found.stack.id.to_string(),
            stack_name: found.stack.deployment_stack_name.clone(),
            current_version: found.version(),
            can_rollback: may && earlier.is_some(),
            rollback_target_version: earlier.as_ref().and_then(version),
            rollback_release: earlier.map(|earlier| earlier.release.number),
        })
    }

    /// Accepts that a stack returns to the newest release that succeeded and in which it was another one.
    ///
    /// # Errors
    /// Every reason to refuse it, found before anything is written.
    pub async fn roll_back_stack(
        &self,
        actor: &Actor,
        environment: &str,
        id_or_name: &str,
        request: &StackRollbackRequest,
    ) -> Result<StackAccepted, DeploymentError> {
        let found = self.find_stack_to_change(environment, id_or_name).await?;
        must_not_be_in_maintenance(&found.deployment, "rolled back")?;
        let stack = &found.stack;
        let earlier = self
            .earlier_release(&found)
            .await?
            .ok_or_else(|| DeploymentError::NoStackRollback(stack.deployment_stack_name.clone()))?;
        let images = images_of(&earlier);
        let mut release = self
            .release_with(
                actor,
                &found.deployment,
                Change::Put {
                    product: &earlier.release.product,
                    template: &earlier.template,
                    deployment_stack_name: &stack.deployment_stack_name,
                    values: earlier.stack.values.clone(),
                    images,
                },
            )
            .await?;
        release.rollback_of = Some(earlier.release.number);
        self.roll_out(
            actor,
            found,
            OperationKind::Rollback,
            release,
            &request.session_id,
        )
        .await
    }

    /// Accepts the release for one stack; the others are left alone.
    async fn roll_out(
        &self,
        actor: &Actor,
        found: Found,
        kind: OperationKind,
        release: Release,
        session_id: &Option<String>,
    ) -> Result<StackAccepted, DeploymentError> {
        let before = found.version();
        let Found { deployment, stack } = found;
        let what = match kind {
            OperationKind::Rollback => "rolled back",
            _ => "upgraded",
        };
        let status = deployment.status;
        let to = status.next(ProductEvent::Upgrade);
        let to = to.map_err(|_| DeploymentError::StatusForbids { what, status })?;
        let release_before = Some(deployment.release);
        let mut intent = Intent::of(kind, deployment);
        intent.to = to;
        intent.reset = vec![stack.stack_name.clone()];
        intent.input.stacks = vec![stack.stack_name.clone()];
        intent.input.release = Some(release.number);
        intent.input.continue_on_error = Some(true);
        intent.release = Some(release);
        intent.session_id.clone_from(session_id);
        Ok(StackAccepted {
            accepted: self.accept(actor, intent).await?,
            stack: stack.stack_name,
            stack_name: stack.deployment_stack_name,
            before,
            release_before,
            removes: false,
        })
    }

    async fn earlier_release(&self, found: &Found) -> Result<Option<Earlier>, DeploymentError> {
        let (deployment, stack) = (&found.deployment, &found.stack);
        let present = deployment.template(stack);
        let (rows, _) = self
            .store
            .release_page(deployment.id, MOST_LOOKS, 0)
            .await?;
        // A way back is not a reason to go forth again.
        let here = rows.iter().find(|row| row.number == stack.release);
        let here = here
            .and_then(|row| row.rollback_of)
            .unwrap_or(stack.release);
        for row in rows {
            if row.number >= here || row.result != ReleaseResult::Succeeded {
                continue;
            }
            let release = self
                .store
                .product_release(deployment.id, row.number)
                .await?;
            let Some(release) = release else { continue };
            let template = release.product.stack(&stack.stack_name).cloned();
            let mut stacks = release.stacks.iter();
            let there = stacks.find(|it| it.stack_name == stack.stack_name).cloned();
            let (Some(template), Some(there)) = (template, there) else {
                continue;
            };
            let earlier = Earlier {
                release,
                template,
                stack: there,
            };
            let same = present == Some(&earlier.template)
                && stack.values == earlier.stack.values
                && images_of(&earlier).iter().all(|(reference, image)| {
                    deployment
                        .images
                        .get(reference)
                        .is_none_or(|it| it.id == image.id)
                });
            if !same {
                return Ok(Some(earlier));
            }
        }
        Ok(None)
    }

    /// What a stack could be upgraded to.
    ///
    /// # Errors
    /// Where there is no such stack.
    pub async fn check_stack_upgrade(
        &self,
        actor: &Actor,
        environment: &str,
        id_or_name: &str,
    ) -> Result<StackUpgradeCheck, DeploymentError> {
        let found = self.find_stack(environment, id_or_name).await?;
        let id = found.deployment.id.to_string();
        let of_product = self.check_upgrade(actor, environment, &id).await?;
        let current = found.version();
        let newer: Vec<(AvailableStackVersion, StackTemplate)> = self
            .catalog
            .versions(&found.deployment.product.group_id)
            .into_iter()
            .filter(|version| is_upgrade_from(current.as_deref(), version))
            .filter_map(|version| {
                let template = version.stack(&found.stack.stack_name)?.clone();
                let available = AvailableStackVersion {
                    version: version.version.clone(),
                    stack_id: template.id.clone(),
                    source_id: version.source_id.clone(),
                };
                Some((available, template))
            })
            .collect();
        let latest = newer.first();
        let names = |of: &[domain::variable::Variable], without: &[domain::variable::Variable]| {
            let missing = of.iter().filter(|variable| {
                let mut known = without.iter();
                !known.any(|it| it.name.eq_ignore_ascii_case(&variable.name))
            });
            missing
                .map(|variable| variable.name.clone())
                .collect::<Vec<_>>()
        };
        let present = found.deployment.template(&found.stack);
        let present = present.map(|it| it.variables.clone()).unwrap_or_default();
        let word = |version: Option<&String>| version.cloned().unwrap_or_default();
        Ok(StackUpgradeCheck {
            success: true,
            message: match latest {
                Some((latest, _)) => format!(
                    "Upgrade available: {} -> {} ({} version(s) available)",
                    word(current.as_ref()),
                    word(latest.version.as_ref()),
                    newer.len()
                ),
                None => "Already running the latest version".to_owned(),
            },
            upgrade_available: latest.is_some(),
            latest_version: latest.map_or(current.clone(), |(it, _)| it.version.clone()),
            current_version: current,
            latest_stack_id: latest.map(|(it, _)| it.stack_id.clone()),
            new_variables: latest.map(|(_, template)| names(&template.variables, &present)),
            removed_variables: latest.map(|(_, template)| names(&present, &template.variables)),
            can_upgrade: latest.is_some() && of_product.cannot_upgrade_reason.is_none(),
            cannot_upgrade_reason: of_product.cannot_upgrade_reason,
            available_versions: (!newer.is_empty())
                .then(|| newer.into_iter().map(|(version, _)| version).collect()),
        })
    }
}

/// What the references of the stack's images meant in that release.
fn images_of(earlier: &Earlier) -> BTreeMap<String, ReleaseImage> {
    let stack = &earlier.stack;
    let rendered = render_stack(
        &earlier.template,
        &stack.deployment_stack_name,
        &stack.values,
    );
    // What cannot be rendered any more is refused when it is planned.
    let Ok(spec) = rendered else {
        return BTreeMap::new();
    };
    let known = &earlier.release.images;
    spec.services
        .values()
        .filter_map(|service| {
            let reference = service.image.to_string();
            let image = known.get(&reference)?.clone();
            Some((reference, image))
        })
        .collect()
}
