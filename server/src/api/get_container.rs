//! `GET /api/containers/{containerId}`

use axum::extract::State;
use domain::wire::{ContainerDetail, ProblemKind};

use super::endpoint::Endpoint;
use super::environment_query::{ENVIRONMENT, EnvironmentQuery};
use super::extract::{Caller, Json, Path, Query};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get("/containers/{containerId}", "get_container", show)
        .says("Shows one container, by id or name. Of its environment variables only the names.")
        .query::<String>("environment", ENVIRONMENT)
        .answers::<ContainerDetail>("The container.")
        .refuses(ProblemKind::BadRequest, "No environment is named.")
        .refuses(ProblemKind::NotFound, "There is no such container.")
        .refuses(ProblemKind::Unavailable, "The engine does not answer.")
}

async fn show(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Json<ContainerDetail>, ApiError> {
    let environment = query.environment();
    let detail = state.containers.get_container(&actor, environment, &id);
    Ok(Json(detail.await?))
}
