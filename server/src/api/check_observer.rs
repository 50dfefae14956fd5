//! `POST /api/health/deployments/{deploymentId}/observer/check`

use axum::extract::State;
use domain::wire::{ObserverCheckView, ProblemKind};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::post(
        "/health/deployments/{deploymentId}/observer/check",
        "check_observer",
        check,
    )
    .says("Lets the maintenance observer of a product or stack deployment look now.")
    .answers::<ObserverCheckView>("It looked; the result says what it saw, or why it saw nothing.")
    .refuses(ProblemKind::NotFound, "There is no such deployment.")
    .refuses(
        ProblemKind::BadRequest,
        "The product declares no observer, or is not deployed any more.",
    )
    .unlimited()
}

async fn check(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<Json<ObserverCheckView>, ApiError> {
    Ok(Json(state.observers.check_observer(&actor, &id).await?))
}
