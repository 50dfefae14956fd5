//! A backup that was made while operations were at work. What waited is begun where it is restored; what was in the middle is ended without
//! an act on the engine, however far that one is by now: what runs keeps running, and trying again makes record and engine agree.

use domain::operation::OperationStatus;
use domain::operation::event::{Event, EventBody};
use futures::{StreamExt as _, stream};
use server::orchestrator::Orchestrator;

use super::{back_up, record_of, restore};
use crate::orchestrator::shop::{Case, Shop};
use crate::orchestrator::world::{WORLDS, World, app_stack};
use crate::store::database::Database;
use crate::store::on_both;

on_both! {
    every_backup_of_a_busy_server_must_be_whole,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deployment_must_lose_nothing_by_a_restore_of_its_middle() {
    at_steps(Case::Deploy, 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_must_lose_nothing_by_a_restore_of_its_middle() {
    at_steps(Case::Upgrade, 3).await;
}

/// Each step of a kind of operation, or each so many.
async fn at_steps(case: Case, each: usize) {
    let shop = Shop::ready_for(case).await;
    let orchestrator = shop.orchestrator().await;
    let events = shop.carry_out(case, &orchestrator).await;
    orchestrator.stop().await;
    let steps: Vec<String> = events
        .iter()
        .filter_map(|event| match &event.body {
            EventBody::StepStarted { step, .. } => Some(step.to_string()),
            _ => None,
        })
        .step_by(each)
        .collect();
    assert!(!steps.is_empty(), "{case:?}");
    stream::iter(steps)
        .map(|step| async move {
            backed_up_at(case, &step, Then::Stops).await;
            backed_up_at(case, &step, Then::GoesOn).await;
        })
        .buffer_unordered(WORLDS)
        .collect::<()>()
        .await;
}

/// What the old server did after the backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// The machine was lost: record and engine are nearly of the same moment.
    Stops,
    /// It came to the end: the engine is ahead of the record.
    GoesOn,
}

async fn backed_up_at(case: Case, step: &str, then: Then) {
    let shop = Shop::ready_for(case).await;
    let first = shop.orchestrator().await;
    let operation = shop.accept(case, &first).await;
    assert!(shop.until_started(case, &first, operation, step).await);
    let backup = back_up(shop.world.url()).await;
    if then == Then::GoesOn {
        shop.until_end(case, &first, operation).await;
    }
    first.stop().await;
    let was = shop.world.engine.containers().await;

    let moved = shop.restored_from(&backup).await;
    let world = &moved.shop.world;
    let facts = world.store.operation_facts(None, 10).await.unwrap();
    assert!(
        facts
            .iter()
            .all(|it| it.owner.is_none() && it.lease_until.is_none())
    );
    let case_of = format!("{case:?} at {step}, then it {then:?}");
    // Another node, which would have to wait for a lease of the first one.
    let second = world.orchestrator("b").await;
    let events = world.until_end(&second, operation).await;
    assert!(has_ended(&events), "{case_of}: {events:#?}");
    assert_eq!(
        world.engine.containers().await,
        was,
        "{case_of}: {events:#?}"
    );
    let report = record_of(world.url()).await;
    assert!(!report.has_findings(), "{case_of}: {report}");

    moved.shop.let_it_crash(false);
    moved.shop.try_again(&second, &case_of).await;
    // A retry is about what failed: stacks that the old server changed after the backup are made anew by a redeploy.
    if let (Then::GoesOn, Ok(all)) = (then, moved.shop.ask(Case::Redeploy, &second).await) {
        let events = moved
            .shop
            .until_end(Case::Redeploy, &second, all.operation)
            .await;
        let end = world.status(all.operation).await;
        assert_eq!(end, OperationStatus::Succeeded, "{case_of}: {events:#?}");
    }
    second.stop().await;
    if then == Then::GoesOn {
        // Otherwise what was replaced or taken back may still stand beside what runs: the doctor names it.
        world.must_be_sound().await;
    }
}

fn has_ended(events: &[Event]) -> bool {
    matches!(
        events.last().map(|event| &event.body),
        Some(EventBody::Finished { .. })
    )
}

/// The shop with a record of its own, and where that is.
struct Moved {
    shop: Shop,
    _database: Database,
}

impl Shop {
    /// What an operator does: the first thing that is offered, and the next where that was not enough.
    async fn try_again(&self, orchestrator: &Orchestrator, what: &str) {
        let mut refused = Vec::new();
        for again in [
            Case::Retry,
            Case::Redeploy,
            Case::Restart,
            Case::ExitMaintenance,
        ] {
            match self.ask(again, orchestrator).await {
                Ok(accepted) => {
                    let events = self
                        .until_end(again, orchestrator, accepted.operation)
                        .await;
                    let end = self.world.status(accepted.operation).await;
                    if end == OperationStatus::Succeeded {
                        return;
                    }
                    // Stacks that had been stopped before the backup are no failure, so a retry leaves them stopped.
                    assert_eq!(again, Case::Retry, "after {what}: {events:#?}");
                }
                Err(error) => refused.push(format!("{again:?}: {error}")),
            }
        }
        panic!("nothing can be done after {what}: {refused:?}");
    }

    async fn restored_from(&self, backup: &[u8]) -> Moved {
        let database = Database::sqlite().await;
        database.store.close().await;
        restore(backup, &database.url).await;
        Moved {
            shop: self.with_record_at(&database.url).await,
            _database: database,
        }
    }
}

async fn every_backup_of_a_busy_server_must_be_whole(database: Database) {
    const OPERATIONS: u32 = 12;
    let world = World::on(
        vec![app_stack("web", 4), app_stack("api", 4)],
        &database.url,
    )
    .await;
    world
        .engine
        .set_latency(std::time::Duration::from_millis(2));
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
