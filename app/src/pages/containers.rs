//! `/containers`: every container of the environment, whoever made it; filter and page stand in the address.

pub mod deeds;
pub mod query;
pub mod rows;

use std::time::Duration;

use domain::container::ContainerGroup;
use domain::wire::{ContainerPage, ContainerQuery};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;
use leptos_router::components::Form;
use leptos_router::hooks::use_query_map;

use crate::calls::containers::{Shown, list_containers};
use crate::components::{
    EmptyState, FreshMark, Glyph, Icon, LinkButton, PageHeader, Paging, Place, ProblemNotice,
    Skeleton,
};
use crate::json::loaded;
use crate::live::polled::polled;

use deeds::{Deeds, Refusal};
use rows::Rows;

/// Between two questions.
const EVERY: Duration = Duration::from_secs(4);

/// The page.
#[component]
pub fn ContainersPage() -> impl IntoView {
    let parameters = use_query_map();
    let query = Memo::new(move |_| parameters.with(|all| query::read(|name| all.get(name))));
    let list = loaded(move || query.get(), list_containers);
    let content = move || {
        Suspend::new(async move {
            let asked = query.get_untracked();
            match list.await {
                Ok(shown) => view! { <List shown query=asked /> }.into_any(),
                Err(error) => view! { <ProblemNotice problem=error.0 /> }.into_any(),
            }
        })
    };
    view! {
        <Title text="Containers" />
        <PageHeader title="Containers" />
        <Transition fallback=|| view! { <Skeleton /> }>{content}</Transition>
    }
}

/// What was found, kept current.
#[component]
fn List(shown: Shown<ContainerPage>, query: ContainerQuery) -> impl IntoView {
    let refused = shown.refused.clone();
    let products = shown.data.products.clone();
    let everything = shown.data.everything;
    let asked = query.clone();
    let polled = polled(shown, |_| EVERY, move || list_containers(asked.clone()));
    let query = StoredValue::new(query);
    let done = Callback::new(move |()| {
        let asked = query.get_value();
        spawn_local(async move {
            if let Ok(shown) = list_containers(asked).await {
                polled.data.try_set(shown);
            }
        });
    });
    let deeds = Deeds::new(refused, done);
    let place = Signal::derive(move || {
        polled.data.with(|shown| Place {
            total: shown.data.total,
            page: shown.data.page,
            page_size: shown.data.page_size,
            rows: shown.data.containers.len() as u64,
            noun: ("container", "containers"),
        })
    });
    let nothing = Memo::new(move |_| place.get().rows == 0);
    let address = Callback::new(move |page| query.with_value(|query| query::address(query, page)));
    view! {
        <Refusal deeds />
        {(everything > 0).then(|| view! { <Filter query=query.get_value() products /> })}
        {move || {
            if nothing.get() {
                let filtered = query.with_value(query::is_filtered);
                view! { <Nothing filtered /> }.into_any()
            } else {
                view! {
                    <div class="deployments__mark">
                        <FreshMark polled />
                    </div>
                    <Rows polled deeds />
                    <Paging place address />
                }
                    .into_any()
            }
        }}
    }
}

#[component]
fn Nothing(filtered: bool) -> impl IntoView {
    if filtered {
        view! {
            <EmptyState
                glyph=Glyph::Search
                title="Nothing matches"
                text="No container of this environment has this name, state and product."
            >
                <LinkButton href="/containers">"Show all"</LinkButton>
            </EmptyState>
        }
        .into_any()
    } else {
        view! {
            <EmptyState
                glyph=Glyph::Box
                title="No containers in this environment."
                text="Deploy a product, and what runs for it is shown here, beside everything else on the engine."
            >
                <LinkButton href="/catalog">"Browse Catalog"</LinkButton>
            </EmptyState>
        }
        .into_any()
    }
}

/// What to show: a form that only changes the address.
#[component]
fn Filter(query: ContainerQuery, products: Vec<(String, String)>) -> impl IntoView {
    let states = ContainerGroup::ALL.map(|group| {
        let label = match group {
            ContainerGroup::Trouble => "In trouble",
            ContainerGroup::Stopped => "Stopped",
            ContainerGroup::Running => "Running",
        };
        let chosen = query.state == Some(group);
        view! { <option value=group.as_str() selected=chosen>{label}</option> }
    });
    let wanted = query.product.clone();
    let products = products.into_iter().map(move |(id, name)| {
        let chosen = wanted.as_ref() == Some(&id);
        view! { <option value=id selected=chosen>{name}</option> }
    });
    let filtered = query::is_filtered(&query);
    view! {
        <Form method="GET" action="/containers" attr:class="filter" attr:role="search">
            <label class="filter__search">
                <span class="unseen">"Search by name or image"</span>
                <Icon glyph=Glyph::Search />
                <input
                    class="input"
                    type="search"
                    name="search"
                    placeholder="Search containers..."
                    value=query.search.unwrap_or_default()
                    maxlength="100"
                />
            </label>
            <label>
                <span class="unseen">"State"</span>
                <select class="input" name="state">
                    <option value="">"All states"</option>
                    {states.into_iter().collect_view()}
                </select>
            </label>
            <label>
                <span class="unseen">"Product"</span>
                <select class="input" name="product">
                    <option value="">"All products"</option>
                    {products.collect_view()}
                </select>
            </label>
            <button type="submit" class="button">
                "Apply"
            </button>
            {filtered.then(|| view! { <a class="filter__clear" href="/containers">"Show all"</a> })}
        </Form>
    }
}
