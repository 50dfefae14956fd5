//! The only door to container engines. Everything above speaks in the types here; nothing above names Docker's client.
//!
//! Every method is one short act with a time-out, safe to repeat: making what exists already adopts it where it is ours and
//! unchanged, and removing what is gone succeeds. Nothing here decides what should be done.

pub mod docker;
pub mod fake;
mod inventory;
mod ownership;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use domain::name::ImageRef;
use domain::plan::{ContainerState, Observed, ObservedContainer, Ownership};
use domain::spec::{NetworkSpec, ServiceSpec, StackSpec, VolumeSpec};
use futures::stream::BoxStream;
use tokio::sync::mpsc;

pub use inventory::{
    ContainerDescription, ContainerMount, ContainerPort, ListedContainer, ListedVolume, LogRange,
    NewVolume,
};

/// Labels that Windlass puts on everything it makes.
pub mod labels {
    /// Group id of the product.
    pub const PRODUCT: &str = "windlass.product";
    /// Product deployment id.
    pub const DEPLOYMENT: &str = "windlass.deployment";
    /// Environment id.
    pub const ENVIRONMENT: &str = "windlass.environment";
    /// Stack name in the product.
    pub const STACK: &str = "windlass.stack";
    /// Prefix of the stack's names on the engine.
    pub const PROJECT: &str = "windlass.project";
    /// Service name in the stack.
    pub const SERVICE: &str = "windlass.service";
    /// Replica, from 1.
    pub const REPLICA: &str = "windlass.replica";
    /// `service` or `init`.
    pub const LIFECYCLE: &str = "windlass.lifecycle";
    /// The operation that made it.
    pub const OPERATION: &str = "windlass.operation";
    /// Counts replacements of one (product, service); from 1.
    pub const GENERATION: &str = "windlass.generation";
    /// [`domain::spec::ServiceSpec::hash`] at creation.
    pub const SPEC_HASH: &str = "windlass.spec-hash";
}

/// What went wrong on the engine, sorted by what the caller does next.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Nothing answers at the engine's address.
    #[error("the engine at {address} cannot be reached")]
    Unreachable {
        /// Where it was looked for.
        address: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The request was sent and no answer came: it may have been done.
    #[error("the engine did not answer '{act}' within {} s", after.as_secs())]
    NoAnswer {
        /// What was asked.
        act: String,
        /// The time-out.
        after: Duration,
    },
    /// The connection broke after the request was sent: it may have been done.
    #[error("the connection to the engine broke during '{act}'")]
    Broken {
        /// What was asked.
        act: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The object is not there.
    #[error("{what} does not exist on the engine")]
    NotFound {
        /// `image redis:7`, `network shared`, ….
        what: String,
    },
    /// The name belongs to something that is not ours, or the object is in use.
    #[error("{what}: {message}")]
    Conflict {
        /// `container shop-web_app`, ….
        what: String,
        /// The engine's sentence.
        message: String,
    },
    /// The engine refused for good: bad request, no permission, bad entry point.
    #[error("the engine refused '{act}': {message}")]
    Refused {
        /// What was asked.
        act: String,
        /// The engine's sentence.
        message: String,
    },
    /// The engine failed in a way that may pass: 5xx, disk full.
    #[error("the engine failed at '{act}': {message}")]
    Failed {
        /// What was asked.
        act: String,
        /// The engine's sentence.
        message: String,
    },
    /// The registry refused or lacks the image: trying again changes nothing.
    #[error("image {image} cannot be pulled: {message}")]
    PullRefused {
        /// The reference.
        image: String,
        /// The registry's sentence.
        message: String,
    },
    /// The pull failed in a way that may pass.
    #[error("pulling {image} failed: {message}")]
    PullFailed {
        /// The reference.
        image: String,
        /// The engine's sentence, or that nothing moved for too long.
        message: String,
    },
}

/// What the caller of a failed act does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Try again after a pause.
    Retry,
    /// Look at the engine first: the act may have been done.
    Inspect,
    /// Give up: it will fail again.
    GiveUp,
}

impl EngineError {
    /// What the caller does next.
    #[must_use]
    pub const fn next(&self) -> Next {
        match self {
            Self::Unreachable { .. } | Self::Failed { .. } | Self::PullFailed { .. } => Next::Retry,
            Self::NoAnswer { .. } | Self::Broken { .. } => Next::Inspect,
            Self::NotFound { .. }
            | Self::Conflict { .. }
            | Self::Refused { .. }
            | Self::PullRefused { .. } => Next::GiveUp,
        }
    }

    /// Whether the engine itself is away or silent, so that nothing is said about the act.
    #[must_use]
    pub const fn is_outage(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. } | Self::NoAnswer { .. } | Self::Broken { .. }
        )
    }

    /// Whether the same act may well succeed a little later.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        !matches!(self.next(), Next::GiveUp)
    }
}

/// What the engine is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineInfo {
    /// Such as `28.5.2`.
    pub version: String,
    /// Such as `1.51`.
    pub api_version: String,
    /// Such as `linux/amd64`.
    pub platform: String,
}

/// An image on the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// `sha256:…` of the configuration.
    pub id: String,
    /// `repository@sha256:…`, where it came from a registry.
    pub repo_digest: Option<String>,
    /// Whether the image brings a health check of its own.
    pub has_healthcheck: bool,
    /// `8080/tcp`, ….
    pub exposed_ports: Vec<String>,
}

/// A container to be made.
#[derive(Debug, Clone)]
pub struct NewContainer<'a> {
    /// Its name on the engine.
    pub name: String,
    /// The stack that it belongs to: networks and volumes are looked up here.
    pub stack: &'a StackSpec,
    /// The service that it runs.
    pub service: &'a ServiceSpec,
    /// Ours, as labels.
    pub ownership: Ownership,
}

/// What a container looks like now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerDetails {
    /// The same facts as in a list.
    pub container: ObservedContainer,
    /// How often the engine restarted it.
    pub restart_count: u32,
    /// The engine's own sentence about why it could not start.
    pub error: Option<String>,
    /// Whether the kernel killed it for memory.
    pub oom_killed: bool,
    /// Epoch milliseconds; none where it never started.
    pub started_at: Option<i64>,
    /// Output of the last health checks, newest last.
    pub health_log: Vec<HealthProbe>,
    /// Addresses by network name.
    pub addresses: BTreeMap<String, String>,
}

impl ContainerDetails {
    /// Whether it ran to its end, with exit code 0.
    #[must_use]
    pub fn ended_well(&self) -> bool {
        self.container.state == ContainerState::Exited
            && self.container.exit_code == Some(0)
            && self.started_at.is_some()
    }
}

/// A port of the host that a running container has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedPort {
    /// The container's name.
    pub container: String,
    /// Whose container it is, where it is ours.
    pub ownership: Option<Ownership>,
    /// Address on the host; every address where it is empty, `0.0.0.0` or `::`.
    pub host_ip: String,
    /// Port on the host.
    pub port: u16,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
}

/// One run of a health check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthProbe {
    /// 0 is healthy.
    pub exit_code: i64,
    /// Its output, cut to [`MAX_HEALTH_OUTPUT`] bytes.
    pub output: String,
}

/// Most bytes kept of a health check's output.
pub const MAX_HEALTH_OUTPUT: usize = 2048;

/// Bytes of a pull.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PullProgress {
    /// Bytes that arrived, all layers.
    pub current: u64,
    /// Bytes in all as far as known.
    pub total: u64,
    /// Layers finished.
    pub layers_done: u32,
    /// Layers in all.
    pub layers: u32,
}

/// One line of a container's output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Standard output or standard error.
    pub stderr: bool,
    /// Epoch milliseconds from the engine.
    pub at: Option<i64>,
    /// The same in nanoseconds: names the line for whoever goes on after it.
    pub nanos: Option<i64>,
    /// The line without its end, cut to [`MAX_LOG_LINE`] bytes, invalid UTF-8 replaced.
    pub text: String,
}

/// Most bytes kept of one line.
pub const MAX_LOG_LINE: usize = 8 * 1024;

/// Something that happened to a container of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerEvent {
    /// Container id.
    pub id: String,
    /// Container name.
    pub name: String,
    /// What.
    pub kind: ContainerEventKind,
}

/// The events that steps wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContainerEventKind {
    /// It runs.
    Started,
    /// It ended.
    Died {
        /// Its exit code.
        exit_code: i64,
    },
    /// Its health check says so.
    Health(domain::plan::Health),
    /// It is gone.
    Removed,
    /// Anything else, such as created or renamed.
    Other,
}

/// A container engine.
#[async_trait]
pub trait Engine: Send + Sync {
    /// Version and platform; also proves that it answers.
    async fn info(&self) -> Result<EngineInfo, EngineError>;
    /// Every container, network and volume, ours or not: one list each, nothing inspected.
    async fn observe(&self) -> Result<Observed, EngineError>;
    /// Every container of ours, in whichever environment: one list, nothing inspected.
    async fn own_containers(&self) -> Result<Vec<ObservedContainer>, EngineError> {
        let mut containers = self.observe().await?.containers;
        containers.retain(|container| container.ownership.is_some());
        Ok(containers)
    }
    /// Ports of the host that running containers have, ours or not.
    async fn published_ports(&self) -> Result<Vec<PublishedPort>, EngineError>;
    /// The image, where the engine has it.
    async fn image(&self, image: &ImageRef) -> Result<Option<Image>, EngineError>;
    /// Pulls; gives up when no byte moves for `stall`. Progress is sent as it comes and may be dropped when nobody reads.
    async fn pull_image(
        &self,
        image: &ImageRef,
        platform: Option<&str>,
        stall: Duration,
        progress: mpsc::Sender<PullProgress>,
    ) -> Result<Image, EngineError>;
    /// Makes a network; one that exists and is ours is adopted, one that is not ours is a [`EngineError::Conflict`].
    async fn create_network(
        &self,
        network: &NetworkSpec,
        ownership: &Ownership,
    ) -> Result<(), EngineError>;
    /// Removes a network of ours; gone is good, one that is not ours or has containers is a [`EngineError::Conflict`].
    async fn remove_network(&self, name: &str) -> Result<(), EngineError>;
    /// Makes a volume; one that exists is adopted (it holds data that must not be lost).
    async fn create_volume(
        &self,
        volume: &VolumeSpec,
        ownership: &Ownership,
    ) -> Result<(), EngineError>;
    /// Removes a volume of ours with its data; gone is good, one that is not ours or in use is a [`EngineError::Conflict`].
    async fn remove_volume(&self, name: &str) -> Result<(), EngineError>;
    /// The digest, `sha256:…`, that the registry has for a reference now. Asks the registry, pulls nothing; none where it has none.
    async fn registry_digest(&self, image: &ImageRef) -> Result<Option<String>, EngineError>;
    /// Makes a container and puts its files into it, not started. One of the same name that is ours with the same specification hash, product and
    /// generation is adopted; one that is not ours is a [`EngineError::Conflict`] and is never touched. Returns the container's id.
    async fn create_container(&self, new: &NewContainer<'_>) -> Result<String, EngineError>;
    /// Starts; running already is good.
    async fn start_container(&self, id: &str) -> Result<(), EngineError>;
    /// Stops with the given grace; stopped or gone is good.
    async fn stop_container(&self, id: &str, grace: Option<Duration>) -> Result<(), EngineError>;
    /// Removes by force with its anonymous volumes; gone is good, one that is not ours is a [`EngineError::Conflict`].
    async fn remove_container(&self, id: &str) -> Result<(), EngineError>;
    /// Gives a container another name.
    async fn rename_container(&self, id: &str, name: &str) -> Result<(), EngineError>;
    /// State, health, addresses, restarts of one container by id or name.
    async fn inspect_container(&self, id: &str) -> Result<ContainerDetails, EngineError>;
    /// The last lines of both streams, oldest first.
    async fn last_log_lines(&self, id: &str, lines: u32) -> Result<Vec<LogLine>, EngineError>;
    /// All lines from the start and on until the container ends or the receiver is dropped.
    async fn follow_logs(
        &self,
        id: &str,
    ) -> Result<BoxStream<'static, Result<LogLine, EngineError>>, EngineError>;
    /// Lines of both streams in a range, as they come; also of a container that has ended.
    async fn read_logs(
        &self,
        id: &str,
        range: LogRange,
    ) -> Result<BoxStream<'static, Result<LogLine, EngineError>>, EngineError>;
    /// Every container, ours or not, for people: one list, nothing inspected.
    async fn list_containers(&self) -> Result<Vec<ListedContainer>, EngineError>;
    /// One container in full, by id or name.
    async fn describe_container(&self, id: &str) -> Result<ContainerDescription, EngineError>;
    /// Stops with the container's own grace and starts again; one that does not run is started.
    async fn restart_container(&self, id: &str) -> Result<(), EngineError>;
    /// Removes a container, ours or not, and keeps its volumes, also those without a name; gone is good. One that runs is a
    /// [`EngineError::Conflict`] unless `force` says to kill it.
    async fn discard_container(&self, id: &str, force: bool) -> Result<(), EngineError>;
    /// Every volume, ours or not.
    async fn list_volumes(&self) -> Result<Vec<ListedVolume>, EngineError>;
    /// The volume of this name, where there is one.
    async fn find_volume(&self, name: &str) -> Result<Option<ListedVolume>, EngineError>;
    /// Makes a volume that is nobody's; a name that is taken is a [`EngineError::Conflict`].
    async fn make_volume(&self, new: &NewVolume) -> Result<ListedVolume, EngineError>;
    /// Removes a volume with its data, ours or not; gone is good, one in use is a [`EngineError::Conflict`]. `force` also
    /// where its driver fails to.
    async fn discard_volume(&self, name: &str, force: bool) -> Result<(), EngineError>;
    /// Runs a command in the container; its exit code.
    async fn exec(
        &self,
        id: &str,
        command: &[String],
        timeout: Duration,
    ) -> Result<i64, EngineError>;
    /// Events of containers that carry our labels, from now on. Ends with an error when the connection breaks; the caller reconnects and looks again.
    async fn events(
        &self,
    ) -> Result<BoxStream<'static, Result<ContainerEvent, EngineError>>, EngineError>;
}
