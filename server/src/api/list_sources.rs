//! `GET /api/stack-sources`

use axum::extract::State;
use domain::wire::StackSourceView;

use super::endpoint::Endpoint;
use super::extract::{Caller, Json};
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get("/stack-sources", "list_sources", list)
        .says("Lists the sources of the catalog.")
        .answers::<Vec<StackSourceView>>("All of them, as the server was started with them.")
}

async fn list(State(state): State<AppState>, Caller(actor): Caller) -> Json<Vec<StackSourceView>> {
    Json(state.products.list_sources(&actor))
}
