//! `GET /api/volumes/{name}`

use axum::extract::State;
use domain::wire::{ProblemKind, VolumeView};

use super::endpoint::Endpoint;
use super::environment_query::{ENVIRONMENT, EnvironmentQuery};
use super::extract::{Caller, Json, Path, Query};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get("/volumes/{name}", "get_volume", show)
        .says("Shows one volume, and which containers mount it.")
        .query::<String>("environment", ENVIRONMENT)
        .answers::<VolumeView>("The volume.")
        .refuses(ProblemKind::BadRequest, "No environment is named.")
        .refuses(ProblemKind::NotFound, "There is no such volume.")
        .refuses(ProblemKind::Unavailable, "The engine does not answer.")
}

async fn show(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Json<VolumeView>, ApiError> {
    let environment = query.environment();
    let volume = state.containers.get_volume(&actor, environment, &name);
    Ok(Json(volume.await?))
}
