//! `POST /api/environments/{environmentId}/deployments`

use axum::extract::State;
use axum::response::Response;
use domain::wire::{DeployComposeRequest, ProblemKind, StackOperationResult};
use tokio_util::sync::CancellationToken;

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path};
use super::operate::answer;
use super::prefer::Prefer;
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::post("/environments/{environmentId}/deployments", "deploy_compose", handle)
        .says("Deploys a Compose file; under a name that is deployed already it takes the place of the file before.")
        .takes::<DeployComposeRequest>()
        .answers::<StackOperationResult>("The operation has ended; `success` says whether it succeeded.")
        .operates()
        .refuses(ProblemKind::BadRequest, "The file cannot be used, or a field is wrong. Nothing was started.")
        .refuses(ProblemKind::NotFound, "There is no such environment.")
        .refuses(ProblemKind::Conflict, "An operation works on the product, or it is in maintenance. Nothing was started.")
}

async fn handle(
    State(state): State<AppState>,
    State(shutdown): State<CancellationToken>,
    Caller(actor): Caller,
    Path(environment): Path<String>,
    prefer: Prefer,
    Json(request): Json<DeployComposeRequest>,
) -> Result<Response, ApiError> {
    let deployments = &state.deployments;
    let accepted = deployments
        .deploy_compose(&actor, &environment, &request)
        .await?;
    let ended = async {
        let result = deployments
            .wait_for_stack(&actor, &environment, &accepted)
            .await?;
        Ok(result)
    };
    answer(&accepted.accepted, prefer, &shutdown, ended).await
}
