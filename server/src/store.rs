//! What is remembered: environments, deployments, operations and their journals, on SQLite or PostgreSQL.
//!
//! The only place with SQL, one file a noun, one text for both databases (the column contract stands at the top of
//! `migrations/0001_initial.sql`). Every transaction starts with a write, so that SQLite never has to turn a reader into a
//! writer. Nothing here decides anything, reads a clock or makes an id; and no error or log line holds a stored value.

/// Statuses in which an operation holds its product; the same words as in the partial indexes, so that they are used.
macro_rules! active {
    () => {
        "('queued', 'running', 'waiting', 'cancelling', 'compensating', 'stuck')"
    };
}

/// Deployments that are not history; the same words as in the partial indexes, so that they are used.
macro_rules! living {
    () => {
        "NOT IN ('Removed', 'Superseded')"
    };
}

mod acceptance;
mod column;
mod connect;
mod deployment_list;
mod deployments;
mod dump;
mod environments;
mod error;
mod health_transitions;
mod inspection;
mod journal;
mod keys;
mod lease;
mod maintenance_observers;
mod migrations;
mod operations;
mod recent_operations;
mod refill;
mod releases;
mod rotation;
mod sealing;
mod settlement;
mod stacks;
mod standings;
mod tables;
mod write;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::timestamp::Timestamp;
use sqlx::{Any, AnyConnection, AnyPool, Transaction};

use crate::secrets::{KeyRing, Sealer};

pub use acceptance::NewOperation;
pub use deployment_list::{DeploymentFilter, DeploymentRow, DeploymentSort};
pub use deployments::DeploymentChange;
pub use dump::Dump;
pub use error::{ActiveOperation, DatabaseFailure, MigrationFailure, StoreError, Unreadable};
pub use health_transitions::{HealthTransition, LastHealth, Scope};
pub use inspection::{
    ActiveFacts, Activity, DeploymentFacts, End, OpenSteps, OperationFacts, Standing,
};
pub use journal::{Appended, Entry};
pub use lease::{Claim, Lease};
pub use maintenance_observers::{ObserverClaim, ObserverState};
pub use operations::CancelOutcome;
pub use refill::Refill;
pub use releases::ReleaseRow;
pub use rotation::{NamedKeys, Rotation};
pub use settlement::{Contents, Settlement};
pub use stacks::StackPlace;
pub use standings::{Edition, Place, StandingRow};
pub use tables::{Column, ColumnType, Table, Value};

use connect::Backend;
use error::Act;

/// Most rows that one call gives, whatever is asked for.
pub const MAX_PAGE: u32 = 500;

/// A handle on the database; cheap to clone.
///
/// SQLite has one connection that writes and a few that cannot, so writers of this process wait in line for each other
/// instead of for a lock. On PostgreSQL both are the same pool.
#[derive(Clone)]
pub struct Store {
    backend: Backend,
    writer: AnyPool,
    reader: AnyPool,
    /// Encrypts what holds secrets.
    sealer: Arc<Sealer>,
    /// The database's clock as it was read last, in epoch milliseconds, and when.
    clock: Arc<Mutex<Option<(i64, Instant)>>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The pools print their address, which may hold a password.
        f.debug_struct("Store")
            .field("backend", &self.backend)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the database at `sqlite:///path/windlass.db` (made where it does not exist, readable by its owner only) or
    /// `postgres://…`, and brings its tables up to date. A new database is encrypted with the first key of the ring; another one says
    /// which keys it needs. What is not encrypted with its current key is, before this returns.
    ///
    /// # Errors
    /// Where the address is not understood, the database cannot be reached, it was written by a newer version, or a key is missing.
    pub async fn open(url: &str, ring: KeyRing) -> Result<Self, StoreError> {
        let mut store = connect::connect(url).await?;
        match store.begin(ring).await {
            Ok(()) => Ok(store),
            Err(error) => {
                // Whoever looks for servers on the database would see it for a while.
                store.close().await;
                Err(error)
            }
        }
    }

    async fn begin(&mut self, ring: KeyRing) -> Result<(), StoreError> {
        if self.unlock(ring).await?.is_unfinished() {
            self.seal_what_is_left().await?;
        }
        Ok(())
    }

    /// Opens the database that a server uses, to look at it only: nothing is made, migrated or locked, and every statement
    /// that would write is refused by the database itself.
    ///
    /// # Errors
    /// Where there is no database, its tables are not exactly those of this version, or a key is missing.
    pub async fn open_to_read(url: &str, ring: &KeyRing) -> Result<Self, StoreError> {
        let mut store = connect::open_to_read(url).await?;
        match store.unlock_to_read(ring).await {
            Ok(()) => Ok(store),
            Err(error) => {
                store.close().await;
                Err(error)
            }
        }
    }

    /// The last migration of this version; whatever it has not made is of a newer one.
    #[must_use]
    pub fn newest_schema() -> i64 {
        migrations::newest()
    }

    /// Which database it is, as people call it.
    #[must_use]
    pub const fn database(&self) -> &'static str {
        match self.backend {
            Backend::Sqlite => "SQLite",
            Backend::Postgres => "PostgreSQL",
        }
    }

    /// Asks the database for an answer.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn ping(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT 1")
            .execute(&self.reader)
            .await
            .act("ping the database")?;
        Ok(())
    }

    /// Waits until every connection is back, and closes them. Calls that come later fail.
    pub async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }

    /// Begins a transaction that sees one moment, however many statements it has.
    async fn snapshot(&self, act: &'static str) -> Result<Transaction<'static, Any>, StoreError> {
        let begin = match self.backend {
            Backend::Sqlite => "BEGIN",
            Backend::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        self.reader.begin_with(begin).await.act(act)
    }

    /// The time that decides leases, in epoch milliseconds.
    ///
    /// SQLite has one node, so the caller's clock is the only one. On PostgreSQL several nodes meet whose clocks differ:
    /// the database's decides. It is read by a statement of its own and bound to the next one, which keeps the texts equal;
    /// where the next one then waits for a lock, the bound time is early, which ends a lease sooner for its holder and later
    /// for everyone else, never the other way round.
    async fn lease_clock(
        &self,
        connection: &mut AnyConnection,
        now: Timestamp,
        act: &'static str,
    ) -> Result<i64, StoreError> {
        match self.backend {
            Backend::Sqlite => Ok(now.millis()),
            Backend::Postgres => sqlx::query_scalar(
                "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
            )
            .fetch_one(connection)
            .await
            .act(act),
        }
    }

    /// The same, for whoever extends a lease: counted on from a reading that is younger than so much, which saves a way to the database.
    /// Where its clock was set meanwhile, the lease ends early or counts as over, as it does for everybody else.
    async fn counted_lease_clock(
        &self,
        connection: &mut AnyConnection,
        now: Timestamp,
        younger: Duration,
        act: &'static str,
    ) -> Result<i64, StoreError> {
        if self.backend == Backend::Sqlite {
            return Ok(now.millis());
        }
        let known = *self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((read, at)) = known.filter(|(_, at)| at.elapsed() < younger) {
            return Ok(Timestamp::from_millis(read).plus(at.elapsed()).millis());
        }
        let read = self.lease_clock(connection, now, act).await?;
        let mut clock = self.clock.lock().unwrap_or_else(PoisonError::into_inner);
        *clock = Some((read, Instant::now()));
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use domain::deployment::ProductStatus;
    use domain::operation::OperationStatus;

    #[test]
    fn the_words_in_sql_are_those_of_the_domain() {
        let active: Vec<_> = OperationStatus::ALL
            .iter()
            .filter(|status| status.is_active())
            .map(|status| format!("'{}'", status.as_str()))
            .collect();
        assert_eq!(active!(), format!("({})", active.join(", ")));
        let terminal: Vec<_> = ProductStatus::ALL
            .iter()
            .filter(|status| status.is_terminal())
            .map(|status| format!("'{status}'"))
            .collect();
        assert_eq!(living!(), format!("NOT IN ({})", terminal.join(", ")));
    }
}
