//! A backup that was made while operations were at work: what they had not done yet is done where it is restored.

use std::time::Duration;

use domain::operation::OperationStatus;
use futures::{StreamExt as _, stream};

use super::{back_up, record_of, restore};
use crate::orchestrator::world::{WORLDS, World, app_stack};
use crate::store::database::Database;
use crate::store::on_both;

on_both! {
    every_backup_of_a_busy_server_must_be_whole,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_must_be_finished_from_a_backup_of_any_of_its_steps() {
    let steps = World::steps_of_small().await;
    assert!(steps.len() > 20, "{steps:?}");
    stream::iter(steps)
        .map(backed_up_at)
        .buffer_unordered(WORLDS)
        .collect::<()>()
        .await;
}

/// The server that the backup comes from went on to the end: the engine is ahead of what is restored.
async fn backed_up_at(step: String) {
    let world = World::small().await;
    world.engine.set_latency(Duration::from_millis(1));
    let operation = world.accept(1).await;
    let first = world.orchestrator("a").await;
    assert!(
        world.until_started(&first, operation, &step).await,
        "{step}"
    );
    let backup = back_up(world.url()).await;
    world.until_end(&first, operation).await;
    first.stop().await;
    let was = world.engine.containers().await;

    let database = Database::sqlite().await;
    database.store.close().await;
    let restored = restore(&backup, &database.url).await;
    let moved = world.with_record_at(&database.url).await;
    let facts = moved.store.operation_facts(None, 10).await.unwrap();
    assert_eq!(
        (facts[0].owner.as_deref(), facts[0].lease_until),
        (None, None)
    );
    // Another node, which would have to wait for a lease of the first one.
    let second = moved.orchestrator("b").await;
    let events = moved.until_end(&second, operation).await;
    moved
        .must_have_ended(operation, &events, OperationStatus::Succeeded)
        .await;
    moved.must_run_exactly_what_is_planned(1).await;
    assert_eq!(moved.engine.containers().await, was, "backed up at {step}");
    moved.must_be_sound().await;
    second.stop().await;
    // It may have ended between the step and the backup.
    assert!(restored.active <= 1);
}

async fn every_backup_of_a_busy_server_must_be_whole(database: Database) {
    const OPERATIONS: u32 = 12;
    let world = World::on(
        vec![app_stack("web", 4), app_stack("api", 4)],
        &database.url,
    )
    .await;
    world.engine.set_latency(Duration::from_millis(2));
    let mut operations = Vec::new();
    for number in 1..=OPERATIONS {
        operations.push(world.accept(number).await);
    }
    let orchestrator = world.orchestrator("a").await;
    let busy = async {
        for operation in &operations {
            world.until_end(&orchestrator, *operation).await;
        }
    };
    let looking = async {
        let mut backups = Vec::new();
        loop {
            backups.push(back_up(&database.url).await);
            let last = world.status(*operations.last().unwrap()).await;
            if !last.is_active() || backups.len() == 12 {
                return backups;
            }
        }
    };
    let ((), backups) = futures::join!(busy, looking);
    orchestrator.stop().await;
    assert!(backups.len() > 1);
    let mut active = 0;
    for backup in backups {
        let other = Database::sqlite().await;
        other.store.close().await;
        active += restore(&backup, &other.url).await.active;
        let report = record_of(&other.url).await;
        assert!(!report.has_findings(), "{report}");
        assert_eq!(report.checked.operations, OPERATIONS as usize);
    }
    assert!(active > 0);
}
