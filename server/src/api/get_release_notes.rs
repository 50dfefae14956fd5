//! `GET /api/environments/{environmentId}/product-deployments/{productDeploymentId}/release-notes`

use axum::extract::State;
use domain::wire::{ProblemKind, ReleaseNotes};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path, Query};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get(
        "/environments/{environmentId}/product-deployments/{productDeploymentId}/release-notes",
        "get_release_notes",
        handle,
    )
    .says("Shows the release notes of a version.")
    .answers::<ReleaseNotes>("The notes, or where they are.")
    .query::<String>("version", "Such as `1.1.0`.")
    .refuses(
        ProblemKind::NotFound,
        "There is no such deployment, or there are no notes.",
    )
    .refuses(ProblemKind::BadRequest, "No version is given.")
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Asked {
    version: Option<String>,
}

async fn handle(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((environment, id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Json<ReleaseNotes>, ApiError> {
    let found = state
        .deployments
        .get_release_notes(&actor, &environment, &id, asked.version.as_deref())
        .await?;
    Ok(Json(found))
}
