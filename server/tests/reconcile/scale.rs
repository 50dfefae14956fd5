//! Many products on one engine: one list for all of them, nothing asked of single containers, and what did not change is not even
//! a new value.

use std::sync::Arc;

use domain::health::HealthStatus::{Running, Unhealthy};
use server::engine::Engine as _;

use super::world::{Watch, by_events};
use crate::orchestrator::world::{Verb, World, app_stack};

/// Products, of five services each.
const PRODUCTS: u32 = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_must_cost_one_list_however_many_products_there_are() {
    let world = World::new(vec![app_stack("main", 5)]).await;
    for number in 1..=PRODUCTS {
        world.accept(number).await;
    }
    let watch = Watch::before_deploying(world, by_events()).await;
    let many = usize::try_from(PRODUCTS).unwrap();
    let all_run = watch
        .until(|seen| {
            let well = seen.deployments.values().filter(|watched| {
                !watched.operation_active && watched.health.state.status == Running
            });
            well.count() == many
        })
        .await;
    let engine = &watch.world.engine;
    engine.forget_calls();
    engine.remove_container("p7-main_app3").await.unwrap();
    let id = watch.world.deployment_id(7);
    let missed = watch
        .until(|seen| seen.deployments[&id].health.state.status == Unhealthy)
        .await;
    // Its end and its removal are two events, and at most two looks.
    assert!(engine.calls_of(Verb::Observe) <= 2);
    assert_eq!(engine.calls_of(Verb::InspectContainer), 0);
    for (each, watched) in &missed.deployments {
        let same = Arc::ptr_eq(watched, &all_run.deployments[each]);
        assert_eq!(same, *each != id, "{each}");
    }
    watch.stop().await;
}
