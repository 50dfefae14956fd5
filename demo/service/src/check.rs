//! The health-check client: one request, one line, exit 0 or 1.
//!
//! This is what `HEALTHCHECK` runs in an image that has no shell and no curl.

use std::process::ExitCode;
use std::time::Duration;

use crate::http::client;
use crate::http::url::Url;
use crate::log;

/// A health check that takes longer than this has failed.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Asks `url` once.
pub(crate) fn run(url: &str) -> ExitCode {
    let answer = match Url::parse(url) {
        Ok(parsed) => client::request("GET", &parsed, b"", TIMEOUT).map_err(|e| e.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match answer {
        Ok(response) if response.is_success() => {
            log::out(&format!("healthy: {url} answered {}", response.status));
            ExitCode::SUCCESS
        }
        Ok(response) => {
            log::out(&format!(
                "unhealthy: {url} answered {}: {}",
                response.status,
                response.text_line()
            ));
            ExitCode::FAILURE
        }
        Err(error) => {
            log::out(&format!("unhealthy: {url}: {error}"));
            ExitCode::FAILURE
        }
    }
}
