//! The entry point in the browser: takes over the document that the server rendered. Nothing else.

/// Called once by the script in the document's head.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
}
