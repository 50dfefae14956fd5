//! What stands above an operation: what it does, or how it came out.

use domain::deployment::ProductStatus;
use domain::operation::progress::Progress;
use domain::operation::{OperationKind, OperationStatus};

/// The heading of the page. Other people's automation looks for these words.
#[must_use]
pub fn heading(kind: OperationKind, progress: &Progress) -> &'static str {
    let OperationKind::Deploy = kind;
    match progress.status {
        Some(OperationStatus::Succeeded) => "Product Deployed Successfully!",
        Some(OperationStatus::Failed) => match progress.product_status {
            Some(ProductStatus::PartiallyRunning) => "Deployment Partially Failed",
            _ => "Deployment Failed",
        },
        Some(OperationStatus::Cancelled) => "Deployment Cancelled",
        Some(OperationStatus::Cancelling | OperationStatus::Compensating)
            if progress.cancel_requested =>
        {
            "Cancelling Deployment..."
        }
        _ => "Deploying Product...",
    }
}

/// What cancelling now would do, one sentence for each group of stacks.
#[must_use]
pub fn consequences(progress: &Progress) -> Vec<String> {
    use domain::deployment::StackStatus as S;

    if progress.status == Some(OperationStatus::Stuck) {
        return vec![
            "What could not be cleaned up is left as it is, and the product can be worked on again."
                .to_owned(),
        ];
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
            consequences(&progress),
            [
                "Keeps running: Infra.",
                "Stopped, and its new containers removed: Identity. Volumes stay.",
                "Not begun: Shop, Reports.",
            ]
        );
        assert!(consequences(&Progress::default()).is_empty());
    }
}
