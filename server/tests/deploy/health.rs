//! What happens to containers behind our back shows in their health, and changes no status.

use serde_json::Value;

use super::world::{World, wait_for};

const CHECKED: &str = "
services:
  web:
    image: windlass-demo/web:1.0.0
    restart: 'no'
    healthcheck: {test: [CMD, /demo-service, check], interval: 1s, timeout: 1s, retries: 30}
";

/// The deployed product once its health has a status.
fn until(world: &World, deployment: &str, status: &str) -> Value {
    let path = format!("{}/{deployment}", world.deployments_path());
    wait_for(&format!("health {status}"), || {
        let detail = world.server().get_json(&path);
        let health = &detail["health"];
        (health["status"] == status && health["operationActive"] == false).then_some(detail)
    })
}

#[test]
fn a_container_that_is_killed_removed_or_started_behind_our_back_must_show() {
    let Some(mut world) = World::new("observed") else {
        return;
    };
    world.product("Seen", &[("one", CHECKED)]);
    world.start();
    let result = world
        .deploy(&world.request("test:Seen:1.0.0", &["one"]))
        .json();
    assert_eq!(result["status"], "Running", "{result:#}");
    let id = result["productDeploymentId"].as_str().unwrap();
    let container = format!("{}-one_web", world.project);
    until(&world, id, "Healthy");

    let (status, _) = world
        .engine
        .ask("POST", &format!("/containers/{container}/kill"));
    assert_eq!(status, 204);
    let dead = until(&world, id, "Unhealthy");
    let reason = dead["stacks"][0]["health"]["reason"].as_str().unwrap();
    assert_eq!(reason, format!("{container} ended with exit code 137."));
    assert_eq!(dead["status"], "Running");
    assert_eq!(dead["stacks"][0]["services"][0]["state"], "exited");

    let (status, _) = world
        .engine
        .ask("POST", &format!("/containers/{container}/start"));
    assert_eq!(status, 204);
    until(&world, id, "Healthy");

    let (status, _) = world
        .engine
        .ask("DELETE", &format!("/containers/{container}?force=true"));
    assert_eq!(status, 204);
    let gone = until(&world, id, "NotFound");
    assert_eq!(gone["status"], "Running");

    // Written down after it was shown.
    let path = format!("/api/health/deployments/{id}/history?limit=4");
    let words = wait_for("the end in the history", || {
        let history = world.server().get_json(&path);
        let entries = history["data"].as_array().unwrap().iter();
        let words: Vec<String> = entries
            .map(|entry| entry["toStatus"].as_str().unwrap().to_owned())
            .collect();
        (words[0] == "NotFound").then_some(words)
    });
    assert!(
        words.iter().any(|word| word == "Unhealthy") && words.iter().any(|word| word == "Healthy"),
        "{words:?}"
    );
}
