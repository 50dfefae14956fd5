//! `GET /api/environments/{environmentId}/product-deployments/{productDeploymentId}`

use axum::extract::State;
use domain::wire::{ProblemKind, ProductDeploymentDetail};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get(
        "/environments/{environmentId}/product-deployments/{productDeploymentId}",
        "get_product_deployment",
        show,
    )
    .says("Shows one deployed product with its stacks and what the engine shows of them now.")
    .answers::<ProductDeploymentDetail>("The deployed product.")
    .refuses(
        ProblemKind::NotFound,
        "It is not deployed in this environment.",
    )
}

async fn show(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((environment, id)): Path<(String, String)>,
) -> Result<Json<ProductDeploymentDetail>, ApiError> {
    Ok(Json(
        state
            .deployments
            .get_product_deployment(&actor, &environment, &id)
            .await?,
    ))
}
