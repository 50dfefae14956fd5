//! `GET /api/deployments`: for scripts that know no environments.

use axum::extract::State;
use domain::wire::{AllDeployments, ProblemKind};
use serde::Deserialize;

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Query};
use super::problem::ApiError;
use crate::state::AppState;

#[derive(Deserialize)]
struct Asked {
    environment: Option<String>,
}

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get("/deployments", "list_all_deployments", handle)
        .says("Lists stacks and products that are deployed in one environment.")
        .query::<Option<String>>(
            "environment",
            "Its id; the default one where it is missing.",
        )
        .answers::<AllDeployments>(
            "The newest first, in the shapes of the two lists of the environment.",
        )
        .refuses(ProblemKind::NotFound, "There is no such environment.")
}

async fn handle(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Query(asked): Query<Asked>,
) -> Result<Json<AllDeployments>, ApiError> {
    let found = state
        .deployments
        .list_all_deployments(&actor, asked.environment.as_deref())
        .await?;
    Ok(Json(found))
}
