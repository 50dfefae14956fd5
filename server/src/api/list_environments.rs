//! `GET /api/environments`

use axum::extract::State;
use domain::wire::{EnvironmentList, EnvironmentView};

use super::endpoint::Endpoint;
use super::extract::{Caller, Json};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get("/environments", "list_environments", list)
        .says("Lists the environments, the default one first.")
        .answers::<EnvironmentList>("All of them.")
}

async fn list(
    State(state): State<AppState>,
    Caller(actor): Caller,
) -> Result<Json<EnvironmentList>, ApiError> {
    let environments = state.environments.list_environments(&actor).await?;
    let environments = environments.iter().map(EnvironmentView::from).collect();
    Ok(Json(EnvironmentList {
        success: true,
        environments,
    }))
}
