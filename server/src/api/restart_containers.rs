//! `POST /api/environments/{environmentId}/product-deployments/{productDeploymentId}/restart-containers`

use axum::extract::State;
use axum::response::Response;
use domain::wire::{ContainersRequest, ContainersResult, ProblemKind};
use tokio_util::sync::CancellationToken;

use super::endpoint::Endpoint;
use super::extract::{Caller, MaybeJson, Path};
use super::operate::answer;
use super::prefer::Prefer;
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::post(
        "/environments/{environmentId}/product-deployments/{productDeploymentId}/restart-containers",
        "restart_product",
        handle,
    )
    .says("Stops containers and starts them again, one-shots aside.")
    .takes::<ContainersRequest>()
    .answers::<ContainersResult>("The operation has ended; `success` says whether it succeeded.")
    .operates()
    .refuses(ProblemKind::BadRequest, "The status does not allow it, or a field is wrong. Nothing was started.")
    .refuses(ProblemKind::NotFound, "There is no such product deployment in this environment.")
    .refuses(ProblemKind::Conflict, "An operation works on the product, it is in maintenance, or what the plan was made from has changed. Nothing was started.")
}

/// The name that some scripts know it by.
pub(super) fn alias() -> Endpoint {
    Endpoint::post(
        "/environments/{environmentId}/product-deployments/{productDeploymentId}/restart",
        "restart_product_alias",
        handle,
    )
    .says("The same as restart-containers.")
    .takes::<ContainersRequest>()
    .answers::<ContainersResult>("The operation has ended; `success` says whether it succeeded.")
    .operates()
    .refuses(
        ProblemKind::BadRequest,
        "The status does not allow it, or a field is wrong. Nothing was started.",
    )
    .refuses(
        ProblemKind::NotFound,
        "There is no such product deployment in this environment.",
    )
    .refuses(
        ProblemKind::Conflict,
        "An operation works on the product, or it is in maintenance.",
    )
}

async fn handle(
    State(state): State<AppState>,
    State(shutdown): State<CancellationToken>,
    Caller(actor): Caller,
    Path((environment, id)): Path<(String, String)>,
    prefer: Prefer,
    MaybeJson(request): MaybeJson<ContainersRequest>,
) -> Result<Response, ApiError> {
    let deployments = &state.deployments;
    let accepted = deployments
        .restart_product(&actor, &environment, &id, &request)
        .await?;
    let ended = async {
        let result = deployments
            .wait_for_containers(&actor, &environment, &accepted)
            .await?;
        Ok(result)
    };
    answer(&accepted, prefer, &shutdown, ended).await
}
