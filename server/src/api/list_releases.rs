//! `GET /api/environments/{environmentId}/product-deployments/{productDeploymentId}/releases`

use axum::extract::State;
use domain::wire::{ProblemKind, ReleaseList};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path, Query};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get(
        "/environments/{environmentId}/product-deployments/{productDeploymentId}/releases",
        "list_releases",
        handle,
    )
    .says("Lists what was deployed or attempted, the newest first.")
    .answers::<ReleaseList>("One page.")
    .query::<u32>("page", "From 1.")
    .query::<u32>("pageSize", "1 to 200; 50 where it is missing.")
    .refuses(
        ProblemKind::NotFound,
        "There is no such product deployment in this environment.",
    )
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    page: Option<u32>,
    page_size: Option<u32>,
}

async fn handle(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((environment, id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Json<ReleaseList>, ApiError> {
    let found = state
        .deployments
        .list_releases(
            &actor,
            &environment,
            &id,
            asked.page.unwrap_or(1),
            asked.page_size,
        )
        .await?;
    Ok(Json(found))
}
