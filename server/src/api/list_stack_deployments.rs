//! `GET /api/environments/{environmentId}/deployments`

use axum::extract::State;
use domain::wire::{ProblemKind, StackDeploymentList};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get(
        "/environments/{environmentId}/deployments",
        "list_stack_deployments",
        handle,
    )
    .says("Lists every stack that is deployed, product by product.")
    .answers::<StackDeploymentList>("The newest product first.")
    .refuses(ProblemKind::NotFound, "There is no such environment.")
}

async fn handle(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(environment): Path<String>,
) -> Result<Json<StackDeploymentList>, ApiError> {
    let found = state
        .deployments
        .list_stack_deployments(&actor, &environment)
        .await?;
    Ok(Json(found))
}
