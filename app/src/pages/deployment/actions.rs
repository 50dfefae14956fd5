//! What can be done to a deployed product. What cannot be done now stays in its place and says why.

use domain::deployment::OperationMode;
use domain::operation::OperationKind;
use domain::wire::ProductDeploymentDetail;
use leptos::prelude::*;

use crate::address;
use crate::components::{Button, ButtonKind, LinkButton};
use crate::live::polled::Polled;

/// One thing that can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Action {
    label: &'static str,
    kind: OperationKind,
    /// Why not now.
    refused: Option<String>,
}

/// Links to the pages that ask whether it is meant.
#[component]
pub fn Actions(polled: Polled<ProductDeploymentDetail>) -> impl IntoView {
    let shown = Memo::new(move |_| {
        polled
            .data
            .with(|detail| (offered(detail), detail.product_group_id.clone()))
    });
    let id = polled
        .data
        .with_untracked(|detail| detail.product_deployment_id.clone());
    let buttons = move || {
        let (actions, group) = shown.get();
        let mut actions = actions.into_iter().map(|action| {
            let href = address::change(action.kind, &id);
            let kind = match action.kind {
                OperationKind::Remove => ButtonKind::Danger,
                _ => ButtonKind::Secondary,
            };
            match action.refused {
                None => {
                    view! { <LinkButton href=href kind=kind>{action.label}</LinkButton> }.into_any()
                }
                reason => view! { <Button reason=reason>{action.label}</Button> }.into_any(),
            }
        });
        let first = actions.next();
        let rest = actions.collect_view();
        view! {
            {first}
            <LinkButton href=address::product(&group)>"View in Catalog"</LinkButton>
            {rest}
        }
    };
    view! {
        <div class="row deployment__actions" role="group" aria-label="What can be done">
            {buttons}
        </div>
    }
}

/// In the order that people know.
fn offered(detail: &ProductDeploymentDetail) -> Vec<Action> {
    use OperationKind as K;
    let free = detail.active_operation_id.is_none();
    let action = |label, kind, allowed: bool| Action {
        label,
        kind,
        refused: (!allowed || !free).then(|| why_not(detail, kind)),
    };
    let maintenance = match detail.operation_mode {
        OperationMode::Normal => action(
            "Enter Maintenance",
            K::EnterMaintenance,
            detail.can_enter_maintenance,
        ),
        OperationMode::Maintenance => action(
            "Exit Maintenance",
            K::ExitMaintenance,
            detail.can_exit_maintenance,
        ),
    };
    vec![
        maintenance,
        action("Redeploy", K::Redeploy, detail.can_redeploy),
        action("Retry Failed", K::Retry, detail.can_retry),
        action("Upgrade", K::Upgrade, detail.can_upgrade),
        action("Roll Back", K::Rollback, detail.can_rollback),
        action("Stop Containers", K::Stop, detail.can_stop),
        action("Restart Containers", K::Restart, detail.can_restart),
        action("Remove", K::Remove, detail.can_remove),
    ]
}

fn why_not(detail: &ProductDeploymentDetail, kind: OperationKind) -> String {
    let in_maintenance = detail.operation_mode == OperationMode::Maintenance;
    if detail.active_operation_id.is_some() {
        return "An operation is running. Wait for its end, or cancel it.".to_owned();
    }
    if in_maintenance && kind != OperationKind::ExitMaintenance {
        return "The product is in maintenance mode. Exit maintenance first.".to_owned();
    }
    match kind {
        OperationKind::ExitMaintenance => {
            "The maintenance observer started this maintenance, and ends it.".to_owned()
        }
        OperationKind::Retry => "Nothing of it has failed.".to_owned(),
        OperationKind::Rollback => "There is no earlier release to return to.".to_owned(),
        _ => format!("Not possible while it is {}.", detail.status),
    }
}
