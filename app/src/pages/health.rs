//! `/health`: how everything deployed is, worst first; what is looked for stands in the address.

use std::time::Duration;

use domain::deployment::OperationMode;
use domain::health::HealthStatus;
use domain::wire::{EnvironmentHealthSummary, StackHealthSummary};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use super::frame::{Otherwise, framed};
use crate::address;
use crate::calls::health::environment_health;
use crate::components::{
    Button, Card, EmptyState, Fact, Facts, FreshMark, Glyph, LinkButton, Look, PageHeader, Seen,
    StatusBadge, Tone,
};
use crate::json::loaded;
use crate::live::polled::{Polled, polled};

/// Between two questions.
const EVERY: Duration = Duration::from_secs(2);
/// The parameter of the address that names a group.
const GROUP: &str = "status";
/// The parameter of the address that names what is searched for.
const SEARCH: &str = "search";

/// The page.
#[component]
pub fn HealthPage() -> impl IntoView {
    let health = loaded(|| (), |()| environment_health());
    view! {
        <Title text="Health" />
        <PageHeader title="Health Dashboard" />
        {framed(health, Otherwise::InPlace, |health| view! { <Content health /> }.into_any())}
    }
}

/// What can be looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Healthy,
    Degraded,
    Unhealthy,
    Unknown,
}

impl Group {
    const ALL: [Self; 4] = [
        Self::Healthy,
        Self::Degraded,
        Self::Unhealthy,
        Self::Unknown,
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::Healthy => "Healthy",
            Self::Degraded => "Degraded",
            Self::Unhealthy => "Unhealthy",
            Self::Unknown => "Unknown",
        }
    }

    const fn of(status: HealthStatus) -> Self {
        match status {
            HealthStatus::Healthy | HealthStatus::Running => Self::Healthy,
            HealthStatus::Degraded => Self::Degraded,
            HealthStatus::Unhealthy | HealthStatus::NotFound => Self::Unhealthy,
            HealthStatus::Unknown => Self::Unknown,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|group| group.label().eq_ignore_ascii_case(text))
    }

    const fn count(self, health: &EnvironmentHealthSummary) -> u32 {
        match self {
            Self::Healthy => health.healthy_count,
            Self::Degraded => health.degraded_count,
            Self::Unhealthy => health.unhealthy_count,
            Self::Unknown => health.unknown_count,
        }
    }
}

#[component]
fn Content(health: EnvironmentHealthSummary) -> impl IntoView {
    let polled = polled(health, |_| EVERY, environment_health);
    let query = use_query_map();
    let group = Memo::new(move |_| query.with(|all| all.get_str(GROUP).and_then(Group::parse)));
    let search = Memo::new(move |_| query.with(|all| all.get(SEARCH).unwrap_or_default()));
    let nothing = Memo::new(move |_| polled.data.with(|health| health.stacks.is_empty()));
    move || {
        if nothing.get() {
            view! {
                <EmptyState
                    glyph=Glyph::Deployments
                    title="Nothing is deployed in this environment."
                    text="How containers are is shown here once there are some."
                >
                    <LinkButton href="/catalog">"Browse Catalog"</LinkButton>
                </EmptyState>
            }
            .into_any()
        } else {
            view! {
                <Counts polled />
                <Search group search />
                <Products polled group search />
            }
            .into_any()
        }
    }
}

/// How many are how, and how old that is.
#[component]
fn Counts(polled: Polled<EnvironmentHealthSummary>) -> impl IntoView {
    let seen = Memo::new(move |_| polled.data.with(|health| health.observed_at_utc));
    let count = move |group: Group| move || polled.data.with(|health| group.count(health));
    let total = move || polled.data.with(|health| health.total_stacks);
    view! {
        <Card flush=true>
            <Facts across=true>
                <Fact name="Healthy" boxed=true>
                    {count(Group::Healthy)}
                </Fact>
                <Fact name="Degraded" boxed=true>
                    {count(Group::Degraded)}
                </Fact>
                <Fact name="Unhealthy" boxed=true>
                    {count(Group::Unhealthy)}
                </Fact>
                <Fact name="Unknown" boxed=true>
                    {count(Group::Unknown)}
                </Fact>
                <Fact name="Total" boxed=true>
                    {total}
                </Fact>
            </Facts>
            <div class="deployment__health">
                <Seen at=seen />
                <FreshMark polled />
            </div>
        </Card>
    }
}

/// Links choose a group, a form searches: both without scripts.
#[component]
fn Search(group: Memo<Option<Group>>, search: Memo<String>) -> impl IntoView {
    let link = move |of: Option<Group>| {
        let label = of.map_or("All", Group::label);
        let href = move || {
            let mut parameters = Vec::new();
            if let Some(of) = of {
                parameters.push(format!("{GROUP}={}", of.label().to_lowercase()));
            }
            let wanted = search.get();
            if !wanted.is_empty() {
                parameters.push(format!("{SEARCH}={}", address::segment(&wanted)));
            }
            match parameters.is_empty() {
                true => "/health".to_owned(),
                false => format!("/health?{}", parameters.join("&")),
            }
        };
        let here = move || (group.get() == of).then_some("true");
        view! { <a class="button" href=href aria-current=here>{label}</a> }
    };
    let links = std::iter::once(None)
        .chain(Group::ALL.into_iter().map(Some))
        .map(link)
        .collect_view();
    let kept = move || {
        let group = group.get()?;
        Some(view! { <input type="hidden" name=GROUP value=group.label().to_lowercase() /> })
    };
    view! {
        <div class="health-filter">
            <nav class="row" aria-label="Filter by health">
                {links}
            </nav>
            <form method="get" action="/health" class="row" role="search">
                {kept}
                <input
                    class="input"
                    type="search"
                    name=SEARCH
                    aria-label="Search stacks"
                    placeholder="Search stacks..."
                    value=search.get_untracked()
                />
                <Button submit=true>"Search"</Button>
            </form>
        </div>
    }
}

/// A product with those of its stacks that are looked for.
#[derive(Debug, Clone, PartialEq)]
struct Product {
    id: String,
    name: String,
    mode: OperationMode,
    stacks: Vec<StackHealthSummary>,
}

#[component]
fn Products(
    polled: Polled<EnvironmentHealthSummary>,
    group: Memo<Option<Group>>,
    search: Memo<String>,
) -> impl IntoView {
    let products = Memo::new(move |_| {
        let (group, search) = (group.get(), search.get());
        polled
            .data
            .with(|health| found(&health.stacks, group, search.trim()))
    });
    move || {
        let products = products.get();
        if products.is_empty() {
            return view! {
                <EmptyState
                    glyph=Glyph::Search
                    title="Nothing matches"
                    text="No stack has this name and health."
                >
                    <LinkButton href="/health">"Show all"</LinkButton>
                </EmptyState>
            }
            .into_any();
        }
        let cards = products
            .into_iter()
            .map(|product| view! { <ProductCard product /> })
            .collect_view();
        view! { <ul class="stack">{cards}</ul> }.into_any()
    }
}

/// Products in which something is wrong come first; otherwise in the order given.
fn found(stacks: &[StackHealthSummary], group: Option<Group>, search: &str) -> Vec<Product> {
    let search = search.to_lowercase();
    let mut products: Vec<Product> = Vec::new();
    for stack in stacks {
        let fits = group.is_none_or(|group| Group::of(stack.overall_status) == group);
        let named = [&stack.stack_name, &stack.product_display_name]
            .into_iter()
            .any(|name| name.to_lowercase().contains(&search));
        if !fits || !named {
            continue;
        }
        // What the look was made from changes without anything having changed.
        let mut stack = stack.clone();
        stack.captured_at_utc = None;
        let known = products
            .iter_mut()
            .find(|product| product.id == stack.product_deployment_id);
        match known {
            Some(product) => product.stacks.push(stack),
            None => products.push(Product {
                id: stack.product_deployment_id.clone(),
                name: stack.product_display_name.clone(),
                mode: stack.operation_mode,
                stacks: vec![stack],
            }),
        }
    }
    products.sort_by_key(|product| !product.stacks.iter().any(|stack| stack.requires_attention));
    products
}

#[component]
fn ProductCard(product: Product) -> impl IntoView {
    let href = address::product_deployment(&product.id);
    let name = product.name.clone();
    let maintenance = product.mode == OperationMode::Maintenance;
    let header = move || {
        let badge = maintenance.then(|| {
            let look = Look::new(Tone::Idle, Glyph::Maintenance, "Maintenance");
            view! { <StatusBadge look /> }
        });
        view! {
            <div class="row">
                <h2>{name.clone()}</h2>
                {badge}
            </div>
            <a href=href.clone()>
                "View Details" <span class="unseen">{format!(" of {name}")}</span>
            </a>
        }
    };
    let rows = product
        .stacks
        .into_iter()
        .map(|stack| {
            let look = Look::of_health(stack.overall_status, stack.wanted, stack.operation_active);
            let unknown = stack.overall_status == HealthStatus::Unknown;
            view! {
                <li class="concerned__row">
                    <strong>{stack.stack_name}</strong>
                    <span class="health-badge" class:health-badge--unknown=unknown>
                        <StatusBadge look outlined=true />
                    </span>
                    <span class="soft small">{stack.status_message}</span>
                    <span class="soft number">
                        {format!("{}/{} services", stack.healthy_services, stack.total_services)}
                    </span>
                </li>
            }
        })
        .collect_view();
    view! {
        <li>
            <Card header flush=true>
                <ul class="concerned">{rows}</ul>
            </Card>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(product: &str, name: &str, status: HealthStatus) -> StackHealthSummary {
        StackHealthSummary {
            deployment_id: name.to_owned(),
            stack_name: name.to_owned(),
            current_version: None,
            overall_status: status,
            operation_mode: OperationMode::Normal,
            healthy_services: 0,
            total_services: 1,
            status_message: String::new(),
            requires_attention: status == HealthStatus::Unhealthy,
            captured_at_utc: None,
            product_deployment_id: product.to_owned(),
            product_display_name: product.to_uppercase(),
            wanted: domain::health::Wanted::Running,
            operation_active: false,
        }
    }

    fn names(found: &[Product]) -> Vec<Vec<&str>> {
        let each = found.iter().map(|product| {
            let names = product.stacks.iter().map(|stack| stack.stack_name.as_str());
            std::iter::once(product.name.as_str())
                .chain(names)
                .collect()
        });
        each.collect()
    }

    #[test]
    fn stacks_stand_under_their_products_and_trouble_comes_first() {
        use HealthStatus as S;
        let all = [
            stack("blog", "site", S::Running),
            stack("shop", "web", S::Healthy),
            stack("shop", "db", S::Unhealthy),
        ];
        assert_eq!(
            names(&found(&all, None, "")),
            [vec!["SHOP", "web", "db"], vec!["BLOG", "site"]]
        );
        assert_eq!(
            names(&found(&all, Some(Group::Unhealthy), "")),
            [vec!["SHOP", "db"]]
        );
        assert_eq!(names(&found(&all, None, "Blog")), [vec!["BLOG", "site"]]);
        assert!(found(&all, Some(Group::Degraded), "").is_empty());
    }
}
