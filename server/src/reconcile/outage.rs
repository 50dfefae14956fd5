//! Why nobody knows: the ways in which an engine is not there, and the sentence that people read.

use std::future::Future;
use std::time::Duration;

use crate::engine::EngineError;
use crate::orchestrator::EngineUnavailable;

/// An engine that cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub(super) enum Outage {
    /// It is not even known where it is.
    #[error(transparent)]
    Unavailable(#[from] EngineUnavailable),
    /// It refuses, fails or cannot be reached.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// It takes too long.
    #[error("the engine did not answer within {} s", .0.as_secs())]
    TooSlow(Duration),
    /// The stream of events broke, which need not mean anything.
    #[error("the stream of events broke")]
    StreamBroke(#[source] EngineError),
    /// The stream of events ended.
    #[error("the stream of events ended")]
    StreamEnded,
}

impl Outage {
    /// Whether the engine may well answer when it is asked anew.
    pub(super) const fn is_of_the_stream(&self) -> bool {
        matches!(self, Self::StreamBroke(_) | Self::StreamEnded)
    }

    /// For people; the cause is logged.
    pub(super) const fn sentence(&self) -> &'static str {
        match self {
            Self::Unavailable(_) => {
                "The engine of this environment cannot be used, so nobody knows."
            }
            Self::Engine(error) if error.is_outage() => {
                "The engine cannot be reached, so nobody knows."
            }
            Self::Engine(_) => "The engine does not say what runs, so nobody knows.",
            Self::TooSlow(_) => "The engine is silent, so nobody knows.",
            Self::StreamBroke(_) | Self::StreamEnded => "The engine went away, so nobody knows.",
        }
    }
}

/// Waits for one call, not longer than `limit`.
pub(super) async fn within<T>(
    limit: Duration,
    call: impl Future<Output = Result<T, EngineError>> + Send,
) -> Result<T, Outage> {
    match tokio::time::timeout(limit, call).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Outage::TooSlow(limit)),
    }
}
