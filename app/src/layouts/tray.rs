//! The operations tray: what is at work and what ended last, on every page. And the notices that something has ended.

use std::time::Duration;

use domain::operation::OperationStatus;
use domain::wire::ActivityItem;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::address;
use crate::components::{Elapsed, Glyph, Icon, Look, ProgressBar, RelativeTime, StatusBadge, Tone};
use crate::live::Tab;

/// How long a notice of something that went well stays.
const STAYS: Duration = Duration::from_secs(8);
/// Most notices at once: the oldest goes first.
const MOST_NOTICES: usize = 3;

/// Opens what is at work. Without scripts it leads to the list of all.
#[component]
pub fn Tray() -> impl IntoView {
    let tab = Tab::of_page();
    let at_work = Memo::new(move |_| {
        tab.activity.with(|activity| {
            let all = activity.iter().flat_map(|activity| &activity.operations);
            all.filter(|item| item.status.is_active()).count()
        })
    });
    let count = move || {
        let count = at_work.get();
        (count > 0).then(|| {
            view! {
                <span class="tray__count number">
                    {count} <span class="unseen">" at work"</span>
                </span>
            }
        })
    };
    let glyph = Signal::derive(move || {
        if at_work.get() > 0 {
            Glyph::InProgress
        } else {
            Glyph::Clock
        }
    });
    view! {
        <details class="menu tray" data-menu>
            <summary class="button button--quiet">
                <Icon glyph />
                <span class="shell__word">"Operations"</span>
                {count}
            </summary>
            <div class="menu__panel">
                <Items />
                <a href="/operations">"All operations"</a>
            </div>
        </details>
    }
}

#[component]
fn Items() -> impl IntoView {
    let tab = Tab::of_page();
    let items = move || {
        tab.activity
            .get()
            .map_or_else(Vec::new, |all| all.operations)
    };
    let none = move || {
        let heard = tab
            .activity
            .with(|all| all.as_ref().map(|all| all.operations.is_empty()));
        (heard == Some(true)).then(|| view! { <p class="soft">"Nothing was done here yet."</p> })
    };
    view! {
        {none}
        <ul class="tray__items">
            <For each=items key=|item| (item.operation_id.clone(), item.status) let:item>
                <Item item />
            </For>
        </ul>
    }
}

#[component]
fn Item(item: ActivityItem) -> impl IntoView {
    let tab = Tab::of_page();
    let href = address::operation(&item.operation_id);
    let title = title(&item);
    let active = item.status.is_active();
    let id = item.operation_id.clone();
    // The row is made anew when its status changes; in between only its steps do.
    let steps = Memo::new(move |_| {
        tab.activity.with(|all| {
            let mut all = all.iter().flat_map(|all| &all.operations);
            let item = all.find(|item| item.operation_id == id);
            item.map_or((0, 0), |item| (item.steps_ended, item.steps))
        })
    });
    let bar = active.then(|| {
        view! {
            <ProgressBar
                done=Signal::derive(move || f64::from(steps.get().0))
                of=Signal::derive(move || f64::from(steps.get().1))
                text=Signal::derive(move || {
                    let (ended, all) = steps.get();
                    format!("{ended} of {all} steps")
                })
                label="Steps"
                thin=true
            />
        }
    });
    let when = match item.finished_at {
        Some(at) => view! { <RelativeTime at /> }.into_any(),
        None => view! { <Elapsed from=item.created_at to=None /> }.into_any(),
    };
    view! {
        <li class="tray__item">
            <a href=href>{title}</a>
            <span class="tray__facts">
                <StatusBadge look=Look::from(item.status) bare=true />
                <span class="soft small">{when}</span>
            </span>
            {bar}
        </li>
    }
}

/// `Upgrade of Shop`.
fn title(item: &ActivityItem) -> String {
    format!("{} of {}", item.kind.noun(), item.product_name)
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Ended {
    id: String,
    title: String,
    status: OperationStatus,
    message: Option<String>,
}

/// Says what ended while the reader looked at something else. What went well goes by itself; a failure stays until it is closed.
#[component]
pub fn Notices() -> impl IntoView {
    let tab = Tab::of_page();
    let notices = RwSignal::new(Vec::<Ended>::new());
    let path = use_location().pathname;
    Effect::new(move |before: Option<Vec<String>>| {
        let Some(activity) = tab.activity.get() else {
            return before.unwrap_or_default();
        };
        let before = before.unwrap_or_default();
        for item in &activity.operations {
            let here = path.get_untracked() == address::operation(&item.operation_id);
            if item.status.is_final() && !here && before.contains(&item.operation_id) {
                say(notices, item);
            }
        }
        let active = activity
            .operations
            .iter()
            .filter(|item| item.status.is_active());
        active.map(|item| item.operation_id.clone()).collect()
    });
    view! {
        <div class="notices" role="log" aria-label="Notices">
            <For each=move || notices.get() key=|ended| ended.id.clone() let:ended>
                <Notice ended notices />
            </For>
        </div>
    }
}

fn say(notices: RwSignal<Vec<Ended>>, item: &ActivityItem) {
    let ended = Ended {
        id: item.operation_id.clone(),
        title: title(item),
        status: item.status,
        message: item.message.clone(),
    };
    if ended.status == OperationStatus::Succeeded {
        let id = ended.id.clone();
        set_timeout(move || close(notices, &id), STAYS);
    }
    notices.update(|all| {
        all.push(ended);
        let over = all.len().saturating_sub(MOST_NOTICES);
        all.drain(..over);
    });
}

fn close(notices: RwSignal<Vec<Ended>>, id: &str) {
    notices.try_update(|all| all.retain(|ended| ended.id != id));
}

#[component]
fn Notice(ended: Ended, notices: RwSignal<Vec<Ended>>) -> impl IntoView {
    let look = Look::from(ended.status);
    let href = address::operation(&ended.id);
    let id = ended.id;
    // A failure says why; that something went well is said by its badge.
    let message = ended.message.filter(|_| look.tone == Tone::Bad);
    view! {
        <div class=format!("notice-card {}", look.tone.class())>
            <div class="notice-card__text">
                <a href=href>{ended.title}</a>
                <StatusBadge look bare=true />
                {message.map(|message| view! { <p class="soft small">{message}</p> })}
            </div>
            <button
                type="button"
                class="button button--quiet"
                aria-label="Close this notice"
                on:click=move |_| close(notices, &id)
            >
                <Icon glyph=Glyph::Cross />
            </button>
        </div>
    }
}
