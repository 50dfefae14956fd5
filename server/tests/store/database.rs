//! A fresh database for one test, gone when the test is.

use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use server::secrets::{KeyRing, SecretKey};
use server::store::Store;
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor, Row as _};
use tempfile::TempDir;

/// Where the PostgreSQL server is that tests may make databases on.
const POSTGRES: &str = "WINDLASS_TEST_DATABASE_URL";

/// The key of every store of a test.
pub(crate) fn test_keys() -> KeyRing {
    KeyRing::of(SecretKey::from_bytes(&[7; 32], "the test").unwrap())
}

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
        let store = Store::open(&url, test_keys()).await.unwrap();
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
        let store = Store::open(&url, test_keys()).await.unwrap();
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

/// Every byte of the files of an SQLite database; every text of a PostgreSQL database.
pub(crate) async fn everything_in(url: &str) -> Vec<u8> {
    if let Some(file) = url.strip_prefix("sqlite://") {
        return ["", "-wal", "-shm", "-journal"]
            .iter()
            .filter_map(|end| std::fs::read(format!("{file}{end}")).ok())
            .flatten()
            .collect();
    }
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(url).await.unwrap();
    let columns = sqlx::query(
        "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT) FROM information_schema.columns
         WHERE table_schema = 'public' AND data_type = 'text' ORDER BY 1, 2",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert!(columns.len() > 50, "{}", columns.len());
    let mut everything = Vec::new();
    for column in &columns {
        let (table, name): (String, String) = (column.get(0), column.get(1));
        let sql = format!("SELECT COALESCE(string_agg(\"{name}\", chr(10)), '') FROM {table}");
        let text: String = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(&mut connection)
            .await
            .unwrap();
        everything.extend(text.bytes());
    }
    connection.close().await.unwrap();
    everything
}

/// Fails where a secret is somewhere, as it is or in base64.
pub(crate) fn must_not_hold(everything: &[u8], secret: &str) {
    assert!(everything.len() > 1000, "{}", everything.len());
    let holds = |form: &str| {
        everything
            .windows(form.len())
            .any(|window| window == form.as_bytes())
    };
    assert!(!holds(secret), "{secret} is there");
    // Base64 of it as a part of something longer: of its three forms, what does not depend on what is around it.
    for before in 0..3 {
        let padded = [&vec![0; before], secret.as_bytes()].concat();
        let text = STANDARD_NO_PAD.encode(&padded);
        let start = [0, 2, 3][before];
        let end = text.len() - usize::from(padded.len() % 3 != 0);
        assert!(!holds(&text[start..end]), "{secret} is there in base64");
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
    now(async move { execute(&url, sql).await });
}

/// [`everything_in`] from where nothing is async.
pub(crate) fn everything_now(url: &str) -> Vec<u8> {
    let url = url.to_owned();
    now(async move { everything_in(&url).await })
}

fn now<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    std::thread::spawn(move || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(work)
    })
    .join()
    .unwrap()
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
