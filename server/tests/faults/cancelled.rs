//! A cancel at every step of every kind of operation, with and without a crash on top, and while any call waits for another attempt: the
//! end is known, and nothing of what was not complete is left.

use std::time::Duration;

use domain::operation::OperationStatus;
use domain::operation::event::EventBody;

use super::plain::{Plain, some_of, try_each};
use super::tally;
use crate::orchestrator::failing::calls_of_small;
use crate::orchestrator::shop::{Case, Picture, Shop};
use crate::orchestrator::world::{Fault, Injection, World};

/// Of how many steps one is tried in the short form.
const STEP: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_at_any_step_of_any_operation_must_end_in_a_known_state() {
    cancel_at_every_step(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_must_hold_when_the_run_is_left_right_after_the_cancel() {
    cancel_at_every_step(true).await;
}

async fn cancel_at_every_step(crash: bool) {
    let seed = tally::seed();
    let mut cases = Vec::new();
    for case in Case::ALL {
        let plain = Plain::of(*case).await;
        let keys = some_of(plain.keys.clone(), STEP, seed + u64::from(crash));
        cases.extend(keys.into_iter().map(|key| (plain.clone(), key)));
    }
    try_each("cancels", cases, |(plain, step)| async move {
        let shop = Shop::ready_for(plain.case).await;
        shop.world.engine.set_latency(Duration::from_millis(2));
        let mut orchestrator = shop.orchestrator().await;
        let operation = shop.accept(plain.case, &orchestrator).await;
        let world = &shop.world;
        let begun = shop.until_started(plain.case, &orchestrator, operation, &step);
        assert!(begun.await, "{:?}: {step}", plain.case);
        world.cancel(&orchestrator, operation).await;
        if crash {
            orchestrator.stop().await;
            orchestrator = shop.orchestrator().await;
        }
        let events = shop.until_end(plain.case, &orchestrator, operation).await;
        orchestrator.stop().await;
        let status = world.status(operation).await;
        world.must_have_ended(operation, &events, status).await;
        must_fit(&plain, &shop.picture().await, status, &step);
        shop.must_be_sound().await;
    })
    .await;
}

/// What came too late changes nothing; what says that all is as it was before says so rightly.
fn must_fit(plain: &Plain, after: &Picture, status: OperationStatus, step: &str) {
    let what = format!("{:?} cancelled at {step}", plain.case);
    if status != OperationStatus::Cancelled {
        assert_eq!((status, after), (plain.status, &plain.after), "{what}");
    } else if after.record == plain.before.record {
        assert_eq!(after.running(), plain.before.running(), "{what}");
        if plain.case != Case::Retry {
            assert_eq!(after.containers, plain.before.containers, "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_while_any_call_waits_for_another_attempt_must_not_wait_with_it() {
    let calls = calls_of_small().await;
    try_each("cancels", calls, |(verb, object)| async move {
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
    .await;
}
