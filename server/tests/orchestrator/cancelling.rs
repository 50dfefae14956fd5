//! A cancel with trouble on top. That it works at every step is told in `faults/cancelled.rs`.

use domain::operation::OperationStatus;
use domain::operation::event::EventBody;

use super::world::{Fault, HealthScript, Injection, Script, Verb, World, count};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn undoing_must_outlast_trouble_after_a_cancel() {
    let world = World::small().await;
    let health = HealthScript::StaysStarting;
    let script = Script {
        health,
        ..Script::default()
    };
    world.engine.set_script("db", script);
    world.engine.inject(Injection {
        times: 2,
        ..Injection::on(Verb::RemoveContainer, Fault::Failed("busy".to_owned()))
    });
    let operation = world.accept(1).await;
    let orchestrator = world.orchestrator("a").await;
    assert!(
        world
            .until_started(&orchestrator, operation, "healthy base/db")
            .await
    );
    world.cancel(&orchestrator, operation).await;
    world.cancel(&orchestrator, operation).await;
    let events = world.until_end(&orchestrator, operation).await;
    world
        .must_have_ended(operation, &events, OperationStatus::Cancelled)
        .await;
    world.nothing_must_be_left_of_unfinished_stacks(1).await;
    let asked = |body: &EventBody| matches!(body, EventBody::CancelRequested { .. });
    assert_eq!(count(&events, asked), 1);
    orchestrator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_between_two_attempts_must_undo_what_the_first_one_did() {
    let world = World::small().await;
    world.engine.inject(Injection {
        object: "p1-web_web".to_owned(),
        times: 5,
        ..Injection::on(Verb::CreateContainer, Fault::DoneButBroken)
    });
    let operation = world.accept(1).await;
    let orchestrator = world.orchestrator("a").await;
    let retrying = |body: &EventBody| matches!(body, EventBody::StepRetrying { .. });
    assert!(world.until(&orchestrator, operation, retrying).await);
    world.cancel(&orchestrator, operation).await;
    let events = world.until_end(&orchestrator, operation).await;
    world
        .must_have_ended(operation, &events, OperationStatus::Cancelled)
        .await;
    world.nothing_must_be_left_of_unfinished_stacks(1).await;
    orchestrator.stop().await;
}
