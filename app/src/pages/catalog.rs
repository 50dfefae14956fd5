//! The catalog: what can be deployed, and which files of the sources cannot be read.

use domain::product::Severity;
use domain::wire::SourceProblem;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;

use super::failed::FailedPage;
use crate::address;
use crate::calls::CallError;
use crate::calls::catalog::{CatalogPage as Catalog, ProductCard, catalog};
use crate::calls::sync_catalog::SyncCatalog;
use crate::components::{
    Button, ButtonKind, EmptyState, Glyph, Icon, PageHeader, ProblemNotice, RelativeTime,
    SectionTitle, Skeleton, Tags, Tone,
};
use crate::json::loaded;

type Sync = ServerAction<SyncCatalog>;

/// `/catalog`.
#[component]
pub fn CatalogPage() -> impl IntoView {
    let sync = Sync::new();
    let page = loaded(move || sync.version().get(), |_| catalog());
    let content = move || {
        Suspend::new(async move {
            match page.await {
                Ok(catalog) => view! { <Content catalog sync /> }.into_any(),
                Err(CallError(problem)) => {
                    view! { <FailedPage problem back_to="/catalog" back="Try again" /> }.into_any()
                }
            }
        })
    };
    view! {
        <Title text="Catalog" />
        <Transition fallback=|| view! { <Skeleton /> }>{content}</Transition>
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
        let read = products.iter().map(|product| product.last_synced_at).max();
        let cards = products
            .into_iter()
            .map(|product| view! { <Product product /> })
            .collect_view();
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
                <ul class="catalog">{cards}</ul>
            </section>
        }
        .into_any()
    };
    view! {
        <PageHeader title="Stack Catalog" lead=lead>
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

#[component]
fn SyncButton(sync: Sync, #[prop(optional)] kind: ButtonKind) -> impl IntoView {
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
fn Synced(sync: Sync) -> impl IntoView {
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
            </EmptyState>
        </section>
    }
}

/// Every problem with its place and the way out.
#[component]
fn Problems(problems: Vec<SourceProblem>) -> impl IntoView {
    (!problems.is_empty()).then(|| {
        let count = counted(problems.len(), "problem");
        let lines = problems
            .into_iter()
            .map(|found| view! { <FoundProblem found /> })
            .collect_view();
        view! {
            <section aria-labelledby="problems">
                <SectionTitle title="Problems in the sources" id="problems".to_owned()>
                    <span class="soft small">{count}</span>
                </SectionTitle>
                <ul class="card found-problems">{lines}</ul>
            </section>
        }
    })
}

#[component]
fn FoundProblem(found: SourceProblem) -> impl IntoView {
    let SourceProblem { source_id, problem } = found;
    let (tone, glyph, word) = match problem.severity {
        Severity::Error => (Tone::Bad, Glyph::Failed, "Not used"),
        Severity::Warning => (Tone::Warn, Glyph::Warning, "Warning"),
    };
    let mut place = problem.file;
    for position in [problem.line, problem.column].into_iter().flatten() {
        place.push_str(&format!(":{position}"));
    }
    let field = (!problem.field.is_empty())
        .then(|| view! { <span class="soft">"at " <code>{problem.field}</code></span> });
    view! {
        <li class="found-problem">
            <span class=format!("badge badge--bare {}", tone.class())>
                <Icon glyph />
                {word}
            </span>
            <div class="found-problem__body">
                <p class="row">
                    <code class="found-problem__place">{place}</code>
                    {field}
                    <span class="soft">"in " {source_id}</span>
                </p>
                <p>{problem.message}</p>
                {problem.hint.map(|hint| view! { <p class="soft">{hint}</p> })}
            </div>
        </li>
    }
}

/// `1 stack`, `3 stacks`.
#[must_use]
pub fn counted(count: usize, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}")
}
