//! Accepting an operation: all of it or nothing, and one at a time for each product.

use domain::deployment::ProductStatus;
use domain::operation::OperationStatus;
use domain::operation::event::Level;
use futures::future::join_all;
use server::store::{NewOperation, Store, StoreError};

use super::database::Database;
use super::on_both;
use super::samples::*;

on_both! {
    what_was_accepted_reads_back,
    a_second_operation_is_refused_by_name,
    a_deployed_product_is_not_deployed_again,
    a_failed_deployment_makes_room,
    only_a_failed_deployment_makes_room,
    of_many_at_once_exactly_one_wins,
    an_id_used_twice_is_no_conflict_of_products,
}

async fn what_was_accepted_reads_back(database: Database) {
    let store = &database.store;
    let accepted_one = accepted_operation(store, 1).await;
    assert_eq!(
        store.operation(accepted_one.id).await.unwrap(),
        Some(accepted_one.clone())
    );
    assert_eq!(
        store
            .deployment(environment_id(), deployment_id(1))
            .await
            .unwrap(),
        Some(deployment(1))
    );
    assert_eq!(
        store
            .active_deployment(environment_id(), "stacks:shop-1")
            .await
            .unwrap(),
        Some(deployment(1))
    );
    let events = store.events_after(accepted_one.id, 0, 10).await.unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(
        (events[0].seq, events[0].at, &events[0].body),
        (1, accepted_one.created_at, &accepted())
    );
    assert_eq!(store.operation(operation_id(9)).await.unwrap(), None);
    assert_eq!(
        store
            .deployment(environment_id(), deployment_id(9))
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        store
            .active_deployment(environment_id(), "stacks:none")
            .await
            .unwrap(),
        None
    );
}

async fn a_second_operation_is_refused_by_name(database: Database) {
    let store = &database.store;
    let first = accepted_operation(store, 1).await;
    let again = deployment_of("shop-1", 2);
    match accept(store, &operation(2, &again), &again).await {
        Err(StoreError::OperationActive(active)) => {
            assert_eq!(
                (active.id, active.kind, active.since),
                (first.id, first.kind, first.created_at)
            );
            assert_eq!(active.actor, first.actor);
        }
        other => panic!("{other:?}"),
    }
    let held = store.active_operation(environment_id(), &first.group_id);
    assert_eq!(held.await.unwrap().map(|active| active.id), Some(first.id));
    let free = store.active_operation(environment_id(), "stacks:none");
    assert_eq!(free.await.unwrap(), None);
    // Nothing of it was written.
    assert_eq!(
        store.deployment(environment_id(), again.id).await.unwrap(),
        None
    );
    assert_eq!(store.operation(operation_id(2)).await.unwrap(), None);
    // Without a new deployment it is refused as well.
    let refused = store
        .accept_operation(&NewOperation {
            operation: &operation(2, &deployment(1)),
            deployment: None,
            change: None,
            supersede: None,
            first_event: (Level::Info, &accepted()),
        })
        .await;
    assert!(matches!(refused, Err(StoreError::OperationActive(_))));
    // Another product is not held up.
    accepted_operation(store, 3).await;
}

async fn a_deployed_product_is_not_deployed_again(database: Database) {
    let store = &database.store;
    let claim = claimed_operation(store, 1).await;
    finish(store, &claim, ProductStatus::Running).await;
    let again = deployment_of("shop-1", 2);
    match accept(store, &operation(2, &again), &again).await {
        Err(StoreError::DeploymentExists { id, status }) => {
            assert_eq!((id, status), (deployment_id(1), ProductStatus::Running));
        }
        other => panic!("{other:?}"),
    }
    // An operation on the deployment that is there is welcome.
    store
        .accept_operation(&NewOperation {
            operation: &operation(2, &deployment(1)),
            deployment: None,
            change: None,
            supersede: None,
            first_event: (Level::Info, &accepted()),
        })
        .await
        .unwrap();
}

async fn a_failed_deployment_makes_room(database: Database) {
    let store = &database.store;
    let claim = claimed_operation(store, 1).await;
    // Not while it is being worked on: that is said first.
    assert!(matches!(
        superseding(store, 2, 1).await,
        Err(StoreError::OperationActive(_))
    ));
    finish(store, &claim, ProductStatus::Failed).await;
    superseding(store, 2, 1).await.unwrap();
    let old = store
        .deployment(environment_id(), deployment_id(1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(old.status, ProductStatus::Superseded);
    let new = store
        .active_deployment(environment_id(), "stacks:shop-1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(new.id, deployment_id(2));
}

async fn only_a_failed_deployment_makes_room(database: Database) {
    let store = &database.store;
    let claim = claimed_operation(store, 1).await;
    finish(store, &claim, ProductStatus::Running).await;
    match superseding(store, 2, 1).await {
        Err(StoreError::NotSuperseded { id, status }) => {
            assert_eq!(
                (id, status),
                (deployment_id(1), Some(ProductStatus::Running))
            );
        }
        other => panic!("{other:?}"),
    }
    match superseding(store, 2, 7).await {
        Err(StoreError::NotSuperseded { status, .. }) => assert_eq!(status, None),
        other => panic!("{other:?}"),
    }
    assert_eq!(
        store
            .deployment(environment_id(), deployment_id(2))
            .await
            .unwrap(),
        None
    );
}

async fn of_many_at_once_exactly_one_wins(database: Database) {
    let store = &database.store;
    store.insert_environment(&environment()).await.unwrap();
    let outcomes = join_all((1..=12).map(|number| {
        let store = store.clone();
        async move {
            let deployment = deployment_of("shop", number);
            accept(&store, &operation(number, &deployment), &deployment).await
        }
    }))
    .await;
    let won = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(won, 1);
    for outcome in outcomes {
        assert!(
            matches!(outcome, Ok(()) | Err(StoreError::OperationActive(_))),
            "{outcome:?}"
        );
    }
    let (operations, total) = store.operation_page(None, true, 100, 0).await.unwrap();
    assert_eq!((operations.len(), total), (1, 1));
    assert_eq!(operations[0].status, OperationStatus::Queued);
}

async fn an_id_used_twice_is_no_conflict_of_products(database: Database) {
    let store = &database.store;
    let claim = claimed_operation(store, 1).await;
    finish(store, &claim, ProductStatus::Running).await;
    let same_operation = operation(1, &deployment(2));
    let refused = accept(store, &same_operation, &deployment(2)).await;
    assert!(
        matches!(refused, Err(StoreError::Statement { .. })),
        "{refused:?}"
    );
}

async fn superseding(store: &Store, number: u32, old: u32) -> Result<(), StoreError> {
    let deployment = deployment_of("shop-1", number);
    store
        .accept_operation(&NewOperation {
            operation: &operation(number, &deployment),
            deployment: Some(&deployment),
            change: None,
            supersede: Some(deployment_id(old)),
            first_event: (Level::Info, &accepted()),
        })
        .await
}
