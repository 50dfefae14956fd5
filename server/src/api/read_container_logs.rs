//! `GET /api/containers/{containerId}/logs`: what a container wrote, as text, or as it comes as server-sent events.
//!
//! A reader that comes back with the time of the last line that it has misses nothing and sees nothing twice.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response, sse};
use domain::wire::{LogChunk, LogLineView, ProblemKind};
use futures::future::ready;
use futures::{Stream, StreamExt as _, stream};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::endpoint::Endpoint;
use super::environment_query::ENVIRONMENT;
use super::extract::{Caller, Path, Query};
use super::live;
use super::problem::{ApiError, invalid};
use crate::containers::{ContainerError, LineTime, LogsWanted};
use crate::state::AppState;

/// The name under which browsers listen for lines.
const EVENT: &str = "log";
/// The name of the last event: the container does not run.
const END: &str = "end";
/// Most lines of one event, and about the most bytes of them: what a page reads within one frame.
const LINES_AT_ONCE: usize = 128;
const BYTES_AT_ONCE: usize = 32 * 1024;
/// Most lines of one piece of text.
const TEXT_AT_ONCE: usize = 1024;

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get("/containers/{containerId}/logs", "read_container_logs", read)
        .says("Gives the last lines of both outputs of a container as text, or where `Accept` is `text/event-stream`, those and all that follow.")
        .query::<String>("environment", ENVIRONMENT)
        .query::<u32>("tail", "How many of the last lines; 200 where it is missing, at most 200000.")
        .query::<String>("after", "Only lines after the one of this time, as `at` gives it.")
        .query::<bool>("timestamps", "Whether each line of the text begins with its time.")
        .header("Last-Event-ID", "As `after`, for the live form; wins over it.")
        .answers_with::<String>(StatusCode::OK, "text/plain", "The lines, oldest first.", &[])
        .answers_with::<LogChunk>(
            StatusCode::OK,
            "text/event-stream",
            "Events of type `log` with the time of their last line as id, and `end` once the container does not run.",
            &[],
        )
        .refuses(ProblemKind::BadRequest, "No environment is named, or `after` is no time.")
        .refuses(ProblemKind::NotFound, "There is no such container.")
        .refuses(ProblemKind::Unavailable, "The engine does not answer.")
        .unlimited()
}

#[derive(Debug, Deserialize)]
struct Which {
    environment: Option<String>,
    tail: Option<u32>,
    after: Option<String>,
    #[serde(default)]
    timestamps: bool,
}

async fn read(
    State(state): State<AppState>,
    State(shutdown): State<CancellationToken>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Query(which): Query<Which>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let environment = which.environment.unwrap_or_default();
    let follow = live::is_wanted(&headers);
    let seen = follow.then_some(&headers);
    let wanted = LogsWanted {
        tail: which.tail,
        after: after(seen, "after", which.after.as_deref())?,
        follow,
    };
    let lines = state
        .containers
        .stream_log_lines(&actor, &environment, &id, &wanted)
        .await?;
    let mut response = if follow {
        let frames = frames(lines, END)
            .take_while(|frame| ready(frame.is_some()))
            .filter_map(ready);
        live::answer(frames, shutdown)
    } else {
        let headers = [
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static("text/plain; charset=utf-8"),
            ),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        (headers, Body::from_stream(text(lines, which.timestamps))).into_response()
    };
    let by_accept = HeaderValue::from_static("accept");
    response.headers_mut().insert(header::VARY, by_accept);
    Ok(response)
}

/// The line after which a reader wants to go on: `field` of the request says it, or the id that it comes back with.
pub(super) fn after(
    headers: Option<&HeaderMap>,
    field: &str,
    after: Option<&str>,
) -> Result<Option<LineTime>, ApiError> {
    let seen = headers.and_then(|headers| headers.get("last-event-id"));
    let seen = seen.map(|seen| ("Last-Event-ID", seen.to_str().unwrap_or("?")));
    let asked = after.map(|after| (field, after));
    let told = [seen, asked].into_iter().flatten();
    let Some((field, text)) = told.into_iter().find(|(_, text)| !text.is_empty()) else {
        return Ok(None);
    };
    LineTime::parse(text).map(Some).ok_or_else(|| {
        let message =
            format!("{field} must be the time of a line, such as 2026-11-26T13:02:11.120345678Z.");
        invalid(message.clone(), [(field.to_owned(), message)]).into()
    })
}

/// Lines as text. Breaks off where the engine does, so that the reader sees that it is not all.
fn text(
    lines: impl Stream<Item = Result<LogLineView, ContainerError>> + Send + 'static,
    stamped: bool,
) -> impl Stream<Item = Result<String, ContainerError>> + Send + 'static {
    lines.ready_chunks(TEXT_AT_ONCE).map(move |lines| {
        let mut text = String::new();
        for line in lines {
            let line = line?;
            if stamped && !line.at.is_empty() {
                text.push_str(&line.at);
                text.push(' ');
            }
            text.push_str(&line.text);
            text.push('\n');
        }
        Ok(text)
    })
}

/// Lines that are there together in one event, then the end, by the name that readers listen for; none where they break off
/// without one, so that the reader comes back and goes on where it was. Nothing after that counts.
pub(super) fn frames(
    lines: impl Stream<Item = Result<LogLineView, ContainerError>> + Send + 'static,
    end: &'static str,
) -> impl Stream<Item = Option<sse::Event>> + Send + 'static {
    let span = tracing::Span::current();
    let chunks = lines.ready_chunks(LINES_AT_ONCE).map(Some);
    chunks
        .chain(stream::once(ready(None)))
        .flat_map(move |chunk| {
            let Some(lines) = chunk else {
                let end = sse::Event::default().event(end).data("{}");
                return stream::iter(vec![Some(end)]);
            };
            let (events, broken) = events(lines);
            let mut frames: Vec<_> = events.into_iter().map(Some).collect();
            if let Some(error) = broken {
                span.in_scope(|| tracing::warn!(error, "output breaks off"));
                frames.push(None);
            }
            stream::iter(frames)
        })
}

fn events(
    lines: Vec<Result<LogLineView, ContainerError>>,
) -> (Vec<sse::Event>, Option<Box<dyn std::error::Error>>) {
    let (mut events, mut together, mut bytes) = (Vec::new(), Vec::new(), 0);
    let mut broken: Option<Box<dyn std::error::Error>> = None;
    for line in lines {
        match line {
            Ok(line) => {
                bytes += line.text.len();
                together.push(line);
            }
            Err(error) => {
                broken = Some(error.into());
                break;
            }
        }
        if bytes >= BYTES_AT_ONCE {
            bytes = 0;
            match event(std::mem::take(&mut together)) {
                Ok(event) => events.push(event),
                Err(error) => return (events, Some(error.into())),
            }
        }
    }
    if !together.is_empty() {
        match event(together) {
            Ok(event) => events.push(event),
            Err(error) => return (events, Some(error.into())),
        }
    }
    (events, broken)
}

fn event(lines: Vec<LogLineView>) -> Result<sse::Event, serde_json::Error> {
    let mut event = sse::Event::default().event(EVENT);
    if let Some(last) = lines.iter().rev().find(|line| !line.at.is_empty()) {
        event = event.id(&last.at);
    }
    Ok(event.data(serde_json::to_string(&LogChunk { lines })?))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn line(number: usize, text: &str) -> Result<LogLineView, ContainerError> {
        Ok(LogLineView {
            at: format!("2026-11-26T00:00:00.{number:09}Z"),
            stderr: false,
            text: text.to_owned(),
        })
    }

    #[tokio::test]
    async fn lines_that_are_there_come_together_and_not_too_many_at_once() {
        let many = (0..LINES_AT_ONCE + 1).map(|number| line(number, "x"));
        let frames: Vec<_> = frames(stream::iter(many), END).collect().await;
        // Two events, and the end.
        assert_eq!(frames.len(), 3);
        let long = "x".repeat(BYTES_AT_ONCE);
        let (events, broken) = events(vec![line(1, &long), line(2, &long), line(3, "x")]);
        assert_eq!((events.len(), broken.is_none()), (3, true));
    }

    #[tokio::test]
    async fn an_engine_that_breaks_off_leaves_no_end() {
        let broken = [
            line(1, "x"),
            Err(ContainerError::TooSlow(Duration::from_secs(1))),
            line(2, "y"),
        ];
        let frames: Vec<_> = frames(stream::iter(broken), END)
            .take_while(|frame| ready(frame.is_some()))
            .collect()
            .await;
        assert_eq!(frames.len(), 1);
        let broken = [
            line(1, "x"),
            Err(ContainerError::TooSlow(Duration::from_secs(1))),
        ];
        let text: Vec<_> = text(stream::iter(broken), false).collect().await;
        assert!(text.iter().all(Result::is_err));
    }
}
