//! Several orchestrators on one store.

use std::time::Duration;

use domain::operation::OperationStatus;
use domain::operation::event::{EventBody, Level};
use server::clock::Clock;
use server::store::{Entry, StoreError};

use super::world::{World, app_stack, count};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_operation_must_run_on_one_of_two_nodes() {
    let world = World::new(vec![app_stack("web", 2)]).await;
    let mut operations = Vec::new();
    for number in 1..=8 {
        operations.push(world.accept(number).await);
    }
    let (a, b) = (world.orchestrator("a").await, world.orchestrator("b").await);
    for operation in operations {
        // Whoever follows may be on the other node.
        let events = world.until_end(&a, operation).await;
        world
            .must_have_ended(operation, &events, OperationStatus::Succeeded)
            .await;
        let claimed = |body: &EventBody| matches!(body, EventBody::Claimed { .. });
        assert_eq!(count(&events, claimed), 1);
    }
    assert_eq!(world.engine.containers().await.len(), 16);
    a.stop().await;
    b.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_without_a_sign_of_life_must_be_fenced_out() {
    let world = World::small().await;
    let operation = world.accept(1).await;
    let (clock, lease) = (Clock::system(), Duration::from_millis(1));
    let claim = world.store.claim("silent", clock.now(), lease).await;
    let silent = claim.unwrap().unwrap().lease;

    let orchestrator = world.orchestrator("b").await;
    let events = world.until_end(&orchestrator, operation).await;
    world
        .must_have_ended(operation, &events, OperationStatus::Succeeded)
        .await;
    let body = EventBody::Claimed {
        node: "silent".to_owned(),
        resumed: false,
    };
    let level = Level::Info;
    let entries = [Entry::Event { level, body: &body }];
    let late = world
        .store
        .append(&silent, clock.now(), lease, &entries)
        .await;
    assert!(matches!(late, Err(StoreError::FencedOut { .. })));
    assert_eq!(world.journal(operation).await.len(), events.len());
    orchestrator.stop().await;
}
