//! `GET /api/operations/{operationId}/events`: the journal, as a page of JSON or live as server-sent events.
//!
//! A reader that comes back with the number of the last event that it saw misses nothing and sees nothing twice. The live form
//! is pulled by its reader: when the reader goes away, nothing is left behind.

use std::error::Error;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::sse;
use axum::response::{IntoResponse as _, Response};
use domain::operation::event::Event;
use domain::wire::{EventPage, ProblemKind};
use futures::future::ready;
use futures::stream::{self, Stream, StreamExt as _};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::endpoint::Endpoint;
use super::extract::{Caller, Json, Path, Query};
use super::live::{self, Ids};
use super::problem::{ApiError, invalid};
use crate::operations::{EVENTS_PER_PAGE, OperationError};
use crate::state::AppState;

/// The name under which browsers listen for events of the journal.
const EVENT: &str = "operation-event";
/// The name of the last event; browsers would otherwise come back after it.
const END: &str = "end";

pub(super) fn endpoint() -> Endpoint {
    Endpoint::get("/operations/{operationId}/events", "list_events", list)
        .says("Gives the events of an operation: a page as JSON, or all as they come where `Accept` is `text/event-stream`.")
        .query::<i64>("after", "The number of the last event that is known; 0 for all.")
        .query::<u32>("limit", "Most events of a page of JSON; 500 where it is missing or larger.")
        .header("Last-Event-ID", "As `after`, for the live form; wins over it.")
        .answers::<EventPage>("One page.")
        .answers_with::<String>(
            StatusCode::OK,
            "text/event-stream",
            "Events of type `operation-event` with the number as id, and `end` after the last one.",
            &[],
        )
        .refuses(ProblemKind::Validation, "`after`, `limit` or `Last-Event-ID` is not a number.")
        .refuses(ProblemKind::NotFound, "There is no such operation.")
        .unlimited()
}

#[derive(Debug, Deserialize)]
struct Range {
    after: Option<String>,
    limit: Option<u32>,
}

async fn list(
    State(state): State<AppState>,
    State(shutdown): State<CancellationToken>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Query(range): Query<Range>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if live::is_wanted(&headers) {
        let after = self::after(Some(&headers), range.after.as_deref())?;
        let events = state
            .operations
            .follow_operation(&actor, &id, after)
            .await?;
        let frames = frames(events, Ids::Told)
            .take_while(|frame| ready(frame.is_some()))
            .filter_map(ready);
        let mut response = live::answer(frames, shutdown);
        response
            .headers_mut()
            .insert(header::VARY, HeaderValue::from_static("accept"));
        return Ok(response);
    }
    let after = number("after", range.after.as_deref())?.unwrap_or(0);
    let limit = range.limit.unwrap_or(EVENTS_PER_PAGE);
    let read = state
        .operations
        .list_events(&actor, &id, after, limit)
        .await?;
    let page = EventPage {
        next_after: read.events.last().map_or(after, |event| event.seq),
        events: read.events,
        has_more: read.has_more,
        complete: read.complete,
    };
    let mut response = Json(page).into_response();
    response
        .headers_mut()
        .insert(header::VARY, HeaderValue::from_static("accept"));
    Ok(response)
}

/// The number after which a live reader wants to go on. Without headers where the id in them is of something else.
pub(super) fn after(headers: Option<&HeaderMap>, after: Option<&str>) -> Result<i64, ApiError> {
    let seen = headers
        .and_then(|headers| headers.get("last-event-id"))
        .map(|seen| seen.to_str().unwrap_or_default());
    let seen = number("Last-Event-ID", seen)?;
    Ok(seen.or(number("after", after)?).unwrap_or(0))
}

/// Events of the journal as frames, then the end; none where they break off without one, so that the reader comes back.
pub(super) fn frames(
    events: impl Stream<Item = Result<Arc<Event>, OperationError>> + Send + 'static,
    ids: Ids,
) -> impl Stream<Item = Option<sse::Event>> + Send + 'static {
    let span = tracing::Span::current();
    stream::unfold(Some(Box::pin(events)), move |events| {
        let span = span.clone();
        async move {
            let mut events = events?;
            let frame = match events.next().await {
                Some(Ok(event)) => {
                    frame(&event, ids).map_err(|error| Box::new(error) as Box<dyn Error>)
                }
                Some(Err(error)) => Err(Box::new(error) as Box<dyn Error>),
                None => return Some((Some(end()), None)),
            };
            match frame {
                Ok(frame) => Some((Some(frame), Some(events))),
                Err(error) => {
                    span.in_scope(|| tracing::warn!(error, "events break off"));
                    Some((None, None))
                }
            }
        }
    })
}

fn frame(event: &Event, ids: Ids) -> Result<sse::Event, serde_json::Error> {
    let data = serde_json::to_string(event)?;
    Ok(ids.begin(event.seq).event(EVENT).data(data))
}

fn end() -> sse::Event {
    sse::Event::default().event(END).data("{}")
}

fn number(name: &str, text: Option<&str>) -> Result<Option<i64>, ApiError> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    text.parse()
        .ok()
        .filter(|number| *number >= 0)
        .map(Some)
        .ok_or_else(|| {
            let message = format!("{name} must be the number of an event: 0 or more.");
            invalid(message.clone(), [(name.to_owned(), message)]).into()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_events() {
        let read = |text| number("after", text).map_err(|error| error.0.detail);
        assert_eq!(read(None), Ok(None));
        assert_eq!(read(Some("")), Ok(None));
        assert_eq!(read(Some("0")), Ok(Some(0)));
        assert_eq!(read(Some("17")), Ok(Some(17)));
        for wrong in ["-1", "x", "1.5", "99999999999999999999"] {
            let sentence = "after must be the number of an event: 0 or more.".to_owned();
            assert_eq!(read(Some(wrong)), Err(sentence), "{wrong}");
        }
    }
}
