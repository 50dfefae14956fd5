//! What a fake engine has, as people look at it.

use std::collections::BTreeMap;

use domain::spec::MountSpec;

use super::state::{FakeContainer, State, is_up};
use crate::engine::ownership::with_labels;
use crate::engine::{
    ContainerDescription, ContainerEvent, ContainerMount, ContainerPort, EngineError,
    ListedContainer, ListedVolume, LogLine, LogRange, NewVolume,
};
use domain::plan::{ContainerState, Health};

/// Where the lines of a range begin.
pub(super) fn first_line(log: &[LogLine], range: LogRange) -> usize {
    let since = range.since.unwrap_or(0).saturating_mul(1_000_000_000);
    let early = |line: &LogLine| line.nanos.is_some_and(|nanos| nanos < since);
    let first = log.iter().position(|line| !early(line));
    let last = range.tail.map_or(usize::MAX, |tail| tail as usize);
    first
        .unwrap_or(log.len())
        .max(log.len().saturating_sub(last))
}

pub(super) fn listed(container: &FakeContainer) -> ListedContainer {
    ListedContainer {
        container: container.details.container.clone(),
        status: status(container),
        created_at: Some(container.created_at),
        ports: ports(container),
        labels: labels(container),
        volumes: container.volumes.clone(),
    }
}

pub(super) fn described(container: &FakeContainer) -> ContainerDescription {
    let service = container.service.as_ref();
    let mounts = service.map(|service| service.mounts.as_slice());
    let mut names = container.volumes.iter();
    let networks = container.networks.iter().map(|name| {
        let address = container.details.addresses.get(name);
        (name.clone(), address.cloned().unwrap_or_default())
    });
    ContainerDescription {
        details: container.details.clone(),
        created_at: Some(container.created_at),
        finished_at: None,
        failing_streak: u32::from(container.details.container.health == Health::Unhealthy),
        ports: ports(container),
        labels: labels(container),
        mounts: mounts
            .unwrap_or_default()
            .iter()
            .map(|mount| match mount {
                MountSpec::Volume {
                    source,
                    target,
                    read_only,
                    ..
                } => ContainerMount {
                    kind: "volume".to_owned(),
                    volume: source.as_ref().and(names.next()).cloned(),
                    source: String::new(),
                    target: target.clone(),
                    read_only: *read_only,
                },
                MountSpec::Bind {
                    source,
                    target,
                    read_only,
                    ..
                } => ContainerMount {
                    kind: "bind".to_owned(),
                    volume: None,
                    source: source.clone(),
                    target: target.clone(),
                    read_only: *read_only,
                },
                MountSpec::Tmpfs { target, .. } => ContainerMount {
                    kind: "tmpfs".to_owned(),
                    volume: None,
                    source: String::new(),
                    target: target.clone(),
                    read_only: false,
                },
            })
            .collect(),
        networks: networks.collect(),
        variables: service
            .map(|service| service.environment.keys().cloned().collect())
            .unwrap_or_default(),
        restart_policy: "no".to_owned(),
    }
}

fn status(container: &FakeContainer) -> String {
    let held = &container.details.container;
    match held.state {
        ContainerState::Running => "Up".to_owned(),
        ContainerState::Exited => format!("Exited ({})", held.exit_code.unwrap_or(0)),
        other => format!("{other:?}"),
    }
}

fn labels(container: &FakeContainer) -> BTreeMap<String, String> {
    match &container.details.container.ownership {
        Some(owner) => with_labels(&BTreeMap::new(), owner).into_iter().collect(),
        None => BTreeMap::new(),
    }
}

fn ports(container: &FakeContainer) -> Vec<ContainerPort> {
    let each = container.ports.iter().filter_map(|text| {
        let (port, protocol) = text.split_once('/')?;
        let port = port.parse().ok()?;
        Some(ContainerPort {
            host_ip: String::new(),
            private: port,
            public: Some(port),
            protocol: protocol.to_owned(),
        })
    });
    each.collect()
}

impl State {
    pub(super) fn discard_container(
        &mut self,
        id: &str,
        force: bool,
    ) -> Result<Vec<ContainerEvent>, EngineError> {
        let Ok(container) = self.find(id) else {
            return Ok(Vec::new());
        };
        let held = &container.details.container;
        if is_up(held.state) && !force {
            return Err(EngineError::Conflict {
                what: format!("container {}", held.name),
                message: "it is running".to_owned(),
            });
        }
        let id = held.id.clone();
        self.take_away(&id)
    }

    pub(super) fn listed_volumes(&self) -> Vec<ListedVolume> {
        let each = self.volumes.iter().map(|(name, ownership)| ListedVolume {
            name: name.clone(),
            driver: "local".to_owned(),
            mountpoint: format!("/volumes/{name}"),
            scope: "local".to_owned(),
            created_at: None,
            labels: BTreeMap::new(),
            ownership: ownership.clone(),
        });
        each.collect()
    }

    pub(super) fn make_volume(&mut self, new: &NewVolume) -> Result<ListedVolume, EngineError> {
        if self.volumes.contains_key(&new.name) {
            return Err(EngineError::Conflict {
                what: format!("volume {}", new.name),
                message: "a volume of this name exists already".to_owned(),
            });
        }
        self.volumes.insert(new.name.clone(), None);
        Ok(ListedVolume {
            name: new.name.clone(),
            driver: new.driver.clone().unwrap_or_else(|| "local".to_owned()),
            mountpoint: format!("/volumes/{}", new.name),
            scope: "local".to_owned(),
            created_at: None,
            labels: new.labels.clone(),
            ownership: None,
        })
    }

    pub(super) fn discard_volume(&mut self, name: &str) -> Result<(), EngineError> {
        if self.volume_in_use(name) {
            return Err(EngineError::Conflict {
                what: format!("volume {name}"),
                message: "volume is in use".to_owned(),
            });
        }
        self.volumes.remove(name);
        Ok(())
    }
}
