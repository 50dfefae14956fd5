//! What happens to containers shows, and why; by events alone, unless the case is about looking again.

use std::time::Duration;

use domain::health::HealthSource;
use domain::health::HealthStatus::{Healthy, NotFound, Running, Unhealthy};
use domain::plan::Health;
use server::engine::Engine as _;
use server::reconcile::Settings;
use server::store::Scope;

use super::world::{NEVER, Watch, by_events};
use crate::orchestrator::world::{Verb, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_that_ends_must_show_and_so_must_its_return() {
    let watch = Watch::over_small(by_events()).await;
    let engine = &watch.world.engine;
    engine.stop_container("p1-base_api", None).await.unwrap();
    let api = watch.until_service("api", Unhealthy).await;
    assert_eq!(api.state.reason, "p1-base_api ended with exit code 0.");
    let product = watch.until_product(Unhealthy).await;
    assert_eq!(product.reason, "base: p1-base_api ended with exit code 0.");
    engine.start_container("p1-base_api").await.unwrap();
    watch.until_service("api", Running).await;
    watch.until_product(Running).await;
    watch.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_that_is_removed_must_be_missed() {
    let watch = Watch::over_small(by_events()).await;
    let engine = &watch.world.engine;
    engine.remove_container("p1-web_worker").await.unwrap();
    let worker = watch.until_service("worker", NotFound).await;
    assert_eq!(
        worker.state.reason,
        "p1-web_worker does not exist on the engine."
    );
    assert!(worker.containers[0].seen.is_none());
    watch.until_product(Unhealthy).await;
    watch.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_that_fails_must_show_and_so_must_one_that_passes_again() {
    let watch = Watch::over_small(by_events()).await;
    let engine = &watch.world.engine;
    engine.set_health("p1-base_db", Health::Unhealthy).unwrap();
    let db = watch.until_service("db", Unhealthy).await;
    assert_eq!(db.state.reason, "The check of p1-base_db fails.");
    engine.set_health("p1-base_db", Health::Healthy).unwrap();
    watch.until_service("db", Healthy).await;
    watch.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_that_ends_again_and_again_must_not_look_well() {
    let watch = Watch::over_small(by_events()).await;
    let engine = &watch.world.engine;
    for _ in 0..3 {
        engine.stop_container("p1-base_api", None).await.unwrap();
        engine.start_container("p1-base_api").await.unwrap();
    }
    let seen = watch
        .until(|seen| {
            let mut all = seen.deployments.values();
            all.any(|one| one.health.state.reason.contains("ends again and again"))
        })
        .await;
    let product = &seen.deployments[&watch.world.deployment_id(1)];
    assert_eq!(product.health.state.status, Unhealthy);
    watch.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_event_told_must_be_found_by_looking_again() {
    let settings = Settings {
        resync: Duration::from_millis(20),
        ..by_events()
    };
    let watch = Watch::over_small(settings).await;
    watch.world.engine.vanish("p1-base_api");
    watch.until_service("api", NotFound).await;
    let recorded = watch.until_recorded(&[Running, Unhealthy]).await;
    assert_eq!(recorded.last().unwrap().source, HealthSource::Resync);
    watch.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_must_be_seen_to_begin_and_to_end() {
    let world = World::small().await;
    world.engine.set_latency(Duration::from_millis(5));
    // Its own events are no reason to look meanwhile.
    let settings = Settings {
        gather_while_operating: NEVER,
        ..by_events()
    };
    let watch = Watch::before_deploying(world, settings).await;
    let operation = watch.world.accept(1).await;
    watch.orchestrator.ring();
    let id = watch.world.deployment_id(1);
    watch
        .until(|seen| {
            let deployment = seen.deployments.get(&id);
            deployment.is_some_and(|watched| watched.operation_active)
        })
        .await;
    watch.world.until_end(&watch.orchestrator, operation).await;
    watch.until_product(Running).await;
    watch.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_must_be_recorded_once_and_go_on_after_a_restart() {
    let watch = Watch::over_small(by_events()).await;
    let engine = &watch.world.engine;
    engine.stop_container("p1-base_api", None).await.unwrap();
    let unwell = watch.until_product(Unhealthy).await;
    let watch = watch.restarted(by_events()).await;
    // The beginning is remembered, and nothing is told again.
    assert_eq!(watch.until_product(Unhealthy).await, unwell);
    watch
        .world
        .engine
        .start_container("p1-base_api")
        .await
        .unwrap();
    watch.until_product(Running).await;
    watch.reconciler.stop().await;

    watch.until_recorded(&[Running, Unhealthy, Running]).await;
    let all = watch
        .world
        .store
        .health_transitions(
            watch.world.deployment_id(1),
            Scope::StackAndServices("base"),
            500,
        )
        .await
        .unwrap();
    let api: Vec<_> = all
        .iter()
        .filter(|change| change.service.as_deref() == Some("api"))
        .map(|change| change.to)
        .collect();
    assert!(api.starts_with(&[Running, Unhealthy]), "{api:?}");
    assert!(api.windows(2).all(|pair| pair[0] != pair[1]), "{api:?}");
    watch.orchestrator.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_must_only_look_and_never_touch_a_status() {
    let watch = Watch::over_small(by_events()).await;
    let before = watch.world.recorded(1).await;
    watch.world.engine.forget_calls();
    watch.world.engine.vanish("p1-web_web");
    watch
        .world
        .engine
        .set_health("p1-base_db", Health::Unhealthy)
        .unwrap();
    watch.until_service("web", NotFound).await;
    let others: Vec<_> = watch
        .world
        .engine
        .calls()
        .into_iter()
        .filter(|call| !matches!(call.verb, Verb::Observe | Verb::Events | Verb::Info))
        .collect();
    assert_eq!(others, []);
    assert_eq!(watch.world.recorded(1).await, before);
    watch.stop().await;
}
