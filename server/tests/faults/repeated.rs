//! Every step of a plan is carried out twice, the second time on what the first left: its act is done and its end never gets into
//! the journal. And every call to the engine is done twice, because the answer to the first was lost.

use std::time::Duration;

use domain::operation::OperationStatus;
use domain::operation::event::{Event, EventBody};
use futures::{StreamExt as _, stream};

use super::tally::Tally;
use crate::orchestrator::failing::calls_of_small;
use crate::orchestrator::world::{Fault, Injection, Script, WORDS, WORLDS, World, output};

/// How often a run looks whether it was left.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_step_of_a_deployment_may_be_carried_out_twice() {
    every_step_twice(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_step_of_a_deployment_that_fails_may_be_carried_out_twice() {
    every_step_twice(true).await;
}

/// A world whose second stack fails, if so wished: a service ends at once, and another never starts.
async fn world(fails: bool) -> World {
    let world = World::small().await;
    if fails {
        let crashes = Script {
            exit: Some((Duration::from_millis(1), 3)),
            ..Script::default()
        };
        world.engine.set_script("web", crashes);
    }
    world
}

/// Keys of all steps that began, undoing included.
fn steps(events: &[Event]) -> Vec<String> {
    let mut keys: Vec<String> = events
        .iter()
        .filter_map(|event| match &event.body {
            EventBody::StepStarted { step, .. } => Some(step.to_string()),
            _ => None,
        })
        .collect();
    keys.sort();
    keys.dedup();
    keys
}

async fn every_step_twice(fails: bool) {
    // What comes of it when nothing is repeated.
    let plain = world(fails).await;
    let operation = plain.accept(1).await;
    let orchestrator = plain.orchestrator("a").await;
    let events = plain.until_end(&orchestrator, operation).await;
    orchestrator.stop().await;
    let expected_status = plain.status(operation).await;
    let expected_stacks = stacks(&plain).await;
    let expected = plain.engine.containers().await;
    let keys = steps(&events);
    assert!(keys.len() > 15, "{keys:?}");
    assert_eq!(
        fails,
        keys.iter().any(|key| key.starts_with("stop ")),
        "undoing is among them: {keys:?}"
    );

    let injected = keys.len();
    let expect = (&expected_status, &expected_stacks, &expected);
    stream::iter(keys)
        .map(|key| async move {
            let world = world(fails).await;
            let operation = carry_out_twice(&world, &key).await;
            let events = world.journal(operation).await;
            world.must_have_ended(operation, &events, *expect.0).await;
            assert_eq!(&stacks(&world).await, expect.1, "{key}");
            assert_eq!(&world.engine.containers().await, expect.2, "{key}");
            assert_eq!(output(&events), WORDS, "{key}");
            let one_shot = world.engine.container("p1-base_setup").unwrap();
            assert_eq!(one_shot.log.len(), WORDS.len(), "run twice: {key}");
            world.must_be_sound().await;
        })
        .buffer_unordered(WORLDS)
        .collect::<()>()
        .await;
    record(injected);
}

async fn stacks(world: &World) -> Vec<String> {
    let recorded = world.recorded(1).await;
    let stacks = recorded
        .stacks
        .iter()
        .map(|stack| format!("{} {}", stack.stack_name, stack.status));
    stacks.collect()
}

/// Deploys, keeps the end of one step out of the journal, and lets the next run carry that step out again.
async fn carry_out_twice(world: &World, key: &str) -> domain::id::OperationId {
    for (name, what) in [("kept_u", "UPDATE"), ("kept_i", "INSERT")] {
        world
            .sql(&format!(
                "CREATE TRIGGER {name} BEFORE {what} ON steps
                 WHEN NEW.step_key = '{key}' AND NEW.state IN ('done', 'failed')
                 BEGIN SELECT RAISE(ABORT, 'kept out of the journal'); END"
            ))
            .await;
    }
    let operation = world.accept(1).await;
    let first = world.orchestrator("a").await;
    let claimed = |body: &EventBody| matches!(body, EventBody::Claimed { .. });
    assert!(world.until(&first, operation, claimed).await);
    // The run is left because its journal refuses what it has to say.
    let left = async {
        while first.feed().is_live(operation) {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), left)
        .await
        .unwrap_or_else(|_| panic!("{key} never ended"));
    first.stop().await;
    assert!(world.status(operation).await.is_active(), "{key}");
    world.sql("DROP TRIGGER kept_u").await;
    world.sql("DROP TRIGGER kept_i").await;
    let second = world.orchestrator("a").await;
    world.until_end(&second, operation).await;
    second.stop().await;
    operation
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_may_be_done_twice_in_one_deployment() {
    let calls = calls_of_small().await;
    let injected = calls.len();
    let world = World::small().await;
    for (verb, object) in calls {
        world.engine.inject(Injection {
            object,
            ..Injection::on(verb, Fault::DoneButBroken)
        });
    }
    let operation = world.accept(1).await;
    let orchestrator = world.orchestrator("a").await;
    let events = world.until_end(&orchestrator, operation).await;
    orchestrator.stop().await;
    world
        .must_have_ended(operation, &events, OperationStatus::Succeeded)
        .await;
    world.must_run_exactly_what_is_planned(1).await;
    assert_eq!(output(&events), WORDS);
    world.must_be_sound().await;
    record(injected);
}

fn record(injected: usize) {
    Tally {
        part: "repeated steps",
        injected,
        known: injected,
        ..Tally::default()
    }
    .record();
}
