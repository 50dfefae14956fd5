//! `GET /api/system/info`

use axum::extract::State;
use domain::wire::SystemInfo;

use super::endpoint::Endpoint;
use super::extract::{Caller, Json};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get("/system/info", "get_system_info", show)
        .says("Shows what the server is, what it is set to, and how the engines answer.")
        .answers::<SystemInfo>("All of it, as of now.")
}

async fn show(
    State(state): State<AppState>,
    Caller(actor): Caller,
) -> Result<Json<SystemInfo>, ApiError> {
    Ok(Json(state.system.get_system_info(&actor).await?))
}
