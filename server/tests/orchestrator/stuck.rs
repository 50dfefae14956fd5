//! Undoing that does not work: tried again, slowly, until it works or the operator lets go.

use domain::operation::OperationStatus;
use domain::operation::event::{Event, EventBody};

use super::world::{Fault, HealthScript, Injection, Script, Verb, World};

fn is_stuck(body: &EventBody) -> bool {
    let status = OperationStatus::Stuck;
    matches!(body, EventBody::StatusChanged { status: now, .. } if *now == status)
}

fn last_words(events: &[Event]) -> &str {
    match events.last().map(|event| &event.body) {
        Some(EventBody::Finished { message, .. }) => message,
        _ => panic!("no end: {events:#?}"),
    }
}

/// The service that `worker` waits for cannot be started, so the container of `worker` is to be removed; that fails `times` times.
async fn world_where_undoing_fails(times: u32) -> World {
    let world = World::small().await;
    let script = Script {
        start_fault: Some(Fault::Refused("no such file".to_owned())),
        ..Script::default()
    };
    world.engine.set_script("web", script);
    world.engine.inject(Injection {
        object: "worker".to_owned(),
        times,
        ..Injection::on(Verb::RemoveContainer, Fault::Refused("in use".to_owned()))
    });
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stuck_undoing_must_be_tried_again() {
    let world = world_where_undoing_fails(1).await;
    let operation = world.accept(1).await;
    let orchestrator = world.orchestrator("a").await;
    assert!(world.until(&orchestrator, operation, is_stuck).await);
    let events = world.until_end(&orchestrator, operation).await;
    world
        .must_have_ended(operation, &events, OperationStatus::Failed)
        .await;
    assert!(world.engine.container("p1-web_worker").is_none());
    assert!(!last_words(&events).contains("Left undone"));
    orchestrator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_must_be_able_to_leave_a_failure_undone() {
    let world = world_where_undoing_fails(u32::MAX).await;
    let operation = world.accept(1).await;
    let orchestrator = world.orchestrator("a").await;
    assert!(world.until(&orchestrator, operation, is_stuck).await);
    world.cancel(&orchestrator, operation).await;
    let events = world.until_end(&orchestrator, operation).await;
    world
        .must_have_ended(operation, &events, OperationStatus::Failed)
        .await;
    assert!(last_words(&events).contains("Left undone"));
    orchestrator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_must_be_able_to_leave_a_cancel_undone() {
    let world = World::small().await;
    let script = Script {
        health: HealthScript::StaysStarting,
        ..Script::default()
    };
    world.engine.set_script("db", script);
    world.engine.inject(Injection {
        object: "p1-web_worker".to_owned(),
        times: u32::MAX,
        ..Injection::on(Verb::RemoveContainer, Fault::Refused("in use".to_owned()))
    });
    let operation = world.accept(1).await;
    let orchestrator = world.orchestrator("a").await;
    assert!(
        world
            .until_started(&orchestrator, operation, "healthy base/db")
            .await
    );
    world.cancel(&orchestrator, operation).await;
    assert!(world.until(&orchestrator, operation, is_stuck).await);
    world.cancel(&orchestrator, operation).await;
    let events = world.until_end(&orchestrator, operation).await;
    world
        .must_have_ended(operation, &events, OperationStatus::Cancelled)
        .await;
    assert!(last_words(&events).contains("Left undone"));
    orchestrator.stop().await;
}
