//! What a deployment test stands on: a catalog of its own, a server process, and the real engine, asked without any code of ours.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::server_process::{Answer, ServerProcess, program};
use crate::store::database::{EmptyDatabase, execute_now};

/// The tests share few processors: what ends at once may take its time.
const SETTLE: &str = "1000";
/// Longest wait for anything that must happen.
const PATIENCE: Duration = Duration::from_secs(90);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// An engine that is quiet for longer does not answer.
const ANSWERS: Duration = Duration::from_secs(5);

/// The engine, spoken to directly.
pub(crate) struct Engine {
    socket: String,
    pub(crate) address: String,
}

impl Engine {
    /// The engine of the test run; none outside of `cargo xtask test`.
    pub(crate) fn of_the_run() -> Option<Self> {
        let address = std::env::var("WINDLASS_TEST_DOCKER_HOST").ok()?;
        Some(Self::at(&address))
    }

    /// The engine at `unix://PATH`.
    pub(crate) fn at(address: &str) -> Self {
        Self {
            socket: address.strip_prefix("unix://").unwrap().to_owned(),
            address: address.to_owned(),
        }
    }

    /// Whether it answers; tests may have ended it, or made it stop.
    pub(crate) fn answers(&self) -> bool {
        let Ok(mut stream) = UnixStream::connect(&self.socket) else {
            return false;
        };
        let mut head = [0; 12];
        stream.set_read_timeout(Some(ANSWERS)).is_ok()
            && write!(stream, "GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n").is_ok()
            && stream.read_exact(&mut head).is_ok()
            && head.ends_with(b" 200")
    }

    /// Sends a request and leaves the answer in the stream.
    pub(crate) fn send(&self, method: &str, path: &str, body: &str) -> UnixStream {
        let mut stream = UnixStream::connect(&self.socket).unwrap();
        let mut head = format!("{method} {path} HTTP/1.0\r\nHost: docker\r\n");
        if !body.is_empty() {
            let length = body.len();
            head += &format!("Content-Type: application/json\r\nContent-Length: {length}\r\n");
        }
        write!(stream, "{head}\r\n{body}").unwrap();
        stream
    }

    /// One request; its status and JSON.
    pub(crate) fn ask(&self, method: &str, path: &str) -> (u16, Value) {
        self.exchange(method, path, "")
    }

    fn exchange(&self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let mut stream = self.send(method, path, body);
        let mut text = Vec::new();
        stream.read_to_end(&mut text).unwrap();
        let text = String::from_utf8_lossy(&text);
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split_whitespace().nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }

    /// One request with a body; its status and JSON.
    pub(crate) fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.exchange("POST", path, &body.to_string())
    }

    fn list(&self, what: &str, project: &str) -> Vec<Value> {
        let (_, listed) = self.ask("GET", what);
        let listed = listed.get("Volumes").cloned().unwrap_or(listed);
        let mine = |item: &Value| {
            item["Labels"]["windlass.project"]
                .as_str()
                .is_some_and(|label| label.starts_with(project))
        };
        listed
            .as_array()
            .cloned()
            .unwrap_or_default()
            .into_iter()
            .filter(mine)
            .collect()
    }

    /// Everything about the containers of a project, by name.
    pub(crate) fn containers(&self, project: &str) -> Vec<Value> {
        let mut all: Vec<Value> = self
            .list("/containers/json?all=true", project)
            .iter()
            .map(|container| {
                self.ask(
                    "GET",
                    &format!("/containers/{}/json", container["Id"].as_str().unwrap()),
                )
                .1
            })
            .collect();
        all.sort_by_key(|container| container["Name"].as_str().map(str::to_owned));
        all
    }

    /// `name state` of each container of a project.
    pub(crate) fn states(&self, project: &str) -> Vec<String> {
        let line = |container: &Value| {
            let name = container["Name"].as_str().unwrap().trim_start_matches('/');
            format!("{name} {}", container["State"]["Status"].as_str().unwrap())
        };
        self.containers(project).iter().map(line).collect()
    }

    pub(crate) fn networks(&self, project: &str) -> Vec<Value> {
        self.list("/networks", project)
    }

    pub(crate) fn volumes(&self, project: &str) -> Vec<Value> {
        self.list("/volumes", project)
    }

    /// Removes everything of a project.
    fn clear(&self, project: &str) {
        for container in self.list("/containers/json?all=true", project) {
            self.ask(
                "DELETE",
                &format!(
                    "/containers/{}?force=true&v=true",
                    container["Id"].as_str().unwrap()
                ),
            );
        }
        for network in self.networks(project) {
            self.ask(
                "DELETE",
                &format!("/networks/{}", network["Id"].as_str().unwrap()),
            );
        }
        for volume in self.volumes(project) {
            self.ask(
                "DELETE",
                &format!("/volumes/{}", volume["Name"].as_str().unwrap()),
            );
        }
    }
}

/// A test's own corner: what it makes on the engine starts with its project's name and goes with it.
pub(crate) struct World {
    pub(crate) engine: Engine,
    /// Prefix of everything on the engine.
    pub(crate) project: String,
    folder: tempfile::TempDir,
    server: Option<ServerProcess>,
    database: Option<EmptyDatabase>,
    /// Where the server finds its database, where that is not where it is.
    detour: Option<String>,
}

/// What the doctor found; see `server::doctor` for the rules.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Finding {
    pub(crate) rule: String,
    pub(crate) subject: String,
    pub(crate) message: String,
}

impl World {
    /// None, with a word, where there is no engine to test on.
    pub(crate) fn new(name: &str) -> Option<Self> {
        let Some(engine) = Engine::of_the_run() else {
            println!("not tried: WINDLASS_TEST_DOCKER_HOST is not set; `cargo xtask test` sets it");
            return None;
        };
        Some(Self::on(engine, name))
    }

    /// The same on an engine of the test's own.
    pub(crate) fn on(engine: Engine, name: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let project = format!("t{}-{number}-{name}", std::process::id());
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("catalog")).unwrap();
        Self {
            engine,
            project,
            folder,
            server: None,
            database: None,
            detour: None,
        }
    }

    /// The same on PostgreSQL: on a database of its own on that server, so that the doctor sees this world alone.
    pub(crate) fn on_postgres(mut self, server: String) -> Self {
        self.database = Some(EmptyDatabase::on(&server));
        self
    }

    /// Lets the server find its database through something of the test's.
    pub(crate) fn through(&mut self, address: String) {
        self.detour = Some(address);
    }

    /// The address of the database.
    pub(crate) fn database(&self) -> String {
        match &self.database {
            Some(database) => database.url.clone(),
            None => format!("sqlite://{}/windlass.db", self.data().display()),
        }
    }

    /// Runs statements past the server.
    pub(crate) fn sql(&self, statements: &str) {
        execute_now(&self.database(), statements.to_owned());
    }

    /// The data folder.
    pub(crate) fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// What the doctor finds in this world, whether its server runs or not. Fails where it could not look at everything, or left
    /// something out because an operation works on it.
    pub(crate) fn doctor(&self) -> Vec<Finding> {
        let (code, report) = self.examine(&[]);
        let findings: Vec<Finding> = serde_json::from_value(report["findings"].clone()).unwrap();
        assert_eq!(report["notLookedAt"], json!([]), "{report:#}");
        assert_eq!(code, i32::from(!findings.is_empty()), "{report:#}");
        findings
    }

    /// Fails with every finding of the doctor.
    pub(crate) fn must_be_sound(&self) {
        assert_eq!(self.doctor(), []);
    }

    /// The doctor's exit code and its report as JSON, null where there is none; options given here come last.
    pub(crate) fn examine(&self, options: &[&str]) -> (i32, Value) {
        let output = self.ask_doctor(&[&["--format", "json"], options].concat());
        let report = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code().unwrap(), report)
    }

    /// The doctor's report for people.
    pub(crate) fn doctor_says(&self, options: &[&str]) -> String {
        String::from_utf8(self.ask_doctor(options).stdout).unwrap()
    }

    fn ask_doctor(&self, options: &[&str]) -> std::process::Output {
        let data = self.data();
        let mut all = vec!["doctor"];
        if !options.contains(&"--data-dir") {
            all.extend(["--data-dir", data.to_str().unwrap()]);
        }
        if let Some(database) = &self.database {
            all.extend(["--database-url", &database.url]);
        }
        all.extend(options);
        program().args(all).output().unwrap()
    }

    /// A product of Compose stacks: name and YAML of each.
    pub(crate) fn product(&self, name: &str, stacks: &[(&str, &str)]) {
        let folder = self.folder.path().join("catalog").join(name);
        fs::create_dir_all(&folder).unwrap();
        let mut manifest = format!("name: {name}\nversion: \"1.0.0\"\nstacks:\n");
        for (stack, compose) in stacks {
            manifest += &format!("  {stack}: {{compose: {stack}.yaml}}\n");
            fs::write(folder.join(format!("{stack}.yaml")), compose).unwrap();
        }
        fs::write(folder.join("windlass.yaml"), manifest).unwrap();
    }

    /// One version of a product, among others. `more` are further lines of its manifest.
    pub(crate) fn version(&self, name: &str, version: &str, more: &str, stacks: &[(&str, &str)]) {
        let folder = self.version_folder(name, version);
        fs::create_dir_all(&folder).unwrap();
        let mut manifest = format!("name: {name}\nversion: \"{version}\"\n{more}stacks:\n");
        for (stack, compose) in stacks {
            manifest += &format!("  {stack}: {{compose: {stack}.yaml}}\n");
            fs::write(folder.join(format!("{stack}.yaml")), compose).unwrap();
        }
        fs::write(folder.join("windlass.yaml"), manifest).unwrap();
    }

    /// Where a version of a product is.
    pub(crate) fn version_folder(&self, name: &str, version: &str) -> std::path::PathBuf {
        self.catalog().join(format!("{name}-{version}"))
    }

    /// The catalog's folder.
    pub(crate) fn catalog(&self) -> std::path::PathBuf {
        self.folder.path().join("catalog")
    }

    /// Where its servers keep their data folders.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts the server; again after it was killed.
    pub(crate) fn start(&mut self) {
        let source = format!("test={}", self.catalog().display());
        self.start_with(&["--source", &source]);
    }

    pub(crate) fn start_with(&mut self, arguments: &[&str]) {
        let started = self.start_node("data", arguments, &[]);
        self.server = Some(
            started.unwrap_or_else(|(ended, said)| panic!("the server ended with {ended}: {said}")),
        );
    }

    /// Starts the server with variables of its own, such as a failpoint; how it ended, where it never listened.
    pub(crate) fn try_start(&mut self, variables: &[(&str, &str)]) -> Result<(), ExitStatus> {
        let source = format!("test={}", self.catalog().display());
        match self.start_node("data", &["--source", &source], variables) {
            Ok(server) => self.server = Some(server),
            Err((ended, _)) => return Err(ended),
        }
        Ok(())
    }

    /// A server on a data folder of this name, besides the world's own.
    pub(crate) fn start_node(
        &self,
        data: &str,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Result<ServerProcess, (ExitStatus, String)> {
        let mut all = vec!["--docker-host", &self.engine.address];
        all.extend(["--settle-milliseconds", SETTLE]);
        all.extend(arguments);
        let address = self.database.as_ref().map(|database| &database.url);
        if let Some(address) = self.detour.as_ref().or(address) {
            all.extend(["--database-url", address]);
        }
        let folder = self.folder.path().join(data);
        self.share_key(&folder);
        ServerProcess::try_start_in(&folder, &all, variables)
    }

    /// Servers on one database need one key: each further one gets that of the first.
    fn share_key(&self, folder: &Path) {
        let (first, mine) = (self.data().join("secret.key"), folder.join("secret.key"));
        if first.exists() && !mine.exists() {
            fs::create_dir_all(folder).unwrap();
            fs::copy(first, mine).unwrap();
        }
    }

    pub(crate) fn server(&self) -> &ServerProcess {
        self.server.as_ref().unwrap()
    }

    /// How the server ended, where it did.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.server.as_mut()?.ended()
    }

    pub(crate) fn kill(&mut self) {
        self.server.take().unwrap().kill();
    }

    /// Ends the server as an operator does; what it logged since it listened.
    pub(crate) fn stop(&mut self) -> String {
        let (ended, log) = self.server.take().unwrap().terminate();
        assert!(ended.success(), "{log}");
        log
    }

    pub(crate) fn environment(&self) -> String {
        let all = self.server().get_json("/api/environments");
        all["environments"][0]["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn deployments_path(&self) -> String {
        format!(
            "/api/environments/{}/product-deployments",
            self.environment()
        )
    }

    /// A request for all stacks of a product, its names starting with the project's.
    pub(crate) fn request(&self, product: &str, stacks: &[&str]) -> Value {
        let configs: Vec<Value> = stacks
            .iter()
            .map(|stack| json!({ "stackId": stack, "deploymentStackName": format!("{}-{stack}", self.project) }))
            .collect();
        json!({ "productId": product, "stackConfigs": configs })
    }

    /// Deploys and waits for the end.
    pub(crate) fn deploy(&self, request: &Value) -> Answer {
        self.server()
            .ask("POST", &self.deployments_path(), &[], &request.to_string())
    }

    /// Starts a deployment; the operation's id.
    pub(crate) fn deploy_async(&self, request: &Value) -> String {
        let answer = self.server().ask(
            "POST",
            &self.deployments_path(),
            &["Prefer: respond-async"],
            &request.to_string(),
        );
        assert_eq!(answer.status, 202, "{answer:?}");
        answer.json()["operationId"].as_str().unwrap().to_owned()
    }

    pub(crate) fn operation(&self, id: &str) -> Value {
        self.server().get_json(&format!("/api/operations/{id}"))
    }

    /// The operation once it has ended.
    pub(crate) fn end_of(&self, id: &str) -> Value {
        wait_for("the operation's end", || {
            let operation = self.operation(id);
            ["succeeded", "failed", "cancelled"]
                .contains(&operation["status"].as_str().unwrap())
                .then_some(operation)
        })
    }

    /// Every event, checked to be without gaps.
    pub(crate) fn events(&self, id: &str) -> Vec<Value> {
        let mut events: Vec<Value> = Vec::new();
        loop {
            let page = self.server().get_json(&format!(
                "/api/operations/{id}/events?after={}",
                events.len()
            ));
            events.extend(page["events"].as_array().unwrap().iter().cloned());
            if !page["hasMore"].as_bool().unwrap() {
                break;
            }
        }
        for (position, event) in events.iter().enumerate() {
            assert_eq!(event["seq"], position + 1, "a gap in {id}");
        }
        events
    }

    /// Reads the live stream until an event fits.
    pub(crate) fn until_event(&self, id: &str, fits: impl Fn(&Value) -> bool) {
        let path = format!("/api/operations/{id}/events");
        let stream = self
            .server()
            .open("GET", &path, &["Accept: text/event-stream"], "");
        for line in BufReader::new(stream).lines() {
            let line = line.unwrap();
            if let Some(data) = line.strip_prefix("data:")
                && fits(&serde_json::from_str(data.trim()).unwrap_or_default())
            {
                return;
            }
        }
        panic!(
            "the operation ended without that event: {:#?}",
            self.events(id)
        );
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // The server first: it would make again what is removed.
        self.server = None;
        if self.engine.answers() {
            self.engine.clear(&self.project);
        }
    }
}

/// Looks again and again until there is something.
pub(crate) fn wait_for<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// Whether an event is the end of a step.
pub(crate) fn step_is(event: &Value, kind: &str, step: &str) -> bool {
    event["type"] == kind && event["step"] == step
}

pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
