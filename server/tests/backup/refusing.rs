//! What cannot be restored is refused with what is wrong, and nothing of it stays: the same database takes a good backup afterwards.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use server::backup::{ReadError, Reader, RestoreError};
use server::store::{Store, StoreError};

use super::tables::{Tables, tables_of};
use super::{MADE, back_up, empty, record_of, restore, try_restore};
use crate::store::database::{Database, execute, test_keys};
use crate::store::on_both;
use crate::store::samples::*;

on_both! {
    a_database_with_rows_must_be_refused,
    a_backup_that_breaks_off_must_leave_nothing,
    a_backup_of_an_earlier_version_must_be_brought_up_to_date,
}

/// A backup of two operations.
async fn good() -> Vec<u8> {
    let database = Database::sqlite().await;
    for number in 1..=2 {
        accepted_operation(&database.store, number).await;
    }
    back_up(&database.url).await
}

/// The same backup with its text changed, and a packing that is right.
fn changed(backup: &[u8], change: impl Fn(String) -> String) -> Vec<u8> {
    let mut text = String::new();
    GzDecoder::new(backup).read_to_string(&mut text).unwrap();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(change(text).as_bytes()).unwrap();
    packed.finish().unwrap()
}

async fn a_database_with_rows_must_be_refused(database: Database) {
    let backup = good().await;
    database
        .store
        .insert_environment(&environment())
        .await
        .unwrap();
    let before = tables_of(&database.url).await;
    let refused = try_restore(&backup, &database.url).await.unwrap_err();
    let RestoreError::Store(source @ StoreError::NotEmpty { .. }) = &refused else {
        panic!("{refused:?}");
    };
    assert!(
        source.to_string().contains("table environments has rows"),
        "{source}"
    );
    assert_eq!(tables_of(&database.url).await, before);
    // Whoever uses it is not in the way of anything.
    accepted_operation(&database.store, 1).await;
}

async fn a_backup_that_breaks_off_must_leave_nothing(database: Database) {
    database.store.close().await;
    let untouched = tables_of(&database.url).await;
    let backup = good().await;
    let expected = {
        let other = Database::sqlite().await;
        restore(&backup, &other.url).await;
        tables_of(&other.url).await
    };
    for part in 1..10 {
        let cut = &backup[..backup.len() * part / 10];
        let refused = try_restore(cut, &database.url).await.unwrap_err();
        assert!(
            matches!(
                refused,
                RestoreError::Read(ReadError::Cut { .. } | ReadError::NoBackup)
            ),
            "{part}: {refused:?}"
        );
        assert_eq!(tables_of(&database.url).await, untouched);
    }
    // Right as a file, wrong as a record: a row without what it refers to, one row twice, and a checksum that is not its own.
    for (from, to) in [
        (
            "[\"00000000-0000-0000-0000-000300000002\",1,",
            "[\"nobody\",1,",
        ),
        (
            "[\"00000000-0000-0000-0000-000300000002\",1,",
            "[\"00000000-0000-0000-0000-000300000001\",1,",
        ),
        ("\"local\"", "\"other\""),
    ] {
        let wrong = changed(&backup, |text| {
            assert!(text.contains(from), "{text}");
            text.replacen(from, to, 1)
        });
        try_restore(&wrong, &database.url).await.unwrap_err();
        assert_eq!(tables_of(&database.url).await, untouched);
    }
    restore(&backup, &database.url).await;
    assert_eq!(tables_of(&database.url).await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_a_newer_version_must_be_refused_with_its_name() {
    let newest = format!("\"schema\":{},", Store::newest_schema());
    let backup = changed(&good().await, |text| {
        text.replacen(&newest, "\"schema\":9999,", 1).replacen(
            "\"windlass\":\"0.1.0\"",
            "\"windlass\":\"9.9.9\"",
            1,
        )
    });
    for database in empty().await {
        let refused = try_restore(&backup, &database.url).await.unwrap_err();
        assert!(matches!(refused, RestoreError::Newer { theirs: 9999, .. }));
        assert!(refused.to_string().contains("Windlass 9.9.9"), "{refused}");
    }
    // Nor are tables taken that its version never had.
    let other = changed(&good().await, |text| {
        text.replace("\"steps\"", "\"stairs\"")
    });
    for database in empty().await {
        let refused = try_restore(&other, &database.url).await.unwrap_err();
        let RestoreError::OtherTables { table, .. } = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(table, "stairs");
    }
}

/// A database of the tables of migration 1, in the middle of a deployment.
const GOLDEN: &str = include_str!("../orchestrator/golden_0001.sql");

async fn a_backup_of_an_earlier_version_must_be_brought_up_to_date(database: Database) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/windlass.db", folder.path().display());
    execute(&format!("{url}?mode=rwc"), GOLDEN.to_owned()).await;
    let backup = back_up(&url).await;
    let reader = Reader::open(backup.as_slice()).unwrap();
    assert_eq!(reader.header().schema, 1);
    // The database has the newest tables already, all of them empty.
    restore(&backup, &database.url).await;

    // The same as where the tables were brought up to date in their place.
    Store::open(&url, test_keys()).await.unwrap().close().await;
    execute(
        &url,
        format!(
            "UPDATE operations SET owner = NULL, lease_until = NULL, cancel_requested = 2, cancel_at = {MADE},
                cancel_by = '{{\"type\":\"system\"}}'"
        ),
    )
    .await;
    let (restored, opened) = (tables_of(&database.url).await, tables_of(&url).await);
    assert_eq!(without_secrets(restored), without_secrets(opened));
    let report = record_of(&database.url).await;
    assert!(!report.has_findings(), "{report}");
    let again = Store::open(&database.url, test_keys()).await.unwrap();
    assert_eq!(again.operation_facts(None, 10).await.unwrap().len(), 1);
    again.close().await;
}

/// Without what a server encrypts when it opens a database of a version that did not.
fn without_secrets(mut tables: Tables) -> Tables {
    tables.remove("secret_keys");
    for rows in tables.values_mut() {
        for row in rows {
            let is_plain = |part: &&str| {
                !["product=", "shared_values=", "stack_values="]
                    .iter()
                    .any(|secret| part.starts_with(secret))
            };
            *row = row
                .split("; ")
                .filter(is_plain)
                .collect::<Vec<_>>()
                .join("; ");
        }
    }
    tables
}
