//! The start: leads to the catalog, where everything begins.

use leptos::prelude::*;
use leptos_router::components::Redirect;

/// Leads on.
#[component]
pub fn HomePage() -> impl IntoView {
    // For callers that do not say that they read HTML, too.
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::FOUND);
    }

    view! { <Redirect path="/catalog" /> }
}
