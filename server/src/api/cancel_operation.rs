//! `POST /api/operations/{operationId}/cancel`

use axum::extract::State;
use axum::http::StatusCode;
use domain::wire::{OperationView, ProblemKind};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::post(
        "/operations/{operationId}/cancel",
        "cancel_operation",
        cancel,
    )
    .says("Asks to cancel an operation; asking twice is asking once.")
    .answers_with::<OperationView>(
        StatusCode::ACCEPTED,
        "application/json",
        "It is being cancelled.",
        &[],
    )
    .refuses(ProblemKind::NotFound, "There is no such operation.")
    .refuses(ProblemKind::Conflict, "It has ended.")
}

async fn cancel(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<OperationView>), ApiError> {
    let operation = state.operations.cancel_operation(&actor, &id).await?;
    Ok((StatusCode::ACCEPTED, Json(operation)))
}
