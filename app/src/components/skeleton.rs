//! What stands in while a page is fetched. Seen only when that takes longer than a blink.

use leptos::prelude::*;

/// A heading and some blocks of the size that is to come.
#[component]
pub fn Skeleton(#[prop(default = 3)] blocks: usize) -> impl IntoView {
    view! {
        <div class="skeleton" aria-hidden="true">
            <div class="skeleton__title"></div>
            {(0..blocks).map(|_| view! { <div class="skeleton__block"></div> }).collect_view()}
        </div>
    }
}
