//! The Docker engine that `run` uses: the one that is reachable, as it is; only where there is none,
//! one of Debian's is installed and started, and left running so that containers outlive Windlass.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{http::Peer, interrupt, process, tools};

const DEFAULT_SOCKET: &str = "/var/run/docker.sock";
const START: Duration = Duration::from_secs(60);

/// An engine's address as Docker writes it, and how it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) host: String,
    pub(crate) how: String,
}

/// The engine to use, installed and started when there is none.
pub(crate) fn provide(log_folder: &Path) -> anyhow::Result<Found> {
    if let Some(found) = configured()? {
        return Ok(found);
    }
    let found = Found {
        host: format!("unix://{DEFAULT_SOCKET}"),
        how: "the default socket".to_owned(),
    };
    if answers(&found.host) {
        return Ok(found);
    }
    if !tools::is_root() {
        bail!(
            "no Docker engine is reachable (DOCKER_HOST, the current context, {DEFAULT_SOCKET}) and \
             only root may install one. Install one (apt-get install docker.io iptables), start it, \
             and join its group; or name a reachable one with DOCKER_HOST"
        );
    }
    let installed = tools::find("dockerd").is_some();
    if !installed || tools::find("iptables").is_none() {
        let purpose = "no Docker engine is reachable, so one is set up";
        tools::apt_install(&["docker.io", "iptables"], purpose)?;
        // The package may have started it.
        if answers(&found.host) {
            return Ok(found);
        }
    }
    start(&found.host, log_folder)?;
    Ok(found)
}

/// What the user chose: DOCKER_HOST or Docker's current context.
fn configured() -> anyhow::Result<Option<Found>> {
    let chosen = match env::var("DOCKER_HOST") {
        Ok(host) if !host.is_empty() => Some(Found {
            host,
            how: "DOCKER_HOST".to_owned(),
        }),
        _ => context_of_client()?,
    };
    let Some(found) = chosen else { return Ok(None) };
    let checkable = found.host.starts_with("unix://") || found.host.starts_with("tcp://");
    // Encrypted connections cannot be checked here; the server says what it finds.
    let plain = env::var_os("DOCKER_TLS_VERIFY").is_none() && checkable;
    if plain && !answers(&found.host) {
        bail!(
            "{} names the Docker engine {}, but it does not answer",
            found.how,
            found.host
        );
    }
    Ok(Some(found))
}

/// The endpoint of the client's current context, unless it is the default one.
fn context_of_client() -> anyhow::Result<Option<Found>> {
    let folder = env::var_os("DOCKER_CONFIG").map(PathBuf::from);
    let home = env::var_os("HOME").map(|home| Path::new(&home).join(".docker"));
    let Some(folder) = folder.or(home) else {
        return Ok(None);
    };
    let name = match env::var("DOCKER_CONTEXT") {
        Ok(name) if !name.is_empty() => name,
        _ => {
            let Ok(config) = fs::read_to_string(folder.join("config.json")) else {
                return Ok(None);
            };
            let config: Value = serde_json::from_str(&config)
                .with_context(|| format!("{} is not JSON", folder.join("config.json").display()))?;
            config["currentContext"]
                .as_str()
                .unwrap_or("default")
                .to_owned()
        }
    };
    if name == "default" {
        return Ok(None);
    }
    let id: String = Sha256::digest(&name)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let file = folder.join("contexts/meta").join(id).join("meta.json");
    let meta = fs::read_to_string(&file)
        .with_context(|| format!("Docker's current context `{name}` is not in its folder"))?;
    let meta: Value = serde_json::from_str(&meta)?;
    let host = meta["Endpoints"]["docker"]["Host"].as_str();
    let host = host.with_context(|| format!("Docker's context `{name}` has no endpoint"))?;
    Ok(Some(Found {
        host: host.to_owned(),
        how: format!("Docker's context `{name}`"),
    }))
}

/// Whether an engine answers there.
fn answers(host: &str) -> bool {
    peer(host).is_some_and(|peer| peer.says_ok("/_ping"))
}

fn peer(host: &str) -> Option<Peer> {
    match host.split_once("://")? {
        ("unix", path) => Some(Peer::socket(Path::new(path))),
        ("tcp", address) => Some(Peer::Tcp(address.trim_end_matches('/').to_owned())),
        _ => None,
    }
}

fn start(host: &str, log_folder: &Path) -> anyhow::Result<()> {
    if Path::new("/run/systemd/system").is_dir() {
        println!("starting the Docker engine: systemctl start docker");
        process::run(Command::new("systemctl").args(["start", "docker"]))?;
    } else {
        fs::create_dir_all(log_folder)?;
        let path = log_folder.join("dockerd.log");
        let log = fs::File::create(&path)?;
        let dockerd = tools::find("dockerd").context("dockerd was not installed")?;
        println!(
            "starting a Docker engine ({}, its log in {})",
            dockerd.display(),
            path.display()
        );
        // A session of its own: Ctrl-C must not reach it, and containers outlive Windlass.
        let mut command = Command::new("setsid");
        command
            .arg(dockerd)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let child = command.spawn().context("cannot start dockerd")?;
        println!(
            "it stays when Windlass stops, so that containers go on; end it with `kill {}`",
            child.id()
        );
    }
    let deadline = Instant::now() + START;
    while !answers(host) {
        interrupt::check()?;
        if Instant::now() > deadline {
            bail!(
                "the Docker engine did not answer within {} s",
                START.as_secs()
            );
        }
        std::thread::sleep(process::POLL);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(host: &str, expected: Option<Peer>) {
        assert_eq!(peer(host), expected, "{host}");
    }

    #[test]
    fn hosts_are_read_as_docker_writes_them() {
        check(
            "unix:///run/d.sock",
            Some(Peer::socket(Path::new("/run/d.sock"))),
        );
        check(
            "tcp://127.0.0.1:2375",
            Some(Peer::Tcp("127.0.0.1:2375".to_owned())),
        );
        check("ssh://somebody@somewhere", None);
        check("nonsense", None);
    }
}
