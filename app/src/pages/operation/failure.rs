//! Why something was given up: the cause in one sentence, then the evidence, then the way out.

use domain::operation::progress::StepProgress;
use leptos::prelude::*;

use crate::components::{Glyph, Icon};

/// The failure of a step; nothing where there is none.
#[component]
pub fn FailurePanel(#[prop(into)] step: Signal<Option<StepProgress>>) -> impl IntoView {
    let shown = Memo::new(move |_| {
        step.with(|step| {
            let step = step.as_ref()?;
            Some((
                step.outline.title.clone(),
                step.attempt,
                step.failure.clone()?,
            ))
        })
    });
    move || {
        let (title, attempt, failure) = shown.get()?;
        let attempts = (attempt > 1).then(|| format!(" after {attempt} attempts"));
        let code = failure.exit_code.map(|code| {
            view! { <span class="failure__code">"Exit code " <strong class="number">{code}</strong></span> }
        });
        Some(view! {
            <div class="failure tone-bad">
                <Icon glyph=Glyph::Failed />
                <div class="failure__body">
                    <p class="failure__what">{title} " failed" {attempts}</p>
                    <p class="failure__why">{failure.message}</p>
                    {code}
                    {failure.hint.map(|hint| view! { <p class="failure__hint">{hint}</p> })}
                    {failure
                        .health_output
                        .map(|output| evidence("Output of the last health check", vec![output]))}
                    {(!failure.log_lines.is_empty())
                        .then(|| evidence("Last lines", failure.log_lines))}
                </div>
            </div>
        })
    }
}

fn evidence(label: &'static str, lines: Vec<String>) -> impl IntoView {
    let lines = lines
        .into_iter()
        .map(|line| view! { <div class="terminal__line">{line}</div> })
        .collect_view();
    view! {
        <div class="failure__evidence">
            <h3>{label}</h3>
            <div class="terminal" role="group" aria-label=label tabindex="0">
                {lines}
            </div>
        </div>
    }
}
