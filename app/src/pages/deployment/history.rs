//! The operations that made a deployment what it is, the newest first; each leads to everything that happened in it.

use domain::wire::OperationView;
use leptos::prelude::*;

use crate::address;
use crate::calls::operations::operations_of_deployment;
use crate::components::{
    Card, Durations, Elapsed, Look, ProblemNotice, RelativeTime, StatusBadge, TableList,
};
use crate::json::loaded;

/// The list. `operation` changes when it has to be asked for again.
#[component]
pub fn History(
    deployment: String,
    environment: String,
    operation: Memo<(Option<String>, Option<String>)>,
) -> impl IntoView {
    let all = loaded(
        move || operation.get(),
        move |_| operations_of_deployment(deployment.clone(), environment.clone()),
    );
    let content = move || {
        Suspend::new(async move {
            match all.await {
                Ok(all) if all.is_empty() => {
                    view! { <p class="soft history__none">"None of the recent operations is about it."</p> }.into_any()
                }
                Ok(all) => {
                    let bars = all.clone();
                    let rows = all.into_iter().map(|operation| view! { <Row operation /> }).collect_view();
                    view! {
                        <Durations operations=bars />
                        <TableList
                            caption="Operations, the newest first"
                            columns=vec!["Operation", "Status", "Started", "Duration", "By"]
                        >
                            {rows}
                        </TableList>
                    }
                    .into_any()
                }
                Err(error) => view! { <ProblemNotice problem=error.0 /> }.into_any(),
            }
        })
    };
    let header = move || view! { <h2>"Operations"</h2> };
    view! {
        <Card header flush=true>
            <Transition>{content}</Transition>
        </Card>
    }
}

#[component]
fn Row(operation: OperationView) -> impl IntoView {
    let href = address::operation(&operation.operation_id);
    let kind = operation.kind.noun();
    let version = operation
        .product_version
        .map(|version| view! { <span class="soft number">{format!(" {version}")}</span> });
    view! {
        <tr>
            <th scope="row">
                <span>
                    <a href=href>{kind}</a>
                    {version}
                </span>
            </th>
            <td data-label="Status">
                <StatusBadge look=Look::from(operation.status) bare=true />
            </td>
            <td data-label="Started">
                <RelativeTime at=operation.created_at />
            </td>
            <td data-label="Duration">
                <Elapsed from=operation.created_at to=operation.finished_at />
            </td>
            <td data-label="By">{operation.actor}</td>
        </tr>
    }
}
