//! `POST /api/stack-sources/sync`

use axum::extract::State;
use domain::product::Severity;
use domain::wire::{CatalogView, SyncResult};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::post("/stack-sources/sync", "sync_sources", sync)
        .says("Reads the sources of the catalog again.")
        .answers::<SyncResult>("They were read; what is wrong in them is listed.")
}

async fn sync(
    State(state): State<AppState>,
    Caller(actor): Caller,
) -> Result<Json<SyncResult>, ApiError> {
    Ok(Json(result(&state.products.sync_sources(&actor).await?)))
}

fn result(catalog: &CatalogView) -> SyncResult {
    let of = |severity| {
        let found = catalog
            .problems
            .iter()
            .filter(move |found| found.problem.severity == severity);
        found
            .map(|found| format!("{}/{}", found.source_id, found.problem))
            .collect::<Vec<_>>()
    };
    let errors = of(Severity::Error);
    SyncResult {
        success: errors.is_empty(),
        stacks_loaded: catalog
            .products
            .iter()
            .map(|product| product.stacks.len())
            .sum(),
        sources_synced: catalog.sources.len(),
        errors,
        warnings: of(Severity::Warning),
    }
}
