//! The first page.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::PageHeader;

/// The first page.
#[component]
pub fn HomePage() -> impl IntoView {
    view! {
        <Title text="" />
        <PageHeader title="Windlass" />
    }
}
