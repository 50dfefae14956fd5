//! Cancelling: says first what it would do. A form, so it works without scripts.

use domain::operation::OperationKind;
use leptos::form::ActionForm;
use leptos::prelude::*;

use super::Page;
use crate::calls::cancel_operation::CancelOperation;
use crate::components::{Button, ButtonKind, ProblemNotice};
use crate::live::outcome::consequences;

/// A button that opens what cancelling means, and the button that does it.
#[component]
pub fn CancelMenu(page: Page) -> impl IntoView {
    let cancel = ServerAction::<CancelOperation>::new();
    let feed = page.live.feed;
    let asked = Memo::new(move |_| feed.with(|feed| feed.progress.cancel_requested));
    let kind = page.operation.with_value(|operation| operation.kind);
    let noun = match kind {
        OperationKind::EnterMaintenance | OperationKind::ExitMaintenance => "operation".to_owned(),
        kind => kind.noun().to_lowercase(),
    };
    let sentences = Memo::new(move |_| feed.with(|feed| consequences(kind, &feed.progress)));
    let id = page
        .operation
        .with_value(|operation| operation.operation_id.clone());
    let busy = Signal::derive(move || cancel.pending().get() || asked.get());
    let problem = move || {
        let error = cancel.value().get()?.err()?;
        Some(view! { <ProblemNotice problem=error.0 /> })
    };
    let refused = move || matches!(cancel.value().get(), Some(Err(_)));
    let list = move || {
        let items = sentences
            .get()
            .into_iter()
            .map(|text| view! { <li>{text}</li> });
        items.collect_view()
    };
    view! {
        <details class="menu" open=refused>
            <summary class="button">
                {move || if busy.get() { "Cancelling..." } else { "Cancel" }}
            </summary>
            <div class="menu__panel">
                <h2>{format!("Cancel this {noun}?")}</h2>
                <ul class="menu__list">{list}</ul>
                {problem}
                <ActionForm action=cancel>
                    <input type="hidden" name="id" value=id />
                    <Button kind=ButtonKind::Danger submit=true busy>
                        {format!("Cancel the {noun}")}
                    </Button>
                </ActionForm>
            </div>
        </details>
    }
}
