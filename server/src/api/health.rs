//! `/health/live`: the process answers. `/health/ready`: it wants requests and every part that it needs answers.

use axum::Router;
use axum::extract::State;
use axum::routing::get;

use super::problem::ApiError;
use crate::state::Readiness;

/// The two addresses that whoever watches over the server asks.
pub fn health(readiness: Readiness) -> Router {
    Router::new()
        .route("/health/live", get(async || "live"))
        .route("/health/ready", get(ready))
        .with_state(readiness)
}

async fn ready(State(readiness): State<Readiness>) -> Result<&'static str, ApiError> {
    readiness.check().await?;
    Ok("ready")
}
