//! The command palette: every page, product, deployment and action by a few letters. Its code is loaded when it is opened first.

use leptos::html::{Dialog, Input};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::keys::{KEYS, Overlay, PLACES};
use crate::calls::find::{Found, find};
use crate::components::{Glyph, Icon};

/// Opens it for those who do not know the keys.
#[component]
pub fn PaletteButton(overlay: RwSignal<Option<Overlay>>) -> impl IntoView {
    view! {
        <button
            type="button"
            class="button button--quiet palette-button"
            aria-haspopup="dialog"
            title="Find pages, products, deployments and actions (Ctrl K)"
            on:click=move |_| overlay.set(Some(Overlay::Palette))
        >
            <Icon glyph=Glyph::Search />
            <span class="shell__word">"Find"</span>
            <kbd class="shell__word">"Ctrl K"</kbd>
        </button>
    }
}

/// What stands over the page, if anything does.
#[component]
pub fn Overlays(overlay: RwSignal<Option<Overlay>>) -> impl IntoView {
    move || {
        overlay.get().map(|shown| {
            let content = Suspend::new(async move { opened(shown, overlay).await });
            view! { <Suspense>{content}</Suspense> }
        })
    }
}

#[lazy]
fn opened(shown: Overlay, overlay: RwSignal<Option<Overlay>>) -> AnyView {
    match shown {
        Overlay::Palette => view! { <Palette overlay /> }.into_any(),
        Overlay::Help => view! { <Help overlay /> }.into_any(),
    }
}

/// A dialog that is open while it is there; closing it takes it away.
#[component]
fn Over(
    overlay: RwSignal<Option<Overlay>>,
    label: &'static str,
    children: Children,
) -> impl IntoView {
    let dialog = NodeRef::<Dialog>::new();
    dialog.on_load(|dialog| {
        // It becomes part of the document after this.
        request_animation_frame(move || {
            if dialog.show_modal().is_err() {
                leptos::logging::warn!("a dialog cannot be opened");
            }
        });
    });
    // A click on what lies behind is a click on the dialog itself.
    let clicked = move |event: leptos::ev::MouseEvent| {
        let target = event.target();
        if let (Some(dialog), Some(target)) = (dialog.get_untracked(), target)
            && *AsRef::<leptos::web_sys::EventTarget>::as_ref(&dialog) == target
        {
            dialog.close();
        }
    };
    view! {
        <dialog
            class="over"
            aria-label=label
            node_ref=dialog
            on:close=move |_| overlay.set(None)
            on:click=clicked
        >
            <div class="over__content">{children()}</div>
        </dialog>
    }
}

#[component]
fn Palette(overlay: RwSignal<Option<Overlay>>) -> impl IntoView {
    let query = RwSignal::new(String::new());
    let found = LocalResource::new(move || find(query.get()));
    let shown = RwSignal::new(None::<Result<Vec<Found>, String>>);
    let picked = RwSignal::new(0_usize);
    // What was found before stays until the next answer is there.
    Effect::new(move |_| {
        if let Some(answer) = found.get() {
            shown.set(Some(answer.map_err(|error| error.0.detail)));
            picked.set(0);
        }
    });
    let count = move || {
        shown.with(|shown| {
            shown
                .as_ref()
                .and_then(|all| all.as_ref().ok())
                .map_or(0, Vec::len)
        })
    };
    let navigate = use_navigate();
    let open = move |href: &str| {
        overlay.set(None);
        navigate(href, NavigateOptions::default());
    };
    let pressed = move |event: leptos::ev::KeyboardEvent| {
        let last = count().saturating_sub(1);
        match event.key().as_str() {
            "ArrowDown" => picked.update(|at| *at = (*at + 1).min(last)),
            "ArrowUp" => picked.update(|at| *at = at.saturating_sub(1)),
            "Enter" => {
                let href = shown.with_untracked(|shown| {
                    let all = shown.as_ref()?.as_ref().ok()?;
                    all.get(picked.get_untracked())
                        .map(|found| found.href.clone())
                });
                if let Some(href) = href {
                    open(&href);
                }
            }
            _ => return,
        }
        event.prevent_default();
    };
    let input = NodeRef::<Input>::new();
    view! {
        <Over overlay label="Find">
            <div class="palette__field">
                <Icon glyph=Glyph::Search />
                <input
                    type="text"
                    role="combobox"
                    aria-label="Find pages, products, deployments and actions"
                    aria-controls="palette-found"
                    aria-expanded="true"
                    aria-autocomplete="list"
                    aria-activedescendant=move || format!("found-{}", picked.get())
                    placeholder="redeploy shop"
                    autocomplete="off"
                    spellcheck="false"
                    autofocus
                    maxlength="100"
                    node_ref=input
                    on:input:target=move |event| query.set(event.target().value())
                    on:keydown=pressed
                />
            </div>
            <Matches shown picked overlay />
        </Over>
    }
}

#[component]
fn Matches(
    shown: RwSignal<Option<Result<Vec<Found>, String>>>,
    picked: RwSignal<usize>,
    overlay: RwSignal<Option<Overlay>>,
) -> impl IntoView {
    let rows = move || match shown.get() {
        Some(Ok(all)) => all
            .into_iter()
            .enumerate()
            .map(|(at, found)| view! { <Match at found picked overlay /> })
            .collect_view()
            .into_any(),
        _ => ().into_any(),
    };
    let said = move || {
        shown.with(|shown| match shown {
            None => Some("Looking ...".to_owned()),
            Some(Ok(all)) if all.is_empty() => Some("Nothing is called so here.".to_owned()),
            Some(Ok(_)) => None,
            Some(Err(sentence)) => Some(sentence.clone()),
        })
    };
    view! {
        <div id="palette-found" class="palette__found" role="listbox" aria-label="Found">
            {rows}
        </div>
        <p class="palette__said soft" role="status">
            {said}
        </p>
    }
}

#[component]
fn Match(
    at: usize,
    found: Found,
    picked: RwSignal<usize>,
    overlay: RwSignal<Option<Overlay>>,
) -> impl IntoView {
    view! {
        <a
            id=format!("found-{at}")
            role="option"
            aria-selected=move || if picked.get() == at { "true" } else { "false" }
            href=found.href
            tabindex="-1"
            on:click=move |_| overlay.set(None)
        >
            <span class="palette__label">{found.label}</span>
            <span class="soft small">{found.detail}</span>
            <span class="tag">{found.kind.label()}</span>
        </a>
    }
}

#[component]
fn Help(overlay: RwSignal<Option<Overlay>>) -> impl IntoView {
    let places = PLACES
        .iter()
        .map(|(letter, _, title)| view! { <Key keys=format!("g {letter}") does=*title /> });
    let keys = KEYS
        .iter()
        .map(|(key, does)| view! { <Key keys=(*key).to_owned() does=*does /> });
    view! {
        <Over overlay label="Keyboard">
            <h2>"Keyboard"</h2>
            <dl class="keys">{keys.collect_view()} {places.collect_view()}</dl>
            <form method="dialog">
                <button class="button">"Close"</button>
            </form>
        </Over>
    }
}

#[component]
fn Key(keys: String, does: &'static str) -> impl IntoView {
    let keys = keys
        .split(' ')
        .map(|key| view! { <kbd>{key.to_owned()}</kbd> })
        .collect_view();
    view! {
        <div class="keys__line">
            <dt>{keys}</dt>
            <dd>{does}</dd>
        </div>
    }
}
