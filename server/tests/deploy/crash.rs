//! A server that dies in the middle goes on where it was.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};

use serde_json::Value;

use super::world::{World, step_is};

const HEALTHY: &str = "
services:
  web:
    image: windlass-demo/web:1.0.0
    environment: {START_DELAY: 2s}
    healthcheck: {test: [CMD, /demo-service, check], interval: 1s, timeout: 1s, retries: 30}
  store:
    image: windlass-demo/store:1.0.0
    volumes: [data:/data]
volumes: {data: {}}
";

#[test]
fn a_server_killed_in_the_second_stack_must_finish_after_its_restart() {
    let Some(world) = World::new("kill") else {
        return;
    };
    killed_in_the_second_stack(world);
}

#[test]
fn the_same_must_hold_on_postgresql() {
    let Some(world) = World::new("kill-pg") else {
        return;
    };
    let url = std::env::var("WINDLASS_TEST_DATABASE_URL").unwrap();
    killed_in_the_second_stack(world.on_postgres(url));
}

fn killed_in_the_second_stack(mut world: World) {
    world.product(
        "Three",
        &[("one", HEALTHY), ("two", HEALTHY), ("three", HEALTHY)],
    );
    world.start();
    let operation =
        world.deploy_async(&world.request("test:Three:1.0.0", &["one", "two", "three"]));
    world.until_event(&operation, |event| {
        step_is(event, "step_started", "healthy two/web")
    });
    world.kill();
    world.start();

    let ended = world.end_of(&operation);
    assert_eq!(ended["status"], "succeeded", "{ended:#}");
    assert_eq!(ended["productStatus"], "Running");
    let project = &world.project;
    let mut expected: Vec<String> = ["one", "two", "three"]
        .iter()
        .flat_map(|stack| {
            ["store", "web"].map(|service| format!("{project}-{stack}_{service} running"))
        })
        .collect();
    expected.sort();
    assert_eq!(world.engine.states(project), expected);
    assert_eq!(world.engine.volumes(project).len(), 3);

    let events = world.events(&operation);
    let resumed: Vec<_> = events
        .iter()
        .filter(|event| event["type"] == "claimed")
        .map(|event| event["resumed"].as_bool().unwrap())
        .collect();
    assert_eq!(resumed, [false, true]);
    let finished: Vec<_> = events
        .iter()
        .filter(|event| event["type"] == "finished")
        .collect();
    assert_eq!(finished.len(), 1);
    assert_eq!(events.last().unwrap()["type"], "finished");
    // No step was done twice.
    let done: Vec<&Value> = events
        .iter()
        .filter(|e| e["type"] == "step_done")
        .map(|e| &e["step"])
        .collect();
    let once: BTreeSet<String> = done.iter().map(ToString::to_string).collect();
    assert_eq!(done.len(), once.len());

    the_feed_must_resume(&world, &operation, events.len());
    world.must_be_sound();
}

/// A client that saw some events gets exactly the rest.
fn the_feed_must_resume(world: &World, operation: &str, count: usize) {
    let seen = count / 2;
    let stream = world.server().open(
        "GET",
        &format!("/api/operations/{operation}/events"),
        &[
            "Accept: text/event-stream",
            &format!("Last-Event-ID: {seen}"),
        ],
        "",
    );
    let ids: Vec<usize> = BufReader::new(stream)
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| {
            line.strip_prefix("id:")
                .map(|id| id.trim().parse().unwrap())
        })
        .collect();
    assert_eq!(ids, (seen + 1..=count).collect::<Vec<_>>());
}
