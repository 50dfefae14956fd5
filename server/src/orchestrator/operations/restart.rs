//! Containers are stopped and started again, or only started where the product is stopped.

use domain::deployment::{Outcome, ProductEvent, ProductStatus, StackStatus};
use domain::operation::OperationStatus;
use domain::plan::{LifecycleInput, Plan, plan_restart, plan_start};

use super::{End, Ending, Material, next, product_of};
use crate::store::Settlement;

/// Where nothing runs there is nothing to stop.
pub(super) fn planner(material: &Material) -> fn(&LifecycleInput<'_>) -> Plan {
    match material.deployment.status {
        ProductStatus::Stopped => plan_start,
        _ => plan_restart,
    }
}

pub(super) fn end(material: &Material, ending: &Ending<'_>) -> End {
    let scope = material.scope();
    let runs = |name: &&String| {
        let mut stacks = ending.stacks.iter();
        stacks.any(|(other, status)| other == *name && *status == StackStatus::Running)
    };
    let (total, done) = (scope.len(), scope.iter().filter(runs).count());
    let running = ending.count(StackStatus::Running);
    let product_status = match ending.count(StackStatus::Stopped) == ending.total() {
        // It was cancelled before anything was started.
        true => material.deployment.status,
        false => next(
            material,
            ProductEvent::Started(Outcome::of(running, ending.total())),
        ),
    };
    let subject = product_of(material);
    let (status, message, error) = if ending.cancelled {
        let message = format!("The restart was cancelled; {done} of {total} stacks run.");
        (OperationStatus::Cancelled, message, None)
    } else if done == total {
        let message = format!("{subject} restarted ({total} stacks).");
        (OperationStatus::Succeeded, message, None)
    } else {
        let failed = total - done;
        let message = format!("{subject} did not come up again. {failed}/{total} stacks failed.");
        (OperationStatus::Failed, message.clone(), Some(message))
    };
    End {
        status,
        product_status,
        message,
        error,
        settlement: Settlement::default(),
    }
}
