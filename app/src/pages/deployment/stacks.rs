//! The stacks of a deployed product. Two badges: what the roll-out did, and how the containers are now.

use domain::timestamp::Timestamp;
use domain::wire::{ProductDeploymentDetail, StackDetail};
use leptos::prelude::*;

use super::services::Services;
use crate::address;
use crate::components::{
    Elapsed, Glyph, HealthBadge, HealthReason, Icon, Look, RelativeTime, Seen, StatusBadge,
};
use crate::live::health::{still, still_services};
use crate::live::polled::Polled;

/// One card for each stack, in the order of the manifest.
#[component]
pub fn Stacks(polled: Polled<ProductDeploymentDetail>) -> impl IntoView {
    let names = Memo::new(move |_| {
        polled.data.with(|detail| {
            detail
                .stacks
                .iter()
                .map(|stack| stack.stack_name.clone())
                .collect::<Vec<_>>()
        })
    });
    view! {
        <ol class="stack">
            <For each=move || names.get() key=String::clone children=move |name| view! { <Stack polled name /> } />
        </ol>
    }
}

#[component]
fn Stack(polled: Polled<ProductDeploymentDetail>, name: String) -> impl IntoView {
    let of = move |detail: &ProductDeploymentDetail| {
        let mut stacks = detail.stacks.iter();
        stacks.find(|stack| stack.stack_name == name).cloned()
    };
    let whole = Memo::new(move |_| polled.data.with(&of));
    let seen = Memo::new(move |_| whole.with(|stack| stack.as_ref()?.health.observed_at));
    // A look that shows nothing new draws nothing anew.
    let stack = Memo::new(move |_| {
        whole.get().map(|stack| StackDetail {
            health: still(stack.health),
            services: still_services(stack.services),
            ..stack
        })
    });
    let deployment = polled
        .data
        .with_untracked(|detail| detail.product_deployment_id.clone());
    move || {
        stack.get().map(|stack| {
            let href = address::stack(&deployment, &stack.stack_name);
            view! { <StackCard stack seen href /> }
        })
    }
}

#[component]
fn StackCard(stack: StackDetail, seen: Memo<Option<Timestamp>>, href: String) -> impl IntoView {
    let id = format!("stack-{}", stack.order);
    let title = id.clone();
    let health = Signal::stored(stack.health.clone());
    let words = format!(
        "{}/{} services healthy",
        stack.health.healthy_services, stack.health.total_services
    );
    let since = stack.health.since.map(|at| {
        view! { <span class="soft small">"since "<RelativeTime at /></span> }
    });
    let times = stack.started_at.map(|at| {
        let took = stack.completed_at.map(|to| {
            view! { <span>"Took "<Elapsed from=at to=Some(to) /></span> }
        });
        view! {
            <span>"Started "<RelativeTime at /></span>
            {took}
        }
    });
    let error = stack.error_message.map(|text| {
        view! {
            <p class="stack-card__error">
                <Icon glyph=Glyph::Failed />
                <span>{text}</span>
            </p>
        }
    });
    view! {
        <li class="card stack-card" aria-labelledby=title>
            <header class="stack-card__head">
                <div class="row">
                    <span class="soft number">{format!("#{}", stack.order + 1)}</span>
                    <h3 id=id>
                        <a href=href>{stack.stack_display_name}</a>
                    </h3>
                    <StatusBadge look=Look::from(stack.status) />
                    <HealthBadge health />
                    {stack.is_new_in_upgrade.then(|| view! { <span class="tag">"New"</span> })}
                </div>
                <div class="stack-card__times soft small">
                    {times} <code>{stack.deployment_stack_name}</code>
                </div>
            </header>
            {error}
            <div class="stack-card__health">
                <HealthReason health />
                {since}
                <Seen at=seen />
            </div>
            <Services services=stack.services expected=stack.service_count words />
        </li>
    }
}
