//! `/settings/stack-sources`: where products come from, and what is wrong there.

use domain::wire::StackSourceView;
use leptos::prelude::*;
use leptos_meta::Title;

use super::crumbs;
use crate::calls::settings::{Sources, load_sources};
use crate::components::{Card, EmptyState, Fact, Facts, Glyph, PageHeader, RelativeTime};
use crate::json::loaded;
use crate::pages::catalog::counted;
use crate::pages::catalog::problems::Problems;
use crate::pages::catalog::sync::{Sync, SyncButton, Synced};
use crate::pages::frame::{Otherwise, framed};

/// The page.
#[component]
pub fn SourcesPage() -> impl IntoView {
    let sync = Sync::new();
    let sources = loaded(move || sync.version().get(), |_| load_sources());
    view! {
        <Title text="Stack Sources" />
        <PageHeader
            title="Stack Sources"
            crumbs=crumbs()
            lead="Folders with manifests and Compose files. Each is named where the server is started: --source NAME=PATH."
                .to_owned()
        >
            <SyncButton sync />
        </PageHeader>
        <Synced sync />
        {framed(
            sources,
            Otherwise::InPlace,
            |sources| view! { <Content sources /> }.into_any(),
        )}
    }
}

#[component]
fn Content(sources: Sources) -> impl IntoView {
    let Sources { sources, problems } = sources;
    if sources.is_empty() {
        return view! {
            <EmptyState
                glyph=Glyph::Catalog
                title="No stack sources"
                text="Products come from sources. Start the server with --source NAME=PATH; a source is a folder with manifests \
                      or Compose files."
            />
        }
        .into_any();
    }
    let cards = sources
        .into_iter()
        .map(|source| view! { <Source source /> })
        .collect_view();
    view! {
        <div class="stack-loose">
            <ul class="stack">{cards}</ul>
            <Problems problems />
        </div>
    }
    .into_any()
}

#[component]
fn Source(source: StackSourceView) -> impl IntoView {
    let name = source.name;
    let header = move || view! { <h2>{name.clone()}</h2> };
    let problems = match source.problems {
        0 => view! { "None" }.into_any(),
        count => view! { <a href="#problems">{counted(count, "problem")}</a> }.into_any(),
    };
    view! {
        <li>
            <Card header>
                <Facts>
                    <Fact name="Type">{kind(&source.kind)}</Fact>
                    <Fact name="Folder">
                        <code>{source.details.path}</code>
                    </Fact>
                    <Fact name="Products">{counted(source.products, "version")}</Fact>
                    <Fact name="Problems">{problems}</Fact>
                    <Fact name="Last sync">
                        <RelativeTime at=source.last_synced_at />
                    </Fact>
                </Facts>
            </Card>
        </li>
    }
}

/// As people say it.
fn kind(kind: &str) -> String {
    match kind {
        "LocalDirectory" => "Local directory".to_owned(),
        other => other.to_owned(),
    }
}
