//! `GET /api/health/{environmentId}/deployments/{deploymentId}`

use axum::extract::State;
use domain::wire::{ProblemKind, StackHealthResponse};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get(
        "/health/{environmentId}/deployments/{deploymentId}",
        "get_deployment_health",
        show,
    )
    .says("Shows how one deployed product or one of its stacks is, with its services. The id is of either.")
    .answers::<StackHealthResponse>("The product or the stack.")
    .refuses(
        ProblemKind::NotFound,
        "It is not deployed in this environment.",
    )
}

async fn show(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((environment, id)): Path<(String, String)>,
) -> Result<Json<StackHealthResponse>, ApiError> {
    let data = state
        .health
        .get_deployment_health(&actor, &environment, &id)
        .await?;
    Ok(Json(StackHealthResponse {
        success: true,
        message: None,
        data,
    }))
}
