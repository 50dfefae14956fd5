//! The clock is set forward and back, by hours and by minutes, while an operation is at work, waits for another attempt, waits for its
//! engine, is stuck, or was left. It must never wait for as long as the clock was set by, and never be run twice at once.

use std::time::Duration;

use domain::operation::OperationStatus;
use domain::operation::event::EventBody;
use futures::{StreamExt as _, stream};

use super::tally::{Tally, full};
use crate::orchestrator::world::{
    Fault, Injection, Script, TestClock, Verb, WORLDS, World, app_stack, count,
};
use crate::store::database::EmptyDatabase;

/// By how many seconds the clock is set.
const JUMPS: [i64; 4] = [3 * 3600, -3 * 3600, 5 * 60, -5 * 60];

fn claimed(body: &EventBody) -> bool {
    matches!(body, EventBody::Claimed { .. })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_set_during_an_operation_must_change_nothing() {
    let steps = World::steps_of_small().await;
    // The short form: some steps of every kind.
    let some = if full() { 1 } else { 5 };
    let cases: Vec<_> = JUMPS
        .into_iter()
        .flat_map(|jump| steps.iter().step_by(some).map(move |step| (jump, step)))
        .collect();
    let injected = cases.len();
    stream::iter(cases)
        .map(|(jump, step)| async move {
            let world = World::small().await;
            // Long enough for the orchestrator to look around while it is at work.
            let slow = Script {
                start_delay: Duration::from_millis(1500),
                ..Script::default()
            };
            world.engine.set_script("api", slow);
            let operation = world.accept(1).await;
            let orchestrator = world.orchestrator("a").await;
            assert!(world.until_started(&orchestrator, operation, step).await);
            world.clock.set_by(jump);
            let events = world.until_end(&orchestrator, operation).await;
            orchestrator.stop().await;
            world
                .must_have_ended(operation, &events, OperationStatus::Succeeded)
                .await;
            assert_eq!(count(&events, claimed), 1, "run twice: {step} {jump}");
            world.must_run_exactly_what_is_planned(1).await;
            world.must_be_sound().await;
        })
        .buffer_unordered(WORLDS)
        .collect::<()>()
        .await;
    record(injected);
}

/// Where an operation stands still until some time comes.
#[derive(Debug, Clone, Copy)]
enum Pause {
    /// Between two attempts of a step.
    BackOff,
    /// For an engine that does not answer.
    Engine,
    /// Between two attempts to undo.
    Stuck,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_set_during_a_pause_must_not_prolong_it() {
    let pauses = [Pause::BackOff, Pause::Engine, Pause::Stuck];
    let cases: Vec<_> = JUMPS
        .into_iter()
        .flat_map(|jump| pauses.map(|pause| (jump, pause)))
        .flat_map(|(jump, pause)| [(jump, pause, false), (jump, pause, true)])
        .collect();
    let injected = cases.len();
    stream::iter(cases)
        .map(|(jump, pause, restart)| in_a_pause(jump, pause, restart))
        .buffer_unordered(WORLDS)
        .collect::<()>()
        .await;
    record(injected);
}

async fn in_a_pause(jump: i64, pause: Pause, restart: bool) {
    let mut world = World::small().await;
    world.retry_base = Duration::from_millis(250);
    let mut end = OperationStatus::Succeeded;
    let verb = match pause {
        Pause::BackOff => Verb::CreateNetwork,
        Pause::Engine => Verb::Observe,
        Pause::Stuck => {
            end = OperationStatus::Failed;
            let refused = Script {
                start_fault: Some(Fault::Refused("no such file".to_owned())),
                ..Script::default()
            };
            world.engine.set_script("web", refused);
            Verb::RemoveContainer
        }
    };
    let fault = match pause {
        Pause::Stuck => Fault::Refused("in use".to_owned()),
        Pause::BackOff | Pause::Engine => Fault::Unreachable,
    };
    world.engine.inject(Injection::on(verb, fault));
    let operation = world.accept(1).await;
    let mut orchestrator = world.orchestrator("a").await;
    let pauses = |body: &EventBody| match pause {
        Pause::BackOff => matches!(body, EventBody::StepRetrying { .. }),
        Pause::Engine | Pause::Stuck => matches!(body, EventBody::StatusChanged { .. }),
    };
    assert!(world.until(&orchestrator, operation, pauses).await);
    if restart {
        orchestrator.stop().await;
    }
    world.clock.set_by(jump);
    if restart {
        orchestrator = world.orchestrator("a").await;
    }
    let events = world.until_end(&orchestrator, operation).await;
    orchestrator.stop().await;
    world.must_have_ended(operation, &events, end).await;
    world.must_be_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_is_set_between_crash_and_restart_must_not_delay_it() {
    // Under the same name, and under another: the data folder was restored without its name.
    let cases = JUMPS.into_iter();
    let cases: Vec<_> = cases.flat_map(|jump| [(jump, "a"), (jump, "b")]).collect();
    let injected = cases.len();
    stream::iter(cases)
        .map(|(jump, node)| async move {
            let world = World::small().await;
            let operation = world.accept(1).await;
            // A claim whose holder is gone without a word.
            let lease = server::orchestrator::LEASE;
            let now = world.clock.clock().now();
            let claim = world.store.claim("a", now, lease).await.unwrap();
            assert!(claim.is_some());
            world.clock.set_by(jump);
            let orchestrator = world.orchestrator(node).await;
            let events = world.until_end(&orchestrator, operation).await;
            orchestrator.stop().await;
            world
                .must_have_ended(operation, &events, OperationStatus::Succeeded)
                .await;
            world.must_run_exactly_what_is_planned(1).await;
            world.must_be_sound().await;
        })
        .buffer_unordered(WORLDS)
        .collect::<()>()
        .await;
    record(injected);
}

/// On PostgreSQL the database's clock decides leases: nodes whose own clocks are hours apart do not take work from each other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_whose_clocks_differ_must_not_take_work_from_each_other() {
    let Ok(server) = std::env::var("WINDLASS_TEST_DATABASE_URL") else {
        println!("not tried: WINDLASS_TEST_DATABASE_URL is not set");
        return;
    };
    let database = EmptyDatabase::on(&server);
    let world = World::on(vec![app_stack("web", 2)], &database.url).await;
    let slow = Script {
        start_delay: Duration::from_millis(1500),
        ..Script::default()
    };
    world.engine.set_script("app0", slow);
    let mut operations = Vec::new();
    for number in 1..=8 {
        operations.push(world.accept(number).await);
    }
    let (ahead, behind) = (TestClock::default(), TestClock::default());
    ahead.set_by(3 * 3600);
    behind.set_by(-3 * 3600);
    let nodes = [
        world.orchestrator_at("ahead", ahead.clock()).await,
        world.orchestrator_at("behind", behind.clock()).await,
        world.orchestrator("right").await,
    ];
    // And one of them is set while they are at work.
    ahead.set_by(-6 * 3600);
    for operation in &operations {
        let events = world.until_end(&nodes[2], *operation).await;
        world
            .must_have_ended(*operation, &events, OperationStatus::Succeeded)
            .await;
        assert_eq!(count(&events, claimed), 1);
    }
    for node in nodes {
        node.stop().await;
    }
    world.must_be_sound().await;
    world.store.close().await;
    record(3);
}

fn record(injected: usize) {
    Tally {
        part: "clock",
        injected,
        known: injected,
        ..Tally::default()
    }
    .record();
}
