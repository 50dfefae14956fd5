//! Every step of every kind of operation is carried out twice, the second time on what the first left: its act is done and its end never
//! gets into the journal. And every call to the engine is done twice, because the answer to the first was lost.

use std::time::Duration;

use domain::id::OperationId;
use domain::operation::OperationStatus;
use server::orchestrator::Orchestrator;

use super::plain::{Plain, some_of, try_each};
use super::tally::{self, Tally};
use crate::orchestrator::failing::calls_of_small;
use crate::orchestrator::shop::{Case, Shop};
use crate::orchestrator::world::{Fault, Injection, WORDS, World, output};

/// How often a run looks whether it was left.
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// Of how many steps one is tried in the short form.
const STEP: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_step_of_every_operation_may_be_carried_out_twice() {
    let seed = tally::seed();
    let mut cases = Vec::new();
    for case in Case::ALL {
        let plain = Plain::of(*case).await;
        assert!(plain.keys.len() > 5, "{:?}", plain.keys);
        let keys = some_of(plain.keys.clone(), STEP, seed);
        cases.extend(keys.into_iter().map(|key| (plain.clone(), key)));
    }
    try_each("repeated steps", cases, |(plain, key)| async move {
        let shop = Shop::ready_for(plain.case).await;
        let operation = carry_out_twice(&shop, plain.case, &key).await;
        plain.must_be_the_end_of(&shop, operation, &key).await;
    })
    .await;
}

/// Keeps the end of one step out of the journal, and lets the next run carry that step out again.
async fn carry_out_twice(shop: &Shop, case: Case, key: &str) -> OperationId {
    let first = shop.orchestrator().await;
    // Of an operation that ended earlier nothing is written any more.
    for (name, what) in [("kept_u", "UPDATE"), ("kept_i", "INSERT")] {
        shop.world
            .sql(&format!(
                "CREATE TRIGGER {name} BEFORE {what} ON steps
                 WHEN NEW.step_key = '{key}' AND NEW.state IN ('done', 'failed')
                 BEGIN SELECT RAISE(ABORT, 'kept out of the journal'); END"
            ))
            .await;
    }
    let operation = shop.accept(case, &first).await;
    until_left(shop, case, &first, operation, key).await;
    first.stop().await;
    assert!(shop.world.status(operation).await.is_active(), "{key}");
    shop.world.sql("DROP TRIGGER kept_u").await;
    shop.world.sql("DROP TRIGGER kept_i").await;
    let second = shop.orchestrator().await;
    shop.until_end(case, &second, operation).await;
    second.stop().await;
    operation
}

/// A run is left when its journal refuses what it has to say. Where it waits for an operator, he decides.
pub(super) async fn until_left(
    shop: &Shop,
    case: Case,
    first: &Orchestrator,
    operation: OperationId,
    what: &str,
) {
    let is_begun = async || {
        let all = shop.world.store.operation_facts(None, 100).await.unwrap();
        let mut mine = all.iter().filter(|it| it.id == operation);
        // Who waits for an operator is begun again, and has no owner until then.
        mine.any(|it| {
            let idle = [OperationStatus::Queued, OperationStatus::Waiting];
            it.owner.is_some() || !idle.contains(&it.status)
        })
    };
    let left = async {
        while first.feed().is_live(operation) || !is_begun().await {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    let left = shop.with_operator(case, first, operation, left);
    if tokio::time::timeout(Duration::from_secs(60), left)
        .await
        .is_err()
    {
        let events = shop.world.journal(operation).await;
        panic!("{case:?}, {what} never ended: {events:#?}");
    }
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
    Tally {
        part: "repeated steps",
        injected,
        known: injected,
        ..Tally::default()
    }
    .record();
}
