//! `GET /api/environments/{environmentId}/product-deployments/{productDeploymentId}/configuration`

use axum::extract::State;
use domain::wire::{ConfigurationView, ProblemKind};
use serde::Deserialize;

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path, Query};
use super::problem::ApiError;
use crate::state::AppState;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get(
        "/environments/{environmentId}/product-deployments/{productDeploymentId}/configuration",
        "get_configuration",
        handle,
    )
    .says("Shows what each variable of a deployed product holds, or would hold in another version. Secrets are not shown.")
    .query::<String>("target", "Id of the other version; the one that is deployed where it is missing.")
    .answers::<ConfigurationView>("The stacks with their variables; `defaultValue` is what holds where nothing is given.")
    .refuses(
        ProblemKind::NotFound,
        "There is no such product deployment in this environment, or no such version.",
    )
}

#[derive(Debug, Deserialize)]
struct Asked {
    target: Option<String>,
}

async fn handle(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Path((environment, id)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Json<ConfigurationView>, ApiError> {
    let found = state
        .deployments
        .get_configuration(&actor, &environment, &id, asked.target.as_deref())
        .await?;
    Ok(Json(found))
}
