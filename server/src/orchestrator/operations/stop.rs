//! Containers are stopped; nothing is removed.

use domain::deployment::{Outcome, ProductEvent, StackStatus};
use domain::operation::OperationStatus;

use super::{End, Ending, Material, next, product_of};
use crate::store::Settlement;

pub(super) fn end(material: &Material, ending: &Ending<'_>) -> End {
    let scope = material.scope();
    let stopped = |name: &String| {
        let mut stacks = ending.stacks.iter();
        stacks.any(|(other, status)| other == name && *status == StackStatus::Stopped)
    };
    // What never ran is stopped, too.
    let wanted = scope.iter().filter(|name| {
        material.stack_before(name) != Some(domain::deployment::StackBefore::Pending)
    });
    let wanted: Vec<&String> = wanted.collect();
    let (total, done) = (wanted.len(), wanted.iter().filter(|n| stopped(n)).count());
    let running = ending.count(StackStatus::Running);
    let product_status = next(
        material,
        ProductEvent::Halted(Outcome::of(running, ending.total())),
    );
    let subject = product_of(material);
    let (status, message, error) = if done == total && !ending.cancelled {
        let message = format!("{subject} stopped ({total} stacks).");
        (OperationStatus::Succeeded, message, None)
    } else if ending.cancelled {
        let message = "The stop was cancelled; what it had stopped was started again.".to_owned();
        (OperationStatus::Cancelled, message, None)
    } else {
        let message = format!("{subject} was not stopped. {done}/{total} stacks stopped.");
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
