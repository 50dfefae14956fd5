//! `GET /api/health/{environmentId}`

use axum::extract::State;
use domain::wire::{EnvironmentHealthResponse, ProblemKind};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get(
        "/health/{environmentId}",
        "get_environment_health",
        show,
    )
    .says("Shows how everything deployed in an environment is, stack by stack, as the engine was seen last.")
    .answers::<EnvironmentHealthResponse>("All stacks.")
    .refuses(ProblemKind::NotFound, "There is no such environment.")
}

async fn show(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(environment): Path<String>,
) -> Result<Json<EnvironmentHealthResponse>, ApiError> {
    let data = state
        .health
        .get_environment_health(&actor, &environment)
        .await?;
    Ok(Json(EnvironmentHealthResponse {
        success: true,
        message: None,
        data,
    }))
}
