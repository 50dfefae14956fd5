//! `POST /api/environments/{environmentId}/deployments/{deploymentId}/upgrade`

use axum::extract::State;
use axum::response::Response;
use domain::wire::{ProblemKind, StackUpgradeResult, UpgradeStackRequest};
use tokio_util::sync::CancellationToken;

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path};
use super::operate::answer;
use super::prefer::Prefer;
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::post(
        "/environments/{environmentId}/deployments/{deploymentId}/upgrade",
        "upgrade_stack",
        handle,
    )
    .says("Rolls out another version of one stack; the other stacks of its product are left alone.")
    .takes::<UpgradeStackRequest>()
    .answers::<StackUpgradeResult>("The operation has ended; `success` says whether it succeeded.")
    .operates()
    .refuses(
        ProblemKind::BadRequest,
        "The version or the status does not allow it, or a field is wrong. Nothing was started.",
    )
    .refuses(
        ProblemKind::NotFound,
        "There is no such deployment, or the catalog does not have the stack.",
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
    Json(request): Json<UpgradeStackRequest>,
) -> Result<Response, ApiError> {
    let deployments = &state.deployments;
    let accepted = deployments
        .upgrade_stack(&actor, &environment, &id, &request)
        .await?;
    let ended = async {
        let result = deployments
            .wait_for_stack_upgrade(&actor, &environment, &accepted)
            .await?;
        Ok(result)
    };
    answer(&accepted.accepted, prefer, &shutdown, ended).await
}
