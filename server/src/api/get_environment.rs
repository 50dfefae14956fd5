//! `GET /api/environments/{environmentId}`

use axum::extract::State;
use domain::wire::{EnvironmentView, ProblemKind};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get("/environments/{environmentId}", "get_environment", show)
        .says("Shows one environment.")
        .answers::<EnvironmentView>("The environment.")
        .refuses(ProblemKind::NotFound, "There is no such environment.")
}

async fn show(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<Json<EnvironmentView>, ApiError> {
    let environment = state.environments.get_environment(&actor, &id).await?;
    Ok(Json(EnvironmentView::from(&environment)))
}
