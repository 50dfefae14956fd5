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
use super::live::{self, Ids};
use super::problem::ApiError;
use super::{follow_health, list_events, read_container_logs};
use crate::containers::LogsWanted;
use crate::state::AppState;

/// The name of what is being done.
const ACTIVITY: &str = "activity";
/// The name of a look at the health of everything.
const HEALTH_NOTICE: &str = "health-notice";
/// The name of a sign of life: browsers do not show comments to pages.
const ALIVE: &str = "alive";
/// The name of the last frame of a log: its container does not run. The others go on.
const LOG_END: &str = "log-end";
/// Between two signs of life.
const SIGN_OF_LIFE: Duration = Duration::from_secs(10);

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get(
        "/environments/{environmentId}/events",
        "follow_environment",
        follow,
    )
    .says(
        "Follows an environment: what is being done (`activity`), that its health was looked at (`health-notice`) or, of one \
         deployment, the health itself (`health`), the events of one operation, and what one container writes.",
    )
    .query::<String>("deployment", "The product deployment whose health is told.")
    .query::<String>("operation", "The operation whose events are told.")
    .query::<i64>("after", "The number of the operation's last event that is known; 0 for all.")
    .query::<String>("log", "The container whose lines are told, of both outputs.")
    .query::<u32>("logTail", "With how many of its last lines to begin; 200 where it is missing, at most 200000.")
    .query::<String>("logAfter", "Only lines after the one of this time, as `at` gives it.")
    .header("Last-Event-ID", "As `logAfter` where `log` is asked for, else as `after`; wins over it.")
    .answers_with::<ActivityView>(
        StatusCode::OK,
        "text/event-stream",
        "Events of the types `activity`, `health-notice`, `health`, `operation-event` (with its number as id, unless `log` is asked \
         for), `end` after the last of these, `log` (with the time of its last line as id), `log-end` once the container does not \
         run, and `alive` every ten seconds.",
        &[],
    )
    .refuses(ProblemKind::Validation, "`after` is not a number, `logAfter` is no time, or `Last-Event-ID` is not what it should be.")
    .refuses(ProblemKind::NotFound, "There is no such environment, deployment, operation or container.")
    .refuses(ProblemKind::Unavailable, "A log is asked for, and the engine does not answer.")
    .unlimited()
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Which {
    deployment: Option<String>,
    operation: Option<String>,
    after: Option<String>,
    log: Option<String>,
    log_tail: Option<u32>,
    log_after: Option<String>,
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
        ended(follow_health::events(health, Ids::LeftOut).map(Some))
    } else {
        ended(health.map(|frame| json(HEALTH_NOTICE, &notice(&frame))))
    };
    let mut all: Vec<Frames> = vec![
        ended(activity.map(|view: Arc<ActivityView>| json(ACTIVITY, &*view))),
        health,
        signs_of_life(),
    ];
    let log = which.log.filter(|id| !id.is_empty());
    if let Some(operation) = which.operation.filter(|id| !id.is_empty()) {
        // A reader comes back with the id of one of the two.
        let (seen, ids) = match log {
            None => (Some(&headers), Ids::Told),
            Some(_) => (None, Ids::LeftOut),
        };
        let after = list_events::after(seen, which.after.as_deref())?;
        let events = state
            .operations
            .follow_operation_in(&actor, &environment, &operation, after)
            .await?;
        // Its end is one of its frames; the others go on.
        all.push(list_events::frames(events, ids).boxed());
    }
    if let Some(container) = log {
        let after = which.log_after.as_deref();
        let wanted = LogsWanted {
            tail: which.log_tail,
            after: read_container_logs::after(Some(&headers), "logAfter", after)?,
            follow: true,
        };
        let lines = state
            .containers
            .stream_log_lines(&actor, &environment, &container, &wanted)
            .await?;
        all.push(read_container_logs::frames(lines, LOG_END).boxed());
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
