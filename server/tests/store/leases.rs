//! Claims, leases and fences.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::access::Actor;
use domain::deployment::ProductStatus;
use domain::operation::OperationStatus;
use domain::operation::event::Level;
use futures::future::join_all;
use server::store::{CancelOutcome, Entry, StoreError};

use super::database::Database;
use super::on_both;
use super::samples::*;

on_both! {
    of_many_claimers_one_gets_it,
    many_claimers_share_out_many_operations,
    the_oldest_comes_first,
    an_expired_lease_is_taken_over_and_its_holder_fenced_out,
    a_heartbeat_keeps_the_lease,
    the_database_s_clock_decides_leases_where_there_is_one,
    a_released_lease_is_free_at_once,
    a_node_that_starts_again_frees_what_it_held,
    a_pause_is_kept_and_a_cancel_ends_it,
    a_stuck_operation_is_tried_again_until_its_operator_lets_go,
    a_wish_to_cancel_reaches_the_runner,
    a_clock_that_was_set_back_holds_nothing_up,
}

async fn of_many_claimers_one_gets_it(database: Database) {
    let store = &database.store;
    let accepted = accepted_operation(store, 1).await;
    let claims = join_all((0..20).map(|claimer| {
        let store = store.clone();
        async move {
            store
                .claim(&format!("node-{claimer}"), at(1_000), LEASE)
                .await
                .unwrap()
        }
    }))
    .await;
    let won: Vec<_> = claims.into_iter().flatten().collect();
    assert_eq!(won.len(), 1);
    assert_eq!(
        (won[0].lease.fence, won[0].resumed, won[0].cancel_by.clone()),
        (1, false, None)
    );
    assert_eq!(won[0].operation.id, accepted.id);
    assert_eq!(won[0].operation.status, OperationStatus::Running);
    assert_eq!(won[0].operation.started_at, Some(at(1_000)));
}

async fn many_claimers_share_out_many_operations(database: Database) {
    let store = &database.store;
    for number in 1..=20 {
        accepted_operation(store, number).await;
    }
    let claims = join_all((0..20).map(|claimer| {
        let store = store.clone();
        async move {
            let node = format!("node-{claimer}");
            let mut mine = Vec::new();
            while let Some(claim) = store.claim(&node, at(1_000), LEASE).await.unwrap() {
                mine.push(claim.operation.id);
            }
            mine
        }
    }))
    .await;
    let all: Vec<_> = claims.into_iter().flatten().collect();
    let distinct: BTreeSet<_> = all.iter().copied().collect();
    assert_eq!((all.len(), distinct.len()), (20, 20));
}

async fn the_oldest_comes_first(database: Database) {
    let store = &database.store;
    for number in [3, 1, 2] {
        accepted_operation(store, number).await;
    }
    for number in [1, 2, 3] {
        let claim = store.claim(NODE, at(1_000), LEASE).await.unwrap().unwrap();
        assert_eq!(claim.operation.id, operation_id(number));
    }
    assert_eq!(store.claim(NODE, at(1_000), LEASE).await.unwrap(), None);
}

async fn an_expired_lease_is_taken_over_and_its_holder_fenced_out(database: Database) {
    let store = &database.store;
    accepted_operation(store, 1).await;
    let first = store
        .claim("node-a", at(0), Duration::ZERO)
        .await
        .unwrap()
        .unwrap();
    let second = store.claim("node-b", at(1), LEASE).await.unwrap().unwrap();
    assert_eq!((second.lease.fence, second.resumed), (2, true));
    assert_eq!(second.operation.started_at, Some(at(0)));
    let event = note("a late word");
    let late = [Entry::Event {
        level: Level::Info,
        body: &event,
    }];
    assert!(matches!(
        store.append(&first.lease, at(2), LEASE, &late).await,
        Err(StoreError::FencedOut { operation }) if operation == first.operation.id
    ));
    assert!(matches!(
        store.heartbeat(&first.lease, at(2), LEASE).await,
        Err(StoreError::FencedOut { .. })
    ));
    // Letting go of what is lost changes nothing.
    store.release(&first.lease).await.unwrap();
    assert_eq!(
        store.events_after(first.operation.id, 1, 10).await.unwrap(),
        []
    );
    assert_eq!(
        store
            .append(&second.lease, at(3), LEASE, &late)
            .await
            .unwrap()
            .last_seq,
        2
    );
    // The same node with an old fence is as late as another node.
    let mut old = second.lease.clone();
    old.fence = 1;
    assert!(matches!(
        store.heartbeat(&old, at(4), LEASE).await,
        Err(StoreError::FencedOut { .. })
    ));
}

async fn a_heartbeat_keeps_the_lease(database: Database) {
    let store = &database.store;
    accepted_operation(store, 1).await;
    let claim = store
        .claim(NODE, at(0), Duration::ZERO)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        store.heartbeat(&claim.lease, at(0), LEASE).await.unwrap(),
        None
    );
    assert_eq!(store.claim("node-b", at(1), LEASE).await.unwrap(), None);
    // An append keeps it just as well, and so does one without entries.
    store
        .heartbeat(&claim.lease, at(0), Duration::ZERO)
        .await
        .unwrap();
    let appended = store.append(&claim.lease, at(0), LEASE, &[]).await.unwrap();
    assert_eq!((appended.first_seq, appended.last_seq), (2, 1));
    assert_eq!(store.claim("node-b", at(1), LEASE).await.unwrap(), None);
}

async fn the_database_s_clock_decides_leases_where_there_is_one(database: Database) {
    let store = &database.store;
    accepted_operation(store, 1).await;
    store.claim("node-a", at(0), LEASE).await.unwrap().unwrap();
    // A node whose clock is ten minutes early.
    let early = store.claim("node-b", at(600_000), LEASE).await.unwrap();
    assert_eq!(early.is_none(), database.is_postgres());
}

async fn a_released_lease_is_free_at_once(database: Database) {
    let store = &database.store;
    let claim = claimed_operation(store, 1).await;
    store.release(&claim.lease).await.unwrap();
    assert!(matches!(
        store.heartbeat(&claim.lease, at(1_000), LEASE).await,
        Err(StoreError::FencedOut { .. })
    ));
    let next = store
        .claim("node-b", at(1_001), LEASE)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((next.lease.fence, next.resumed), (2, true));
}

async fn a_node_that_starts_again_frees_what_it_held(database: Database) {
    let store = &database.store;
    for number in 1..=3 {
        accepted_operation(store, number).await;
    }
    store
        .claim("node-a", at(1_000), LEASE)
        .await
        .unwrap()
        .unwrap();
    store
        .claim("node-a", at(1_000), LEASE)
        .await
        .unwrap()
        .unwrap();
    store
        .claim("node-b", at(1_000), LEASE)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(store.release_leases_of("node-a").await.unwrap(), 2);
    assert_eq!(store.release_leases_of("node-a").await.unwrap(), 0);
    for number in [1, 2] {
        let claim = store
            .claim("node-a", at(1_001), LEASE)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (claim.operation.id, claim.lease.fence),
            (operation_id(number), 2)
        );
    }
    assert_eq!(store.claim("node-a", at(1_001), LEASE).await.unwrap(), None);
}

async fn a_pause_is_kept_and_a_cancel_ends_it(database: Database) {
    let store = &database.store;
    let claim = claimed_operation(store, 1).await;
    let pause = [
        Entry::Status(OperationStatus::Waiting),
        Entry::NotBefore(Some(at(5_000))),
    ];
    store
        .append(&claim.lease, at(2_000), LEASE, &pause)
        .await
        .unwrap();
    store.release(&claim.lease).await.unwrap();
    let waiting = store.operation(claim.operation.id).await.unwrap().unwrap();
    assert_eq!(
        (waiting.status, waiting.not_before),
        (OperationStatus::Waiting, Some(at(5_000)))
    );
    assert_eq!(store.claim(NODE, at(4_999), LEASE).await.unwrap(), None);
    let resumed = store.claim(NODE, at(5_000), LEASE).await.unwrap().unwrap();
    assert_eq!(
        (resumed.operation.status, resumed.operation.not_before),
        (OperationStatus::Waiting, None)
    );

    store
        .append(
            &resumed.lease,
            at(5_001),
            LEASE,
            &[Entry::NotBefore(Some(at(90_000)))],
        )
        .await
        .unwrap();
    store.release(&resumed.lease).await.unwrap();
    let asked = store
        .request_cancel(claim.operation.id, &Actor::LocalOperator, at(5_002))
        .await
        .unwrap();
    assert_eq!(asked, CancelOutcome::Requested);
    let cancelled = store.claim(NODE, at(5_003), LEASE).await.unwrap().unwrap();
    assert_eq!(cancelled.cancel_by, Some(Actor::LocalOperator));
    assert!(cancelled.operation.cancel_requested);
}

async fn a_stuck_operation_is_tried_again_until_its_operator_lets_go(database: Database) {
    let store = &database.store;
    let claim = claimed_operation(store, 1).await;
    let cancel = |now| async move {
        store
            .request_cancel(operation_id(1), &Actor::LocalOperator, at(now))
            .await
            .unwrap()
    };
    assert_eq!(cancel(1_500).await, CancelOutcome::Requested);
    let stuck = [
        Entry::Status(OperationStatus::Stuck),
        Entry::NotBefore(Some(at(9_000))),
    ];
    store
        .append(&claim.lease, at(2_000), LEASE, &stuck)
        .await
        .unwrap();
    store.release(&claim.lease).await.unwrap();
    // The wish that led to the undoing does not end its pauses.
    assert_eq!(store.claim(NODE, at(3_000), LEASE).await.unwrap(), None);
    let again = store.claim(NODE, at(9_000), LEASE).await.unwrap().unwrap();
    assert!(!again.abandon);
    let stuck = [Entry::NotBefore(Some(at(90_000)))];
    store
        .append(&again.lease, at(9_001), LEASE, &stuck)
        .await
        .unwrap();
    store.release(&again.lease).await.unwrap();
    assert_eq!(cancel(9_002).await, CancelOutcome::Requested);
    assert_eq!(cancel(9_003).await, CancelOutcome::AlreadyRequested);
    let last = store.claim(NODE, at(9_004), LEASE).await.unwrap().unwrap();
    assert!(last.abandon && last.operation.cancel_requested);
}

async fn a_wish_to_cancel_reaches_the_runner(database: Database) {
    let store = &database.store;
    let cancel = |by: Actor| async move {
        store
            .request_cancel(operation_id(1), &by, at(1_500))
            .await
            .unwrap()
    };
    assert_eq!(cancel(Actor::System).await, CancelOutcome::NotFound);
    let claim = claimed_operation(store, 1).await;
    assert_eq!(cancel(Actor::LocalOperator).await, CancelOutcome::Requested);
    assert_eq!(cancel(Actor::System).await, CancelOutcome::AlreadyRequested);
    let by = store
        .heartbeat(&claim.lease, at(1_600), LEASE)
        .await
        .unwrap();
    assert_eq!(by, Some(Actor::LocalOperator));
    let appended = store
        .append(&claim.lease, at(1_700), LEASE, &[])
        .await
        .unwrap();
    assert_eq!(appended.cancel_by, Some(Actor::LocalOperator));
    assert!(
        store
            .operation(claim.operation.id)
            .await
            .unwrap()
            .unwrap()
            .cancel_requested
    );
    // It is a wish: the journal has no word of it until the runner says so.
    assert_eq!(
        store.events_after(claim.operation.id, 1, 10).await.unwrap(),
        []
    );
    finish(store, &claim, ProductStatus::Running).await;
    assert_eq!(
        cancel(Actor::System).await,
        CancelOutcome::AlreadyFinal(OperationStatus::Succeeded)
    );
}

async fn a_clock_that_was_set_back_holds_nothing_up(database: Database) {
    let store = &database.store;
    accepted_operation(store, 1).await;
    let hours = 3 * 3_600_000;
    let first = store.claim("node-a", at(hours), LEASE).await.unwrap();
    // Where the database has a clock of its own, nothing happened to the lease.
    let after = store.claim("node-b", at(1_000), LEASE).await.unwrap();
    assert_eq!(after.is_none(), database.is_postgres());
    let lease = after.or(first).unwrap().lease;

    let pause = [Entry::NotBefore(Some(at(hours)))];
    store
        .append(&lease, at(2_000), LEASE, &pause)
        .await
        .unwrap();
    store.release(&lease).await.unwrap();
    let claimed = store.claim("node-a", at(3_000), LEASE).await.unwrap();
    let lease = claimed.unwrap().lease;
    // A pause of an honest length is kept.
    let pause = [Entry::NotBefore(Some(at(33_000)))];
    store
        .append(&lease, at(3_000), LEASE, &pause)
        .await
        .unwrap();
    store.release(&lease).await.unwrap();
    assert_eq!(store.claim("node-a", at(4_000), LEASE).await.unwrap(), None);
}
