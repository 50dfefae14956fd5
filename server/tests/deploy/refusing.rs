//! What must be refused is refused whole: nothing is written, nothing is started.

use serde_json::json;

use super::world::{World, step_is};

const SLOW: &str = "
services:
  web:
    image: windlass-demo/web:1.0.0
    environment: {START_DELAY: 4s}
    healthcheck: {test: [CMD, /demo-service, check], interval: 1s, timeout: 1s, retries: 30}
";

const QUICK: &str = "
services:
  web:
    image: windlass-demo/web:1.0.0
";

#[test]
fn a_product_that_is_deployed_or_being_deployed_must_not_be_deployed_again() {
    let Some(mut world) = World::new("twice") else {
        return;
    };
    world.product("Slow", &[("one", SLOW)]);
    world.start();
    let request = world.request("test:Slow:1.0.0", &["one"]);
    let operation = world.deploy_async(&request);
    world.until_event(&operation, |event| {
        step_is(event, "step_started", "healthy one/web")
    });

    let answer = world.deploy(&request);
    assert_eq!(answer.status, 400, "{answer:?}");
    let problem = answer.json();
    assert_eq!(problem["success"], false);
    let message = problem["message"].as_str().unwrap();
    assert!(
        message.starts_with("A deployment is already in progress for product 'Slow'."),
        "{message}"
    );
    assert!(
        message.contains("local operator") && message.contains(&operation),
        "{message}"
    );

    assert_eq!(world.end_of(&operation)["status"], "succeeded");
    let answer = world.deploy(&request);
    assert_eq!(answer.status, 400, "{answer:?}");
    assert_eq!(
        answer.json()["message"],
        "Product 'Slow' is already deployed (status: Running). Use upgrade instead."
    );
    assert_eq!(world.engine.states(&world.project).len(), 1);
}

#[test]
fn a_name_that_is_taken_must_be_left_alone() {
    let Some(mut world) = World::new("taken") else {
        return;
    };
    world.product("Quick", &[("one", QUICK)]);
    world.product("Other", &[("one", QUICK)]);
    world.start();
    // The other product's container has the name; it belongs to Windlass, but not to this product.
    let other = world.deploy(&world.request("test:Other:1.0.0", &["one"]));
    assert_eq!(other.json()["success"], true, "{other:?}");
    let before = world.engine.containers(&world.project)[0]["Id"].clone();

    let answer = world.deploy(&world.request("test:Quick:1.0.0", &["one"]));
    assert_eq!(answer.status, 200, "{answer:?}");
    let result = answer.json();
    assert_eq!(
        (&result["success"], &result["status"]),
        (&json!(false), &json!("Failed"))
    );
    let message = result["message"].as_str().unwrap();
    assert!(
        message.contains(&format!("{}-one_web is taken", world.project)),
        "{message}"
    );
    let after = world.engine.containers(&world.project);
    assert_eq!(after.len(), 1);
    assert_eq!(after[0]["Id"], before);
}

#[test]
fn a_source_that_vanishes_must_change_nothing() {
    let Some(mut world) = World::new("vanish") else {
        return;
    };
    world.product("Slow", &[("one", SLOW)]);
    world.start();
    let operation = world.deploy_async(&world.request("test:Slow:1.0.0", &["one"]));
    world.until_event(&operation, |event| {
        step_is(event, "step_started", "start one/web")
    });
    world.kill();
    std::fs::remove_dir_all(world.catalog().join("Slow")).unwrap();
    world.start();
    let ended = world.end_of(&operation);
    assert_eq!(ended["status"], "succeeded", "{ended:#}");
    let id = ended["productDeploymentId"].as_str().unwrap();
    let detail = world
        .server()
        .get_json(&format!("{}/{id}", world.deployments_path()));
    assert_eq!(detail["stacks"][0]["services"][0]["state"], "running");
}
