//! How it came out, and the safe things to do next.

use domain::operation::OperationStatus;
use domain::wire::OperationView;
use leptos::prelude::*;

use super::Page;
use crate::address;
use crate::components::{ButtonKind, LinkButton, Notice, Tone};

/// Nothing while it runs; a sentence and what can be done once it has ended, or while it cannot go on by itself.
#[component]
pub fn Outcome(page: Page) -> impl IntoView {
    let state = Memo::new(move |_| {
        page.live.feed.with(|feed| {
            let progress = &feed.progress;
            (progress.status, progress.message.clone(), progress.resumed)
        })
    });
    move || {
        let (status, message, resumed) = state.get();
        let again = (resumed > 0).then(|| {
            format!("Windlass was restarted meanwhile; it went on from where it had stopped ({resumed} times).")
                .replace("(1 times)", "(once)")
        });
        match status? {
            status if status.is_final() => {
                let message = message.unwrap_or_default();
                let operation = page.operation.get_value();
                Some(view! { <Ended status message again operation /> }.into_any())
            }
            OperationStatus::Stuck => {
                let hint =
                    "Cancelling leaves what could not be cleaned up and lets the product go.";
                let what = "Cleaning up does not work";
                Some(
                    view! { <Notice tone=Tone::Bad what why=message hint=hint.to_owned() assertive=true /> }
                        .into_any(),
                )
            }
            OperationStatus::Waiting => {
                let what = "Waiting";
                Some(view! { <Notice tone=Tone::Warn what why=message hint=again /> }.into_any())
            }
            _ => again.map(|again| view! { <Notice tone=Tone::Idle what=again /> }.into_any()),
        }
    }
}

#[component]
fn Ended(
    status: OperationStatus,
    message: String,
    again: Option<String>,
    operation: OperationView,
) -> impl IntoView {
    let deployment = address::product_deployment(&operation.product_deployment_id);
    let product = address::product(&operation.product_group_id);
    let deploy = address::deploy_product(&operation.product_group_id);
    let good = status == OperationStatus::Succeeded;
    let tone = match status {
        OperationStatus::Succeeded => Tone::Good,
        OperationStatus::Cancelled => Tone::Idle,
        _ => Tone::Bad,
    };
    // What still runs is removed or kept on the page of the deployment; a new one is refused while something runs.
    let fresh = operation.product_status == domain::deployment::ProductStatus::Failed;
    view! {
        <Notice tone what=message why=again>
            <div class="row outcome__actions">
                <LinkButton href=deployment kind=ButtonKind::Primary>
                    {if good { "View Deployment" } else { "See what runs" }}
                </LinkButton>
                {(!good && fresh)
                    .then(|| view! { <LinkButton href=deploy>"Deploy again"</LinkButton> })}
                <LinkButton href="/deployments">"View Deployments"</LinkButton>
                <LinkButton href=product kind=ButtonKind::Quiet>
                    "Back to Product"
                </LinkButton>
            </div>
        </Notice>
    }
}
