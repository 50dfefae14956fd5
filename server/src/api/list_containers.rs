//! `GET /api/containers`

use axum::extract::State;
use domain::wire::{ContainerView, ProblemKind};

use super::endpoint::Endpoint;
use super::environment_query::{ENVIRONMENT, EnvironmentQuery};
use super::extract::{Caller, Json, Query};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get("/containers", "list_containers", list)
        .says("Lists every container on the engine of an environment, whoever made it, those in trouble first; at most 2000.")
        .query::<String>("environment", ENVIRONMENT)
        .answers::<Vec<ContainerView>>("The containers.")
        .refuses(ProblemKind::BadRequest, "No environment is named.")
        .refuses(ProblemKind::NotFound, "There is no such environment.")
        .refuses(ProblemKind::Unavailable, "The engine does not answer.")
}

async fn list(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Json<Vec<ContainerView>>, ApiError> {
    let environment = query.environment();
    let listed = state.containers.list_containers(&actor, environment);
    Ok(Json(listed.await?))
}
