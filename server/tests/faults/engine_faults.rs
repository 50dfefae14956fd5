//! Engines that go away in the middle: a deployment waits for them, goes on, and nothing is there twice.

use std::fs;

use serde_json::Value;

use super::own_engine::{Kind, OwnEngine};
use super::tally::full;
use super::trial::{Trial, deploy_again};
use crate::deploy::deployed::{Deployed, upgrade_to};
use crate::deploy::world::{World, step_is};

/// A service that takes its time; nobody starts it again when its engine comes back.
const SLOW: &str = "
services:
  web:
    image: windlass-demo/web:1.0.0
    environment: {START_DELAY: 3s}
    healthcheck: {test: [CMD, /demo-service, check], interval: 1s, timeout: 1s, retries: 120}
";

/// A service of an earlier stack. An engine that was killed takes what it finds running for stopped by hand, and does not start it again.
const STEADY: &str = "
services:
  web:
    image: windlass-demo/web:1.0.0
    restart: unless-stopped
    healthcheck: {test: [CMD, /demo-service, check], interval: 1s, timeout: 1s, retries: 120}
";

/// A one-shot that takes its time, and what comes after it.
const MIGRATES: &str = "
services:
  migrate:
    image: windlass-demo/migrate:1.0.0
    environment: {SCHEMA_VERSION: '4', STEP_DELAY: 1s, IGNORE_SIGTERM: '1'}
    volumes: [data:/data]
    stop_grace_period: 1s
    x-windlass: {init: true}
  web:
    image: windlass-demo/web:1.0.0
    restart: unless-stopped
    healthcheck: {test: [CMD, /demo-service, check], interval: 1s, timeout: 1s, retries: 120}
volumes: {data: {}}
";

const GOES_ON: &str = "not needed: it went on by itself";

/// What is under way when the engine goes away.
#[derive(Clone, Copy)]
enum Moment {
    /// The first service was started, its health is waited for.
    HealthWait,
    /// A one-shot runs, and a service of an earlier stack.
    OneShot,
}

impl Moment {
    fn has_come(self, event: &Value) -> bool {
        match self {
            Self::HealthWait => step_is(event, "step_started", "healthy one/web"),
            Self::OneShot => step_is(event, "step_output", "init two/migrate"),
        }
    }
}

/// The deployment must survive what `fault` does at this moment, by itself.
fn must_survive(
    engine: &mut OwnEngine,
    moment: Moment,
    name: &'static str,
    fault: impl FnOnce(&mut OwnEngine, &World, &str),
) {
    let first = match moment {
        Moment::HealthWait => SLOW,
        Moment::OneShot => STEADY,
    };
    let mut world = World::on(engine.engine(), "survive");
    world.product("Shop", &[("one", first), ("two", MIGRATES)]);
    world.start();
    let trial = Trial::begin(&world, &world.request("test:Shop:1.0.0", &["one", "two"]));
    trial.until(|event| moment.has_come(event));
    fault(engine, &world, &trial.operation);
    let end = trial.end();
    end.must_be("succeeded", "Running");
    let project = &world.project;
    let (one, two) = (format!("{project}-one"), format!("{project}-two"));
    let expected = [
        format!("{one}_web running"),
        format!("{two}_migrate exited"),
        format!("{two}_web running"),
    ];
    assert_eq!(world.engine.states(project), expected, "{:#?}", end.events);
    // Every step of the migration was told, none of them twice in a row of one run.
    let said: Vec<&str> = end
        .events
        .iter()
        .filter(|event| event["type"] == "step_output")
        .flat_map(|event| event["lines"].as_array().unwrap())
        .map(|line| line["text"].as_str().unwrap())
        .collect();
    assert!(
        said.iter()
            .any(|line| line.contains("done: schema version 4")),
        "{said:#?}"
    );
    end.record("engine", name, GOES_ON);
}

#[test]
fn a_killed_engine_that_keeps_its_containers_must_be_ridden_out() {
    let Some(mut engine) = OwnEngine::start(Kind {
        live_restore: true,
        ..Kind::default()
    }) else {
        return;
    };
    let kill = |engine: &mut OwnEngine, _: &World, _: &str| {
        engine.kill();
        engine.launch();
    };
    must_survive(
        &mut engine,
        Moment::HealthWait,
        "The engine is killed with live-restore while a health check is waited for",
        kill,
    );
    must_survive(
        &mut engine,
        Moment::OneShot,
        "The engine is killed with live-restore while a one-shot runs",
        kill,
    );
}

#[test]
fn a_killed_engine_that_loses_its_containers_must_be_ridden_out() {
    let Some(mut engine) = OwnEngine::start(Kind::default()) else {
        return;
    };
    let kill = |engine: &mut OwnEngine, _: &World, _: &str| {
        engine.kill();
        engine.launch();
    };
    must_survive(
        &mut engine,
        Moment::HealthWait,
        "The engine is killed while a health check is waited for",
        kill,
    );
    must_survive(
        &mut engine,
        Moment::OneShot,
        "The engine is killed while a one-shot runs",
        kill,
    );
}

#[test]
fn an_engine_that_restarts_must_be_ridden_out() {
    let Some(mut engine) = OwnEngine::start(Kind::default()) else {
        return;
    };
    let restart = |engine: &mut OwnEngine, _: &World, _: &str| {
        engine.terminate();
        engine.launch();
    };
    must_survive(
        &mut engine,
        Moment::HealthWait,
        "The engine is restarted in order while a health check is waited for",
        restart,
    );
    must_survive(
        &mut engine,
        Moment::OneShot,
        "The engine is restarted in order while a one-shot runs",
        restart,
    );
}

/// It goes on only when a call of ours ran out of its time: half a minute.
fn frozen(engine: &mut OwnEngine, world: &World, operation: &str) {
    engine.freeze();
    world.until_event(operation, |event| event["type"] == "step_retrying");
    engine.thaw();
}

#[test]
fn an_engine_that_stops_answering_must_be_ridden_out() {
    let Some(mut engine) = OwnEngine::start(Kind::default()) else {
        return;
    };
    must_survive(
        &mut engine,
        Moment::HealthWait,
        "The engine accepts and never answers (SIGSTOP) while a health check is waited for",
        frozen,
    );
    if full() {
        must_survive(
            &mut engine,
            Moment::OneShot,
            "The engine accepts and never answers (SIGSTOP) while a one-shot runs",
            frozen,
        );
    }
}

#[test]
fn an_engine_that_is_not_there_must_be_waited_for() {
    let Some(mut engine) = OwnEngine::start(Kind::default()) else {
        return;
    };
    engine.terminate();
    let mut world = World::on(engine.engine(), "absent");
    world.product("Shop", &[("one", STEADY)]);
    world.start();
    let trial = Trial::begin(&world, &world.request("test:Shop:1.0.0", &["one"]));
    trial.until(|event| event["type"] == "status_changed" && event["status"] == "waiting");
    engine.launch();
    let end = trial.end();
    end.must_be("succeeded", "Running");
    end.must_say(&["Waiting for the engine"]);
    let project = &world.project;
    assert_eq!(
        world.engine.states(project),
        [format!("{project}-one_web running")]
    );
    end.record(
        "engine",
        "The engine is not there when the request comes",
        GOES_ON,
    );
}

/// What the images need, and a little more.
const DISK: u32 = 48;

#[test]
fn a_full_disk_must_fail_the_deployment_in_the_end() {
    let Some((engine, world, request, full)) = on_a_full_disk("full") else {
        return;
    };
    let end = Trial::begin(&world, &request).end();
    end.must_be("failed", "Failed");
    end.must_say(&["no space left on device", "make room"]);
    assert!(end.retries() > 0);
    assert_eq!(world.engine.states(&world.project), [""; 0]);
    fs::remove_file(full).unwrap();
    let again = deploy_again(&world, &request);
    end.record("engine", "The engine's disk is full", &again);
    drop((world, engine));
}

#[test]
fn a_disk_that_gets_room_again_must_be_ridden_out() {
    let Some((engine, world, request, full)) = on_a_full_disk("room") else {
        return;
    };
    let trial = Trial::begin(&world, &request);
    trial.until(|event| event["type"] == "step_retrying");
    fs::remove_file(full).unwrap();
    let end = trial.end();
    end.must_be("succeeded", "Running");
    end.record("engine", "The engine's disk is full for a while", GOES_ON);
    drop((world, engine));
}

fn on_a_full_disk(name: &str) -> Option<(OwnEngine, World, Value, std::path::PathBuf)> {
    let engine = OwnEngine::start(Kind {
        disk: Some(DISK),
        ..Kind::default()
    })?;
    let mut world = World::on(engine.engine(), name);
    world.product("Shop", &[("one", STEADY)]);
    world.start();
    let full = engine.fill_disk();
    let request = world.request("test:Shop:1.0.0", &["one"]);
    Some((engine, world, request, full))
}

/// A service that is started again with its engine, and is healthy after a while.
fn site(delay: &str) -> String {
    format!(
        "
services:
  web:
    image: windlass-demo/web:1.0.0
    restart: always
    environment: {{START_DELAY: {delay}}}
    healthcheck: {{test: [CMD, /demo-service, check], interval: 500ms, timeout: 1s, retries: 120}}
"
    )
}

/// An upgrade whose engine is killed while the new version is waited for; how it ended.
fn upgraded_over_a_kill(kind: Kind, name: &'static str) {
    let Some(mut engine) = OwnEngine::start(kind) else {
        return;
    };
    let world = World::on(engine.engine(), "upgrade");
    world.version("Shop", "1.0.0", "", &[("one", &site("0s"))]);
    world.version("Shop", "1.1.0", "", &[("one", &site("4s"))]);
    let shop = Deployed::new(world, "test:Shop:1.0.0", &["one"]);
    let before = shop.ids();
    let operation = shop.begin("POST", "/upgrade", &upgrade_to("1.1.0"));
    shop.world.until_event(&operation, |event| {
        step_is(event, "step_started", "healthy one/web")
    });
    engine.kill();
    engine.launch();
    let ended = shop.world.end_of(&operation);
    assert_eq!(
        (&ended["status"], &ended["productStatus"]),
        (&"succeeded".into(), &"Running".into()),
        "{ended:#}"
    );
    let after = shop.ids();
    assert_eq!(after.len(), 1, "{after:?}");
    assert_ne!(after["one_web"], before["one_web"]);
    assert_eq!(shop.states()["one_web"], "running");
    assert_eq!(shop.detail()["productVersion"], "1.1.0");
    shop.must_be_sound();
    super::tally::say(&format!("{name}: the upgrade went on by itself"));
}

#[test]
fn an_upgrade_must_ride_out_a_killed_engine_that_keeps_its_containers() {
    let kind = Kind {
        live_restore: true,
        ..Kind::default()
    };
    upgraded_over_a_kill(kind, "killed with live-restore");
}

#[test]
fn an_upgrade_must_ride_out_a_killed_engine_that_loses_its_containers() {
    upgraded_over_a_kill(Kind::default(), "killed");
}
