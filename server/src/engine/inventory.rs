//! What is on an engine, ours or not, as people look at it: more than decisions need, and never what may be secret.
//!
//! Values of environment variables, options of volume drivers and command lines stay on the engine.

use std::collections::BTreeMap;

use domain::plan::{ObservedContainer, Ownership};

use super::ContainerDetails;

/// A container of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedContainer {
    /// What decisions need.
    pub container: ObservedContainer,
    /// The engine's words, such as `Up 2 minutes (healthy)`.
    pub status: String,
    /// Epoch milliseconds.
    pub created_at: Option<i64>,
    pub ports: Vec<ContainerPort>,
    pub labels: BTreeMap<String, String>,
    /// Names of the volumes that it mounts.
    pub volumes: Vec<String>,
}

/// A port that a container offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerPort {
    /// Address on the host; empty where it is not published.
    pub host_ip: String,
    pub private: u16,
    /// Port on the host, where it is published.
    pub public: Option<u16>,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
}

/// One container in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerDescription {
    pub details: ContainerDetails,
    /// Epoch milliseconds.
    pub created_at: Option<i64>,
    /// Epoch milliseconds; none where it never ended.
    pub finished_at: Option<i64>,
    /// Health checks that failed one after the other, up to now.
    pub failing_streak: u32,
    pub ports: Vec<ContainerPort>,
    pub labels: BTreeMap<String, String>,
    pub mounts: Vec<ContainerMount>,
    /// Every network it is on, with its address there; empty while it does not run.
    pub networks: BTreeMap<String, String>,
    /// Names of its environment variables, sorted. Their values may be secret.
    pub variables: Vec<String>,
    /// `no`, `always`, `unless-stopped` or `on-failure`.
    pub restart_policy: String,
}

/// Something that a container sees in its file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerMount {
    /// `volume`, `bind`, `tmpfs`, ….
    pub kind: String,
    /// The volume, where it is one.
    pub volume: Option<String>,
    /// Path on the host; empty where it has none.
    pub source: String,
    /// Path in the container.
    pub target: String,
    pub read_only: bool,
}

/// A volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedVolume {
    pub name: String,
    pub driver: String,
    /// Path on the host.
    pub mountpoint: String,
    /// `local` or `global`.
    pub scope: String,
    /// Epoch milliseconds.
    pub created_at: Option<i64>,
    pub labels: BTreeMap<String, String>,
    /// Ours, or not.
    pub ownership: Option<Ownership>,
}

/// A volume to be made by hand: nobody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVolume {
    pub name: String,
    /// The engine's own where it is missing.
    pub driver: Option<String>,
    pub labels: BTreeMap<String, String>,
}

/// Which lines of a container's output are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogRange {
    /// Only so many of the last ones.
    pub tail: Option<u32>,
    /// Only from this time on, epoch seconds. Old engines know no finer one.
    pub since: Option<i64>,
    /// Whether to wait for more until the container ends.
    pub follow: bool,
}
