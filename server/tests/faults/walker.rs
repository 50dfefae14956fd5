//! Walks the crash points of an operation: notes which ones it passes, then lets a server die at each of them, starts it again, and
//! looks whether it all ends as if nothing had been.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitStatus;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use serde_json::{Value, json};

use super::client::{self, Wish, patiently};
use super::tally::{Tally, say};
use super::witness::Witness;
use crate::deploy::world::World;
use crate::server_process::ServerProcess;

const DIE: &str = "WINDLASS_FAILPOINT";
const TRACE: &str = "WINDLASS_FAILPOINT_TRACE";
const SIGKILL: i32 = 9;

/// Which passings of a point are tried.
#[derive(Debug, Clone, Copy)]
pub(super) enum Choice {
    /// Every one.
    All,
    /// The first, the middle and the last of each point.
    Three,
    /// So many, at equal distances over all points and passings.
    About(usize),
}

/// An operation whose crash points are walked.
pub(super) struct Walk<'a> {
    /// For what is said.
    pub(super) name: &'a str,
    /// A world with the product in its catalog.
    pub(super) world: &'a (dyn Fn() -> Option<World> + Sync),
    /// What is done to the product; the last one is walked, nothing disturbs those before it.
    pub(super) wishes: &'a (dyn Fn(&World) -> Vec<Wish> + Sync),
    /// The client cancels when it sees such an event.
    pub(super) cancel_at: Option<&'a (dyn Fn(&Value) -> bool + Sync)>,
    /// The operation's and the product's final states.
    pub(super) ends: (&'a str, &'a str),
    pub(super) choice: Choice,
    /// Servers side by side.
    pub(super) at_once: usize,
}

/// A passing of a point, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Point {
    name: String,
    count: usize,
}

/// What an operation came to.
struct Outcome {
    /// The same whatever happened on the way.
    end: Value,
    died: bool,
}

impl Walk<'_> {
    pub(super) fn walk(&self) {
        let Some(mut world) = (self.world)() else {
            return;
        };
        let witness = Witness::of(&world.engine);
        let folder = tempfile::tempdir().unwrap();
        let trace = folder.path().join("trace");
        let expected = self.carry_out(
            &mut world,
            &witness,
            &[(TRACE, trace.to_str().unwrap())],
            false,
            &mut Tally::default(),
        );
        drop(world);
        let states = (
            expected.end["status"].as_str().unwrap(),
            expected.end["productStatus"].as_str().unwrap(),
        );
        assert_eq!(states, self.ends, "{:#}", expected.end);

        let passings = fs::read_to_string(trace).unwrap();
        let points = choose(&passings, self.choice);
        say(&format!(
            "{}: {} passings of crash points, {} are tried",
            self.name,
            passings.lines().count(),
            points.len()
        ));
        let begun = Instant::now();
        self.try_all(&points, &expected.end, &witness);
        say(&format!("{}: walked in {:?}", self.name, begun.elapsed()));
    }

    fn try_all(&self, points: &[Point], expected: &Value, witness: &Witness) {
        let next = AtomicUsize::new(0);
        let tally = Mutex::new(Tally {
            part: "crash points",
            ..Tally::default()
        });
        let failed = Mutex::new(Vec::new());
        let missed = Mutex::new(Vec::new());
        let work = || {
            while let Some(point) = points.get(next.fetch_add(1, Ordering::Relaxed)) {
                let text = format!("{}#{}", point.name, point.count);
                let mut found = Tally::default();
                let try_it = || self.try_one(&text, witness, &mut found);
                let tried = catch_unwind(AssertUnwindSafe(try_it));
                let mut tally = tally.lock().unwrap();
                tally.duplicates += found.duplicates;
                tally.orphans += found.orphans;
                match tried {
                    // Steps side by side come in another order each time, and are gathered into other writes.
                    Ok(outcome) if !outcome.died => missed.lock().unwrap().push(text),
                    Ok(outcome) => {
                        tally.injected += 1;
                        if outcome.end == *expected {
                            tally.known += 1;
                        } else {
                            let end = outcome.end;
                            failed
                                .lock()
                                .unwrap()
                                .push(format!("{text}: {end:#} is not {expected:#}"));
                        }
                    }
                    Err(panic) => {
                        tally.injected += 1;
                        let said = panic.downcast_ref::<String>().cloned();
                        failed
                            .lock()
                            .unwrap()
                            .push(format!("{text}: {}", said.unwrap_or_default()));
                    }
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..self.at_once {
                scope.spawn(work);
            }
        });
        let (missed, failed) = (missed.into_inner().unwrap(), failed.into_inner().unwrap());
        if !missed.is_empty() {
            say(&format!(
                "{}: {} not reached: {}",
                self.name,
                missed.len(),
                missed.join(", ")
            ));
        }
        tally.into_inner().unwrap().record();
        assert!(failed.is_empty(), "{}:\n{}", self.name, failed.join("\n"));
        assert!(
            missed.len() * 4 <= points.len(),
            "{}: most crash points must be reached",
            self.name
        );
    }

    fn try_one(&self, point: &str, witness: &Witness, tally: &mut Tally) -> Outcome {
        let mut world = (self.world)().unwrap();
        self.carry_out(&mut world, witness, &[(DIE, point)], true, tally)
    }

    /// Carries the last wish out to its end, with as many servers as it takes.
    fn carry_out(
        &self,
        world: &mut World,
        witness: &Witness,
        variables: &[(&str, &str)],
        may_die: bool,
        tally: &mut Tally,
    ) -> Outcome {
        let wishes = (self.wishes)(world);
        let (wish, before) = wishes.split_last().unwrap();
        let known = undisturbed(world, before);
        let earlier = Counts::of(world, witness);
        let mut servers = Servers {
            world,
            died: false,
            may_die,
        };
        servers.start(variables);
        let operation = servers.until("an operation", |server| client::begin(server, wish, &known));
        if let Some(fits) = self.cancel_at {
            servers.until("the event to cancel at", |server| {
                let events = client::events(server, &operation)?;
                events.iter().any(fits).then_some(())
            });
            servers.until("the cancel", |server| client::cancel(server, &operation));
        }
        let ended = servers.until("the end", |server| client::end(server, &operation));
        let events = servers.until("the events", |server| client::events(server, &operation));
        let died = servers.died;
        let end = json!({
            "status": ended["status"],
            "productStatus": ended["productStatus"],
            "engine": on_the_engine(world),
        });
        check_events(&events);
        earlier.check(world, witness);
        check_record(world, tally);
        Outcome { end, died }
    }
}

/// Operations that nothing disturbs; their ids.
fn undisturbed(world: &mut World, wishes: &[Wish]) -> Vec<String> {
    let mut known = Vec::new();
    if wishes.is_empty() {
        return known;
    }
    world.start();
    for wish in wishes {
        let operation = client::begin(world.server(), wish, &known).unwrap();
        let ended = patiently("the end", || client::end(world.server(), &operation));
        assert_ne!(ended["status"], "cancelled", "{ended:#}");
        known.push(operation);
    }
    world.kill();
    known
}

/// One server after the other.
struct Servers<'a> {
    world: &'a mut World,
    died: bool,
    may_die: bool,
}

impl Servers<'_> {
    fn start(&mut self, variables: &[(&str, &str)]) {
        if let Err(ended) = self.world.try_start(variables) {
            self.note_end(ended);
        }
    }

    fn note_end(&mut self, ended: ExitStatus) {
        assert_eq!(ended.signal(), Some(SIGKILL), "the server {ended}");
        assert!(self.may_die && !self.died, "killed once more");
        self.died = true;
        self.world.start();
    }

    fn until<T>(&mut self, what: &str, look: impl Fn(&ServerProcess) -> Option<T>) -> T {
        patiently(what, || {
            let found = look(self.world.server());
            if found.is_none()
                && let Some(ended) = self.world.ended()
            {
                self.note_end(ended);
            }
            found
        })
    }
}

/// Names and states without the project's own prefix.
fn on_the_engine(world: &World) -> Value {
    let bare = |text: &str| text.replace(&world.project, "");
    let names = |objects: Vec<Value>| {
        let mut names: Vec<String> = objects
            .iter()
            .map(|object| bare(object["Name"].as_str().unwrap()))
            .collect();
        names.sort();
        names
    };
    let states: Vec<String> = world
        .engine
        .states(&world.project)
        .iter()
        .map(|state| bare(state))
        .collect();
    json!({
        "containers": states,
        "networks": names(world.engine.networks(&world.project)),
        "volumes": names(world.engine.volumes(&world.project)),
    })
}

/// The end comes once and last, and no step is done twice.
pub(super) fn check_events(events: &[Value]) {
    let finished = events.iter().filter(|event| event["type"] == "finished");
    assert_eq!(finished.count(), 1, "{events:#?}");
    assert_eq!(events.last().unwrap()["type"], "finished");
    let mut done: BTreeMap<&str, usize> = BTreeMap::new();
    for event in events.iter().filter(|event| event["type"] == "step_done") {
        *done.entry(event["step"].as_str().unwrap()).or_default() += 1;
    }
    done.retain(|_, count| *count > 1);
    assert!(done.is_empty(), "done twice: {done:?}");
}

/// Each container was made once, and what ended well did not run twice.
pub(super) fn check_containers(world: &World, witness: &Witness) {
    Counts::default().check(world, witness);
}

/// What had happened before an operation.
#[derive(Default)]
struct Counts {
    made: BTreeMap<String, usize>,
    started: BTreeMap<String, usize>,
}

impl Counts {
    fn of(world: &World, witness: &Witness) -> Self {
        for container in world.engine.containers(&world.project) {
            witness.knows(name_of(&container));
        }
        Self {
            made: witness.counts("create", &world.project),
            started: witness.counts("start", &world.project),
        }
    }

    /// Since then each container was made once at most, and what ended well did not run twice.
    fn check(&self, world: &World, witness: &Witness) {
        let containers = world.engine.containers(&world.project);
        for container in &containers {
            witness.knows(name_of(container));
        }
        let mut made = since(&self.made, witness.counts("create", &world.project));
        made.retain(|_, count| *count > 1);
        assert!(made.is_empty(), "made more than once: {made:?}");
        let started = since(&self.started, witness.counts("start", &world.project));
        for container in &containers {
            let (name, state) = (name_of(container), &container["State"]);
            if state["Status"] == "exited" && state["ExitCode"] == 0 {
                // Under its own name, or under the one that it had on the way.
                let way = format!("{name}.g");
                let runs = started
                    .iter()
                    .filter(|(it, _)| *it == name || it.starts_with(&way));
                let runs: usize = runs.map(|(_, count)| count).sum();
                assert!(runs <= 1, "{name} ran {runs} times");
            }
        }
    }
}

fn name_of(container: &Value) -> &str {
    container["Name"].as_str().unwrap().trim_start_matches('/')
}

fn since(
    before: &BTreeMap<String, usize>,
    mut now: BTreeMap<String, usize>,
) -> BTreeMap<String, usize> {
    for (name, count) in before {
        if let Some(found) = now.get_mut(name) {
            *found -= count;
        }
    }
    now
}

/// Fails with everything that the doctor finds; says first in the tally how much of it is a container that is there twice, or an
/// object that nobody knows.
pub(super) fn check_record(world: &World, tally: &mut Tally) {
    let findings = world.doctor();
    let of = |rule: &str| findings.iter().filter(|found| found.rule == rule).count();
    tally.duplicates += of("one_container");
    tally.orphans += of("nothing_unknown");
    assert_eq!(findings, []);
}

fn choose(passings: &str, choice: Choice) -> Vec<Point> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut all = Vec::new();
    for name in passings.lines() {
        let count = counts.entry(name).or_default();
        *count += 1;
        all.push(Point {
            name: name.to_owned(),
            count: *count,
        });
    }
    match choice {
        Choice::All => all,
        Choice::Three => {
            all.retain(|point| {
                let last = counts[point.name.as_str()];
                [1, last.div_ceil(2), last].contains(&point.count)
            });
            all
        }
        Choice::About(wanted) => {
            let step = all.len().div_ceil(wanted).max(1);
            all.into_iter().step_by(step).collect()
        }
    }
}

#[test]
fn points_are_chosen_over_all_passings() {
    let passings = "a\na\nb\na\na\na\n";
    let chosen = |choice| {
        let points = choose(passings, choice);
        let lines: Vec<String> = points
            .iter()
            .map(|point| format!("{}{}", point.name, point.count))
            .collect();
        lines.join(" ")
    };
    assert_eq!(chosen(Choice::All), "a1 a2 b1 a3 a4 a5");
    assert_eq!(chosen(Choice::Three), "a1 b1 a3 a5");
    assert_eq!(chosen(Choice::About(3)), "a1 b1 a4");
}
