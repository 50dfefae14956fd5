//! What observers read and whom setters tell, from real parts: a small HTTP server, files, PostgreSQL, MariaDB. SQL Server alone is a
//! double of its protocol.

mod file;
mod http;
pub(crate) mod plain_server;
mod sql;
mod sql_server;
mod tds_double;
mod webhook;

use std::time::Duration;

use domain::maintenance::{ObserverConfig, ObserverSource};
use server::signals::Signals;

/// An observer of a source; what its value means is not asked here.
fn observer(source: ObserverSource, normal_value: Option<&str>) -> ObserverConfig {
    ObserverConfig {
        polling_interval: Duration::from_secs(30),
        maintenance_value: "on".to_owned(),
        normal_value: normal_value.map(str::to_owned),
        source,
    }
}

/// The value, or the sentence.
async fn observe(source: ObserverSource) -> Result<String, String> {
    Signals::new()
        .observe(&observer(source, Some("off")))
        .await
        .map_err(|error| error.to_string())
}
