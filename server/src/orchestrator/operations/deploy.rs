//! The first roll-out of a product.

use domain::deployment::{Outcome, ProductEvent, ProductStatus, StackStatus};
use domain::operation::OperationStatus;
use domain::plan::Extent;

use super::{End, Ending, Material, name_of, next, product_of};
use crate::store::Settlement;

/// What an earlier deployment left is kept where it is as wanted.
pub(super) const EXTENT: Extent = Extent::Repair;

pub(super) fn end(material: &Material, ending: &Ending<'_>) -> End {
    let total = ending.total();
    let (running, failed) = (
        ending.count(StackStatus::Running),
        ending.count(StackStatus::Failed),
    );
    let cancelled = ending.cancelled;
    let aborted = !material.continue_on_error() && running < total && !cancelled;
    let outcome = if aborted {
        Outcome::None
    } else {
        Outcome::of(running, total)
    };
    let product_status = next(material, ProductEvent::RolledOut(outcome));
    let name = name_of(material);
    let (status, message, error) = if running == total {
        let subject = product_of(material);
        let message = format!("{subject} deployed successfully ({total} stacks).");
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
        settlement: Settlement::default(),
    }
}
