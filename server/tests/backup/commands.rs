//! `windlass-server backup` and `restore` as an operator types them, beside a server that works on a real engine.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use super::tables::{Tables, tables_of};
use crate::deploy::world::{World, step_is, wait_for};
use crate::server_process::{ServerProcess, program};
use crate::store::database::EmptyDatabase;

/// In the data folder: what the database is encrypted with.
const KEY: &str = "secret.key";

const SLOW: &str = "
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

/// Runs the program with these arguments.
fn run(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

#[track_caller]
fn must(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// What it says on standard error.
#[track_caller]
fn must_not(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn tables_now(url: &str) -> Tables {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(tables_of(url))
}

/// A server's data folder and the database that goes with it.
struct Place {
    data: PathBuf,
    /// None where it is in the folder.
    database: Option<String>,
}

impl Place {
    fn options(&self) -> Vec<&str> {
        let mut options = vec!["--data-dir", text(&self.data)];
        if let Some(url) = &self.database {
            options.extend(["--database-url", url]);
        }
        options
    }

    fn with<'a>(&'a self, command: &[&'a str]) -> Vec<&'a str> {
        [command, &self.options()].concat()
    }

    fn url(&self) -> String {
        match &self.database {
            Some(url) => url.clone(),
            None => format!("sqlite://{}/windlass.db", self.data.display()),
        }
    }
}

#[test]
fn a_machine_that_is_lost_must_come_back_from_a_backup_in_the_middle_of_an_operation() {
    let Some(world) = World::new("backup") else {
        return;
    };
    let place = Place {
        data: world.data(),
        database: None,
    };
    let other = Place {
        data: world.folder().join("new/data"),
        database: None,
    };
    lost_and_restored(world, &place, &other);
}

#[test]
fn the_same_must_hold_from_postgresql_to_postgresql() {
    let Some(world) = World::new("backup-pg") else {
        return;
    };
    let server = std::env::var("WINDLASS_TEST_DATABASE_URL").unwrap();
    let world = world.on_postgres(server.clone());
    let place = Place {
        data: world.data(),
        database: Some(world.database()),
    };
    let empty = EmptyDatabase::on(&server);
    let other = Place {
        data: world.folder().join("new/data"),
        database: Some(empty.url),
    };
    lost_and_restored(world, &place, &other);
}

#[test]
fn the_same_must_hold_from_postgresql_to_a_file() {
    let Some(world) = World::new("backup-pg-file") else {
        return;
    };
    let server = std::env::var("WINDLASS_TEST_DATABASE_URL").unwrap();
    let world = world.on_postgres(server);
    let place = Place {
        data: world.data(),
        database: Some(world.database()),
    };
    let data = world.folder().join("new/data");
    let url = format!("sqlite://{}/windlass.db", data.display());
    let other = Place {
        data,
        database: Some(url),
    };
    lost_and_restored(world, &place, &other);
}

fn lost_and_restored(mut world: World, place: &Place, other: &Place) {
    world.product("Two", &[("one", SLOW), ("two", SLOW)]);
    world.product("More", &[("more", SLOW)]);
    world.start();
    let done = world
        .deploy(&world.request("test:Two:1.0.0", &["one", "two"]))
        .json();
    assert_eq!(done["status"], "Running", "{done:#}");
    let first = done["operationId"].as_str().unwrap().to_owned();
    let operation = world.deploy_async(&world.request("test:More:1.0.0", &["more"]));
    world.until_event(&operation, |event| {
        step_is(event, "step_started", "healthy more/web")
    });

    let file = world.folder().join("windlass.backup");
    let said = must(&place.with(&["backup", "--to", text(&file)]));
    assert!(
        said.starts_with("Wrote ") && said.contains(" rows of "),
        "{said}"
    );
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    // The server never noticed: nothing was locked or ended.
    world.end_of(&operation);
    let events = world.events(&first);
    world.kill();
    let running = world.engine.states(&world.project);
    let original = tables_now(&place.url());

    let said = must(&other.with(&["restore", "--from", text(&file)]));
    assert!(said.contains("Operations that had not ended: 1."), "{said}");
    // Only what the server did afterwards is missing.
    let restored = tables_now(&other.url());
    for table in ["environments", "release_stacks", "operation_plans"] {
        assert_eq!(restored[table], original[table], "{table}");
    }
    assert!(restored["events"].len() < original["events"].len());

    // The key was kept apart.
    std::fs::create_dir_all(&other.data).unwrap();
    std::fs::copy(place.data.join(KEY), other.data.join(KEY)).unwrap();
    let catalog = format!("test={}", world.catalog().display());
    let server = start(&world, other, &["--source", &catalog]);
    // It was in the middle: it ends without an act, and what runs keeps running.
    let path = format!("/api/operations/{operation}");
    wait_for("the operation's end", || {
        (server.get_json(&path)["status"] == "cancelled").then_some(())
    });
    assert_eq!(world.engine.states(&world.project), running);
    let environment = server.get_json("/api/environments")["environments"][0]["id"].clone();
    let deployments = format!(
        "/api/environments/{}/product-deployments",
        environment.as_str().unwrap()
    );
    let all = server.get_json(&deployments);
    let left = all["productDeployments"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["status"] != "Running")
        .unwrap();
    let id = left["productDeploymentId"].as_str().unwrap();
    let retried = server.ask("POST", &format!("{deployments}/{id}/retry"), &[], "{}");
    assert_eq!(retried.json()["status"], "Running", "{retried:?}");
    assert_eq!(world.engine.states(&world.project), running);
    let page = server.get_json(&format!("/api/operations/{first}/events?after=0"));
    let again = page["events"].as_array().unwrap();
    assert_eq!(again, &events[..again.len()]);
    drop(server);

    let (code, report) = examine(&world, other);
    assert_eq!(
        (code, &report["findings"]),
        (0, &serde_json::json!([])),
        "{report:#}"
    );
    assert_eq!(report["checked"]["operations"], 3);
    assert_eq!(report["checked"]["deployments"], 2);
}

/// A server of the world on another record.
fn start(world: &World, place: &Place, arguments: &[&str]) -> ServerProcess {
    let mut all = vec!["--docker-host", &world.engine.address];
    all.extend(arguments);
    if let Some(url) = &place.database {
        all.extend(["--database-url", url]);
    }
    ServerProcess::start_in(&place.data, &all)
}

fn examine(world: &World, place: &Place) -> (i32, Value) {
    let command = [
        "doctor",
        "--format",
        "json",
        "--docker-host",
        &world.engine.address,
    ];
    let output = run(&place.with(&command));
    let report = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code().unwrap(), report)
}

#[test]
fn every_refusal_must_say_the_way_out_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place {
        data: folder.path().join("data"),
        database: None,
    };
    let file = folder.path().join("backup");

    // Nothing is there yet, and nothing is made.
    let said = must_not(&place.with(&["backup", "--to", text(&file)]));
    assert!(said.contains("there is no database at"), "{said}");
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);

    let mut server = ServerProcess::start_in(&place.data, &[]);
    must(&place.with(&["backup", "--to", text(&file)]));
    let before = std::fs::read(&file).unwrap();
    let said = must_not(&place.with(&["backup", "--to", text(&file)]));
    assert!(
        said.contains("exists already") && said.contains("--force"),
        "{said}"
    );
    assert_eq!(std::fs::read(&file).unwrap(), before);
    must(&place.with(&["backup", "--force", "--to", text(&file)]));
    let said = must_not(&place.with(&["backup", "--to", text(&folder.path().join("no/backup"))]));
    assert!(said.contains("cannot write"), "{said}");

    // Where a server works, nothing is restored; nor where one worked.
    let said = must_not(&place.with(&["restore", "--from", text(&file)]));
    assert!(
        said.contains("is used by another windlass-server"),
        "{said}"
    );
    assert!(server.ended().is_none());
    server.kill();
    let said = must_not(&place.with(&["restore", "--from", text(&file)]));
    assert!(
        said.contains("has rows") && said.contains("--data-dir"),
        "{said}"
    );

    let new = Place {
        data: folder.path().join("new"),
        database: None,
    };
    let said = must_not(&new.with(&["restore", "--from", text(&folder.path().join("nothing"))]));
    assert!(said.contains("cannot open the backup"), "{said}");
    let said = must_not(&new.with(&["restore", "--from", text(&place.data.join("windlass.db"))]));
    assert!(said.contains("this is no backup of Windlass"), "{said}");
    assert!(!new.data.exists());
}

#[test]
fn a_backup_must_pass_through_pipes() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    ServerProcess::start_in(&data, &[]).kill();
    let new = folder.path().join("new");
    let output = run(&["backup", "--to", "-", "--data-dir", text(&data)]);
    assert!(output.status.success(), "{output:?}");
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .starts_with("Wrote ")
    );
    let file = folder.path().join("backup");
    std::fs::write(&file, &output.stdout).unwrap();
    let restored = program()
        .args(["restore", "--from", "-", "--data-dir", text(&new)])
        .stdin(std::fs::File::open(&file).unwrap())
        .output()
        .unwrap();
    assert!(restored.status.success(), "{restored:?}");
    let url = |data: &Path| format!("sqlite://{}/windlass.db", data.display());
    assert_eq!(tables_now(&url(&new)), tables_now(&url(&data)));
}

#[test]
fn a_restore_that_dies_must_leave_an_empty_database() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    ServerProcess::start_in(&data, &[]).kill();
    let file = folder.path().join("backup");
    must(&["backup", "--to", text(&file), "--data-dir", text(&data)]);
    let new = folder.path().join("new");
    let restore = ["restore", "--from", text(&file), "--data-dir", text(&new)];
    for moment in ["before", "commit"] {
        let died = program()
            .args(restore)
            .env(
                "WINDLASS_FAILPOINT",
                format!("store.restore_a_backup.{moment}#1"),
            )
            .output()
            .unwrap();
        assert_eq!(died.status.code(), None, "{died:?}");
    }
    // Nothing of it is there, and it can be done again.
    must(&restore);
    let url = |data: &Path| format!("sqlite://{}/windlass.db", data.display());
    assert_eq!(tables_now(&url(&new)), tables_now(&url(&data)));
    let said = must_not(&restore);
    assert!(said.contains("has rows"), "{said}");
}
