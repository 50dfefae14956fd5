//! `/deployments`: every deployed product of the environment; filter, order and page stand in the address.

pub mod filter;
pub mod query;
pub mod rows;

use std::time::Duration;

use domain::wire::{DeploymentList, DeploymentQuery};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::frame::{Otherwise, framed};
use crate::calls::deployments::list_deployments;
use crate::components::{
    ButtonKind, EmptyState, FreshMark, Glyph, LinkButton, PageHeader, Paging, Place,
};
use crate::json::loaded;
use crate::live::polled::polled;

use filter::Filter;
use rows::Rows;

/// While something is being changed.
const SOON: Duration = Duration::from_secs(3);
/// While nothing is.
const LATER: Duration = Duration::from_secs(15);

/// The page.
#[component]
pub fn DeploymentsPage() -> impl IntoView {
    let parameters = use_query_map();
    let query = Memo::new(move |_| parameters.with(|all| query::read(|name| all.get(name))));
    let list = loaded(move || query.get(), list_deployments);
    view! {
        <Title text="Deployments" />
        <PageHeader title="Deployments">
            <LinkButton href="/catalog" glyph=Glyph::Catalog>
                "Browse Catalog"
            </LinkButton>
        </PageHeader>
        <Filter query />
        {framed(list, Otherwise::InPlace, move |list| {
            let query = query.get_untracked();
            view! { <List list query /> }.into_any()
        })}
    }
}

/// What was found, kept current.
#[component]
fn List(list: DeploymentList, query: DeploymentQuery) -> impl IntoView {
    let asked = query.clone();
    let polled = polled(
        list,
        |list| {
            let busy = list
                .product_deployments
                .iter()
                .any(|item| item.status.is_in_progress());
            if busy { SOON } else { LATER }
        },
        move || list_deployments(asked.clone()),
    );
    let nothing = Memo::new(move |_| polled.data.with(|list| list.product_deployments.is_empty()));
    let query = StoredValue::new(query);
    let place = Memo::new(move |_| polled.data.with(self::place));
    let address = Callback::new(move |page| query.with_value(|query| query::address(query, page)));
    move || {
        if nothing.get() {
            let filtered = query.with_value(query::is_filtered);
            view! { <Nothing filtered /> }.into_any()
        } else {
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
}

#[component]
fn Nothing(filtered: bool) -> impl IntoView {
    if filtered {
        view! {
            <EmptyState
                glyph=Glyph::Search
                title="Nothing matches"
                text="No deployment of this environment has this name and status."
            >
                <LinkButton href="/deployments">"Show all"</LinkButton>
            </EmptyState>
        }
        .into_any()
    } else {
        view! {
            <EmptyState
                glyph=Glyph::Deployments
                title="No deployments in this environment."
                text="A product of the catalog becomes running containers in one operation. Choose one to begin."
            >
                <LinkButton href="/catalog" kind=ButtonKind::Primary>
                    "Browse Catalog"
                </LinkButton>
            </EmptyState>
        }
        .into_any()
    }
}

fn place(list: &DeploymentList) -> Place {
    Place {
        total: list.total,
        page: list.page,
        page_size: list.page_size,
        rows: list.product_deployments.len() as u64,
        noun: ("deployment", "deployments"),
    }
}
