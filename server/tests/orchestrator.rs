//! Obligations of the orchestrator towards an engine in memory: whatever happens at whatever step, an operation ends in a known state.

mod cancelling;
pub(crate) mod failing;
mod interrupted;
mod older;
mod replicas;
pub(crate) mod shop;
mod stuck;
mod waiting;
pub(crate) mod world;

use domain::operation::OperationStatus;

use self::world::{World, app_stack};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_product_of_sixty_services_must_run() {
    let stacks = (0..10).map(|number| app_stack(&format!("stack{number}"), 6));
    let world = World::new(stacks.collect()).await;
    let operation = world.accept(1).await;
    let orchestrator = world.orchestrator("a").await;
    let events = world.until_end(&orchestrator, operation).await;

    world
        .must_have_ended(operation, &events, OperationStatus::Succeeded)
        .await;
    world.must_run_exactly_what_is_planned(1).await;
    assert_eq!(world.engine.calls_of(world::Verb::StartContainer), 60);
    orchestrator.stop().await;
}
