//! One container: what it was made from, and where it is in its life.

use std::collections::BTreeMap;

use serde_json::Value;
use time::OffsetDateTime;

use super::script::{self, Script};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Created,
    Running,
    Restarting,
    Exited,
}

impl Status {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Restarting => "restarting",
            Self::Exited => "exited",
        }
    }

    /// The engine's own `Running`, which a container between two lives has as well.
    pub(super) const fn is_up(self) -> bool {
        matches!(self, Self::Running | Self::Restarting)
    }
}

/// Of a health check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Health {
    None,
    Starting,
    Healthy,
    Unhealthy,
}

impl Health {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Starting => "starting",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// One line of output.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) stderr: bool,
    pub(super) at: OffsetDateTime,
    pub(super) text: String,
}

/// A file that was put into it, and the header that it came with.
#[derive(Debug, Clone)]
pub(super) struct PutFile {
    pub(super) header: tar::Header,
    pub(super) content: Vec<u8>,
}

#[derive(Debug, Clone)]
pub(super) struct Container {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) image_id: String,
    pub(super) created: OffsetDateTime,
    /// The body of the create call.
    pub(super) body: Value,
    pub(super) script: Script,
    pub(super) status: Status,
    pub(super) exit_code: i64,
    /// Why it could not be started.
    pub(super) error: String,
    pub(super) started: Option<OffsetDateTime>,
    pub(super) finished: Option<OffsetDateTime>,
    pub(super) health: Health,
    pub(super) restarts: u32,
    /// Counts starts and ends, so that what was planned for an earlier life does nothing in a later one.
    pub(super) life: u64,
    /// Whether somebody stopped it: then no restart policy starts it again.
    pub(super) stopped: bool,
    pub(super) log: Vec<Line>,
    pub(super) files: BTreeMap<String, PutFile>,
    /// Names of its volumes without a name of their own, which go with it.
    pub(super) anonymous: Vec<String>,
}

impl Container {
    pub(super) fn image(&self) -> &str {
        self.body["Image"].as_str().unwrap_or_default()
    }

    pub(super) fn is_tty(&self) -> bool {
        self.body["Tty"].as_bool().unwrap_or(false)
    }

    /// Names of its networks, without what it shares with another container.
    pub(super) fn networks(&self) -> Vec<String> {
        let mode = self.body["HostConfig"]["NetworkMode"].as_str();
        if mode.is_some_and(|mode| mode.starts_with("container:")) {
            return Vec::new();
        }
        let endpoints = self.body["NetworkingConfig"]["EndpointsConfig"].as_object();
        match endpoints {
            Some(endpoints) if !endpoints.is_empty() => endpoints.keys().cloned().collect(),
            _ => vec![match mode {
                None | Some("" | "default") => "bridge".to_owned(),
                Some(mode) => mode.to_owned(),
            }],
        }
    }

    /// The container whose network it joins.
    pub(super) fn joined(&self) -> Option<&str> {
        self.body["HostConfig"]["NetworkMode"]
            .as_str()?
            .strip_prefix("container:")
    }

    /// Published ports that only one container can have: address, port and protocol.
    pub(super) fn ports(&self) -> Vec<(String, String, String)> {
        let bindings = self.body["HostConfig"]["PortBindings"].as_object();
        let mut all = Vec::new();
        for (target, list) in bindings.into_iter().flatten() {
            let protocol = target
                .split_once('/')
                .map_or("tcp", |(_, protocol)| protocol);
            for binding in list.as_array().into_iter().flatten() {
                let port = binding["HostPort"].as_str().unwrap_or_default();
                if port.parse::<u16>().is_ok_and(|port| port > 0) {
                    let address = match binding["HostIp"].as_str() {
                        None | Some("") => "0.0.0.0",
                        Some(address) => address,
                    };
                    all.push((address.to_owned(), port.to_owned(), protocol.to_owned()));
                }
            }
        }
        all
    }

    /// Whether the engine starts it again after this end.
    pub(super) fn restarts_after(&self, exit_code: i64) -> bool {
        let policy = &self.body["HostConfig"]["RestartPolicy"];
        let most = policy["MaximumRetryCount"]
            .as_u64()
            .filter(|most| *most > 0);
        match policy["Name"].as_str() {
            _ if self.stopped => false,
            Some("always" | "unless-stopped") => true,
            Some("on-failure") => {
                exit_code != 0 && most.is_none_or(|most| u64::from(self.restarts) < most)
            }
            _ => false,
        }
    }

    /// Seconds between being told to stop and being killed.
    pub(super) fn grace(&self) -> u64 {
        self.body["StopTimeout"].as_u64().unwrap_or(10)
    }

    pub(super) fn answers(&self) -> bool {
        match self.health {
            Health::Healthy => true,
            Health::None => self.status == Status::Running,
            Health::Starting | Health::Unhealthy => false,
        }
    }

    /// What a command run in it comes to.
    pub(super) fn command(&self, words: &[String]) -> script::Command {
        script::command(words, self.answers())
    }
}
