//! `/product-deployments/:id`: one deployed product: what the last operation did to it, and how its containers are now.

pub mod actions;
pub mod facts;
pub mod graph;
pub mod health_history;
pub mod history;
pub mod releases;
pub mod services;
pub mod stacks;
pub mod variables;

use std::time::Duration;

use domain::wire::ProductDeploymentDetail;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use crate::address;
use crate::calls::deployments::get_deployment;
use crate::components::{
    ButtonKind, FreshMark, Glyph, HealthBadge, Icon, LinkButton, Look, Notice, PageHeader,
    SectionTitle, StatusBadge, Tone,
};
use crate::json::loaded;
use crate::live::health::{follow_health, still};
use crate::live::polled::{Polled, polled};
use crate::pages::frame::{TO_DEPLOYMENTS, framed};

use actions::Actions;
use facts::DeploymentFacts;
use graph::Dependencies;
use health_history::HealthHistory;
use history::History;
use releases::Releases;
use stacks::Stacks;
use variables::SharedVariables;

/// While an operation changes it.
const SOON: Duration = Duration::from_secs(3);
/// While none does: what the engine shows may change at any time.
const LATER: Duration = Duration::from_secs(10);

/// The page.
#[component]
pub fn DeploymentPage() -> impl IntoView {
    let parameters = use_params_map();
    let id = Memo::new(move |_| parameters.with(|all| all.get("id").unwrap_or_default()));
    let detail = loaded(move || id.get(), get_deployment);
    view! {
        <a class="back" href="/deployments">
            <Icon glyph=Glyph::ArrowLeft />
            "Back to Deployments"
        </a>
        {framed(detail, TO_DEPLOYMENTS, |detail| view! { <Deployment detail /> }.into_any())}
    }
}

#[component]
fn Deployment(detail: ProductDeploymentDetail) -> impl IntoView {
    let id = detail.product_deployment_id.clone();
    let environment = detail.environment_id.clone();
    let (deployment, asked) = (id.clone(), id);
    let polled = polled(
        detail,
        |detail| {
            if detail.active_operation_id.is_some() {
                SOON
            } else {
                LATER
            }
        },
        move || get_deployment(asked.clone()),
    );
    follow_health(polled);
    let count = Memo::new(move |_| polled.data.with(|detail| detail.stacks.len()));
    let current = Memo::new(move |_| polled.data.with(|detail| detail.release));
    let health = Memo::new(move |_| polled.data.with(|detail| detail.health.status));
    // What an operation did is told again when the next one begins or this one ends.
    let operation = Memo::new(move |_| {
        polled.data.with(|detail| {
            (
                detail.active_operation_id.clone(),
                detail.last_operation_id.clone(),
            )
        })
    });
    view! {
        <Head polled />
        <Actions polled />
        <div class="stack">
            <State polled />
            <DeploymentFacts polled />
        </div>
        <section class="deployment__section">
            {move || {
                view! {
                    <SectionTitle title=format!("Stacks ({})", count.get())>
                        <FreshMark polled />
                    </SectionTitle>
                }
            }}
            <Stacks polled />
        </section>
        <div class="stack deployment__section">
            <Dependencies polled />
            <HealthHistory id=deployment.clone() health />
            <SharedVariables polled />
            <Releases deployment=deployment.clone() environment=environment.clone() operation current />
            <History deployment environment operation />
        </div>
    }
}

/// Name, version, state, and where to go from here.
#[component]
fn Head(polled: Polled<ProductDeploymentDetail>) -> impl IntoView {
    let names = Memo::new(move |_| {
        polled.data.with(|detail| {
            (
                detail.product_display_name.clone(),
                detail.product_version.clone(),
                detail.deployment_name.clone(),
            )
        })
    });
    let look = Memo::new(move |_| {
        polled
            .data
            .with(|detail| Look::of_product(detail.status, detail.operation_mode))
    });
    let health = Memo::new(move |_| polled.data.with(|detail| still(detail.health.clone())));
    move || {
        let (name, version, deployment_name) = names.get();
        let beside = move || {
            let version = version
                .clone()
                .map(|version| view! { <span class="soft number">{version}</span> });
            view! {
                {version}
                <StatusBadge look />
                <HealthBadge health />
            }
        };
        view! {
            <Title text=name.clone() />
            <PageHeader title=name beside lead=format!("Deployed as {deployment_name}") />
        }
    }
}

/// What needs a look: a running operation, a failure, a maintenance.
#[component]
fn State(polled: Polled<ProductDeploymentDetail>) -> impl IntoView {
    let state = Memo::new(move |_| {
        polled.data.with(|detail| {
            (
                detail.active_operation_id.clone(),
                detail.error_message.clone(),
                detail.last_operation_id.clone(),
                Look::from(detail.status),
                detail.maintenance_trigger.clone(),
            )
        })
    });
    move || {
        let (active, error, last, look, maintenance) = state.get();
        let running = active.clone().map(|id| {
            let what = format!("{}: an operation is running", look.word);
            view! {
                <Notice tone=Tone::Busy what>
                    <div class="row">
                        <LinkButton href=address::operation(&id) kind=ButtonKind::Primary>
                            "Show progress"
                        </LinkButton>
                    </div>
                </Notice>
            }
        });
        let failed = error.filter(|_| active.is_none()).map(|what| {
            let link = last.map(|id| {
                view! { <div class="row"><LinkButton href=address::operation(&id)>"See what failed"</LinkButton></div> }
            });
            view! { <Notice tone=look.tone what>{link}</Notice> }
        });
        let maintenance = maintenance.map(|trigger| {
            let reason = trigger
                .reason
                .map_or_else(String::new, |reason| format!(" — {reason}"));
            let what = format!("Maintenance Mode ({}){reason}", trigger.source);
            view! { <Notice tone=Tone::Idle what /> }
        });
        view! {
            {running}
            {failed}
            {maintenance}
        }
    }
}
