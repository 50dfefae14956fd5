//! A server that dies before or after any write to its database, or any call to its engine, leaves nothing undone: the next one comes
//! to the same end.

use serde_json::{Value, json};

use super::client::Wish;
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

/// A shop of two small stacks in two versions: the second one changes `site`, of which version 1.2.0 cannot come up.
fn shop(name: &str) -> Option<World> {
    let world = World::new(name)?;
    let base = "
services:
  migrate:
    image: windlass-demo/migrate:1.0.0
    x-windlass: {init: true}
  store:
    image: windlass-demo/store:1.0.0
    volumes: [data:/data]
volumes: {data: {}}
";
    let site = |version: &str, environment: &str| {
        format!(
            "
services:
  web:
    image: windlass-demo/web:{version}
    environment: {{{environment}}}
    healthcheck: {{test: [CMD, /demo-service, check], interval: 200ms, timeout: 2s, retries: 100}}
"
        )
    };
    let crashes = site("1.1.0", "CRASH: '1', EXIT_CODE: '3'");
    world.version(
        "Shop",
        "1.0.0",
        "",
        &[("base", base), ("site", &site("1.0.0", ""))],
    );
    world.version(
        "Shop",
        "1.1.0",
        "",
        &[("base", base), ("site", &site("1.1.0", ""))],
    );
    world.version(
        "Shop",
        "1.2.0",
        "onFailure: rollback\n",
        &[("base", base), ("site", &crashes)],
    );
    Some(world)
}

/// Everything up to one operation, and how that one ends.
struct Story {
    name: &'static str,
    project: &'static str,
    before: &'static [Step],
    last: Step,
    ends: (&'static str, &'static str),
}

type Step = (&'static str, &'static str, fn() -> Value);

fn nothing() -> Value {
    json!({})
}

const UPGRADE: Step = (
    "POST",
    "/upgrade",
    || json!({ "targetProductId": "test:Shop:1.1.0" }),
);
const FAILS: Step = (
    "POST",
    "/upgrade",
    || json!({ "targetProductId": "test:Shop:1.2.0" }),
);
const ENTER: Step = (
    "PUT",
    "/operation-mode",
    || json!({ "mode": "Maintenance" }),
);
const EXIT: Step = ("PUT", "/operation-mode", || json!({ "mode": "Normal" }));

impl Story {
    fn walk(&self) {
        let wish = |step: &Step| Wish::of(step.0, step.1, (step.2)());
        Walk {
            name: self.name,
            world: &|| shop(self.project),
            wishes: &|world| {
                let deploy = Wish::deploy(world.request("test:Shop:1.0.0", &["base", "site"]));
                let others = self.before.iter().chain([&self.last]).map(wish);
                [deploy].into_iter().chain(others).collect()
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
        last: ("POST", "/redeploy", nothing),
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
        last: ("POST", "/rollback", nothing),
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
        last: ("POST", "/stop-containers", nothing),
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
        last: ("POST", "/restart-containers", nothing),
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
        last: ("DELETE", "", nothing),
        ends: ("succeeded", "Removed"),
    }
    .walk();
}
