//! What stays on the screen: what is done, to what, by whom, since when, how far it is, and the one thing to do.

use domain::deployment::ProductStatus;
use domain::operation::OperationStatus;
use leptos::prelude::*;

use super::Page;
use super::cancel::CancelMenu;
use crate::address;
use crate::components::{
    ButtonKind, Elapsed, Glyph, Icon, LinkButton, LiveMark, Look, OverallBar, StatusBadge, Tone,
};

/// The head of the page.
#[component]
pub fn Overview(page: Page, title: Memo<&'static str>) -> impl IntoView {
    let feed = page.live.feed;
    let look = Memo::new(move |_| {
        feed.with(|feed| look(feed.progress.status, feed.progress.product_status))
    });
    let deployment = page
        .operation
        .with_value(|operation| address::product_deployment(&operation.product_deployment_id));
    let action = move || {
        if page.finished.get() {
            view! {
                <LinkButton href=deployment.clone() kind=ButtonKind::Primary>
                    "View Deployment"
                </LinkButton>
            }
            .into_any()
        } else {
            view! { <CancelMenu page /> }.into_any()
        }
    };
    view! {
        <div class="overview">
            <header class="overview__head">
                <div class="overview__line">
                    <div class="overview__title">
                        <h1>{title}</h1>
                        <StatusBadge look />
                    </div>
                    {action}
                </div>
                <Subject page />
            </header>
            <Whole page />
        </div>
    }
}

/// What it is about.
#[component]
fn Subject(page: Page) -> impl IntoView {
    let feed = page.live.feed;
    let operation = page.operation.get_value();
    let from = operation.created_at;
    let ended = Memo::new(move |_| feed.with(|feed| feed.progress.finished_at));
    let rendered = feed.with_untracked(|feed| feed.progress.at);
    let version = operation
        .product_version
        .map(|version| view! { <span class="number">{version}</span> });
    view! {
        <ul class="overview__subject">
            <li>
                <strong>{operation.product_name}</strong>
                " "
                {version}
            </li>
            <li>
                <Icon glyph=Glyph::Engine />
                <span class="unseen">"Environment: "</span>
                {operation.environment_name}
            </li>
            <li>
                <Icon glyph=Glyph::Clock />
                <span class="unseen">"Duration: "</span>
                <Elapsed from to=ended rendered />
            </li>
            <li class="overview__actor">"Started by " {operation.actor}</li>
        </ul>
    }
}

/// How far the whole is: in words, as a number, as a bar.
#[component]
fn Whole(page: Page) -> impl IntoView {
    let feed = page.live.feed;
    let counts = Memo::new(move |_| feed.with(|feed| feed.progress.completed_stacks()));
    let percent = Memo::new(move |_| feed.with(|feed| feed.progress.percent));
    let words = move || {
        let (done, all) = counts.get();
        format!("{done}/{all} stacks completed")
    };
    let tone = Memo::new(move |_| {
        feed.with(
            |feed| match look(feed.progress.status, feed.progress.product_status).tone {
                Tone::Idle => Tone::Busy,
                tone => tone,
            },
        )
    });
    // What has ended short of everything gets no further.
    let so_far = move || {
        let gets_no_further = page.finished.get() && percent.get() < 100;
        (!gets_no_further).then(|| format!("{} %", percent.get()))
    };
    let live = page.live;
    view! {
        <div class="overview__whole">
            <div class="overview__words">
                <strong class="number">{words}</strong>
                {move || {
                    (!page.finished.get())
                        .then(|| view! { <LiveMark link=live.link.into() heard=live.heard.into() /> })
                }}
                <span class="number overview__percent">{so_far}</span>
            </div>
            <OverallBar
                done=Signal::derive(move || f64::from(percent.get()))
                of=100.0
                text=Signal::derive(move || format!("{} percent, {}", percent.get(), words()))
                label="Progress of the whole"
                tone=Signal::from(tone)
            />
        </div>
    }
}

/// A deployment that is partly there is no plain failure.
fn look(status: Option<OperationStatus>, product: Option<ProductStatus>) -> Look {
    match (status, product) {
        (Some(OperationStatus::Failed), Some(ProductStatus::PartiallyRunning)) => {
            ProductStatus::PartiallyRunning.into()
        }
        (Some(status), _) => status.into(),
        (None, _) => OperationStatus::Queued.into(),
    }
}
