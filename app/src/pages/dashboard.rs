//! `/`: the environment at a glance, what needs somebody first.

use std::time::Duration;

use domain::health::HealthStatus;
use domain::wire::{DashboardStats, OperationView, StackHealthSummary};
use leptos::prelude::*;
use leptos_meta::Title;

use crate::address;
use crate::calls::dashboard::{Overview, dashboard};
use crate::components::{
    ButtonKind, Card, EmptyState, Fact, Facts, FreshMark, Glyph, LinkButton, Look, PageHeader,
    ProblemNotice, RelativeTime, Skeleton, StatusBadge,
};
use crate::json::loaded;
use crate::live::polled::{Polled, polled};

/// Between two questions while the stream is cut.
const EVERY: Duration = Duration::from_secs(10);
/// Most stacks that are named: the health page has all.
const MOST: usize = 8;

/// The page.
#[component]
pub fn DashboardPage() -> impl IntoView {
    let all = loaded(|| (), |()| dashboard());
    let content = move || {
        Suspend::new(async move {
            match all.await {
                Ok(all) => view! { <Content all /> }.into_any(),
                Err(error) => view! { <ProblemNotice problem=error.0 /> }.into_any(),
            }
        })
    };
    view! {
        <Title text="Dashboard" />
        <PageHeader title="Dashboard">
            <LinkButton href="/catalog" glyph=Glyph::Catalog>
                "Browse Catalog"
            </LinkButton>
        </PageHeader>
        <Transition fallback=|| view! { <Skeleton /> }>{content}</Transition>
    }
}

#[component]
fn Content(all: Overview) -> impl IntoView {
    let polled = polled(all, |_| EVERY, dashboard);
    view! {
        <div class="dashboard">
            <Counts polled />
            <div class="dashboard__columns">
                <Attention polled />
                <Recent polled />
            </div>
            <Sources polled />
        </div>
    }
}

#[component]
fn Counts(polled: Polled<Overview>) -> impl IntoView {
    let of =
        move |count: fn(&DashboardStats) -> u32| move || polled.data.with(|all| count(&all.stats));
    // An engine that is silent has not stopped anything: nothing is claimed then.
    let unknown = Memo::new(move |_| polled.data.with(|all| all.stats.error_message.clone()));
    let counted = move |count: fn(&DashboardStats) -> u32| {
        move || match unknown.with(Option::is_some) {
            true => "Unknown".to_owned(),
            false => polled.data.with(|all| count(&all.stats)).to_string(),
        }
    };
    view! {
        <Card flush=true>
            <Facts across=true>
                <Fact name="Products" boxed=true>
                    {of(|stats| stats.total_products)}
                </Fact>
                <Fact name="Stacks" boxed=true>
                    {of(|stats| stats.total_stacks)}
                </Fact>
                <Fact name="Deployed" boxed=true>
                    {of(|stats| stats.deployed_stacks)}
                </Fact>
                <Fact name="Containers" boxed=true>
                    {counted(|stats| stats.total_containers)}
                </Fact>
                <Fact name="Running" boxed=true>
                    {counted(|stats| stats.running_containers)}
                </Fact>
            </Facts>
            <div class="deployment__health">
                <span class="soft">{unknown}</span>
                <FreshMark polled />
            </div>
        </Card>
    }
}

/// Stacks that are not as they should be, worst first.
#[component]
fn Attention(polled: Polled<Overview>) -> impl IntoView {
    let stacks = Memo::new(move |_| {
        polled.data.with(|all| {
            let stacks = all.health.stacks.iter();
            let needy = stacks.filter(|stack| stack.requires_attention);
            needy.cloned().collect::<Vec<_>>()
        })
    });
    let deployed = Memo::new(move |_| polled.data.with(|all| !all.health.stacks.is_empty()));
    let content = move || {
        match (deployed.get(), stacks.with(Vec::is_empty)) {
        (false, _) => view! {
            <EmptyState
                glyph=Glyph::Deployments
                title="No deployments in this environment."
                text="A product of the catalog becomes running containers in one operation."
            >
                <LinkButton href="/catalog" kind=ButtonKind::Primary>
                    "Browse Catalog"
                </LinkButton>
            </EmptyState>
        }
        .into_any(),
        (true, true) => view! {
            <p class="dashboard__line">
                <StatusBadge look=Look::new(crate::components::Tone::Good, Glyph::Completed, "All is well") bare=true />
                <span class="soft">"Every stack is as it should be."</span>
            </p>
        }
        .into_any(),
        (true, false) => view! { <Needy stacks /> }.into_any(),
    }
    };
    let header = move || {
        view! {
            <h2>"Needs attention"</h2>
            <a href="/health">"Health Dashboard"</a>
        }
    };
    view! {
        <Card header flush=true>
            {content}
        </Card>
    }
}

#[component]
fn Needy(stacks: Memo<Vec<StackHealthSummary>>) -> impl IntoView {
    let rows = move || {
        let mut all = stacks.get();
        all.sort_by_key(|stack| match stack.overall_status {
            HealthStatus::Unhealthy | HealthStatus::NotFound => 0,
            HealthStatus::Degraded => 1,
            _ => 2,
        });
        all.truncate(MOST);
        let rows = all.into_iter().map(|stack| {
            let href = address::product_deployment(&stack.product_deployment_id);
            view! {
                <li class="dashboard__line">
                    <span class="dashboard__name">
                        <a href=href>{stack.product_display_name}</a>
                        <span class="soft">{stack.stack_name}</span>
                    </span>
                    <StatusBadge look=Look::from(stack.overall_status) outlined=true />
                    <span class="soft small dashboard__why">{stack.status_message}</span>
                </li>
            }
        });
        rows.collect_view()
    };
    view! { <ul class="dashboard__list">{rows}</ul> }
}

/// What is at work and what was done last.
#[component]
fn Recent(polled: Polled<Overview>) -> impl IntoView {
    let operations = Memo::new(move |_| polled.data.with(|all| all.operations.clone()));
    let content = move || {
        let all = operations.get();
        if all.is_empty() {
            return view! { <p class="dashboard__line soft">"Nothing was done here yet."</p> }
                .into_any();
        }
        let rows = all
            .into_iter()
            .map(|operation| view! { <Done operation /> });
        view! { <ul class="dashboard__list">{rows.collect_view()}</ul> }.into_any()
    };
    let header = move || {
        view! {
            <h2>"Recent operations"</h2>
            <a href="/operations">"All operations"</a>
        }
    };
    view! {
        <Card header flush=true>
            {content}
        </Card>
    }
}

#[component]
fn Done(operation: OperationView) -> impl IntoView {
    let href = address::operation(&operation.operation_id);
    let title = format!("{} of {}", operation.kind.noun(), operation.product_name);
    view! {
        <li class="dashboard__line">
            <a class="dashboard__name" href=href>
                {title}
            </a>
            <StatusBadge look=Look::from(operation.status) bare=true />
            <span class="soft small">
                <RelativeTime at=operation.created_at />
            </span>
        </li>
    }
}

#[component]
fn Sources(polled: Polled<Overview>) -> impl IntoView {
    let sources = Memo::new(move |_| polled.data.with(|all| all.sources.clone()));
    let content = move || {
        let all = sources.get();
        if all.is_empty() {
            let text = "No source has a product yet. Start the server with --source, and sync.";
            return view! { <p class="dashboard__line soft">{text}</p> }.into_any();
        }
        let rows = all.into_iter().map(|(name, count)| {
            let count = match count {
                1 => "1 product".to_owned(),
                count => format!("{count} products"),
            };
            view! {
                <li class="dashboard__line">
                    <span class="dashboard__name">{name}</span>
                    <span class="soft number">{count}</span>
                </li>
            }
        });
        view! { <ul class="dashboard__list">{rows.collect_view()}</ul> }.into_any()
    };
    let header = move || {
        view! {
            <h2>"Catalog overview"</h2>
            <a href="/catalog">"Stack Catalog"</a>
        }
    };
    view! {
        <Card header flush=true>
            {content}
        </Card>
    }
}
