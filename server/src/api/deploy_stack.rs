//! `POST /api/environments/{environmentId}/stacks/{stackId}/deploy`

use axum::extract::State;
use axum::response::Response;
use domain::wire::{DeployStackRequest, ProblemKind, StackOperationResult};
use tokio_util::sync::CancellationToken;

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path};
use super::operate::answer;
use super::prefer::Prefer;
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::post("/environments/{environmentId}/stacks/{stackId}/deploy", "deploy_stack", handle)
        .says("Deploys one stack of the catalog: alone, or as one more stack of its product where that is deployed.")
        .takes::<DeployStackRequest>()
        .answers::<StackOperationResult>("The operation has ended; `success` says whether it succeeded.")
        .operates()
        .refuses(ProblemKind::BadRequest, "The catalog does not have the stack, a field is wrong, or it is deployed already. Nothing was started.")
        .refuses(ProblemKind::NotFound, "There is no such environment.")
        .refuses(ProblemKind::Conflict, "The product is in maintenance. Nothing was started.")
}

async fn handle(
    State(state): State<AppState>,
    State(shutdown): State<CancellationToken>,
    Caller(actor): Caller,
    Path((environment, id)): Path<(String, String)>,
    prefer: Prefer,
    Json(request): Json<DeployStackRequest>,
) -> Result<Response, ApiError> {
    let deployments = &state.deployments;
    let accepted = deployments
        .deploy_stack(&actor, &environment, &id, &request)
        .await?;
    let ended = async {
        let result = deployments
            .wait_for_stack(&actor, &environment, &accepted)
            .await?;
        Ok(result)
    };
    answer(&accepted.accepted, prefer, &shutdown, ended).await
}
