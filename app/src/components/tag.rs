//! Free words of a product.

use leptos::prelude::*;

/// Words side by side; nothing where there are none.
#[component]
pub fn Tags(words: Vec<String>) -> impl IntoView {
    (!words.is_empty()).then(|| {
        let words = words
            .into_iter()
            .map(|word| view! { <li class="tag">{word}</li> })
            .collect_view();
        view! { <ul class="tags" aria-label="Tags">{words}</ul> }
    })
}
