//! How everything is.

use domain::wire::{EnvironmentHealthSummary, HealthTimeline};
use leptos::prelude::*;

use super::CallError;

/// Of the environment that the pages work on, as its engine was seen last.
#[server(endpoint = "environment-health", input = server_fn::codec::GetUrl, output = crate::json::Answer)]
pub async fn environment_health() -> Result<EnvironmentHealthSummary, CallError> {
    let caller = super::caller::Caller::of_request()?;
    let environment = caller.environment().await?;
    let health = caller
        .backend
        .environment_health(&caller.actor, &environment.id);
    health.await.map_err(super::caller::refuse)
}

/// Of a deployed product with its stacks, or of a stack with its services, in the last hours.
#[server(endpoint = "health-timeline", input = server_fn::codec::GetUrl, output = crate::json::Answer)]
pub async fn health_over_time(id: String, hours: u32) -> Result<HealthTimeline, CallError> {
    let caller = super::caller::Caller::of_request()?;
    let timeline = caller.backend.health_timeline(&caller.actor, &id, hours);
    // Part of a page that is there all the same.
    timeline.await.map_err(CallError)
}
