//! Reading the sources again: the button, and what became of it.

use leptos::form::ActionForm;
use leptos::prelude::*;

use crate::calls::CallError;
use crate::calls::sync_catalog::SyncCatalog;
use crate::components::{Button, ButtonKind, Glyph, ProblemNotice};

/// What a page asks its data for again after.
pub type Sync = ServerAction<SyncCatalog>;

/// Reads the sources again.
#[component]
pub fn SyncButton(sync: Sync, #[prop(optional)] kind: ButtonKind) -> impl IntoView {
    let busy = sync.pending();
    view! {
        <ActionForm action=sync>
            <Button submit=true kind glyph=Glyph::Refresh busy=busy>
                {move || if busy.get() { "Syncing" } else { "Sync Sources" }}
            </Button>
        </ActionForm>
    }
}

/// How the last sync of this page ended.
#[component]
pub fn Synced(sync: Sync) -> impl IntoView {
    let outcome = move || match sync.value().get() {
        Some(Err(CallError(problem))) => view! { <ProblemNotice problem /> }.into_any(),
        Some(Ok(())) => {
            view! { <span class="unseen">"The sources were read again."</span> }.into_any()
        }
        None => ().into_any(),
    };
    view! {
        <div role="status" class="synced">
            {outcome}
        </div>
    }
}
