//! `POST /api/volumes`

use axum::extract::State;
use domain::wire::{CreateVolumeRequest, ProblemKind, VolumeView};

use super::endpoint::Endpoint;
use super::environment_query::{ENVIRONMENT, EnvironmentQuery};
use super::extract::{Caller, Json, Query};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::post("/volumes", "create_volume", create)
        .says("Makes an empty volume that belongs to no product.")
        .query::<String>("environment", ENVIRONMENT)
        .takes::<CreateVolumeRequest>()
        .answers::<VolumeView>("The volume.")
        .refuses(
            ProblemKind::Validation,
            "No environment is named, or a field is wrong.",
        )
        .refuses(ProblemKind::NotFound, "There is no such environment.")
        .refuses(
            ProblemKind::Conflict,
            "The name is taken, or the engine refuses.",
        )
        .refuses(ProblemKind::Unavailable, "The engine does not answer.")
        .unlimited()
}

async fn create(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Query(query): Query<EnvironmentQuery>,
    Json(request): Json<CreateVolumeRequest>,
) -> Result<Json<VolumeView>, ApiError> {
    let environment = query.environment();
    let made = state
        .containers
        .create_volume(&actor, environment, &request);
    Ok(Json(made.await?))
}
