//! Details behind a summary. Works without scripts.

use leptos::prelude::*;

use super::icon::{Glyph, Icon};

/// `<details>`: `summary` is always seen, the children after a press. `card` puts a frame around it.
#[component]
pub fn Disclosure(
    #[prop(into)] summary: ViewFn,
    /// Whether it is open at first.
    #[prop(optional, into)]
    open: Signal<bool>,
    #[prop(optional)] card: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <details
            class=if card { "disclosure disclosure--card" } else { "disclosure" }
            open=move || open.get()
        >
            <summary>
                <Icon glyph=Glyph::ChevronRight />
                {summary.run()}
            </summary>
            <div class="disclosure__content">{children()}</div>
        </details>
    }
}
