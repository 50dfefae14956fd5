//! Entering and exiting maintenance: the containers are stopped, and started again.

use domain::deployment::OperationMode;
use domain::operation::OperationStatus;

use super::{End, Ending, Material, restart, stop};

pub(super) fn entered(material: &Material, ending: &Ending<'_>) -> End {
    let mut end = stop::end(material, ending);
    match end.status {
        OperationStatus::Succeeded => {
            let trigger = material.input.maintenance.clone();
            end.settlement.mode = Some((OperationMode::Maintenance, trigger));
            end.message = "Operation mode changed from Normal to Maintenance".to_owned();
        }
        _ => end.add("The product is not in maintenance."),
    }
    end
}

/// Maintenance ends also where something does not come up: what is wrong then is no maintenance.
pub(super) fn exited(material: &Material, ending: &Ending<'_>) -> End {
    let mut end = restart::end(material, ending);
    match end.status {
        OperationStatus::Cancelled => end.add("The product stays in maintenance."),
        status => {
            end.settlement.mode = Some((OperationMode::Normal, None));
            if status == OperationStatus::Succeeded {
                end.message = "Operation mode changed from Maintenance to Normal".to_owned();
            }
        }
    }
    end
}
