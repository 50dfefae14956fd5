//! `GET /api/operations`

use axum::extract::State;
use domain::wire::{OperationList, ProblemKind};
use serde::Deserialize;

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Query};
use super::problem::{ApiError, invalid};
use crate::state::AppState;

/// Lines of a page where the request does not say.
const PAGE_SIZE: u32 = 50;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get("/operations", "list_operations", list)
        .says("Lists operations, the newest first.")
        .query::<String>("environment", "Only those of this environment.")
        .query::<u32>("page", "From 1.")
        .query::<u32>("pageSize", "1 to 200; 50 where it is missing.")
        .answers::<OperationList>("One page.")
        .refuses(ProblemKind::Validation, "A part of the query is wrong.")
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    environment: Option<String>,
    page: Option<u32>,
    page_size: Option<u32>,
}

async fn list(
    State(state): State<AppState>,
    Caller(actor): Caller,
    Query(query): Query<Page>,
) -> Result<Json<OperationList>, ApiError> {
    let environment = query
        .environment
        .filter(|id| !id.is_empty())
        .map(|id| id.parse())
        .transpose();
    let environment = environment.map_err(|_| {
        let message =
            "environment must be the id of an environment; GET /api/environments lists them.";
        invalid(message, [("environment".to_owned(), message.to_owned())])
    })?;
    let page = query.page.unwrap_or(1);
    let page_size = query.page_size.unwrap_or(PAGE_SIZE);
    let listed = state
        .operations
        .list_operations(&actor, environment, page, page_size);
    Ok(Json(listed.await?))
}
