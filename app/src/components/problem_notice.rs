//! What went wrong, why, and the way out: three parts, always in this order.

use domain::wire::Problem;
use leptos::prelude::*;

use super::icon::{Glyph, Icon};
use super::status_badge::Tone;

/// A notice of any tone. `assertive` makes screen readers say it at once: for failures only.
#[component]
pub fn Notice(
    tone: Tone,
    #[prop(into)] what: String,
    #[prop(optional_no_strip, into)] why: Option<String>,
    #[prop(optional_no_strip, into)] hint: Option<String>,
    #[prop(optional)] assertive: bool,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let glyph = match tone {
        Tone::Bad => Glyph::Failed,
        Tone::Warn => Glyph::Warning,
        Tone::Good => Glyph::Completed,
        Tone::Busy | Tone::Idle => Glyph::Info,
    };
    view! {
        <div class=format!("notice {}", tone.class()) role=assertive.then_some("alert")>
            <Icon glyph />
            <div class="notice__body">
                <p class="notice__what">{what}</p>
                {why.map(|why| view! { <p>{why}</p> })}
                {hint.map(|hint| view! { <p class="notice__hint">{hint}</p> })}
                {children.map(|children| children())}
            </div>
        </div>
    }
}

/// A problem that the server reported. Its `hint`, where it has one, is the way out.
#[component]
pub fn ProblemNotice(#[prop(into)] problem: Problem) -> impl IntoView {
    let hint = problem
        .extensions
        .get("hint")
        .and_then(|hint| hint.as_str())
        .map(str::to_owned);
    let why = (problem.detail != problem.title).then_some(problem.detail);
    view! {
        <Notice tone=Tone::Bad what=problem.title why=why hint=hint assertive=true />
    }
}
