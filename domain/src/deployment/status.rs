//! The status machines of products and stacks: total, pure, printed as a table by a test.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Status of a deployed product. Changes only by operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ProductStatus {
    Deploying,
    Running,
    PartiallyRunning,
    Upgrading,
    Failed,
    Removing,
    Removed,
    Stopped,
    Redeploying,
    Superseded,
}

/// What happens to a deployed product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProductEvent {
    /// A roll-out (deploy, retry, upgrade, redeploy) ended.
    RolledOut(Outcome),
    /// Only what failed is deployed again.
    Retry,
    /// Another version is rolled out.
    Upgrade,
    /// The same version is rolled out again.
    Redeploy,
    /// Containers were stopped; so many stacks run on.
    Halted(Outcome),
    /// Containers were started; so many stacks run.
    Started(Outcome),
    /// An operation was taken back: all of it is as it was before.
    Returned(Before),
    /// Removal begins.
    Remove,
    /// Removal ended with nothing left.
    RemovedAll,
    /// Removal ended with something left.
    RemovalFailed(Outcome),
    /// A new deployment of the same product takes its place.
    Supersede,
}

/// What a product that was operated on can return to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Before {
    Running,
    PartiallyRunning,
    Failed,
    Stopped,
}

impl Before {
    /// Every one, for tables.
    pub const ALL: &[Self] = &[
        Self::Running,
        Self::PartiallyRunning,
        Self::Failed,
        Self::Stopped,
    ];

    /// None for a status that an operation is on its way from, or that is the end.
    #[must_use]
    pub const fn of(status: ProductStatus) -> Option<Self> {
        match status {
            ProductStatus::Running => Some(Self::Running),
            ProductStatus::PartiallyRunning => Some(Self::PartiallyRunning),
            ProductStatus::Failed => Some(Self::Failed),
            ProductStatus::Stopped => Some(Self::Stopped),
            _ => None,
        }
    }

    /// The status.
    #[must_use]
    pub const fn status(self) -> ProductStatus {
        match self {
            Self::Running => ProductStatus::Running,
            Self::PartiallyRunning => ProductStatus::PartiallyRunning,
            Self::Failed => ProductStatus::Failed,
            Self::Stopped => ProductStatus::Stopped,
        }
    }
}

/// How many stacks run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    All,
    Some,
    None,
}

impl Outcome {
    /// From the number of running stacks.
    #[must_use]
    pub const fn of(running: usize, total: usize) -> Self {
        if running == 0 {
            Self::None
        } else if running == total {
            Self::All
        } else {
            Self::Some
        }
    }

    const fn status(self) -> ProductStatus {
        match self {
            Self::All => ProductStatus::Running,
            Self::Some => ProductStatus::PartiallyRunning,
            Self::None => ProductStatus::Failed,
        }
    }
}

/// A change that the machine does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a {subject} that is {from} cannot take the event '{event}'")]
pub struct IllegalTransition {
    /// `product` or `stack`.
    pub subject: &'static str,
    /// Where it was.
    pub from: String,
    /// What should have happened.
    pub event: String,
}

impl ProductStatus {
    /// Every status, for tables.
    pub const ALL: &[Self] = &[
        Self::Deploying,
        Self::Running,
        Self::PartiallyRunning,
        Self::Upgrading,
        Self::Failed,
        Self::Removing,
        Self::Removed,
        Self::Stopped,
        Self::Redeploying,
        Self::Superseded,
    ];

    /// The wire and stored form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deploying => "Deploying",
            Self::Running => "Running",
            Self::PartiallyRunning => "PartiallyRunning",
            Self::Upgrading => "Upgrading",
            Self::Failed => "Failed",
            Self::Removing => "Removing",
            Self::Removed => "Removed",
            Self::Stopped => "Stopped",
            Self::Redeploying => "Redeploying",
            Self::Superseded => "Superseded",
        }
    }

    /// Reads the stored form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|status| status.as_str() == text)
    }

    /// Whether an operation is changing it.
    #[must_use]
    pub const fn is_in_progress(self) -> bool {
        matches!(
            self,
            Self::Deploying | Self::Upgrading | Self::Removing | Self::Redeploying
        )
    }

    /// Whether at least one stack runs and nothing is changing.
    #[must_use]
    pub const fn is_operational(self) -> bool {
        matches!(self, Self::Running | Self::PartiallyRunning)
    }

    /// Whether it never changes again.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Removed | Self::Superseded)
    }

    /// The status after an event.
    ///
    /// # Errors
    /// Where the event cannot happen in this status.
    pub fn next(self, event: ProductEvent) -> Result<Self, IllegalTransition> {
        use ProductEvent as E;
        let next = match (self, event) {
            (Self::Deploying | Self::Upgrading | Self::Redeploying, E::RolledOut(outcome))
            | (Self::Stopped | Self::Running | Self::PartiallyRunning, E::Started(outcome)) => {
                outcome.status()
            }
            // What is left after a removal is never the whole product.
            (Self::Removing, E::RemovalFailed(Outcome::All)) => Self::PartiallyRunning,
            (Self::Removing, E::RemovalFailed(outcome)) => outcome.status(),
            (Self::Running | Self::PartiallyRunning | Self::Stopped, E::Halted(Outcome::None)) => {
                Self::Stopped
            }
            (Self::Running | Self::PartiallyRunning, E::Halted(Outcome::Some)) => {
                Self::PartiallyRunning
            }
            (Self::Running | Self::PartiallyRunning | Self::Stopped, E::Halted(Outcome::All)) => {
                self
            }
            (Self::Deploying | Self::Upgrading | Self::Redeploying, E::Returned(before)) => {
                before.status()
            }
            (Self::PartiallyRunning | Self::Failed, E::Retry) => Self::Deploying,
            (Self::Running | Self::PartiallyRunning | Self::Stopped | Self::Failed, E::Upgrade) => {
                Self::Upgrading
            }
            (Self::Running | Self::PartiallyRunning, E::Redeploy) => Self::Redeploying,
            (Self::Running | Self::PartiallyRunning | Self::Failed | Self::Stopped, E::Remove) => {
                Self::Removing
            }
            (Self::Removing, E::RemovedAll) => Self::Removed,
            (
                Self::Running | Self::PartiallyRunning | Self::Failed | Self::Stopped,
                E::Supersede,
            ) => Self::Superseded,
            _ => {
                return Err(IllegalTransition {
                    subject: "product",
                    from: self.to_string(),
                    event: format!("{event:?}"),
                });
            }
        };
        Ok(next)
    }
}

impl fmt::Display for ProductStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Status of one stack of a deployed product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum StackStatus {
    Pending,
    Deploying,
    Running,
    Failed,
    Removing,
    Removed,
    Stopped,
}

/// What a stack that was operated on can return to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StackBefore {
    Pending,
    Running,
    Failed,
    Stopped,
}

impl StackBefore {
    /// None for a status that an operation is on its way from, or that is the end.
    #[must_use]
    pub const fn of(status: StackStatus) -> Option<Self> {
        match status {
            StackStatus::Pending => Some(Self::Pending),
            StackStatus::Running => Some(Self::Running),
            StackStatus::Failed => Some(Self::Failed),
            StackStatus::Stopped => Some(Self::Stopped),
            StackStatus::Deploying | StackStatus::Removing | StackStatus::Removed => None,
        }
    }

    /// The status.
    #[must_use]
    pub const fn status(self) -> StackStatus {
        match self {
            Self::Pending => StackStatus::Pending,
            Self::Running => StackStatus::Running,
            Self::Failed => StackStatus::Failed,
            Self::Stopped => StackStatus::Stopped,
        }
    }
}

/// What happens to a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StackEvent {
    /// Its turn has come.
    Begin,
    /// All of its services passed their gates.
    Complete,
    /// One of its services did not.
    Fail,
    /// Its turn was taken back: cancelled and undone.
    Withdraw,
    /// An operation was taken back: its containers are what they were before.
    Return(StackBefore),
    /// Its containers were stopped.
    Stop,
    /// Its containers were started again.
    Restart,
    /// An operation includes it again.
    Reset,
    /// Its removal begins.
    Remove,
    /// It is gone.
    Removed,
}

impl StackStatus {
    /// Every status, for tables.
    pub const ALL: &[Self] = &[
        Self::Pending,
        Self::Deploying,
        Self::Running,
        Self::Failed,
        Self::Removing,
        Self::Removed,
        Self::Stopped,
    ];

    /// The wire and stored form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Deploying => "Deploying",
            Self::Running => "Running",
            Self::Failed => "Failed",
            Self::Removing => "Removing",
            Self::Removed => "Removed",
            Self::Stopped => "Stopped",
        }
    }

    /// Reads the stored form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|status| status.as_str() == text)
    }

    /// The status after an event.
    ///
    /// # Errors
    /// Where the event cannot happen in this status.
    pub fn next(self, event: StackEvent) -> Result<Self, IllegalTransition> {
        use StackEvent as E;
        match (self, event) {
            (Self::Pending | Self::Removing, E::Begin) => Ok(Self::Deploying),
            (Self::Deploying, E::Complete) => Ok(Self::Running),
            // A stack that runs or is stopped fails where it should be started and was not.
            (
                Self::Pending | Self::Deploying | Self::Removing | Self::Running | Self::Stopped,
                E::Fail,
            ) => Ok(Self::Failed),
            (Self::Deploying | Self::Removing, E::Withdraw) => Ok(Self::Pending),
            (Self::Running | Self::Failed, E::Stop) => Ok(Self::Stopped),
            (Self::Stopped | Self::Failed, E::Restart) => Ok(Self::Running),
            // Also one that was removed on the way to a version without it.
            (_, E::Return(before)) => Ok(before.status()),
            (Self::Running | Self::Failed | Self::Stopped | Self::Pending, E::Reset) => {
                Ok(Self::Pending)
            }
            (Self::Removed, _) => Err(self.refuse(event)),
            (_, E::Remove) => Ok(Self::Removing),
            (Self::Removing, E::Removed) => Ok(Self::Removed),
            _ => Err(self.refuse(event)),
        }
    }

    fn refuse(self, event: StackEvent) -> IllegalTransition {
        IllegalTransition {
            subject: "stack",
            from: self.to_string(),
            event: format!("{event:?}"),
        }
    }
}

impl fmt::Display for StackStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn product_transitions() {
        use ProductEvent as E;
        let events = [
            E::RolledOut(Outcome::All),
            E::RolledOut(Outcome::Some),
            E::RolledOut(Outcome::None),
            E::Retry,
            E::Upgrade,
            E::Redeploy,
            E::Halted(Outcome::All),
            E::Halted(Outcome::Some),
            E::Halted(Outcome::None),
            E::Returned(Before::Running),
            E::Returned(Before::PartiallyRunning),
            E::Returned(Before::Failed),
            E::Returned(Before::Stopped),
            E::Started(Outcome::All),
            E::Started(Outcome::Some),
            E::Started(Outcome::None),
            E::Remove,
            E::RemovedAll,
            E::RemovalFailed(Outcome::All),
            E::RemovalFailed(Outcome::Some),
            E::RemovalFailed(Outcome::None),
            E::Supersede,
        ];
        insta::assert_snapshot!(table(ProductStatus::ALL, &events, |s, e| s.next(e)));
    }

    #[test]
    fn stack_transitions() {
        use StackEvent as E;
        let events = [
            E::Begin,
            E::Complete,
            E::Fail,
            E::Withdraw,
            E::Stop,
            E::Restart,
            E::Reset,
            E::Remove,
            E::Removed,
            E::Return(StackBefore::Running),
        ];
        insta::assert_snapshot!(table(StackStatus::ALL, &events, |s, e| s.next(e)));
    }

    #[test]
    fn wire_forms_read_back() {
        for status in ProductStatus::ALL {
            assert_eq!(ProductStatus::parse(status.as_str()), Some(*status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
        for status in StackStatus::ALL {
            assert_eq!(StackStatus::parse(status.as_str()), Some(*status));
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        }
    }

    fn table<S: Copy + fmt::Display, E: Copy + fmt::Debug>(
        statuses: &[S],
        events: &[E],
        next: impl Fn(S, E) -> Result<S, IllegalTransition>,
    ) -> String {
        let mut lines = Vec::new();
        for status in statuses {
            for event in events {
                if let Ok(to) = next(*status, *event) {
                    lines.push(format!("{status} --{event:?}--> {to}"));
                }
            }
        }
        lines.join("\n")
    }
}
