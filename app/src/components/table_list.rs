//! Rows of things with named columns. On a phone every row becomes a block.

use leptos::prelude::*;

/// The children are `<tr>`s: the first cell a `<th scope="row">`, the others `<td data-label="Column">`.
#[component]
pub fn TableList(
    /// What the rows are, for screen readers.
    #[prop(into)]
    caption: String,
    columns: Vec<&'static str>,
    children: Children,
) -> impl IntoView {
    let heads = columns
        .into_iter()
        .map(|column| view! { <th scope="col">{column}</th> })
        .collect_view();
    view! {
        <table class="table-list">
            <caption class="unseen">{caption}</caption>
            <thead>
                <tr>{heads}</tr>
            </thead>
            <tbody>{children()}</tbody>
        </table>
    }
}
