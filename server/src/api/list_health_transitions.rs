//! `GET /api/health/deployments/{deploymentId}/transitions`

use axum::extract::State;
use domain::wire::{HealthTransitionList, ProblemKind};
use serde::Deserialize;

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path, Query};
use super::problem::ApiError;
use crate::health::TRANSITIONS;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get(
        "/health/deployments/{deploymentId}/transitions",
        "list_health_transitions",
        list,
    )
    .says("Lists every change of health of a deployed product or stack and of what is in it, the newest first.")
    .query::<u32>("limit", "Most changes, up to 500; 50 where it is missing.")
    .answers::<HealthTransitionList>("The changes.")
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
    let limit = most.limit.unwrap_or(TRANSITIONS);
    let data = state
        .health
        .list_health_transitions(&actor, &id, limit)
        .await?;
    Ok(Json(HealthTransitionList {
        success: true,
        message: None,
        data,
    }))
}
