//! An engine that does not answer while nothing has begun.

use domain::operation::OperationStatus;
use domain::operation::event::EventBody;

use super::world::{Fault, Injection, Verb, World, count};

fn is_waiting(body: &EventBody) -> bool {
    let status = OperationStatus::Waiting;
    matches!(body, EventBody::StatusChanged { status: now, .. } if *now == status)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_must_wait_for_the_engine_and_go_on() {
    let world = World::small().await;
    world.engine.inject(Injection {
        times: 2,
        ..Injection::on(Verb::Observe, Fault::Unreachable)
    });
    let operation = world.accept(1).await;
    let orchestrator = world.orchestrator("a").await;
    let events = world.until_end(&orchestrator, operation).await;
    world
        .must_have_ended(operation, &events, OperationStatus::Succeeded)
        .await;
    // Said once, however often it was tried.
    assert_eq!(count(&events, is_waiting), 1);
    world.must_run_exactly_what_is_planned(1).await;
    orchestrator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_must_end_the_wait() {
    let world = World::small().await;
    world.engine.inject(Injection {
        times: u32::MAX,
        ..Injection::on(Verb::Observe, Fault::Unreachable)
    });
    let operation = world.accept(1).await;
    let orchestrator = world.orchestrator("a").await;
    assert!(world.until(&orchestrator, operation, is_waiting).await);
    world.cancel(&orchestrator, operation).await;
    let events = world.until_end(&orchestrator, operation).await;
    world
        .must_have_ended(operation, &events, OperationStatus::Cancelled)
        .await;
    assert_eq!(world.engine.calls_of(Verb::CreateContainer), 0);
    orchestrator.stop().await;
}
