//! `GET /api/products/{productId}`

use axum::extract::State;
use domain::wire::{ProblemKind, ProductDetail};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get("/products/{productId}", "get_product", show)
        .says("Shows one product by its id, or the newest version of a group by the group's id.")
        .answers::<ProductDetail>("The product.")
        .refuses(ProblemKind::NotFound, "The catalog has no such product.")
}

async fn show(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<Json<ProductDetail>, ApiError> {
    Ok(Json(state.products.get_product(&actor, &id)?))
}
