//! `POST /api/environments/{environmentId}/deployments/{deploymentId}/mark-failed`

use axum::extract::State;
use domain::wire::{MarkFailedRequest, MarkFailedResult, ProblemKind};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, MaybeJson, Path};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::post(
        "/environments/{environmentId}/deployments/{deploymentId}/mark-failed",
        "mark_stack_failed",
        handle,
    )
    .says("Lets go of an operation that cannot undo what it did. Nothing else is ever stuck.")
    .takes::<MarkFailedRequest>()
    .answers::<MarkFailedResult>("The operation is let go.")
    .refuses(ProblemKind::BadRequest, "No operation stands still.")
    .refuses(
        ProblemKind::NotFound,
        "There is no such deployment in this environment.",
    )
}

async fn handle(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((environment, id)): Path<(String, String)>,
    MaybeJson(request): MaybeJson<MarkFailedRequest>,
) -> Result<Json<MarkFailedResult>, ApiError> {
    let found = state
        .deployments
        .mark_stack_failed(&actor, &environment, &id, &request)
        .await?;
    Ok(Json(found))
}
