//! The entry point in the browser: takes over the document that the server rendered. Nothing else.

use leptos::prelude::document;

/// Called once by the script in the document's head.
#[wasm_bindgen::prelude::wasm_bindgen]
pub async fn hydrate() {
    console_error_panic_hook::set_once();
    let Some(body) = document().body() else {
        return;
    };
    // The page's own part of the program may still be on its way.
    let app = leptos::mount::hydrate_from_async(body, app::App).await;
    app.forget();
    say_when_hydrated();
}

/// Marks the document once scripts have taken over: what they add works from then on.
fn say_when_hydrated() {
    let root = document().document_element();
    if let Some(Err(error)) = root.map(|root| root.set_attribute("data-hydrated", "")) {
        leptos::logging::warn!("the document cannot be marked: {error:?}");
    }
}
