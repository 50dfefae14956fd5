//! Opening: the file and its permissions, addresses, and databases of other versions.

use std::os::unix::fs::PermissionsExt;

use server::store::{MigrationFailure, Store, StoreError};

use super::database::{Database, test_keys};
use super::on_both;
use super::samples::*;

on_both! {
    what_was_written_is_there_after_a_restart,
    a_database_of_a_newer_version_is_refused,
}

async fn what_was_written_is_there_after_a_restart(database: Database) {
    let accepted = accepted_operation(&database.store, 1).await;
    database.store.close().await;
    let again = Store::open(&database.url, test_keys()).await.unwrap();
    assert_eq!(again.operation(accepted.id).await.unwrap(), Some(accepted));
}

async fn a_database_of_a_newer_version_is_refused(database: Database) {
    let checksum = if database.is_postgres() {
        "'\\x00'::bytea"
    } else {
        "x'00'"
    };
    database
        .execute(format!(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
             VALUES (9999, 'later', true, {checksum}, 0)"
        ))
        .await;
    let refused = Store::open(&database.url, test_keys()).await;
    assert!(
        matches!(
            refused,
            Err(StoreError::Migrate {
                source: MigrationFailure::Newer { version: 9999 }
            })
        ),
        "{refused:?}"
    );
}

#[tokio::test]
async fn the_file_is_made_for_its_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a b/50%#?/windlass.db");
    let url = format!("sqlite://{}", file.display());
    let store = Store::open(&url, test_keys()).await.unwrap();
    store.insert_environment(&environment()).await.unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(&file.with_extension("db-wal")), 0o600);
    assert_eq!(mode(file.parent().unwrap()), 0o700);
    store.close().await;
}

#[tokio::test]
async fn addresses_that_are_refused() {
    for url in [
        "mysql://root:hunter2@host/db",
        "sqlite::memory:",
        "sqlite://",
        "sqlite://:memory:",
        "windlass.db",
        "",
    ] {
        let error = Store::open(url, test_keys()).await.unwrap_err();
        assert!(
            matches!(error, StoreError::UnsupportedAddress { .. }),
            "{url}: {error:?}"
        );
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
    let error = Store::open(
        "postgres://windlass:hunter2@127.0.0.1:1/windlass",
        test_keys(),
    )
    .await
    .unwrap_err();
    assert!(
        matches!(error, StoreError::Open { .. }) && error.is_transient(),
        "{error:?}"
    );
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    let file = tempfile::NamedTempFile::new().unwrap();
    let below = format!("sqlite://{}/windlass.db", file.path().display());
    assert!(matches!(
        Store::open(&below, test_keys()).await,
        Err(StoreError::PrepareFile { .. })
    ));
}
