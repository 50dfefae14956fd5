//! `GET /api/operations/{operationId}`

use axum::extract::State;
use domain::wire::{OperationView, ProblemKind};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get("/operations/{operationId}", "get_operation", show)
        .says("Shows one operation.")
        .answers::<OperationView>("The operation.")
        .refuses(ProblemKind::NotFound, "There is no such operation.")
}

async fn show(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<Json<OperationView>, ApiError> {
    Ok(Json(state.operations.get_operation(&actor, &id).await?))
}
