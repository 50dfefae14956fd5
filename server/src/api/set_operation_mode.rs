//! `PUT /api/environments/{environmentId}/product-deployments/{productDeploymentId}/operation-mode`

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use domain::wire::{OperationModeRequest, OperationModeResult, ProblemKind};
use tokio_util::sync::CancellationToken;

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path};
use super::operate::answer;
use super::prefer::Prefer;
use super::problem::ApiError;
use crate::deployments::ModeChange;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::put(
        "/environments/{environmentId}/product-deployments/{productDeploymentId}/operation-mode",
        "set_operation_mode",
        handle,
    )
    .says("Puts a product into maintenance, or takes it out; the mode that it has already is no error.")
    .takes::<OperationModeRequest>()
    .answers::<OperationModeResult>("The operation has ended; `success` says whether it succeeded.")
    .operates()
    .refuses(ProblemKind::BadRequest, "The mode or another field is wrong.")
    .refuses(ProblemKind::NotFound, "There is no such product deployment in this environment.")
    .refuses(
        ProblemKind::Conflict,
        "The observer controls the maintenance, the status does not allow it, or an operation works on the product.",
    )
}

async fn handle(
    State(state): State<AppState>,
    State(shutdown): State<CancellationToken>,
    Caller(actor): Caller,
    Path((environment, id)): Path<(String, String)>,
    prefer: Prefer,
    Json(request): Json<OperationModeRequest>,
) -> Result<Response, ApiError> {
    let deployments = &state.deployments;
    let change = deployments
        .set_operation_mode(&actor, &environment, &id, &request)
        .await?;
    let ended = async {
        let result = deployments
            .wait_for_mode(&actor, &environment, &id, &change)
            .await?;
        Ok(result)
    };
    match &change {
        ModeChange::Accepted(accepted) => answer(accepted, prefer, &shutdown, ended).await,
        ModeChange::AlreadyThere(_) => Ok(Json(ended.await?).into_response()),
    }
}
