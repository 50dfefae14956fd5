//! `GET /api/health/{environmentId}/events`: health as it changes, as server-sent events.
//!
//! The first frame has everything, and so has the first one after a break: a reader that comes back misses no state. A slow reader
//! gets the newest state instead of all those between.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{Response, sse};
use domain::wire::{HealthFrame, ProblemKind};
use futures::{Stream, StreamExt as _};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::endpoint::Endpoint;
use super::extract::{Caller, Path, Query};
use super::live::{self, Ids};
use super::problem::ApiError;
use crate::state::AppState;

/// The name under which browsers listen.
const EVENT: &str = "health";

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get("/health/{environmentId}/events", "follow_health", follow)
        .says("Follows the health of an environment: first everything, then what changes, and each look at the engine.")
        .query::<String>("deployment", "Only this product deployment.")
        .answers_with::<HealthFrame>(
            StatusCode::OK,
            "text/event-stream",
            "Events of type `health`, numbered from 1.",
            &[],
        )
        .refuses(ProblemKind::NotFound, "There is no such environment or deployment.")
        .unlimited()
}

#[derive(Debug, Deserialize)]
struct Which {
    deployment: Option<String>,
}

async fn follow(
    State(state): State<AppState>,
    State(shutdown): State<CancellationToken>,
    Caller(actor): Caller,
    Path(environment): Path<String>,
    Query(which): Query<Which>,
) -> Result<Response, ApiError> {
    let only = which.deployment.filter(|id| !id.is_empty());
    let frames = state
        .health
        .follow_health(&actor, &environment, only.as_deref())
        .await?;
    Ok(live::answer(events(frames, Ids::Told), shutdown))
}

/// Ends at a frame that cannot be written: its reader comes back.
pub(super) fn events(
    frames: impl Stream<Item = HealthFrame> + Send + 'static,
    ids: Ids,
) -> impl Stream<Item = sse::Event> + Send + 'static {
    let span = tracing::Span::current();
    frames
        .enumerate()
        .map(move |(before, frame)| match serde_json::to_string(&frame) {
            Ok(data) => Some(ids.begin(before + 1).event(EVENT).data(data)),
            Err(error) => {
                span.in_scope(|| tracing::warn!(%error, "health breaks off"));
                None
            }
        })
        .take_while(|event| std::future::ready(event.is_some()))
        .filter_map(std::future::ready)
}
