//! What shall run: a stack with every variable replaced, in the words of the Compose Specification.
//!
//! Made from a [`crate::product::StackTemplate`] and values; never stored with secrets in it: a plan refers to services by name, and
//! the specification is rendered again from the recorded product and variables.

use std::collections::BTreeMap;
use std::time::Duration;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::name::ImageRef;

/// One stack, ready to be planned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StackSpec {
    /// The stack's name in the product.
    pub stack: String,
    /// The prefix of everything it owns on the engine (`deploymentStackName`; Compose calls it the project).
    pub project: String,
    /// In file order.
    pub services: IndexMap<String, ServiceSpec>,
    /// By the name that services use.
    pub networks: IndexMap<String, NetworkSpec>,
    /// Named volumes, by the name that services use.
    pub volumes: IndexMap<String, VolumeSpec>,
}

/// One service of a stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceSpec {
    /// Unique in the stack.
    pub name: String,
    /// `{project}_{service}`, or what the manifest says. Replicas beyond one get `_2`, `_3`, ….
    pub container_name: String,
    /// What to run.
    pub image: ImageRef,
    /// When to ask the registry.
    pub pull_policy: PullPolicy,
    /// Containers of this service; at least 1.
    pub replicas: u32,
    /// Service, or one-shot that must end before the services start.
    pub lifecycle: Lifecycle,
    /// Overrides the image's command.
    pub command: Option<Vec<String>>,
    /// Overrides the image's entry point; empty clears it.
    pub entrypoint: Option<Vec<String>>,
    /// Complete environment given at creation. May contain secrets: never print it.
    pub environment: BTreeMap<String, Option<String>>,
    /// The author's labels; Windlass adds its own.
    pub labels: BTreeMap<String, String>,
    /// Published ports.
    pub ports: Vec<PortSpec>,
    /// Exposed, not published: `8080/tcp`.
    pub expose: Vec<String>,
    /// Binds, volumes and tmpfs.
    pub mounts: Vec<MountSpec>,
    /// Secrets and configs, put into the container as files before it starts.
    pub files: Vec<FileSpec>,
    /// Networks in order of priority; empty only with a `network_mode`.
    pub networks: Vec<NetworkAttachment>,
    /// `host`, `none`, `service:NAME`, `container:NAME`.
    pub network_mode: Option<String>,
    /// What must be so before it starts.
    pub depends_on: Vec<Dependency>,
    /// Overrides the image's health check.
    pub healthcheck: Option<Healthcheck>,
    /// A probe made by Windlass itself, from outside the container.
    pub probe: Option<Probe>,
    /// What the engine does when it ends.
    pub restart: RestartPolicy,
    /// Time between the stop signal and the kill.
    pub stop_grace_period: Option<Duration>,
    /// How the author wants replacements to be made; says nothing about the container, so it is no part of [`Self::hash`].
    #[serde(skip)]
    pub update_order: Option<UpdateOrder>,
    /// Everything else that is passed on as it is.
    pub runtime: RuntimeOptions,
}

impl StackSpec {
    /// The same with the images that are run instead of the references, where there are any.
    #[must_use]
    pub fn pinned(mut self, pins: &BTreeMap<String, String>) -> Self {
        for service in self.services.values_mut() {
            if let Some(reference) = pins.get(&service.image.to_string()) {
                *service = service.pinned(reference);
            }
        }
        self
    }
}

impl ServiceSpec {
    /// The name of one replica's container; `replica` counts from 1.
    #[must_use]
    pub fn container_name_of(&self, replica: u32) -> String {
        if replica <= 1 {
            self.container_name.clone()
        } else {
            format!("{}_{replica}", self.container_name)
        }
    }

    /// The same with another reference of its image; one that cannot be read changes nothing.
    #[must_use]
    pub fn pinned(&self, reference: &str) -> Self {
        let mut pinned = self.clone();
        if let Ok(image) = reference.parse() {
            pinned.image = image;
        }
        pinned
    }

    /// SHA-256 over everything that makes a container different, as lower-case hex. Equal hashes mean that nothing is to be done.
    #[must_use]
    pub fn hash(&self) -> String {
        // Field order is the declaration order and every map is sorted or in file order, so the text is stable.
        let text = serde_json::to_vec(self).unwrap_or_default();
        Sha256::digest(&text)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}

/// `deploy.update_config.order`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpdateOrder {
    /// The new container is up before the old one is stopped, where nothing forbids it.
    StartFirst,
    /// The old container is stopped first.
    StopFirst,
}

/// When to ask the registry for an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PullPolicy {
    /// Every time.
    Always,
    /// Only where the engine does not have it.
    #[default]
    Missing,
    /// Never: it must be on the engine.
    Never,
}

/// Service or one-shot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    /// Runs until it is stopped.
    Service,
    /// Runs to its end before the services of its stack start; only exit code 0 is good.
    Init {
        /// Longest run.
        timeout: Duration,
    },
}

impl Lifecycle {
    /// Whether it is a one-shot.
    #[must_use]
    pub const fn is_init(&self) -> bool {
        matches!(self, Self::Init { .. })
    }
}

/// One published port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortSpec {
    /// Port in the container.
    pub target: u16,
    /// Port, or range such as `8000-8010`, on the host; none lets the engine choose.
    pub published: Option<String>,
    /// Address on the host.
    pub host_ip: Option<String>,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
}

/// One mount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum MountSpec {
    /// A path of the host.
    Bind {
        /// Absolute path on the host.
        source: String,
        /// Path in the container.
        target: String,
        /// Whether it cannot be written to.
        read_only: bool,
        /// Made where it does not exist.
        create_host_path: bool,
        /// `rprivate`, `rshared`, ….
        propagation: Option<String>,
        /// SELinux label option, `z` or `Z`.
        selinux: Option<String>,
    },
    /// A volume of the stack, or an anonymous one.
    Volume {
        /// Key in [`StackSpec::volumes`]; none is an anonymous volume.
        source: Option<String>,
        /// Path in the container.
        target: String,
        /// Whether it cannot be written to.
        read_only: bool,
        /// Whether the image's content is not copied into it.
        nocopy: bool,
        /// Path inside the volume.
        subpath: Option<String>,
    },
    /// Memory.
    Tmpfs {
        /// Path in the container.
        target: String,
        /// Bytes.
        size: Option<i64>,
        /// File mode, such as `0o1777`.
        mode: Option<u32>,
    },
}

/// A secret or config, given to the container as a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSpec {
    /// Absolute path in the container.
    pub target: String,
    /// Its text. May be a secret: never print it.
    pub content: String,
    /// Owner.
    pub uid: u64,
    /// Group.
    pub gid: u64,
    /// Mode, such as `0o444`.
    pub mode: u32,
    /// Whether it comes from `secrets`.
    pub secret: bool,
}

/// A service on a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkAttachment {
    /// Key in [`StackSpec::networks`].
    pub network: String,
    /// Further DNS names; the service's own name is always one.
    pub aliases: Vec<String>,
    /// Fixed address.
    pub ipv4_address: Option<String>,
    /// Fixed address.
    pub ipv6_address: Option<String>,
    /// Link-local addresses.
    pub link_local_ips: Vec<String>,
    /// Fixed hardware address.
    pub mac_address: Option<String>,
    /// Driver options of the endpoint.
    pub driver_opts: BTreeMap<String, String>,
    /// Which network gives the default gateway: the highest.
    pub gw_priority: Option<i64>,
}

/// What must be so before a service starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    /// Name of the other service.
    pub service: String,
    /// What about it.
    pub condition: Condition,
    /// Whether its absence or failure stops this service.
    pub required: bool,
}

/// The conditions of `depends_on`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// It was started.
    ServiceStarted,
    /// Its health gate passed.
    ServiceHealthy,
    /// It ended with exit code 0.
    ServiceCompletedSuccessfully,
}

/// The engine's own health check.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Healthcheck {
    /// `["CMD", …]`, `["CMD-SHELL", …]`, or `["NONE"]` to switch the image's off; none inherits the image's.
    pub test: Option<Vec<String>>,
    /// Between two checks.
    pub interval: Option<Duration>,
    /// For one check.
    pub timeout: Option<Duration>,
    /// Failures in a row until unhealthy.
    pub retries: Option<u32>,
    /// Failures that do not count after the start.
    pub start_period: Option<Duration>,
    /// Between two checks in the start period.
    pub start_interval: Option<Duration>,
}

/// A probe that Windlass makes from outside the container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// How.
    pub kind: ProbeKind,
    /// Between two attempts.
    pub interval: Duration,
    /// For one attempt.
    pub timeout: Duration,
    /// Failures in a row until unhealthy.
    pub retries: u32,
    /// Failures that do not count after the start.
    pub start_period: Duration,
}

/// How a [`Probe`] asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ProbeKind {
    /// A GET to the container's address.
    Http {
        /// Path with leading slash.
        path: String,
        /// Port in the container; none takes the first exposed.
        port: Option<u16>,
        /// Whether over TLS (certificates are not checked: it is the container's own).
        https: bool,
        /// Codes that count as healthy.
        expected_status_codes: Vec<u16>,
    },
    /// A connection to the container's address.
    Tcp {
        /// Port in the container; none takes the first exposed.
        port: Option<u16>,
    },
    /// A command in the container; exit code 0 is healthy.
    Exec {
        /// Program and arguments.
        command: Vec<String>,
    },
}

/// What the engine does when a container ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestartPolicy {
    /// Nothing.
    No,
    /// Starts it again.
    Always,
    /// Starts it again unless someone stopped it.
    UnlessStopped,
    /// Starts it again after a failure.
    OnFailure {
        /// At most so often; none is without limit.
        max_retries: Option<u32>,
    },
}

/// Options that reach the engine as they are written.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RuntimeOptions {
    pub annotations: BTreeMap<String, String>,
    pub cap_add: Vec<String>,
    pub cap_drop: Vec<String>,
    pub cgroup: Option<String>,
    pub cgroup_parent: Option<String>,
    pub devices: Vec<DeviceSpec>,
    pub device_cgroup_rules: Vec<String>,
    pub dns: Vec<String>,
    pub dns_opt: Vec<String>,
    pub dns_search: Vec<String>,
    pub domainname: Option<String>,
    /// `host:address`.
    pub extra_hosts: Vec<String>,
    pub group_add: Vec<String>,
    pub hostname: Option<String>,
    /// Run an init process as PID 1.
    pub init: Option<bool>,
    pub ipc: Option<String>,
    pub isolation: Option<String>,
    pub logging: Option<LoggingSpec>,
    pub mac_address: Option<String>,
    pub oom_kill_disable: Option<bool>,
    pub oom_score_adj: Option<i64>,
    pub pid: Option<String>,
    pub platform: Option<String>,
    pub privileged: bool,
    pub read_only: bool,
    pub resources: Resources,
    pub runtime: Option<String>,
    pub security_opt: Vec<String>,
    /// Bytes.
    pub shm_size: Option<i64>,
    pub stdin_open: bool,
    pub stop_signal: Option<String>,
    pub storage_opt: BTreeMap<String, String>,
    pub sysctls: BTreeMap<String, String>,
    pub tty: bool,
    pub ulimits: Vec<Ulimit>,
    pub user: Option<String>,
    pub userns_mode: Option<String>,
    pub uts: Option<String>,
    pub volumes_from: Vec<String>,
    pub working_dir: Option<String>,
}

/// A device of the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceSpec {
    pub source: String,
    pub target: String,
    /// Some of `rwm`.
    pub permissions: String,
}

/// Log driver and its options.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoggingSpec {
    pub driver: Option<String>,
    pub options: BTreeMap<String, String>,
}

/// One limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ulimit {
    pub name: String,
    pub soft: i64,
    pub hard: i64,
}

/// CPU, memory and process limits.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Resources {
    /// CPUs times 10^9.
    pub nano_cpus: Option<i64>,
    pub cpu_shares: Option<i64>,
    pub cpu_period: Option<i64>,
    pub cpu_quota: Option<i64>,
    pub cpu_rt_period: Option<i64>,
    pub cpu_rt_runtime: Option<i64>,
    pub cpuset: Option<String>,
    /// Bytes.
    pub memory: Option<i64>,
    /// Bytes.
    pub memory_reservation: Option<i64>,
    /// Bytes, -1 without limit.
    pub memory_swap: Option<i64>,
    pub memory_swappiness: Option<i64>,
    pub pids_limit: Option<i64>,
    /// 10 to 1000.
    pub blkio_weight: Option<u16>,
}

/// One network of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkSpec {
    /// The name on the engine: `{project}_{key}`, or what the manifest says.
    pub name: String,
    /// Whether it must exist and is never made or removed by Windlass.
    pub external: bool,
    pub driver: Option<String>,
    pub driver_opts: BTreeMap<String, String>,
    pub attachable: bool,
    pub internal: bool,
    pub enable_ipv4: Option<bool>,
    pub enable_ipv6: bool,
    pub labels: BTreeMap<String, String>,
    pub ipam: Option<IpamSpec>,
}

/// Addresses of a network.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct IpamSpec {
    pub driver: Option<String>,
    pub options: BTreeMap<String, String>,
    pub config: Vec<IpamPool>,
}

/// One address pool.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct IpamPool {
    pub subnet: Option<String>,
    pub gateway: Option<String>,
    pub ip_range: Option<String>,
    pub aux_addresses: BTreeMap<String, String>,
}

/// One named volume of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeSpec {
    /// The name on the engine: `{project}_{key}`, or what the manifest says.
    pub name: String,
    /// Whether it must exist and is never made or removed by Windlass.
    pub external: bool,
    pub driver: Option<String>,
    pub driver_opts: BTreeMap<String, String>,
    pub labels: BTreeMap<String, String>,
}
