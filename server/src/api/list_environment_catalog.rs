//! `GET /api/environments/{environmentId}/catalog`: the name that some scripts know the list of products by.

use axum::extract::State;
use domain::wire::{ProblemKind, ProductSummary};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get(
        "/environments/{environmentId}/catalog",
        "list_environment_catalog",
        handle,
    )
    .says("Lists the newest version of every product: the same as /products.")
    .answers::<Vec<ProductSummary>>("By name.")
    .refuses(ProblemKind::NotFound, "There is no such environment.")
}

async fn handle(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(environment): Path<String>,
) -> Result<Json<Vec<ProductSummary>>, ApiError> {
    state
        .environments
        .get_environment(&actor, &environment)
        .await?;
    Ok(Json(state.products.list_products(&actor).products))
}
