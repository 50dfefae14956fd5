//! `POST /api/environments/{environmentId}/stacks/{stackId}/precheck`

use axum::extract::State;
use domain::wire::{DeployStackRequest, ProblemKind, StackPrecheck};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::post(
        "/environments/{environmentId}/stacks/{stackId}/precheck",
        "precheck_stack",
        handle,
    )
    .says("Says what would stand in the way of deploying a stack. Nothing is begun.")
    .takes::<DeployStackRequest>()
    .answers::<StackPrecheck>(
        "What was found: `canDeploy` says whether anything stands in the way.",
    )
    .refuses(
        ProblemKind::BadRequest,
        "The catalog does not have the stack, or a field is wrong.",
    )
    .refuses(ProblemKind::NotFound, "There is no such environment.")
}

async fn handle(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((environment, id)): Path<(String, String)>,
    Json(request): Json<DeployStackRequest>,
) -> Result<Json<StackPrecheck>, ApiError> {
    let found = state
        .deployments
        .precheck_stack(&actor, &environment, &id, &request)
        .await?;
    Ok(Json(found))
}
