//! `GET /api/environments/{environmentId}/product-deployments/by-product/{groupId}`

use axum::extract::State;
use domain::wire::{ProblemKind, ProductDeploymentDetail};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get(
        "/environments/{environmentId}/product-deployments/by-product/{groupId}",
        "get_deployment_by_product",
        show,
    )
    .says("Shows the deployment of a product that is neither removed nor superseded.")
    .answers::<ProductDeploymentDetail>("The deployed product.")
    .refuses(
        ProblemKind::NotFound,
        "The product is not deployed in this environment.",
    )
}

async fn show(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((environment, group)): Path<(String, String)>,
) -> Result<Json<ProductDeploymentDetail>, ApiError> {
    Ok(Json(
        state
            .deployments
            .get_deployment_by_product(&actor, &environment, &group)
            .await?,
    ))
}
