//! `POST /api/operations/{operationId}/decision`

use axum::extract::State;
use axum::http::StatusCode;
use domain::wire::{DecisionRequest, OperationView, ProblemKind};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::post(
        "/operations/{operationId}/decision",
        "decide_operation",
        decide,
    )
    .says("Decides about an operation that waits for a decision: retry, rollback or keep.")
    .takes::<DecisionRequest>()
    .answers_with::<OperationView>(StatusCode::ACCEPTED, "application/json", "It goes on.", &[])
    .refuses(ProblemKind::NotFound, "There is no such operation.")
    .refuses(ProblemKind::Conflict, "It does not wait for a decision.")
}

async fn decide(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Json(request): Json<DecisionRequest>,
) -> Result<(StatusCode, Json<OperationView>), ApiError> {
    let operation = state
        .operations
        .decide_operation(&actor, &id, request.decision)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(operation)))
}
