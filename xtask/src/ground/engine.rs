//! A Docker engine of the tests' own: own socket, own data, own network namespace.
//!
//! The newest engine Debian offers, unpacked into a folder, with the machine's own `runc` (a newer
//! one needs a newer C library). Older suites are the fallback.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde_json::Value;

use super::{Place, debian};
use crate::{
    http::Peer,
    paths,
    process::{self, Background},
    tools,
};

/// Newest first.
const SUITES: [&str; 2] = ["forky", "trixie"];
const PACKAGES: [&str; 3] = ["docker.io", "containerd", "tini"];
const START: Duration = Duration::from_secs(60);
const ANSWER: Duration = Duration::from_secs(30);

/// Where `dockerd` and its companions are.
#[derive(Debug)]
pub(super) struct Programs {
    /// Goes in front of `PATH`; empty for the machine's own.
    folders: Vec<PathBuf>,
    dockerd: PathBuf,
}

impl Programs {
    pub(super) fn provide() -> anyhow::Result<Self> {
        let missing: Vec<&str> = [("runc", "runc"), ("iptables", "iptables")]
            .iter()
            .filter(|(program, _)| tools::find(program).is_none())
            .map(|(_, package)| *package)
            .collect();
        if !missing.is_empty() {
            tools::apt_install(&missing, "the tests' engine starts containers with them")?;
        }
        for suite in SUITES {
            match Self::of_suite(suite) {
                Ok(programs) => return Ok(programs),
                Err(error) => {
                    crate::interrupt::check()?;
                    println!("  the engine of Debian's suite {suite} is of no use: {error:#}");
                }
            }
        }
        if tools::find("dockerd").is_none() {
            tools::apt_install(&["docker.io"], "no newer engine could be unpacked")?;
        }
        let dockerd = tools::find("dockerd").unwrap_or_else(|| "dockerd".into());
        Self {
            folders: Vec::new(),
            dockerd,
        }
        .that_work()
    }

    fn of_suite(suite: &str) -> anyhow::Result<Self> {
        let folder = paths::tools().join("docker").join(suite);
        debian::unpack(suite, &PACKAGES, &folder)?;
        let folders = ["usr/sbin", "usr/bin"]
            .map(|part| folder.join(part))
            .to_vec();
        Self {
            dockerd: folder.join("usr/sbin/dockerd"),
            folders,
        }
        .that_work()
    }

    fn that_work(self) -> anyhow::Result<Self> {
        let version = process::output(Command::new(&self.dockerd).arg("--version"))?;
        println!("  {}", version.trim());
        Ok(self)
    }

    fn path(&self) -> anyhow::Result<std::ffi::OsString> {
        let own = self.folders.iter().cloned();
        let machine = std::env::var_os("PATH").unwrap_or_default();
        let admin = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from);
        Ok(std::env::join_paths(
            own.chain(std::env::split_paths(&machine)).chain(admin),
        )?)
    }

    fn companion(&self, name: &str) -> Option<PathBuf> {
        self.folders
            .iter()
            .map(|folder| folder.join(name))
            .find(|file| file.is_file())
    }

    /// What an engine needs besides itself, as it is told.
    fn companions(&self) -> Vec<std::ffi::OsString> {
        let mut arguments = Vec::new();
        if let Some(proxy) = self.companion("docker-proxy") {
            arguments.extend(["--userland-proxy-path".into(), proxy.into()]);
        }
        let init = self
            .companion("tini-static")
            .or_else(|| self.companion("tini"));
        if let Some(init) = init {
            arguments.extend(["--init-path".into(), init.into()]);
        }
        arguments
    }

    /// Tells tests how they start engines of their own, to break them.
    pub(super) fn tell(&self, command: &mut Command) -> anyhow::Result<()> {
        command
            .env("WINDLASS_TEST_ENGINE", &self.dockerd)
            .env("WINDLASS_TEST_ENGINE_PATH", self.path()?)
            .env(
                "WINDLASS_TEST_ENGINE_ARGUMENTS",
                self.companions().join(std::ffi::OsStr::new(" ")),
            );
        Ok(())
    }
}

/// A running engine. Dropping it removes its containers and ends it.
#[derive(Debug)]
pub(super) struct Engine {
    socket: PathBuf,
    _process: Background,
}

impl Engine {
    pub(super) fn start(programs: &Programs, place: &Place) -> anyhow::Result<Self> {
        let socket = place.run.join("docker.sock");
        // An empty configuration: the machine's own must not reach this engine.
        let configuration = place.run.join("daemon.json");
        fs::write(&configuration, "{}")?;
        let mut command = place.inside();
        command
            .arg(&programs.dockerd)
            .env("PATH", programs.path()?)
            .env_remove("DOCKER_HOST")
            .arg("--config-file")
            .arg(configuration)
            .arg(format!("--host=unix://{}", socket.display()))
            .arg(format!(
                "--data-root={}",
                place.data.join("docker").display()
            ))
            .arg(format!(
                "--exec-root={}",
                place.run.join("docker").display()
            ))
            .arg(format!(
                "--pidfile={}",
                place.run.join("docker.pid").display()
            ))
            .arg(format!("--cgroup-parent=/{}", place.name))
            .args(["--exec-opt", "native.cgroupdriver=cgroupfs"])
            .args(["--group", "root", "--shutdown-timeout", "5"])
            // Tests let layers hang; others that pull beside them must not wait for a place.
            .args(["--max-concurrent-downloads", "32"]);
        command.args(programs.companions());
        let log = place.log("dockerd.log")?;
        let mut process = Background::start("the tests' engine", &mut command, Some(&log))?;
        let peer = Peer::socket(&socket);
        process
            .wait_until(START, || peer.says_ok("/_ping"))
            .map_err(|error| {
                error.context(format!("the end of its log:\n{}", process::tail(&log)))
            })?;
        Ok(Self {
            socket,
            _process: process,
        })
    }

    pub(super) fn host(&self) -> String {
        format!("unix://{}", self.socket.display())
    }
}

impl Drop for Engine {
    /// At its end an engine asks each container politely and waits; nobody needs that here.
    fn drop(&mut self) {
        remove_containers(&self.socket);
    }
}

fn remove_containers(socket: &Path) {
    let peer = Peer::socket(socket);
    let Ok(answer) = peer.ask("GET", "/containers/json?all=1", ANSWER) else {
        return;
    };
    let Ok(Value::Array(containers)) = serde_json::from_slice(&answer.body) else {
        return;
    };
    for container in containers {
        let Some(id) = container["Id"].as_str() else {
            continue;
        };
        // What cannot be removed is killed with the rest of the run.
        let _removed = peer.ask("DELETE", &format!("/containers/{id}?force=1&v=1"), ANSWER);
    }
}
