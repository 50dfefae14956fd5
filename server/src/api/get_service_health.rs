//! `GET /api/health/{environmentId}/deployments/{deploymentId}/services/{serviceName}`

use axum::extract::State;
use domain::wire::{ProblemKind, ServiceHealthResponse};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get(
        "/health/{environmentId}/deployments/{deploymentId}/services/{serviceName}",
        "get_service_health",
        show,
    )
    .says("Shows how one service is. Where two stacks of a product have one of that name, name the stack by its id.")
    .answers::<ServiceHealthResponse>("The service.")
    .refuses(ProblemKind::NotFound, "There is no such service.")
}

async fn show(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((environment, id, service)): Path<(String, String, String)>,
) -> Result<Json<ServiceHealthResponse>, ApiError> {
    let data = state
        .health
        .get_service_health(&actor, &environment, &id, &service)
        .await?;
    Ok(Json(ServiceHealthResponse {
        success: true,
        message: None,
        data,
    }))
}
