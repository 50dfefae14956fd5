//! What the start page shows.

use domain::wire::{DashboardStats, EnvironmentHealthSummary, OperationView};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::CallError;

/// Operations that are shown.
#[cfg(feature = "ssr")]
const OPERATIONS: u32 = 6;

/// The environment and the catalog in numbers, and what was done last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    pub stats: DashboardStats,
    /// Where products come from, each with how many: `demo`, 3.
    pub sources: Vec<(String, usize)>,
    pub health: EnvironmentHealthSummary,
    /// The newest first.
    pub operations: Vec<OperationView>,
}

/// All of it, of the environment that the pages work on.
#[server(endpoint = "dashboard", input = server_fn::codec::GetUrl, output = crate::json::Answer)]
pub async fn dashboard() -> Result<Overview, CallError> {
    use super::caller::{Caller, refuse};

    let caller = Caller::of_request()?;
    let environment = caller.environment().await?;
    let Caller { backend, actor } = caller;
    let catalog = backend.catalog(&actor).await.map_err(refuse)?;
    let mut sources: Vec<(String, usize)> = Vec::new();
    for product in &catalog.products {
        match sources
            .iter_mut()
            .find(|(name, _)| *name == product.source_name)
        {
            Some((_, count)) => *count += 1,
            None => sources.push((product.source_name.clone(), 1)),
        }
    }
    let stats = backend.dashboard_stats(&actor, &environment.id).await;
    let health = backend.environment_health(&actor, &environment.id).await;
    let operations = backend
        .operations(&actor, &environment.id, 1, OPERATIONS)
        .await;
    Ok(Overview {
        stats: stats.map_err(refuse)?,
        sources,
        health: health.map_err(refuse)?,
        operations: operations.map_err(refuse)?.operations,
    })
}
