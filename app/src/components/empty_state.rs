//! What stands where a list would: why it is empty, and the one thing to do about it.

use leptos::prelude::*;

use super::icon::{Glyph, Icon};

/// `title` says what is missing, `text` what it is for; the children are the actions.
#[component]
pub fn EmptyState(
    glyph: Glyph,
    #[prop(into)] title: String,
    #[prop(into)] text: String,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="empty-state">
            <Icon glyph />
            <h2>{title}</h2>
            <p class="empty-state__text">{text}</p>
            {children
                .map(|actions| view! { <div class="empty-state__actions">{actions()}</div> })}
        </div>
    }
}
