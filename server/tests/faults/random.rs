//! Servers that are killed, or stopped for longer than their lease, at random instants: every deployment comes to its end all the same.
//!
//! What is random comes from one seed, which is printed and can be given. The instants are those of a real machine, so a seed repeats the
//! choices, not the very interleaving.

use std::time::{Duration, Instant, SystemTime};

use domain::timestamp::Timestamp;
use rustix::process::{Signal, kill_process};
use serde_json::Value;

use super::client::{self, Wish, patiently};
use super::shop::{
    self, Act, ENTER, EXIT, FAILS, REDEPLOY, REMOVE, RESTART, ROLLBACK, STOP, UPGRADE,
};
use super::tally::{self, Tally};
use super::walker::{check_containers, check_events, check_record};
use super::witness::Witness;
use crate::deploy::world::{World, step_is, wait_for};
use crate::server_process::ServerProcess;

const FIRST: &str = "
services:
  migrate:
    image: windlass-demo/migrate:1.0.0
    environment: {LOG_LINES: '3', STEP_DELAY: 100ms}
    x-windlass: {init: true}
  store:
    image: windlass-demo/store:1.0.0
    volumes: [data:/data]
    healthcheck: {test: [CMD, /demo-service, check], interval: 200ms, timeout: 2s, retries: 100}
volumes: {data: {}}
";

const SECOND: &str = "
services:
  web:
    image: windlass-demo/web:1.0.0
    environment: {START_DELAY: 500ms}
    healthcheck: {test: [CMD, /demo-service, check], interval: 200ms, timeout: 2s, retries: 100}
";

/// Most deployments of one test.
const PRODUCTS: usize = 40;
/// The lease of servers that share a database, in seconds.
const LEASE: u64 = 3;

/// Numbers that look random and come again from the same seed (SplitMix64).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }

    fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.below(to - from))
    }
}

/// Many small products, each to be deployed once.
struct Products {
    world: World,
    witness: Witness,
    operations: Vec<String>,
}

impl Products {
    fn in_a(world: World) -> Self {
        for number in 0..PRODUCTS {
            let [first, second] = stacks(number);
            world.product(
                &format!("Random{number}"),
                &[(&first, FIRST), (&second, SECOND)],
            );
        }
        let witness = Witness::of(&world.engine);
        Self {
            world,
            witness,
            operations: Vec::new(),
        }
    }

    /// Asks for the next deployment; its operation.
    fn deploy_next(&mut self, server: &ServerProcess) -> Option<String> {
        let operation = self.ask_for_next(server)?;
        self.operations.push(operation.clone());
        Some(operation)
    }

    fn ask_for_next(&self, server: &ServerProcess) -> Option<String> {
        let number = self.operations.len();
        let [first, second] = stacks(number);
        let product = format!("test:Random{number}:1.0.0");
        let request = self.world.request(&product, &[&first, &second]);
        client::deploy(server, &request, &self.operations)
    }

    /// What must hold once an operation has ended.
    fn check(&self, ended: &Value, events: &[Value]) {
        assert_eq!(ended["status"], "succeeded", "{ended:#}");
        assert_eq!(ended["productStatus"], "Running");
        check_events(events);
        check_containers(&self.world, &self.witness);
        let mut expected: Vec<String> = Vec::new();
        for number in 0..self.operations.len() {
            let [first, second] = stacks(number);
            let project = &self.world.project;
            expected.push(format!("{project}-{first}_migrate exited"));
            expected.push(format!("{project}-{first}_store running"));
            expected.push(format!("{project}-{second}_web running"));
        }
        expected.sort();
        assert_eq!(self.world.engine.states(&self.world.project), expected);
    }
}

fn stacks(number: usize) -> [String; 2] {
    [format!("first{number}"), format!("second{number}")]
}

/// Says in the tally that all of them ended as they must; the last look of the doctor before that.
fn record(faults: usize, world: &World) {
    let mut tally = Tally {
        part: "random kills",
        injected: faults,
        known: faults,
        ..Tally::default()
    };
    check_record(world, &mut tally);
    tally.record();
}

#[test]
fn twenty_kills_in_a_row_must_change_no_end() {
    const KILLS: usize = 20;
    let Some(world) = World::new("kills") else {
        return;
    };
    let mut random = Random(tally::seed());
    let mut products = Products::in_a(world);
    let mut kills = 0;
    let mut pauses = Vec::new();
    let mut operation = None;
    while kills < KILLS || operation.is_some() {
        products.world.start();
        let pid = products.world.server().pid();
        let killer = (kills < KILLS).then(|| {
            let after = random.millis(0, 900);
            std::thread::spawn(move || {
                std::thread::sleep(after);
                kill_process(pid, Signal::KILL).unwrap();
                now()
            })
        });
        let last = live_until_killed(&mut products, &mut operation, killer.is_none());
        if let Some(killer) = killer {
            let at = killer.join().unwrap();
            // Where nothing was under way nothing has to go on.
            pauses.extend(last.map(|_| at));
            kills += 1;
        }
    }
    if products.world.ended().is_some() {
        products.world.start();
    }
    say_pauses(&products, &pauses);
    record(kills, &products.world);
}

/// Deploys one product after the other until the server is killed, or, for the last server, until nothing is under way. The operation
/// that is under way then.
fn live_until_killed(
    products: &mut Products,
    operation: &mut Option<String>,
    is_last: bool,
) -> Option<String> {
    patiently("a kill", || {
        if products.world.ended().is_some() {
            return Some(());
        }
        let server = products.world.server();
        let Some(id) = operation.as_ref() else {
            *operation = products.ask_for_next(server);
            products.operations.extend(operation.clone());
            return None;
        };
        let ended = client::end(server, id)?;
        let events = client::events(server, id)?;
        products.check(&ended, &events);
        products.world.must_be_sound();
        *operation = None;
        is_last.then_some(())
    });
    operation.clone()
}

fn now() -> Timestamp {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis();
    Timestamp::from_millis(since.try_into().unwrap())
}

/// How long it took from each kill until the operation went on.
fn say_pauses(products: &Products, kills: &[Timestamp]) {
    let claims: Vec<Timestamp> = products
        .operations
        .iter()
        .flat_map(|id| client::events(products.world.server(), id).unwrap())
        .filter(|event| event["type"] == "claimed")
        .map(|event| serde_json::from_value(event["at"].clone()).unwrap())
        .collect();
    let mut pauses: Vec<Duration> = kills
        .iter()
        .filter_map(|kill| {
            claims
                .iter()
                .find(|claim| *claim >= kill)?
                .since(*kill)
                .into()
        })
        .collect();
    pauses.sort();
    tally::say(&format!(
        "from a kill to the operation going on: median {:?}, longest {:?}, of {}",
        pauses.get(pauses.len() / 2).copied().unwrap_or_default(),
        pauses.last().copied().unwrap_or_default(),
        pauses.len()
    ));
}

/// One of several servers on one database.
struct Node {
    data: String,
    server: Option<ServerProcess>,
    stopped: Option<Instant>,
}

impl Node {
    fn start(&mut self, world: &World) {
        let source = format!("test={}", world.catalog().display());
        let lease = LEASE.to_string();
        let arguments = ["--source", &source, "--lease-seconds", &lease];
        let started = world.start_node(&self.data, &arguments, &[]);
        self.server = Some(
            started.unwrap_or_else(|(ended, said)| panic!("the server ended with {ended}: {said}")),
        );
    }

    fn wake(&mut self) {
        if self.stopped.take().is_some() {
            self.server.as_ref().unwrap().signal(Signal::CONT);
        }
    }

    fn is_awake(&self) -> bool {
        self.server.is_some() && self.stopped.is_none()
    }

    /// Whether this is the node that last claimed the operation.
    fn holds(&self, world: &World, events: &[Value]) -> bool {
        let id = std::fs::read_to_string(world.folder().join(&self.data).join("node-id")).unwrap();
        let mut claims = events.iter().filter(|event| event["type"] == "claimed");
        claims
            .next_back()
            .is_some_and(|claim| claim["node"] == id.trim())
    }
}

/// Three servers on a database of their own; none without ground.
fn three_on_one_database(name: &str) -> Option<(Products, Vec<Node>)> {
    let world = World::new(name)?;
    let url = std::env::var("WINDLASS_TEST_DATABASE_URL").unwrap();
    let products = Products::in_a(world.on_postgres(url));
    let node = |data: &str| Node {
        data: data.to_owned(),
        server: None,
        stopped: None,
    };
    let mut nodes = vec![node("data"), node("data2"), node("data3")];
    for node in &mut nodes {
        node.start(&products.world);
    }
    Some((products, nodes))
}

#[test]
fn three_servers_killed_and_stopped_at_random_must_change_no_end() {
    let faults_wanted = if tally::full() { 60 } else { 6 };
    let Some((mut products, mut nodes)) = three_on_one_database("three") else {
        return;
    };
    let mut random = Random(tally::seed());
    let mut faults = 0;
    while faults < faults_wanted {
        let awake = nodes.iter().position(Node::is_awake).unwrap();
        let operation = patiently("an operation", || {
            products.deploy_next(nodes[awake].server.as_ref().unwrap())
        });
        let mut again = Instant::now() + random.millis(0, 600);
        let (ended, events) = patiently("the end", || {
            let awake = nodes.iter().find(|node| node.is_awake()).unwrap();
            let server = awake.server.as_ref().unwrap();
            let events = client::events(server, &operation)?;
            if let Some(ended) = client::end(server, &operation) {
                return Some((ended, client::events(server, &operation)?));
            }
            if Instant::now() >= again {
                faults += trouble(&products.world, &mut nodes, &events, &mut random);
                again = Instant::now() + random.millis(100, 1200);
            }
            None
        });
        products.check(&ended, &events);
        products.world.must_be_sound();
    }
    // Who wakes up now finds everything done.
    for node in &mut nodes {
        if node.server.is_none() {
            node.start(&products.world);
        }
        if let Some(since) = node.stopped {
            std::thread::sleep(Duration::from_secs(LEASE).saturating_sub(since.elapsed()));
            node.wake();
        }
    }
    for node in &nodes {
        let server = node.server.as_ref().unwrap();
        for operation in &products.operations {
            let ended = patiently("an answer", || client::end(server, operation));
            let events = patiently("an answer", || client::events(server, operation));
            products.check(&ended, &events);
        }
    }
    record(faults, &products.world);
}

/// Kills or stops one server, or brings one back; how many faults that was. One stays awake, since the client needs somebody to ask.
fn trouble(world: &World, nodes: &mut [Node], events: &[Value], random: &mut Random) -> usize {
    let awake = nodes.iter().filter(|node| node.is_awake()).count();
    let drawn = usize::try_from(random.below(3)).unwrap();
    let holder = nodes.iter().position(|node| node.holds(world, events));
    // Every second time it is the one that has the work.
    let chosen = holder.filter(|_| random.below(2) == 0).unwrap_or(drawn);
    let kills = random.below(2) == 0;
    let node = &mut nodes[chosen];
    match (&mut node.server, node.stopped) {
        (None, _) => {
            node.start(world);
            0
        }
        (Some(_), Some(since)) => {
            if since.elapsed() > Duration::from_secs(LEASE) {
                node.wake();
            }
            0
        }
        (Some(_), None) if awake == 1 => 0,
        (server @ Some(_), None) if kills => {
            server.take().unwrap().kill();
            1
        }
        (Some(server), None) => {
            server.signal(Signal::STOP);
            node.stopped = Some(Instant::now());
            1
        }
    }
}

#[test]
fn a_server_that_slept_past_its_lease_must_be_fenced_out() {
    let Some((mut products, mut nodes)) = three_on_one_database("zombie") else {
        return;
    };
    let operation = patiently("an operation", || {
        products.deploy_next(nodes[0].server.as_ref().unwrap())
    });
    let (first, second) = (&nodes[0], &nodes[1]);
    let ask = |node: &Node| client::events(node.server.as_ref().unwrap(), &operation).unwrap();
    let [_, waiting] = stacks(0);
    wait_for("the second stack", || {
        ask(first)
            .iter()
            .any(|event| step_is(event, "step_started", &format!("healthy {waiting}/web")))
            .then_some(())
    });
    let events = ask(second);
    let holder = nodes
        .iter()
        .position(|node| node.holds(&products.world, &events))
        .unwrap();
    nodes[holder].server.as_ref().unwrap().signal(Signal::STOP);
    let other = nodes[(holder + 1) % nodes.len()].server.as_ref().unwrap();
    let ended = patiently("the end", || client::end(other, &operation));
    let events = client::events(other, &operation).unwrap();
    let claims = events.iter().filter(|event| event["type"] == "claimed");
    assert_eq!(claims.count(), 2, "{events:#?}");

    let sleeper = nodes[holder].server.as_mut().unwrap();
    sleeper.signal(Signal::CONT);
    sleeper.until_it_says("another node has taken the operation over");
    products.check(&ended, &events);
    let other = nodes[(holder + 1) % nodes.len()].server.as_ref().unwrap();
    assert_eq!(client::events(other, &operation).unwrap(), events);
    record(1, &products.world);
}

/// Everything that is done to one product, and the status that it has then.
const STORY: [(Act, &str); 10] = [
    (UPGRADE, "Running"),
    (FAILS, "Running"),
    (ROLLBACK, "Running"),
    (REDEPLOY, "Running"),
    (STOP, "Stopped"),
    (RESTART, "Running"),
    (RESTART, "Running"),
    (ENTER, "Stopped"),
    (EXIT, "Running"),
    (REMOVE, "Removed"),
];

#[test]
fn kills_during_every_kind_of_operation_must_change_no_end() {
    let kills = if tally::full() { 8 } else { 2 };
    let Some(mut world) = shop::world("story", "") else {
        return;
    };
    let mut random = Random(tally::seed());
    let mut known = Vec::new();
    let mut faults = 0;
    let deployed = (shop::deployment(&world), "Running");
    let acts = STORY.iter().map(|(act, status)| (act.wish(), *status));
    for (wish, status) in [deployed].into_iter().chain(acts) {
        let ended = survive(&mut world, &wish, &known, (kills, &mut faults), &mut random);
        assert_eq!(ended["productStatus"], status, "{ended:#}");
        world.must_be_sound();
        known.push(ended["operationId"].as_str().unwrap().to_owned());
    }
    record(faults, &world);
}

/// Carries one operation out with servers of which the first ones are killed; how it ended.
fn survive(
    world: &mut World,
    wish: &Wish,
    known: &[String],
    (kills, faults): (usize, &mut usize),
    random: &mut Random,
) -> Value {
    let mut operation = None;
    let mut left = kills;
    loop {
        world.start();
        let pid = world.server().pid();
        let killer = (left > 0).then(|| {
            let after = random.millis(0, 1500);
            std::thread::spawn(move || {
                std::thread::sleep(after);
                kill_process(pid, Signal::KILL).unwrap();
            })
        });
        let ended = patiently("the end, or a kill", || {
            if world.ended().is_some() {
                return Some(None);
            }
            let server = world.server();
            if operation.is_none() {
                operation = client::begin(server, wish, known);
            }
            let ended = client::end(server, operation.as_ref()?)?;
            check_events(&client::events(server, operation.as_ref()?)?);
            Some(Some(ended))
        });
        if let Some(killer) = killer {
            killer.join().unwrap();
            *faults += 1;
        }
        world.kill();
        match ended {
            Some(ended) => return ended,
            None => left -= 1,
        }
    }
}

#[test]
fn a_server_that_slept_past_its_lease_must_be_fenced_out_of_every_roll_out() {
    let Some(world) = shop::world("zombies", "START_DELAY: 2s") else {
        return;
    };
    let url = std::env::var("WINDLASS_TEST_DATABASE_URL").unwrap();
    let world = world.on_postgres(url);
    let mut known = Vec::new();
    let mut nodes = ["data", "data2"].map(|data| Node {
        data: data.to_owned(),
        server: None,
        stopped: None,
    });
    for node in &mut nodes {
        node.start(&world);
    }
    let wish = shop::deployment(&world);
    let server = nodes[0].server.as_ref().unwrap();
    let first = patiently("an operation", || client::begin(server, &wish, &known));
    patiently("the end", || client::end(server, &first));
    known.push(first);
    for act in [UPGRADE, ROLLBACK, RESTART] {
        let slept = sleep_through(&world, &mut nodes, &act.wish(), &known);
        known.push(slept);
    }
    record(known.len() - 1, &world);
}

/// Stops the server that waits for the shop's site; the other one ends the operation, and the first one does nothing more to it.
fn sleep_through(world: &World, nodes: &mut [Node], wish: &Wish, known: &[String]) -> String {
    let server = nodes[0].server.as_ref().unwrap();
    let operation = patiently("an operation", || client::begin(server, wish, known));
    let events = patiently("the site", || {
        let events = client::events(server, &operation)?;
        let waits = |event: &Value| step_is(event, "step_started", "healthy site/web");
        events.iter().any(waits).then_some(events)
    });
    let holder = nodes.iter().position(|node| node.holds(world, &events));
    let holder = holder.unwrap();
    nodes[holder].server.as_ref().unwrap().signal(Signal::STOP);
    let other = nodes[1 - holder].server.as_ref().unwrap();
    let ended = patiently("the end", || client::end(other, &operation));
    assert_eq!(
        (&ended["status"], &ended["productStatus"]),
        (&"succeeded".into(), &"Running".into()),
        "{ended:#}"
    );
    let events = client::events(other, &operation).unwrap();
    check_events(&events);
    let sleeper = nodes[holder].server.as_mut().unwrap();
    sleeper.signal(Signal::CONT);
    sleeper.until_it_says("another node has taken the operation over");
    let other = nodes[1 - holder].server.as_ref().unwrap();
    assert_eq!(client::events(other, &operation).unwrap(), events);
    world.must_be_sound();
    operation
}
