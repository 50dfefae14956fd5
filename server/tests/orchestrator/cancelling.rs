//! A cancel after the start of any step, with and without a crash on top.

use std::time::Duration;

use domain::operation::OperationStatus;
use domain::operation::event::EventBody;
use futures::{StreamExt as _, stream};

use super::world::{Fault, HealthScript, Injection, Script, Verb, WORLDS, World, count};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_at_any_step_must_leave_nothing_of_unfinished_stacks() {
    cancel_at_every_step(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_must_hold_when_the_run_is_left_right_after_the_cancel() {
    cancel_at_every_step(true).await;
}

async fn cancel_at_every_step(crash: bool) {
    stream::iter(World::steps_of_small().await)
        .map(|step| async move {
            let world = World::small().await;
            world.engine.set_latency(Duration::from_millis(2));
            let operation = world.accept(1).await;
            let mut orchestrator = world.orchestrator("a").await;
            assert!(world.until_started(&orchestrator, operation, &step).await);
            world.cancel(&orchestrator, operation).await;
            if crash {
                orchestrator.stop().await;
                orchestrator = world.orchestrator("a").await;
            }
            let events = world.until_end(&orchestrator, operation).await;
            let status = world.status(operation).await;
            assert!(matches!(
                status,
                OperationStatus::Cancelled | OperationStatus::Succeeded
            ));
            world.must_have_ended(operation, &events, status).await;
            world.nothing_must_be_left_of_unfinished_stacks(1).await;
            orchestrator.stop().await;
        })
        .buffer_unordered(WORLDS)
        .collect::<()>()
        .await;
}

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
