//! What an earlier version left in the middle is taken over: its tables are migrated, and its operation goes on to its end.

use domain::deployment::ProductStatus;
use domain::operation::{OperationKind, OperationStatus};
use domain::release::ReleaseResult;

use super::world::{WORDS, World, output};

/// A database of the tables of migration 1, as a server of that time left it: it was to try a pull again.
const GOLDEN: &str = include_str!("golden_0001.sql");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_of_an_earlier_version_must_be_taken_over_with_its_tables() {
    let world = World::recorded_as(GOLDEN).await;
    let facts = world.store.operation_facts(None, 10).await.unwrap();
    let [left] = facts.as_slice() else {
        panic!("{facts:?}");
    };
    let recorded = world.store.operation(left.id).await.unwrap().unwrap();
    assert_eq!(recorded.kind, OperationKind::Deploy);
    assert!(recorded.status.is_active());
    let plan = recorded.plan.unwrap();
    assert_eq!((plan.version, plan.way_back), (1, false));
    let release = world.store.product_release(left.deployment_id, 1).await;
    let release = release.unwrap().unwrap();
    assert_eq!(release.result, ReleaseResult::Pending);
    assert_eq!(release.stacks.len(), 2);
    world.must_be_sound().await;

    let orchestrator = world.orchestrator("a").await;
    let events = world.until_end(&orchestrator, left.id).await;
    world
        .must_have_ended(left.id, &events, OperationStatus::Succeeded)
        .await;
    assert_eq!(output(&events), WORDS);
    let deployment = world
        .store
        .deployment(world.environment, left.deployment_id);
    let deployment = deployment.await.unwrap().unwrap();
    assert_eq!(
        (deployment.status, deployment.release),
        (ProductStatus::Running, 1)
    );
    assert!(deployment.stacks.iter().all(|stack| stack.release == 1));
    let release = world.store.product_release(left.deployment_id, 1).await;
    assert_eq!(release.unwrap().unwrap().result, ReleaseResult::Succeeded);
    world.must_be_sound().await;
    orchestrator.stop().await;
}
