//! How everything is.

use domain::wire::EnvironmentHealthSummary;
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
