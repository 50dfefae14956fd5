//! The first page.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::theme::{self, Theme};

/// The first page: says what this is, and lets the reader choose the colours.
#[component]
pub fn HomePage() -> impl IntoView {
    view! {
        <Title text="" />
        <main>
            <h1>"Windlass"</h1>
            <p>"A deployment that always ends in a known state."</p>
            <ThemeSwitch />
        </main>
    }
}

/// Switches between light and dark and remembers it in a cookie. Hidden until it can work.
#[component]
fn ThemeSwitch() -> impl IntoView {
    let chosen = RwSignal::new(None::<Theme>);
    let hydrated = RwSignal::new(false);
    Effect::new(move |_| {
        chosen.set(theme::of_document());
        hydrated.set(true);
    });

    let switch = move |_| {
        let next = chosen.get_untracked().unwrap_or(Theme::Light).toggled();
        theme::remember(next);
        chosen.set(Some(next));
    };
    let label = move || match chosen.get() {
        Some(Theme::Dark) => "Use light colours",
        _ => "Use dark colours",
    };

    view! {
        <button type="button" hidden=move || !hydrated.get() on:click=switch>
            {label}
        </button>
    }
}
