//! `GET /api/dashboard/stats`

use axum::extract::State;
use domain::wire::{DashboardStats, ProblemKind};

use super::endpoint::Endpoint;
use super::environment_query::{ENVIRONMENT, EnvironmentQuery};
use super::extract::{Caller, Json, Query};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get("/dashboard/stats", "get_dashboard_stats", show)
        .says("Counts what the catalog has, what is deployed and what runs. An engine that does not answer is said in `errorMessage`.")
        .query::<String>("environment", ENVIRONMENT)
        .answers::<DashboardStats>("The numbers.")
        .refuses(ProblemKind::BadRequest, "No environment is named.")
        .refuses(ProblemKind::NotFound, "There is no such environment.")
}

async fn show(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Query(query): Query<EnvironmentQuery>,
) -> Result<Json<DashboardStats>, ApiError> {
    let environment = query.environment();
    let stats = state.containers.get_dashboard_stats(&actor, environment);
    Ok(Json(stats.await?))
}
