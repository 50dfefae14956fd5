//! Requests over HTTP and HTTPS: one connection each, no redirects, no proxy, an answer of bounded size in bounded time.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::maintenance::{HttpSource, JsonPath, Secret};
use http::header::{AUTHORIZATION, HeaderName, HeaderValue, USER_AGENT};
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use super::MAX_TEXT;

const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("windlass/", env!("CARGO_PKG_VERSION")));

/// Why a request has no usable answer. Names the host only: the rest of an address may hold a key.
#[derive(Debug, thiserror::Error)]
pub enum HttpFailure {
    /// It is no address, or a header is none.
    #[error(
        "The address or a header in the manifest cannot be used. Check both for blanks and line breaks."
    )]
    Unusable,
    /// HTTPS without anybody to trust.
    #[error(
        "This machine knows no certificate authority, so HTTPS cannot be used ({source}). Install its package ca-certificates."
    )]
    NoAuthorities { source: Arc<io::Error> },
    /// No connection, or no answer on it.
    #[error(
        "{host} cannot be reached: {cause}. Check that it runs and that the address in the manifest is right."
    )]
    Unreachable { host: String, cause: String },
    /// The time is up.
    #[error(
        "{host} did not answer within {timeout:?}. Check that it is well, or raise the timeout in the manifest."
    )]
    TimedOut { host: String, timeout: Duration },
    /// A redirect.
    #[error(
        "{host} answered {status}, a redirect, which is not followed. Write the address that it leads to."
    )]
    Redirected { host: String, status: u16 },
    /// A status that is no success.
    #[error("{host} answered {status}, which does not count as an answer.")]
    Status { host: String, status: u16 },
    /// An answer that is larger than anything that is read.
    #[error("The answer of {host} is larger than {MAX_TEXT} bytes.")]
    TooLarge { host: String },
    /// The connection ended within the answer.
    #[error("The answer of {host} broke off: {cause}.")]
    Cut { host: String, cause: String },
    /// The answer is no UTF-8.
    #[error("The answer of {host} is not text.")]
    NotText { host: String },
    /// The answer is no JSON.
    #[error("The answer of {host} is not JSON, but the manifest has a jsonPath.")]
    NotJson { host: String },
    /// There is nothing, or more than a value, at the path.
    #[error(
        "The answer of {host} has no single value at '{path}'. Correct jsonPath in the manifest."
    )]
    NoValue { host: String, path: String },
}

impl HttpFailure {
    /// Whether the same request may well succeed a little later.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Cut { .. } => true,
            Self::Status { status, .. } => *status >= 500 || matches!(status, 408 | 425 | 429),
            _ => false,
        }
    }
}

/// Sends requests.
#[derive(Clone)]
pub(super) struct Client {
    plain: Pool<HttpConnector, Full<Bytes>>,
    encrypted: Result<Pool<HttpsConnector<HttpConnector>, Full<Bytes>>, Arc<io::Error>>,
}

/// What is sent.
pub(super) struct Outgoing<'a> {
    pub(super) method: Method,
    pub(super) url: &'a Secret,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Bytes,
    /// For connection, request and answer together.
    pub(super) timeout: Duration,
}

/// What came back.
pub(super) struct Incoming {
    pub(super) host: String,
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
}

impl Client {
    pub(super) fn new() -> Self {
        // Nothing is kept open between checks.
        let pool = || {
            let mut builder = Pool::builder(TokioExecutor::new());
            builder.pool_max_idle_per_host(0);
            builder
        };
        let encrypted = HttpsConnectorBuilder::new()
            .with_native_roots()
            .map(|roots| roots.https_only().enable_http1().build())
            .map(|connector| pool().build(connector))
            .map_err(Arc::new);
        Self {
            plain: pool().build(HttpConnector::new()),
            encrypted,
        }
    }

    /// Sends a request and reads the whole answer, whatever its status.
    pub(super) async fn send(&self, outgoing: Outgoing<'_>) -> Result<Incoming, HttpFailure> {
        let timeout = outgoing.timeout;
        let (host, request, encrypted) = request(outgoing)?;
        match tokio::time::timeout(timeout, self.exchange(&host, request, encrypted)).await {
            Ok(answer) => answer,
            Err(_) => Err(HttpFailure::TimedOut { host, timeout }),
        }
    }

    async fn exchange(
        &self,
        host: &str,
        request: Request<Full<Bytes>>,
        encrypted: bool,
    ) -> Result<Incoming, HttpFailure> {
        let host = || host.to_owned();
        let sending = if encrypted {
            match &self.encrypted {
                Ok(pool) => pool.request(request),
                Err(error) => {
                    return Err(HttpFailure::NoAuthorities {
                        source: Arc::clone(error),
                    });
                }
            }
        } else {
            self.plain.request(request)
        };
        let response = sending.await.map_err(|error| HttpFailure::Unreachable {
            host: host(),
            cause: root_cause(&error),
        })?;
        let status = response.status();
        let body = Limited::new(response.into_body(), MAX_TEXT)
            .collect()
            .await
            .map_err(|error| match error.is::<LengthLimitError>() {
                true => HttpFailure::TooLarge { host: host() },
                false => HttpFailure::Cut {
                    host: host(),
                    cause: root_cause(error.as_ref()),
                },
            })?
            .to_bytes();
        Ok(Incoming {
            host: host(),
            status,
            body,
        })
    }
}

/// Host and port as they are shown, the request, and whether it goes over TLS.
fn request(outgoing: Outgoing<'_>) -> Result<(String, Request<Full<Bytes>>, bool), HttpFailure> {
    let uri: Uri = outgoing
        .url
        .expose()
        .parse()
        .map_err(|_| HttpFailure::Unusable)?;
    let authority = uri.authority().ok_or(HttpFailure::Unusable)?.as_str();
    let (account, host) = match authority.rsplit_once('@') {
        Some((account, host)) => (Some(account.to_owned()), host.to_owned()),
        None => (None, authority.to_owned()),
    };
    let encrypted = uri.scheme_str() == Some("https");
    let mut parts = uri.into_parts();
    parts.authority = Some(host.parse().map_err(|_| HttpFailure::Unusable)?);
    let uri = Uri::from_parts(parts).map_err(|_| HttpFailure::Unusable)?;
    let mut request = Request::new(Full::new(outgoing.body));
    *request.method_mut() = outgoing.method;
    *request.uri_mut() = uri;
    let headers = request.headers_mut();
    headers.insert(USER_AGENT, AGENT);
    if let Some(account) = account {
        let mut value = HeaderValue::try_from(format!("Basic {}", BASE64.encode(account)))
            .map_err(|_| HttpFailure::Unusable)?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    headers.extend(outgoing.headers);
    Ok((host, request, encrypted))
}

/// The value in the answer to an observer's request.
pub(super) async fn observe(client: &Client, source: &HttpSource) -> Result<String, HttpFailure> {
    let mut headers = Vec::new();
    for (name, value) in &source.headers {
        let name = HeaderName::try_from(name.as_str()).map_err(|_| HttpFailure::Unusable)?;
        let mut value = HeaderValue::try_from(value.expose()).map_err(|_| HttpFailure::Unusable)?;
        value.set_sensitive(true);
        headers.push((name, value));
    }
    let answer = client
        .send(Outgoing {
            method: Method::from_bytes(source.method.as_str().as_bytes())
                .map_err(|_| HttpFailure::Unusable)?,
            url: &source.url,
            headers,
            body: Bytes::new(),
            timeout: source.timeout,
        })
        .await?;
    let counts = match source.expected_statuses.as_slice() {
        [] => answer.status.is_success(),
        expected => expected.contains(&answer.status.as_u16()),
    };
    if !counts {
        return Err(unexpected(answer.host, answer.status));
    }
    let host = answer.host;
    let text = String::from_utf8(answer.body.into())
        .map_err(|_| HttpFailure::NotText { host: host.clone() })?;
    match &source.json_path {
        None => Ok(text.trim().to_owned()),
        Some(path) => value_at(path, &text, host),
    }
}

/// A status that is no answer.
pub(super) fn unexpected(host: String, status: StatusCode) -> HttpFailure {
    let code = status.as_u16();
    match status.is_redirection() {
        true => HttpFailure::Redirected { host, status: code },
        false => HttpFailure::Status { host, status: code },
    }
}

fn value_at(path: &JsonPath, text: &str, host: String) -> Result<String, HttpFailure> {
    let Ok(json) = serde_json::from_str::<Value>(text) else {
        return Err(HttpFailure::NotJson { host });
    };
    match path.find(&json) {
        Some(Value::String(text)) => Ok(text.trim().to_owned()),
        Some(Value::Bool(flag)) => Ok(flag.to_string()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        _ => Err(HttpFailure::NoValue {
            host,
            path: path.to_string(),
        }),
    }
}

/// What lies at the bottom of an error: the ones above only say that something failed.
fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
