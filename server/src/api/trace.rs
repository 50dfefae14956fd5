//! The id of a request, in and out, and the span in which everything that it causes is logged.

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::clock::new_id;

/// The header, from callers and to them.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest id that is taken over from a caller.
const MAX_REQUEST_ID: usize = 128;

/// Gives a request its id and its span, and logs how it was answered.
pub(super) async fn trace(request: Request, next: Next) -> Response {
    let id = given_id(request.headers()).unwrap_or_else(made_id);
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map(MatchedPath::as_str);
    let span = tracing::info_span!(
        "request",
        request.id = id.to_str().unwrap_or_default(),
        http.method = %request.method(),
        http.path = route.unwrap_or_else(|| request.uri().path()),
    );
    async move {
        let started = Instant::now();
        let mut response = next.run(request).await;
        tracing::debug!(
            http.status = response.status().as_u16(),
            duration_ms = started.elapsed().as_millis(),
            "answered"
        );
        response.headers_mut().insert(REQUEST_ID, id);
        response
    }
    .instrument(span)
    .await
}

/// The caller's id, where it is one that can stand in a log line.
fn given_id(headers: &HeaderMap) -> Option<HeaderValue> {
    let given = headers.get(REQUEST_ID)?;
    let fits = (1..=MAX_REQUEST_ID).contains(&given.len())
        && given
            .as_bytes()
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte));
    fits.then(|| given.clone())
}

fn made_id() -> HeaderValue {
    // A UUID is made of characters that a header may hold.
    HeaderValue::try_from(new_id().to_string()).unwrap_or(HeaderValue::from_static("none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: &str, kept: bool) {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, HeaderValue::from_str(given).unwrap());
        assert_eq!(given_id(&headers).is_some(), kept, "{given}");
    }

    #[test]
    fn only_ids_that_fit_into_a_log_line_are_taken_over() {
        check("018f0000-0000-7000-8000-000000000001", true);
        check("ci:build_7.2", true);
        check("", false);
        check("two words", false);
        check("\"quoted\"", false);
        check(&"x".repeat(128), true);
        check(&"x".repeat(129), false);
        assert_eq!(given_id(&HeaderMap::new()), None);
    }
}
