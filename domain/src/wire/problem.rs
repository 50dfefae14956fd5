//! RFC 9457 problem details, with the members that callers of the compatible API read.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What kind of problem; decides the HTTP status in one place of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemKind {
    /// 400: a field is wrong.
    Validation,
    /// 400: well-formed, but not possible as asked.
    BadRequest,
    /// 403: a page of another site asks.
    Forbidden,
    /// 404.
    NotFound,
    /// 409.
    Conflict,
    /// 413.
    TooLarge,
    /// 415.
    UnsupportedMediaType,
    /// 405.
    MethodNotAllowed,
    /// 408.
    Timeout,
    /// 421: the request is meant for another server.
    Misdirected,
    /// 503: the engine or the store does not answer.
    Unavailable,
    /// 500.
    Internal,
}

/// `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    /// Stable slug, such as `urn:windlass:problem:product-not-found`.
    #[serde(rename = "type")]
    pub type_uri: String,
    /// The kind of problem in a few words.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What is wrong with this request and the way out.
    pub detail: String,
    /// Always false; read by callers of the compatible API.
    pub success: bool,
    /// The same as `detail`; read by callers of the compatible API.
    pub message: String,
    /// By field, such as `stackConfigs[0].variables.WEB_PORT`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub errors: BTreeMap<String, Vec<String>>,
    /// Further members.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", flatten)]
    pub extensions: BTreeMap<String, serde_json::Value>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Problem {}
