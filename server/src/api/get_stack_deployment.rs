//! `GET /api/environments/{environmentId}/deployments/{deploymentId}`

use axum::extract::State;
use domain::wire::{ProblemKind, StackDeploymentDetail};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get(
        "/environments/{environmentId}/deployments/{deploymentId}",
        "get_stack_deployment",
        handle,
    )
    .says("Shows a deployed stack, by its id or by what its deployment is called.")
    .answers::<StackDeploymentDetail>("The stack with what its engine shows now.")
    .refuses(
        ProblemKind::NotFound,
        "There is no such deployment in this environment.",
    )
}

async fn handle(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((environment, id)): Path<(String, String)>,
) -> Result<Json<StackDeploymentDetail>, ApiError> {
    let found = state
        .deployments
        .get_stack_deployment(&actor, &environment, &id)
        .await?;
    Ok(Json(found))
}
