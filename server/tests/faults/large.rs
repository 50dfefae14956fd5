//! A product of 60 services, deployed by the real server on a double of the engine: without a fault, with calls that fail, with calls
//! that hang, and killed again and again. Every container is made once and started once, whatever happens.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;

use super::random::Random;
use super::tally::{Tally, full, seed};
use crate::deploy::world::{Engine, World};
use crate::docker_double::{Call, DockerDouble, Fault, Verb};

const PRODUCT: &str = "test:Large:1.0.0";
const STACKS: usize = 10;
const SERVICES: [&str; 6] = ["migrate", "store", "api", "web", "page", "worker"];
pub(super) const IMAGES: [&str; 4] = [
    "windlass-demo/migrate:1.0.0",
    "windlass-demo/store:1.0.0",
    "windlass-demo/web:1.0.0",
    "windlass-demo/worker:1.0.0",
];
/// Long enough that a kill meets calls on their way.
const PACE: Duration = Duration::from_millis(3);

/// What a deployment of the product does to the engine: containers made and started, networks, volumes, images.
const EFFECTS: usize = 2 * STACKS * SERVICES.len() + STACKS + 1 + STACKS + IMAGES.len();

/// A one-shot, two tiers behind it, and a service without a check; in the product's network, which the first stack makes.
fn compose(project: &str, first: bool) -> String {
    let check = "{test: [CMD, /demo-service, check], interval: 1s, timeout: 1s, retries: 3}";
    let networks = "[default, shared]";
    let external = if first { "" } else { ", external: true" };
    format!(
        "
services:
  migrate:
    image: windlass-demo/migrate:1.0.0
    environment: {{STEP_DELAY: 10ms, LOG_LINES: 2}}
    networks: {networks}
  store:
    image: windlass-demo/store:1.0.0
    environment: {{START_DELAY: 40ms}}
    healthcheck: {check}
    volumes: [data:/data]
    networks: {networks}
  api:
    image: windlass-demo/web:1.0.0
    environment: {{START_DELAY: 30ms}}
    healthcheck: {check}
    depends_on:
      store: {{condition: service_healthy}}
      migrate: {{condition: service_completed_successfully}}
    networks: {networks}
  web:
    image: windlass-demo/web:1.0.0
    environment: {{START_DELAY: 20ms}}
    healthcheck: {check}
    depends_on: {{api: {{condition: service_healthy}}}}
  page:
    image: windlass-demo/web:1.0.0
    healthcheck: {check}
    depends_on: {{api: {{condition: service_healthy}}}}
  worker:
    image: windlass-demo/worker:1.0.0
    depends_on: [store]
    networks: {networks}
networks:
  default: {{}}
  shared: {{name: {project}-shared{external}}}
volumes: {{data: {{}}}}
"
    )
}

/// A world with the product in its catalog.
pub(super) fn world_on(double: &DockerDouble, name: &str) -> World {
    let world = World::on(Engine::at(&double.address()), name);
    let stacks: Vec<(String, String)> = (0..STACKS)
        .map(|at| (stack(at), compose(&world.project, at == 0)))
        .collect();
    let texts: Vec<_> = stacks
        .iter()
        .map(|(name, compose)| (name.as_str(), compose.as_str()))
        .collect();
    world.product("Large", &texts);
    world
}

/// For all of the product.
pub(super) fn request(world: &World) -> Value {
    let stacks: Vec<String> = (0..STACKS).map(stack).collect();
    let names: Vec<&str> = stacks.iter().map(String::as_str).collect();
    world.request(PRODUCT, &names)
}

/// The product on a double; the server runs.
struct Large {
    // The world first: it removes what it made from the double.
    world: World,
    double: DockerDouble,
}

impl Large {
    fn new(name: &str) -> Self {
        let double = DockerDouble::new(&IMAGES);
        let mut world = world_on(&double, name);
        world.start();
        Self { world, double }
    }

    fn deploy(&self) -> String {
        self.world.deploy_async(&request(&self.world))
    }

    /// `NAME STATE` of every container as it must be in the end.
    fn wanted(&self) -> Vec<String> {
        let mut all = Vec::new();
        for at in 0..STACKS {
            for service in SERVICES {
                let state = if service == "migrate" {
                    "exited"
                } else {
                    "running"
                };
                all.push(format!("{} {state}", self.container(at, service)));
            }
        }
        all.sort();
        all
    }

    fn container(&self, at: usize, service: &str) -> String {
        format!("{}-{}_{service}", self.world.project, stack(at))
    }

    /// Waits until everything was started, which may take several time-outs.
    fn wait_for_the_last_start(&self) {
        self.double.wait_until("every start", |record| {
            record.done(Verb::StartContainer).len() >= STACKS * SERVICES.len()
        });
    }

    /// Checks the end and records the tally of the kills and of the calls that failed; the operation's events.
    fn must_end_whole(&self, operation: &str, kills: usize) -> Vec<Value> {
        self.wait_for_the_last_start();
        let ended = self.world.end_of(operation);
        // What the test itself asks must not fail.
        self.double.heal();
        let events = self.world.events(operation);
        let states = self.world.engine.states(&self.world.project);
        let wanted = self.wanted();
        let findings = self.world.doctor();
        let of_rule = |rule: &str| findings.iter().filter(|found| found.rule == rule).count();
        let succeeded = ended["status"] == "succeeded" && ended["productStatus"] == "Running";
        let injected = kills + self.double.record(|record| record.struck.len());
        let is_known = succeeded && states == wanted && findings.is_empty();
        let tally = Tally {
            part: "large product",
            injected,
            known: if is_known { injected } else { 0 },
            duplicates: of_rule("one_container"),
            orphans: of_rule("nothing_unknown"),
            row: None,
        };
        tally.record();
        let failed: Vec<_> = events
            .iter()
            .filter(|e| e["type"] == "step_failed")
            .collect();
        assert!(succeeded, "{ended:#} {failed:#?}");
        assert_eq!(states, wanted);
        assert_eq!(findings, []);
        self.must_be_done_once();
        events
    }

    /// Nothing was made or started twice, and nothing was taken away.
    fn must_be_done_once(&self) {
        self.double.record(|record| {
            for at in 0..STACKS {
                for service in SERVICES {
                    let name = self.container(at, service);
                    for verb in [Verb::CreateContainer, Verb::StartContainer] {
                        assert_eq!(record.times(verb, &name), 1, "{verb:?} {name}");
                    }
                }
            }
            let mut counts: HashMap<Verb, usize> = HashMap::new();
            for effect in &record.effects {
                *counts.entry(effect.verb).or_default() += 1;
            }
            let wanted = HashMap::from([
                (Verb::Pull, IMAGES.len()),
                (Verb::CreateNetwork, STACKS + 1),
                (Verb::CreateVolume, STACKS),
                (Verb::CreateContainer, STACKS * SERVICES.len()),
                (Verb::StartContainer, STACKS * SERVICES.len()),
            ]);
            assert_eq!(counts, wanted);
        });
    }
}

fn stack(at: usize) -> String {
    format!("s{at:02}")
}

#[test]
fn sixty_services_are_deployed_with_two_looks_and_no_call_too_many() {
    let large = Large::new("large");
    let operation = large.deploy();
    large.world.end_of(&operation);
    // Before the test itself looks at the engine.
    let calls = large.double.record(|record| record.calls.clone());
    large.must_end_whole(&operation, 0);
    let of = |verb: Verb| calls.iter().filter(move |call| call.verb == verb);

    let changes = calls.iter().filter(|call| call.verb.changes());
    assert_eq!(changes.count(), EFFECTS, "no call was in vain");
    for verb in [Verb::ListContainers, Verb::ListNetworks, Verb::ListVolumes] {
        // To plan, and to write down which images run. Whoever watches the health asks for our containers only.
        let looks = of(verb).filter(|call| call.name.is_empty());
        assert_eq!(looks.count(), 2, "{verb:?}");
    }
    assert_eq!(
        of(Verb::Events).count(),
        2,
        "one stream for all steps, and one for the health"
    );
    // Each container is looked at for its own changes only: made, started, turned healthy or ended.
    let mut looks = HashMap::<&str, usize>::new();
    for call in of(Verb::InspectContainer) {
        *looks.entry(&call.name).or_default() += 1;
    }
    let most = looks.values().max().copied().unwrap_or(0);
    println!(
        "inspections of one container, at most: {most}; of all: {}",
        looks.values().sum::<usize>()
    );
    assert!(most <= 6, "{looks:?}");
    let first_change = calls.iter().position(|call| call.verb.changes());
    let planning = &calls[..first_change.unwrap()];
    assert!(
        planning
            .iter()
            .all(|call| call.verb != Verb::InspectContainer)
    );
}

#[test]
fn calls_that_fail_once_change_nothing() {
    let most = if full() { 100 } else { 25 };
    let for_one_object = if full() { 3 } else { 1 };
    let mut random = Random(seed());
    let large = Large::new("large-faults");
    let (mut left, mut struck) = (most, HashMap::<String, usize>::new());
    large.double.inject(move |call: &Call| {
        // While it plans, a fault only makes it wait: that is tried elsewhere.
        let planning = matches!(
            call.verb,
            Verb::ListContainers | Verb::ListNetworks | Verb::ListVolumes | Verb::InspectImage
        );
        let times = struck.entry(call.name.clone()).or_default();
        if planning || left == 0 || *times >= for_one_object || random.below(3) > 0 {
            return None;
        }
        left -= 1;
        *times += 1;
        Some(match random.below(5) {
            0 => Fault::Status(500, "something went wrong that nobody has seen before"),
            1 => Fault::Status(503, "the engine is busy"),
            2 => Fault::CloseBefore,
            3 if matches!(call.verb, Verb::Events | Verb::Logs | Verb::Pull) => Fault::Cut,
            _ => Fault::CloseAfter,
        })
    });
    let operation = large.deploy();
    large.must_end_whole(&operation, 0);
    let injected = large.double.record(|record| record.struck.len());
    assert!(injected >= most / 2, "only {injected} faults struck");
}

#[test]
fn calls_that_hang_run_into_our_time_outs() {
    let large = Large::new("large-hung");
    let project = large.world.project.clone();
    let mut planned = vec![
        (
            Verb::InspectNetwork,
            format!("{project}-s00_default"),
            Fault::Hang,
        ),
        (
            Verb::CreateNetwork,
            format!("{project}-s01_default"),
            Fault::HangAfter,
        ),
        (
            Verb::InspectVolume,
            format!("{project}-s00_data"),
            Fault::Hang,
        ),
        (Verb::Logs, large.container(0, "migrate"), Fault::Hang),
    ];
    if full() {
        planned.extend([
            (
                Verb::CreateContainer,
                large.container(5, "api"),
                Fault::Hang,
            ),
            (
                Verb::CreateContainer,
                large.container(6, "api"),
                Fault::HangAfter,
            ),
            (
                Verb::StartContainer,
                large.container(0, "store"),
                Fault::Hang,
            ),
            (
                Verb::StartContainer,
                large.container(0, "migrate"),
                Fault::HangAfter,
            ),
            (
                Verb::InspectContainer,
                large.container(3, "web"),
                Fault::Hang,
            ),
            (Verb::ListContainers, String::new(), Fault::Hang),
        ]);
    }
    let wanted = planned.len();
    large.double.inject(move |call: &Call| {
        let fits =
            |(verb, name, _): &(Verb, String, Fault)| *verb == call.verb && *name == call.name;
        let position = planned.iter().position(fits)?;
        Some(planned.remove(position).2)
    });
    let operation = large.deploy();
    let events = large.must_end_whole(&operation, 0);
    let struck = large.double.record(|record| record.struck.clone());
    assert_eq!(struck.len(), wanted, "{struck:#?}");
    // Each hung step says so; output alone is not waited for, and what plans waits for the engine.
    let silent = struck
        .iter()
        .filter(|(call, _)| matches!(call.verb, Verb::Logs | Verb::ListContainers));
    let said = events.iter().filter(|event| {
        let message = event["failure"]["message"].as_str().unwrap_or_default();
        event["type"] == "step_retrying" && message.contains("did not answer")
    });
    assert_eq!(said.count(), wanted - silent.count(), "{events:#?}");
}

#[test]
fn ten_kills_in_one_deployment_change_nothing() {
    let mut random = Random(seed());
    for round in 0..if full() { 5 } else { 1 } {
        let mut large = Large::new(&format!("large-kills{round}"));
        large.double.set_pace(PACE);
        // Each after so many effects, the last while there is still a lot to do.
        let end = u64::try_from(EFFECTS - 25).unwrap();
        let mut instants: Vec<usize> = (0..10)
            .map(|_| usize::try_from(1 + random.below(end)).unwrap())
            .collect();
        instants.sort_unstable();
        let operation = large.deploy();
        for instant in instants {
            large.double.wait_until("the instant of a kill", |record| {
                record.effects.len() >= instant
            });
            let somewhere = random.below(20);
            std::thread::sleep(Duration::from_millis(somewhere));
            large.world.kill();
            large.world.start();
        }
        large.must_end_whole(&operation, 10);
    }
}
