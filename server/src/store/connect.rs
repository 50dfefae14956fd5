//! From an address to connections: the database file with its permissions, settings of every connection, sizes of pools.

use std::fs::{DirBuilder, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyConnection, AnyPool, Connection};

use super::error::Act;
use super::migrations;
use super::{Store, StoreError};

/// Connections that read from a SQLite file. Each has a thread of its own.
const SQLITE_READERS: u32 = 4;
/// Connections to PostgreSQL.
const POSTGRES_CONNECTIONS: u32 = 12;
/// A connection that was idle for so long is asked whether it still works before it is used.
const ASK_AFTER: Duration = Duration::from_secs(1);
/// Longest wait for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long is waited before each look for other servers: the connections of one that has just ended go a little later.
const LOOKS_FOR_OTHERS: [Duration; 5] = [
    Duration::ZERO,
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
];

/// `busy_timeout` first, since the change to WAL may have to wait for another process. FULL, because a committed step must
/// survive a power cut. The log is cut back after a burst.
const SQLITE_SETTINGS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
     PRAGMA foreign_keys = ON; PRAGMA journal_size_limit = 67108864;";
/// A connection for reading cannot write, so every write stands in the one line.
const SQLITE_READER_SETTINGS: &str = "PRAGMA query_only = ON;";
/// For whoever only looks: nothing of the file is changed, its journal mode included.
const SQLITE_LOOKER_SETTINGS: &str = "PRAGMA busy_timeout = 5000; PRAGMA query_only = ON;";
/// A wait for a row is bounded; and a process that was stopped in the middle of a transaction lets its rows go.
const POSTGRES_SETTINGS: &str = "SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = '15s'; \
     SET application_name = 'windlass';";

/// Whoever only looks cannot write.
const POSTGRES_LOOKER_SETTINGS: &str = "SET default_transaction_read_only = on;";

/// What comes may come slowly, and nobody waits for a row of it.
const POSTGRES_FILLER_SETTINGS: &str = "SET idle_in_transaction_session_timeout = 0; SET statement_timeout = 0; SET application_name = 'windlass';";

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Backend {
    Sqlite,
    Postgres,
}

/// What a connection is for.
#[derive(Debug, Clone, Copy)]
enum Role {
    /// Reads, and writes.
    Writer,
    /// Reads only, where the database has a line of writers.
    Reader,
    /// Reads the database of a server that may be running.
    Looker,
    /// Fills an empty database. It may wait for each row's next one, and for whoever migrates.
    Filler,
}

/// Connects and migrates; the keys are still to be agreed on.
pub(super) async fn connect(url: &str) -> Result<Store, StoreError> {
    sqlx::any::install_default_drivers();
    let (backend, options) = resolve(url, |path| Ok(sqlite_url(&prepare_file(path)?)))?;
    migrate(backend, &options).await?;
    let (writer, reader) = match backend {
        Backend::Sqlite => (
            pool(backend, Role::Writer, 1, &options).await?,
            pool(backend, Role::Reader, SQLITE_READERS, &options).await?,
        ),
        Backend::Postgres => {
            let pool = pool(backend, Role::Writer, POSTGRES_CONNECTIONS, &options).await?;
            (pool.clone(), pool)
        }
    };
    Ok(Store {
        backend,
        writer,
        reader,
        sealer: Arc::default(),
        clock: Arc::default(),
    })
}

/// Looks at what is there, and at its version; makes nothing. The keys are still to be agreed on.
pub(super) async fn open_to_read(url: &str) -> Result<Store, StoreError> {
    let store = look(url).await?;
    migrations::check_applied(&migrations::applied(&store.reader).await?)?;
    Ok(store)
}

/// A database to be filled by one connection, with its file, but without tables.
pub(super) async fn open_to_fill(url: &str) -> Result<(Backend, AnyPool), StoreError> {
    sqlx::any::install_default_drivers();
    let (backend, options) = resolve(url, |path| Ok(sqlite_url(&prepare_file(path)?)))?;
    let pool = pool(backend, Role::Filler, 1, &options).await?;
    Ok((backend, pool))
}

/// Looks at what is there, whatever its version is; makes nothing.
pub(super) async fn look(url: &str) -> Result<Store, StoreError> {
    sqlx::any::install_default_drivers();
    let (backend, options) = resolve(url, |path| {
        let missing = || StoreError::NoDatabase {
            path: path.to_owned(),
        };
        let file = path.canonicalize().map_err(|_| missing())?;
        match file.is_file() {
            true => Ok(sqlite_url(&file) + "?mode=ro"),
            false => Err(missing()),
        }
    })?;
    let pool = pool(backend, Role::Looker, SQLITE_READERS, &options).await?;
    Ok(Store {
        backend,
        writer: pool.clone(),
        reader: pool,
        sealer: Arc::default(),
        clock: Arc::default(),
    })
}

/// Refuses where another process of ours is seen on the database. Of SQLite only the data folder's lock tells.
pub(super) async fn refuse_others(url: &str) -> Result<(), StoreError> {
    sqlx::any::install_default_drivers();
    let (backend, options) = resolve(url, |path| Ok(sqlite_url(path)))?;
    if backend == Backend::Sqlite {
        return Ok(());
    }
    let mut connection = AnyConnection::connect_with(&options)
        .await
        .map_err(|error| StoreError::Open {
            source: error.into(),
        })?;
    let mut others = 0_i64;
    for wait in LOOKS_FOR_OTHERS {
        tokio::time::sleep(wait).await;
        others = sqlx::query_scalar(
            "SELECT COUNT(*) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'windlass' AND pid <> pg_backend_pid()",
        )
        .fetch_one(&mut connection)
        .await
        .act("look for other servers")?;
        if others == 0 {
            break;
        }
    }
    connection.close().await.act("look for other servers")?;
    match others {
        0 => Ok(()),
        connections => Err(StoreError::InUse { connections }),
    }
}

/// `file` finds an SQLite file's address.
fn resolve(
    url: &str,
    file: impl FnOnce(&Path) -> Result<String, StoreError>,
) -> Result<(Backend, AnyConnectOptions), StoreError> {
    let (scheme, rest) = url.split_once("://").unwrap_or((url, ""));
    let (backend, url) = match scheme {
        "sqlite" if !rest.is_empty() && !rest.starts_with(":memory:") => {
            (Backend::Sqlite, file(Path::new(rest))?)
        }
        "postgres" | "postgresql" => (Backend::Postgres, url.to_owned()),
        _ => {
            return Err(StoreError::UnsupportedAddress {
                scheme: scheme.to_owned(),
            });
        }
    };
    let options = url.parse().map_err(|error: sqlx::Error| StoreError::Open {
        source: error.into(),
    })?;
    Ok((backend, options))
}

/// Makes the file and the folders above it where they are missing. It holds secrets: its owner alone may read it. SQLite
/// gives the files beside it (`-wal`, `-shm`) the same mode.
fn prepare_file(path: &Path) -> Result<PathBuf, StoreError> {
    let refuse = |source| StoreError::PrepareFile {
        path: path.to_owned(),
        source,
    };
    let absolute = std::path::absolute(path).map_err(refuse)?;
    let (Some(folder), Some(name)) = (absolute.parent(), absolute.file_name()) else {
        return Err(refuse(std::io::ErrorKind::IsADirectory.into()));
    };
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(refuse)?;
    let file = folder.canonicalize().map_err(refuse)?.join(name);
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&file)
        .and_then(|opened| opened.set_permissions(Permissions::from_mode(0o600)))
        .map_err(refuse)?;
    Ok(file)
}

/// The address of a file, with the characters escaped that mean something in an address.
fn sqlite_url(file: &Path) -> String {
    let path = file.to_string_lossy();
    let escaped = path
        .replace('%', "%25")
        .replace('?', "%3F")
        .replace('#', "%23");
    format!("sqlite://{escaped}")
}

/// Runs on a connection of its own, without the bound on waits: a second node waits here as long as the first migrates.
async fn migrate(backend: Backend, options: &AnyConnectOptions) -> Result<(), StoreError> {
    let open = |error: sqlx::Error| StoreError::Open {
        source: error.into(),
    };
    let mut connection = AnyConnection::connect_with(options).await.map_err(open)?;
    if backend == Backend::Sqlite {
        sqlx::raw_sql(SQLITE_SETTINGS)
            .execute(&mut connection)
            .await
            .map_err(open)?;
    }
    migrations::run_to(&mut connection, None).await?;
    connection.close().await.map_err(open)
}

async fn pool(
    backend: Backend,
    role: Role,
    connections: u32,
    options: &AnyConnectOptions,
) -> Result<AnyPool, StoreError> {
    AnyPoolOptions::new()
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .before_acquire(move |connection, known| {
            Box::pin(async move {
                // A file does not go away; a server may have restarted. Whoever answered a moment ago is not asked again.
                if backend == Backend::Postgres && known.idle_for >= ASK_AFTER {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .after_release(|connection, _| Box::pin(is_clean(connection)))
        .after_connect(move |connection, _| {
            Box::pin(async move {
                for settings in settings(backend, role) {
                    sqlx::raw_sql(*settings).execute(&mut *connection).await?;
                }
                Ok(())
            })
        })
        .connect_with(options.clone())
        .await
        .map_err(|error| StoreError::Open {
            source: error.into(),
        })
}

/// Whether a connection can be used again. A COMMIT that fails for want of room ends SQLite's transaction while the client believes that
/// it goes on: what it did next would be taken for committed, be seen by nobody, and be lost. Such a connection is closed.
async fn is_clean(connection: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    if connection.is_in_transaction() {
        // A transaction that was given up is taken back only now.
        connection.ping().await?;
    }
    Ok(!connection.is_in_transaction())
}

const fn settings(backend: Backend, role: Role) -> &'static [&'static str] {
    match (backend, role) {
        (Backend::Sqlite, Role::Writer | Role::Filler) => &[SQLITE_SETTINGS],
        (Backend::Sqlite, Role::Reader) => &[SQLITE_SETTINGS, SQLITE_READER_SETTINGS],
        (Backend::Sqlite, Role::Looker) => &[SQLITE_LOOKER_SETTINGS],
        (Backend::Postgres, Role::Writer | Role::Reader) => &[POSTGRES_SETTINGS],
        (Backend::Postgres, Role::Looker) => &[POSTGRES_SETTINGS, POSTGRES_LOOKER_SETTINGS],
        (Backend::Postgres, Role::Filler) => &[POSTGRES_FILLER_SETTINGS],
    }
}

#[cfg(test)]
mod tests {
    use sqlx::Row;
    use sqlx::pool::PoolConnection;
    use sqlx::{Any, AssertSqlSafe};

    use super::*;

    /// Every connection that a pool can have, at the same time.
    async fn all(pool: &AnyPool, count: u32) -> Vec<PoolConnection<Any>> {
        let mut connections = Vec::new();
        for _ in 0..count {
            connections.push(pool.acquire().await.unwrap());
        }
        connections
    }

    async fn pragma(connection: &mut AnyConnection, name: &str) -> String {
        let row = sqlx::query(AssertSqlSafe(format!("PRAGMA {name}")))
            .fetch_one(connection)
            .await
            .unwrap();
        row.try_get::<i64, _>(0)
            .map(|number| number.to_string())
            .or_else(|_| row.try_get::<String, _>(0))
            .unwrap()
    }

    #[tokio::test]
    async fn a_connection_that_lost_its_transaction_is_not_used_again() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/windlass.db", folder.path().display());
        let store = connect(&url).await.unwrap();
        let mut tx = store.write("test").await.unwrap();
        // As SQLite does itself where a COMMIT finds no room.
        sqlx::raw_sql("ROLLBACK").execute(&mut *tx).await.unwrap();
        assert!(tx.commit().await.is_err());
        let connection = store.writer.acquire().await.unwrap();
        assert!(!connection.is_in_transaction());
        drop(connection);
        // One that was only given up is.
        drop(store.write("test").await.unwrap());
        assert!(!store.writer.acquire().await.unwrap().is_in_transaction());
    }

    #[tokio::test]
    async fn every_sqlite_connection_has_the_settings() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/windlass.db", folder.path().display());
        let store = connect(&url).await.unwrap();
        let writers = all(&store.writer, 1).await;
        let readers = all(&store.reader, SQLITE_READERS).await;
        for (connections, query_only) in [(writers, "0"), (readers, "1")] {
            for mut connection in connections {
                for (name, expect) in [
                    ("journal_mode", "wal"),
                    ("synchronous", "2"),
                    ("foreign_keys", "1"),
                    ("busy_timeout", "5000"),
                    ("query_only", query_only),
                ] {
                    assert_eq!(pragma(&mut connection, name).await, expect, "{name}");
                }
            }
        }
        let refused = sqlx::query("DELETE FROM environments")
            .execute(&store.reader)
            .await;
        assert!(refused.is_err());
    }
}
