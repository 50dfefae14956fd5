//! `/operations/:id`: one operation while it runs, and how it came out.
//!
//! The server renders everything that happened so far; the browser goes on from there. Which stack is looked at stands in
//! the address.

pub mod cancel;
pub mod events;
pub mod failure;
pub mod images;
pub mod outcome;
pub mod overview;
pub mod service;
pub mod stack;
pub mod stacks;
pub mod steps;
pub mod timeline;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::calls::operations::{History, operation_so_far};
use crate::json::loaded;
use crate::live::{self, Live, Selection, announcement, outcome as words, selection};
use crate::pages::frame::{TO_DEPLOYMENTS, framed};

use events::Events;
use images::Images;
use outcome::Outcome;
use overview::Overview;
use stack::StackPanel;
use stacks::StackList;
use timeline::OperationTimeline;

/// The page.
#[component]
pub fn OperationPage() -> impl IntoView {
    let parameters = use_params_map();
    let id = Memo::new(move |_| parameters.with(|all| all.get("id").unwrap_or_default()));
    let history = loaded(move || id.get(), operation_so_far);
    framed(history, TO_DEPLOYMENTS, |history| {
        view! { <Operation history /> }.into_any()
    })
}

/// What the parts of the page share.
#[derive(Clone, Copy)]
pub struct Page {
    operation: StoredValue<domain::wire::OperationView>,
    live: Live,
    /// Name of the stack that is shown.
    shown: Memo<Option<String>>,
    /// Whether the view follows what is at work.
    follows: Memo<bool>,
    finished: Memo<bool>,
}

#[component]
fn Operation(history: History) -> impl IntoView {
    let History {
        operation,
        feed,
        previous,
    } = history;
    let kind = operation.kind;
    let product = operation.product_name.clone();
    let live = live::follow(&operation.environment_id, &operation.operation_id, feed);
    let query = use_query_map();
    let choice = Memo::new(move |_| {
        query.with(|all| Selection::from_parameter(all.get_str(selection::PARAMETER)))
    });
    let page = Page {
        operation: StoredValue::new(operation),
        live,
        shown: Memo::new(move |_| {
            live.feed.with(|feed| {
                choice.with(|choice| {
                    choice
                        .resolve(&feed.progress)
                        .map(|stack| stack.name.clone())
                })
            })
        }),
        follows: Memo::new(move |_| choice.with(|choice| *choice == Selection::Follow)),
        finished: Memo::new(move |_| live.feed.with(|feed| feed.progress.is_finished())),
    };
    let title = Memo::new(move |_| live.feed.with(|feed| words::heading(kind, &feed.progress)));

    view! {
        <Title text=move || format!("{} {product}", title.get()) />
        <ReloadWithoutScripts finished=page.finished />
        <Overview page title />
        <Announcements live />
        <div class="operation">
            <Outcome page />
            <Images page />
            <div class="split">
                <StackList page />
                <div class="split__detail" id="stack">
                    {move || page.shown.get().map(|name| view! { <StackPanel page name /> })}
                </div>
            </div>
            <OperationTimeline page previous />
            <Events live />
        </div>
    }
}

/// Says what changes to those who do not see it: quietly and seldom, a failure at once.
#[component]
fn Announcements(live: Live) -> impl IntoView {
    let sentence = Memo::new(move |_| {
        live.feed
            .with(|feed| announcement::sentence(&feed.progress))
    });
    let said = announcement::slowed(sentence);
    let failure = Memo::new(move |_| {
        live.feed.with(|feed| {
            let failed = feed.progress.first_failure()?;
            let failure = failed.failure.as_ref()?;
            Some(format!(
                "{} failed. {}",
                failed.outline.title, failure.message
            ))
        })
    });
    // What stands on the page when it is opened is read with the page.
    let alarm = RwSignal::new(None);
    Effect::new(move |before: Option<Option<String>>| {
        let now = failure.get();
        if before.is_some_and(|before| before != now) {
            alarm.set(now.clone());
        }
        now
    });
    view! {
        <p class="unseen" role="status">
            {said}
        </p>
        <p class="unseen" role="alert">
            {alarm}
        </p>
    }
}

/// Where no scripts run, the page comes again by itself until the operation has ended.
#[component]
fn ReloadWithoutScripts(finished: Memo<bool>) -> impl IntoView {
    const CONTENT: &str = "<meta http-equiv=\"refresh\" content=\"5\"><p class=\"soft small\">Scripts are off: \
         this page loads again every 5 seconds until the operation has ended.</p>";
    // As raw HTML: browsers that run scripts see no elements in here to take over.
    (!finished.get_untracked()).then(|| view! { <noscript inner_html=CONTENT></noscript> })
}
