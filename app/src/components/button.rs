//! Buttons, and links that look like them. One that is not allowed stays reachable and says why.

use leptos::prelude::*;

use super::icon::{Glyph, Icon};

/// How much a button asks for attention. A page has one primary button.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ButtonKind {
    Primary,
    #[default]
    Secondary,
    Danger,
    Quiet,
}

impl ButtonKind {
    const fn class(self) -> &'static str {
        match self {
            Self::Primary => "button button--primary",
            Self::Secondary => "button",
            Self::Danger => "button button--danger",
            Self::Quiet => "button button--quiet",
        }
    }
}

/// A button. With a `reason` it does nothing but say why. `submit` sends the form around it.
#[component]
pub fn Button(
    #[prop(optional)] kind: ButtonKind,
    #[prop(optional)] submit: bool,
    #[prop(optional, into)] glyph: Option<Glyph>,
    /// Why it is not allowed now.
    #[prop(optional, into)]
    reason: Signal<Option<String>>,
    /// Its work is under way: a second press would repeat it.
    #[prop(optional, into)]
    busy: Signal<bool>,
    #[prop(optional, into)] on_click: Option<Callback<()>>,
    children: Children,
) -> impl IntoView {
    let refused = move || busy.get() || reason.with(Option::is_some);
    let pressed = move |event: leptos::ev::MouseEvent| {
        if busy.get_untracked() || reason.with_untracked(Option::is_some) {
            event.prevent_default();
        } else if let Some(act) = on_click {
            act.run(());
        }
    };
    // Without JavaScript nothing else stops a refused button from sending its form.
    let sends = move || {
        if submit && reason.with(Option::is_none) {
            "submit"
        } else {
            "button"
        }
    };
    view! {
        <button
            type=sends
            class=kind.class()
            aria-disabled=move || refused().then_some("true")
            title=move || reason.get()
            data-reason=move || reason.get()
            on:click=pressed
        >
            {glyph
                .map(|glyph| {
                    let shown = Signal::derive(move || {
                        if busy.get() { Glyph::InProgress } else { glyph }
                    });
                    view! { <Icon glyph=shown /> }
                })}
            {children()}
        </button>
    }
}

/// A link that looks like a button.
#[component]
pub fn LinkButton(
    #[prop(into)] href: String,
    #[prop(optional)] kind: ButtonKind,
    #[prop(optional, into)] glyph: Option<Glyph>,
    /// Loads the page anew even where it is the same.
    #[prop(optional)]
    reload: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <a href=href class=kind.class() rel=reload.then_some("external")>
            {glyph.map(|glyph| view! { <Icon glyph /> })}
            {children()}
        </a>
    }
}
