//! `POST /api/deployments/parse`

use axum::extract::State;
use domain::wire::{ParseComposeRequest, ParsedCompose, ProblemKind};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::post("/deployments/parse", "parse_compose", handle)
        .says("Says what a Compose file asks for: its services and its variables.")
        .takes::<ParseComposeRequest>()
        .answers::<ParsedCompose>("What the file asks for.")
        .refuses(
            ProblemKind::BadRequest,
            "The file cannot be used; `errors` says why, with line and column.",
        )
}

async fn handle(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Json(request): Json<ParseComposeRequest>,
) -> Result<Json<ParsedCompose>, ApiError> {
    let found = state.deployments.parse_compose(&actor, &request)?;
    Ok(Json(found))
}
