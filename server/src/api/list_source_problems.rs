//! `GET /api/catalog/problems`

use axum::extract::State;
use domain::wire::SourceProblem;

use super::endpoint::Endpoint;
use super::extract::{Caller, Json};
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get("/catalog/problems", "list_source_problems", list)
        .says("Lists what is wrong in the sources of the catalog, errors and warnings.")
        .answers::<Vec<SourceProblem>>("By source and file.")
}

async fn list(State(state): State<AppState>, Caller(actor): Caller) -> Json<Vec<SourceProblem>> {
    Json(state.products.list_products(&actor).problems)
}
