//! `POST /api/environments/{environmentId}/product-deployments/{productDeploymentId}/plan`

use axum::extract::State;
use domain::wire::{PlanRequest, PlanView, ProblemKind};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::post("/environments/{environmentId}/product-deployments/{productDeploymentId}/plan", "plan_operation", handle)
        .says("Says what an operation would do to each container, and where the engine is not as recorded. Nothing is begun.")
        .takes::<PlanRequest>()
        .answers::<PlanView>("The plan. Give its `planId` with the operation's request, and only this plan is carried out.")
        .refuses(ProblemKind::BadRequest, "The operation would be refused for this reason.")
        .refuses(ProblemKind::NotFound, "There is no such product deployment, version or release.")
        .refuses(ProblemKind::Conflict, "An operation works on the product, or it cannot be planned.")
}

async fn handle(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((environment, id)): Path<(String, String)>,
    Json(request): Json<PlanRequest>,
) -> Result<Json<PlanView>, ApiError> {
    let plan = state
        .deployments
        .plan_operation(&actor, &environment, &id, &request)
        .await?;
    Ok(Json(plan))
}
