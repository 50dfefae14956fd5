//! What can go wrong with the store, named for the act that failed. Never holds a bound or stored value.

use std::path::PathBuf;

use domain::access::Actor;
use domain::deployment::ProductStatus;
use domain::id::{DeploymentId, OperationId};
use domain::operation::{OperationKind, OperationStatus};
use domain::timestamp::Timestamp;
use sqlx::error::ErrorKind;
use sqlx::migrate::MigrateError;

use crate::secrets::{KeyError, NotOpened};

/// Why a call of the store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address names no database that is supported.
    #[error(
        "'{scheme}' is not a supported database address: use sqlite:///path/to/windlass.db or postgres://user:password@host/database"
    )]
    UnsupportedAddress {
        /// The part before `://`; the rest may hold a password.
        scheme: String,
    },
    /// The database file or its folder could not be made.
    #[error("the database file {} could not be prepared: check that its folder can be written to", path.display())]
    PrepareFile {
        path: PathBuf,
        source: std::io::Error,
    },
    /// There is no database file to look at.
    #[error("there is no database at {}: name the data folder of a server that was started before", path.display())]
    NoDatabase { path: PathBuf },
    /// No connection was made.
    #[error("the database could not be opened")]
    Open { source: DatabaseFailure },
    /// The tables could not be brought up to date.
    #[error("the database's tables could not be brought up to date")]
    Migrate { source: MigrationFailure },
    /// Another environment has the name.
    #[error("an environment named '{name}' exists already: choose another name")]
    EnvironmentNameTaken { name: String },
    /// The product is being worked on.
    #[error("the {} operation {} of {} is active since {}: wait for it or cancel it", .0.kind.as_str(), .0.id, .0.actor, .0.since)]
    OperationActive(ActiveOperation),
    /// The product is deployed already.
    #[error("the product is deployed already as {id}, which is {status}")]
    DeploymentExists {
        id: DeploymentId,
        status: ProductStatus,
    },
    /// The deployment that was to be replaced is no longer a failed one.
    #[error("deployment {id} cannot be superseded: only a failed one can, look at it again")]
    NotSuperseded {
        id: DeploymentId,
        /// What it is now; none where it is not there.
        status: Option<ProductStatus>,
    },
    /// The deployment is not what the caller saw any more.
    #[error("deployment {id} was changed by somebody else meanwhile: look at it again")]
    DeploymentChanged { id: DeploymentId },
    /// Somebody else runs the operation by now, or it has ended: stop without a further act.
    #[error("operation {operation} is no longer held by this runner")]
    FencedOut { operation: OperationId },
    /// An entry is for a deployment that is not there.
    #[error("deployment {deployment} is not recorded")]
    DeploymentUnknown { deployment: DeploymentId },
    /// An entry is for a stack that is not there.
    #[error("deployment {deployment} has no stack '{stack}'")]
    StackUnknown {
        deployment: DeploymentId,
        stack: String,
    },
    /// A final status came without its finish, or a finish with another status.
    #[error("status '{}' does not belong into this entry: operations end by a finish, and only by one", status.as_str())]
    StatusMisplaced { status: OperationStatus },
    /// A stored value is not understood, for one because a newer version wrote it.
    #[error("column {table}.{column} holds {reason}")]
    Unreadable {
        table: &'static str,
        column: &'static str,
        reason: Unreadable,
    },
    /// A key cannot be used.
    #[error(transparent)]
    SecretKey(#[from] KeyError),
    /// Nobody gave a key.
    #[error("no secret key was given: what is stored must be encrypted")]
    NoKey,
    /// A key is not there that the database needs.
    #[error("the database is encrypted with secret key {missing}, which was not found: {found}. {}", way_to_keys(*.unfinished))]
    KeyMissing {
        /// Ids.
        missing: String,
        /// Where keys were looked for, and which ones were there.
        found: String,
        /// Whether a change of keys was begun and not finished.
        unfinished: bool,
    },
    /// A key has the right id, but is not the one.
    #[error(
        "the row of secret key {id} in the table secret_keys does not fit the key: it was changed, restore the database from a backup"
    )]
    KeyCheck { id: String },
    /// Somebody else would go on to write with the old key.
    #[error(
        "{connections} connections of Windlass are open on the database: stop every server on it before the key is changed"
    )]
    InUse { connections: i64 },
    /// A value could not be encrypted.
    #[error("column {table}.{column} cannot be written: the value could not be encrypted")]
    NotSealed {
        table: &'static str,
        column: &'static str,
    },
    /// A value has no stored form.
    #[error("column {table}.{column} cannot be written: the value has no JSON form")]
    Unwritable {
        table: &'static str,
        column: &'static str,
    },
    /// A stored value is of another type than its column.
    #[error(
        "column {table}.{column} holds a value that its type does not have: the database was changed by hand, or is damaged"
    )]
    OddValue { table: String, column: String },
    /// A migration made a table that cannot be carried from one database to another.
    #[error(
        "table {table} {problem}, so it cannot be backed up: this version of Windlass is broken, use another one"
    )]
    TableUnfit {
        table: String,
        problem: &'static str,
    },
    /// A backup is restored into an empty database only.
    #[error(
        "the database is not empty, its table {table} has rows: restore into a new data folder (--data-dir) or an empty database (--database-url)"
    )]
    NotEmpty { table: String },
    /// The database said nothing, but kept fewer rows than it was given.
    #[error("table {table} did not take all rows that it was given")]
    RowsLost { table: String },
    /// Two callers got into each other's way; the same call again gets a clear answer.
    #[error("could not {act}: another caller changed the same rows at the same time, try again")]
    Contended { act: &'static str },
    /// The database refused or did not answer.
    #[error("could not {act}")]
    Statement {
        /// What was tried, as a verb: `claim an operation`.
        act: &'static str,
        source: DatabaseFailure,
    },
}

impl StoreError {
    /// Whether the same call may well succeed a little later.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Open { source } | Self::Statement { source, .. } => source.transient,
            Self::Contended { .. } => true,
            _ => false,
        }
    }

    /// Whether there is no room left for what should be written; it passes when somebody makes room.
    #[must_use]
    pub const fn is_out_of_room(&self) -> bool {
        matches!(self, Self::Open { source } | Self::Statement { source, .. } if source.full)
    }

    /// Whether a unique index refused the row.
    pub(super) const fn is_duplicate(&self) -> bool {
        matches!(self, Self::Statement { source, .. } if source.duplicate)
    }
}

const fn way_to_keys(unfinished: bool) -> &'static str {
    match unfinished {
        true => {
            "A change of keys was begun and is not finished: give the new key with --secret-key-file and the one before with \
             --old-secret-key-file"
        }
        false => {
            "Put the right key back from the copy that is kept apart from the database, or name its file with --secret-key-file. \
             Without it nobody can read what is stored"
        }
    }
}

/// The operation that holds a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveOperation {
    pub id: OperationId,
    pub kind: OperationKind,
    pub actor: Actor,
    pub since: Timestamp,
}

/// Why a stored value is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The column is missing, NULL, or of another type.
    #[error("no value of the expected type")]
    Type,
    /// A word that this version does not know.
    #[error("a word that this version does not know: a newer version may have written it")]
    Word,
    /// Not an id.
    #[error("no id")]
    Id,
    /// A number outside its range.
    #[error("a number outside its range")]
    Range,
    /// What was encrypted cannot be read.
    #[error(transparent)]
    Sealed(NotOpened),
    /// JSON that this version does not understand.
    #[error(
        "JSON that this version does not understand, at line {line}, column {column}: a newer version may have written it"
    )]
    Json { line: usize, column: usize },
}

/// What the database or the way to it said, without values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}{}", .code.as_deref().map(|code| format!(" (code {code})")).unwrap_or_default())]
pub struct DatabaseFailure {
    text: String,
    code: Option<String>,
    transient: bool,
    duplicate: bool,
    full: bool,
}

impl From<sqlx::Error> for DatabaseFailure {
    fn from(error: sqlx::Error) -> Self {
        let plain = |text: &str, transient| Self {
            text: text.to_owned(),
            code: None,
            transient,
            duplicate: false,
            full: false,
        };
        match error {
            sqlx::Error::Database(error) => {
                let code = error.code().map(|code| code.into_owned());
                Self {
                    // The message alone: details and hints quote rows.
                    text: error.message().to_owned(),
                    transient: code.as_deref().is_some_and(passes),
                    duplicate: error.kind() == ErrorKind::UniqueViolation,
                    full: code.as_deref().is_some_and(is_full),
                    code,
                }
            }
            sqlx::Error::Io(error) => plain(&format!("the connection broke: {error}"), true),
            sqlx::Error::Tls(_) => plain("the connection's encryption failed", false),
            sqlx::Error::PoolTimedOut => plain("no connection became free in time", true),
            sqlx::Error::PoolClosed => plain("the store is closed", false),
            sqlx::Error::WorkerCrashed => plain("the database's worker ended", true),
            sqlx::Error::RowNotFound => plain("a row that must exist is missing", false),
            sqlx::Error::Protocol(_) => plain("the database answered out of order", true),
            sqlx::Error::Configuration(_) => plain("the address is not understood", false),
            // The rest quotes values: decoding and encoding.
            _ => plain("a value could not be passed to or from the database", false),
        }
    }
}

const SQLITE_BUSY: i64 = 5;
const SQLITE_LOCKED: i64 = 6;
/// Reading or writing failed: on a full disk, also of the files beside the database.
const SQLITE_IOERR: i64 = 10;
const SQLITE_FULL: i64 = 13;
const POSTGRES_DISK_FULL: &str = "53100";

/// Whether it says that there is no room.
fn is_full(code: &str) -> bool {
    code == POSTGRES_DISK_FULL || (code.len() < 5 && code.parse() == Ok(SQLITE_FULL))
}

/// Whether a database's error code stands for something that passes: locked, busy, no room, shutting down, too many clients.
fn passes(code: &str) -> bool {
    // SQLSTATE codes have five characters; SQLite's extended codes are numbers of at most four digits.
    if code.len() == 5 {
        return code.starts_with("08")
            || code.starts_with("53")
            || matches!(
                code,
                "40001" | "40P01" | "55P03" | "57014" | "57P01" | "57P02" | "57P03" | "25P03"
            );
    }
    code.parse::<i64>().is_ok_and(|code| {
        matches!(
            code & 0xff,
            SQLITE_BUSY | SQLITE_LOCKED | SQLITE_IOERR | SQLITE_FULL
        )
    })
}

/// Why the tables could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrationFailure {
    /// A newer version was here.
    #[error("migration {version} is unknown to this version: start the newer one that made it")]
    Newer { version: i64 },
    /// This version was never started on it.
    #[error(
        "migration {version} was not applied: the tables are of an older version, start windlass-server of this version once to bring them up to date"
    )]
    Older { version: i64 },
    /// A released migration was edited.
    #[error("migration {version} differs from the one that was applied")]
    Changed { version: i64 },
    /// A migration failed; nothing of it remains.
    #[error("migration {version} failed")]
    Failed {
        version: i64,
        source: DatabaseFailure,
    },
    /// The record of migrations could not be used.
    #[error("the record of migrations could not be read or written")]
    Record { source: DatabaseFailure },
    /// The migrations and the database do not fit together.
    #[error("the migrations do not fit the database")]
    Unfit,
}

impl From<MigrateError> for MigrationFailure {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(version) => Self::Newer { version },
            MigrateError::VersionMismatch(version) => Self::Changed { version },
            MigrateError::ExecuteMigration(source, version) => Self::Failed {
                version,
                source: source.into(),
            },
            MigrateError::Execute(source) => Self::Record {
                source: source.into(),
            },
            _ => Self::Unfit,
        }
    }
}

/// Names the act that a database error interrupted.
pub(super) trait Act<T> {
    fn act(self, act: &'static str) -> Result<T, StoreError>;
}

impl<T> Act<T> for Result<T, sqlx::Error> {
    fn act(self, act: &'static str) -> Result<T, StoreError> {
        self.map_err(|source| StoreError::Statement {
            act,
            source: source.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_pass() {
        for (code, expect) in [
            ("5", true),
            ("6", true),
            ("261", true),
            ("517", true),
            ("13", true),
            ("778", true),
            ("53100", true),
            ("19", false),
            ("2067", false),
            ("40001", true),
            ("40P01", true),
            ("08006", true),
            ("57P01", true),
            ("23505", false),
            ("42P01", false),
            ("", false),
        ] {
            assert_eq!(passes(code), expect, "{code}");
        }
    }

    #[test]
    fn errors_that_quote_values_lose_them() {
        let error = sqlx::Error::ColumnDecode {
            index: "shared_values".to_owned(),
            source: "expected BIGINT, got Text(\"hunter2\")".into(),
        };
        let failure = DatabaseFailure::from(error);
        assert!(!format!("{failure} {failure:?}").contains("hunter2"));
    }
}
