//! How long the last operations took, as bars: what was done, how it ended, and a link to all of it.

use domain::wire::OperationView;
use leptos::prelude::*;

use super::icon::Icon;
use super::status_badge::Look;
use super::time::humane;
use crate::address;
use crate::pictures::markup::bar;
use crate::pictures::scale::{Scale, millis};

/// Most bars.
const MOST: usize = 10;

/// The newest first; those that have not ended have no duration yet and are left out. Nothing where there are fewer than two: one bar
/// compares with nothing.
#[component]
pub fn Durations(operations: Vec<OperationView>) -> impl IntoView {
    let ended: Vec<(OperationView, u64)> = operations
        .into_iter()
        .filter_map(|operation| {
            let took = operation.finished_at?.since(operation.created_at);
            Some((operation, millis(took)))
        })
        .take(MOST)
        .collect();
    let longest = ended.iter().map(|(_, took)| *took).max().unwrap_or(0);
    (ended.len() > 1).then(|| {
        let scale = Scale::new(domain::timestamp::Timestamp::default(), longest);
        let rows = ended
            .into_iter()
            .map(|(operation, took)| view! { <Row operation took scale /> })
            .collect_view();
        view! {
            <ol class="durations" aria-label="Durations of the last operations">
                {rows}
            </ol>
        }
    })
}

#[component]
fn Row(operation: OperationView, took: u64, scale: Scale) -> impl IntoView {
    let look = Look::from(operation.status);
    let words = humane(std::time::Duration::from_millis(took));
    let kind = operation.kind.noun();
    let mut drawing = String::new();
    bar(
        &mut drawing,
        "durations__bar",
        scale.between_millis(0, took),
        ("2", "12"),
    );
    let label = format!("{kind}: {words}");
    view! {
        <li class=format!("durations__row {}", look.tone.class())>
            <Icon glyph=look.glyph />
            <a class="durations__kind" href=address::operation(&operation.operation_id)>
                {kind}
            </a>
            <span class="durations__word small soft">{look.word}</span>
            <svg class="durations__track" role="img" aria-label=label inner_html=drawing></svg>
            <data class="durations__time number" value=took.to_string()>
                {words}
            </data>
        </li>
    }
}
