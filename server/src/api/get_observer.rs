//! `GET /api/health/deployments/{deploymentId}/observer`

use axum::extract::State;
use domain::wire::{ObserverView, ProblemKind};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get(
        "/health/deployments/{deploymentId}/observer",
        "get_observer",
        show,
    )
    .says("Shows what the maintenance observer of a product or stack deployment saw last.")
    .answers::<ObserverView>("The observer, or that there is none.")
    .refuses(ProblemKind::NotFound, "There is no such deployment.")
}

async fn show(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<Json<ObserverView>, ApiError> {
    Ok(Json(state.observers.get_observer(&actor, &id).await?))
}
