//! Where log lines go: to standard error, filtered by `WINDLASS_LOG` (default `info`), as text on a
//! terminal and as JSON elsewhere. Sets the global subscriber once, at the start of `main`.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

/// The environment variable with the filter.
pub const FILTER_VARIABLE: &str = "WINDLASS_LOG";

/// The filter could not be read, or there is a subscriber already.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter is not one.
    #[error("WINDLASS_LOG holds no log filter; write for example `info,server=debug`")]
    Filter(#[source] tracing_subscriber::filter::ParseError),
    /// Started twice.
    #[error("log lines already have a receiver")]
    Subscriber(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Starts logging.
///
/// # Errors
/// When the filter is malformed or logging was started before.
pub fn start() -> Result<(), TelemetryError> {
    let filter = std::env::var(FILTER_VARIABLE).unwrap_or_else(|_| "info".to_owned());
    let filter = EnvFilter::try_new(filter).map_err(TelemetryError::Filter)?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr);
    if io::stderr().is_terminal() {
        lines.compact().try_init()
    } else {
        lines.json().flatten_event(true).try_init()
    }
    .map_err(TelemetryError::Subscriber)
}
