//! The environment as a part of the query, for what is asked of its engine.

use serde::Deserialize;

/// What the document says about it.
pub(super) const ENVIRONMENT: &str = "The id of the environment; required.";

/// `?environment=`, and whether something is to be done all the same.
#[derive(Debug, Deserialize)]
pub(super) struct EnvironmentQuery {
    environment: Option<String>,
    #[serde(default)]
    force: bool,
}

impl EnvironmentQuery {
    /// As it was given; empty where it was not.
    pub(super) fn environment(&self) -> &str {
        self.environment.as_deref().unwrap_or_default()
    }

    pub(super) const fn force(&self) -> bool {
        self.force
    }
}
