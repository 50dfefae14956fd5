//! What stands above an operation: what it does, or how it came out.

use domain::deployment::ProductStatus;
use domain::operation::progress::Progress;
use domain::operation::{OperationKind, OperationStatus};

/// The heading of the page.
#[must_use]
pub fn heading(kind: OperationKind, progress: &Progress) -> &'static str {
    let [at_work, succeeded, partially, failed, cancelling, cancelled] = words(kind);
    match progress.status {
        Some(OperationStatus::Succeeded) => succeeded,
        Some(OperationStatus::Failed) => match progress.product_status {
            Some(ProductStatus::PartiallyRunning) => partially,
            _ => failed,
        },
        Some(OperationStatus::Cancelled) => cancelled,
        Some(OperationStatus::Cancelling | OperationStatus::Compensating)
            if progress.cancel_requested =>
        {
            cancelling
        }
        _ => at_work,
    }
}

/// At work, succeeded, partially failed, failed, being cancelled, cancelled. Other people's automation looks for these words.
const fn words(kind: OperationKind) -> [&'static str; 6] {
    use OperationKind as K;
    match kind {
        K::Deploy => [
            "Deploying Product...",
            "Product Deployed Successfully!",
            "Deployment Partially Failed",
            "Deployment Failed",
            "Cancelling Deployment...",
            "Deployment Cancelled",
        ],
        K::Redeploy => [
            "Redeploying Product...",
            "Redeploy Successful!",
            "Redeploy Completed with Errors",
            "Redeploy Completed with Errors",
            "Cancelling Redeploy...",
            "Redeploy Cancelled",
        ],
        K::Retry => [
            "Retrying Failed Stacks...",
            "Retry Successful!",
            "Retry Completed with Errors",
            "Retry Completed with Errors",
            "Cancelling Retry...",
            "Retry Cancelled",
        ],
        K::Upgrade => [
            "Upgrading Product...",
            "Product Upgraded Successfully!",
            "Upgrade Partially Failed",
            "Upgrade Failed",
            "Cancelling Upgrade...",
            "Upgrade Cancelled",
        ],
        K::Rollback => [
            "Rolling Back Product...",
            "Product Rolled Back Successfully!",
            "Rollback Partially Failed",
            "Rollback Failed",
            "Cancelling Rollback...",
            "Rollback Cancelled",
        ],
        K::Stop => [
            "Stopping Containers...",
            "Containers Stopped Successfully!",
            "Stop Completed with Errors",
            "Stop Completed with Errors",
            "Cancelling Stop...",
            "Stop Cancelled",
        ],
        K::Restart => [
            "Restarting Containers...",
            "Containers Restarted Successfully!",
            "Restart Completed with Errors",
            "Restart Completed with Errors",
            "Cancelling Restart...",
            "Restart Cancelled",
        ],
        K::EnterMaintenance => [
            "Entering Maintenance Mode...",
            "Maintenance Mode Activated",
            "Failed to Enter Maintenance Mode",
            "Failed to Enter Maintenance Mode",
            "Cancelling Maintenance...",
            "Maintenance Cancelled",
        ],
        K::ExitMaintenance => [
            "Exiting Maintenance Mode...",
            "Maintenance Mode Deactivated",
            "Failed to Exit Maintenance Mode",
            "Failed to Exit Maintenance Mode",
            "Cancelling Exit From Maintenance...",
            "Exit From Maintenance Cancelled",
        ],
        K::Remove => [
            "Removing Product...",
            "Product Removed Successfully!",
            "Removal Completed with Errors",
            "Removal Completed with Errors",
            "Cancelling Removal...",
            "Removal Cancelled",
        ],
    }
}

/// What cancelling now would do, one sentence for each group of stacks.
#[must_use]
pub fn consequences(kind: OperationKind, progress: &Progress) -> Vec<String> {
    use domain::deployment::StackStatus as S;

    if progress.status == Some(OperationStatus::Stuck) {
        return vec![
            "What could not be cleaned up is left as it is, and the product can be worked on again."
                .to_owned(),
        ];
    }
    match kind {
        OperationKind::Deploy | OperationKind::Retry => {}
        kind if kind.rolls_out() => {
            return vec![
                "Every stack goes back to what it was: what was stopped is started again, and new containers are removed."
                    .to_owned(),
                "Once old containers are being removed it is too late: then it goes on to its end."
                    .to_owned(),
            ];
        }
        _ => {
            return vec![
                "Nothing more is begun. What was done until then stays as it is.".to_owned(),
            ];
        }
    }
    let named = |wanted: &[S]| {
        let names: Vec<&str> = progress
            .stacks
            .iter()
            .filter(|stack| wanted.contains(&stack.status))
            .map(|stack| stack.display_name.as_str())
            .collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    let kept = named(&[S::Running]).map(|names| format!("Keeps running: {names}."));
    let undone = named(&[S::Deploying, S::Failed, S::Removing])
        .map(|names| format!("Stopped, and its new containers removed: {names}. Volumes stay."));
    let left = named(&[S::Pending]).map(|names| format!("Not begun: {names}."));
    [kept, undone, left].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::deployment::StackStatus;
    use domain::operation::progress::StackProgress;

    fn check(status: OperationStatus, product: Option<ProductStatus>, expected: &str) {
        let progress = Progress {
            status: Some(status),
            product_status: product,
            ..Progress::default()
        };
        assert_eq!(heading(OperationKind::Deploy, &progress), expected);
    }

    #[test]
    fn every_state_has_its_words() {
        use OperationStatus as O;
        check(O::Queued, None, "Deploying Product...");
        check(O::Running, None, "Deploying Product...");
        check(O::Waiting, None, "Deploying Product...");
        check(O::Compensating, None, "Deploying Product...");
        check(
            O::Succeeded,
            Some(ProductStatus::Running),
            "Product Deployed Successfully!",
        );
        check(
            O::Failed,
            Some(ProductStatus::PartiallyRunning),
            "Deployment Partially Failed",
        );
        check(O::Failed, Some(ProductStatus::Failed), "Deployment Failed");
        check(
            O::Cancelled,
            Some(ProductStatus::Failed),
            "Deployment Cancelled",
        );
    }

    #[test]
    fn cancelling_is_called_by_its_name() {
        let progress = Progress {
            status: Some(OperationStatus::Compensating),
            cancel_requested: true,
            ..Progress::default()
        };
        assert_eq!(
            heading(OperationKind::Deploy, &progress),
            "Cancelling Deployment..."
        );
    }

    #[test]
    fn cancelling_names_what_stays_what_goes_and_what_never_was() {
        let stack = |name: &str, status| StackProgress {
            name: name.to_lowercase(),
            display_name: name.to_owned(),
            deployment_stack_name: String::new(),
            status,
            message: None,
            started_at: None,
            ended_at: None,
            services: Vec::new(),
            steps: Vec::new(),
        };
        let progress = Progress {
            stacks: vec![
                stack("Infra", StackStatus::Running),
                stack("Identity", StackStatus::Deploying),
                stack("Shop", StackStatus::Pending),
                stack("Reports", StackStatus::Pending),
            ],
            ..Progress::default()
        };
        assert_eq!(
            consequences(OperationKind::Deploy, &progress),
            [
                "Keeps running: Infra.",
                "Stopped, and its new containers removed: Identity. Volumes stay.",
                "Not begun: Shop, Reports.",
            ]
        );
        assert!(consequences(OperationKind::Deploy, &Progress::default()).is_empty());
    }
}
