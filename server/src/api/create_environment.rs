//! `POST /api/environments`

use axum::extract::State;
use domain::wire::{
    CreateEnvironmentRequest, CreateEnvironmentResponse, EnvironmentView, ProblemKind,
};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::post("/environments", "create_environment", create)
        .says("Makes an environment; the first one is the default.")
        .takes::<CreateEnvironmentRequest>()
        .answers::<CreateEnvironmentResponse>("It was made.")
        .refuses(
            ProblemKind::Validation,
            "A field is wrong, or the name is taken.",
        )
}

async fn create(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Json(request): Json<CreateEnvironmentRequest>,
) -> Result<Json<CreateEnvironmentResponse>, ApiError> {
    let environment = state
        .environments
        .create_environment(&actor, &request)
        .await?;
    Ok(Json(CreateEnvironmentResponse {
        success: true,
        message: format!("Environment '{}' created.", environment.name),
        environment: EnvironmentView::from(&environment),
    }))
}
