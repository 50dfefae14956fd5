//! A run that is left at any step goes on where it was.

use std::time::Duration;

use domain::operation::OperationStatus;
use domain::operation::event::EventBody;
use futures::{StreamExt as _, stream};

use super::world::{Fault, Injection, Script, Verb, WORDS, WORLDS, World, count, output};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_left_at_any_step_must_be_finished_by_the_next() {
    let steps = World::steps_of_small().await;
    assert!(steps.len() > 20, "{steps:?}");
    stream::iter(steps)
        .map(left_at)
        .buffer_unordered(WORLDS)
        .collect::<()>()
        .await;
}

async fn left_at(step: String) {
    let world = World::small().await;
    world.engine.set_latency(Duration::from_millis(1));
    let operation = world.accept(1).await;
    let first = world.orchestrator("a").await;
    assert!(
        world.until_started(&first, operation, &step).await,
        "{step}"
    );
    first.stop().await;

    let second = world.orchestrator("a").await;
    let events = world.until_end(&second, operation).await;
    world
        .must_have_ended(operation, &events, OperationStatus::Succeeded)
        .await;
    world.must_run_exactly_what_is_planned(1).await;
    assert_eq!(output(&events), WORDS, "left at {step}");
    let one_shot = world.engine.container("p1-base_setup").unwrap();
    assert_eq!(one_shot.log.len(), WORDS.len(), "run twice, left at {step}");
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attempts_must_be_counted_once_over_a_restart() {
    let world = World::small().await;
    world.engine.inject(Injection {
        object: "p1-base_db".to_owned(),
        times: 3,
        ..Injection::on(Verb::StartContainer, Fault::Failed("busy".to_owned()))
    });
    let operation = world.accept(1).await;
    let first = world.orchestrator("a").await;
    let retrying = |body: &EventBody| matches!(body, EventBody::StepRetrying { .. });
    assert!(world.until(&first, operation, retrying).await);
    first.stop().await;

    let second = world.orchestrator("a").await;
    let events = world.until_end(&second, operation).await;
    world
        .must_have_ended(operation, &events, OperationStatus::Succeeded)
        .await;
    assert_eq!(count(&events, retrying), 3);
    let mut attempts: Vec<u32> = events
        .iter()
        .filter_map(|event| match &event.body {
            EventBody::StepStarted { step, attempt } if step.as_str() == "start base/db" => {
                Some(*attempt)
            }
            _ => None,
        })
        .collect();
    // One that the restart interrupted begins again under its number.
    attempts.dedup();
    assert_eq!(attempts, [1, 2, 3, 4]);
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn output_that_was_recorded_before_must_not_be_recorded_again() {
    let world = World::small().await;
    let talking = Script {
        lines: WORDS.map(|word| (false, word.to_owned())).to_vec(),
        exit: Some((Duration::from_millis(700), 0)),
        ..Script::default()
    };
    world.engine.set_script("setup", talking);
    let operation = world.accept(1).await;
    let first = world.orchestrator("a").await;
    let said = |body: &EventBody| matches!(body, EventBody::StepOutput { .. });
    assert!(world.until(&first, operation, said).await);
    first.stop().await;
    let done = |body: &EventBody| matches!(body, EventBody::StepDone { step, .. } if step.as_str() == "init base/setup");
    assert_eq!(count(&world.journal(operation).await, done), 0);

    let second = world.orchestrator("a").await;
    let events = world.until_end(&second, operation).await;
    world
        .must_have_ended(operation, &events, OperationStatus::Succeeded)
        .await;
    assert_eq!(output(&events), WORDS);
    // It ran on meanwhile. Starting it to make sure would run it again, had it ended just then.
    let calls = world.engine.calls();
    let starts = calls
        .iter()
        .filter(|call| call.verb == Verb::StartContainer && call.object == "p1-base_setup");
    assert_eq!(starts.count(), 1);
    second.stop().await;
}
