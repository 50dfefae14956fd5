//! `DELETE /api/environments/{environmentId}/product-deployments/{productDeploymentId}`

use axum::extract::State;
use axum::response::Response;
use domain::wire::{OperationResult, ProblemKind, RemoveRequest};
use tokio_util::sync::CancellationToken;

use super::endpoint::Endpoint;
use super::extract::{Caller, MaybeJson, Path};
use super::operate::answer;
use super::prefer::Prefer;
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::delete(
        "/environments/{environmentId}/product-deployments/{productDeploymentId}",
        "remove_product",
        handle,
    )
    .says("Removes a product from its engine; volumes stay unless they are named.")
    .takes::<RemoveRequest>()
    .answers::<OperationResult>("The operation has ended; `success` says whether it succeeded.")
    .operates()
    .refuses(ProblemKind::BadRequest, "The status does not allow it, or a field is wrong. Nothing was started.")
    .refuses(ProblemKind::NotFound, "There is no such product deployment in this environment.")
    .refuses(ProblemKind::Conflict, "An operation works on the product, it is in maintenance, or what the plan was made from has changed. Nothing was started.")
}

async fn handle(
    State(state): State<AppState>,
    State(shutdown): State<CancellationToken>,
    Caller(actor): Caller,
    Path((environment, id)): Path<(String, String)>,
    prefer: Prefer,
    MaybeJson(request): MaybeJson<RemoveRequest>,
) -> Result<Response, ApiError> {
    let deployments = &state.deployments;
    let accepted = deployments
        .remove_product(&actor, &environment, &id, &request)
        .await?;
    let ended = async {
        let result = deployments
            .wait_for_operation(&actor, &environment, &accepted)
            .await?;
        Ok(result)
    };
    answer(&accepted, prefer, &shutdown, ended).await
}
