//! `GET /api/health/deployments/{deploymentId}/timeline`

use axum::extract::State;
use domain::wire::{HealthTimelineResponse, ProblemKind};
use serde::Deserialize;

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path, Query};
use super::problem::ApiError;
use crate::health::TIMELINE_HOURS;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get(
        "/health/deployments/{deploymentId}/timeline",
        "get_health_timeline",
        show,
    )
    .says("Shows how a deployed product with its stacks, or a stack with its services, was in the last hours, without a gap.")
    .query::<u32>("hours", "How many hours, up to 168; 24 where it is missing.")
    .answers::<HealthTimelineResponse>("Spans of time, each with the status that it had.")
    .refuses(ProblemKind::Validation, "`hours` is not a number.")
    .refuses(ProblemKind::NotFound, "There is no such deployment.")
}

#[derive(Debug, Deserialize)]
struct Asked {
    hours: Option<u32>,
}

async fn show(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Json<HealthTimelineResponse>, ApiError> {
    let hours = asked.hours.unwrap_or(TIMELINE_HOURS);
    let data = state.health.get_health_timeline(&actor, &id, hours).await?;
    Ok(Json(HealthTimelineResponse {
        success: true,
        message: None,
        data,
    }))
}
