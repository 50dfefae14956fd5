//! `GET /api/environments/{environmentId}/product-deployments/{productDeploymentId}/releases/diff`

use axum::extract::State;
use domain::wire::{ProblemKind, ReleaseDiff};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path, Query};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get(
        "/environments/{environmentId}/product-deployments/{productDeploymentId}/releases/diff",
        "diff_releases",
        handle,
    )
    .says("Says what differs between two releases.")
    .answers::<ReleaseDiff>("What differs; secrets are masked.")
    .query::<u32>("from", "The older one.")
    .query::<u32>("to", "The newer one.")
    .refuses(
        ProblemKind::NotFound,
        "There is no such deployment or release.",
    )
    .refuses(
        ProblemKind::Conflict,
        "One of them cannot be rendered by this version.",
    )
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    from: u32,
    to: u32,
}

async fn handle(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((environment, id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Json<ReleaseDiff>, ApiError> {
    let found = state
        .deployments
        .diff_releases(&actor, &environment, &id, asked.from, asked.to)
        .await?;
    Ok(Json(found))
}
