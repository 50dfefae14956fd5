//! `GET /api/environments/{environmentId}/events`: all that a page shows live, as one stream of server-sent events.
//!
//! Browsers allow few connections to one server, and a person opens many tabs: each tab needs one of these and nothing else.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Response, sse};
use domain::wire::{ActivityView, HealthFrame, HealthNotice, ProblemKind};
use futures::future::ready;
use futures::stream::{self, BoxStream, StreamExt as _};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::endpoint::Endpoint;
use super::extract::{Caller, Path, Query};
use super::problem::ApiError;
use super::{follow_health, list_events, live};
use crate::state::AppState;

/// The name of what is being done.
const ACTIVITY: &str = "activity";
/// The name of a look at the health of everything.
const HEALTH_NOTICE: &str = "health-notice";
/// The name of a sign of life: browsers do not show comments to pages.
const ALIVE: &str = "alive";
/// Between two of them.
const SIGN_OF_LIFE: Duration = Duration::from_secs(10);

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get(
        "/environments/{environmentId}/events",
        "follow_environment",
        follow,
    )
    .says(
        "Follows an environment: what is being done (`activity`), that its health was looked at (`health-notice`) or, of one \
         deployment, the health itself (`health`), and the events of one operation.",
    )
    .query::<String>("deployment", "The product deployment whose health is told.")
    .query::<String>("operation", "The operation whose events are told.")
    .query::<i64>("after", "The number of the operation's last event that is known; 0 for all.")
    .header("Last-Event-ID", "As `after`; wins over it.")
    .answers_with::<ActivityView>(
        StatusCode::OK,
        "text/event-stream",
        "Events of the types `activity`, `health-notice`, `health`, `operation-event` (with its number as id), `end` after the last \
         of these, and `alive` every ten seconds.",
        &[],
    )
    .refuses(ProblemKind::Validation, "`after` or `Last-Event-ID` is not a number.")
    .refuses(ProblemKind::NotFound, "There is no such environment, deployment or operation.")
    .unlimited()
}

#[derive(Debug, Deserialize)]
struct Which {
    deployment: Option<String>,
    operation: Option<String>,
    after: Option<String>,
}

/// Frames; none where the stream has to end so that its reader comes back.
type Frames = BoxStream<'static, Option<sse::Event>>;

async fn follow(
    State(state): State<AppState>,
    State(shutdown): State<CancellationToken>,
    Caller(actor): Caller,
    Path(environment): Path<String>,
    Query(which): Query<Which>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let activity = state
        .activities
        .follow_activity(&actor, &environment)
        .await?;
    let deployment = which.deployment.filter(|id| !id.is_empty());
    let health = state
        .health
        .follow_health(&actor, &environment, deployment.as_deref())
        .await?;
    let health: Frames = if deployment.is_some() {
        ended(follow_health::events(health).map(Some))
    } else {
        ended(health.map(|frame| json(HEALTH_NOTICE, &notice(&frame))))
    };
    let mut all: Vec<Frames> = vec![
        ended(activity.map(|view: Arc<ActivityView>| json(ACTIVITY, &*view))),
        health,
        signs_of_life(),
    ];
    if let Some(operation) = which.operation.filter(|id| !id.is_empty()) {
        let after = list_events::after(&headers, which.after.as_deref())?;
        let events = state
            .operations
            .follow_operation_in(&actor, &environment, &operation, after)
            .await?;
        // Its end is one of its frames; the others go on.
        all.push(list_events::frames(events).boxed());
    }
    let frames = stream::select_all(all)
        .take_while(|frame| ready(frame.is_some()))
        .filter_map(ready);
    Ok(live::answer(frames, shutdown))
}

/// The end of one of the parts is the end of all.
fn ended(frames: impl stream::Stream<Item = Option<sse::Event>> + Send + 'static) -> Frames {
    frames.chain(stream::once(ready(None))).boxed()
}

fn signs_of_life() -> Frames {
    stream::unfold((), |()| async {
        tokio::time::sleep(SIGN_OF_LIFE).await;
        Some((Some(sse::Event::default().event(ALIVE).data("{}")), ()))
    })
    .boxed()
}

fn notice(frame: &HealthFrame) -> HealthNotice {
    HealthNotice {
        observed_at: frame.observed_at,
        engine_answers: frame.engine_answers,
        changed: frame.complete || !frame.deployments.is_empty() || !frame.gone.is_empty(),
    }
}

fn json(name: &str, content: &impl Serialize) -> Option<sse::Event> {
    match serde_json::to_string(content) {
        Ok(data) => Some(sse::Event::default().event(name).data(data)),
        Err(error) => {
            tracing::warn!(%error, "a live answer breaks off");
            None
        }
    }
}
