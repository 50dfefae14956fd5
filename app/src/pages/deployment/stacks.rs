//! The stacks of a deployed product. Two badges: what the roll-out did, and how the containers are now.

use domain::wire::{ProductDeploymentDetail, StackDetail};
use leptos::prelude::*;

use super::services::{Services, health};
use crate::components::{Elapsed, Glyph, Icon, Look, RelativeTime, StatusBadge};
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
    let stack = Memo::new(move |_| {
        polled.data.with(|detail| {
            detail
                .stacks
                .iter()
                .find(|stack| stack.stack_name == name)
                .cloned()
        })
    });
    move || stack.get().map(|stack| view! { <StackCard stack /> })
}

#[component]
fn StackCard(stack: StackDetail) -> impl IntoView {
    let id = format!("stack-{}", stack.order);
    let title = id.clone();
    let health = health(stack.services.as_deref());
    let words = health.words;
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
                    <h3 id=id>{stack.stack_display_name}</h3>
                    <StatusBadge look=Look::from(stack.status) />
                    <StatusBadge look=health.look outlined=true />
                    {stack.is_new_in_upgrade.then(|| view! { <span class="tag">"New"</span> })}
                </div>
                <div class="stack-card__times soft small">
                    {times} <code>{stack.deployment_stack_name}</code>
                </div>
            </header>
            {error}
            <Services services=stack.services expected=stack.service_count words />
        </li>
    }
}
