//! The reader's choice of colours. Without scripts it is a form; with them, nothing is sent.

use leptos::prelude::*;

use crate::calls::set_theme::SetTheme;
use crate::components::{Glyph, Icon};
use crate::theme::{self, Choice};

const CHOICES: [(Choice, Glyph, &str); 3] = [
    (
        Choice::System,
        Glyph::System,
        "Use the colours of the system",
    ),
    (Choice::Light, Glyph::Light, "Use light colours"),
    (Choice::Dark, Glyph::Dark, "Use dark colours"),
];

/// Three buttons; the chosen one is pressed.
#[component]
pub fn ThemeSwitch() -> impl IntoView {
    // The server reads the cookie, the browser the attribute that came of it: the same answer.
    let chosen = RwSignal::new(theme::of_request().or_else(theme::of_document).into());
    let button = move |(choice, glyph, label): (Choice, Glyph, &'static str)| {
        let choose = move |event: leptos::ev::MouseEvent| {
            event.prevent_default();
            theme::remember(choice);
            chosen.set(choice);
        };
        view! {
            <button
                type="submit"
                name="theme"
                value=choice.as_str()
                aria-label=label
                title=label
                aria-pressed=move || if chosen.get() == choice { "true" } else { "false" }
                on:click=choose
            >
                <Icon glyph />
            </button>
        }
    };
    let address = <SetTheme as server_fn::ServerFn>::url();
    view! {
        <form
            class="theme-switch"
            method="post"
            action=address
        >
            <div class="theme-switch__choices" role="group" aria-label="Colours">
                {CHOICES.map(button).into_iter().collect_view()}
            </div>
        </form>
    }
}
