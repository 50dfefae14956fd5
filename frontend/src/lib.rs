//! The entry point in the browser: takes over the document that the server rendered. Nothing else.

// The table of routes is one type, and deep.
#![recursion_limit = "256"]

use leptos::prelude::document;

/// Called once by the script in the document's head.
#[wasm_bindgen::prelude::wasm_bindgen]
pub async fn hydrate() {
    std::panic::set_hook(Box::new(|panic| {
        console_error_panic_hook::hook(panic);
        // The page shows a notice then (`app::document`).
        mark("data-broken");
    }));
    let Some(body) = document().body() else {
        return;
    };
    // The page's own part of the program may still be on its way.
    let app = leptos::mount::hydrate_from_async(body, app::App).await;
    app.forget();
    // What scripts add works from now on.
    mark("data-hydrated");
}

fn mark(attribute: &str) {
    let root = document().document_element();
    if let Some(Err(error)) = root.map(|root| root.set_attribute(attribute, "")) {
        leptos::logging::warn!("the document cannot be marked: {error:?}");
    }
}
