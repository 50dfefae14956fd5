//! The first roll-out of a product.

use std::collections::BTreeSet;

use domain::deployment::{Outcome, ProductDeployment, ProductEvent, ProductStatus, StackStatus};
use domain::operation::OperationStatus;
use domain::plan::{DeployInput, Plan, PlannedStack, PresentImage, plan_deploy};
use domain::product::StackOrder;
use futures::future::try_join_all;

use super::{End, PlanError, render};
use crate::engine::Engine;

pub(super) async fn plan(
    deployment: &ProductDeployment,
    engine: &dyn Engine,
) -> Result<Plan, PlanError> {
    let stacks: Vec<PlannedStack> = render(deployment)?
        .into_iter()
        .map(|spec| PlannedStack {
            depends_on: deployment
                .product
                .stack(&spec.stack)
                .map(|template| template.depends_on.clone())
                .unwrap_or_default(),
            spec,
        })
        .collect();
    let observed = engine.observe().await?;
    let wanted: BTreeSet<_> = stacks
        .iter()
        .flat_map(|stack| stack.spec.services.values().map(|service| &service.image))
        .collect();
    let images = try_join_all(wanted.into_iter().map(async |image| {
        let there = engine.image(image).await?;
        Ok::<_, PlanError>(there.map(|there| {
            let present = PresentImage {
                id: there.id,
                has_healthcheck: there.has_healthcheck,
            };
            (image.to_string(), present)
        }))
    }))
    .await?
    .into_iter()
    .flatten()
    .collect();
    plan_deploy(&DeployInput {
        product: &deployment.product.group_id,
        environment: deployment.environment_id,
        stacks: &stacks,
        graph: deployment.product.order == StackOrder::Graph,
        continue_on_error: deployment.continue_on_error,
        observed: &observed,
        images: &images,
    })
    .map_err(PlanError::Refused)
}

pub(super) fn end(deployment: &ProductDeployment, stacks: &[StackStatus], cancelled: bool) -> End {
    let total = stacks.len();
    let count = |status| stacks.iter().filter(|other| **other == status).count();
    let (running, failed) = (count(StackStatus::Running), count(StackStatus::Failed));
    let aborted = !deployment.continue_on_error && running < total && !cancelled;
    let outcome = if aborted {
        Outcome::None
    } else {
        Outcome::of(running, total)
    };
    let product_status = deployment
        .status
        .next(ProductEvent::RolledOut(outcome))
        // It was begun as Deploying; anything else was written by someone who must win.
        .unwrap_or(deployment.status);
    let product = &deployment.product;
    let name = &product.display_name;
    let version = product
        .version
        .as_deref()
        .map(|version| format!(" v{version}"))
        .unwrap_or_default();
    let (status, message, error) = if running == total {
        let message = format!("Product '{name}'{version} deployed successfully ({total} stacks).");
        (OperationStatus::Succeeded, message, None)
    } else if cancelled {
        let error = format!(
            "The deployment was cancelled; {running} of {total} stacks run, what was begun of the others was removed."
        );
        (OperationStatus::Cancelled, error.clone(), Some(error))
    } else if product_status == ProductStatus::PartiallyRunning {
        let message = format!(
            "Product '{name}' partially deployed. {running}/{total} stacks running, {failed} failed."
        );
        (
            OperationStatus::Failed,
            message,
            Some(format!("{failed} of {total} stacks failed.")),
        )
    } else {
        let message = format!("Failed to deploy product '{name}'. {failed}/{total} stacks failed.");
        let error = if aborted && failed < total {
            format!("Deployment aborted after failure. {failed} of {total} stacks failed.")
        } else {
            format!("All {failed} stacks failed.")
        };
        (OperationStatus::Failed, message, Some(error))
    };
    End {
        status,
        product_status,
        message,
        error,
    }
}
