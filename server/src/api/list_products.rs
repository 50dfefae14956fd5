//! `GET /api/products`

use axum::extract::State;
use domain::wire::ProductSummary;

use super::endpoint::Endpoint;
use super::extract::{Caller, Json};
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get("/products", "list_products", list)
        .says("Lists the newest version of every product.")
        .answers::<Vec<ProductSummary>>("By name.")
}

async fn list(State(state): State<AppState>, Caller(actor): Caller) -> Json<Vec<ProductSummary>> {
    Json(state.products.list_products(&actor).products)
}
