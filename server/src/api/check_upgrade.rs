//! `GET /api/environments/{environmentId}/product-deployments/{productDeploymentId}/upgrade/check`

use axum::extract::State;
use domain::wire::{ProblemKind, UpgradeCheck};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get(
        "/environments/{environmentId}/product-deployments/{productDeploymentId}/upgrade/check",
        "check_upgrade",
        handle,
    )
    .says("Says what the product could be upgraded to.")
    .answers::<UpgradeCheck>("Newer versions of the catalog.")
    .refuses(
        ProblemKind::NotFound,
        "There is no such product deployment in this environment.",
    )
}

async fn handle(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((environment, id)): Path<(String, String)>,
) -> Result<Json<UpgradeCheck>, ApiError> {
    let found = state
        .deployments
        .check_upgrade(&actor, &environment, &id)
        .await?;
    Ok(Json(found))
}
