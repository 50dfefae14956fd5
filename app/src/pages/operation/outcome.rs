//! How it came out, and the safe things to do next.

use domain::deployment::ProductStatus;
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
            (
                progress.status,
                progress.product_status,
                progress.message.clone(),
                progress.resumed,
            )
        })
    });
    move || {
        let (status, product_status, message, resumed) = state.get();
        let again = (resumed > 0).then(|| {
            format!("Windlass was restarted meanwhile; it went on from where it had stopped ({resumed} times).")
                .replace("(1 times)", "(once)")
        });
        match status? {
            status if status.is_final() => {
                let message = message.unwrap_or_default();
                let operation = page.operation.get_value();
                let failed = product_status == Some(ProductStatus::Failed);
                Some(view! { <Ended status failed message again operation /> }.into_any())
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
    /// Nothing of the product runs, so it can be deployed anew.
    failed: bool,
    message: String,
    again: Option<String>,
    operation: OperationView,
) -> impl IntoView {
    let product = address::product(&operation.product_group_id);
    let deploy = address::deploy_product(&operation.product_group_id);
    let tone = match status {
        OperationStatus::Succeeded => Tone::Good,
        OperationStatus::Cancelled => Tone::Idle,
        _ if !failed => Tone::Warn,
        _ => Tone::Bad,
    };
    view! {
        <Notice tone what=message why=again>
            <div class="row outcome__actions">
                {failed
                    .then(|| view! { <LinkButton href=deploy>"Deploy again"</LinkButton> })}
                <LinkButton href="/deployments">"View Deployments"</LinkButton>
                <LinkButton href=product kind=ButtonKind::Quiet>
                    "Back to Product"
                </LinkButton>
            </div>
        </Notice>
    }
}
