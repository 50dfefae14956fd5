//! One product: what it consists of, in the order in which it is deployed, and whether it is deployed already.

use domain::operation::OperationKind;
use domain::product::Problem as ManifestProblem;
use domain::wire::{ProductVersion, ServiceView, StackSummary, VariableView};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};

use super::catalog::counted;
use super::change::target;
use super::frame::{TO_CATALOG, framed};
use crate::address;
use crate::calls::product::{Deployed, ProductPage as Page, product};
use crate::components::{
    Button, ButtonKind, Card, Copyable, Crumb, Disclosure, Fact, Facts, Glyph, Icon, LinkButton,
    Look, Notice, PageHeader, Prose, RelativeTime, SectionTitle, StackBox, StackGraph, StatusBadge,
    TableList, Tags, Tone,
};
use crate::json::loaded;
use crate::stack_order::{by_turn, is_graph};

/// `/catalog/:productId`. Without scripts, the version is chosen by `?version=`.
#[component]
pub fn ProductPage() -> impl IntoView {
    let parameters = use_params_map();
    let query = use_query_map();
    let id = Memo::new(move |_| {
        query
            .with(|query| query.get("version"))
            .or_else(|| parameters.with(|parameters| parameters.get("productId")))
            .unwrap_or_default()
    });
    let page = loaded(move || id.get(), product);
    framed(page, TO_CATALOG, |page| {
        view! { <Content page /> }.into_any()
    })
}

#[component]
fn Content(page: Page) -> impl IntoView {
    let Page {
        product,
        environment,
        deployed,
    } = page;
    let summary = product.summary;
    let about = Some(summary.description.clone()).filter(|text| !text.is_empty());
    let badge = deployed
        .as_ref()
        .map(|deployed| Look::of_product(deployed.status, deployed.mode));
    let version = summary.version.clone();
    let beside = move || {
        view! {
            {version.clone().map(|version| view! { <span class="version number">"v" {version}</span> })}
            {badge.map(|look| view! { <StatusBadge look /> })}
        }
    };
    let count = summary.stacks.len();
    let cards = by_turn(&summary.stacks)
        .into_iter()
        .map(|placed| view! { <Stack stack=placed.stack number=placed.turn /> })
        .collect_view();
    let order = order_sentence(&summary.stacks);
    // In plain order the sentence beside the heading says all there is.
    let graph =
        is_graph(&summary.stacks).then(|| summary.stacks.iter().map(stack_box).collect::<Vec<_>>());
    let newer = deployed
        .as_ref()
        .is_some_and(|deployed| is_newer(&product.available_versions, &summary.id, deployed));
    let actions = (summary.id.clone(), deployed.clone());
    let current = summary.id.clone();
    view! {
        <Title text=summary.name.clone() />
        <PageHeader
            title=summary.name.clone()
            crumbs=vec![Crumb::new("Catalog", "/catalog")]
            beside=beside
            lead=about
        >
            <Actions id=actions.0 deployed=actions.1 newer />
        </PageHeader>
        <div class="with-side">
            <div class="stack-loose">
                {deployed
                    .map(|deployed| {
                        view! { <AlreadyThere deployed environment=environment.name.clone() /> }
                    })}
                <section aria-labelledby="stacks">
                    <SectionTitle title="Stacks" id="stacks".to_owned()>
                        <span class="soft small">{order}</span>
                    </SectionTitle>
                    {graph.map(|stacks| view! { <div class="card product__graph"><StackGraph stacks /></div> })}
                    <ol class="stack">{cards}</ol>
                </section>
                <Warnings warnings=product.warnings />
                <Changelog text=product.changelog />
            </div>
            <aside class="stack" aria-label="About this product">
                <Card>
                    <div class="stack">
                        <Versions versions=product.available_versions current />
                        <Facts>
                            <Fact name="Stacks">{count}</Fact>
                            <Fact name="Services">{summary.total_services}</Fact>
                            <Fact name="Variables">{summary.total_variables}</Fact>
                            {summary.category.map(|category| view! { <Fact name="Category">{category}</Fact> })}
                            <Fact name="Source">{summary.source_name}</Fact>
                            <Fact name="Read">
                                <RelativeTime at=summary.last_synced_at />
                            </Fact>
                            <Fact name="Product id">
                                <Copyable text=summary.id what="product id" />
                            </Fact>
                        </Facts>
                        <Tags words=summary.tags />
                        <Links
                            documentation=product.documentation
                            release_notes=product.release_notes_url
                        />
                    </div>
                </Card>
            </aside>
        </div>
    }
}

fn stack_box(stack: &StackSummary) -> StackBox {
    StackBox {
        name: stack.name.clone(),
        title: stack.display_name.clone(),
        depends_on: stack.depends_on.clone(),
        look: None,
        services: stack
            .services
            .iter()
            .map(|service| service.name.clone())
            .collect(),
    }
}

/// How the stacks follow each other.
fn order_sentence(stacks: &[StackSummary]) -> String {
    match (stacks.len(), is_graph(stacks)) {
        (0 | 1, _) => String::new(),
        (_, false) => "Deployed one after the other, in this order".to_owned(),
        (_, true) => "Deployed by number; the same number goes side by side".to_owned(),
    }
}

/// Whether the version that is shown comes after the deployed one. Versions are listed from the newest.
fn is_newer(versions: &[ProductVersion], shown: &str, deployed: &Deployed) -> bool {
    let place = |fits: &dyn Fn(&ProductVersion) -> bool| versions.iter().position(fits);
    let of_shown = place(&|version| version.product_id == shown);
    let of_deployed = place(&|version| version.version == deployed.version);
    matches!((of_shown, of_deployed), (Some(shown), Some(deployed)) if shown < deployed)
}

#[component]
fn Actions(
    id: String,
    deployed: Option<Deployed>,
    /// Whether this is a newer version than the deployed one.
    newer: bool,
) -> impl IntoView {
    match deployed {
        None => view! {
            <LinkButton href=address::deploy_product(&id) kind=ButtonKind::Primary>
                "Deploy All Stacks"
            </LinkButton>
        }
        .into_any(),
        Some(deployed) => {
            let reason = format!("It is deployed already, as {}", deployed.name);
            let upgrade = newer.then(|| {
                let upgrade = address::change(OperationKind::Upgrade, &deployed.id);
                let href = format!("{upgrade}?{}={}", target::PARAMETER, address::segment(&id));
                view! { <LinkButton href=href>"Upgrade All Stacks"</LinkButton> }
            });
            view! {
                <Button reason=Some(reason)>"Deploy All Stacks"</Button>
                {upgrade}
                <LinkButton href=address::change(OperationKind::Remove, &deployed.id)>
                    "Remove All Stacks"
                </LinkButton>
                <LinkButton
                    href=address::product_deployment(&deployed.id)
                    kind=ButtonKind::Primary
                >
                    "View Deployment"
                </LinkButton>
            }
            .into_any()
        }
    }
}

#[component]
fn AlreadyThere(deployed: Deployed, environment: String) -> impl IntoView {
    let version = deployed
        .version
        .map(|version| format!(" v{version}"))
        .unwrap_or_default();
    let (tone, what) = match &deployed.active_operation_id {
        Some(_) => (
            Tone::Busy,
            format!("An operation is changing it in {environment} right now"),
        ),
        None => (Tone::Idle, format!("Deployed in {environment}")),
    };
    let watch = deployed.active_operation_id.map(|id| {
        view! {
            " "
            <a href=address::operation(&id)>"Watch it"</a>
            "."
        }
    });
    view! {
        <Notice tone=tone what=what>
            <p>
                <a href=address::product_deployment(&deployed.id)>{deployed.name}</a>
                {version} "." {watch}
            </p>
        </Notice>
    }
}

/// Choosing leads to that version's page; without scripts, the button does.
#[component]
fn Versions(versions: Vec<ProductVersion>, current: String) -> impl IntoView {
    let navigate = use_navigate();
    let hydrated = RwSignal::new(false);
    Effect::new(move |_| hydrated.set(true));
    let choose = move |event| {
        navigate(
            &address::product(&event_target_value(&event)),
            Default::default(),
        );
    };
    let here = address::product(&current);
    let options = versions
        .into_iter()
        .map(|version| {
            let text = version
                .version
                .unwrap_or_else(|| "without a version".to_owned());
            let text = if version.is_current {
                format!("{text} (newest)")
            } else {
                text
            };
            let selected = version.product_id == current;
            view! {
                <option value=version.product_id selected=selected>
                    {text}
                </option>
            }
        })
        .collect_view();
    view! {
        <form method="get" action=here class="field">
            <label for="version" class="field__label">
                "Version"
            </label>
            <div class="input-with-button">
                <select class="input" id="version" name="version" on:change=choose>
                    {options}
                </select>
                <button class="button" hidden=move || hydrated.get()>
                    "Show"
                </button>
            </div>
        </form>
    }
}

#[component]
fn Links(documentation: Option<String>, release_notes: Option<String>) -> impl IntoView {
    let link = |href: String, text: &'static str| {
        // Manifests are written by others: only addresses of the web become links.
        let safe = href.starts_with("https://") || href.starts_with("http://");
        safe.then(|| {
            view! {
                <a class="row" href=href rel="noreferrer external">
                    {text}
                    <Icon glyph=Glyph::External />
                </a>
            }
        })
    };
    let documentation = documentation.and_then(|href| link(href, "Documentation"));
    let notes = release_notes.and_then(|href| link(href, "Release notes"));
    (documentation.is_some() || notes.is_some())
        .then(|| view! { <div class="stack-tight">{documentation} {notes}</div> })
}

#[component]
fn Stack(stack: StackSummary, number: usize) -> impl IntoView {
    let after = (!stack.depends_on.is_empty())
        .then(|| view! { <span class="soft small">"after " {stack.depends_on.join(", ")}</span> });
    let about = (!stack.description.is_empty())
        .then(|| view! { <p class="soft stack-card__about">{stack.description}</p> });
    let services = counted(stack.services.len(), "service");
    let rows = stack
        .services
        .into_iter()
        .map(|service| view! { <Service service /> })
        .collect_view();
    let caption = format!("Services of {}", stack.display_name);
    let variables = stack.variables;
    let count = counted(variables.len(), "variable");
    let declared = (!variables.is_empty()).then(|| {
        view! {
            <Disclosure summary=move || view! { <span>{count.clone()}</span> }>
                <Variables variables />
            </Disclosure>
        }
    });
    view! {
        <li class="card stack-card">
            <div class="card__header">
                <div class="row">
                    <span class="step-number" aria-hidden="true">
                        {number}
                    </span>
                    <h3>{stack.display_name}</h3>
                    <span class="tag">{services}</span>
                    {after}
                </div>
                <Copyable text=stack.id what="stack id" />
            </div>
            {about}
            <div class="stack-card__services">
                <TableList
                    caption=caption
                    columns=vec!["Service", "Image", "Waits for", "Ports"]
                >
                    {rows}
                </TableList>
            </div>
            <div class="stack-card__foot">{declared}</div>
        </li>
    }
}

#[component]
fn Service(service: ServiceView) -> impl IntoView {
    let init = service.init.then(|| {
        view! {
            <span class="tag" title="Runs to its end before the services start">
                "init"
            </span>
        }
    });
    let (no_waits, no_ports) = (service.depends_on.is_empty(), service.ports.is_empty());
    let waits = if service.depends_on.is_empty() {
        "–".to_owned()
    } else {
        service.depends_on.join(", ")
    };
    let ports = if service.ports.is_empty() {
        view! { "–" }.into_any()
    } else {
        view! { <code>{service.ports.join(", ")}</code> }.into_any()
    };
    view! {
        <tr>
            <th scope="row">
                <span class="row">{service.name} {init}</span>
            </th>
            <td data-label="Image">
                <code>{service.image}</code>
            </td>
            <td data-label="Waits for" data-empty=no_waits>
                {waits}
            </td>
            <td data-label="Ports" data-empty=no_ports>
                {ports}
            </td>
        </tr>
    }
}

#[component]
fn Variables(variables: Vec<VariableView>) -> impl IntoView {
    let rows = variables
        .into_iter()
        .map(|view| {
            let secret = view.variable.kind.is_secret();
            let default = match view.default_value {
                None if view.is_required => {
                    view! { <span class="field__mark--required">"required"</span> }.into_any()
                }
                None => view! { <span class="soft">"none"</span> }.into_any(),
                Some(_) if secret => view! { <span class="soft">"hidden"</span> }.into_any(),
                Some(default) => view! { <code>{default}</code> }.into_any(),
            };
            let shared = view
                .shared
                .then(|| view! { <span class="tag">"shared"</span> });
            view! {
                <tr>
                    <th scope="row">
                        <span class="row">
                            <code>{view.variable.name}</code>
                            {shared}
                        </span>
                    </th>
                    <td data-label="Type">{format!("{:?}", view.variable.kind)}</td>
                    <td data-label="Default">{default}</td>
                    <td data-label="For">
                        {view.variable.description.or(view.variable.label).unwrap_or_default()}
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <TableList caption="Variables" columns=vec!["Variable", "Type", "Default", "For"]>
            {rows}
        </TableList>
    }
}

/// What the manifest says that has no effect.
#[component]
fn Warnings(warnings: Vec<ManifestProblem>) -> impl IntoView {
    (!warnings.is_empty()).then(|| {
        let lines = warnings
            .into_iter()
            .map(|warning| view! { <li>{warning.to_string()}</li> });
        view! {
            <Notice tone=Tone::Warn what="The manifest says things that have no effect">
                <ul>{lines.collect_view()}</ul>
            </Notice>
        }
    })
}

#[component]
fn Changelog(text: Option<String>) -> impl IntoView {
    text.map(|text| {
        view! {
            <section aria-labelledby="changelog">
                <SectionTitle title="Changelog" id="changelog".to_owned() />
                <Card>
                    <Prose text untitled=true />
                </Card>
            </section>
        }
    })
}
