//! `/operations`: everything that is or was done in the environment, the newest first; the page stands in the address.

use std::time::Duration;

use domain::wire::{OperationList, OperationView};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::address;
use crate::calls::operations::list_operations;
use crate::components::{
    ButtonKind, Elapsed, EmptyState, FreshMark, Glyph, LinkButton, Look, PageHeader, Paging, Place,
    ProblemNotice, RelativeTime, Skeleton, StatusBadge, TableList,
};
use crate::json::loaded;
use crate::live::polled::{Polled, polled};

/// Between two questions while the stream is cut.
const EVERY: Duration = Duration::from_secs(5);

/// The page.
#[component]
pub fn OperationsPage() -> impl IntoView {
    let query = use_query_map();
    let page = Memo::new(move |_| {
        let page = query.with(|all| all.get("page"));
        page.and_then(|page| page.parse::<u32>().ok()).unwrap_or(1)
    });
    let list = loaded(move || page.get(), list_operations);
    let content = move || {
        Suspend::new(async move {
            match list.await {
                Ok(list) => view! { <List list /> }.into_any(),
                Err(error) => view! { <ProblemNotice problem=error.0 /> }.into_any(),
            }
        })
    };
    view! {
        <Title text="Operations" />
        <PageHeader title="Operations" />
        <Transition fallback=|| view! { <Skeleton /> }>{content}</Transition>
    }
}

#[component]
fn List(list: OperationList) -> impl IntoView {
    let page = list.page;
    let polled = polled(list, |_| EVERY, move || list_operations(page));
    let nothing = Memo::new(move |_| polled.data.with(|list| list.operations.is_empty()));
    let place = Memo::new(move |_| polled.data.with(self::place));
    let address = Callback::new(|page| format!("/operations?page={page}"));
    move || {
        if nothing.get() {
            return view! { <Nothing /> }.into_any();
        }
        view! {
            <div class="deployments__mark">
                <FreshMark polled />
            </div>
            <Rows polled />
            <Paging place address />
        }
        .into_any()
    }
}

fn place(list: &OperationList) -> Place {
    Place {
        total: list.total,
        page: list.page,
        page_size: list.page_size,
        rows: list.operations.len() as u64,
        noun: ("operation", "operations"),
    }
}

#[component]
fn Nothing() -> impl IntoView {
    view! {
        <EmptyState
            glyph=Glyph::Clock
            title="Nothing was done in this environment yet."
            text="Every deployment, upgrade, rollback and removal is listed here, with all that happened in it."
        >
            <LinkButton href="/catalog" kind=ButtonKind::Primary>
                "Browse Catalog"
            </LinkButton>
        </EmptyState>
    }
}

#[component]
fn Rows(polled: Polled<OperationList>) -> impl IntoView {
    let rows = move || {
        let all = polled.data.with(|list| list.operations.clone());
        all.into_iter()
            .map(|operation| view! { <Row operation /> })
            .collect_view()
    };
    view! {
        <div class="card">
            <TableList
                caption="Operations, the newest first"
                columns=vec!["Operation", "Product", "Status", "Started", "Duration", "By"]
            >
                {rows}
            </TableList>
        </div>
    }
}

#[component]
fn Row(operation: OperationView) -> impl IntoView {
    let href = address::operation(&operation.operation_id);
    let deployment = address::product_deployment(&operation.product_deployment_id);
    view! {
        <tr>
            <th scope="row">
                <a href=href>{operation.kind.noun()}</a>
            </th>
            <td data-label="Product">
                <span>
                    <a href=deployment>{operation.product_name}</a>
                    <span class="soft number">
                        {operation.product_version.map(|version| format!(" {version}"))}
                    </span>
                </span>
            </td>
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
