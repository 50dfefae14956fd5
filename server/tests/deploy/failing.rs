//! A deployment that fails ends in a known state and says why.

use serde_json::{Value, json};

use super::world::World;

const GOOD: &str = "
services:
  web:
    image: windlass-demo/web:1.0.0
    healthcheck: {test: [CMD, /demo-service, check], interval: 1s, timeout: 1s, retries: 30}
";

const CRASHES: &str = "
services:
  db:
    image: windlass-demo/store:1.0.0
  bad:
    image: windlass-demo/web:1.0.0
    depends_on: [db]
    environment: {CRASH: '1', EXIT_CODE: '3', LOG_LINES: '4'}
  after:
    image: windlass-demo/web:1.0.0
    depends_on: {bad: {condition: service_healthy}}
";

fn failed_step<'a>(events: &'a [Value], step: &str) -> &'a Value {
    let fits = |event: &&Value| event["type"] == "step_failed" && event["step"] == step;
    events
        .iter()
        .find(fits)
        .unwrap_or_else(|| panic!("{step} did not fail: {events:#?}"))
}

#[test]
fn with_continue_on_error_the_other_stacks_must_run() {
    let Some(mut world) = World::new("partial") else {
        return;
    };
    world.product("Mixed", &[("one", GOOD), ("two", CRASHES), ("three", GOOD)]);
    world.start();
    let answer = world.deploy(&world.request("test:Mixed:1.0.0", &["one", "two", "three"]));
    let result = answer.json();
    assert_eq!(result["status"], "PartiallyRunning", "{result:#}");
    assert_eq!(result["success"], true);
    let stacks = result["stackResults"].as_array().unwrap();
    let success: Vec<_> = stacks.iter().map(|stack| &stack["success"]).collect();
    assert_eq!(success, [&json!(true), &json!(false), &json!(true)]);
    let message = stacks[1]["errorMessage"].as_str().unwrap();
    assert_eq!(message, "bad ended with exit code 3");

    let events = world.events(result["operationId"].as_str().unwrap());
    let failure = &failed_step(&events, "healthy two/bad")["failure"];
    assert_eq!(failure["exitCode"], 3);
    let said: Vec<_> = failure["logLines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line.as_str().unwrap())
        .collect();
    assert!(said.contains(&"web: log line 4 of 4"), "{said:?}");

    // What ran stays, what failed is kept as evidence, what never started is gone.
    let project = &world.project;
    assert_eq!(
        world.engine.states(project),
        [
            format!("{project}-one_web running"),
            format!("{project}-three_web running"),
            format!("{project}-two_bad exited"),
            format!("{project}-two_db running"),
        ]
    );
    world.must_be_sound();
}

#[test]
fn without_continue_on_error_the_rest_must_stay_pending() {
    let Some(mut world) = World::new("abort") else {
        return;
    };
    world.product("Mixed", &[("one", GOOD), ("two", CRASHES), ("three", GOOD)]);
    world.start();
    let mut request = world.request("test:Mixed:1.0.0", &["one", "two", "three"]);
    request["continueOnError"] = json!(false);
    let result = world.deploy(&request).json();
    assert_eq!(
        (&result["status"], &result["success"]),
        (&json!("Failed"), &json!(false)),
        "{result:#}"
    );
    let id = result["productDeploymentId"].as_str().unwrap();
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
        [&json!("Running"), &json!("Failed"), &json!("Pending")]
    );
    let project = &world.project;
    let states = world.engine.states(project);
    assert!(
        !states.iter().any(|line| line.contains("three")),
        "{states:?}"
    );
    let networks: Vec<_> = world
        .engine
        .networks(project)
        .iter()
        .map(|n| n["Name"].clone())
        .collect();
    assert_eq!(
        networks.len(),
        2,
        "the third stack's network is gone: {networks:?}"
    );
    world.must_be_sound();

    // The fault is mended: a new deployment takes the failed one's place, keeps what runs unchanged, and leaves nothing else of it.
    let unchanged = world.engine.containers(project)[0]["Id"].clone();
    world.product("Mixed", &[("one", GOOD), ("two", GOOD), ("three", GOOD)]);
    world
        .server()
        .ask("POST", "/api/stack-sources/sync", &[], "{}");
    let result = world.deploy(&request).json();
    assert_eq!(result["status"], "Running", "{result:#}");
    let project = &world.project;
    let running = ["one", "three", "two"].map(|stack| format!("{project}-{stack}_web running"));
    assert_eq!(world.engine.states(project), running);
    assert_eq!(world.engine.containers(project)[0]["Id"], unchanged);
    let gone = world
        .server()
        .get_json(&format!("{}/{id}", world.deployments_path()));
    assert_eq!(gone["status"], "Superseded");
    world.must_be_sound();
}

#[test]
fn an_image_that_cannot_be_pulled_must_cost_nothing() {
    let Some(mut world) = World::new("no-image") else {
        return;
    };
    let registry = std::env::var("WINDLASS_TEST_REGISTRY").unwrap();
    let missing = GOOD.replace(
        "windlass-demo/web:1.0.0",
        &format!("{registry}/windlass-demo/web:no-such-tag"),
    );
    world.product("Missing", &[("one", GOOD), ("two", &missing)]);
    world.start();
    let mut request = world.request("test:Missing:1.0.0", &["one", "two"]);
    request["continueOnError"] = json!(false);
    let result = world.deploy(&request).json();
    assert_eq!(result["status"], "Failed", "{result:#}");
    let message = result["stackResults"][1]["errorMessage"].as_str().unwrap();
    assert!(
        message.contains("no-such-tag") && message.contains("cannot be pulled"),
        "{message}"
    );
    assert_eq!(
        world.engine.states(&world.project),
        [""; 0],
        "nothing was made"
    );
    assert_eq!(world.engine.networks(&world.project).len(), 0);
    world.must_be_sound();
}

#[test]
fn an_image_that_is_missing_must_be_pulled_once() {
    let Some(mut world) = World::new("pull") else {
        return;
    };
    let registry = std::env::var("WINDLASS_TEST_REGISTRY").unwrap();
    let image = format!("{registry}/windlass-demo/web:pulled");
    world
        .engine
        .ask("DELETE", &format!("/images/{image}?force=true"));
    let two = GOOD.replace("windlass-demo/web:1.0.0", &image)
        + &format!("  other:\n    image: {image}\n");
    world.product("Pulled", &[("one", &two)]);
    world.start();
    let result = world
        .deploy(&world.request("test:Pulled:1.0.0", &["one"]))
        .json();
    assert_eq!(result["status"], "Running", "{result:#}");
    let events = world.events(result["operationId"].as_str().unwrap());
    let pulls = events
        .iter()
        .filter(|event| {
            event["type"] == "step_started" && event["step"].as_str().unwrap().starts_with("pull ")
        })
        .count();
    assert_eq!(pulls, 1);
    world.must_be_sound();
}

#[test]
fn a_one_shot_that_fails_must_stop_its_stack_and_leave_its_words() {
    let Some(mut world) = World::new("init") else {
        return;
    };
    world.product(
        "Init",
        &[(
            "one",
            "
services:
  migrate:
    image: windlass-demo/migrate:1.0.0
    environment: {CRASH: '1', EXIT_CODE: '7', LOG_LINES: '3'}
    x-windlass: {init: true}
  web:
    image: windlass-demo/web:1.0.0
",
        )],
    );
    world.start();
    let result = world
        .deploy(&world.request("test:Init:1.0.0", &["one"]))
        .json();
    assert_eq!(result["status"], "Failed", "{result:#}");
    let events = world.events(result["operationId"].as_str().unwrap());
    assert_eq!(
        failed_step(&events, "init one/migrate")["failure"]["exitCode"],
        7
    );
    let said: Vec<_> = events
        .iter()
        .filter(|event| event["type"] == "step_output")
        .flat_map(|event| event["lines"].as_array().unwrap())
        .map(|line| line["text"].as_str().unwrap())
        .collect();
    assert_eq!(
        said.iter().filter(|line| line.contains("log line")).count(),
        3,
        "{said:?}"
    );
    let project = &world.project;
    assert_eq!(
        world.engine.states(project),
        [format!("{project}-one_migrate exited")]
    );
    world.must_be_sound();
}
