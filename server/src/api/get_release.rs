//! `GET /api/environments/{environmentId}/product-deployments/{productDeploymentId}/releases/{number}`

use axum::extract::State;
use domain::wire::{ProblemKind, ReleaseDetail};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get(
        "/environments/{environmentId}/product-deployments/{productDeploymentId}/releases/{number}",
        "get_release",
        handle,
    )
    .says("Shows one release: its stacks, variables and images.")
    .answers::<ReleaseDetail>("The release.")
    .refuses(
        ProblemKind::NotFound,
        "There is no such deployment or release.",
    )
}

async fn handle(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((environment, id, number)): Path<(String, String, u32)>,
) -> Result<Json<ReleaseDetail>, ApiError> {
    let found = state
        .deployments
        .get_release(&actor, &environment, &id, number)
        .await?;
    Ok(Json(found))
}
