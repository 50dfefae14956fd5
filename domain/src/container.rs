//! Containers as people look at them: how they stand, worst first, and what may be done to one.

use serde::{Deserialize, Serialize};

use crate::plan::{ContainerState, Health};

/// How a container stands, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum ContainerGroup {
    /// Unhealthy, starting again and again, dead, or ended with a failure.
    Trouble,
    /// Made but not started, ended well, or paused.
    Stopped,
    /// Runs.
    Running,
}

impl ContainerGroup {
    /// Every group, the worst first.
    pub const ALL: [Self; 3] = [Self::Trouble, Self::Stopped, Self::Running];

    /// Where a container belongs. What ended with an exit code that only says that it was told to stop has not failed.
    #[must_use]
    pub const fn of(state: ContainerState, health: Health, exit_code: Option<i64>) -> Self {
        match (state, health, exit_code) {
            (ContainerState::Running, Health::Unhealthy, _)
            | (ContainerState::Restarting | ContainerState::Dead, _, _) => Self::Trouble,
            (ContainerState::Running, _, _) => Self::Running,
            (ContainerState::Exited, _, Some(code)) if !is_a_good_end(code) => Self::Trouble,
            _ => Self::Stopped,
        }
    }

    /// The form in addresses and requests.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trouble => "trouble",
            Self::Stopped => "stopped",
            Self::Running => "running",
        }
    }

    /// Reads [`ContainerGroup::as_str`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|group| group.as_str() == text)
    }
}

/// 0, or ended by the signal of a stop: 128 + SIGTERM.
const fn is_a_good_end(code: i64) -> bool {
    matches!(code, 0 | 143)
}

/// What is done to one container by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ContainerAct {
    Start,
    Stop,
    Restart,
    Remove,
}

impl ContainerAct {
    /// Every act.
    pub const ALL: [Self; 4] = [Self::Start, Self::Stop, Self::Restart, Self::Remove];

    /// The form in requests.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Remove => "remove",
        }
    }

    /// Why it would be for nothing; none where it makes sense.
    #[must_use]
    pub const fn pointless(self, state: ContainerState) -> Option<&'static str> {
        let up = matches!(
            state,
            ContainerState::Running | ContainerState::Paused | ContainerState::Restarting
        );
        match (self, up) {
            (Self::Start, true) => Some("It runs already."),
            (Self::Stop, false) => Some("It does not run."),
            _ => match state {
                ContainerState::Removing => Some("It is being removed."),
                _ => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_comes_first() {
        use ContainerGroup as G;
        use ContainerState as S;
        for (state, health, exit_code, expected) in [
            (S::Running, Health::None, None, G::Running),
            (S::Running, Health::Starting, None, G::Running),
            (S::Running, Health::Unhealthy, None, G::Trouble),
            (S::Restarting, Health::None, Some(0), G::Trouble),
            (S::Exited, Health::None, Some(0), G::Stopped),
            (S::Exited, Health::Unhealthy, Some(0), G::Stopped),
            (S::Exited, Health::None, Some(143), G::Stopped),
            (S::Exited, Health::None, Some(137), G::Trouble),
            (S::Exited, Health::None, Some(1), G::Trouble),
            (S::Exited, Health::None, None, G::Stopped),
            (S::Dead, Health::None, None, G::Trouble),
            (S::Created, Health::None, None, G::Stopped),
            (S::Paused, Health::None, None, G::Stopped),
        ] {
            assert_eq!(G::of(state, health, exit_code), expected, "{state:?}");
        }
        assert!(G::Trouble < G::Stopped && G::Stopped < G::Running);
    }

    #[test]
    fn words_of_groups_read_back() {
        for group in ContainerGroup::ALL {
            assert_eq!(ContainerGroup::parse(group.as_str()), Some(group));
        }
        assert_eq!(ContainerGroup::parse("gone"), None);
    }

    #[test]
    fn what_changes_nothing_says_so() {
        use ContainerAct as A;
        use ContainerState as S;
        assert_eq!(A::Start.pointless(S::Running), Some("It runs already."));
        assert_eq!(A::Start.pointless(S::Exited), None);
        assert_eq!(A::Stop.pointless(S::Created), Some("It does not run."));
        assert_eq!(A::Restart.pointless(S::Exited), None);
        assert_eq!(
            A::Remove.pointless(S::Removing),
            Some("It is being removed.")
        );
    }
}
