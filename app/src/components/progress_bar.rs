//! How much of something is done: always with its number in words beside it.

use leptos::prelude::*;

use super::status_badge::Tone;

/// A bar. `text` is what screen readers say for it, such as `2 of 3 stacks completed`.
#[component]
pub fn ProgressBar(
    #[prop(into)] done: Signal<f64>,
    #[prop(into)] of: Signal<f64>,
    #[prop(into)] text: Signal<String>,
    /// What it is the progress of.
    label: &'static str,
    #[prop(optional, into)] tone: Option<Signal<Tone>>,
    #[prop(optional)] thin: bool,
) -> impl IntoView {
    let class = move || {
        let form = if thin {
            "progress progress--thin"
        } else {
            "progress"
        };
        with_tone(form, tone)
    };
    view! {
        <div class=class>
            <Bar done of text label />
        </div>
    }
}

/// The bar for the whole of an operation; the only one on its page.
#[component]
pub fn OverallBar(
    #[prop(into)] done: Signal<f64>,
    #[prop(into)] of: Signal<f64>,
    #[prop(into)] text: Signal<String>,
    label: &'static str,
    #[prop(optional, into)] tone: Option<Signal<Tone>>,
) -> impl IntoView {
    view! {
        <div class=move || with_tone("h-2 bg-gray-200 rounded-full progress", tone)>
            <Bar done of text label />
        </div>
    }
}

#[component]
fn Bar(
    done: Signal<f64>,
    of: Signal<f64>,
    text: Signal<String>,
    label: &'static str,
) -> impl IntoView {
    // A bar of nothing would be indeterminate: browsers animate it.
    view! {
        <progress
            max=move || of.get().max(1.0).to_string()
            value=move || done.get().to_string()
            aria-label=label
            aria-valuetext=move || text.get()
        ></progress>
    }
}

fn with_tone(form: &str, tone: Option<Signal<Tone>>) -> String {
    match tone {
        Some(tone) => format!("{form} {}", tone.get().class()),
        None => form.to_owned(),
    }
}
