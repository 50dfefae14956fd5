//! A cancel at every step, with and without a crash on top, and while any call waits for another attempt: nothing of what was not
//! complete is left, and the end is known.

use std::time::Duration;

use domain::operation::OperationStatus;
use domain::operation::event::EventBody;
use futures::{StreamExt as _, stream};

use super::tally::Tally;
use crate::orchestrator::failing::calls_of_small;
use crate::orchestrator::world::{Fault, Injection, WORLDS, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_at_any_step_must_leave_nothing_of_unfinished_stacks() {
    cancel_at_every_step(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_must_hold_when_the_run_is_left_right_after_the_cancel() {
    cancel_at_every_step(true).await;
}

async fn cancel_at_every_step(crash: bool) {
    let steps = World::steps_of_small().await;
    let injected = steps.len();
    stream::iter(steps)
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
            orchestrator.stop().await;
            let status = world.status(operation).await;
            assert!(matches!(
                status,
                OperationStatus::Cancelled | OperationStatus::Succeeded
            ));
            world.must_have_ended(operation, &events, status).await;
            world.nothing_must_be_left_of_unfinished_stacks(1).await;
            world.must_be_sound().await;
        })
        .buffer_unordered(WORLDS)
        .collect::<()>()
        .await;
    record(injected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_while_any_call_waits_for_another_attempt_must_not_wait_with_it() {
    let calls = calls_of_small().await;
    let injected = calls.len();
    stream::iter(calls)
        .map(|(verb, object)| async move {
            let mut world = World::small().await;
            // Longer than the whole test: who waited for it would wait in vain.
            world.retry_base = Duration::from_secs(600);
            world.engine.inject(Injection {
                object,
                ..Injection::on(verb, Fault::Failed("busy".to_owned()))
            });
            let operation = world.accept(1).await;
            let orchestrator = world.orchestrator("a").await;
            let retrying = |body: &EventBody| matches!(body, EventBody::StepRetrying { .. });
            assert!(world.until(&orchestrator, operation, retrying).await);
            world.cancel(&orchestrator, operation).await;
            let events = world.until_end(&orchestrator, operation).await;
            orchestrator.stop().await;
            world
                .must_have_ended(operation, &events, OperationStatus::Cancelled)
                .await;
            world.nothing_must_be_left_of_unfinished_stacks(1).await;
            world.must_be_sound().await;
        })
        .buffer_unordered(WORLDS)
        .collect::<()>()
        .await;
    record(injected);
}

fn record(injected: usize) {
    Tally {
        part: "cancels",
        injected,
        known: injected,
        ..Tally::default()
    }
    .record();
}
