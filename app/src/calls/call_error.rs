//! How a call of a page fails: always with a [`Problem`], whether the server refused or could not be reached.

use std::collections::BTreeMap;
use std::fmt;

use crate::json::Json;
use domain::wire::Problem;
use serde::{Deserialize, Serialize};
use server_fn::error::{FromServerFnError, ServerFnErrorErr};

/// A problem on its way to the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallError(pub Problem);

impl CallError {
    /// A problem that arises here, not in a use case.
    #[must_use]
    pub fn new(slug: &str, status: u16, title: &str, detail: &str) -> Self {
        Self(Problem {
            type_uri: format!("urn:windlass:problem:{slug}"),
            title: title.to_owned(),
            status,
            detail: detail.to_owned(),
            success: false,
            message: detail.to_owned(),
            errors: BTreeMap::new(),
            extensions: BTreeMap::new(),
        })
    }
}

impl From<Problem> for CallError {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for CallError {}

impl FromServerFnError for CallError {
    type Encoder = Json;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) => Self::new(
                "unreachable",
                503,
                "Windlass does not answer",
                "The server could not be reached. What runs there goes on; try again in a moment.",
            ),
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => Self::new(
                "unreadable-form",
                400,
                "The form could not be read",
                "Something in it is missing or malformed. Reload the page and try again.",
            ),
            _ => Self::new(
                "unreadable-answer",
                500,
                "The answer could not be read",
                "The page may be older than the server. Reload it and try again.",
            ),
        }
    }
}
