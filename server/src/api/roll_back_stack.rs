//! `POST /api/environments/{environmentId}/deployments/{deploymentId}/rollback`

use axum::extract::State;
use axum::response::Response;
use domain::wire::{ProblemKind, StackRollbackRequest, StackRollbackResult};
use tokio_util::sync::CancellationToken;

use super::endpoint::Endpoint;
use super::extract::{Caller, MaybeJson, Path};
use super::operate::answer;
use super::prefer::Prefer;
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::post(
        "/environments/{environmentId}/deployments/{deploymentId}/rollback",
        "roll_back_stack",
        handle,
    )
    .says(
        "Returns one stack to what it was in an earlier release; the other stacks are left alone.",
    )
    .takes::<StackRollbackRequest>()
    .answers::<StackRollbackResult>("The operation has ended; `success` says whether it succeeded.")
    .operates()
    .refuses(
        ProblemKind::BadRequest,
        "There is nothing to return to, or the status does not allow it. Nothing was started.",
    )
    .refuses(
        ProblemKind::NotFound,
        "There is no such deployment in this environment.",
    )
    .refuses(
        ProblemKind::Conflict,
        "An operation works on the product, or it is in maintenance. Nothing was started.",
    )
}

async fn handle(
    State(state): State<AppState>,
    State(shutdown): State<CancellationToken>,
    Caller(actor): Caller,
    Path((environment, id)): Path<(String, String)>,
    prefer: Prefer,
    MaybeJson(request): MaybeJson<StackRollbackRequest>,
) -> Result<Response, ApiError> {
    let deployments = &state.deployments;
    let accepted = deployments
        .roll_back_stack(&actor, &environment, &id, &request)
        .await?;
    let ended = async {
        let result = deployments
            .wait_for_stack_rollback(&actor, &environment, &accepted)
            .await?;
        Ok(result)
    };
    answer(&accepted.accepted, prefer, &shutdown, ended).await
}
