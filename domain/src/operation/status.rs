//! Statuses of operations and steps, with their stored form.

use serde::{Deserialize, Serialize};

macro_rules! stored_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// Every value, for tables.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The stored form.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            /// Reads the stored form; none for a value of a newer version.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text)
            }
        }
    };
}

stored_enum! {
    /// Where an operation is.
    OperationStatus {
        /// Recorded, not yet claimed.
        Queued = "queued",
        /// A runner has it.
        Running = "running",
        /// It waits for a time, an operator, or a newer version of Windlass.
        Waiting = "waiting",
        /// Someone asked to cancel; what runs is being stopped.
        Cancelling = "cancelling",
        /// It failed or was cancelled, and is being undone.
        Compensating = "compensating",
        /// Everything was done.
        Succeeded = "succeeded",
        /// Something was not done.
        Failed = "failed",
        /// It was cancelled and undone.
        Cancelled = "cancelled",
        /// Undoing failed again and again; the operator decides.
        Stuck = "stuck",
    }
}

impl OperationStatus {
    /// Whether it holds the product: no second operation may start.
    #[must_use]
    pub const fn is_active(self) -> bool {
        !self.is_final()
    }

    /// Whether it never changes again.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Cancelled)
    }
}

stored_enum! {
    /// Where a step is.
    StepState {
        /// Not begun.
        Pending = "pending",
        /// Begun: written before the act, so after a crash it is done again.
        Started = "started",
        /// Done.
        Done = "done",
        /// Given up.
        Failed = "failed",
        /// Sent and not answered: the engine must be looked at.
        Unknown = "unknown",
        /// Will not be done, because something that it needs was not.
        Skipped = "skipped",
        /// Done, and undone again.
        Undone = "undone",
    }
}

impl StepState {
    /// Whether nothing more happens to it while the plan runs.
    #[must_use]
    pub const fn has_ended(self) -> bool {
        matches!(
            self,
            Self::Done | Self::Failed | Self::Skipped | Self::Undone
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_forms_are_pinned() {
        let operations: Vec<_> = OperationStatus::ALL
            .iter()
            .map(|status| status.as_str())
            .collect();
        assert_eq!(
            operations.join(" "),
            "queued running waiting cancelling compensating succeeded failed cancelled stuck"
        );
        let steps: Vec<_> = StepState::ALL.iter().map(|state| state.as_str()).collect();
        assert_eq!(
            steps.join(" "),
            "pending started done failed unknown skipped undone"
        );
        for status in OperationStatus::ALL {
            assert_eq!(OperationStatus::parse(status.as_str()), Some(*status));
        }
        assert_eq!(OperationStatus::parse("paused"), None);
    }

    #[test]
    fn only_three_statuses_let_the_product_go() {
        let free: Vec<_> = OperationStatus::ALL
            .iter()
            .filter(|s| !s.is_active())
            .collect();
        assert_eq!(
            free,
            [
                &OperationStatus::Succeeded,
                &OperationStatus::Failed,
                &OperationStatus::Cancelled
            ]
        );
    }
}
