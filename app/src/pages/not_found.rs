//! The page for addresses that lead nowhere.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::{ButtonKind, EmptyState, Glyph, LinkButton, PageHeader};

/// Says so, with the status 404, and shows the way back.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::NOT_FOUND);
    }

    view! {
        <Title text="Not found" />
        <PageHeader title="Nothing here" />
        <EmptyState
            glyph=Glyph::Search
            title="This address leads to no page"
            text="It may be mistyped, or what it named was removed. Products are in the catalog; what runs is under deployments."
        >
            <LinkButton href="/catalog" kind=ButtonKind::Primary>
                "Open the catalog"
            </LinkButton>
            <LinkButton href="/deployments">"See the deployments"</LinkButton>
        </EmptyState>
    }
}
