//! A deployment can be cancelled at any time, and what was not complete is taken back.

use serde_json::json;

use super::world::{World, step_is};

const QUICK: &str = "
services:
  web:
    image: windlass-demo/web:1.0.0
";

const NEVER: &str = "
services:
  web:
    image: windlass-demo/web:1.0.0
    environment: {NEVER_HEALTHY: '1'}
    healthcheck: {test: [CMD, /demo-service, check], interval: 1s, timeout: 1s, retries: 600}
";

#[test]
fn a_cancel_must_end_a_wait_and_keep_complete_stacks() {
    let Some(mut world) = World::new("cancel") else {
        return;
    };
    world.product("Waits", &[("one", QUICK), ("two", NEVER), ("three", QUICK)]);
    world.start();
    let operation =
        world.deploy_async(&world.request("test:Waits:1.0.0", &["one", "two", "three"]));
    world.until_event(&operation, |event| {
        step_is(event, "step_started", "healthy two/web")
    });
    let answer = world.server().ask(
        "POST",
        &format!("/api/operations/{operation}/cancel"),
        &[],
        "{}",
    );
    assert_eq!(answer.status, 202, "{answer:?}");

    let ended = world.end_of(&operation);
    assert_eq!(ended["status"], "cancelled", "{ended:#}");
    assert_eq!(ended["productStatus"], "PartiallyRunning");
    let project = &world.project;
    assert_eq!(
        world.engine.states(project),
        [format!("{project}-one_web running")]
    );
    assert_eq!(world.engine.networks(project).len(), 1);
    let id = ended["productDeploymentId"].as_str().unwrap();
    let detail = world
        .server()
        .get_json(&format!("{}/{id}", world.deployments_path()));
    let statuses: Vec<_> = detail["stacks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stack| &stack["status"])
        .collect();
    assert_eq!(
        statuses,
        [&json!("Running"), &json!("Pending"), &json!("Pending")]
    );

    let again = world.server().ask(
        "POST",
        &format!("/api/operations/{operation}/cancel"),
        &[],
        "{}",
    );
    assert_eq!(again.status, 409, "{again:?}");
    world.must_be_sound();
}
