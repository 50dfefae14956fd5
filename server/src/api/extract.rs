//! What handlers take out of a request and put into an answer, so that every refusal is a problem with the field, the reason
//! and the way out. The only place that uses the web framework's own extractors.
//!
//! A refusal never repeats a value: it may be a secret.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::access::Actor;
use domain::wire::{Problem, ProblemKind};
use futures::StreamExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::problem::{ApiError, internal, invalid, problem};

/// Most bytes of a request's body.
pub const MAX_BODY: usize = 2 * 1024 * 1024;
/// Most bytes that are read and thrown away, so that a caller who sends too much gets to read the answer.
const MAX_DRAIN: usize = 32 * 1024 * 1024;
/// How long a body may take to arrive.
const BODY_WITHIN: Duration = Duration::from_secs(30);

/// Who asks. Until accounts exist, whoever gets through the door is the local operator.
pub(super) struct Caller(pub(super) Actor);

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Ok(Self(Actor::LocalOperator))
    }
}

/// Parts of the path, decoded.
pub(super) struct Path<T>(pub(super) T);

impl<S, T> FromRequestParts<S> for Path<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Send,
{
    type Rejection = ApiError;

    #[expect(
        clippy::disallowed_types,
        reason = "its refusal becomes a problem here"
    )]
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(values)) => Ok(Self(values)),
            Err(rejection) => {
                let detail = format!("The path cannot be read: {}", rejection.body_text());
                Err(problem(
                    ProblemKind::BadRequest,
                    "invalid-path",
                    "The path is not valid",
                    detail,
                )
                .into())
            }
        }
    }
}

/// What follows the question mark. Names that nobody knows are ignored.
pub(super) struct Query<T>(pub(super) T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let text = parts.uri.query().unwrap_or_default();
        let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(text.as_bytes()));
        serde_path_to_error::deserialize(pairs)
            .map(Self)
            .map_err(|error| {
                let field = field_of(error.path(), error.inner());
                let message = format!("{field} is not valid: {}.", without_value(error.inner()));
                invalid(message.clone(), [(field, message)]).into()
            })
    }
}

/// JSON, in and out.
pub(super) struct Json<T>(pub(super) T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        if !is_json(&parts.headers) {
            return Err(not_json().into());
        }
        let reading = read(&parts.headers, body);
        let bytes = tokio::time::timeout(BODY_WITHIN, reading)
            .await
            .map_err(|_| too_slow())??;
        parse(&bytes).map(Self).map_err(ApiError)
    }
}

/// JSON, or nothing at all where everything in it may be left out.
pub(super) struct MaybeJson<T>(pub(super) T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for MaybeJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        let reading = read(&parts.headers, body);
        let bytes = tokio::time::timeout(BODY_WITHIN, reading)
            .await
            .map_err(|_| too_slow())??;
        if bytes.is_empty() {
            return parse(b"{}").map(Self).map_err(ApiError);
        }
        if !is_json(&parts.headers) {
            return Err(not_json().into());
        }
        parse(&bytes).map(Self).map_err(ApiError)
    }
}

fn not_json() -> Problem {
    problem(
        ProblemKind::UnsupportedMediaType,
        "unsupported-media-type",
        "The body is not JSON",
        "The body must be JSON: send it with 'Content-Type: application/json'.",
    )
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(bytes) => {
                let json = HeaderValue::from_static("application/json");
                let fresh = HeaderValue::from_static("no-store");
                let headers = [(header::CONTENT_TYPE, json), (header::CACHE_CONTROL, fresh)];
                (StatusCode::OK, headers, Body::from(bytes)).into_response()
            }
            Err(error) => ApiError(internal(&error)).into_response(),
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let essence = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|essence| essence.trim().to_ascii_lowercase())
        .unwrap_or_default();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// The whole body, or a refusal once it is too large.
async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, ApiError> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<u64>().ok())
        .unwrap_or(0);
    // Whoever waits for `100 Continue` has not sent anything yet and shall not.
    if announced > MAX_BODY as u64 && headers.contains_key(header::EXPECT) {
        return Err(too_large().into());
    }
    let mut chunks = body.into_data_stream();
    let mut bytes = Vec::new();
    let mut seen = 0_usize;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|error| {
            tracing::debug!(error = &error as &dyn std::error::Error, "a body broke off");
            problem(
                ProblemKind::BadRequest,
                "incomplete-body",
                "The body is not complete",
                "The body of the request broke off. Send it again.",
            )
        })?;
        seen = seen.saturating_add(chunk.len());
        if seen > MAX_DRAIN {
            break;
        }
        if seen <= MAX_BODY {
            bytes.extend_from_slice(&chunk);
        }
    }
    if seen > MAX_BODY {
        Err(too_large().into())
    } else {
        Ok(bytes.into())
    }
}

fn too_large() -> Problem {
    problem(
        ProblemKind::TooLarge,
        "body-too-large",
        "The body is too large",
        format!("The body of a request may have at most {MAX_BODY} bytes (2 MiB)."),
    )
}

fn too_slow() -> Problem {
    problem(
        ProblemKind::Timeout,
        "body-too-slow",
        "The body did not arrive",
        format!(
            "The body of the request did not arrive within {} s.",
            BODY_WITHIN.as_secs()
        ),
    )
}

/// Reads JSON; a refusal names the place or the field.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let inner = error.inner();
        if !inner.is_data() {
            return malformed(inner);
        }
        let field = field_of(error.path(), inner);
        let message = wrong_type(&field, inner);
        invalid(message.clone(), [(field, message)])
    })?;
    json.end().map_err(|error| malformed(&error))?;
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> Problem {
    problem(
        ProblemKind::BadRequest,
        "malformed-json",
        "The body is not valid JSON",
        format!(
            "The body is not valid JSON: {} at line {}, column {}.",
            without_place(&error.to_string()),
            error.line(),
            error.column()
        ),
    )
}

/// The field that is wrong, such as `stackConfigs[0].variables.PORT`; `body` where the whole is.
fn field_of(path: &serde_path_to_error::Path, error: &impl ToString) -> String {
    let text = error.to_string();
    // Of a field that is missing or given twice, the path is that of the object around it.
    let within = ["missing field `", "duplicate field `"]
        .iter()
        .find_map(|start| text.strip_prefix(start)?.split('`').next());
    match (path.to_string().as_str(), within) {
        (".", None) => "body".to_owned(),
        (".", Some(field)) => field.to_owned(),
        (path, None) => path.to_owned(),
        (path, Some(field)) => format!("{path}.{field}"),
    }
}

/// What a field must be, as a sentence.
fn wrong_type(field: &str, error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = without_place(&text);
    if text.starts_with("missing field") {
        return format!("{field} is required.");
    }
    if text.starts_with("duplicate field") {
        return format!("{field} is given twice.");
    }
    let Some((found, expected)) = text.rsplit_once(", expected ") else {
        return format!("{field} is not valid: {}.", without_value(error));
    };
    let expected = expected
        .strip_prefix("struct ")
        .map_or(expected, |_| "an object");
    let expected = match expected {
        "a map" => "an object",
        "a sequence" => "an array",
        other => other,
    };
    match found.strip_prefix("invalid type: ").map(kind_of) {
        Some(kind) => format!("{field} must be {expected}, not {kind}."),
        None => format!("{field} must be {expected}."),
    }
}

/// The kind of a value without the value: `string "yes"` is a string.
fn kind_of(found: &str) -> &'static str {
    let kinds = [
        ("string", "a string"),
        ("integer", "a number"),
        ("floating point", "a number"),
        ("boolean", "a boolean"),
        ("null", "null"),
        ("map", "an object"),
        ("sequence", "an array"),
    ];
    kinds
        .into_iter()
        .find_map(|(start, kind)| found.starts_with(start).then_some(kind))
        .unwrap_or("another type")
}

/// The message up to the first quoted value, which is the caller's.
fn without_value(error: &impl ToString) -> String {
    let text = error.to_string();
    let text = without_place(&text);
    match text.split_once(['`', '"']) {
        Some((start, rest)) => {
            let expected = rest
                .rsplit_once(", expected ")
                .map(|(_, expected)| expected);
            let start = start.trim();
            expected.map_or_else(
                || start.to_owned(),
                |expected| format!("{start}, expected {expected}"),
            )
        }
        None => text.to_owned(),
    }
}

fn without_place(text: &str) -> &str {
    text.rsplit_once(" at line ")
        .map_or(text, |(message, _)| message)
}

#[cfg(test)]
mod tests {
    use domain::wire::{DeployProductRequest, DeploymentQuery};

    use super::*;

    fn refusal(json: &str) -> String {
        let problem = parse::<DeployProductRequest>(json.as_bytes()).unwrap_err();
        let fields: Vec<_> = problem.errors.keys().map(String::as_str).collect();
        format!("[{}] {}", fields.join(" "), problem.detail)
    }

    #[test]
    fn a_refused_body_names_the_field_or_the_place_and_no_value() {
        let cases = [
            "",
            "{",
            "{\"productId\": }",
            "{} {}",
            "[]",
            "\"secret\"",
            "{}",
            r#"{"productId": 7, "stackConfigs": []}"#,
            r#"{"productId": "p"}"#,
            r#"{"productId": "p", "stackConfigs": {}}"#,
            r#"{"productId": "p", "stackConfigs": [{}]}"#,
            r#"{"productId": "p", "stackConfigs": [], "continueOnError": "yes, expected"}"#,
            r#"{"productId": "p", "stackConfigs": [], "sharedVariables": []}"#,
            r#"{"productId": "p", "stackConfigs": [{"stackId": "s", "variables": {"PORT": 8080}}]}"#,
            r#"{"productId": "p", "stackConfigs": [{"stackId": "s", "variables": {"PORT": null}}]}"#,
            r#"{"productId": "p", "productId": "q", "stackConfigs": []}"#,
        ];
        let lines: Vec<_> = cases
            .iter()
            .map(|json| format!("{json}\n  {}", refusal(json)))
            .collect();
        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn bytes_that_are_no_text_are_malformed() {
        let problem = parse::<DeployProductRequest>(b"{\"productId\": \"\xff\"}").unwrap_err();
        assert_eq!(problem.type_uri, "urn:windlass:problem:malformed-json");
    }

    #[test]
    fn deep_nesting_is_malformed_and_overflows_nothing() {
        let problem = parse::<serde_json::Value>("[".repeat(100_000).as_bytes()).unwrap_err();
        assert_eq!(problem.type_uri, "urn:windlass:problem:malformed-json");
    }

    #[tokio::test]
    async fn a_query_names_the_parameter() {
        for (query, expected) in [
            ("", Ok(None)),
            ("page=2&unknown=1", Ok(Some(2))),
            (
                "page=two",
                Err("page is not valid: invalid digit found in string."),
            ),
            (
                "status=Nowhere&page=1",
                Err("status is not valid: unknown variant"),
            ),
        ] {
            let request = Request::get(format!("/?{query}"))
                .body(Body::empty())
                .unwrap();
            let (mut parts, _) = request.into_parts();
            let result = Query::<DeploymentQuery>::from_request_parts(&mut parts, &()).await;
            match (result, expected) {
                (Ok(Query(query)), Ok(page)) => assert_eq!(query.page, page),
                (Err(error), Err(start)) => {
                    assert!(error.0.detail.starts_with(start), "{}", error.0.detail);
                }
                (result, _) => panic!("{query}: {:?}", result.map(|query| query.0)),
            }
        }
    }

    #[test]
    fn media_types() {
        for (text, expected) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/merge-patch+json", true),
            ("text/plain", false),
            ("application/x-www-form-urlencoded", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(text));
            assert_eq!(is_json(&headers), expected, "{text}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
