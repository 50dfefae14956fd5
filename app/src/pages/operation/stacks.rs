//! The left side: every stack with its state. Links, so that a choice has an address and works without scripts.

use domain::deployment::StackStatus;
use domain::timestamp::Timestamp;
use leptos::prelude::*;

use super::Page;
use crate::address;
use crate::components::{Elapsed, Icon, Look};
use crate::live::selection::PARAMETER;

/// One line of the list.
#[derive(Debug, Clone, PartialEq)]
struct Row {
    name: String,
    display_name: String,
    status: StackStatus,
    services: (usize, usize),
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

/// The stacks in order.
#[component]
pub fn StackList(page: Page) -> impl IntoView {
    let feed = page.live.feed;
    let names = Memo::new(move |_| {
        feed.with(|feed| {
            feed.progress
                .stacks
                .iter()
                .map(|stack| stack.name.clone())
                .collect::<Vec<_>>()
        })
    });
    let home = page
        .operation
        .with_value(|operation| address::operation(&operation.operation_id));
    let follow = move || {
        let home = home.clone();
        match (page.finished.get(), page.follows.get()) {
            (true, _) => ().into_any(),
            (false, true) => {
                view! { <span class="soft small">"Follows what is at work"</span> }.into_any()
            }
            (false, false) => view! {
                <a class="small" href=home data-noscroll="" prop:replace=true>"Follow what is at work"</a>
            }
            .into_any(),
        }
    };
    view! {
        <nav class="split__list" aria-labelledby="stacks-title">
            <div class="split__head">
                <h2 id="stacks-title">"Stacks"</h2>
                {follow}
            </div>
            <ol class="stack-links">
                <For each=move || names.get() key=String::clone children=move |name| view! { <StackLink page name /> } />
            </ol>
        </nav>
    }
}

#[component]
fn StackLink(page: Page, name: String) -> impl IntoView {
    let feed = page.live.feed;
    let href = page.operation.with_value(|operation| {
        address::stack_of_operation(&operation.operation_id, PARAMETER, &name)
    });
    let name = StoredValue::new(name);
    let row = Memo::new(move |_| {
        feed.with(|feed| name.with_value(|name| row(feed.progress.stack(name)?)))
    });
    let chosen = Memo::new(move |_| {
        page.shown
            .with(|shown| name.with_value(|name| shown.as_ref() == Some(name)))
    });
    let look = Signal::derive(move || {
        let status = row.with(|row| row.as_ref().map_or(StackStatus::Pending, |row| row.status));
        Look::from(status)
    });
    let services = move || {
        row.with(|row| {
            row.as_ref()
                .map(|row| format!("{}/{} services", row.services.0, row.services.1))
        })
    };
    let time = Memo::new(move |_| row.with(|row| row.as_ref().map(|row| (row.from, row.to))));
    let duration = move || {
        let (from, to) = time.get()?;
        let from = from?;
        Some(view! { <Elapsed from to /> })
    };
    view! {
        <li>
            <a
                class=move || format!("stack-link {}", look.get().tone.class())
                href=href
                data-noscroll=""
                prop:replace=true
                aria-current=move || chosen.get().then_some("true")
            >
                <Icon glyph=Signal::derive(move || look.get().glyph) />
                <span class="stack-link__name">
                    {move || row.with(|row| row.as_ref().map(|row| row.display_name.clone()))}
                </span>
                <span class="stack-link__time soft">{duration}</span>
                <span class="stack-link__state">{move || look.get().word}</span>
                <span class="stack-link__services soft number">{services}</span>
            </a>
        </li>
    }
}

fn row(stack: &domain::operation::progress::StackProgress) -> Option<Row> {
    Some(Row {
        name: stack.name.clone(),
        display_name: stack.display_name.clone(),
        status: stack.status,
        services: stack.completed_services(),
        from: stack.started_at,
        to: stack.ended_at,
    })
}
