//! Docker Engine through its API, versions 1.41 (20.10) and newer. The only module that names the client library.
//!
//! Every call opens a connection of its own, so streams of events and logs never keep a short call waiting, and nothing is shared but
//! the address: cloning is cheap, and an engine that is not there yet is found when it comes. Failures are
//! not tried again here: that is the caller's decision.

mod address;
mod api_version;
mod body;
mod call;
mod create;
mod endpoints;
mod events;
mod files;
mod inventory;
mod logs;
mod mounts;
mod observe;
mod pull;
mod refusal;

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use bollard::errors::Error;
use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use bollard::models::ContainerInspectResponse;
use bollard::query_parameters::{
    InspectContainerOptions, ListContainersOptionsBuilder, ListNetworksOptions, ListVolumesOptions,
    LogsOptionsBuilder, RemoveContainerOptionsBuilder, RemoveVolumeOptions,
    RenameContainerOptionsBuilder, StartContainerOptions, StopContainerOptionsBuilder,
    WaitContainerOptionsBuilder,
};
use bollard::{API_DEFAULT_VERSION, Docker};
use domain::name::ImageRef;
use domain::plan::{Observed, ObservedContainer, Ownership};
use domain::spec::{NetworkSpec, VolumeSpec};
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::mpsc;

use self::address::Address;
pub use self::address::{AddressError, DEFAULT_SOCKET, discover};
use self::api_version::ApiVersion;
use self::call::{Act, found};
use super::ownership::from_labels;
use super::{
    ContainerDescription, ContainerDetails, ContainerEvent, Engine, EngineError, EngineInfo, Image,
    ListedContainer, ListedVolume, LogLine, LogRange, NewContainer, NewVolume, PublishedPort,
    PullProgress, labels,
};

/// For calls that the engine answers from memory or with a little work.
pub const SHORT_TIMEOUT: Duration = Duration::from_secs(30);

/// For making containers: a new image's layers are prepared then.
pub const CREATE_TIMEOUT: Duration = Duration::from_secs(120);

/// For starting a container: old engines wait for the host's firewall.
pub const START_TIMEOUT: Duration = Duration::from_secs(120);

/// What stopping may take beyond the grace.
pub const STOP_MARGIN: Duration = Duration::from_secs(30);

/// The engine's own grace where nobody said another.
pub const DEFAULT_GRACE: Duration = Duration::from_secs(10);

/// For removing a container and what it wrote.
pub const REMOVE_TIMEOUT: Duration = Duration::from_secs(60);

/// The client's own limit, until the answer's head. It must never be the one that strikes: every call here has its own, shorter or, for
/// pulls, by progress.
const CLIENT_CEILING: Duration = Duration::from_secs(24 * 60 * 60);

/// Most lines that are asked for at once.
pub const MAX_LAST_LINES: u32 = 1000;

/// A Docker engine at one address.
#[derive(Clone)]
pub struct DockerEngine {
    shared: Arc<Shared>,
}

struct Shared {
    text: String,
    address: Address,
    /// Made at the first use: the library wants the socket file to exist.
    client: OnceLock<Docker>,
    /// [`ApiVersion::pack`]; 0 until the engine was asked, and again after its connection broke, since it may come back as another.
    api: AtomicU32,
    /// Held while a network is made on an engine that does not keep their names unique.
    networks: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for DockerEngine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("DockerEngine")
            .field(&self.shared.text)
            .finish()
    }
}

impl DockerEngine {
    /// An engine at `unix:///path` or `tcp://host:port`. Does not connect: the engine may come later.
    ///
    /// # Errors
    /// Where the address has another form.
    pub fn connect(address: &str) -> Result<Self, EngineError> {
        let parsed = address
            .parse()
            .map_err(|error: AddressError| EngineError::Unreachable {
                address: address.to_owned(),
                source: error.into(),
            })?;
        Ok(Self {
            shared: Arc::new(Shared {
                text: address.to_owned(),
                address: parsed,
                client: OnceLock::new(),
                api: AtomicU32::new(0),
                networks: tokio::sync::Mutex::new(()),
            }),
        })
    }

    /// As it was given.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.shared.text
    }

    fn client(&self, act: &Act) -> Result<Docker, EngineError> {
        if let Some(client) = self.shared.client.get() {
            return Ok(client.clone());
        }
        let ceiling = CLIENT_CEILING.as_secs();
        let client = match &self.shared.address {
            Address::Unix(path) => {
                Docker::connect_with_unix(&path.to_string_lossy(), ceiling, API_DEFAULT_VERSION)
            }
            Address::Tcp(host) => Docker::connect_with_http(host, ceiling, API_DEFAULT_VERSION),
        }
        .map_err(|error| act.error(self.address(), error))?;
        Ok(self.shared.client.get_or_init(|| client).clone())
    }

    /// One call with its time-out; its errors in our words.
    async fn call<T>(
        &self,
        act: &Act,
        limit: Duration,
        call: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, EngineError> {
        let result = call::within(self.address(), act, limit, call).await;
        if let Err(EngineError::Unreachable { .. } | EngineError::Broken { .. }) = &result {
            self.shared.api.store(0, Ordering::Relaxed);
        }
        result
    }

    async fn api_version(&self) -> Result<ApiVersion, EngineError> {
        match ApiVersion::unpack(self.shared.api.load(Ordering::Relaxed)) {
            Some(version) => Ok(version),
            None => {
                let info = self.info().await?;
                ApiVersion::parse(&info.api_version).ok_or_else(|| {
                    Act::new("ask for the version", "").refuse(format!(
                        "API version '{}' is not understood",
                        info.api_version
                    ))
                })
            }
        }
    }

    async fn inspect(&self, act: &Act, id: &str) -> Result<ContainerInspectResponse, EngineError> {
        let docker = self.client(act)?;
        self.call(
            act,
            SHORT_TIMEOUT,
            docker.inspect_container(id, None::<InspectContainerOptions>),
        )
        .await
    }

    /// Waits until a container that is being removed is gone.
    async fn wait_removed(&self, act: &Act, id: &str) -> Result<(), EngineError> {
        let docker = self.client(act)?;
        let options = WaitContainerOptionsBuilder::new()
            .condition("removed")
            .build();
        let mut gone = Box::pin(docker.wait_container(id, Some(options)));
        let wait = async {
            match gone.next().await {
                // Its exit code comes as an error where it is not 0.
                None | Some(Ok(_) | Err(Error::DockerContainerWaitError { .. })) => Ok(()),
                Some(Err(error)) => Err(error),
            }
        };
        found(self.call(act, REMOVE_TIMEOUT, wait).await).map(drop)
    }
}

/// In sentences a whole id is noise: its beginning names it as well.
fn container_act(verb: &'static str, id: &str) -> Act {
    let is_id = id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    let shown = if is_id { &id[..12] } else { id };
    Act::new(verb, format!("container {shown}"))
}

#[async_trait]
impl Engine for DockerEngine {
    async fn info(&self) -> Result<EngineInfo, EngineError> {
        let act = Act::new("ask for the version", "");
        let docker = self.client(&act)?;
        let version = self.call(&act, SHORT_TIMEOUT, docker.version()).await?;
        let api_version = version.api_version.unwrap_or_default();
        if let Some(api) = ApiVersion::parse(&api_version) {
            self.shared.api.store(api.pack(), Ordering::Relaxed);
        }
        Ok(EngineInfo {
            version: version.version.unwrap_or_default(),
            api_version,
            platform: format!(
                "{}/{}",
                version.os.unwrap_or_default(),
                version.arch.unwrap_or_default()
            ),
        })
    }

    async fn observe(&self) -> Result<Observed, EngineError> {
        let act = |what| Act::new("list", what);
        let (containers, networks, volumes) = (act("containers"), act("networks"), act("volumes"));
        let docker = self.client(&containers)?;
        let all = ListContainersOptionsBuilder::new().all(true).build();
        let (container_list, network_list, volume_list) = tokio::try_join!(
            self.call(
                &containers,
                SHORT_TIMEOUT,
                docker.list_containers(Some(all))
            ),
            self.call(
                &networks,
                SHORT_TIMEOUT,
                docker.list_networks(None::<ListNetworksOptions>)
            ),
            self.call(
                &volumes,
                SHORT_TIMEOUT,
                docker.list_volumes(None::<ListVolumesOptions>)
            ),
        )?;
        Ok(Observed {
            containers: container_list
                .into_iter()
                .filter_map(observe::container)
                .collect(),
            networks: network_list
                .into_iter()
                .filter_map(observe::network)
                .collect(),
            volumes: volume_list
                .volumes
                .unwrap_or_default()
                .into_iter()
                .map(observe::volume)
                .collect(),
        })
    }

    async fn own_containers(&self) -> Result<Vec<ObservedContainer>, EngineError> {
        let act = Act::new("list", "containers of ours");
        let docker = self.client(&act)?;
        let ours = HashMap::from([("label".to_owned(), vec![labels::PRODUCT.to_owned()])]);
        let all = ListContainersOptionsBuilder::new()
            .all(true)
            .filters(&ours)
            .build();
        let list = self
            .call(&act, SHORT_TIMEOUT, docker.list_containers(Some(all)))
            .await?;
        let containers = list.into_iter().filter_map(observe::container);
        Ok(containers
            .filter(|container| container.ownership.is_some())
            .collect())
    }

    async fn published_ports(&self) -> Result<Vec<PublishedPort>, EngineError> {
        let act = Act::new("list", "published ports");
        let docker = self.client(&act)?;
        let running = ListContainersOptionsBuilder::new().build();
        let listed = self
            .call(&act, SHORT_TIMEOUT, docker.list_containers(Some(running)))
            .await?;
        Ok(listed
            .into_iter()
            .flat_map(observe::published_ports)
            .collect())
    }

    async fn image(&self, image: &ImageRef) -> Result<Option<Image>, EngineError> {
        let act = Act::new("inspect", format!("image {image}"));
        let docker = self.client(&act)?;
        let name = image.to_string();
        let inspected = self
            .call(&act, SHORT_TIMEOUT, docker.inspect_image(&name))
            .await;
        Ok(found(inspected)?.and_then(|inspect| observe::image(image, inspect)))
    }

    async fn pull_image(
        &self,
        image: &ImageRef,
        platform: Option<&str>,
        stall: Duration,
        progress: mpsc::Sender<PullProgress>,
    ) -> Result<Image, EngineError> {
        let pull = pull::Pull {
            image,
            platform,
            credentials: None,
            stall,
            progress,
        };
        pull.run(self).await
    }

    async fn create_network(
        &self,
        network: &NetworkSpec,
        ownership: &Ownership,
    ) -> Result<(), EngineError> {
        create::network(self, network, ownership).await
    }

    async fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        let act = Act::new("remove", format!("volume {name}"));
        let docker = self.client(&act)?;
        let inspected = self
            .call(&act, SHORT_TIMEOUT, docker.inspect_volume(name))
            .await;
        let Some(volume) = found(inspected)? else {
            return Ok(());
        };
        if from_labels(&volume.labels).is_none() {
            return Err(act.conflict("Windlass did not make it and does not remove it"));
        }
        let removed = self
            .call(
                &act,
                SHORT_TIMEOUT,
                docker.remove_volume(name, None::<RemoveVolumeOptions>),
            )
            .await;
        found(removed).map(drop)
    }

    async fn registry_digest(&self, image: &ImageRef) -> Result<Option<String>, EngineError> {
        let act = Act::new("ask the registry for", format!("image {image}"));
        let docker = self.client(&act)?;
        let name = image.to_string();
        let asked = self
            .call(
                &act,
                SHORT_TIMEOUT,
                docker.inspect_registry_image(&name, None),
            )
            .await;
        Ok(found(asked)?.and_then(|answer| answer.descriptor.digest))
    }

    async fn remove_network(&self, name: &str) -> Result<(), EngineError> {
        let act = Act::new("remove", format!("network {name}"));
        let Some(network) = create::inspect_network(self, &act, name).await? else {
            return Ok(());
        };
        if network.owner.is_none() {
            return Err(act.conflict("Windlass did not make it and does not remove it"));
        }
        let docker = self.client(&act)?;
        let removed = self
            .call(&act, SHORT_TIMEOUT, docker.remove_network(&network.id))
            .await;
        found(removed).map(drop)
    }

    async fn create_volume(
        &self,
        volume: &VolumeSpec,
        ownership: &Ownership,
    ) -> Result<(), EngineError> {
        create::volume(self, volume, ownership).await
    }

    async fn create_container(&self, new: &NewContainer<'_>) -> Result<String, EngineError> {
        Box::pin(create::container(self, new)).await
    }

    async fn start_container(&self, id: &str) -> Result<(), EngineError> {
        let act = container_act("start", id);
        let docker = self.client(&act)?;
        let start = docker.start_container(id, None::<StartContainerOptions>);
        self.call(&act, START_TIMEOUT, start).await
    }

    async fn stop_container(&self, id: &str, grace: Option<Duration>) -> Result<(), EngineError> {
        let act = container_act("stop", id);
        let docker = self.client(&act)?;
        let mut options = StopContainerOptionsBuilder::new();
        let limit = match grace {
            Some(grace) => {
                let seconds = i32::try_from(body::whole_seconds(grace)).unwrap_or(i32::MAX);
                options = options.t(seconds);
                grace
            }
            // Then the container's own stop time-out counts, which creation set.
            None => {
                let inspected = found(self.inspect(&act, id).await)?;
                let own = inspected
                    .and_then(|inspect| inspect.config?.stop_timeout)
                    .and_then(|seconds| u64::try_from(seconds).ok());
                own.map_or(DEFAULT_GRACE, Duration::from_secs)
            }
        };
        let stop = docker.stop_container(id, Some(options.build()));
        found(
            self.call(&act, limit.saturating_add(STOP_MARGIN), stop)
                .await,
        )
        .map(drop)
    }

    async fn remove_container(&self, id: &str) -> Result<(), EngineError> {
        let act = container_act("remove", id);
        let Some(existing) = found(self.inspect(&act, id).await)? else {
            return Ok(());
        };
        let labels = existing.config.and_then(|config| config.labels);
        if labels.as_ref().and_then(from_labels).is_none() {
            return Err(act.conflict("Windlass did not make it and does not remove it"));
        }
        let docker = self.client(&act)?;
        let options = RemoveContainerOptionsBuilder::new()
            .force(true)
            .v(true)
            .build();
        // By the id that was looked at: the name may be another container's by now.
        let id = existing.id.unwrap_or_else(|| id.to_owned());
        let remove = docker.remove_container(&id, Some(options));
        match found(self.call(&act, REMOVE_TIMEOUT, remove).await) {
            Ok(_) => Ok(()),
            Err(EngineError::Conflict { message, .. }) if message.contains("in progress") => {
                self.wait_removed(&act, &id).await
            }
            Err(error) => Err(error),
        }
    }

    async fn rename_container(&self, id: &str, name: &str) -> Result<(), EngineError> {
        let act = container_act("rename", id);
        let docker = self.client(&act)?;
        let options = RenameContainerOptionsBuilder::new().name(name).build();
        match self
            .call(&act, SHORT_TIMEOUT, docker.rename_container(id, options))
            .await
        {
            // Older engines refuse the name that it already has.
            Err(error @ (EngineError::Conflict { .. } | EngineError::Refused { .. })) => {
                let now = self.inspect(&act, id).await?.name.unwrap_or_default();
                if now.trim_start_matches('/') == name {
                    Ok(())
                } else {
                    Err(error)
                }
            }
            other => other,
        }
    }

    async fn inspect_container(&self, id: &str) -> Result<ContainerDetails, EngineError> {
        let act = container_act("inspect", id);
        let inspect = self.inspect(&act, id).await?;
        observe::details(inspect)
            .ok_or_else(|| act.refuse("its answer lacks the container's state"))
    }

    async fn last_log_lines(&self, id: &str, lines: u32) -> Result<Vec<LogLine>, EngineError> {
        let act = container_act("read the output of", id);
        let docker = self.client(&act)?;
        let options = LogsOptionsBuilder::new()
            .stdout(true)
            .stderr(true)
            .timestamps(true)
            .tail(&lines.min(MAX_LAST_LINES).to_string())
            .build();
        let mut frames = Box::pin(docker.logs(id, Some(options)));
        let read = async {
            let mut joined = logs::Lines::default();
            let mut all = Vec::new();
            while let Some(frame) = frames.next().await {
                joined.push(&frame?);
                all.extend(std::iter::from_fn(|| joined.next()));
            }
            joined.finish();
            all.extend(std::iter::from_fn(|| joined.next()));
            Ok(all)
        };
        self.call(&act, SHORT_TIMEOUT, read).await
    }

    async fn follow_logs(
        &self,
        id: &str,
    ) -> Result<BoxStream<'static, Result<LogLine, EngineError>>, EngineError> {
        let act = container_act("follow the output of", id);
        // The stream itself would tell of a missing container only when it is read.
        self.inspect(&act, id).await?;
        let docker = self.client(&act)?;
        let options = LogsOptionsBuilder::new()
            .stdout(true)
            .stderr(true)
            .timestamps(true)
            .follow(true)
            .build();
        let frames = docker.logs(id, Some(options));
        let address = self.address().to_owned();
        Ok(logs::lines(frames, move |error| act.error(&address, error)).boxed())
    }

    async fn read_logs(
        &self,
        id: &str,
        range: LogRange,
    ) -> Result<BoxStream<'static, Result<LogLine, EngineError>>, EngineError> {
        inventory::read_logs(self, id, range).await
    }

    async fn list_containers(&self) -> Result<Vec<ListedContainer>, EngineError> {
        inventory::list_containers(self).await
    }

    async fn describe_container(&self, id: &str) -> Result<ContainerDescription, EngineError> {
        inventory::describe(self, id).await
    }

    async fn restart_container(&self, id: &str) -> Result<(), EngineError> {
        inventory::restart(self, id).await
    }

    async fn discard_container(&self, id: &str, force: bool) -> Result<(), EngineError> {
        inventory::discard_container(self, id, force).await
    }

    async fn list_volumes(&self) -> Result<Vec<ListedVolume>, EngineError> {
        inventory::list_volumes(self).await
    }

    async fn find_volume(&self, name: &str) -> Result<Option<ListedVolume>, EngineError> {
        inventory::find_volume(self, name).await
    }

    async fn make_volume(&self, new: &NewVolume) -> Result<ListedVolume, EngineError> {
        inventory::make_volume(self, new).await
    }

    async fn discard_volume(&self, name: &str, force: bool) -> Result<(), EngineError> {
        inventory::discard_volume(self, name, force).await
    }

    async fn exec(
        &self,
        id: &str,
        command: &[String],
        timeout: Duration,
    ) -> Result<i64, EngineError> {
        let act = container_act("run a command in", id);
        let docker = self.client(&act)?;
        let options = CreateExecOptions {
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(command.to_vec()),
            ..Default::default()
        };
        let run = async {
            let exec = docker.create_exec(id, options).await?;
            if let StartExecResults::Attached { mut output, .. } = docker
                .start_exec(&exec.id, None::<StartExecOptions>)
                .await?
            {
                // The output ends when the command ends; nobody wants it.
                while output.next().await.transpose()?.is_some() {}
            }
            docker.inspect_exec(&exec.id).await
        };
        let exec = self.call(&act, timeout, run).await?;
        exec.exit_code
            .ok_or_else(|| act.refuse("the command ended without an exit code"))
    }

    async fn events(
        &self,
    ) -> Result<BoxStream<'static, Result<ContainerEvent, EngineError>>, EngineError> {
        let act = Act::new("follow the events", "");
        let docker = self.client(&act)?;
        let info = self.call(&act, SHORT_TIMEOUT, docker.info()).await?;
        let now = info
            .system_time
            .as_deref()
            .and_then(events::epoch_with_nanos)
            .ok_or_else(|| act.refuse("the engine does not tell its time"))?;
        let messages = docker.events(Some(events::options(&now)));
        let address = self.address().to_owned();
        let ended = act.broken("the engine ended the stream of events");
        let events = messages
            .filter_map(move |message| {
                let event = match message {
                    Ok(message) => events::event(message).map(Ok),
                    Err(error) => Some(Err(act.error(&address, error))),
                };
                futures::future::ready(event)
            })
            .boxed();
        Ok(events::until_error(events, ended))
    }
}
