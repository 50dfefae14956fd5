//! What is not known is not claimed: engines that go away, break their stream, or say nothing any more.

use std::time::Duration;

use domain::health::HealthStatus::{Running, Unhealthy, Unknown};
use server::engine::Engine as _;
use server::reconcile::Settings;

use super::world::{Watch, by_events};
use crate::orchestrator::world::{Fault, Injection, Verb};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_breaks_must_be_opened_again_and_nothing_be_missed() {
    let watch = Watch::over_small(by_events()).await;
    let engine = &watch.world.engine;
    engine.forget_calls();
    engine.break_events();
    // Nobody is told of this one.
    engine.vanish("p1-base_api");
    let product = watch.until_product(Unhealthy).await;
    assert!(product.reason.contains("p1-base_api"), "{product:?}");
    assert_eq!(engine.calls_of(Verb::Events), 1);
    let recorded = watch.until_recorded(&[Running, Unhealthy]).await;
    assert!(recorded.iter().all(|change| change.to != Unknown));
    watch.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_is_gone_must_make_all_unknown_until_it_is_back() {
    let watch = Watch::over_small(by_events()).await;
    let known = watch.until_product(Running).await;
    let engine = &watch.world.engine;
    engine.inject(Injection::next(5, Fault::Unreachable));
    engine.break_events();
    let seen = watch.until(|seen| seen.silence.is_some()).await;
    let silence = seen.silence.clone().unwrap();
    assert_eq!(
        silence.sentence,
        "The engine cannot be reached, so nobody knows."
    );
    // It comes back by itself, and what did not change keeps its beginning.
    assert_eq!(watch.until_product(Running).await, known);
    watch.until_recorded(&[Running, Unknown, Running]).await;
    watch.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_stopped_must_be_noticed_though_its_stream_is_open() {
    let settings = Settings {
        ping: Duration::from_millis(20),
        answer: Duration::from_millis(500),
        ..by_events()
    };
    let watch = Watch::over_small(settings).await;
    let engine = &watch.world.engine;
    engine.set_latency(Duration::from_secs(3600));
    let seen = watch.until(|seen| seen.silence.is_some()).await;
    let silence = seen.silence.clone().unwrap();
    assert_eq!(silence.sentence, "The engine is silent, so nobody knows.");
    engine.set_latency(Duration::ZERO);
    watch.until_product(Running).await;
    watch.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ended_while_nobody_could_look_must_be_found() {
    let watch = Watch::over_small(by_events()).await;
    let engine = &watch.world.engine;
    engine.inject(Injection {
        times: 3,
        ..Injection::on(Verb::Events, Fault::Broken)
    });
    engine.break_events();
    watch.until(|seen| seen.silence.is_some()).await;
    engine.stop_container("p1-web_web", None).await.unwrap();
    let product = watch.until_product(Unhealthy).await;
    assert_eq!(product.reason, "web: p1-web_web ended with exit code 0.");
    watch.stop().await;
}
