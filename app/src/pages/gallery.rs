//! `/gallery`: every component in every state, beside the others, and the pictures of recorded states. For whoever works on the pages;
//! where it is not wanted the address leads nowhere.
//!
//! Nothing here changes by itself but relative times, so what is seen can be compared with what was seen before.

pub mod controls;
pub mod pictures;
mod samples;
pub mod states;

use leptos::prelude::*;
use leptos_meta::Title;

use crate::calls::gallery::gallery;
use crate::components::{PageHeader, Skeleton};
use crate::json::loaded;
use crate::pages::failed::FailedPage;

use controls::Controls;
use pictures::Pictures;
use states::States;

/// The page.
#[component]
pub fn GalleryPage() -> impl IntoView {
    let shown = loaded(|| (), |()| gallery());
    let content = move || {
        Suspend::new(async move {
            match shown.await {
                Ok(_) => view! { <Pieces /> }.into_any(),
                Err(error) => {
                    view! { <FailedPage problem=error.0 back_to="/" back="Back to the start" /> }
                        .into_any()
                }
            }
        })
    };
    view! { <Transition fallback=|| view! { <Skeleton /> }>{content}</Transition> }
}

#[component]
fn Pieces() -> impl IntoView {
    view! {
        <Title text="Gallery" />
        <PageHeader
            title="Gallery"
            lead="Every component in every state. The theme switch at the edge of the page shows them in the other theme.".to_owned()
        />
        <div class="gallery">
            <States />
            <Controls />
            <Pictures />
        </div>
    }
}

/// One piece with its name, by which it is compared.
#[component]
fn Piece(name: &'static str, title: &'static str, children: Children) -> impl IntoView {
    view! {
        <section class="gallery__piece" data-piece=name aria-labelledby=format!("piece-{name}")>
            <h2 id=format!("piece-{name}")>{title}</h2>
            {children()}
        </section>
    }
}
