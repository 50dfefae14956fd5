//! Puts a text on the clipboard. Its place is kept empty until it can work.

use leptos::prelude::*;

use super::icon::{Glyph, Icon};

/// How long the tick stays.
#[cfg(feature = "hydrate")]
const SHOWN_FOR: std::time::Duration = std::time::Duration::from_millis(1600);

/// The button alone. `what` names the thing for screen readers, such as `stack id`.
#[component]
pub fn CopyButton(#[prop(into)] text: Signal<String>, what: &'static str) -> impl IntoView {
    let works = RwSignal::new(false);
    let done = RwSignal::new(false);
    Effect::new(move |_| works.set(can_copy()));
    let copy = move |_| copy(text.get_untracked(), done);
    let label = move || {
        if done.get() {
            "Copied".to_owned()
        } else {
            format!("Copy {what}")
        }
    };
    let glyph = Signal::derive(move || if done.get() { Glyph::Tick } else { Glyph::Copy });
    view! {
        <button
            type="button"
            class="copy-button"
            disabled=move || !works.get()
            aria-label=label
            title=label
            on:click=copy
        >
            <Icon glyph />
        </button>
    }
}

/// A text in the fixed-width face with the button beside it.
#[component]
pub fn Copyable(#[prop(into)] text: String, what: &'static str) -> impl IntoView {
    let shown = text.clone();
    view! {
        <span class="copyable">
            <code>{shown}</code>
            <CopyButton text what />
        </span>
    }
}

#[cfg(feature = "hydrate")]
fn can_copy() -> bool {
    window().is_secure_context()
}

#[cfg(not(feature = "hydrate"))]
fn can_copy() -> bool {
    false
}

#[cfg(feature = "hydrate")]
fn copy(text: String, done: RwSignal<bool>) {
    leptos::task::spawn_local(async move {
        let written = window().navigator().clipboard().write_text(&text);
        // A browser that refuses shows so itself; the tick simply does not come.
        if wasm_bindgen_futures::JsFuture::from(written).await.is_ok() {
            done.try_set(true);
            set_timeout(
                move || {
                    done.try_set(false);
                },
                SHOWN_FOR,
            );
        }
    });
}

#[cfg(not(feature = "hydrate"))]
fn copy(_text: String, _done: RwSignal<bool>) {}
