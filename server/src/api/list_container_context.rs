//! `GET /api/containers/context`

use axum::extract::State;
use domain::wire::{ContainerContext, ProblemKind};

use super::endpoint::Endpoint;
use super::environment_query::{ENVIRONMENT, EnvironmentQuery};
use super::extract::{Caller, Json, Query};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get("/containers/context", "list_container_context", list)
        .says("Says of every stack of which there is a container whether it is deployed, and as what.")
        .query::<String>("environment", ENVIRONMENT)
        .answers::<ContainerContext>("The stacks, by the prefix of their names.")
        .refuses(ProblemKind::BadRequest, "No environment is named.")
        .refuses(ProblemKind::NotFound, "There is no such environment.")
        .refuses(ProblemKind::Unavailable, "The engine does not answer.")
}

async fn list(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Json<ContainerContext>, ApiError> {
    let environment = query.environment();
    let context = state.containers.list_container_context(&actor, environment);
    Ok(Json(context.await?))
}
