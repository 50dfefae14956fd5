//! `/health/live`: the process answers. `/health/ready`: it wants requests and every part that it needs answers.

use std::error::Error;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use tokio_util::sync::CancellationToken;

use super::Door;
use super::problem::ApiError;
use crate::state::AppState;

/// How long a part may take to say that it is there.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// Why requests should not come. Says which part; what the part said is the source.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotReady {
    /// The end has begun.
    #[error("Not ready: Windlass is stopping.")]
    Stopping,
    /// The database says that it does not work.
    #[error("Not ready: the database does not work.")]
    Broken(#[source] Box<dyn Error + Send + Sync>),
    /// The database says nothing.
    #[error("Not ready: the database did not answer within {} s.", READY_WITHIN.as_secs())]
    Silent,
}

/// The two addresses that whoever watches over the server asks.
pub(super) fn routes() -> Router<Door> {
    Router::new()
        .route("/health/live", get(async || "live"))
        .route("/health/ready", get(ready))
}

async fn ready(
    State(state): State<AppState>,
    State(shutdown): State<CancellationToken>,
) -> Result<&'static str, ApiError> {
    if shutdown.is_cancelled() {
        return Err(NotReady::Stopping.into());
    }
    match tokio::time::timeout(READY_WITHIN, state.readiness.check()).await {
        Ok(Ok(())) => Ok("ready"),
        Ok(Err(error)) => Err(NotReady::Broken(Box::new(error)).into()),
        Err(_) => Err(NotReady::Silent.into()),
    }
}
