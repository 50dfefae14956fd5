//! `POST /api/environments/{environmentId}/product-deployments`

use axum::extract::State;
use axum::response::Response;
use domain::wire::{DeployProductRequest, DeployProductResponse, ProblemKind};
use tokio_util::sync::CancellationToken;

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path};
use super::operate::answer;
use super::prefer::Prefer;
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::post(
        "/environments/{environmentId}/product-deployments",
        "deploy_product",
        deploy,
    )
    .says("Deploys a product: all its stacks as one operation.")
    .takes::<DeployProductRequest>()
    .answers::<DeployProductResponse>("The operation has ended; `success` says whether the product runs.")
    .operates()
    .refuses(
        ProblemKind::BadRequest,
        "The product or a stack is unknown, a field is wrong, or the product is deployed already. Nothing was started.",
    )
    .refuses(ProblemKind::NotFound, "There is no such environment.")
}

async fn deploy(
    State(state): State<AppState>,
    State(shutdown): State<CancellationToken>,
    Caller(actor): Caller,
    Path(environment): Path<String>,
    prefer: Prefer,
    Json(request): Json<DeployProductRequest>,
) -> Result<Response, ApiError> {
    let accepted = state
        .deployments
        .deploy_product(&actor, &environment, &request)
        .await?;
    let ended = async {
        let result = state
            .deployments
            .wait_for_result(&actor, &environment, &accepted)
            .await?;
        Ok(result)
    };
    answer(&accepted, prefer, &shutdown, ended).await
}
