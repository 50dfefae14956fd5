//! `DELETE /api/volumes/{name}`

use axum::extract::State;
use axum::http::StatusCode;
use domain::wire::ProblemKind;

use super::endpoint::Endpoint;
use super::environment_query::{ENVIRONMENT, EnvironmentQuery};
use super::extract::{Caller, Path, Query};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::delete("/volumes/{name}", "remove_volume", remove)
        .says("Removes a volume and the data in it. One that a container mounts is never removed.")
        .query::<String>("environment", ENVIRONMENT)
        .query::<bool>("force", "Also where it belongs to a product that is deployed, or its driver fails to remove it.")
        .answers_nothing("It is gone.")
        .refuses(ProblemKind::BadRequest, "No environment is named.")
        .refuses(ProblemKind::NotFound, "There is no such volume.")
        .refuses(ProblemKind::Conflict, "Containers mount it, it belongs to a product, or an operation works on that. Nothing was removed.")
        .refuses(ProblemKind::Unavailable, "The engine does not answer.")
        .unlimited()
}

async fn remove(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(name): Path<String>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<StatusCode, ApiError> {
    let environment = query.environment();
    let removed = state
        .containers
        .remove_volume(&actor, environment, &name, query.force());
    removed.await?;
    Ok(StatusCode::NO_CONTENT)
}
