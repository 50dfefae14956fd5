//! The state of a deployed product at a glance.

use domain::wire::ProductDeploymentDetail;
use leptos::prelude::*;

use crate::components::{
    Card, Elapsed, Fact, Facts, Glyph, HealthReason, Look, RelativeTime, Seen, StatusBadge, Tone,
};
use crate::live::health::still;
use crate::live::polled::Polled;

/// Status, health with its reason and age, mode, when, how long, stacks, who.
#[component]
pub fn DeploymentFacts(polled: Polled<ProductDeploymentDetail>) -> impl IntoView {
    let shown = Memo::new(move |_| {
        polled.data.with(|detail| {
            (
                detail.status,
                detail.operation_mode,
                (
                    detail.completed_stacks,
                    detail.total_stacks,
                    detail.failed_stacks,
                ),
                (detail.created_at, detail.completed_at),
                detail.deployed_by.clone(),
            )
        })
    });
    let health = Memo::new(move |_| polled.data.with(|detail| still(detail.health.clone())));
    let seen = Memo::new(move |_| polled.data.with(|detail| detail.health.observed_at));
    let count = move || {
        health.with(|health| {
            let (healthy, all) = (health.healthy_services, health.total_services);
            format!("{healthy}/{all} services healthy")
        })
    };
    let facts = move || {
        let (status, mode, (done, all, failed), (created_at, completed_at), by) = shown.get();
        let mode = match mode {
            domain::deployment::OperationMode::Normal => view! { "Normal" }.into_any(),
            domain::deployment::OperationMode::Maintenance => {
                let look = Look::new(Tone::Idle, Glyph::Maintenance, "Maintenance");
                view! { <StatusBadge look bare=true /> }.into_any()
            }
        };
        let failed = (failed > 0).then(|| format!(", {failed} failed"));
        let duration = match (completed_at, status.is_in_progress()) {
            (None, false) => view! { <span class="soft">"Not known"</span> }.into_any(),
            (to, _) => view! { <Elapsed from=created_at to /> }.into_any(),
        };
        view! {
            <Fact name="Status" boxed=true>
                <StatusBadge look=Look::from(status) bare=true />
            </Fact>
            <Fact name="Operation Mode" boxed=true>
                {mode}
            </Fact>
            <Fact name="Deployed" boxed=true>
                <RelativeTime at=created_at />
                <span class="soft facts__by">{format!("by {by}")}</span>
            </Fact>
            <Fact name="Duration" boxed=true>
                {duration}
            </Fact>
            <Fact name="Stacks" boxed=true>
                {format!("{done} of {all} running")}
                {failed}
            </Fact>
        }
    };
    view! {
        <Card flush=true>
            <Facts across=true>{facts}</Facts>
            <div class="deployment__health">
                <strong>{count}</strong>
                <HealthReason health />
                <Seen at=seen />
            </div>
        </Card>
    }
}
