//! The store fails in the middle of an operation: locked, out of room, gone, cut in a COMMIT. The operation goes on by itself when it is
//! back, and meanwhile whoever asks is told so.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use server::clock::Clock;
use server::orchestrator::LEASE;
use server::store::{Entry, Store};
use sqlx::{AnyConnection, Connection as _, Executor as _};

use super::database_proxy::{Cut, DatabaseProxy};
use super::tally::{Row, Tally, full};
use crate::deploy::world::{World, step_is, wait_for};
use crate::orchestrator::world::{World as MemoryWorld, app_stack};
use crate::server_process::Answer;
use crate::store::database::{EmptyDatabase, test_keys};

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

/// How long a store stays away. The long form outlasts the runner's patience and the lease.
fn outage() -> Duration {
    Duration::from_secs(if full() { 45 } else { 10 })
}

/// The server of the run for databases; none, with a word, outside of `cargo xtask test`.
fn database_server() -> Option<String> {
    let server = std::env::var("WINDLASS_TEST_DATABASE_URL").ok();
    if server.is_none() {
        println!("not tried: WINDLASS_TEST_DATABASE_URL is not set");
    }
    server
}

/// An operation in the middle of its first stack.
struct AtWork {
    world: World,
    operation: String,
    begun: Instant,
}

impl AtWork {
    fn begin(mut world: World) -> Self {
        world.product("Two", &[("one", HEALTHY), ("two", HEALTHY)]);
        world.start();
        let begun = Instant::now();
        let operation = world.deploy_async(&world.request("test:Two:1.0.0", &["one", "two"]));
        world.until_event(&operation, |event| {
            step_is(event, "step_started", "healthy one/web")
        });
        Self {
            world,
            operation,
            begun,
        }
    }

    /// Something that has to be written.
    fn write(&self, name: &str) -> Answer {
        let body = json!({ "name": name, "socketPath": self.world.engine.address });
        let server = self.world.server();
        server.ask("POST", "/api/environments", &[], &body.to_string())
    }

    /// Something that has to be read.
    fn read(&self) -> Answer {
        let path = format!("/api/operations/{}", self.operation);
        self.world.server().ask("GET", &path, &[], "")
    }

    /// The operation ends by itself, and tells everything once.
    fn must_end_well(&self, fault: &'static str, said: &Answer) {
        let ended = self.world.end_of(&self.operation);
        let seconds = self.begun.elapsed().as_secs_f64();
        assert_eq!(ended["status"], "succeeded", "{ended:#}");
        assert_eq!(ended["productStatus"], "Running", "{ended:#}");
        let events = self.world.events(&self.operation);
        once(&events, "finished", |event| event["type"].to_string());
        once(&events, "step_done", |event| event["step"].to_string());
        once(&events, "stack_changed", |event| {
            format!("{} {}", event["stack"], event["status"])
        });
        let running = self.world.engine.states(&self.world.project);
        assert_eq!(running.len(), 4, "{running:?}");
        self.world.must_be_sound();
        Tally {
            part: "store",
            injected: 1,
            known: 1,
            row: Some(Row {
                fault,
                ended: format!(
                    "{}, {}",
                    ended["status"].as_str().unwrap(),
                    ended["productStatus"].as_str().unwrap()
                ),
                seconds,
                sentence: said.json()["detail"].as_str().unwrap().to_owned(),
                evidence: format!("{} events without a gap, none twice", events.len()),
                afterwards: "it went on by itself".to_owned(),
            }),
            ..Tally::default()
        }
        .record();
    }
}

/// No two events of a type tell the same.
fn once(events: &[Value], kind: &str, what: impl Fn(&Value) -> String) {
    let all: Vec<String> = events
        .iter()
        .filter(|event| event["type"] == kind)
        .map(what)
        .collect();
    let different: BTreeSet<&String> = all.iter().collect();
    assert_eq!(all.len(), different.len(), "{kind}: {all:?}");
    assert!(!all.is_empty(), "{kind}");
}

/// The answer to whoever asks while the store is away: not a hang, and a sentence.
fn must_be_unavailable(answer: &Answer, slug: &str) {
    assert_eq!(answer.status, 503, "{answer:?}");
    let problem = answer.json();
    let kind = problem["type"].as_str().unwrap();
    assert!(kind.ends_with(slug), "{problem:#}");
    assert!(problem["detail"].as_str().unwrap().ends_with('.'));
}

/// Waits for the rest of the time that the fault lasts.
fn last(since: Instant) {
    std::thread::sleep(outage().saturating_sub(since.elapsed()));
}

/// A transaction of somebody else, held until it is let go.
struct Held {
    let_go: mpsc::Sender<()>,
    thread: JoinHandle<()>,
}

impl Held {
    fn new(url: String, statements: &'static [&'static str]) -> Self {
        let (let_go, wait) = mpsc::channel();
        let (tell, held) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                sqlx::any::install_default_drivers();
                let mut connection = AnyConnection::connect(&url).await.unwrap();
                for statement in statements {
                    connection.execute(*statement).await.unwrap();
                }
                tell.send(()).unwrap();
                wait.recv().unwrap();
                connection.execute("ROLLBACK").await.unwrap();
                connection.close().await.unwrap();
            });
        });
        held.recv().unwrap();
        Self { let_go, thread }
    }

    fn let_go(self) {
        self.let_go.send(()).unwrap();
        self.thread.join().unwrap();
    }
}

#[test]
fn a_locked_sqlite_file_must_only_delay() {
    let Some(world) = World::new("f-lock") else {
        return;
    };
    let work = AtWork::begin(world);
    let since = Instant::now();
    // `busy_timeout`: the server may be at a write just now.
    let lock = ["PRAGMA busy_timeout = 10000", "BEGIN IMMEDIATE"];
    let held = Held::new(work.world.database(), Box::leak(Box::new(lock)));
    let said = work.write("Other");
    must_be_unavailable(&said, "store-unavailable");
    // Readers do not wait for a writer.
    assert_eq!(work.read().status, 200);
    last(since);
    held.let_go();
    work.must_end_well("SQLite file locked by another process", &said);
    // What was refused was not written.
    let all = work.world.server().get_json("/api/environments");
    assert_eq!(all["environments"].as_array().unwrap().len(), 1);
}

#[test]
fn locked_tables_on_postgresql_must_only_delay() {
    let (Some(world), Some(server)) = (World::new("f-lock-pg"), database_server()) else {
        return;
    };
    let work = AtWork::begin(world.on_postgres(server));
    let since = Instant::now();
    let lock = &["BEGIN", "LOCK TABLE operations IN ACCESS EXCLUSIVE MODE"];
    let held = Held::new(work.world.database(), lock);
    let said = work.read();
    must_be_unavailable(&said, "store-unavailable");
    last(since);
    held.let_go();
    work.must_end_well("PostgreSQL table locked by another session", &said);
}

/// A small file system in memory, gone with this.
struct SmallDisk {
    at: PathBuf,
}

impl SmallDisk {
    fn at(folder: &Path) -> Self {
        fs::create_dir_all(folder).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"])
            .arg(folder)
            .status();
        assert!(mounted.unwrap().success());
        Self {
            at: folder.to_owned(),
        }
    }

    /// Takes all the room that is left.
    fn fill(&self) {
        let mut file = fs::File::create(self.ballast()).unwrap();
        let piece = [0; 4096];
        while std::io::Write::write_all(&mut file, &piece).is_ok() {}
    }

    fn make_room(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }

    fn ballast(&self) -> PathBuf {
        self.at.join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the server may still have its files open.
        let _unmounted = Command::new("umount").arg("--lazy").arg(&self.at).status();
    }
}

#[test]
fn a_full_disk_must_only_delay() {
    let Some(world) = World::new("f-full") else {
        return;
    };
    let disk = SmallDisk::at(&world.data());
    let work = AtWork::begin(world);
    let since = Instant::now();
    disk.fill();
    // What was written to the log before and is not needed any more may be written over for a while.
    let mut number = 0;
    let said = loop {
        number += 1;
        let answer = work.write(&format!("Other {number}"));
        if answer.status >= 300 {
            break answer;
        }
        assert!(number < 1000, "the disk is never full");
    };
    must_be_unavailable(&said, "store-full");
    assert_eq!(work.read().status, 200);
    last(since);
    disk.make_room();
    work.must_end_well("Disk full under the SQLite file", &said);
    drop(work);
    drop(disk);
}

#[test]
fn a_database_that_is_gone_must_only_delay() {
    let (Some(mut world), Some(server)) = (World::new("f-gone"), database_server()) else {
        return;
    };
    world = world.on_postgres(server);
    let (mut proxy, url) = DatabaseProxy::to(&world.database());
    world.through(url);
    let work = AtWork::begin(world);
    let since = Instant::now();
    proxy.close();
    let said = work.read();
    must_be_unavailable(&said, "store-unavailable");
    assert!(
        work.world
            .server()
            .get("/health/ready")
            .starts_with("HTTP/1.0 503")
    );
    last(since);
    proxy.open();
    wait_for("the database", || (work.read().status == 200).then_some(()));
    work.must_end_well("PostgreSQL gone", &said);
}

#[test]
fn connections_cut_in_a_commit_must_not_tell_anything_twice() {
    let Some(server) = database_server() else {
        return;
    };
    for (cut, fault) in [
        (
            Cut::Before,
            "PostgreSQL connection cut before a COMMIT arrives",
        ),
        (
            Cut::After,
            "PostgreSQL connection cut after a COMMIT arrived",
        ),
    ] {
        let Some(mut world) = World::new("f-cut") else {
            return;
        };
        world = world.on_postgres(server.clone());
        let (proxy, url) = DatabaseProxy::to(&world.database());
        world.through(url);
        world.product("Two", &[("one", HEALTHY), ("two", HEALTHY)]);
        world.start();
        let begun = Instant::now();
        let operation = world.deploy_async(&world.request("test:Two:1.0.0", &["one", "two"]));
        world.until_event(&operation, |event| event["type"] == "planned");
        // Nobody but the runner works on the database now, apart from those who look for work.
        proxy.cut(cut, 3, if full() { 40 } else { 8 });
        let ended = wait_for("its end", || {
            let answer =
                world
                    .server()
                    .ask("GET", &format!("/api/operations/{operation}"), &[], "");
            let ended = (answer.status == 200).then(|| answer.json())?;
            (ended["status"] == "succeeded").then_some(ended)
        });
        assert!(proxy.cuts() > 3, "{} cuts", proxy.cuts());
        proxy.cut(cut, 1, 0);
        let said = Answer {
            status: 200,
            body: json!({ "detail": ended["message"] }).to_string(),
        };
        let work = AtWork {
            world,
            operation,
            begun,
        };
        work.must_end_well(fault, &said);
        assert_eq!(
            ended["lastEventId"],
            work.world.events(&work.operation).len()
        );
    }
}

/// The same at the store alone, where each COMMIT can be aimed at.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_whose_answer_was_lost_must_be_recognised() {
    let Some(server) = database_server() else {
        return;
    };
    for cut in [Cut::Before, Cut::After] {
        let database = EmptyDatabase::on(&server);
        let (proxy, url) = DatabaseProxy::to(&database.url);
        let world = MemoryWorld::on(vec![app_stack("web", 1)], &url).await;
        let operation = world.accept(1).await;
        let now = Clock::system().now();
        let claim = world.store.claim("a", now, LEASE).await.unwrap().unwrap();
        let body = domain::operation::event::EventBody::Claimed {
            node: "a".to_owned(),
            resumed: false,
        };
        let level = domain::operation::event::Level::Info;
        let entries = [Entry::Event { level, body: &body }; 2];
        let append = |newest| {
            let (store, lease) = (world.store.clone(), claim.lease.clone());
            async move {
                store
                    .append_after(&lease, newest, now, LEASE, &entries)
                    .await
            }
        };
        proxy.cut(cut, 1, 1);
        let lost = append(1).await.unwrap_err();
        assert!(lost.is_transient(), "{lost:?}");
        assert_eq!(proxy.cuts(), 1);
        let appended = append(1).await.unwrap();
        assert_eq!((appended.first_seq, appended.last_seq), (2, 3), "{cut:?}");
        let appended = append(3).await.unwrap();
        assert_eq!((appended.first_seq, appended.last_seq), (4, 5), "{cut:?}");
        assert_eq!(world.journal(operation).await.len(), 5, "{cut:?}");
        world.store.close().await;
        let direct = Store::open(&database.url, test_keys()).await.unwrap();
        let facts = direct.operation_facts(None, 1).await.unwrap().remove(0);
        assert_eq!((facts.event_seq, facts.events), (5, 5), "{cut:?}");
        direct.close().await;
    }
    Tally {
        part: "store",
        injected: 2,
        known: 2,
        ..Tally::default()
    }
    .record();
}
