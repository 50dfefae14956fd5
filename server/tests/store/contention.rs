//! Several processes on one SQLite file: they wait for each other and never see a lock.

use domain::operation::event::Level;
use futures::future::join_all;
use server::store::{Entry, Store};

use super::database::{Database, test_keys};
use super::samples::*;

const WRITERS: u32 = 8;
const APPENDS: i64 = 25;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_writers_never_see_a_locked_database() {
    let database = Database::sqlite().await;
    for number in 1..=WRITERS {
        accepted_operation(&database.store, number).await;
    }
    let mut writers = Vec::new();
    for number in 1..=WRITERS {
        // A store of its own: its writer is in nobody's line.
        let store = Store::open(&database.url, test_keys()).await.unwrap();
        writers.push(async move {
            let node = format!("node-{number}");
            let claim = store.claim(&node, at(1_000), LEASE).await.unwrap().unwrap();
            let body = note("a word");
            let word = [Entry::Event {
                level: Level::Info,
                body: &body,
            }];
            for _ in 0..APPENDS {
                store
                    .append(&claim.lease, at(1_000), LEASE, &word)
                    .await
                    .unwrap();
                store.operation(claim.operation.id).await.unwrap().unwrap();
            }
            claim.operation.id
        });
    }
    for operation in join_all(writers).await {
        let operation = database.store.operation(operation).await.unwrap().unwrap();
        assert_eq!(operation.event_seq, 1 + APPENDS);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_of_one_process_stand_in_line() {
    let database = Database::sqlite().await;
    let mut claims = Vec::new();
    for number in 1..=WRITERS {
        claims.push(claimed_operation(&database.store, number).await);
    }
    let writers = claims.iter().map(|claim| async {
        let body = note("a word");
        let word = [Entry::Event {
            level: Level::Info,
            body: &body,
        }];
        for _ in 0..APPENDS {
            database
                .store
                .append(&claim.lease, at(1_000), LEASE, &word)
                .await
                .unwrap();
        }
    });
    join_all(writers).await;
}
