//! `/containers/:id`: one container in full, and what can be done to it.

use std::time::Duration;

use domain::wire::{ContainerDetail, ContainerView};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::containers::deeds::{Deeds, Refusal, here};
use super::containers::rows::{Actions, Owner, State, port_words};
use super::failed::FailedPage;
use crate::address;
use crate::calls::containers::{Deed, DoDeed, Shown, WantedDeed, get_container};
use crate::components::{
    Button, ButtonKind, Card, Copyable, Crumb, Disclosure, Fact, Facts, FreshMark, PageHeader,
    RelativeTime, Skeleton, TableList,
};
use crate::json::loaded;
use crate::live::polled::{Polled, polled};

/// Between two questions.
const EVERY: Duration = Duration::from_secs(3);

/// The page.
#[component]
pub fn ContainerPage() -> impl IntoView {
    let parameters = use_params_map();
    let id = Memo::new(move |_| parameters.with(|all| all.get("id").unwrap_or_default()));
    let detail = loaded(move || id.get(), get_container);
    let content = move || {
        Suspend::new(async move {
            match detail.await {
                Ok(shown) => view! { <Content shown /> }.into_any(),
                Err(error) => view! {
                    <FailedPage problem=error.0 back_to="/containers" back="Back to Containers" />
                }
                .into_any(),
            }
        })
    };
    view! { <Transition fallback=|| view! { <Skeleton /> }>{content}</Transition> }
}

#[component]
fn Content(shown: Shown<ContainerDetail>) -> impl IntoView {
    let refused = shown.refused.clone();
    let detail = shown.data.clone();
    let id = detail.container.id.clone();
    let asked = id.clone();
    let polled = polled(shown, |_| EVERY, move || get_container(asked.clone()));
    let done = Callback::new(move |()| {
        let id = id.clone();
        spawn_local(async move {
            if let Ok(shown) = get_container(id).await {
                polled.data.try_set(shown);
            }
        });
    });
    let deeds = Deeds::new(refused, done);
    // What the engine says in words changes without anything having changed.
    let container = Memo::new(move |_| {
        polled.data.with(|shown| ContainerView {
            status: String::new(),
            ..shown.data.container.clone()
        })
    });
    let name = detail.container.name.clone();
    let environment = detail.environment_id.clone();
    let crumbs = vec![Crumb::new("Containers", "/containers")];
    let beside =
        move || view! { <span>{move || view! { <State container=container.get() /> }}</span> };
    let actions = {
        let environment = environment.clone();
        move || {
            let environment = environment.clone();
            view! { <Actions container=container.get() environment deeds /> }
        }
    };
    view! {
        <Title text=name.clone() />
        <PageHeader title=name crumbs beside>
            {actions}
        </PageHeader>
        <div class="deployments__mark">
            <FreshMark polled />
        </div>
        <Refusal deeds />
        <div class="with-side">
            <div class="stack-loose">
                <Condition polled />
                <Mounts detail=detail.clone() />
                <Networks polled />
                <Names detail=detail.clone() />
            </div>
            <aside class="stack" aria-label="Container">
                <Card>
                    <div class="stack">
                        <h2>"Container Details"</h2>
                        <Details detail />
                    </div>
                </Card>
                {move || {
                    let environment = environment.clone();
                    view! { <Removal container=container.get() environment deeds /> }
                }}
            </aside>
        </div>
    }
}

/// What its engine says about how it is.
#[component]
fn Condition(polled: Polled<Shown<ContainerDetail>>) -> impl IntoView {
    let detail = Memo::new(move |_| polled.data.with(|shown| shown.data.clone()));
    move || {
        let detail = detail.get();
        let container = detail.container;
        let time = |at: Option<_>| at.map(|at| view! { <RelativeTime at=at /> });
        let why = detail
            .error
            .map(|error| view! { <Fact name="Error">{error}</Fact> });
        let memory = detail.oom_killed.then(|| {
            view! { <Fact name="Memory">"The kernel killed it because the memory ran out."</Fact> }
        });
        let code = container
            .exit_code
            .map(|code| view! { <Fact name="Exit code">{code}</Fact> });
        let finished = detail
            .finished_at
            .map(|at| view! { <Fact name="Ended"><RelativeTime at=at /></Fact> });
        let started = detail
            .started_at
            .map(|at| view! { <Fact name="Started"><RelativeTime at=at /></Fact> });
        let streak = (container.failing_streak > 0).then(|| {
            view! { <Fact name="Failed checks">{format!("{} in a row", container.failing_streak)}</Fact> }
        });
        let probes = detail
            .health_log
            .into_iter()
            .rev()
            .map(|probe| {
                let said = match probe.exit_code {
                    0 => "Healthy".to_owned(),
                    code => format!("Failed with {code}"),
                };
                view! {
                    <li class="stack-close">
                        <strong>{said}</strong>
                        <pre class="probe">{probe.output.trim_end().to_owned()}</pre>
                    </li>
                }
            })
            .collect::<Vec<_>>();
        let checks = (!probes.is_empty()).then(|| {
            let summary = || view! { <span>"Last health checks"</span> };
            view! {
                <Disclosure summary>
                    <ul class="stack-close">{probes}</ul>
                </Disclosure>
            }
        });
        let header = || view! { <h2>"State"</h2> };
        view! {
            <Card header>
                <div class="stack">
                    <Facts>
                        <Fact name="Created">{time(container.created)}</Fact>
                        {started}
                        {finished}
                        {code}
                        {why}
                        {memory}
                        <Fact name="Restarts">{container.restart_count}</Fact>
                        <Fact name="Restart policy">
                            <code>{detail.restart_policy}</code>
                        </Fact>
                        {streak}
                    </Facts>
                    {checks}
                </div>
            </Card>
        }
    }
}

#[component]
fn Details(detail: ContainerDetail) -> impl IntoView {
    let container = detail.container;
    let short: String = container.id.chars().take(12).collect();
    let ports = port_words(&container.ports);
    let ports = if ports.is_empty() {
        "None".to_owned()
    } else {
        ports
    };
    view! {
        <Facts>
            <Fact name="Product">
                <Owner owner=container.owner />
            </Fact>
            <Fact name="Id">
                <Copyable text=short what="the id" />
            </Fact>
            <Fact name="Image">
                <code>{container.image}</code>
            </Fact>
            <Fact name="Ports">
                <span class="number">{ports}</span>
            </Fact>
        </Facts>
    }
}

#[component]
fn Mounts(detail: ContainerDetail) -> impl IntoView {
    let rows = detail.mounts.into_iter().map(|mount| {
        let source = match mount.volume {
            Some(volume) => {
                let href = address::volume(&volume);
                view! { <a href=href>{volume}</a> }.into_any()
            }
            None => view! { <code>{mount.source}</code> }.into_any(),
        };
        let access = if mount.read_only {
            "Read only"
        } else {
            "Read and write"
        };
        view! {
            <tr>
                <th scope="row">
                    <code>{mount.target}</code>
                </th>
                <td data-label="From">{source}</td>
                <td data-label="Kind">{mount.kind}</td>
                <td data-label="Access">{access}</td>
            </tr>
        }
    });
    let rows: Vec<_> = rows.collect();
    let header = || view! { <h2>"Mounts"</h2> };
    (!rows.is_empty()).then(|| {
        view! {
            <Card header flush=true>
                <TableList caption="Mounts" columns=vec!["Path", "From", "Kind", "Access"]>
                    {rows}
                </TableList>
            </Card>
        }
    })
}

#[component]
fn Networks(polled: Polled<Shown<ContainerDetail>>) -> impl IntoView {
    let networks = Memo::new(move |_| polled.data.with(|shown| shown.data.networks.clone()));
    move || {
        let rows: Vec<_> = networks
            .get()
            .into_iter()
            .map(|(name, address)| {
                view! {
                    <tr>
                        <th scope="row">{name}</th>
                        <td data-label="Address">
                            <code>{address}</code>
                        </td>
                    </tr>
                }
            })
            .collect();
        let header = || view! { <h2>"Networks"</h2> };
        (!rows.is_empty()).then(|| {
            view! {
                <Card header flush=true>
                    <TableList caption="Networks" columns=vec!["Network", "Address"]>
                        {rows}
                    </TableList>
                </Card>
            }
        })
    }
}

/// Labels, and names of variables: never their values.
#[component]
fn Names(detail: ContainerDetail) -> impl IntoView {
    let variables = detail.variables;
    let count = variables.len();
    let names = variables
        .into_iter()
        .map(|name| view! { <li><code>{name}</code></li> })
        .collect_view();
    let labels = detail.container.labels;
    let label_count = labels.len();
    let label_rows = labels
        .into_iter()
        .map(|(key, value)| {
            view! {
                <li>
                    <code>{key}</code>
                    " = "
                    <code>{value}</code>
                </li>
            }
        })
        .collect_view();
    let of_variables = move || view! { <span>{format!("Environment variables ({count})")}</span> };
    let of_labels = move || view! { <span>{format!("Labels ({label_count})")}</span> };
    view! {
        <div class="stack">
            <Disclosure summary=of_variables card=true>
                <p class="soft small">"Only names: values may be secret."</p>
                <ul class="names">{names}</ul>
            </Disclosure>
            <Disclosure summary=of_labels card=true>
                <ul class="names">{label_rows}</ul>
            </Disclosure>
        </div>
    }
}

/// Says what is lost. What runs, or belongs to a product, goes only where somebody says so.
#[component]
fn Removal(container: ContainerView, environment: String, deeds: Deeds) -> impl IntoView {
    use domain::container::ContainerAct;
    let runs = ContainerAct::Start.pointless(container.state).is_some();
    let product = container
        .owner
        .as_ref()
        .filter(|owner| owner.is_deployed)
        .map(|owner| owner.product_name.clone());
    let busy = container.busy.as_ref().map(|busy| busy.sentence.clone());
    let forced = RwSignal::new(false);
    let warning = match (&product, runs) {
        (Some(product), true) => Some(format!(
            "It runs and belongs to {product}, which is deployed. Remove it all the same."
        )),
        (Some(product), false) => Some(format!(
            "It belongs to {product}, which is deployed. Remove it all the same."
        )),
        (None, true) => Some("It runs. Kill and remove it all the same.".to_owned()),
        (None, false) => None,
    };
    let id = container.id;
    let wanted = {
        let (name, environment) = (id.clone(), environment.clone());
        move |force: bool| WantedDeed {
            what: Deed::Remove,
            name: name.clone(),
            environment: environment.clone(),
            force: force.then(|| "true".to_owned()),
            typed_name: String::new(),
            driver: String::new(),
        }
    };
    let send = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let deed = wanted(forced.get_untracked());
        deeds.action.dispatch(DoDeed { deed });
    };
    let check = warning.map(|warning| {
        view! {
            <label class="choice">
                <input
                    class="check"
                    type="checkbox"
                    name="deed[force]"
                    value="true"
                    prop:checked=move || forced.get()
                    on:change:target=move |event| forced.set(event.target().checked())
                />
                <span>{warning}</span>
            </label>
        }
    });
    let pending = deeds.action.pending();
    view! {
        <Card>
            <form class="stack" method="post" action=here() on:submit=send>
                <h2>"Remove"</h2>
                <p>"What it wrote outside of volumes is lost. Its volumes stay."</p>
                <input type="hidden" name="deed[what]" value=Deed::Remove.as_str() />
                <input type="hidden" name="deed[name]" value=id />
                <input type="hidden" name="deed[environment]" value=environment />
                {check}
                <div class="row">
                    <Button submit=true kind=ButtonKind::Danger busy=pending reason=busy>
                        "Remove container"
                    </Button>
                </div>
            </form>
        </Card>
    }
}
