//! A fresh database for one test, gone when the test is.

use std::sync::atomic::{AtomicU32, Ordering};

use server::store::Store;
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor};
use tempfile::TempDir;

/// Where the PostgreSQL server is that tests may make databases on.
const POSTGRES: &str = "WINDLASS_TEST_DATABASE_URL";

static NEXT: AtomicU32 = AtomicU32::new(0);

/// An open store, and the place it is in.
pub(crate) struct Database {
    pub(crate) store: Store,
    pub(crate) url: String,
    guard: Guard,
}

enum Guard {
    Folder { _folder: TempDir },
    Server { url: String, name: String },
}

impl Database {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/windlass.db", folder.path().display());
        let store = Store::open(&url).await.unwrap();
        Self {
            store,
            url,
            guard: Guard::Folder { _folder: folder },
        }
    }

    /// None where no server is named; the project's test command always names one.
    #[expect(clippy::print_stderr, reason = "a test's only voice")]
    pub(crate) async fn postgres() -> Option<Self> {
        let Ok(server) = std::env::var(POSTGRES) else {
            eprintln!("{POSTGRES} is not set: not tried on PostgreSQL");
            return None;
        };
        let name = format!(
            "windlass_test_{}_{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        execute(
            &server,
            format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
        )
        .await;
        execute(
            &server,
            format!("CREATE DATABASE {name} TEMPLATE template0"),
        )
        .await;
        let (address, parameters) = server.split_once('?').unwrap_or((&server, ""));
        let (address, _) = address.rsplit_once('/').unwrap();
        let url = format!("{address}/{name}?{parameters}");
        // The guard stands before anything can fail.
        let guard = Guard::Server { url: server, name };
        let store = Store::open(&url).await.unwrap();
        Some(Self { store, url, guard })
    }

    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.guard, Guard::Server { .. })
    }

    /// Runs a statement past the store.
    pub(crate) async fn execute(&self, sql: impl Into<String>) {
        execute(&self.url, sql.into()).await;
    }
}

/// An empty database on a PostgreSQL server, for tests that are not async; gone when this is.
pub(crate) struct EmptyDatabase {
    pub(crate) url: String,
    _guard: Guard,
}

impl EmptyDatabase {
    /// `server` is the address of a database whose server may have others.
    pub(crate) fn on(server: &str) -> Self {
        let name = format!(
            "windlass_test_{}_{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        execute_now(
            server,
            format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
        );
        execute_now(server, format!("CREATE DATABASE {name} TEMPLATE template0"));
        let (address, parameters) = server.split_once('?').unwrap_or((server, ""));
        let (address, _) = address.rsplit_once('/').unwrap();
        Self {
            url: format!("{address}/{name}?{parameters}"),
            _guard: Guard::Server {
                url: server.to_owned(),
                name,
            },
        }
    }
}

/// Runs statements from where nothing is async.
pub(crate) fn execute_now(url: &str, sql: String) {
    let url = url.to_owned();
    std::thread::spawn(move || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(execute(&url, sql));
    })
    .join()
    .unwrap();
}

/// Runs statements past the store.
pub(crate) async fn execute(url: &str, sql: String) {
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(url).await.unwrap();
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
    connection.close().await.unwrap();
}

impl Drop for Guard {
    fn drop(&mut self) {
        let Self::Server { url, name } = self else {
            return;
        };
        let (url, name) = (url.clone(), name.clone());
        // A thread and a runtime of its own: this one may be going down.
        let dropped = std::panic::catch_unwind(|| {
            execute_now(&url, format!("DROP DATABASE {name} WITH (FORCE)"));
        });
        if dropped.is_err() && !std::thread::panicking() {
            panic!("the test's database was not removed");
        }
    }
}
