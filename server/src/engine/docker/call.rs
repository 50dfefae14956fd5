//! One call to the engine: its time-out, and what its errors mean.

use std::fmt::{self, Display};
use std::future::Future;
use std::time::Duration;

use bollard::errors::Error;

use super::refusal::{Refusal, classify};
use crate::engine::EngineError;
use crate::failpoint::{self, Moment};

/// What is asked of the engine, for sentences and for errors.
#[derive(Debug, Clone)]
pub(super) struct Act {
    verb: &'static str,
    object: String,
}

impl Act {
    /// `start` and `container shop-web_app`.
    pub(super) fn new(verb: &'static str, object: impl Into<String>) -> Self {
        Self {
            verb,
            object: object.into(),
        }
    }

    pub(super) fn sentence(&self) -> String {
        if self.object.is_empty() {
            self.verb.to_owned()
        } else {
            format!("{} {}", self.verb, self.object)
        }
    }

    /// What is done to what kind of thing: `start container`.
    fn kind(&self) -> impl Display + '_ {
        let what = self.object.split(' ').next().unwrap_or_default();
        fmt::from_fn(move |f| match what {
            "" => f.write_str(self.verb),
            what => write!(f, "{} {what}", self.verb),
        })
    }

    pub(super) fn refuse(&self, message: impl Into<String>) -> EngineError {
        EngineError::Refused {
            act: self.sentence(),
            message: message.into(),
        }
    }

    pub(super) fn conflict(&self, message: impl Into<String>) -> EngineError {
        EngineError::Conflict {
            what: self.object.clone(),
            message: message.into(),
        }
    }

    pub(super) fn not_found(&self) -> EngineError {
        EngineError::NotFound {
            what: self.object.clone(),
        }
    }

    pub(super) fn no_answer(&self, after: Duration) -> EngineError {
        EngineError::NoAnswer {
            act: self.sentence(),
            after,
        }
    }

    pub(super) fn broken(&self, reason: &'static str) -> EngineError {
        EngineError::Broken {
            act: self.sentence(),
            source: reason.into(),
        }
    }

    /// What an error of the client means.
    pub(super) fn error(&self, address: &str, error: Error) -> EngineError {
        match error {
            Error::DockerResponseServerError {
                status_code,
                message,
            } => self.refusal(classify(status_code, &message)),
            Error::DockerStreamError { error } | Error::DockerContainerWaitError { error, .. } => {
                self.refusal(classify(500, &error))
            }
            Error::RequestTimeoutError => self.no_answer(super::CLIENT_CEILING),
            Error::SocketNotFoundError(_) => EngineError::Unreachable {
                address: address.to_owned(),
                source: error.into(),
            },
            Error::HyperLegacyError { ref err } if err.is_connect() => EngineError::Unreachable {
                address: address.to_owned(),
                source: error.into(),
            },
            Error::HyperLegacyError { .. }
            | Error::HyperResponseError { .. }
            | Error::IOError { .. } => EngineError::Broken {
                act: self.sentence(),
                source: error.into(),
            },
            Error::JsonDataError { .. } | Error::JsonSerdeError { .. } => {
                self.refuse(format!("its answer was not understood: {error}"))
            }
            other => self.refuse(other.to_string()),
        }
    }

    fn refusal(&self, refusal: Refusal) -> EngineError {
        match refusal {
            Refusal::NotFound(what) => EngineError::NotFound {
                what: what.unwrap_or_else(|| self.object.clone()),
            },
            Refusal::Conflict(message) => self.conflict(message),
            Refusal::Refused(message) => self.refuse(message),
            Refusal::Failed(message) => EngineError::Failed {
                act: self.sentence(),
                message,
            },
        }
    }
}

/// Waits for one call, not longer than `limit`.
pub(super) async fn within<T>(
    address: &str,
    act: &Act,
    limit: Duration,
    call: impl Future<Output = Result<T, Error>> + Send,
) -> Result<T, EngineError> {
    match tokio::time::timeout(limit, at_failpoints(act, call)).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(act.error(address, error)),
        Err(_) => Err(act.no_answer(limit)),
    }
}

/// Lets tests break off here, before the engine was asked and after it has answered.
pub(super) async fn at_failpoints<T>(act: &Act, call: impl Future<Output = T> + Send) -> T {
    failpoint::pass("engine", act.kind(), Moment::Before);
    let answer = call.await;
    failpoint::pass("engine", act.kind(), Moment::After);
    answer
}

/// The same, where a missing object is an answer.
pub(super) fn found<T>(result: Result<T, EngineError>) -> Result<Option<T>, EngineError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(EngineError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
