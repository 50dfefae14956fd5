//! A `windlass-server` under measurement: built for release, on a data folder of its own, asked over REST.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};

use super::catalog::{BLOCKED_STACK, Product};
use crate::{
    cargo::{self, Profile},
    demo::http::{Endpoint, Request, Response},
    interrupt, paths, process,
};

const START: Duration = Duration::from_secs(30);
/// How often the log is looked at for the address.
const LOOK: Duration = Duration::from_millis(2);
const ADDRESS: &str = "\"server.address\":\"";

/// How a server is to be started.
#[derive(Debug, Clone)]
pub(super) struct Setup {
    /// Database and what else is kept.
    pub(super) data: PathBuf,
    pub(super) catalog: PathBuf,
    pub(super) site: PathBuf,
    pub(super) docker_host: String,
}

/// A running server; killed when dropped.
#[derive(Debug)]
pub(super) struct Windlass {
    child: Child,
    address: String,
    endpoint: Endpoint,
}

impl Windlass {
    pub(super) fn start(setup: &Setup) -> anyhow::Result<Self> {
        interrupt::check()?;
        let log_folder = paths::target().join("test-logs");
        fs::create_dir_all(&log_folder)?;
        let log = log_folder.join("bench-server.log");
        let child = Command::new(cargo::program("windlass-server", Profile::Release))
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(&setup.data)
            .arg("--site")
            .arg(&setup.site)
            .args(["--source", &format!("bench={}", setup.catalog.display())])
            .args(["--docker-host", &setup.docker_host])
            .env_remove("DATABASE_URL")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log)?)
            .spawn()
            .context("cannot start windlass-server")?;
        let mut server = Self {
            child,
            address: String::new(),
            endpoint: Endpoint::Tcp(String::new()),
        };
        server.address = server.wait_for_address(&log)?;
        server.endpoint = Endpoint::Tcp(server.address.clone());
        Ok(server)
    }

    fn wait_for_address(&mut self, log: &Path) -> anyhow::Result<String> {
        let deadline = Instant::now() + START;
        loop {
            let text = fs::read_to_string(log)?;
            if let Some((_, rest)) = text.split_once(ADDRESS) {
                return Ok(rest.split('"').next().unwrap_or_default().to_owned());
            }
            let ended = self.child.try_wait()?.is_some();
            if ended || Instant::now() > deadline {
                bail!("windlass-server did not start:\n{}", process::tail(log));
            }
            thread::sleep(LOOK);
        }
    }

    /// Host and port.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Resident memory in bytes.
    pub(super) fn resident(&self) -> anyhow::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kilobytes: u64 = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.split_whitespace().next())
            .and_then(|number| number.parse().ok())
            .context("the kernel says nothing of its memory")?;
        Ok(kilobytes * 1024)
    }

    pub(super) fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, String)],
        body: Option<&Value>,
    ) -> anyhow::Result<Response> {
        let text = body.map(ToString::to_string).unwrap_or_default();
        let mut headers = headers.to_vec();
        if body.is_some() {
            headers.push(("Content-Type", "application/json".to_owned()));
        }
        self.endpoint.call(&Request {
            method,
            path,
            headers: &headers,
            body: text.as_bytes(),
        })
    }

    pub(super) fn get(&self, path: &str) -> anyhow::Result<Value> {
        let answer = self.call("GET", path, &[], None)?;
        ensure!(answer.status == 200, "{path}: {}", answer.status);
        Ok(serde_json::from_slice(&answer.body)?)
    }

    pub(super) fn deployments(&self) -> anyhow::Result<String> {
        let all = self.get("/api/environments")?;
        let id = all["environments"][0]["id"].as_str();
        let id = id.context("the server has no environment")?;
        Ok(format!("/api/environments/{id}/product-deployments"))
    }

    /// Deploys all stacks of a product and waits for the answer, which is timed.
    pub(super) fn deploy(&self, product: &Product) -> anyhow::Result<Duration> {
        let path = self.deployments()?;
        let request = request(&product.id(), &product.stack_names());
        let began = Instant::now();
        let answer = self.call("POST", &path, &[], Some(&request))?;
        let time = began.elapsed();
        let body: Value = serde_json::from_slice(&answer.body)?;
        ensure!(
            answer.status == 200 && body["success"] == true,
            "the deployment failed: {body}"
        );
        Ok(time)
    }

    /// The same together with a stack that cannot be deployed: the others run in the end, and the product has failed.
    pub(super) fn deploy_blocked(&self, product: &Product) -> anyhow::Result<()> {
        let mut stacks = product.stack_names();
        stacks.push(BLOCKED_STACK.to_owned());
        let mut request = request(&product.id(), &stacks);
        request["continueOnError"] = Value::Bool(false);
        let answer = self.call("POST", &self.deployments()?, &[], Some(&request))?;
        let body: Value = serde_json::from_slice(&answer.body)?;
        ensure!(body["status"] == "Failed", "it did not fail: {body}");
        Ok(())
    }

    /// Changes what is deployed and waits for the answer, which is timed.
    pub(super) fn change(
        &self,
        method: &str,
        product: &Product,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<Duration> {
        let all = self.deployments()?;
        let listed = self.get(&all)?;
        let id = listed["productDeployments"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|it| it["productName"] == product.name)
            .and_then(|it| it["productDeploymentId"].as_str())
            .with_context(|| format!("{} is not deployed", product.name))?;
        let began = Instant::now();
        let answer = self.call(method, &format!("{all}/{id}{path}"), &[], Some(body))?;
        let time = began.elapsed();
        let said: Value = serde_json::from_slice(&answer.body)?;
        ensure!(
            answer.status == 200 && said["success"] == true,
            "{method} {path} failed: {said}"
        );
        Ok(time)
    }

    /// Begins a deployment; the operation's id.
    pub(super) fn begin(&self, product: &str, stacks: &[String]) -> anyhow::Result<String> {
        let prefer = ("Prefer", "respond-async".to_owned());
        let path = self.deployments()?;
        let answer = self.call("POST", &path, &[prefer], Some(&request(product, stacks)))?;
        let body: Value = serde_json::from_slice(&answer.body)?;
        let id = body["operationId"].as_str();
        Ok(id
            .with_context(|| format!("not accepted: {body}"))?
            .to_owned())
    }

    /// Ends it at once, as a power cut would.
    pub(super) fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Windlass {
    fn drop(&mut self) {
        // Both fail where it has ended already.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

fn request(product: &str, stacks: &[String]) -> Value {
    let configs: Vec<Value> = stacks
        .iter()
        .map(|stack| json!({ "stackId": stack, "deploymentStackName": format!("bench-{stack}") }))
        .collect();
    json!({ "productId": product, "stackConfigs": configs })
}
