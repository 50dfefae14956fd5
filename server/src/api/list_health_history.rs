//! `GET /api/health/deployments/{deploymentId}/history`

use axum::extract::State;
use domain::wire::{HealthTransitionList, ProblemKind};
use serde::Deserialize;

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path, Query};
use super::problem::ApiError;
use crate::health::HISTORY;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get(
        "/health/deployments/{deploymentId}/history",
        "list_health_history",
        list,
    )
    .says("Lists how a deployed product, or one of its stacks, was as a whole, the newest first.")
    .query::<u32>("limit", "Most entries, up to 500; 10 where it is missing.")
    .answers::<HealthTransitionList>("Each status with its beginning.")
    .refuses(ProblemKind::Validation, "`limit` is not a number.")
    .refuses(ProblemKind::NotFound, "There is no such deployment.")
}

#[derive(Debug, Deserialize)]
struct Most {
    limit: Option<u32>,
}

async fn list(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Query(most): Query<Most>,
) -> Result<Json<HealthTransitionList>, ApiError> {
    let limit = most.limit.unwrap_or(HISTORY);
    let data = state.health.list_health_history(&actor, &id, limit).await?;
    Ok(Json(HealthTransitionList {
        success: true,
        message: None,
        data,
    }))
}
