//! Signals from outside and to outside: what observers read, and whom setters tell. The only way to the addresses, files and databases
//! that a `maintenance` section names.
//!
//! Every call is bounded in time and size, follows no redirect, and fails with a sentence for whoever is woken by it. Nothing here
//! decides what a value means; and no error holds a password, a key or an address that may carry one.

mod file;
mod http;
mod sql;
mod sql_server;
mod webhook;

use std::time::Duration;

use domain::deployment::OperationMode;
use domain::maintenance::{
    Connection, DatabaseKind, ObserverConfig, ObserverSource, SetterConfig, SetterTarget,
};

pub use file::FileFailure;
pub use http::HttpFailure;
pub use sql::SqlFailure;

/// Longest text that is read of anything, in bytes.
pub const MAX_TEXT: usize = 64 * 1024;
/// First pause before a webhook is sent again; it doubles.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Reads and tells; cheap to clone.
#[derive(Clone)]
pub struct Signals {
    http: http::Client,
    retry_pause: Duration,
}

/// Why an observer has no value.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// The request failed.
    #[error(transparent)]
    Http(#[from] HttpFailure),
    /// The file could not be read.
    #[error(transparent)]
    File(#[from] FileFailure),
    /// The database gave no value.
    #[error(transparent)]
    Sql(#[from] SqlFailure),
}

/// Why a setter told nobody.
#[derive(Debug, thiserror::Error)]
pub enum SetterError {
    /// No attempt was taken; the last one failed like this.
    #[error("The webhook was not taken, sent {attempts} times: {last}")]
    Webhook {
        /// How often it was sent.
        attempts: u32,
        /// The last failure.
        last: HttpFailure,
    },
    /// The database did not take the value.
    #[error(transparent)]
    Sql(#[from] SqlFailure),
}

impl Default for Signals {
    fn default() -> Self {
        Self::new()
    }
}

impl Signals {
    /// With this machine's certificate authorities.
    #[must_use]
    pub fn new() -> Self {
        Self {
            http: http::Client::new(),
            retry_pause: RETRY_PAUSE,
        }
    }

    /// With another first pause between the attempts of a webhook.
    #[must_use]
    pub const fn with_retry_pause(mut self, pause: Duration) -> Self {
        self.retry_pause = pause;
        self
    }

    /// The value that an observer sees now.
    ///
    /// # Errors
    /// Where there is none, with the reason.
    pub async fn observe(&self, observer: &ObserverConfig) -> Result<String, ObserveError> {
        match &observer.source {
            ObserverSource::Http(source) => Ok(http::observe(&self.http, source).await?),
            ObserverSource::File(source) => {
                let missing = observer.normal_value.as_deref().unwrap_or_default();
                Ok(file::observe(source, missing).await?)
            }
            ObserverSource::SqlQuery { connection, query } => {
                Ok(query_value(connection, query).await?)
            }
            ObserverSource::SqlExtendedProperty {
                connection,
                property,
            } => Ok(sql_server::extended_property(connection, property).await?),
        }
    }

    /// Tells that a person switched the mode. The caller waits for [`SetterConfig::grace_period`] afterwards.
    ///
    /// # Errors
    /// Where nobody could be told; the caller reports it and goes on.
    pub async fn fire(
        &self,
        setter: &SetterConfig,
        mode: OperationMode,
    ) -> Result<(), SetterError> {
        let word = setter.word(mode);
        match &setter.target {
            SetterTarget::Webhook(webhook) => {
                webhook::send(&self.http, webhook, word, self.retry_pause).await
            }
            SetterTarget::SqlExtendedProperty {
                connection,
                property,
            } => Ok(sql_server::set_extended_property(connection, property, word).await?),
        }
    }
}

async fn query_value(connection: &Connection, query: &str) -> Result<String, SqlFailure> {
    match connection.kind {
        DatabaseKind::PostgreSql => sql::postgres(connection, query).await,
        DatabaseKind::MySql => sql::mysql(connection, query).await,
        DatabaseKind::SqlServer => sql_server::query(connection, query).await,
    }
}
