//! `POST /api/environments/{environmentId}/product-deployments/precheck`

use axum::extract::State;
use domain::wire::{DeployProductRequest, PrecheckResult, ProblemKind};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::post(
        "/environments/{environmentId}/product-deployments/precheck",
        "precheck_product",
        handle,
    )
    .says("Says what would stand in the way of a deployment. Nothing is begun.")
    .takes::<DeployProductRequest>()
    .answers::<PrecheckResult>(
        "What was found, whatever it is: `canDeploy` says whether anything stands in the way.",
    )
    .refuses(ProblemKind::BadRequest, "The body is not a deploy request.")
}

async fn handle(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(environment): Path<String>,
    Json(request): Json<DeployProductRequest>,
) -> Result<Json<PrecheckResult>, ApiError> {
    let found = state
        .deployments
        .precheck_product(&actor, &environment, &request)
        .await?;
    Ok(Json(found))
}
