//! Products that cannot work, and machines that do not let them: each ends, says why, and keeps the evidence.

use std::net::TcpListener;

use serde_json::{Value, json};

use super::plain_http::ask;
use super::registry_image;
use super::registry_proxy::{Behaviour, RegistryProxy};
use super::trial::{Trial, deploy_again};
use crate::deploy::world::{World, step_is};

const GOOD: &str = "
services:
  web:
    image: windlass-demo/web:1.0.0
    healthcheck: {test: [CMD, /demo-service, check], interval: 1s, timeout: 1s, retries: 30}
";

/// A product `Shop` with the stack `one`.
fn world(name: &str, compose: &str) -> Option<(World, Value)> {
    let mut world = World::new(name)?;
    world.product("Shop", &[("one", compose)]);
    world.start();
    let request = world.request("test:Shop:1.0.0", &["one"]);
    Some((world, request))
}

/// Puts the product right and deploys it again.
fn mend(world: &World, request: &Value, compose: &str) -> String {
    world.product("Shop", &[("one", compose)]);
    world
        .server()
        .ask("POST", "/api/stack-sources/sync", &[], "{}");
    deploy_again(world, request)
}

/// Makes something on the engine that is not ours; its id. It is removed with the world.
fn foreign(world: &World, kind: &str, path: &str, body: &Value) -> String {
    let headers = ["Content-Type: application/json"];
    let reply = ask(
        &world.engine.address,
        "POST",
        path,
        &headers,
        body.to_string().as_bytes(),
    )
    .unwrap();
    let made: Value = serde_json::from_slice(&reply.expect(201)).unwrap();
    let id = made["Id"].as_str().unwrap().to_owned();
    println!("{kind} {id} is not ours");
    id
}

/// Something foreign on the run's engine, removed in the end.
struct Foreign<'a> {
    world: &'a World,
    path: String,
}

impl<'a> Foreign<'a> {
    fn container(world: &'a World, name: &str, extra: &Value) -> Self {
        let mut body = json!({ "Image": "windlass-demo/web:1.0.0" });
        body.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        let path = format!("/containers/create?name={name}");
        let id = foreign(world, "container", &path, &body);
        let made = Self {
            world,
            path: format!("/containers/{id}"),
        };
        let start = format!("{}/start", made.path);
        ask(&world.engine.address, "POST", &start, &[], b"")
            .unwrap()
            .expect(204);
        made
    }

    fn network(world: &'a World, name: &str) -> Self {
        let id = foreign(
            world,
            "network",
            "/networks/create",
            &json!({ "Name": name }),
        );
        Self {
            world,
            path: format!("/networks/{id}"),
        }
    }

    /// Still there as it was made: not removed, not adopted.
    #[track_caller]
    fn must_be_untouched(&self) {
        let path = if self.path.starts_with("/containers") {
            format!("{}/json", self.path)
        } else {
            self.path.clone()
        };
        let (status, now) = self.world.engine.ask("GET", &path);
        assert_eq!(status, 200, "it is gone");
        let labels = now["Config"]["Labels"]
            .as_object()
            .or_else(|| now["Labels"].as_object());
        let claimed = labels
            .is_some_and(|labels| labels.keys().any(|key| key.starts_with("windlass.product")));
        assert!(!claimed, "{now:#}");
        if self.path.starts_with("/containers") {
            assert_eq!(now["State"]["Status"], "running", "{now:#}");
        }
    }

    fn remove(&self) {
        self.world
            .engine
            .ask("DELETE", &format!("{}?force=true&v=true", self.path));
    }
}

impl Drop for Foreign<'_> {
    fn drop(&mut self) {
        self.remove();
    }
}

fn log_lines(failure: &Value) -> Vec<&str> {
    let lines = failure["logLines"].as_array().map(Vec::as_slice);
    lines
        .unwrap_or_default()
        .iter()
        .filter_map(Value::as_str)
        .collect()
}

#[test]
fn a_service_that_ends_at_once_must_leave_its_code_and_its_words() {
    let bad = "
services:
  web:
    image: windlass-demo/web:1.0.0
    environment: {CRASH: '1', EXIT_CODE: '3', LOG_LINES: '4'}
";
    let Some((world, request)) = world("ends", bad) else {
        return;
    };
    let end = Trial::begin(&world, &request).end();
    end.must_be("failed", "Failed");
    end.must_say(&["web ended with exit code 3"]);
    let failure = end
        .events
        .iter()
        .find(|event| event["type"] == "step_failed")
        .unwrap();
    let failure = &failure["failure"];
    assert_eq!(failure["exitCode"], 3);
    assert!(log_lines(failure).contains(&"web: log line 4 of 4"));
    let project = &world.project;
    assert_eq!(
        world.engine.states(project),
        [format!("{project}-one_web exited")]
    );
    let again = mend(&world, &request, GOOD);
    end.record("product", "A service ends at once", &again);
}

#[test]
fn a_crash_loop_must_be_told_early() {
    let bad = "
services:
  web:
    image: windlass-demo/web:1.0.0
    restart: always
    environment: {EXIT_AFTER: 200ms, EXIT_CODE: '5', LOG_LINES: '2'}
    healthcheck: {test: [CMD, /demo-service, check], interval: 1s, timeout: 1s, retries: 30}
";
    let Some((world, request)) = world("loop", bad) else {
        return;
    };
    let end = Trial::begin(&world, &request).end();
    end.must_be("failed", "Failed");
    end.must_say(&["crash loop", "last lines"]);
    let failure = end.failure_of("healthy one/web");
    assert!(
        log_lines(failure).contains(&"web: log line 2 of 2"),
        "{failure:#}"
    );
    // Stopped for good: nothing restarts it behind our back.
    let project = &world.project;
    assert_eq!(
        world.engine.states(project),
        [format!("{project}-one_web exited")]
    );
    let again = mend(&world, &request, GOOD);
    end.record(
        "product",
        "A service ends again and again (crash loop)",
        &again,
    );
}

#[test]
fn a_service_that_never_gets_healthy_must_show_what_its_check_said() {
    let bad = "
services:
  web:
    image: windlass-demo/web:1.0.0
    environment: {NEVER_HEALTHY: '1'}
    healthcheck: {test: [CMD, /demo-service, check], interval: 1s, timeout: 1s, retries: 3}
";
    let Some((world, request)) = world("never", bad) else {
        return;
    };
    let end = Trial::begin(&world, &request).end();
    end.must_be("failed", "Failed");
    end.must_say(&["web is unhealthy", "health check"]);
    let failure = end.failure_of("healthy one/web");
    let output = failure["healthOutput"].as_str().unwrap();
    assert!(output.contains("never healthy"), "{output}");
    assert!(!log_lines(failure).is_empty());
    let again = mend(&world, &request, GOOD);
    end.record("product", "A service never gets healthy", &again);
}

#[test]
fn a_service_that_gets_unhealthy_later_must_not_undo_the_deployment() {
    let later = "
services:
  web:
    image: windlass-demo/web:1.0.0
    environment: {UNHEALTHY_AFTER: 3s}
    healthcheck: {test: [CMD, /demo-service, check], interval: 500ms, timeout: 1s, retries: 2}
";
    let Some((world, request)) = world("later", later) else {
        return;
    };
    let end = Trial::begin(&world, &request).end();
    end.must_be("succeeded", "Running");
    // What happens afterwards is told by what the engine shows.
    let deployment = end.operation["productDeploymentId"].as_str().unwrap();
    let path = format!("{}/{deployment}", world.deployments_path());
    let health = crate::deploy::world::wait_for("the service to get unhealthy", || {
        let detail = world.server().get_json(&path);
        let health = &detail["stacks"][0]["services"][0]["health"];
        (health == "unhealthy").then(|| health.clone())
    });
    assert_eq!(health, "unhealthy");
    end.record(
        "product",
        "A service gets unhealthy after it was healthy",
        "the product's page shows it as unhealthy",
    );
}

#[test]
fn a_one_shot_that_fails_must_stop_its_stack() {
    let bad = "
services:
  migrate:
    image: windlass-demo/migrate:1.0.0
    environment: {CRASH: '1', EXIT_CODE: '1', LOG_LINES: '3'}
    x-windlass: {init: true}
  web:
    image: windlass-demo/web:1.0.0
";
    let Some((world, request)) = world("init", bad) else {
        return;
    };
    let end = Trial::begin(&world, &request).end();
    end.must_be("failed", "Failed");
    end.must_say(&["migrate ended with exit code 1"]);
    assert_eq!(end.failure_of("init one/migrate")["exitCode"], 1);
    assert!(end.evidence().contains("lines of output"));
    let project = &world.project;
    assert_eq!(
        world.engine.states(project),
        [format!("{project}-one_migrate exited")]
    );
    let again = mend(&world, &request, GOOD);
    end.record("product", "A one-shot ends with exit code 1", &again);
}

#[test]
fn a_one_shot_that_never_ends_must_be_ended_at_its_time() {
    let bad = "
services:
  migrate:
    image: windlass-demo/migrate:1.0.0
    environment: {HANG: '1', IGNORE_SIGTERM: '1'}
    stop_grace_period: 1s
    x-windlass: {init: true, initTimeoutSeconds: 2}
  web:
    image: windlass-demo/web:1.0.0
";
    let Some((world, request)) = world("hang", bad) else {
        return;
    };
    let end = Trial::begin(&world, &request).end();
    end.must_be("failed", "Failed");
    end.must_say(&["migrate did not end within 2 s", "initTimeoutSeconds"]);
    let failure = end.failure_of("init one/migrate");
    assert!(
        log_lines(failure)
            .iter()
            .any(|line| line.contains("hangs, as told")),
        "{failure:#}"
    );
    let project = &world.project;
    assert_eq!(
        world.engine.states(project),
        [format!("{project}-one_migrate exited")]
    );
    let again = mend(&world, &request, GOOD);
    end.record("product", "A one-shot never ends", &again);
}

#[test]
fn an_entry_point_that_is_not_there_must_be_named() {
    let bad = "
services:
  web:
    image: windlass-demo/web:1.0.0
    entrypoint: [/no/such/program]
";
    let Some((world, request)) = world("entry", bad) else {
        return;
    };
    let end = Trial::begin(&world, &request).end();
    end.must_be("failed", "Failed");
    end.must_say(&[
        "web could not be started",
        "entry point",
        "/no/such/program",
    ]);
    assert_eq!(end.failure_of("start one/web")["exitCode"], 127);
    let again = mend(&world, &request, GOOD);
    end.record("product", "The entry point is not in the image", &again);
}

#[test]
fn a_service_that_takes_too_much_memory_must_be_told_so() {
    let bad = "
services:
  web:
    image: windlass-demo/web:1.0.0
    mem_limit: 16m
    memswap_limit: 16m
    environment: {EAT_MEMORY: '64'}
    healthcheck: {test: [CMD, /demo-service, check], interval: 1s, timeout: 1s, retries: 30}
";
    let Some((world, request)) = world("memory", bad) else {
        return;
    };
    let (_, info) = world.engine.ask("GET", "/info");
    if info["MemoryLimit"] != true {
        println!("not tried: this machine has no control group for memory");
        return;
    }
    let end = Trial::begin(&world, &request).end();
    end.must_be("failed", "Failed");
    end.must_say(&["ran out of memory", "memory limit"]);
    let failure = end.failure_of("healthy one/web");
    assert_eq!(failure["exitCode"], 137);
    assert!(
        log_lines(failure)
            .iter()
            .any(|line| line.contains("takes 64 MB"))
    );
    let again = mend(&world, &request, GOOD);
    end.record("product", "A service runs out of memory", &again);
}

const PORT: u16 = 18_431;

fn with_port(port: u16) -> String {
    GOOD.replace(
        "healthcheck:",
        &format!("ports: ['{port}:8080']\n    healthcheck:"),
    )
}

#[test]
fn a_port_that_a_foreign_container_has_must_be_named() {
    let Some((world, request)) = world("port", &with_port(PORT)) else {
        return;
    };
    let holder = Foreign::container(
        &world,
        &format!("{}-holder", world.project),
        &json!({ "HostConfig": { "PortBindings": { "8080/tcp": [{ "HostPort": PORT.to_string() }] } } }),
    );
    let end = Trial::begin(&world, &request).end();
    end.must_be("failed", "Failed");
    end.must_say(&[
        "web could not be started",
        "port is in use",
        &PORT.to_string(),
    ]);
    holder.must_be_untouched();
    holder.remove();
    let again = deploy_again(&world, &request);
    end.record("product", "A foreign container has the port", &again);
}

#[test]
fn a_port_that_a_process_has_must_be_named() {
    // The run's engine publishes in this network namespace.
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let Some((world, request)) = world("process", &with_port(port)) else {
        return;
    };
    let end = Trial::begin(&world, &request).end();
    end.must_be("failed", "Failed");
    end.must_say(&[
        "web could not be started",
        "port is in use",
        &port.to_string(),
    ]);
    drop(listener);
    let again = deploy_again(&world, &request);
    end.record("product", "A process has the port", &again);
}

#[test]
fn an_external_network_that_is_not_there_must_be_named() {
    let Some(mut world) = World::new("external") else {
        return;
    };
    let name = format!("{}-company", world.project);
    let compose = format!(
        "{}    networks: [company]\nnetworks:\n  company: {{external: true, name: {name}}}\n",
        GOOD.trim_end_matches('\n').to_owned() + "\n"
    );
    world.product("Shop", &[("one", &compose)]);
    world.start();
    let request = world.request("test:Shop:1.0.0", &["one"]);
    let end = Trial::begin(&world, &request).end();
    end.must_be("failed", "Failed");
    end.must_say(&["external network", &name, "does not exist"]);
    assert_eq!(
        world.engine.states(&world.project),
        [""; 0],
        "nothing was made"
    );
    let network = Foreign::network(&world, &name);
    let again = deploy_again(&world, &request);
    end.record("product", "An external network does not exist", &again);
    // Its container is removed before the network.
    network.must_be_untouched();
    drop_containers(&world);
}

fn drop_containers(world: &World) {
    for container in world.engine.containers(&world.project) {
        let id = container["Id"].as_str().unwrap();
        world
            .engine
            .ask("DELETE", &format!("/containers/{id}?force=true&v=true"));
    }
}

#[test]
fn a_container_name_that_is_taken_must_be_refused() {
    let Some((world, request)) = world("name", GOOD) else {
        return;
    };
    let name = format!("{}-one_web", world.project);
    let stranger = Foreign::container(&world, &name, &json!({}));
    let end = Trial::begin(&world, &request).end();
    end.must_be("failed", "Failed");
    end.must_say(&[&name, "taken", "remove or rename it"]);
    stranger.must_be_untouched();
    stranger.remove();
    let again = deploy_again(&world, &request);
    end.record("product", "A foreign container has the name", &again);
}

#[test]
fn a_container_name_that_gets_taken_after_the_plan_must_be_refused() {
    let Some(proxy) = RegistryProxy::start(Behaviour::Hang(0)) else {
        return;
    };
    registry_image::push("taken-later", 1 << 20);
    let image = format!("{}/windlass-demo/web:taken-later", proxy.address());
    let compose = GOOD.replace("windlass-demo/web:1.0.0", &image);
    let Some((world, request)) = world("later-name", &compose) else {
        return;
    };
    let trial = Trial::begin(&world, &request);
    // The plan is made; containers are made once the image is there.
    trial.until(|event| {
        event["type"] == "step_started" && event["step"].as_str().unwrap().starts_with("pull ")
    });
    let name = format!("{}-one_web", world.project);
    let stranger = Foreign::container(&world, &name, &json!({}));
    proxy.now(Behaviour::Pass);
    let end = trial.end();
    end.must_be("failed", "Failed");
    end.must_say(&[&name, "Windlass did not make", "rename or remove it"]);
    stranger.must_be_untouched();
    stranger.remove();
    let again = deploy_again(&world, &request);
    end.record(
        "product",
        "A foreign container takes the name after the plan",
        &again,
    );
}

#[test]
fn a_network_name_that_is_taken_must_be_refused() {
    let Some((world, request)) = world("network", GOOD) else {
        return;
    };
    let name = format!("{}-one_default", world.project);
    let stranger = Foreign::network(&world, &name);
    let end = Trial::begin(&world, &request).end();
    end.must_be("failed", "Failed");
    end.must_say(&[&name, "external: true"]);
    stranger.must_be_untouched();
    stranger.remove();
    let again = deploy_again(&world, &request);
    end.record("product", "A foreign network has the name", &again);
}

#[test]
fn an_image_that_must_not_be_pulled_must_be_named() {
    let bad = GOOD.replace(
        "windlass-demo/web:1.0.0",
        "windlass-demo/absent:1.0.0\n    pull_policy: never",
    );
    let Some((world, request)) = world("absent", &bad) else {
        return;
    };
    let end = Trial::begin(&world, &request).end();
    end.must_be("failed", "Failed");
    end.must_say(&["windlass-demo/absent:1.0.0", "pull policy is never"]);
    assert_eq!(
        world.engine.states(&world.project),
        [""; 0],
        "nothing was made"
    );
    let again = mend(&world, &request, GOOD);
    end.record(
        "product",
        "An image is missing and its pull policy is never",
        &again,
    );
}

#[test]
fn a_container_removed_by_hand_must_end_the_wait_for_it() {
    let slow = GOOD.replace(
        "healthcheck:",
        "environment: {START_DELAY: 60s}\n    healthcheck:",
    );
    let Some((world, request)) = world("removed", &slow) else {
        return;
    };
    let trial = Trial::begin(&world, &request);
    trial.until(|event| step_is(event, "step_started", "healthy one/web"));
    drop_containers(&world);
    let end = trial.end();
    end.must_be("failed", "Failed");
    end.must_say(&["one_web does not exist", "removed from outside"]);
    assert_eq!(world.engine.states(&world.project), [""; 0]);
    let again = mend(&world, &request, GOOD);
    end.record(
        "product",
        "A container is removed by hand while its health is waited for",
        &again,
    );
}
