//! The header `Prefer` of RFC 7240: whether a caller wants to wait for the end of what it starts, and how long.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;

use super::problem::ApiError;

/// Longest wait that is honoured; longer ones wait this long.
const MAX_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// How an answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Prefer {
    /// `respond-async`: 202 at once, or after [`Self::wait`].
    pub(super) respond_async: bool,
    /// `wait=N`: how long to wait for the end before answering 202.
    pub(super) wait: Option<Duration>,
}

impl Prefer {
    /// The value of `Preference-Applied` for an answer that did not wait for the end.
    pub(super) fn applied(self) -> String {
        match self.wait {
            Some(wait) => format!("respond-async, wait={}", wait.as_secs()),
            None => "respond-async".to_owned(),
        }
    }

    fn of(headers: &HeaderMap) -> Self {
        let mut found = Self::default();
        let (mut knows_async, mut knows_wait) = (false, false);
        let lines = headers
            .get_all("prefer")
            .into_iter()
            .filter_map(|line| line.to_str().ok());
        for preference in lines.flat_map(|line| split_outside_quotes(line, b',')) {
            // Parameters after `;` belong to preferences that nobody here knows.
            let token = split_outside_quotes(preference, b';')
                .next()
                .unwrap_or_default();
            let (name, value) = token.split_once('=').unwrap_or((token, ""));
            let value = value.trim().trim_matches('"');
            // The first of several with the same name counts.
            match name.trim().to_ascii_lowercase().as_str() {
                "respond-async" if !knows_async => {
                    knows_async = true;
                    found.respond_async = value.is_empty();
                }
                "wait" if !knows_wait => {
                    knows_wait = true;
                    let is_number = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
                    found.wait = is_number.then(|| {
                        // Digits that do not fit are a long wait all the same.
                        let seconds = value.parse().unwrap_or(u64::MAX);
                        Duration::from_secs(seconds).min(MAX_WAIT)
                    });
                }
                _ => {}
            }
        }
        found
    }
}

impl<S: Sync> FromRequestParts<S> for Prefer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self::of(&parts.headers))
    }
}

fn split_outside_quotes(text: &str, separator: u8) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (mut quoted, mut escaped) = (false, false);
        let end = text.bytes().position(|byte| {
            let ends = byte == separator && !quoted;
            quoted ^= byte == b'"' && !escaped;
            escaped = quoted && byte == b'\\' && !escaped;
            ends
        });
        match end.and_then(|end| text.split_at_checked(end)) {
            Some((part, after)) => {
                rest = after.get(1..);
                Some(part)
            }
            None => {
                rest = None;
                Some(text)
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn check(lines: &[&'static str], respond_async: bool, wait: Option<u64>) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("prefer", HeaderValue::from_static(line));
        }
        let expected = Prefer {
            respond_async,
            wait: wait.map(Duration::from_secs),
        };
        assert_eq!(Prefer::of(&headers), expected, "{lines:?}");
    }

    #[test]
    fn preferences_are_read_as_rfc_7240_says() {
        check(&[], false, None);
        check(&[""], false, None);
        check(&["respond-async"], true, None);
        check(&["Respond-Async"], true, None);
        check(&["respond-async, wait=10"], true, Some(10));
        check(&["wait=10,respond-async"], true, Some(10));
        check(
            &["respond-async; foo=\"a,b\" ; bar, wait = 5"],
            true,
            Some(5),
        );
        check(&["respond-async", "wait=\"7\""], true, Some(7));
        check(&["return=minimal, handling=lenient"], false, None);
        check(&["wait=10"], false, Some(10));
        check(&["wait=10, wait=20"], false, Some(10));
        check(&["wait=soon, respond-async"], true, None);
        check(&["wait=-1"], false, None);
        check(&["note=\"respond-async\""], false, None);
        check(&["note=\"a\\\", respond-async\""], false, None);
        check(&["respond-async=\"\""], true, None);
        check(&["wait=99999999999999999999999"], false, Some(86_400));
    }

    #[test]
    fn what_was_applied() {
        let prefer = Prefer {
            respond_async: true,
            wait: Some(Duration::from_secs(10)),
        };
        assert_eq!(prefer.applied(), "respond-async, wait=10");
        assert_eq!(
            Prefer {
                wait: None,
                ..prefer
            }
            .applied(),
            "respond-async"
        );
    }
}
