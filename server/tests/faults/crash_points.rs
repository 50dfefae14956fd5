//! A server that dies before or after any write to its database, or any call to its engine, leaves nothing undone: the next one comes
//! to the same end.

use serde_json::Value;

use super::client::Wish;
use super::shop::{
    self, Act, ENTER, EXIT, FAILS, REDEPLOY, REMOVE, RESTART, ROLLBACK, STOP, UPGRADE,
};
use super::walker::{Choice, Walk};
use super::{large, tally};
use crate::deploy::world::{World, step_is};
use crate::docker_double::DockerDouble;

/// A one-shot, files, a volume, a service with a health check.
const DATA: &str = "
services:
  migrate:
    image: windlass-demo/migrate:1.0.0
    environment: {LOG_LINES: '3'}
    x-windlass: {init: true}
  store:
    image: windlass-demo/store:1.0.0
    volumes: [data:/data]
    configs: [{source: settings, target: /etc/settings}]
    healthcheck: {test: [CMD, /demo-service, check], interval: 200ms, timeout: 2s, retries: 100}
volumes: {data: {}}
configs: {settings: {content: 'level: 1'}}
";

/// A pull, a service without a health check, and one that ends.
const SITE: &str = "
services:
  web:
    image: REGISTRY/windlass-demo/web:pulled
    pull_policy: always
    healthcheck: {test: [CMD, /demo-service, check], interval: 200ms, timeout: 2s, retries: 100}
  worker:
    image: windlass-demo/web:1.0.0
    depends_on: [web]
  seed:
    image: windlass-demo/migrate:1.0.0
    depends_on: {web: {condition: service_healthy}}
    restart: 'no'
";

/// The second service ends at once; the third never starts.
const CRASHES: &str = "
services:
  store:
    image: windlass-demo/store:1.0.0
    healthcheck: {test: [CMD, /demo-service, check], interval: 200ms, timeout: 2s, retries: 100}
  bad:
    image: windlass-demo/web:1.0.0
    depends_on: {store: {condition: service_healthy}}
    environment: {CRASH: '1', EXIT_CODE: '3', LOG_LINES: '4'}
    healthcheck: {test: [CMD, /demo-service, check], interval: 1s, timeout: 2s, retries: 100}
  after:
    image: windlass-demo/web:1.0.0
    depends_on: {bad: {condition: service_healthy}}
";

/// Waits for ever.
const NEVER: &str = "
services:
  web:
    image: windlass-demo/web:1.0.0
    environment: {NEVER_HEALTHY: '1'}
    healthcheck: {test: [CMD, /demo-service, check], interval: 200ms, timeout: 2s, retries: 10000}
";

fn world(name: &str, second: &str) -> Option<World> {
    let world = World::new(name)?;
    let registry = std::env::var("WINDLASS_TEST_REGISTRY").unwrap();
    world.product(
        "Small",
        &[
            ("data", DATA),
            ("site", &second.replace("REGISTRY", &registry)),
        ],
    );
    Some(world)
}

fn request(world: &World) -> Value {
    world.request("test:Small:1.0.0", &["data", "site"])
}

fn choice(short: Choice) -> Choice {
    if tally::full() { Choice::All } else { short }
}

#[test]
fn a_deployment_must_come_to_its_end_from_every_crash_point() {
    Walk {
        name: "deployment",
        world: &|| world("walk", SITE),
        wishes: &|world| vec![Wish::deploy(request(world))],
        cancel_at: None,
        ends: ("succeeded", "Running"),
        choice: choice(Choice::Three),
        at_once: 2,
    }
    .walk();
}

#[test]
fn a_deployment_that_fails_must_be_undone_from_every_crash_point() {
    Walk {
        name: "deployment that fails",
        world: &|| world("walk-fail", CRASHES),
        wishes: &|world| vec![Wish::deploy(request(world))],
        cancel_at: None,
        ends: ("failed", "PartiallyRunning"),
        choice: choice(Choice::About(14)),
        at_once: 1,
    }
    .walk();
}

#[test]
fn a_cancelled_deployment_must_be_undone_from_every_crash_point() {
    let waits = |event: &Value| step_is(event, "step_started", "healthy site/web");
    Walk {
        name: "cancelled deployment",
        world: &|| world("walk-cancel", NEVER),
        wishes: &|world| vec![Wish::deploy(request(world))],
        cancel_at: Some(&waits),
        ends: ("cancelled", "PartiallyRunning"),
        choice: choice(Choice::About(14)),
        at_once: 1,
    }
    .walk();
}

#[test]
fn sixty_services_must_come_to_their_end_from_every_crash_point() {
    let double = DockerDouble::with_images(&large::IMAGES);
    Walk {
        name: "sixty services",
        world: &|| Some(large::world_on(&double, "walk-large")),
        wishes: &|world| vec![Wish::deploy(large::request(world))],
        cancel_at: None,
        ends: ("succeeded", "Running"),
        choice: choice(Choice::About(40)),
        at_once: 2,
    }
    .walk();
}

/// Everything up to one operation, and how that one ends.
struct Story {
    name: &'static str,
    project: &'static str,
    before: &'static [Act],
    last: Act,
    ends: (&'static str, &'static str),
}

impl Story {
    fn walk(&self) {
        Walk {
            name: self.name,
            world: &|| shop::world(self.project, ""),
            wishes: &|world| {
                let others = self.before.iter().chain([&self.last]).map(Act::wish);
                [shop::deployment(world)]
                    .into_iter()
                    .chain(others)
                    .collect()
            },
            cancel_at: None,
            ends: self.ends,
            choice: choice(Choice::About(5)),
            at_once: 1,
        }
        .walk();
    }
}

#[test]
fn a_redeploy_must_come_to_its_end_from_every_crash_point() {
    Story {
        name: "redeploy",
        project: "walk-re",
        before: &[],
        last: REDEPLOY,
        ends: ("succeeded", "Running"),
    }
    .walk();
}

#[test]
fn an_upgrade_must_come_to_its_end_from_every_crash_point() {
    Story {
        name: "upgrade",
        project: "walk-up",
        before: &[],
        last: UPGRADE,
        ends: ("succeeded", "Running"),
    }
    .walk();
}

#[test]
fn an_upgrade_that_fails_must_return_from_every_crash_point() {
    Story {
        name: "upgrade that returns",
        project: "walk-upf",
        before: &[],
        last: FAILS,
        ends: ("failed", "Running"),
    }
    .walk();
}

#[test]
fn a_rollback_must_come_to_its_end_from_every_crash_point() {
    Story {
        name: "rollback",
        project: "walk-back",
        before: &[UPGRADE],
        last: ROLLBACK,
        ends: ("succeeded", "Running"),
    }
    .walk();
}

#[test]
fn stopping_must_come_to_its_end_from_every_crash_point() {
    Story {
        name: "stop",
        project: "walk-stop",
        before: &[],
        last: STOP,
        ends: ("succeeded", "Stopped"),
    }
    .walk();
}

#[test]
fn a_restart_must_come_to_its_end_from_every_crash_point() {
    Story {
        name: "restart",
        project: "walk-rst",
        before: &[],
        last: RESTART,
        ends: ("succeeded", "Running"),
    }
    .walk();
}

#[test]
fn maintenance_must_begin_from_every_crash_point() {
    Story {
        name: "maintenance begins",
        project: "walk-in",
        before: &[],
        last: ENTER,
        ends: ("succeeded", "Stopped"),
    }
    .walk();
}

#[test]
fn maintenance_must_end_from_every_crash_point() {
    Story {
        name: "maintenance ends",
        project: "walk-out",
        before: &[ENTER],
        last: EXIT,
        ends: ("succeeded", "Running"),
    }
    .walk();
}

#[test]
fn a_removal_must_come_to_its_end_from_every_crash_point() {
    Story {
        name: "removal",
        project: "walk-rm",
        before: &[],
        last: REMOVE,
        ends: ("succeeded", "Removed"),
    }
    .walk();
}
