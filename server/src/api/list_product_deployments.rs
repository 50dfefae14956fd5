//! `GET /api/environments/{environmentId}/product-deployments`

use axum::extract::State;
use domain::deployment::ProductStatus;
use domain::wire::{DeploymentList, DeploymentQuery, DeploymentSort, ProblemKind};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path, Query};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get(
        "/environments/{environmentId}/product-deployments",
        "list_product_deployments",
        list,
    )
    .says("Lists the deployed products of an environment, the newest first; removed ones are left out.")
    .query::<String>("search", "Part of a name, without case.")
    .query::<ProductStatus>("status", "Only this status.")
    .query::<DeploymentSort>("sort", "The order.")
    .query::<u32>("page", "From 1.")
    .query::<u32>("pageSize", "1 to 200; 50 where it is missing.")
    .answers::<DeploymentList>("One page.")
    .refuses(ProblemKind::Validation, "A part of the query is wrong.")
    .refuses(ProblemKind::NotFound, "There is no such environment.")
}

async fn list(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(environment): Path<String>,
    Query(query): Query<DeploymentQuery>,
) -> Result<Json<DeploymentList>, ApiError> {
    Ok(Json(
        state
            .deployments
            .list_product_deployments(&actor, &environment, &query)
            .await?,
    ))
}
