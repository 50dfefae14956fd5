//! Answers that go on: server-sent events with signs of life, until the reader or the server goes.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::{HeaderValue, header};
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::stream::{self, Stream, StreamExt as _};
use tokio_util::sync::CancellationToken;

/// Between two signs of life, so that nobody on the way closes a silent connection.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long browsers wait before they come back.
const COME_BACK_AFTER: Duration = Duration::from_secs(1);

/// Sends frames as they come. Stops with the server, without an end: readers come back.
pub(super) fn answer(
    frames: impl Stream<Item = sse::Event> + Send + 'static,
    shutdown: CancellationToken,
) -> Response {
    let first = sse::Event::default().retry(COME_BACK_AFTER);
    let frames = stream::once(std::future::ready(first))
        .chain(frames)
        .map(Ok::<_, Infallible>)
        .take_until(shutdown.cancelled_owned());
    let alive = KeepAlive::new().interval(HEARTBEAT).text("alive");
    let mut response = Sse::new(frames).keep_alive(alive).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}
