//! `GET /api/environments/{environmentId}/deployments/{deploymentId}/upgrade/check`

use axum::extract::State;
use domain::wire::{ProblemKind, StackUpgradeCheck};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get(
        "/environments/{environmentId}/deployments/{deploymentId}/upgrade/check",
        "check_stack_upgrade",
        handle,
    )
    .says("Says what a stack could be upgraded to.")
    .answers::<StackUpgradeCheck>("Newer versions of the catalog.")
    .refuses(
        ProblemKind::NotFound,
        "There is no such deployment in this environment.",
    )
}

async fn handle(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((environment, id)): Path<(String, String)>,
) -> Result<Json<StackUpgradeCheck>, ApiError> {
    let found = state
        .deployments
        .check_stack_upgrade(&actor, &environment, &id)
        .await?;
    Ok(Json(found))
}
