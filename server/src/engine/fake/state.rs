//! What a fake engine has, and the acts on it that take no time.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use domain::name::ImageRef;
use domain::plan::{ContainerState, Health, ObservedContainer, ObservedObject, Ownership};
use domain::spec::{MountSpec, NetworkSpec, RestartPolicy, ServiceSpec, StackSpec, VolumeSpec};
use tokio::time::Instant;

use super::script::{Call, HealthScript, Injection, Script};
use crate::engine::ownership::{describe_holder, is_same_container, is_same_product};
use crate::engine::{
    ContainerDetails, ContainerEvent, ContainerEventKind, EngineError, Image, LogLine,
    NewContainer, PublishedPort,
};

/// Where the fake clock starts, as epoch milliseconds.
const EPOCH: i64 = 1_767_225_600_000;

/// Exit code of a killed container.
const KILLED: i64 = 137;

/// A container of the fake engine, as it is now.
#[derive(Debug, Clone)]
pub struct FakeContainer {
    /// As the engine tells it.
    pub details: ContainerDetails,
    /// What it was made from; none for one that is not ours.
    pub service: Option<ServiceSpec>,
    /// Names of its networks.
    pub networks: Vec<String>,
    /// Names of its volumes that have a name.
    pub(super) volumes: Vec<String>,
    /// All it wrote.
    pub log: Vec<LogLine>,
    pub(super) script: Script,
    /// Counts starts and stops, so that what was planned for an earlier life does nothing in a later one.
    pub(super) life: u64,
    /// Whether somebody stopped it: then no restart policy starts it again.
    stopped: bool,
    pub(super) ports: Vec<String>,
    /// Epoch milliseconds.
    pub(super) created_at: i64,
}

/// An image in the registry.
#[derive(Debug, Clone)]
pub(super) struct RegistryImage {
    pub(super) image: Image,
    pub(super) failures: u32,
    pub(super) delay: Duration,
}

pub(super) struct State {
    pub(super) started: Instant,
    pub(super) containers: BTreeMap<String, FakeContainer>,
    pub(super) networks: BTreeMap<String, Option<Ownership>>,
    pub(super) volumes: BTreeMap<String, Option<Ownership>>,
    pub(super) images: BTreeMap<String, Image>,
    pub(super) registry: BTreeMap<String, RegistryImage>,
    pub(super) scripts: HashMap<String, Script>,
    pub(super) injections: Vec<Injection>,
    pub(super) calls: Vec<Call>,
    pub(super) latency: Duration,
    /// Raised to break every stream of events.
    pub(super) connection: u64,
    next_id: u64,
}

/// What the life of a container does next, after its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Health(Health),
    Exit(i64),
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            started: Instant::now(),
            containers: BTreeMap::new(),
            networks: ["bridge", "host", "none"]
                .map(|name| (name.to_owned(), None))
                .into(),
            volumes: BTreeMap::new(),
            images: BTreeMap::new(),
            registry: BTreeMap::new(),
            scripts: HashMap::new(),
            injections: Vec::new(),
            calls: Vec::new(),
            latency: Duration::ZERO,
            connection: 0,
            next_id: 1,
        }
    }

    pub(super) fn new_id(&mut self) -> String {
        self.next_id += 1;
        format!("{:064x}", self.next_id)
    }

    fn now(&self) -> i64 {
        EPOCH + i64::try_from(self.started.elapsed().as_millis()).unwrap_or(0)
    }

    /// By id or name.
    pub(super) fn find(&mut self, id: &str) -> Result<&mut FakeContainer, EngineError> {
        self.containers
            .values_mut()
            .find(|container| {
                container.details.container.id == id || container.details.container.name == id
            })
            .ok_or_else(|| EngineError::NotFound {
                what: format!("container {id}"),
            })
    }

    pub(super) fn create_network(
        &mut self,
        network: &NetworkSpec,
        owner: &Ownership,
    ) -> Result<(), EngineError> {
        match self.networks.get(&network.name) {
            Some(_) if network.external => Ok(()),
            Some(Some(existing)) if is_same_product(existing, owner) => Ok(()),
            Some(existing) => Err(EngineError::Conflict {
                what: format!("network {}", network.name),
                message: describe_holder(existing.as_ref(), owner),
            }),
            None if network.external => Err(EngineError::NotFound {
                what: format!("network {}", network.name),
            }),
            None => {
                self.networks
                    .insert(network.name.clone(), Some(owner.clone()));
                Ok(())
            }
        }
    }

    pub(super) fn remove_network(&mut self, name: &str) -> Result<(), EngineError> {
        let conflict = |message: &str| {
            Err(EngineError::Conflict {
                what: format!("network {name}"),
                message: message.to_owned(),
            })
        };
        match self.networks.get(name) {
            None => Ok(()),
            Some(None) => conflict("Windlass did not make it and does not remove it"),
            Some(Some(_)) if self.network_in_use(name) => {
                conflict("containers are still connected")
            }
            Some(Some(_)) => {
                self.networks.remove(name);
                Ok(())
            }
        }
    }

    pub(super) fn remove_volume(&mut self, name: &str) -> Result<(), EngineError> {
        let conflict = |message: &str| {
            Err(EngineError::Conflict {
                what: format!("volume {name}"),
                message: message.to_owned(),
            })
        };
        match self.volumes.get(name) {
            None => Ok(()),
            Some(None) => conflict("Windlass did not make it and does not remove it"),
            Some(Some(_)) if self.volume_in_use(name) => conflict("volume is in use"),
            Some(Some(_)) => {
                self.volumes.remove(name);
                Ok(())
            }
        }
    }

    pub(super) fn volume_in_use(&self, name: &str) -> bool {
        self.containers
            .values()
            .any(|container| container.volumes.iter().any(|volume| volume == name))
    }

    fn network_in_use(&self, name: &str) -> bool {
        self.containers.values().any(|container| {
            is_up(container.details.container.state)
                && container.networks.iter().any(|network| network == name)
        })
    }

    pub(super) fn create_volume(
        &mut self,
        volume: &VolumeSpec,
        owner: &Ownership,
    ) -> Result<(), EngineError> {
        if volume.external && !self.volumes.contains_key(&volume.name) {
            return Err(EngineError::NotFound {
                what: format!("volume {}", volume.name),
            });
        }
        self.volumes
            .entry(volume.name.clone())
            .or_insert_with(|| Some(owner.clone()));
        Ok(())
    }

    pub(super) fn create_container(
        &mut self,
        new: &NewContainer<'_>,
    ) -> Result<(String, Option<ContainerEvent>), EngineError> {
        let what = || format!("container {}", new.name);
        if let Ok(existing) = self.find(&new.name) {
            let holder = &existing.details.container;
            let same = holder
                .ownership
                .as_ref()
                .is_some_and(|owner| is_same_container(owner, &new.ownership));
            return if same {
                Ok((holder.id.clone(), None))
            } else {
                Err(EngineError::Conflict {
                    what: what(),
                    message: describe_holder(holder.ownership.as_ref(), &new.ownership),
                })
            };
        }
        let image = self
            .images
            .get(&new.service.image.to_string())
            .cloned()
            .ok_or_else(|| EngineError::NotFound {
                what: format!("image {}", new.service.image),
            })?;
        let networks =
            network_names(new.stack, new.service).map_err(|message| EngineError::Refused {
                act: format!("create {}", what()),
                message,
            })?;
        let volumes = self.make_named_volumes(new);
        let id = self.new_id();
        let container = FakeContainer {
            details: ContainerDetails {
                container: ObservedContainer {
                    id: id.clone(),
                    name: new.name.clone(),
                    image: new.service.image.to_string(),
                    image_id: image.id,
                    state: ContainerState::Created,
                    health: Health::None,
                    exit_code: None,
                    ownership: Some(new.ownership.clone()),
                },
                restart_count: 0,
                error: None,
                oom_killed: false,
                started_at: None,
                health_log: Vec::new(),
                addresses: BTreeMap::new(),
            },
            service: Some(new.service.clone()),
            networks,
            volumes,
            log: Vec::new(),
            script: self.script_of(&new.service.name, &new.service.image),
            life: 0,
            stopped: false,
            created_at: self.now(),
            ports: new
                .service
                .ports
                .iter()
                .filter_map(|port| {
                    let published = port
                        .published
                        .as_ref()
                        .filter(|text| text.as_str() != "0")?;
                    Some(format!("{published}/{}", port.protocol))
                })
                .collect(),
        };
        let event = event(&container, ContainerEventKind::Other);
        self.containers.insert(id.clone(), container);
        Ok((id, Some(event)))
    }

    /// The engine makes a named volume that a container mounts and that is not there, without labels.
    fn make_named_volumes(&mut self, new: &NewContainer<'_>) -> Vec<String> {
        let mut names = Vec::new();
        for mount in &new.service.mounts {
            if let MountSpec::Volume {
                source: Some(key), ..
            } = mount
                && let Some(volume) = new.stack.volumes.get(key)
            {
                self.volumes.entry(volume.name.clone()).or_insert(None);
                names.push(volume.name.clone());
            }
        }
        names
    }

    /// By service first, then by image.
    pub(super) fn script_of(&self, service: &str, image: &ImageRef) -> Script {
        self.scripts
            .get(service)
            .or_else(|| self.scripts.get(&image.to_string()))
            .cloned()
            .unwrap_or_default()
    }

    /// Whether it can be started; `Ok(false)` where it runs already.
    pub(super) fn check_start(&mut self, id: &str, call: &Call) -> Result<bool, EngineError> {
        let container = self.find(id)?.clone();
        if is_up(container.details.container.state) {
            return Ok(false);
        }
        let error = if let Some(fault) = &container.script.start_fault {
            Some(fault.error(call))
        } else if let Some(missing) = container
            .networks
            .iter()
            .find(|name| !self.networks.contains_key(*name))
        {
            Some(EngineError::NotFound {
                what: format!("network {missing}"),
            })
        } else {
            self.port_in_use(&container)
                .map(|port| EngineError::Conflict {
                    what: format!("container {}", container.details.container.name),
                    message: format!("a published port is in use on the host: {port}"),
                })
        };
        match error {
            None => Ok(true),
            Some(error) => {
                self.find(id)?.details.error = Some(error.to_string());
                Err(error)
            }
        }
    }

    fn port_in_use(&self, container: &FakeContainer) -> Option<String> {
        self.containers
            .values()
            .filter(|other| is_up(other.details.container.state))
            .flat_map(|other| &other.ports)
            .find(|port| container.ports.contains(port))
            .cloned()
    }

    pub(super) fn published_ports(&self) -> Vec<PublishedPort> {
        let up = self.containers.values();
        let up = up.filter(|container| is_up(container.details.container.state));
        up.flat_map(|container| {
            let shown = &container.details.container;
            container.ports.iter().filter_map(|text| {
                let (port, protocol) = text.split_once('/')?;
                Some(PublishedPort {
                    container: shown.name.clone(),
                    ownership: shown.ownership.clone(),
                    host_ip: String::new(),
                    port: port.parse().ok()?,
                    protocol: protocol.to_owned(),
                })
            })
        })
        .collect()
    }

    /// Makes it run; the event, and what comes next in its life.
    pub(super) fn run(
        &mut self,
        id: &str,
        restarted: bool,
    ) -> Result<(ContainerEvent, Vec<(Duration, Turn)>), EngineError> {
        let now = self.now();
        let checked = {
            let container = self.find(id)?;
            let image = container.details.container.image.clone();
            let service = container.service.clone();
            has_healthcheck(service.as_ref(), self.images.get(&image))
        };
        let number = self.containers.len();
        let container = self.find(id)?;
        container.life += 1;
        container.stopped = false;
        let script = container.script.clone();
        let details = &mut container.details;
        details.container.state = ContainerState::Running;
        details.container.exit_code = None;
        details.container.health = if checked {
            Health::Starting
        } else {
            Health::None
        };
        details.started_at = Some(now);
        details.error = None;
        details.restart_count = if restarted {
            details.restart_count + 1
        } else {
            0
        };
        let address = script
            .address
            .clone()
            .unwrap_or_else(|| format!("10.0.0.{number}"));
        details.addresses = container
            .networks
            .iter()
            .map(|name| (name.clone(), address.clone()))
            .collect();
        container.log.extend(
            (0..)
                .zip(&script.lines)
                .map(|(number, (stderr, text))| LogLine {
                    stderr: *stderr,
                    at: Some(now),
                    // No two lines are written at the same time.
                    nanos: Some(now * 1_000_000 + number),
                    text: text.clone(),
                }),
        );
        Ok((
            event(container, ContainerEventKind::Started),
            timeline(&script, checked),
        ))
    }

    /// Ends it; the event, and after how long its restart policy starts it again.
    pub(super) fn end(
        &mut self,
        id: &str,
        exit_code: i64,
        by_hand: bool,
    ) -> Result<(ContainerEvent, Option<Duration>), EngineError> {
        let container = self.find(id)?;
        container.life += 1;
        container.stopped |= by_hand;
        let again = !container.stopped && restarts(container, exit_code);
        let details = &mut container.details;
        details.container.exit_code = Some(exit_code);
        details.container.state = if again {
            ContainerState::Restarting
        } else {
            ContainerState::Exited
        };
        details.container.health = if details.container.health == Health::None {
            Health::None
        } else {
            Health::Unhealthy
        };
        details.addresses.clear();
        let pause = Duration::from_millis(100) * 2_u32.saturating_pow(details.restart_count.min(9));
        let event = event(container, ContainerEventKind::Died { exit_code });
        Ok((event, again.then_some(pause)))
    }

    pub(super) fn set_health(
        &mut self,
        id: &str,
        health: Health,
    ) -> Result<ContainerEvent, EngineError> {
        let container = self.find(id)?;
        container.details.container.health = health;
        Ok(event(container, ContainerEventKind::Health(health)))
    }

    pub(super) fn remove(&mut self, id: &str) -> Result<Vec<ContainerEvent>, EngineError> {
        let Ok(container) = self.find(id) else {
            return Ok(Vec::new());
        };
        let held = &container.details.container;
        if held.ownership.is_none() {
            return Err(EngineError::Conflict {
                what: format!("container {}", held.name),
                message: "Windlass did not make it and does not remove it".to_owned(),
            });
        }
        let id = held.id.clone();
        self.take_away(&id)
    }

    /// Ends it where it runs, and forgets it.
    pub(super) fn take_away(&mut self, id: &str) -> Result<Vec<ContainerEvent>, EngineError> {
        let mut events = Vec::new();
        let container = self.find(id)?;
        let held = &container.details.container;
        let (id, up) = (held.id.clone(), is_up(held.state));
        if up {
            events.push(self.end(&id, KILLED, true)?.0);
        }
        if let Some(container) = self.containers.remove(&id) {
            events.push(event(&container, ContainerEventKind::Removed));
        }
        Ok(events)
    }

    pub(super) fn rename(&mut self, id: &str, name: &str) -> Result<ContainerEvent, EngineError> {
        let own = self.find(id)?.details.container.id.clone();
        let taken = self
            .containers
            .values()
            .any(|other| other.details.container.name == name && other.details.container.id != own);
        if taken {
            return Err(EngineError::Conflict {
                what: format!("container {id}"),
                message: format!("the name is in use: {name}"),
            });
        }
        let container = self.find(id)?;
        name.clone_into(&mut container.details.container.name);
        Ok(event(container, ContainerEventKind::Other))
    }

    pub(super) fn observed_objects(
        objects: &BTreeMap<String, Option<Ownership>>,
    ) -> Vec<ObservedObject> {
        objects
            .iter()
            .map(|(name, ownership)| ObservedObject {
                name: name.clone(),
                ownership: ownership.clone(),
            })
            .collect()
    }

    pub(super) fn add_foreign_port(&mut self, container: &str, port: u16) {
        self.add_foreign_container(container);
        if let Some(added) = self
            .containers
            .values_mut()
            .find(|known| known.details.container.name == container)
        {
            added.ports.push(format!("{port}/tcp"));
        }
    }

    pub(super) fn add_foreign_container(&mut self, name: &str) {
        let id = self.new_id();
        let container = FakeContainer {
            details: ContainerDetails {
                container: ObservedContainer {
                    id: id.clone(),
                    name: name.to_owned(),
                    image: "foreign:latest".to_owned(),
                    image_id: format!("sha256:{id}"),
                    state: ContainerState::Running,
                    health: Health::None,
                    exit_code: None,
                    ownership: None,
                },
                restart_count: 0,
                error: None,
                oom_killed: false,
                started_at: Some(EPOCH),
                health_log: Vec::new(),
                addresses: BTreeMap::new(),
            },
            service: None,
            volumes: Vec::new(),
            networks: Vec::new(),
            log: Vec::new(),
            script: Script::default(),
            life: 1,
            stopped: false,
            ports: Vec::new(),
            created_at: EPOCH,
        };
        self.containers.insert(id, container);
    }
}

/// Whether it has a process, or will have one again without being started.
pub(super) const fn is_up(state: ContainerState) -> bool {
    matches!(
        state,
        ContainerState::Running | ContainerState::Paused | ContainerState::Restarting
    )
}

fn event(container: &FakeContainer, kind: ContainerEventKind) -> ContainerEvent {
    ContainerEvent {
        id: container.details.container.id.clone(),
        name: container.details.container.name.clone(),
        kind,
    }
}

fn network_names(stack: &StackSpec, service: &ServiceSpec) -> Result<Vec<String>, String> {
    if service.network_mode.is_some() {
        return Ok(Vec::new());
    }
    service
        .networks
        .iter()
        .map(|attachment| {
            let key = &attachment.network;
            stack
                .networks
                .get(key)
                .map(|network| network.name.clone())
                .ok_or_else(|| {
                    format!("network '{key}' is not declared in stack '{}'", stack.stack)
                })
        })
        .collect()
}

fn has_healthcheck(service: Option<&ServiceSpec>, image: Option<&Image>) -> bool {
    let own = service
        .and_then(|service| service.healthcheck.as_ref())
        .and_then(|check| check.test.as_deref());
    match own {
        Some([none]) if none == "NONE" => false,
        Some([]) | None => image.is_some_and(|image| image.has_healthcheck),
        Some(_) => true,
    }
}

fn restarts(container: &FakeContainer, exit_code: i64) -> bool {
    match container.service.as_ref().map(|service| service.restart) {
        Some(RestartPolicy::Always | RestartPolicy::UnlessStopped) => true,
        Some(RestartPolicy::OnFailure { max_retries }) => {
            exit_code != 0 && max_retries.is_none_or(|most| container.details.restart_count < most)
        }
        Some(RestartPolicy::No) | None => false,
    }
}

fn timeline(script: &Script, checked: bool) -> Vec<(Duration, Turn)> {
    let mut turns = Vec::new();
    if checked {
        match script.health {
            HealthScript::HealthyAfter(at) => turns.push((at, Turn::Health(Health::Healthy))),
            HealthScript::UnhealthyAfter(at) => turns.push((at, Turn::Health(Health::Unhealthy))),
            HealthScript::TurnsUnhealthy(first, then) => {
                turns.push((first, Turn::Health(Health::Healthy)));
                turns.push((then, Turn::Health(Health::Unhealthy)));
            }
            HealthScript::StaysStarting => {}
        }
    }
    if let Some((at, code)) = script.exit {
        turns.retain(|(other, _)| *other < at);
        turns.push((at, Turn::Exit(code)));
    }
    turns
}
