//! `POST /api/environments/test-connection`

use axum::extract::State;
use domain::wire::{ConnectionTest, ProblemKind, TestConnectionRequest};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::post("/environments/test-connection", "test_connection", handle)
        .says("Asks an engine who it is, whether or not it is an environment. Nothing is kept.")
        .takes::<TestConnectionRequest>()
        .answers::<ConnectionTest>("It answered, or did not: `success` says which.")
        .refuses(ProblemKind::BadRequest, "The body names no engine.")
}

async fn handle(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Json(request): Json<TestConnectionRequest>,
) -> Result<Json<ConnectionTest>, ApiError> {
    let tested = state.environments.test_connection(&actor, &request).await;
    Ok(Json(tested?))
}
