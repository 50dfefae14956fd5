//! The catalog: what can be deployed, and which files of the sources cannot be read. What is looked for stands in the address.

pub mod problems;
pub mod search;
pub mod sync;

use domain::product::Severity;
use domain::wire::SourceProblem;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::frame::{Otherwise, framed};
use crate::address;
use crate::calls::catalog::{CatalogPage as Catalog, ProductCard, catalog};
use crate::components::{
    ButtonKind, EmptyState, Glyph, Icon, LinkButton, PageHeader, RelativeTime, SectionTitle, Tags,
};
use crate::json::loaded;

use problems::Problems;
use search::{Search, Wanted};
use sync::{Sync, SyncButton, Synced};

/// `/catalog`.
#[component]
pub fn CatalogPage() -> impl IntoView {
    let sync = Sync::new();
    let page = loaded(move || sync.version().get(), |_| catalog());
    view! {
        <Title text="Catalog" />
        {framed(page, Otherwise::Back("/catalog", "Try again"), move |catalog| {
            view! { <Content catalog sync /> }.into_any()
        })}
    }
}

#[component]
fn Content(catalog: Catalog, sync: Sync) -> impl IntoView {
    let Catalog {
        products,
        problems,
        sources,
    } = catalog;
    let lead = match (products.len(), sources.len()) {
        (0, _) => None,
        (count, places) => Some(format!(
            "{} from {}.",
            counted(count, "product"),
            counted(places, "source")
        )),
    };
    let list = if products.is_empty() {
        view! { <Nothing sources sync /> }.into_any()
    } else {
        view! { <Products products /> }.into_any()
    };
    view! {
        <PageHeader title="Stack Catalog" lead=lead>
            <LinkButton href="/deploy-custom">"Deploy Custom"</LinkButton>
            <SyncButton sync />
        </PageHeader>
        <div class="stack-loose">
            <Synced sync />
            <Broken problems=problems.clone() />
            {list}
            <Problems problems />
        </div>
    }
}

/// Those that are looked for, and the way to look for others.
#[component]
fn Products(products: Vec<ProductCard>) -> impl IntoView {
    let query = use_query_map();
    let wanted = Memo::new(move |_| query.with(|all| Wanted::read(|name| all.get(name))));
    let read = products.iter().map(|product| product.last_synced_at).max();
    let offered = search::Offered::of(&products);
    let products = StoredValue::new(products);
    let list = move || {
        let wanted = wanted.get();
        let found = products.with_value(|products| wanted.found(products));
        if found.is_empty() {
            return view! {
                <EmptyState
                    glyph=Glyph::Search
                    title="Nothing matches"
                    text="No product of the catalog has these words, this category and this tag."
                >
                    <LinkButton href="/catalog">"Show all"</LinkButton>
                </EmptyState>
            }
            .into_any();
        }
        let cards = found
            .into_iter()
            .map(|product| view! { <Product product /> })
            .collect_view();
        view! { <ul class="catalog">{cards}</ul> }.into_any()
    };
    view! {
        <section aria-labelledby="products">
            <SectionTitle title="Available Products" id="products".to_owned()>
                {read
                    .map(|at| {
                        view! {
                            <span class="soft small">"Read " <RelativeTime at /></span>
                        }
                    })}
            </SectionTitle>
            <Search wanted offered />
            {list}
        </section>
    }
}

/// One line on top when files cannot be used; the details are below the products.
#[component]
fn Broken(problems: Vec<SourceProblem>) -> impl IntoView {
    let broken = problems
        .iter()
        .filter(|found| found.problem.severity == Severity::Error)
        .count();
    (broken > 0).then(|| {
        let what = match broken {
            1 => "One file of the sources cannot be used".to_owned(),
            many => format!("{many} problems keep files of the sources from being used"),
        };
        view! {
            <p class="broken tone-warn">
                <Icon glyph=Glyph::Warning />
                <span>{what} ". " <a href="#problems">"See what is wrong and where"</a></span>
            </p>
        }
    })
}

#[component]
fn Product(product: ProductCard) -> impl IntoView {
    let version = product
        .version
        .map(|version| view! { <span class="product-card__version number">"v" {version}</span> });
    let about = (!product.description.is_empty())
        .then(|| view! { <p class="product-card__about">{product.description}</p> });
    let category = product
        .category
        .map(|category| view! { <span>{category}</span> });
    view! {
        <li class="card product-card">
            <div class="product-card__head">
                <h3>
                    <a href=address::product(&product.id)>{product.name}</a>
                </h3>
                {version}
                <span class="tag product-card__count">{counted(product.stacks, "stack")}</span>
            </div>
            {about}
            <Tags words=product.tags />
            <p class="product-card__foot">
                {category} <span>{counted(product.services, "service")}</span>
                <span>"from " {product.source}</span>
            </p>
        </li>
    }
}

#[component]
fn Nothing(sources: Vec<String>, sync: Sync) -> impl IntoView {
    let text = if sources.is_empty() {
        "Add stack sources to discover deployable stacks. A source is a folder with manifests or Compose files: \
         start the server with --source NAME=PATH."
            .to_owned()
    } else {
        format!(
            "Add stack sources to discover deployable stacks. The folders of {} hold no manifest and no Compose file yet; \
             put one there and sync.",
            sources.join(", ")
        )
    };
    view! {
        <section aria-labelledby="products">
            <h2 id="products" class="unseen">
                "Available Products"
            </h2>
            <EmptyState glyph=Glyph::Box title="No stacks available" text=text>
                <SyncButton sync kind=ButtonKind::Primary />
                <LinkButton href="/settings/stack-sources">"Add Sources"</LinkButton>
            </EmptyState>
        </section>
    }
}

/// `1 stack`, `3 stacks`.
#[must_use]
pub fn counted(count: usize, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}")
}
