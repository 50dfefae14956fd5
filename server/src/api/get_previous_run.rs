//! `GET /api/operations/{operationId}/previous-run`

use axum::extract::State;
use domain::wire::{PreviousRunResponse, ProblemKind};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get(
        "/operations/{operationId}/previous-run",
        "get_previous_run",
        show,
    )
    .says("Shows how long the last operation of the same kind on the same product took, and each stack in it.")
    .answers::<PreviousRunResponse>("The run; null where none has succeeded before.")
    .refuses(ProblemKind::NotFound, "There is no such operation.")
}

async fn show(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<Json<PreviousRunResponse>, ApiError> {
    let previous_run = state.operations.get_previous_run(&actor, &id).await?;
    Ok(Json(PreviousRunResponse {
        success: true,
        previous_run,
    }))
}
