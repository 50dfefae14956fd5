//! A product that is deployed, and everything that is done to it over REST.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};

use super::world::{World, wait_for};
use crate::server_process::Answer;

/// Between two questions of a [`Visitor`].
const VISIT_AGAIN: Duration = Duration::from_millis(50);
/// Longest wait of a [`Visitor`] for one answer.
const VISIT: Duration = Duration::from_secs(5);

/// A world with a deployed product.
pub(crate) struct Deployed {
    pub(crate) world: World,
    pub(crate) id: String,
}

impl Deployed {
    /// Starts the server and deploys these stacks of a version, whatever comes of it.
    pub(crate) fn new(mut world: World, product: &str, stacks: &[&str]) -> Self {
        world.start();
        let answer = world.deploy(&world.request(product, stacks));
        assert_eq!(answer.status, 200, "{answer:?}");
        let id = answer.json()["productDeploymentId"]
            .as_str()
            .unwrap()
            .to_owned();
        Self { world, id }
    }

    fn path(&self, what: &str) -> String {
        format!("{}/{}{what}", self.world.deployments_path(), self.id)
    }

    /// Asks for something, and waits for its end.
    pub(crate) fn ask(&self, method: &str, what: &str, body: &Value) -> Answer {
        let server = self.world.server();
        server.ask(method, &self.path(what), &[], &body.to_string())
    }

    /// Asks for an operation that must be accepted, and waits for its end.
    #[track_caller]
    pub(crate) fn does(&self, method: &str, what: &str, body: &Value) -> Value {
        let answer = self.ask(method, what, body);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    #[track_caller]
    pub(crate) fn post(&self, what: &str, body: &Value) -> Value {
        self.does("POST", what, body)
    }

    /// Starts an operation; its id.
    #[track_caller]
    pub(crate) fn begin(&self, method: &str, what: &str, body: &Value) -> String {
        let prefer = ["Prefer: respond-async"];
        let server = self.world.server();
        let answer = server.ask(method, &self.path(what), &prefer, &body.to_string());
        assert_eq!(answer.status, 202, "{answer:?}");
        answer.json()["operationId"].as_str().unwrap().to_owned()
    }

    /// The status and the sentence of what must be refused.
    #[track_caller]
    pub(crate) fn refused(&self, method: &str, what: &str, body: &Value) -> (u16, String) {
        let answer = self.ask(method, what, body);
        assert!(answer.status >= 400, "{answer:?}");
        let said = answer.json()["detail"].as_str().unwrap().to_owned();
        (answer.status, said)
    }

    pub(crate) fn upgrade(&self, version: &str) -> Value {
        self.post("/upgrade", &upgrade_to(version))
    }

    pub(crate) fn detail(&self) -> Value {
        self.world.server().get_json(&self.path(""))
    }

    pub(crate) fn status(&self) -> String {
        self.detail()["status"].as_str().unwrap().to_owned()
    }

    /// `name status` of each stack.
    pub(crate) fn stacks(&self) -> Vec<String> {
        let detail = self.detail();
        let line = |stack: &Value| {
            let text = |field: &str| stack[field].as_str().unwrap().to_owned();
            format!("{} {}", text("stackName"), text("status"))
        };
        detail["stacks"]
            .as_array()
            .unwrap()
            .iter()
            .map(line)
            .collect()
    }

    /// `number result` of each release, newest first.
    pub(crate) fn releases(&self) -> Vec<String> {
        let releases = self.world.server().get_json(&self.path("/releases"));
        let line = |release: &Value| {
            format!(
                "{} {}",
                release["number"],
                release["result"].as_str().unwrap()
            )
        };
        releases["releases"]
            .as_array()
            .unwrap()
            .iter()
            .map(line)
            .collect()
    }

    /// What an operation would do.
    #[track_caller]
    pub(crate) fn plan(&self, operation: &str, request: &Value) -> Value {
        self.post(
            "/plan",
            &json!({ "operation": operation, "request": request }),
        )
    }

    pub(crate) fn cancel(&self, operation: &str) {
        let path = format!("/api/operations/{operation}/cancel");
        let answer = self.world.server().ask("POST", &path, &[], "{}");
        assert_eq!(answer.status, 202, "{answer:?}");
    }

    pub(crate) fn decide(&self, operation: &str, decision: &str) -> Answer {
        let path = format!("/api/operations/{operation}/decision");
        let body = json!({ "decision": decision }).to_string();
        self.world.server().ask("POST", &path, &[], &body)
    }

    /// The operation, once it waits for a decision.
    pub(crate) fn until_it_waits(&self, operation: &str) -> Value {
        wait_for("a question", || {
            let found = self.world.operation(operation);
            (found["status"] == "waiting").then_some(found)
        })
    }

    /// Names without the project, each with the engine's id.
    pub(crate) fn ids(&self) -> BTreeMap<String, String> {
        self.of_containers(|container| container["Id"].as_str().unwrap().to_owned())
    }

    /// The same with the images.
    pub(crate) fn images(&self) -> BTreeMap<String, String> {
        self.of_containers(|container| container["Config"]["Image"].as_str().unwrap().to_owned())
    }

    /// The same with `running` or `exited`.
    pub(crate) fn states(&self) -> BTreeMap<String, String> {
        self.of_containers(|container| container["State"]["Status"].as_str().unwrap().to_owned())
    }

    fn of_containers(&self, what: impl Fn(&Value) -> String) -> BTreeMap<String, String> {
        let containers = self.world.engine.containers(&self.world.project);
        let named = |container: &Value| {
            let name = container["Name"].as_str().unwrap();
            let bare = name
                .trim_start_matches('/')
                .trim_start_matches(&self.world.project);
            (bare.trim_start_matches('-').to_owned(), what(container))
        };
        containers.iter().map(named).collect()
    }

    /// Someone who asks a service again and again from now on.
    pub(crate) fn visit(&self, container: &str) -> Visitor {
        let name = format!("{}-{container}", self.world.project);
        let (_, found) = self
            .world
            .engine
            .ask("GET", &format!("/containers/{name}/json"));
        let networks = found["NetworkSettings"]["Networks"].as_object().unwrap();
        let address = networks.values().next().unwrap()["IPAddress"]
            .as_str()
            .unwrap();
        Visitor::of(format!("{address}:8080").parse().unwrap())
    }

    pub(crate) fn must_be_sound(&self) {
        self.world.must_be_sound();
    }
}

/// The body of an upgrade.
pub(crate) fn upgrade_to(version: &str) -> Value {
    let product = version.split_once(':').map_or("Shop", |(name, _)| name);
    let version = version.rsplit(':').next().unwrap();
    json!({ "targetProductId": format!("test:{product}:{version}") })
}

/// Asks over and over, and counts.
pub(crate) struct Visitor {
    stop: Arc<AtomicBool>,
    visits: JoinHandle<(usize, usize)>,
}

impl Visitor {
    fn of(address: SocketAddr) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let visits = std::thread::spawn(move || {
            let (mut answered, mut failed) = (0, 0);
            loop {
                match answers(address) {
                    true => answered += 1,
                    false => failed += 1,
                }
                if stopped.load(Ordering::Relaxed) {
                    return (answered, failed);
                }
                std::thread::sleep(VISIT_AGAIN);
            }
        });
        Self { stop, visits }
    }

    /// Every question was answered.
    #[track_caller]
    pub(crate) fn must_have_been_served(self) {
        self.stop.store(true, Ordering::Relaxed);
        let (answered, failed) = self.visits.join().unwrap();
        assert_eq!(failed, 0, "of {answered} visits");
        assert!(answered > 0);
    }
}

fn answers(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect_timeout(&address, VISIT) else {
        return false;
    };
    let mut head = [0; 12];
    stream.set_read_timeout(Some(VISIT)).is_ok()
        && write!(stream, "GET / HTTP/1.0\r\nHost: shop\r\n\r\n").is_ok()
        && stream.read_exact(&mut head).is_ok()
        && head.starts_with(b"HTTP/1.")
}
