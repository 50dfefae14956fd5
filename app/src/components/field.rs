//! A control of a form with its label, its description and what is wrong with it, tied together for screen readers.

use leptos::prelude::*;

use super::icon::{Glyph, Icon};

/// Id of the line that describes the control `id`.
#[must_use]
pub fn about_id(id: &str) -> String {
    format!("{id}-about")
}

/// Id of the line that says what is wrong with the control `id`.
#[must_use]
pub fn error_id(id: &str) -> String {
    format!("{id}-error")
}

/// The children hold the control, whose `id` is given here and whose `aria-describedby` names [`about_id`] and [`error_id`].
#[component]
pub fn Field(
    #[prop(into)] id: String,
    #[prop(into)] label: String,
    #[prop(optional)] required: bool,
    /// Whether a version before did not have it.
    #[prop(optional)]
    new: bool,
    #[prop(optional_no_strip, into)] about: Option<String>,
    #[prop(into)] errors: Signal<Vec<String>>,
    children: Children,
) -> impl IntoView {
    let mark = if required {
        view! { <span class="field__mark field__mark--required">"required"</span> }.into_any()
    } else {
        ().into_any()
    };
    let about_line =
        about.map(|about| view! { <p class="field__about" id=about_id(&id)>{about}</p> });
    view! {
        <div class="field">
            <div class="field__label">
                <label for=id.clone()>{label}</label>
                {new.then(|| view! { <span class="tag">"New"</span> })}
                {mark}
            </div>
            {children()}
            {about_line}
            <FieldErrors id=error_id(&id) errors />
        </div>
    }
}

/// What is wrong with a control, one line each.
#[component]
pub fn FieldErrors(
    #[prop(into)] id: String,
    #[prop(into)] errors: Signal<Vec<String>>,
) -> impl IntoView {
    let lines = move || {
        errors
            .get()
            .into_iter()
            .map(|error| {
                view! {
                    <p class="field__error">
                        <Icon glyph=Glyph::Failed />
                        <span>{error}</span>
                    </p>
                }
            })
            .collect_view()
    };
    view! { <div id=id>{lines}</div> }
}
