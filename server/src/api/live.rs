//! Answers that go on: server-sent events with signs of life, until the reader or the server goes.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
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

/// Whether events carry their ids. A reader comes back with one id, so of what is told together only one kind may have any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ids {
    Told,
    LeftOut,
}

impl Ids {
    /// An event that begins with its id, or without.
    pub(super) fn begin(self, id: impl ToString) -> sse::Event {
        match self {
            Self::Told => sse::Event::default().id(id.to_string()),
            Self::LeftOut => sse::Event::default(),
        }
    }
}

/// Whether the caller would rather have the stream: it is named, and not below JSON.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    let mut best = (0_u16, false);
    let lines = headers
        .get_all(header::ACCEPT)
        .into_iter()
        .filter_map(|line| line.to_str().ok());
    for range in lines.flat_map(|line| line.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let stream = match parts
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase()
            .as_str()
        {
            "text/event-stream" => true,
            "application/json" | "application/*" | "*/*" => false,
            _ => continue,
        };
        let weight = parts
            .find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok())
            .map_or(1000, |weight| (weight.clamp(0.0, 1.0) * 1000.0) as u16);
        // Named wins over a tie.
        if weight > best.0 || (weight == best.0 && stream && weight > 0) {
            best = (weight, stream);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_live_form_is_given_to_those_who_ask_for_it() {
        for (accept, expected) in [
            ("text/event-stream", true),
            ("Text/Event-Stream", true),
            ("text/event-stream, */*", true),
            ("*/*, text/event-stream", true),
            ("application/json, text/event-stream;q=0.5", false),
            ("text/event-stream;q=0", false),
            ("application/json;q=0.4, text/event-stream;q=0.5", true),
            ("application/json", false),
            ("*/*", false),
            ("text/html", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(is_wanted(&headers), expected, "{accept}");
        }
        assert!(!is_wanted(&HeaderMap::new()));
    }
}
