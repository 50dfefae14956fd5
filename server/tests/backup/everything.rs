//! All of it comes back, from each database to each: every table, every row, every character.

use std::collections::BTreeMap;

use domain::operation::event::Level;
use server::backup::Reader;
use server::store::{Entry, Store, StoreError};

use super::tables::{columns_of, tables_of};
use super::{MADE, back_up, empty, record_of, restore};
use crate::orchestrator::shop::{Case, Shop};
use crate::store::database::{Database, execute};
use crate::store::on_both;
use crate::store::samples::*;

on_both! {
    every_table_of_the_database_must_be_in_the_backup,
    a_backup_must_be_of_one_moment,
    many_rows_must_come_back,
    tables_of_others_must_be_left_alone,
}

/// What nobody may lose.
const ODD: &str = "a\n\tb\r\\ \"c\" 'd' $1 %s \u{7f} \u{fffd} \u{1f6a2} {\"e\":[null]} ";

/// A record with rows in every table: the life of a product, its health, and its observer.
async fn full_record() -> Shop {
    let shop = Shop::ready_for(Case::Rollback).await;
    let orchestrator = shop.orchestrator().await;
    for case in [Case::Rollback, Case::UpgradeReturns] {
        shop.carry_out(case, &orchestrator).await;
    }
    // One that waits for a server.
    orchestrator.stop().await;
    let idle = shop.world.idle_orchestrator("a", shop.world.clock.clock());
    shop.accept(Case::Redeploy, &idle).await;
    let (environment, deployment) = (shop.environment(), shop.deployment());
    let odd = ODD.replace('\'', "''");
    shop.world
        .sql(&format!(
            "INSERT INTO health_transitions VALUES ('h1', '{environment}', '{deployment}', '', '', NULL, 'Healthy', '{odd}',
                'resync', 0, {}, {}, 1);
             INSERT INTO maintenance_observers VALUES ('{deployment}', 1, 2, 3, 4, NULL, 'failed', '', '{odd}', 5, NULL)",
            i64::MIN,
            i64::MAX
        ))
        .await;
    shop
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_backed_up_must_be_the_same_on_either_database() {
    let shop = full_record().await;
    let original = tables_of(shop.world.url()).await;
    assert!(
        original.values().all(|rows| !rows.is_empty()),
        "{original:#?}"
    );
    let backup = back_up(shop.world.url()).await;
    for database in empty().await {
        let restored = restore(&backup, &database.url).await;
        assert_eq!(restored.active, 1);
        assert_eq!(restored.contents.tables, original.len());
        assert_eq!(restored.contents.created_at.millis(), MADE);
        assert_eq!(tables_of(&database.url).await, original);
        let report = record_of(&database.url).await;
        assert!(!report.has_findings(), "{report}");

        // And on to each from there.
        let second = back_up(&database.url).await;
        for further in empty().await {
            restore(&second, &further.url).await;
            assert_eq!(tables_of(&further.url).await, original);
        }
    }
    // It was only read.
    assert_eq!(tables_of(shop.world.url()).await, original);
}

async fn every_table_of_the_database_must_be_in_the_backup(database: Database) {
    let backup = back_up(&database.url).await;
    let reader = Reader::open(backup.as_slice()).unwrap();
    let listed: BTreeMap<String, Vec<String>> = reader
        .header()
        .tables
        .iter()
        .map(|table| {
            let columns = table.columns.iter().map(|column| column.name.clone());
            (table.name.clone(), columns.collect())
        })
        .collect();
    assert_eq!(listed, columns_of(&database.url).await);
    assert_eq!(reader.header().schema, Store::newest_schema());
}

async fn a_backup_must_be_of_one_moment(database: Database) {
    let store = &database.store;
    let claim = claimed_operation(store, 1).await;
    let reader = Store::open_to_dump(&database.url).await.unwrap();
    let mut dump = reader.dump().await.unwrap();
    let tables = dump.tables().to_vec();
    let events = tables.iter().find(|table| table.name == "events").unwrap();
    let before = dump.count(events).await.unwrap();

    // The server goes on; nothing waits, and nothing of it is seen.
    let body = note("later");
    for moment in 0..10 {
        let event = Entry::Event {
            level: Level::Info,
            body: &body,
        };
        store
            .append(&claim.lease, at(1_500 + moment), LEASE, &[event])
            .await
            .unwrap();
    }
    accepted_operation(store, 2).await;
    let mut rows = 0;
    for table in &tables {
        let count = dump.count(table).await.unwrap();
        let mut read = 0;
        dump.rows(table, |row| {
            assert_eq!(row.len(), table.columns.len());
            read += 1;
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
        assert_eq!(read, count, "{}", table.name);
        if table == events {
            rows = read;
        }
    }
    assert_eq!(rows, before);
    drop(dump);
    reader.close().await;
}

async fn many_rows_must_come_back(database: Database) {
    let claim = claimed_operation(&database.store, 1).await;
    let id = claim.operation.id;
    // More than one statement takes: by number, and by length.
    let number = "WITH RECURSIVE numbers(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1235)";
    let long = "x".repeat(1 << 16);
    database
        .execute(format!(
            "INSERT INTO events {number} SELECT '{id}', n, n, 'info', '{{\"type\":\"n\"}}' FROM numbers;
             UPDATE operations SET event_seq = 1235;
             UPDATE events SET body = '{long}' WHERE seq % 20 = 0"
        ))
        .await;
    let original = tables_of(&database.url).await;
    assert_eq!(original["events"].len(), 1235);
    let backup = back_up(&database.url).await;
    for other in empty().await {
        let restored = restore(&backup, &other.url).await;
        let mut expected = original.clone();
        // Whoever held the lease holds it no more.
        let rows = expected.get_mut("operations").unwrap();
        let lease = rows[0].split("; ").find(|it| it.starts_with("lease_until"));
        let lease = lease.unwrap().to_owned();
        assert_ne!(lease, "lease_until=~");
        rows[0] = rows[0]
            .replace("owner=node-a", "owner=~")
            .replace(&lease, "lease_until=~");
        let found = tables_of(&other.url).await;
        assert!(found == expected, "{:?}", found["operations"]);
        assert_eq!(restored.active, 1);
    }
}

async fn tables_of_others_must_be_left_alone(database: Database) {
    accepted_operation(&database.store, 1).await;
    execute(
        &database.url,
        "CREATE TABLE somebody_elses (at TIMESTAMP, name TEXT)".to_owned(),
    )
    .await;
    let backup = back_up(&database.url).await;
    let mut expected = tables_of(&database.url).await;
    expected.remove("somebody_elses").unwrap();
    let empty = Database::sqlite().await;
    restore(&backup, &empty.url).await;
    assert_eq!(tables_of(&empty.url).await, expected);
}
