//! What all roll-outs share: what they are planned from, and what their end means. They differ in their extent and in their words.

use std::collections::{BTreeMap, BTreeSet};

use domain::deployment::{Outcome, ProductEvent, ProductStatus, StackStatus};
use domain::name::ImageRef;
use domain::operation::{OperationKind, OperationStatus};
use domain::plan::{Extent, Plan, PlannedStack, PresentImage, RolloutInput, plan_rollout};
use domain::product::StackOrder;
use domain::release::{ReleaseImage, ReleaseResult};
use futures::future::try_join_all;

use super::{End, Ending, Material, PlanError, name_of, next, product_of};
use crate::engine::{Engine, EngineError};
use crate::store::{Contents, Settlement};

/// What an operation says about its end.
pub(super) struct Words {
    /// `Product 'Shop' v2.0.0 …`: all of it was done.
    pub(super) done: fn(&Material, usize) -> String,
    /// `partially upgraded`.
    pub(super) partially: &'static str,
    /// `Failed to upgrade product 'Shop'`.
    pub(super) failed: fn(&str) -> String,
    /// `upgrade`.
    pub(super) noun: &'static str,
}

pub(super) async fn plan(
    material: &Material,
    extent: Extent,
    engine: &dyn Engine,
) -> Result<Plan, PlanError> {
    let specs = material.specs(&BTreeMap::new())?;
    let product = match &material.target {
        Some(target) => &target.product,
        None => &material.deployment.product,
    };
    let stacks: Vec<PlannedStack> = specs
        .into_iter()
        .map(|spec| PlannedStack {
            depends_on: product
                .stack(&spec.stack)
                .map(|template| template.depends_on.clone())
                .unwrap_or_default(),
            spec,
        })
        .collect();
    let observed = engine.observe().await?;
    let wanted_images = wanted_images(material);
    let images = present_images(&stacks, &wanted_images, engine).await?;
    plan_rollout(&RolloutInput {
        product: &material.deployment.product.group_id,
        environment: material.deployment.environment_id,
        stacks: &stacks,
        scope: &material.scope(),
        gone: &material.gone(),
        extent,
        on_failure: material.on_failure(),
        graph: product.order == StackOrder::Graph,
        continue_on_error: material.continue_on_error(),
        observed: &observed,
        images: &images,
        wanted_images: &wanted_images,
    })
    .map_err(PlanError::Refused)
}

/// Images that must be what they were: all of a release that is returned to, else those that were pinned before.
fn wanted_images(material: &Material) -> BTreeMap<String, ReleaseImage> {
    let images = material.target.as_ref().map(|target| target.images.clone());
    let mut images = images.unwrap_or_default();
    if material.kind != OperationKind::Rollback {
        images.retain(|_, image| image.pinned.is_some());
    }
    images
}

/// What the engine has of all images that may be run, by each of their names.
async fn present_images(
    stacks: &[PlannedStack],
    wanted: &BTreeMap<String, ReleaseImage>,
    engine: &dyn Engine,
) -> Result<BTreeMap<String, PresentImage>, EngineError> {
    let services = stacks.iter().flat_map(|stack| stack.spec.services.values());
    let mut names: BTreeSet<String> = services.map(|service| service.image.to_string()).collect();
    for image in wanted.values() {
        names.insert(image.id.clone());
        names.extend(image.digest.clone());
        names.extend(image.pinned.clone());
    }
    let looks = names.into_iter().map(async |name| {
        let Ok(reference) = name.parse::<ImageRef>() else {
            return Ok(None);
        };
        let there = engine.image(&reference).await?;
        Ok::<_, EngineError>(there.map(|there| {
            let present = PresentImage {
                id: there.id,
                has_healthcheck: there.has_healthcheck,
                from_registry: there.repo_digest.is_some(),
            };
            (name, present)
        }))
    });
    Ok(try_join_all(looks).await?.into_iter().flatten().collect())
}

pub(super) fn end(material: &Material, ending: &Ending<'_>, words: &Words) -> End {
    let total = ending.total();
    let running = ending.count(StackStatus::Running);
    let failed = ending.count(StackStatus::Failed);
    let name = name_of(material);
    if let Some(before) = material.input.before.filter(|_| ending.returned) {
        let product_status = next(material, ProductEvent::Returned(before));
        let why = match (ending.cancelled, &ending.failure) {
            (true, _) => format!("The {} was cancelled.", words.noun),
            (false, Some(failure)) => {
                let failure = failure.trim_end_matches('.');
                format!("{}: {failure}.", (words.failed)(name))
            }
            (false, None) => format!("{}.", (words.failed)(name)),
        };
        let message = format!(
            "{why} Everything is as it was before: {}.",
            as_before(material)
        );
        return End {
            status: match ending.cancelled {
                true => OperationStatus::Cancelled,
                false => OperationStatus::Failed,
            },
            product_status,
            error: Some(message.clone()),
            message,
            settlement: Settlement::default(),
        };
    }
    let product_status = next(
        material,
        ProductEvent::RolledOut(Outcome::of(running, total)),
    );
    let counts = format!("{running}/{total} stacks running, {failed} failed.");
    let (status, message, error) = if running == total && !ending.cancelled {
        let message = (words.done)(material, total);
        (OperationStatus::Succeeded, message, None)
    } else if ending.cancelled {
        let message = format!(
            "The {} was cancelled; {running} of {total} stacks run.",
            words.noun
        );
        (OperationStatus::Cancelled, message.clone(), Some(message))
    } else if product_status == ProductStatus::PartiallyRunning {
        let message = format!("Product '{name}' {}. {counts}", words.partially);
        let error = format!("{failed} of {total} stacks failed.");
        (OperationStatus::Failed, message, Some(error))
    } else {
        let message = format!("{}. {failed}/{total} stacks failed.", (words.failed)(name));
        let error = format!("{failed} of {total} stacks failed.");
        (OperationStatus::Failed, message, Some(error))
    };
    End {
        status,
        product_status,
        message,
        error,
        settlement: Settlement::default(),
    }
}

/// `v1.0.0 is Running`.
fn as_before(material: &Material) -> String {
    let status = material.input.before.map(|before| before.status());
    let status = status.unwrap_or(material.deployment.status);
    let version = material.deployment.product.version.as_deref();
    let version = version.map_or_else(|| "it".to_owned(), |version| format!("v{version}"));
    format!("{version} is {status}")
}

/// What a roll-out changes in the record: the release that the product and its stacks are at, and what came of it.
pub(super) fn settle(material: &Material, ending: &Ending<'_>, end: &mut End) {
    let Some(target) = &material.target else {
        return;
    };
    let number = target.number;
    let succeeded = end.status == OperationStatus::Succeeded;
    let result = match (succeeded, ending.returned) {
        (true, _) => ReleaseResult::Succeeded,
        (false, true) => ReleaseResult::RolledBack,
        (false, false) => ReleaseResult::Failed,
    };
    let is_new = |name: &String| {
        let deployed = &material.deployment.stacks;
        let stack = deployed.iter().find(|stack| stack.stack_name == **name);
        stack.is_some_and(|stack| stack.release == 0)
    };
    end.settlement.result = Some((number, result));
    if ending.returned && material.input.before.is_some() {
        // What was on its way in never came.
        let names = material
            .deployment
            .stacks
            .iter()
            .map(|it| it.stack_name.clone());
        end.settlement.gone = names.filter(is_new).collect();
        return;
    }
    if number != material.deployment.release {
        let upgrades = matches!(
            material.kind,
            OperationKind::Upgrade | OperationKind::Rollback
        );
        let before = material.deployment.product.version.clone();
        end.settlement.contents = Some(Contents {
            release: number,
            product: Box::new(target.product.clone()),
            upgraded_from: upgrades.then_some(before),
        });
    }
    let scope = material.scope();
    for (name, status) in ending.stacks {
        if *status == StackStatus::Removed {
            end.settlement.gone.push(name.clone());
            continue;
        }
        // Outside of the scope nothing differs but the number; inside, a stack that came back is where it was.
        let outside = !scope.contains(name);
        let came_through = *status == StackStatus::Running && ending.advanced.contains(name);
        let unchanged = *status == StackStatus::Running && succeeded;
        if outside || came_through || unchanged || is_new(name) {
            end.settlement.stacks.push((name.clone(), number));
        }
    }
}

/// `Product 'Shop' v2.0.0`.
pub(super) fn subject(material: &Material) -> String {
    product_of(material)
}
