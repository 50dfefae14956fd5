//! The product is removed: everything of it on the engine, except volumes that were not named.

use std::collections::BTreeMap;

use domain::deployment::{Outcome, ProductEvent, StackStatus};
use domain::operation::OperationStatus;
use domain::plan::{Plan, RemoveInput, RemovedStack, plan_remove};
use domain::product::StackOrder;

use super::{End, Ending, Material, PlanError, name_of, next, product_of};
use crate::engine::Engine;
use crate::store::Settlement;

pub(super) async fn plan(material: &Material, engine: &dyn Engine) -> Result<Plan, PlanError> {
    let deployment = &material.deployment;
    let stacks: Vec<RemovedStack> = deployment
        .stacks
        .iter()
        .map(|stack| RemovedStack {
            name: stack.stack_name.clone(),
            depends_on: deployment
                .template(stack)
                .map(|template| template.depends_on.clone())
                .unwrap_or_default(),
        })
        .collect();
    let specs = material.specs(&BTreeMap::new())?;
    let observed = engine.observe().await?;
    Ok(plan_remove(&RemoveInput {
        product: &deployment.product.group_id,
        environment: deployment.environment_id,
        stacks: &stacks,
        graph: deployment.product.order == StackOrder::Graph,
        specs: &specs,
        observed: &observed,
        volumes: &material.input.volumes,
    }))
}

pub(super) fn end(material: &Material, ending: &Ending<'_>) -> End {
    let all = ending.stacks.len();
    let removed = ending.count(StackStatus::Removed);
    let running = ending.count(StackStatus::Running);
    let failed = all - removed;
    let (status, event, message, error) = if removed == all {
        let message = format!(
            "{} removed successfully ({all} stacks).",
            product_of(material)
        );
        (
            OperationStatus::Succeeded,
            ProductEvent::RemovedAll,
            message,
            None,
        )
    } else {
        let event = ProductEvent::RemovalFailed(Outcome::of(running, all));
        let name = name_of(material);
        let (status, message) = match ending.cancelled {
            true => (
                OperationStatus::Cancelled,
                format!("The removal was cancelled; {removed} of {all} stacks are removed."),
            ),
            false => (
                OperationStatus::Failed,
                format!(
                    "Product '{name}' removed with {failed} error(s). {removed} of {all} stacks are removed; remove it again to go on."
                ),
            ),
        };
        (status, event, message.clone(), Some(message))
    };
    End {
        status,
        product_status: next(material, event),
        message,
        error,
        settlement: Settlement::default(),
    }
}
