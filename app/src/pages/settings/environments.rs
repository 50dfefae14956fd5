//! `/environments`: the engines that products are deployed to. A test of one stands in the address.

use domain::wire::{ConnectionTest, EnvironmentView};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::calls::settings::{Environments, load_environments};
use crate::components::{
    Button, Card, Copyable, EmptyState, Fact, Facts, Glyph, Notice, PageHeader, RelativeTime, Tone,
};
use crate::json::loaded;
use crate::pages::frame::{Otherwise, framed};

/// The parameter of the address that names the environment whose engine is asked.
const TEST: &str = "test";

/// The page.
#[component]
pub fn EnvironmentsPage() -> impl IntoView {
    let query = use_query_map();
    let test = Memo::new(move |_| query.with(|all| all.get(TEST)));
    let environments = loaded(move || test.get(), load_environments);
    view! {
        <Title text="Environments" />
        <PageHeader
            title="Docker Environments"
            lead="Each is a Docker engine that products are deployed to.".to_owned()
        />
        {framed(
            environments,
            Otherwise::InPlace,
            |environments| view! { <Content environments /> }.into_any(),
        )}
    }
}

#[component]
fn Content(environments: Environments) -> impl IntoView {
    let Environments {
        environments,
        tested,
    } = environments;
    if environments.is_empty() {
        return view! {
            <EmptyState
                glyph=Glyph::Engine
                title="No environments"
                text="Windlass knows no engine to deploy to. Start the server again with --docker-host."
            />
        }
        .into_any();
    }
    let cards = environments
        .into_iter()
        .map(|environment| {
            let answer = tested.as_ref().filter(|(id, _)| *id == environment.id);
            let answer = answer.map(|(_, answer)| answer.clone());
            view! { <Environment environment answer /> }
        })
        .collect_view();
    view! { <ul class="stack">{cards}</ul> }.into_any()
}

#[component]
fn Environment(environment: EnvironmentView, answer: Option<ConnectionTest>) -> impl IntoView {
    let name = environment.name.clone();
    let is_default = environment.is_default;
    let header = move || {
        view! {
            <div class="row">
                <h2>{name.clone()}</h2>
                {is_default.then(|| view! { <span class="tag">"Default"</span> })}
            </div>
        }
    };
    let answer = answer.map(|answer| {
        let (tone, what) = match answer.success {
            true => (Tone::Good, "The engine answered"),
            false => (Tone::Bad, "The engine did not answer"),
        };
        view! {
            <div role="status">
                <Notice tone=tone what=what why=Some(answer.message) />
            </div>
        }
    });
    let id = environment.id.clone();
    view! {
        <li>
            <Card header>
                <div class="stack">
                    <Facts>
                        <Fact name="Type">{kind(&environment.kind)}</Fact>
                        <Fact name="Address">
                            <code>{environment.connection_string}</code>
                        </Fact>
                        <Fact name="Made">
                            <RelativeTime at=environment.created_at />
                        </Fact>
                        <Fact name="Id">
                            <Copyable text=id what="environment id" />
                        </Fact>
                    </Facts>
                    {answer}
                    <form method="get" action="/environments">
                        <input type="hidden" name=TEST value=environment.id />
                        <Button submit=true glyph=Glyph::Refresh>
                            "Test Connection"
                        </Button>
                    </form>
                </div>
            </Card>
        </li>
    }
}

/// As people say it.
fn kind(kind: &str) -> String {
    match kind {
        "DockerSocket" => "Docker socket".to_owned(),
        other => other.to_owned(),
    }
}
