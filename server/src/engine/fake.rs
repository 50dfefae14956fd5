//! A test double: an engine in memory, for cases that are too large for a real one or cannot be provoked there. Nothing in the product
//! uses it.
//!
//! It keeps the contract of [`Engine`] (the same tests run against it and against Docker) and obeys scripts: how containers of a
//! service or an image behave, and which calls fail how. Everything happens on tokio's clock, so a test may pause it. Every call is
//! recorded in order.

mod inventory;
mod script;
mod state;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use domain::name::ImageRef;
use domain::plan::{Health, Observed, Ownership};
use domain::spec::{NetworkSpec, VolumeSpec};
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::sleep;

pub use self::script::{Call, Fault, HealthScript, Injection, Script, Verb};
pub use self::state::FakeContainer;
use self::state::{RegistryImage, State, Turn, is_up};
use super::{
    ContainerDescription, ContainerDetails, ContainerEvent, Engine, EngineError, EngineInfo, Image,
    ListedContainer, ListedVolume, LogLine, LogRange, NewContainer, NewVolume, PublishedPort,
    PullProgress,
};

/// What errors name as the engine's address.
const ADDRESS: &str = "fake://engine";

/// Most events that a slow reader may be behind before its stream breaks.
const EVENT_BACKLOG: usize = 4096;

/// Grace where nobody said another.
const DEFAULT_GRACE: Duration = Duration::from_secs(10);

/// Exit code of a container that was killed after its grace.
const KILLED: i64 = 137;

/// Bytes that a fake image has.
const IMAGE_SIZE: u64 = 1_000_000;

/// An engine in memory. Cloning gives another handle to the same one.
#[derive(Clone)]
pub struct FakeEngine {
    inner: Arc<Inner>,
}

struct Inner {
    state: Mutex<State>,
    /// What happens to containers later; ends with the engine.
    lives: Mutex<JoinSet<()>>,
    events: broadcast::Sender<ContainerEvent>,
    /// Told after every change.
    changed: watch::Sender<u64>,
}

impl Default for FakeEngine {
    fn default() -> Self {
        Self::new()
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        // A panic of a test must not hide behind a second one here.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn emit(&self, event: ContainerEvent) {
        // Nobody listening is fine.
        let _ = self.events.send(event);
        self.changed.send_modify(|count| *count += 1);
    }
}

impl FakeEngine {
    /// An engine without images.
    #[must_use]
    pub fn new() -> Self {
        Self {
            inner: Arc::new(Inner {
                state: Mutex::new(State::new()),
                lives: Mutex::new(JoinSet::new()),
                events: broadcast::Sender::new(EVENT_BACKLOG),
                changed: watch::Sender::new(0),
            }),
        }
    }

    /// Puts an image onto the engine.
    pub fn add_image(&self, image: &ImageRef, has_healthcheck: bool) {
        let image_on_engine = fake_image(image, has_healthcheck);
        self.inner
            .state()
            .images
            .insert(image.to_string(), image_on_engine);
    }

    /// Puts an image into the registry; the first `failures` pulls fail, and each takes `delay`.
    pub fn add_registry_image(&self, image: &ImageRef, failures: u32, delay: Duration) {
        let entry = RegistryImage {
            image: fake_image(image, false),
            failures,
            delay,
        };
        self.inner.state().registry.insert(image.to_string(), entry);
    }

    /// How containers behave that are made from now on; `of` is a service's name or an image. The service's script wins.
    pub fn set_script(&self, of: &str, script: Script) {
        self.inner.state().scripts.insert(of.to_owned(), script);
    }

    /// Makes calls fail; injections are asked in the order in which they came.
    pub fn inject(&self, injection: Injection) {
        self.inner.state().injections.push(injection);
    }

    /// How long every call takes.
    pub fn set_latency(&self, latency: Duration) {
        self.inner.state().latency = latency;
    }

    /// Every call so far, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.inner.state().calls.clone()
    }

    /// Forgets the calls so far.
    pub fn forget_calls(&self) {
        self.inner.state().calls.clear();
    }

    /// The container of this name or id.
    #[must_use]
    pub fn container(&self, id: &str) -> Option<FakeContainer> {
        self.inner.state().find(id).ok().cloned()
    }

    /// A running container that is not ours.
    pub fn add_foreign_container(&self, name: &str) {
        self.inner.state().add_foreign_container(name);
    }

    /// A running container that carries these labels of ours, whether there is such a deployment or not.
    pub fn add_container_of(&self, name: &str, owner: Ownership) {
        let mut state = self.inner.state();
        state.add_foreign_container(name);
        if let Ok(container) = state.find(name) {
            container.details.container.ownership = Some(owner);
        }
    }

    /// A running container that is not ours, on a port of the host.
    pub fn add_foreign_port(&self, container: &str, port: u16) {
        self.inner.state().add_foreign_port(container, port);
    }

    /// A network that is not ours.
    pub fn add_foreign_network(&self, name: &str) {
        self.inner.state().networks.insert(name.to_owned(), None);
    }

    /// A volume that is not ours.
    pub fn add_foreign_volume(&self, name: &str) {
        self.inner.state().volumes.insert(name.to_owned(), None);
    }

    /// The container ends now, as if by itself; its restart policy counts.
    ///
    /// # Errors
    /// Where there is no such container.
    pub fn kill(&self, id: &str, exit_code: i64) -> Result<(), EngineError> {
        self.end(id, exit_code)
    }

    /// The container's health check comes to this now.
    ///
    /// # Errors
    /// Where there is no such container.
    pub fn set_health(&self, id: &str, health: Health) -> Result<(), EngineError> {
        let event = self.inner.state().set_health(id, health)?;
        self.inner.emit(event);
        Ok(())
    }

    /// Removes a container behind everybody's back, ours or not.
    pub fn vanish(&self, id: &str) {
        let mut state = self.inner.state();
        if let Ok(container) = state.find(id) {
            let id = container.details.container.id.clone();
            state.containers.remove(&id);
        }
    }

    /// Breaks every stream of events.
    pub fn break_events(&self) {
        self.inner.state().connection += 1;
        self.inner.changed.send_modify(|count| *count += 1);
    }

    /// Records a call and does it, unless a fault was injected.
    async fn perform<T>(
        &self,
        verb: Verb,
        object: &str,
        act: impl FnOnce(&mut State, &Call) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let (call, fault, latency) = {
            let mut state = self.inner.state();
            // Ids say little in a record: the container's name stands for it.
            let object = match state.find(object) {
                Ok(container) => container.details.container.name.clone(),
                Err(_) => object.to_owned(),
            };
            let call = Call { verb, object };
            state.calls.push(call.clone());
            let mut fault = None;
            for injection in &mut state.injections {
                if fault.is_none() && injection.strike(&call) {
                    fault = Some(injection.fault.clone());
                }
            }
            state.injections.retain(|injection| injection.times > 0);
            (call, fault, state.latency)
        };
        if !latency.is_zero() {
            sleep(latency).await;
        }
        match fault {
            Some(fault) if fault.is_done() => {
                act(&mut self.inner.state(), &call)?;
                Err(fault.error(&call))
            }
            Some(fault) => Err(fault.error(&call)),
            None => act(&mut self.inner.state(), &call),
        }
    }

    fn end(&self, id: &str, exit_code: i64) -> Result<(), EngineError> {
        let (event, again) = self.inner.state().end(id, exit_code, false)?;
        let id = event.id.clone();
        self.inner.emit(event);
        if let Some(pause) = again {
            self.live(id, Some(pause), Vec::new());
        }
        Ok(())
    }

    /// Lines of a container's output from a position on, to the end or, with `follow`, until it ends.
    fn lines_from(
        &self,
        id: String,
        from: usize,
        follow: bool,
    ) -> BoxStream<'static, Result<LogLine, EngineError>> {
        let changed = self.inner.changed.subscribe();
        let state = (self.inner.clone(), changed, id, from);
        futures::stream::unfold(state, move |(inner, mut changed, id, at)| async move {
            loop {
                changed.borrow_and_update();
                let (line, running) = match inner.state().find(&id) {
                    Ok(container) => (
                        container.log.get(at).cloned(),
                        is_up(container.details.container.state),
                    ),
                    Err(_) => return None,
                };
                if let Some(line) = line {
                    return Some((Ok(line), (inner, changed, id, at + 1)));
                }
                if !follow || !running || changed.changed().await.is_err() {
                    return None;
                }
            }
        })
        .boxed()
    }

    /// Plays the rest of a container's life in the background: its turns, its end, its restarts.
    fn live(&self, id: String, restart_in: Option<Duration>, turns: Vec<(Duration, Turn)>) {
        if turns.is_empty() && restart_in.is_none() {
            return;
        }
        let life = match self.inner.state().find(&id) {
            Ok(container) => container.life,
            Err(_) => return,
        };
        let inner = Arc::downgrade(&self.inner);
        let mut lives = self
            .inner
            .lives
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        while lives.try_join_next().is_some() {}
        lives.spawn(play(inner, id, life, restart_in, turns));
    }
}

async fn play(
    inner: Weak<Inner>,
    id: String,
    mut life: u64,
    mut restart_in: Option<Duration>,
    mut turns: Vec<(Duration, Turn)>,
) {
    loop {
        if let Some(pause) = restart_in.take() {
            sleep(pause).await;
            let Some(inner) = inner.upgrade() else { return };
            let started = {
                let mut state = inner.state();
                match state.find(&id) {
                    Ok(container) if container.life == life => {}
                    _ => return,
                }
                let started = state.run(&id, true);
                life += 1;
                started
            };
            match started {
                Ok((event, next)) => {
                    turns = next;
                    inner.emit(event);
                }
                Err(_) => return,
            }
        }
        let start = tokio::time::Instant::now();
        for (at, turn) in std::mem::take(&mut turns) {
            tokio::time::sleep_until(start + at).await;
            let Some(inner) = inner.upgrade() else { return };
            let event = {
                let mut state = inner.state();
                match state.find(&id) {
                    Ok(container) if container.life == life => {}
                    _ => return,
                }
                match turn {
                    Turn::Health(health) => state.set_health(&id, health),
                    Turn::Exit(code) => state.end(&id, code, false).map(|(event, again)| {
                        restart_in = again;
                        life += 1;
                        event
                    }),
                }
            };
            match event {
                Ok(event) => inner.emit(event),
                Err(_) => return,
            }
        }
        if restart_in.is_none() {
            return;
        }
    }
}

fn fake_image(image: &ImageRef, has_healthcheck: bool) -> Image {
    Image {
        id: format!("sha256:{image}"),
        repo_digest: None,
        has_healthcheck,
        exposed_ports: vec!["8080/tcp".to_owned()],
    }
}

#[async_trait]
impl Engine for FakeEngine {
    async fn info(&self) -> Result<EngineInfo, EngineError> {
        self.perform(Verb::Info, "", |_, _| {
            Ok(EngineInfo {
                version: "28.0.0".to_owned(),
                api_version: "1.48".to_owned(),
                platform: "linux/amd64".to_owned(),
            })
        })
        .await
    }

    async fn observe(&self) -> Result<Observed, EngineError> {
        self.perform(Verb::Observe, "", |state, _| {
            Ok(Observed {
                containers: state
                    .containers
                    .values()
                    .map(|container| container.details.container.clone())
                    .collect(),
                networks: State::observed_objects(&state.networks),
                volumes: State::observed_objects(&state.volumes),
            })
        })
        .await
    }

    async fn published_ports(&self) -> Result<Vec<PublishedPort>, EngineError> {
        self.perform(Verb::PublishedPorts, "", |state, _| {
            Ok(state.published_ports())
        })
        .await
    }

    async fn image(&self, image: &ImageRef) -> Result<Option<Image>, EngineError> {
        let name = image.to_string();
        self.perform(Verb::Image, &name, |state, _| {
            Ok(state.images.get(&name).cloned())
        })
        .await
    }

    async fn pull_image(
        &self,
        image: &ImageRef,
        _platform: Option<&str>,
        stall: Duration,
        progress: mpsc::Sender<PullProgress>,
    ) -> Result<Image, EngineError> {
        let name = image.to_string();
        let entry = self
            .perform(Verb::Pull, &name, |state, _| {
                let entry =
                    state
                        .registry
                        .get_mut(&name)
                        .ok_or_else(|| EngineError::PullRefused {
                            image: name.clone(),
                            message: "manifest unknown".to_owned(),
                        })?;
                if entry.failures > 0 {
                    entry.failures -= 1;
                    return Err(EngineError::PullFailed {
                        image: name.clone(),
                        message: "unexpected EOF".to_owned(),
                    });
                }
                Ok(entry.clone())
            })
            .await?;
        let mut told = PullProgress {
            current: 0,
            total: IMAGE_SIZE,
            layers_done: 0,
            layers: 1,
        };
        // Nobody reading is no reason to stop.
        let _ = progress.try_send(told);
        if entry.delay > stall {
            sleep(stall).await;
            return Err(EngineError::PullFailed {
                image: name,
                message: format!("nothing moved for {} s", stall.as_secs()),
            });
        }
        sleep(entry.delay).await;
        self.inner.state().images.insert(name, entry.image.clone());
        told.current = IMAGE_SIZE;
        told.layers_done = 1;
        let _ = progress.try_send(told);
        Ok(entry.image)
    }

    async fn create_network(
        &self,
        network: &NetworkSpec,
        ownership: &Ownership,
    ) -> Result<(), EngineError> {
        self.perform(Verb::CreateNetwork, &network.name, |state, _| {
            state.create_network(network, ownership)
        })
        .await
    }

    async fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        self.perform(Verb::RemoveVolume, name, |state, _| {
            state.remove_volume(name)
        })
        .await
    }

    async fn registry_digest(&self, image: &ImageRef) -> Result<Option<String>, EngineError> {
        let name = image.to_string();
        self.perform(Verb::RegistryDigest, &name, |state, _| {
            // A registry names what it has by a digest of its own; one made of the image's will do.
            Ok(state
                .registry
                .get(&name)
                .map(|entry| entry.image.id.clone()))
        })
        .await
    }

    async fn remove_network(&self, name: &str) -> Result<(), EngineError> {
        self.perform(Verb::RemoveNetwork, name, |state, _| {
            state.remove_network(name)
        })
        .await
    }

    async fn create_volume(
        &self,
        volume: &VolumeSpec,
        ownership: &Ownership,
    ) -> Result<(), EngineError> {
        self.perform(Verb::CreateVolume, &volume.name, |state, _| {
            state.create_volume(volume, ownership)
        })
        .await
    }

    async fn create_container(&self, new: &NewContainer<'_>) -> Result<String, EngineError> {
        self.perform(Verb::CreateContainer, &new.name, |state, call| {
            let script = state.script_of(&new.service.name, &new.service.image);
            if let Some(fault) = &script.create_fault {
                return Err(fault.error(call));
            }
            let (id, event) = state.create_container(new)?;
            if let Some(event) = event {
                self.inner.emit(event);
            }
            Ok(id)
        })
        .await
    }

    async fn start_container(&self, id: &str) -> Result<(), EngineError> {
        let delay = self
            .container(id)
            .map_or(Duration::ZERO, |container| container.script.start_delay);
        if !delay.is_zero() {
            sleep(delay).await;
        }
        let mut started = None;
        let result = self
            .perform(Verb::StartContainer, id, |state, call| {
                if state.check_start(id, call)? {
                    started = Some(state.run(id, false)?);
                }
                Ok(())
            })
            .await;
        if let Some((event, turns)) = started {
            let id = event.id.clone();
            self.inner.emit(event);
            self.live(id, None, turns);
        }
        result
    }

    async fn stop_container(&self, id: &str, grace: Option<Duration>) -> Result<(), EngineError> {
        let (deaf, own_grace) = match self.container(id) {
            Some(container) => (
                container.script.ignores_stop && is_up(container.details.container.state),
                container
                    .service
                    .and_then(|service| service.stop_grace_period),
            ),
            None => (false, None),
        };
        if deaf {
            sleep(grace.or(own_grace).unwrap_or(DEFAULT_GRACE)).await;
        }
        let mut ended = None;
        let result = self
            .perform(Verb::StopContainer, id, |state, _| {
                let Ok(container) = state.find(id) else {
                    return Ok(());
                };
                if is_up(container.details.container.state) {
                    let code = if deaf {
                        KILLED
                    } else {
                        container.script.stop_exit_code
                    };
                    ended = Some(state.end(id, code, true)?.0);
                }
                Ok(())
            })
            .await;
        if let Some(event) = ended {
            self.inner.emit(event);
        }
        result
    }

    async fn remove_container(&self, id: &str) -> Result<(), EngineError> {
        let mut events = Vec::new();
        let result = self
            .perform(Verb::RemoveContainer, id, |state, _| {
                events = state.remove(id)?;
                Ok(())
            })
            .await;
        for event in events {
            self.inner.emit(event);
        }
        result
    }

    async fn rename_container(&self, id: &str, name: &str) -> Result<(), EngineError> {
        self.perform(Verb::RenameContainer, id, |state, _| {
            let event = state.rename(id, name)?;
            self.inner.emit(event);
            Ok(())
        })
        .await
    }

    async fn inspect_container(&self, id: &str) -> Result<ContainerDetails, EngineError> {
        self.perform(Verb::InspectContainer, id, |state, _| {
            Ok(state.find(id)?.details.clone())
        })
        .await
    }

    async fn last_log_lines(&self, id: &str, lines: u32) -> Result<Vec<LogLine>, EngineError> {
        self.perform(Verb::LastLogLines, id, |state, _| {
            let log = &state.find(id)?.log;
            let skip = log.len().saturating_sub(lines as usize);
            Ok(log[skip..].to_vec())
        })
        .await
    }

    async fn follow_logs(
        &self,
        id: &str,
    ) -> Result<BoxStream<'static, Result<LogLine, EngineError>>, EngineError> {
        let id = self
            .perform(Verb::FollowLogs, id, |state, _| {
                Ok(state.find(id)?.details.container.id.clone())
            })
            .await?;
        Ok(self.lines_from(id, 0, true))
    }

    async fn read_logs(
        &self,
        id: &str,
        range: LogRange,
    ) -> Result<BoxStream<'static, Result<LogLine, EngineError>>, EngineError> {
        let (id, from) = self
            .perform(Verb::ReadLogs, id, |state, _| {
                let container = state.find(id)?;
                Ok((
                    container.details.container.id.clone(),
                    inventory::first_line(&container.log, range),
                ))
            })
            .await?;
        Ok(self.lines_from(id, from, range.follow))
    }

    async fn list_containers(&self) -> Result<Vec<ListedContainer>, EngineError> {
        self.perform(Verb::ListContainers, "", |state, _| {
            Ok(state.containers.values().map(inventory::listed).collect())
        })
        .await
    }

    async fn describe_container(&self, id: &str) -> Result<ContainerDescription, EngineError> {
        self.perform(Verb::DescribeContainer, id, |state, _| {
            Ok(inventory::described(state.find(id)?))
        })
        .await
    }

    async fn restart_container(&self, id: &str) -> Result<(), EngineError> {
        let mut events = Vec::new();
        let mut started = None;
        let result = self
            .perform(Verb::RestartContainer, id, |state, call| {
                let container = state.find(id)?;
                let code = container.script.stop_exit_code;
                if is_up(container.details.container.state) {
                    events.push(state.end(id, code, true)?.0);
                }
                if state.check_start(id, call)? {
                    started = Some(state.run(id, false)?);
                }
                Ok(())
            })
            .await;
        for event in events {
            self.inner.emit(event);
        }
        if let Some((event, turns)) = started {
            let id = event.id.clone();
            self.inner.emit(event);
            self.live(id, None, turns);
        }
        result
    }

    async fn discard_container(&self, id: &str, force: bool) -> Result<(), EngineError> {
        let mut events = Vec::new();
        let result = self
            .perform(Verb::DiscardContainer, id, |state, _| {
                events = state.discard_container(id, force)?;
                Ok(())
            })
            .await;
        for event in events {
            self.inner.emit(event);
        }
        result
    }

    async fn list_volumes(&self) -> Result<Vec<ListedVolume>, EngineError> {
        self.perform(Verb::ListVolumes, "", |state, _| Ok(state.listed_volumes()))
            .await
    }

    async fn find_volume(&self, name: &str) -> Result<Option<ListedVolume>, EngineError> {
        self.perform(Verb::FindVolume, name, |state, _| {
            let mut all = state.listed_volumes().into_iter();
            Ok(all.find(|volume| volume.name == name))
        })
        .await
    }

    async fn make_volume(&self, new: &NewVolume) -> Result<ListedVolume, EngineError> {
        self.perform(Verb::MakeVolume, &new.name, |state, _| {
            state.make_volume(new)
        })
        .await
    }

    async fn discard_volume(&self, name: &str, _force: bool) -> Result<(), EngineError> {
        self.perform(Verb::DiscardVolume, name, |state, _| {
            state.discard_volume(name)
        })
        .await
    }

    async fn exec(
        &self,
        id: &str,
        _command: &[String],
        _timeout: Duration,
    ) -> Result<i64, EngineError> {
        self.perform(Verb::Exec, id, |state, call| {
            let container = state.find(id)?;
            if is_up(container.details.container.state) {
                Ok(container.script.exec_exit_code)
            } else {
                Err(Fault::Conflict("the container is not running".to_owned()).error(call))
            }
        })
        .await
    }

    async fn events(
        &self,
    ) -> Result<BoxStream<'static, Result<ContainerEvent, EngineError>>, EngineError> {
        let (events, connection, call) = self
            .perform(Verb::Events, "", |state, call| {
                Ok((
                    self.inner.events.subscribe(),
                    state.connection,
                    call.clone(),
                ))
            })
            .await?;
        let changed = self.inner.changed.subscribe();
        let state = Some((Arc::downgrade(&self.inner), events, changed, call));
        Ok(futures::stream::unfold(state, move |state| async move {
            let (inner, mut events, mut changed, call) = state?;
            loop {
                let broken = match inner.upgrade() {
                    Some(inner) => inner.state().connection != connection,
                    None => return None,
                };
                if broken {
                    return Some((Err(Fault::Broken.error(&call)), None));
                }
                tokio::select! {
                    biased;
                    event = events.recv() => {
                        return match event {
                            Ok(event) => Some((Ok(event), Some((inner, events, changed, call)))),
                            // Too slow: as with a real engine the stream breaks and the caller looks again.
                            Err(broadcast::error::RecvError::Lagged(_)) => {
                                Some((Err(Fault::Broken.error(&call)), None))
                            }
                            Err(broadcast::error::RecvError::Closed) => None,
                        };
                    }
                    _ = changed.changed() => {}
                }
            }
        })
        .boxed())
    }
}
