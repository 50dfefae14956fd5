//! Which stack is looked at: the one at work, until somebody picks one. The choice is in the address.

use domain::operation::progress::{Progress, StackProgress};

/// Name of the parameter in the address.
pub const PARAMETER: &str = "stack";

/// What the address says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Whatever is at work.
    Follow,
    /// This one, by its name in the product.
    Picked(String),
}

impl Selection {
    /// From the parameter of the address.
    #[must_use]
    pub fn from_parameter(value: Option<&str>) -> Self {
        match value {
            None | Some("") => Self::Follow,
            Some(name) => Self::Picked(name.to_owned()),
        }
    }

    /// The stack to show. A name that is none of this operation's follows.
    #[must_use]
    pub fn resolve<'a>(&self, progress: &'a Progress) -> Option<&'a StackProgress> {
        match self {
            Self::Follow => progress.stack_in_focus(),
            Self::Picked(name) => progress.stack(name).or_else(|| progress.stack_in_focus()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::deployment::StackStatus;

    fn progress(stacks: &[(&str, StackStatus)]) -> Progress {
        Progress {
            stacks: stacks
                .iter()
                .map(|(name, status)| StackProgress {
                    name: (*name).to_owned(),
                    display_name: name.to_uppercase(),
                    deployment_stack_name: format!("shop-{name}"),
                    status: *status,
                    message: None,
                    started_at: None,
                    ended_at: None,
                    services: Vec::new(),
                    steps: Vec::new(),
                })
                .collect(),
            ..Progress::default()
        }
    }

    fn check(parameter: Option<&str>, expected: &str) {
        let progress = progress(&[
            ("infra", StackStatus::Running),
            ("web", StackStatus::Deploying),
            ("shop", StackStatus::Pending),
        ]);
        let shown = Selection::from_parameter(parameter)
            .resolve(&progress)
            .unwrap();
        assert_eq!(shown.name, expected, "{parameter:?}");
    }

    #[test]
    fn the_view_follows_until_somebody_picks() {
        check(None, "web");
        check(Some(""), "web");
        check(Some("infra"), "infra");
        check(Some("shop"), "shop");
        check(Some("no such stack"), "web");
    }

    #[test]
    fn before_the_first_event_nothing_is_shown() {
        assert_eq!(Selection::Follow.resolve(&Progress::default()), None);
    }
}
