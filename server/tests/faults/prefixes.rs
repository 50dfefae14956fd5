//! A run that can write no more after any of its writes is left there, and the next one goes on: every prefix of every journal comes to
//! the same end.

use domain::id::OperationId;

use super::plain::{Plain, some_of, try_each};
use super::repeated::until_left;
use super::tally;
use crate::orchestrator::shop::{Case, Shop};

/// Of how many prefixes one is tried in the short form.
const STEP: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_prefix_of_every_journal_must_come_to_the_same_end() {
    let seed = tally::seed();
    let mut cases = Vec::new();
    for case in Case::ALL {
        let plain = Plain::of(*case).await;
        let prefixes = some_of((1..plain.events).collect(), STEP, seed);
        cases.extend(prefixes.into_iter().map(|last| (plain.clone(), last)));
    }
    try_each("journal prefixes", cases, |(plain, last)| async move {
        let shop = Shop::ready_for(plain.case).await;
        let operation = left_after(&shop, plain.case, last).await;
        let orchestrator = shop.orchestrator().await;
        shop.until_end(plain.case, &orchestrator, operation).await;
        orchestrator.stop().await;
        let what = format!("left after event {last}");
        plain.must_be_the_end_of(&shop, operation, &what).await;
    })
    .await;
}

/// Runs an operation whose journal takes no event beyond `last`, until the run is left.
async fn left_after(shop: &Shop, case: Case, last: i64) -> OperationId {
    let first = shop.orchestrator().await;
    shop.world
        .sql(&format!(
            "CREATE TRIGGER cut BEFORE INSERT ON events
             WHEN NEW.seq > {last} AND (SELECT COUNT(*) FROM operations o WHERE o.id = NEW.operation_id
                 AND o.status IN ('queued', 'running', 'waiting', 'cancelling', 'compensating', 'stuck')) > 0
             BEGIN SELECT RAISE(ABORT, 'cut off'); END"
        ))
        .await;
    let operation = shop.accept(case, &first).await;
    until_left(shop, case, &first, operation, &format!("event {last}")).await;
    first.stop().await;
    shop.world.sql("DROP TRIGGER cut").await;
    operation
}
