//! A button that takes the text of a file. There only where scripts run: without them, text is pasted.

use leptos::prelude::*;

/// `about` says which kind of file is meant, `take` is called with what it holds. A file that is no text gives nothing.
#[component]
pub fn FileChoice(
    id: &'static str,
    about: &'static str,
    #[prop(into)] take: Callback<String>,
) -> impl IntoView {
    let works = RwSignal::new(false);
    Effect::new(move |_| works.set(true));
    let chosen = move |_| {
        #[cfg(feature = "hydrate")]
        leptos::task::spawn_local(async move {
            if let Some(text) = chosen_text(id).await {
                take.run(text);
            }
        });
        #[cfg(not(feature = "hydrate"))]
        let _ = take;
    };
    view! {
        <label class="button file-choice" for=id hidden=move || !works.get()>
            "Choose a file"
        </label>
        <input
            class="unseen"
            id=id
            type="file"
            aria-label=about
            hidden=move || !works.get()
            on:change=chosen
        />
    }
}

/// The text of the file that was chosen; none where it cannot be read as text.
#[cfg(feature = "hydrate")]
async fn chosen_text(id: &str) -> Option<String> {
    use leptos::wasm_bindgen::{JsCast as _, JsValue};
    use leptos::web_sys::{Blob, js_sys::Reflect};
    use wasm_bindgen_futures::JsFuture;

    let input = document().get_element_by_id(id)?;
    let files = Reflect::get(&input, &JsValue::from_str("files")).ok()?;
    let file = Reflect::get_u32(&files, 0).ok()?.dyn_into::<Blob>().ok()?;
    JsFuture::from(file.text()).await.ok()?.as_string()
}
