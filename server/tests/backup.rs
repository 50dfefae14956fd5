//! A backup has everything, is of one moment, and comes back whole or not at all, on either database.

mod at_work;
mod commands;
mod everything;
mod refusing;
mod tables;

use std::sync::Arc;

use domain::timestamp::Timestamp;
use server::backup::{self, Reader, RestoreError, Restored};
use server::clock::Clock;
use server::doctor::{Doctor, Report};
use server::engine::EngineError;
use server::store::Store;

use crate::store::database::{Database, test_keys};

/// When every backup here is made, and restored.
const MADE: i64 = 1_771_329_600_000;

fn clock() -> Clock {
    Clock::from_fn(|| Timestamp::from_millis(MADE))
}

/// What `windlass-server backup` writes about the database at that address.
async fn back_up(url: &str) -> Vec<u8> {
    let store = Store::open_to_dump(url).await.unwrap();
    let (backup, _) = backup::back_up(&store, &clock(), Vec::new()).await.unwrap();
    store.close().await;
    backup
}

/// What `windlass-server restore` does with it.
async fn try_restore(backup: &[u8], url: &str) -> Result<Restored, RestoreError> {
    backup::restore(url, &clock(), Reader::open(backup)?).await
}

async fn restore(backup: &[u8], url: &str) -> Restored {
    try_restore(backup, url).await.unwrap()
}

/// What the doctor finds in the record alone.
async fn record_of(url: &str) -> Report {
    let store = Store::open_to_read(url, &test_keys()).await.unwrap();
    let nowhere = |_: &_| {
        Err(EngineError::Unreachable {
            address: "nowhere".to_owned(),
            source: "nobody asks it".into(),
        })
    };
    let doctor = Doctor::new(store.clone(), Arc::new(nowhere));
    let report = doctor.look().await.unwrap();
    store.close().await;
    report
}

/// A new, empty database of each kind that can be had.
async fn empty() -> Vec<Database> {
    let mut databases = vec![Database::sqlite().await];
    databases.extend(Database::postgres().await);
    for database in &databases {
        database.store.close().await;
    }
    databases
}
