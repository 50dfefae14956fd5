//! `GET /api/volumes`

use axum::extract::State;
use domain::wire::{ProblemKind, VolumeView};

use super::endpoint::Endpoint;
use super::environment_query::{ENVIRONMENT, EnvironmentQuery};
use super::extract::{Caller, Json, Query};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get("/volumes", "list_volumes", list)
        .says("Lists every volume on the engine of an environment by name, whoever made it; at most 5000.")
        .query::<String>("environment", ENVIRONMENT)
        .answers::<Vec<VolumeView>>("The volumes.")
        .refuses(ProblemKind::BadRequest, "No environment is named.")
        .refuses(ProblemKind::NotFound, "There is no such environment.")
        .refuses(ProblemKind::Unavailable, "The engine does not answer.")
}

async fn list(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Json<Vec<VolumeView>>, ApiError> {
    let environment = query.environment();
    let listed = state.containers.list_volumes(&actor, environment);
    Ok(Json(listed.await?))
}
