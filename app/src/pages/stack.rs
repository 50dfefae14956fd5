//! `/product-deployments/:id/stacks/:name`: one stack of a deployed product: what was done to it, how it is and was, what it was given.

use std::time::Duration;

use domain::timestamp::Timestamp;
use domain::wire::{ProductDeploymentDetail, ServiceState, StackDetail, StackRecord};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use crate::address;
use crate::calls::deployments::get_deployment;
use crate::calls::operations::operations_of_deployment;
use crate::calls::stack::{StackWithRecord, get_stack};
use crate::components::{
    Card, Crumb, Disclosure, Elapsed, Fact, Facts, FreshMark, HealthBadge, HealthReason, Look,
    Notice, PageHeader, ProblemNotice, RelativeTime, SectionTitle, Seen, Skeleton, StatusBadge,
    TableList,
};
use crate::json::loaded;
use crate::live::health::{follow_health, still, still_services};
use crate::live::polled::{Polled, polled};
use crate::live::selection::PARAMETER;
use crate::pages::deployment::health_history::HealthHistory;
use crate::pages::deployment::services::Services;
use crate::pages::failed::FailedPage;

/// While an operation changes it.
const SOON: Duration = Duration::from_secs(3);
/// While none does: what the engine shows may change at any time.
const LATER: Duration = Duration::from_secs(10);

/// The page.
#[component]
pub fn StackPage() -> impl IntoView {
    let parameters = use_params_map();
    let place = Memo::new(move |_| {
        parameters.with(|all| {
            let part = |name| all.get(name).unwrap_or_default();
            (part("id"), part("name"))
        })
    });
    let page = loaded(move || place.get(), |(id, name)| get_stack(id, name));
    let content = move || {
        Suspend::new(async move {
            match page.await {
                Ok(page) => view! { <Content page name=place.get_untracked().1 /> }.into_any(),
                Err(error) => view! {
                    <FailedPage problem=error.0 back_to="/deployments" back="Back to Deployments" />
                }
                .into_any(),
            }
        })
    };
    view! { <Transition fallback=|| view! { <Skeleton /> }>{content}</Transition> }
}

/// The stack as it is now; none once its product has lost it.
type Stack = Memo<Option<StackDetail>>;

#[component]
fn Content(page: StackWithRecord, name: String) -> impl IntoView {
    let StackWithRecord { deployment, record } = page;
    let id = deployment.product_deployment_id.clone();
    let environment = deployment.environment_id.clone();
    let asked = id.clone();
    let polled = polled(
        deployment,
        |detail| match detail.active_operation_id {
            Some(_) => SOON,
            None => LATER,
        },
        move || get_deployment(asked.clone()),
    );
    follow_health(polled);
    let whole = {
        let name = name.clone();
        Memo::new(move |_| polled.data.with(|detail| find(detail, &name)))
    };
    let seen = Memo::new(move |_| whole.with(|stack| stack.as_ref()?.health.observed_at));
    // A look that shows nothing new draws nothing anew.
    let stack: Stack = Memo::new(move |_| {
        whole.get().map(|stack| StackDetail {
            health: still(stack.health),
            services: still_services(stack.services),
            ..stack
        })
    });
    let status = Memo::new(move |_| {
        stack.with(|stack| {
            stack
                .as_ref()
                .map_or(domain::health::HealthStatus::Unknown, |stack| {
                    stack.health.status
                })
        })
    });
    let deployment_id =
        stack.with_untracked(|stack| stack.as_ref().map(|stack| stack.deployment_id.clone()));
    let last = Memo::new(move |_| polled.data.with(|detail| detail.last_operation_id.clone()));
    view! {
        <Head polled stack id=id.clone() />
        <div class="stack">
            <Failed stack last name=name.clone() />
            <StackFacts stack record=record.clone() />
        </div>
        <section class="deployment__section" aria-labelledby="services">
            <SectionTitle title="Services" id="services".to_owned()>
                <FreshMark polled />
            </SectionTitle>
            <ServicesCard stack seen />
        </section>
        <div class="stack deployment__section">
            <Inits stack last name=name.clone() />
            {deployment_id.map(|id| view! { <HealthHistory id health=status /> })}
            <Variables record />
            <LastOperation deployment=id environment last name />
        </div>
    }
}

fn find(detail: &ProductDeploymentDetail, name: &str) -> Option<StackDetail> {
    let mut stacks = detail.stacks.iter();
    stacks.find(|stack| stack.stack_name == name).cloned()
}

/// Name, state, and the way back.
#[component]
fn Head(polled: Polled<ProductDeploymentDetail>, stack: Stack, id: String) -> impl IntoView {
    let product = Memo::new(move |_| {
        polled
            .data
            .with(|detail| detail.product_display_name.clone())
    });
    move || {
        let stack = stack.get()?;
        let product = product.get();
        let crumbs = vec![
            Crumb::new("Deployments", "/deployments"),
            Crumb::new(product.clone(), address::product_deployment(&id)),
        ];
        let look = Look::from(stack.status);
        let health = Signal::stored(stack.health.clone());
        let beside = move || {
            view! {
                <StatusBadge look />
                <HealthBadge health />
            }
        };
        let name = stack.stack_display_name;
        Some(view! {
            <Title text=format!("{name} of {product}") />
            <PageHeader title=name crumbs beside lead=format!("Deployed as {}", stack.deployment_stack_name) />
        })
    }
}

/// What went wrong in the last operation on it, with the way to all of that.
#[component]
fn Failed(stack: Stack, last: Memo<Option<String>>, name: String) -> impl IntoView {
    move || {
        let stack = stack.get()?;
        let what = stack.error_message.clone()?;
        let link = last.get().map(|id| {
            let href = address::stack_of_operation(&id, PARAMETER, &name);
            view! { <a href=href>"See what failed"</a> }
        });
        let tone = Look::from(stack.status).tone;
        Some(view! { <Notice tone what>{link}</Notice> })
    }
}

#[component]
fn StackFacts(stack: Stack, record: StackRecord) -> impl IntoView {
    let facts = move || {
        let stack = stack.get()?;
        let took = stack.started_at.zip(stack.completed_at).map(|(from, to)| {
            view! { <Elapsed from to=Some(to) /> }
        });
        let since = stack
            .completed_at
            .or(stack.started_at)
            .map(|at| view! { <RelativeTime at /> });
        let version = record.version.clone();
        let version = version.unwrap_or_else(|| "None".to_owned());
        let release = match record.release {
            0 => "None yet".to_owned(),
            number => format!("Release {number}"),
        };
        let after = match stack.depends_on.is_empty() {
            true => "Nothing".to_owned(),
            false => stack.depends_on.join(", "),
        };
        Some(view! {
            <Fact name="Status" boxed=true>
                <StatusBadge look=Look::from(stack.status) bare=true />
            </Fact>
            <Fact name="Version" boxed=true>
                {version}
            </Fact>
            <Fact name="Runs from" boxed=true>
                {release}
            </Fact>
            <Fact name="Last changed" boxed=true>
                {since}
            </Fact>
            <Fact name="That took" boxed=true>
                {took}
            </Fact>
            <Fact name="Waits for" boxed=true>
                {after}
            </Fact>
        })
    };
    view! {
        <Card flush=true>
            <Facts across=true>{facts}</Facts>
        </Card>
    }
}

#[component]
fn ServicesCard(stack: Stack, seen: Memo<Option<Timestamp>>) -> impl IntoView {
    move || {
        let stack = stack.get()?;
        let health = Signal::stored(stack.health.clone());
        let words = format!(
            "{}/{} services healthy",
            stack.health.healthy_services, stack.health.total_services
        );
        let since = stack.health.since.map(|at| {
            view! { <span class="soft small">"since "<RelativeTime at /></span> }
        });
        Some(view! {
            <div class="card stack-card">
                <div class="stack-card__health stack-card__health--first">
                    <strong>{words.clone()}</strong>
                    <HealthReason health />
                    {since}
                    <Seen at=seen />
                </div>
                <Services services=stack.services expected=stack.service_count words />
            </div>
        })
    }
}

/// How its init containers ended, as far as they are still there. Their output is told by the operation that ran them.
#[component]
fn Inits(stack: Stack, last: Memo<Option<String>>, name: String) -> impl IntoView {
    let inits = Memo::new(move |_| {
        stack.with(|stack| {
            let services = stack
                .iter()
                .flat_map(|stack| stack.services.iter().flatten());
            services
                .filter(|service| service.init)
                .cloned()
                .collect::<Vec<_>>()
        })
    });
    let header = move || {
        let name = name.clone();
        // Which operation is the last one may change while the page is open.
        let output = move || {
            let id = last.get()?;
            let href = address::stack_of_operation(&id, PARAMETER, &name);
            Some(view! { <a class="small" href=href>"Output in the last operation"</a> })
        };
        view! {
            <h2>"Init containers"</h2>
            {output}
        }
    };
    move || {
        let inits = inits.get();
        let header = header.clone();
        (!inits.is_empty()).then(|| {
            let rows = inits.into_iter().map(|service| view! { <Init service /> }).collect_view();
            view! {
                <Card header flush=true>
                    <TableList caption="Init containers" columns=vec!["Container", "Result", "Exit code"]>
                        {rows}
                    </TableList>
                </Card>
            }
        })
    }
}

#[component]
fn Init(service: ServiceState) -> impl IntoView {
    let look = Look::of_service(&service);
    let code = service.exit_code;
    let code_in_words = code.map_or_else(|| "–".to_owned(), |code| code.to_string());
    view! {
        <tr>
            <th scope="row">{service.name}</th>
            <td data-label="Result">
                <StatusBadge look bare=true />
            </td>
            <td data-label="Exit code" data-empty=code.is_none() class="number">
                {code_in_words}
            </td>
        </tr>
    }
}

/// Its values; the server masks secrets before they come here.
#[component]
fn Variables(record: StackRecord) -> impl IntoView {
    let count = record.configuration.len();
    let summary = move || view! { <h2>{format!("Variables ({count})")}</h2> };
    (count > 0).then(|| {
        let rows = record.configuration.into_iter().map(|(name, value)| {
            view! {
                <dt>
                    <code>{name}</code>
                </dt>
                <dd>
                    <code>{value}</code>
                </dd>
            }
        });
        let rows = rows.collect_view();
        view! {
            <Disclosure summary card=true>
                <dl class="facts">{rows}</dl>
            </Disclosure>
        }
    })
}

/// What was done last to its product. Asked for again when another operation begins.
#[component]
fn LastOperation(
    deployment: String,
    environment: String,
    last: Memo<Option<String>>,
    name: String,
) -> impl IntoView {
    let name = StoredValue::new(name);
    let all = loaded(
        move || last.get(),
        move |_| operations_of_deployment(deployment.clone(), environment.clone()),
    );
    let content = move || {
        Suspend::new(async move {
            let newest = match all.await {
                Ok(all) => all.into_iter().next(),
                Err(error) => return view! { <ProblemNotice problem=error.0 /> }.into_any(),
            };
            let Some(operation) = newest else {
                return view! { <p class="soft">"None of the recent operations is about it."</p> }
                    .into_any();
            };
            let href = name.with_value(|name| {
                address::stack_of_operation(&operation.operation_id, PARAMETER, name)
            });
            view! {
                <p class="row">
                    <a href=href>{operation.kind.noun()}</a>
                    <StatusBadge look=Look::from(operation.status) bare=true />
                    <span class="soft">
                        <RelativeTime at=operation.created_at />
                        {format!(" by {}", operation.actor)}
                    </span>
                    <span class="soft">"took "<Elapsed from=operation.created_at to=operation.finished_at /></span>
                </p>
            }
            .into_any()
        })
    };
    let header = move || view! { <h2>"Last operation"</h2> };
    view! {
        <Card header>
            <Transition>{content}</Transition>
        </Card>
    }
}
