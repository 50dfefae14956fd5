//! What each page says. Other people's automation looks for these words.

use domain::operation::OperationKind;

/// The words of one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Words {
    /// The heading; `{}` stands for the product's name.
    title: &'static str,
    pub question: &'static str,
    /// What cannot be taken back, or takes services away.
    pub warning: Option<&'static str>,
    /// Above the stacks.
    pub list: &'static str,
    /// On the button; `{}` stands for the version.
    button: &'static str,
}

impl Words {
    /// The heading of the page.
    #[must_use]
    pub fn title(&self, product: &str) -> String {
        self.title.replace("{}", product)
    }

    /// What stands on the button.
    #[must_use]
    pub fn button(&self, version: Option<&str>) -> String {
        match version {
            Some(version) => self.button.replace("{}", &format!("v{version}")),
            None => self.button.replace(" to {}", ""),
        }
    }
}

/// The words of a page.
#[must_use]
pub const fn words(kind: OperationKind) -> Words {
    use OperationKind as K;
    match kind {
        // Nothing that is deployed is deployed for the first time.
        K::Deploy | K::Redeploy => Words {
            title: "Redeploy Product",
            question: "Rolls the same version out again with the same configuration. Images are pulled anew, and init containers \
                       run again.",
            warning: None,
            list: "Stacks to redeploy",
            button: "Redeploy All Stacks",
        },
        K::Retry => Words {
            title: "Retry Failed Stacks",
            question: "Rolls out again what failed. What runs is left alone.",
            warning: None,
            list: "Stacks to retry",
            button: "Retry Failed Stacks",
        },
        K::Upgrade => Words {
            title: "Upgrade {}",
            question: "Rolls another version out. Values are carried over, and what does not change keeps running.",
            warning: None,
            list: "Stacks now",
            button: "Upgrade All Stacks to {}",
        },
        K::Rollback => Words {
            title: "Roll Back {}",
            question: "Returns the whole product to an earlier release: its configuration, and the very images it ran.",
            warning: None,
            list: "Stacks now",
            button: "Roll Back All Stacks to {}",
        },
        K::Stop => Words {
            title: "Stop Product Containers",
            question: "Stops every container. Containers, networks and volumes stay.",
            warning: Some("The product answers nobody until it is started again."),
            list: "Stacks to stop",
            button: "Stop All Containers",
        },
        K::Restart => Words {
            title: "Restart Product Containers",
            question: "Stops and starts every container, stack by stack. Nothing is pulled or replaced.",
            warning: Some("Each service is away while it is restarted."),
            list: "Stacks to restart",
            button: "Restart All Containers",
        },
        K::EnterMaintenance => Words {
            title: "Enter Maintenance Mode",
            question: "Are you sure that this product shall go into maintenance?",
            warning: Some("All containers are stopped until maintenance ends."),
            list: "Stacks affected",
            button: "Enter Maintenance Mode",
        },
        K::ExitMaintenance => Words {
            title: "Exit Maintenance Mode",
            question: "Starts all service containers again and returns the product to normal operation.",
            warning: None,
            list: "Stacks to restart",
            button: "Exit Maintenance Mode",
        },
        K::Remove => Words {
            title: "Remove Product Deployment",
            question: "Stops and removes every container and network of this product.",
            warning: Some(
                "Its containers are gone for good. Volumes stay unless you choose them below.",
            ),
            list: "Stacks to remove (in reverse order)",
            button: "Remove All Stacks",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: OperationKind, title: &str, button: &str) {
        let words = words(kind);
        assert_eq!(words.title("Shop"), title);
        assert_eq!(words.button(Some("2")), button);
    }

    #[test]
    fn names_and_versions_stand_where_they_belong() {
        use OperationKind as K;
        check(K::Upgrade, "Upgrade Shop", "Upgrade All Stacks to v2");
        check(K::Redeploy, "Redeploy Product", "Redeploy All Stacks");
        assert_eq!(words(K::Upgrade).button(None), "Upgrade All Stacks");
    }
}
