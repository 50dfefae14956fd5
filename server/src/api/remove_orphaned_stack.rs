//! `DELETE /api/containers/orphaned-stacks/{stackName}`

use axum::extract::State;
use domain::wire::{OrphanRemoval, ProblemKind};

use super::endpoint::Endpoint;
use super::environment_query::{ENVIRONMENT, EnvironmentQuery};
use super::extract::{Caller, Json, Path, Query};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::delete(
        "/containers/orphaned-stacks/{stackName}",
        "remove_orphaned_stack",
        remove,
    )
    .says("Removes the containers that a stack has left whose deployment is no more. Volumes stay.")
    .query::<String>("environment", ENVIRONMENT)
    .answers::<OrphanRemoval>("How many were removed.")
    .refuses(ProblemKind::BadRequest, "No environment is named.")
    .refuses(
        ProblemKind::NotFound,
        "There is no container of such a stack.",
    )
    .refuses(
        ProblemKind::Conflict,
        "The stack is deployed, or an operation works on its product. Nothing was removed.",
    )
    .refuses(ProblemKind::Unavailable, "The engine does not answer.")
    .unlimited()
}

async fn remove(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(stack): Path<String>,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Json<OrphanRemoval>, ApiError> {
    let environment = query.environment();
    let removed = state
        .containers
        .remove_orphaned_stack(&actor, environment, &stack);
    Ok(Json(removed.await?))
}
