//! Calls to the engine that fail once, that may have been done, and that fail for good: each call of a run in turn.

use std::collections::BTreeSet;

use domain::deployment::ProductStatus;
use domain::operation::OperationStatus;
use domain::operation::event::EventBody;
use futures::{StreamExt as _, stream};

use super::world::{Fault, Injection, Verb, WORLDS, World, count, output};

/// Every call that acts or waits, without those that only look before anything begins.
pub(crate) async fn calls_of_small() -> Vec<(Verb, String)> {
    let world = World::small().await;
    let operation = world.accept(1).await;
    let orchestrator = world.orchestrator("a").await;
    world.until_end(&orchestrator, operation).await;
    orchestrator.stop().await;
    let mut seen = BTreeSet::new();
    world
        .engine
        .calls()
        .into_iter()
        .filter(|call| {
            let looks = [Verb::Info, Verb::Observe, Verb::Image, Verb::Events];
            !looks.contains(&call.verb) && call.verb != Verb::FollowLogs
        })
        .filter(|call| seen.insert(format!("{call:?}")))
        .map(|call| (call.verb, call.object))
        .collect()
}

fn injection(verb: Verb, object: String, fault: Fault) -> Injection {
    Injection {
        object,
        ..Injection::on(verb, fault)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_that_fails_once_must_be_tried_again() {
    let calls = calls_of_small().await;
    assert!(calls.len() > 15, "{calls:?}");
    let faults = [
        Fault::Failed("busy".to_owned()),
        Fault::Broken,
        Fault::DoneButBroken,
    ];
    let cases = calls.iter().flat_map(|call| {
        faults
            .iter()
            .map(move |fault| (call.clone(), fault.clone()))
    });
    stream::iter(cases.collect::<Vec<_>>())
        .map(|((verb, object), fault)| async move {
            let world = World::small().await;
            world.engine.inject(injection(verb, object, fault));
            let operation = world.accept(1).await;
            let orchestrator = world.orchestrator("a").await;
            let events = world.until_end(&orchestrator, operation).await;
            world
                .must_have_ended(operation, &events, OperationStatus::Succeeded)
                .await;
            world.must_run_exactly_what_is_planned(1).await;
            let retried = |body: &EventBody| matches!(body, EventBody::StepRetrying { .. });
            assert_eq!(count(&events, retried), 1);
            assert_eq!(output(&events), super::world::WORDS);
            orchestrator.stop().await;
        })
        .buffer_unordered(WORLDS)
        .collect::<()>()
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_that_is_refused_must_end_in_a_known_state_that_can_be_deployed_over() {
    let calls = calls_of_small().await;
    let cases = calls
        .into_iter()
        .flat_map(|call| [(call.clone(), true), (call, false)]);
    stream::iter(cases.collect::<Vec<_>>())
        .map(|((verb, object), go_on)| async move {
            let mut world = World::small().await;
            world.continue_on_error = go_on;
            let refused = Fault::Refused("no".to_owned());
            world.engine.inject(injection(verb, object, refused));
            let operation = world.accept(1).await;
            let orchestrator = world.orchestrator("a").await;
            let events = world.until_end(&orchestrator, operation).await;
            world
                .must_have_ended(operation, &events, OperationStatus::Failed)
                .await;
            let failed = world.recorded(1).await.status;
            world.nothing_must_be_left_of_unfinished_stacks(1).await;

            // What runs in part is not deployed over.
            if failed == ProductStatus::PartiallyRunning {
                assert!(go_on);
                return orchestrator.stop().await;
            }
            assert_eq!(failed, ProductStatus::Failed);
            let again = world.accept_again(1).await;
            orchestrator.ring();
            let events = world.until_end(&orchestrator, again).await;
            world
                .must_have_ended(again, &events, OperationStatus::Succeeded)
                .await;
            world.must_run_exactly_what_is_planned(1).await;
            orchestrator.stop().await;
        })
        .buffer_unordered(WORLDS)
        .collect::<()>()
        .await;
}
