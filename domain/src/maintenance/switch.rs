//! Who may switch the mode of a product: whoever activated maintenance also controls when it ends.

use super::trigger::{MaintenanceTrigger, TriggerSource};
use crate::deployment::OperationMode;

/// Why a person cannot end what the observer began.
pub const HELD_BY_OBSERVER: &str = "Cannot exit maintenance mode: maintenance was activated by observer and cannot be exited while the external source reports maintenance.";

/// Why the observer does not end what a person began.
const HELD_BY_HAND: &str = "Maintenance was activated manually and is not ended by the observer.";

/// What becomes of a wish to switch the mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Switch {
    /// Nothing to do; the wish is a success.
    AlreadyThere,
    /// It may be done.
    Go,
    /// It may not, and this is why: a conflict for a person, no action for the observer.
    Refused(String),
}

/// Decides whether `by` may bring a product from `mode`, activated by `trigger`, to the `wanted` mode.
///
/// Maintenance without a recorded trigger counts as activated manually: a person can always end that.
#[must_use]
pub fn switch(
    mode: OperationMode,
    trigger: Option<&MaintenanceTrigger>,
    wanted: OperationMode,
    by: TriggerSource,
) -> Switch {
    if mode == wanted {
        return Switch::AlreadyThere;
    }
    if wanted == OperationMode::Maintenance {
        return Switch::Go;
    }
    let owner = trigger.map_or(TriggerSource::Manual, |trigger| trigger.source);
    match (owner, by) {
        (TriggerSource::Manual, TriggerSource::Manual)
        | (TriggerSource::Observer, TriggerSource::Observer) => Switch::Go,
        (TriggerSource::Observer, TriggerSource::Manual) => {
            Switch::Refused(HELD_BY_OBSERVER.to_owned())
        }
        (TriggerSource::Manual, TriggerSource::Observer) => {
            Switch::Refused(HELD_BY_HAND.to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timestamp::Timestamp;

    #[test]
    fn who_may_switch() {
        let trigger = |source| MaintenanceTrigger {
            source,
            reason: None,
            at: Timestamp::from_millis(0),
            by: None,
        };
        let states = [
            ("Normal", OperationMode::Normal, None),
            ("Maintenance", OperationMode::Maintenance, None),
            (
                "Maintenance by Manual",
                OperationMode::Maintenance,
                Some(trigger(TriggerSource::Manual)),
            ),
            (
                "Maintenance by Observer",
                OperationMode::Maintenance,
                Some(trigger(TriggerSource::Observer)),
            ),
        ];
        let mut lines = Vec::new();
        for (name, mode, trigger) in &states {
            for by in TriggerSource::ALL {
                for wanted in [OperationMode::Normal, OperationMode::Maintenance] {
                    let outcome = match switch(*mode, trigger.as_ref(), wanted, *by) {
                        Switch::AlreadyThere => "already there".to_owned(),
                        Switch::Go => "go".to_owned(),
                        Switch::Refused(why) => format!("refused: {why}"),
                    };
                    lines.push(format!("{name} --{by}--> {}: {outcome}", wanted.as_str()));
                }
            }
        }
        insta::assert_snapshot!(lines.join("\n"));
    }
}
