//! `GET /api/environments/{environmentId}/deployments/{deploymentId}/snapshots`

use axum::extract::State;
use domain::wire::{ProblemKind, StackRollbackInfo};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get(
        "/environments/{environmentId}/deployments/{deploymentId}/snapshots",
        "get_stack_rollback",
        handle,
    )
    .says("Says what a stack could be rolled back to.")
    .answers::<StackRollbackInfo>(
        "The newest release that succeeded and in which the stack was another one.",
    )
    .refuses(
        ProblemKind::NotFound,
        "There is no such deployment in this environment.",
    )
}

async fn handle(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((environment, id)): Path<(String, String)>,
) -> Result<Json<StackRollbackInfo>, ApiError> {
    let found = state
        .deployments
        .get_stack_rollback(&actor, &environment, &id)
        .await?;
    Ok(Json(found))
}
