//! What is on the engine, for people: lists and descriptions, and acts on what may not be ours.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bollard::models::{
    ContainerInspectResponse, ContainerSummary, MountPoint, PortMap, PortSummary,
    PortSummaryTypeEnum, Volume, VolumeCreateRequest, VolumeScopeEnum,
};
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListVolumesOptions, LogsOptionsBuilder,
    RemoveContainerOptionsBuilder, RemoveVolumeOptionsBuilder, RestartContainerOptions,
};
use futures::StreamExt as _;
use futures::stream::BoxStream;

use super::call::{Act, found};
use super::{
    CREATE_TIMEOUT, DEFAULT_GRACE, DockerEngine, REMOVE_TIMEOUT, SHORT_TIMEOUT, START_TIMEOUT,
    STOP_MARGIN, container_act, logs, observe,
};
use crate::engine::ownership::from_labels;
use crate::engine::{
    ContainerDescription, ContainerMount, ContainerPort, EngineError, ListedContainer,
    ListedVolume, LogLine, LogRange, NewVolume,
};

pub(super) async fn list_containers(
    engine: &DockerEngine,
) -> Result<Vec<ListedContainer>, EngineError> {
    let act = Act::new("list", "containers");
    let docker = engine.client(&act)?;
    let all = ListContainersOptionsBuilder::new().all(true).build();
    let listed = engine
        .call(&act, SHORT_TIMEOUT, docker.list_containers(Some(all)))
        .await?;
    Ok(listed.into_iter().filter_map(container).collect())
}

fn container(summary: ContainerSummary) -> Option<ListedContainer> {
    let mounts = summary.mounts.clone().unwrap_or_default();
    Some(ListedContainer {
        status: summary.status.clone().unwrap_or_default(),
        created_at: summary.created.map(|seconds| seconds.saturating_mul(1000)),
        ports: ports_of_list(summary.ports.clone().unwrap_or_default()),
        labels: sorted(summary.labels.clone()),
        volumes: mounts.into_iter().filter_map(volume_of).collect(),
        container: observe::container(summary)?,
    })
}

fn sorted(labels: Option<HashMap<String, String>>) -> BTreeMap<String, String> {
    labels.unwrap_or_default().into_iter().collect()
}

/// Only what is a volume has a name.
fn volume_of(mount: MountPoint) -> Option<String> {
    mount.name.filter(|name| !name.is_empty())
}

/// The same port of IPv4 and IPv6 comes twice: once is enough where nothing else differs.
fn ports_of_list(ports: Vec<PortSummary>) -> Vec<ContainerPort> {
    let mut all: Vec<ContainerPort> = Vec::new();
    for port in ports {
        let next = ContainerPort {
            host_ip: port.ip.unwrap_or_default(),
            private: port.private_port,
            public: port.public_port.filter(|port| *port > 0),
            protocol: match port.typ {
                Some(PortSummaryTypeEnum::UDP) => "udp",
                Some(PortSummaryTypeEnum::SCTP) => "sctp",
                _ => "tcp",
            }
            .to_owned(),
        };
        add_port(&mut all, next);
    }
    all.sort_by_key(|port| (port.private, port.public));
    all
}

fn add_port(all: &mut Vec<ContainerPort>, next: ContainerPort) {
    let everywhere = |address: &str| matches!(address, "" | "0.0.0.0" | "::");
    let known = all.iter().any(|port| {
        port.private == next.private
            && port.public == next.public
            && port.protocol == next.protocol
            && (port.host_ip == next.host_ip
                || (everywhere(&port.host_ip) && everywhere(&next.host_ip)))
    });
    if !known {
        all.push(next);
    }
}

pub(super) async fn describe(
    engine: &DockerEngine,
    id: &str,
) -> Result<ContainerDescription, EngineError> {
    let act = container_act("inspect", id);
    let inspect = engine.inspect(&act, id).await?;
    description(inspect).ok_or_else(|| act.refuse("its answer lacks the container's state"))
}

fn description(inspect: ContainerInspectResponse) -> Option<ContainerDescription> {
    let state = inspect.state.clone().unwrap_or_default();
    let config = inspect.config.clone().unwrap_or_default();
    let settings = inspect.network_settings.clone().unwrap_or_default();
    let networks = settings.networks.unwrap_or_default();
    let streak = state.health.and_then(|health| health.failing_streak);
    let policy = inspect.host_config.as_ref();
    let policy = policy.and_then(|host| host.restart_policy.as_ref()?.name);
    let policy = policy.map_or_else(String::new, |name| name.to_string());
    let mut mounts: Vec<ContainerMount> = inspect
        .mounts
        .clone()
        .unwrap_or_default()
        .into_iter()
        .map(mount)
        .collect();
    mounts.sort_by(|a, b| a.target.cmp(&b.target));
    Some(ContainerDescription {
        created_at: inspect.created.as_deref().and_then(observe::epoch_millis),
        finished_at: state.finished_at.as_deref().and_then(observe::epoch_millis),
        failing_streak: u32::try_from(streak.unwrap_or(0)).unwrap_or(0),
        ports: ports_of_settings(settings.ports.unwrap_or_default()),
        labels: sorted(config.labels),
        mounts,
        networks: networks
            .into_iter()
            .map(|(name, endpoint)| {
                let addresses = [endpoint.ip_address, endpoint.global_ipv6_address];
                let mut addresses = addresses.into_iter().flatten();
                let address = addresses.find(|address| !address.is_empty());
                (name, address.unwrap_or_default())
            })
            .collect(),
        variables: names_of(config.env.unwrap_or_default()),
        restart_policy: match policy.as_str() {
            "" => "no".to_owned(),
            _ => policy,
        },
        details: observe::details(inspect)?,
    })
}

/// What stands before the equals sign. The rest may be secret and goes no further.
fn names_of(variables: Vec<String>) -> Vec<String> {
    let name = |text: String| text.split('=').next().unwrap_or_default().to_owned();
    let mut names: Vec<String> = variables.into_iter().map(name).collect();
    names.sort_unstable();
    names
}

fn mount(point: MountPoint) -> ContainerMount {
    ContainerMount {
        kind: point.typ.clone().unwrap_or_default(),
        read_only: point.rw == Some(false),
        source: point.source.clone().unwrap_or_default(),
        target: point.destination.clone().unwrap_or_default(),
        volume: volume_of(point),
    }
}

/// `8080/tcp` with where it is published.
fn ports_of_settings(ports: PortMap) -> Vec<ContainerPort> {
    let mut all = Vec::new();
    for (port, bindings) in ports {
        let (number, protocol) = port.split_once('/').unwrap_or((&port, "tcp"));
        let Ok(private) = number.parse() else {
            continue;
        };
        let offered = ContainerPort {
            host_ip: String::new(),
            private,
            public: None,
            protocol: protocol.to_owned(),
        };
        let bindings = bindings.unwrap_or_default();
        if bindings.is_empty() {
            add_port(&mut all, offered.clone());
        }
        for binding in bindings {
            let public = binding.host_port.and_then(|port| port.parse().ok());
            let host_ip = binding.host_ip.unwrap_or_default();
            let published = ContainerPort {
                host_ip,
                public,
                ..offered.clone()
            };
            add_port(&mut all, published);
        }
    }
    all.sort_by_key(|port| (port.private, port.public));
    all
}

pub(super) async fn restart(engine: &DockerEngine, id: &str) -> Result<(), EngineError> {
    let act = container_act("restart", id);
    let inspected = engine.inspect(&act, id).await?;
    let own = inspected
        .config
        .and_then(|config| config.stop_timeout)
        .and_then(|seconds| u64::try_from(seconds).ok());
    let grace = own.map_or(DEFAULT_GRACE, Duration::from_secs);
    let limit = grace.saturating_add(STOP_MARGIN + START_TIMEOUT);
    let docker = engine.client(&act)?;
    let restart = docker.restart_container(id, None::<RestartContainerOptions>);
    engine.call(&act, limit, restart).await
}

pub(super) async fn discard_container(
    engine: &DockerEngine,
    id: &str,
    force: bool,
) -> Result<(), EngineError> {
    let act = container_act("remove", id);
    let docker = engine.client(&act)?;
    let options = RemoveContainerOptionsBuilder::new()
        .force(force)
        .v(false)
        .build();
    let remove = docker.remove_container(id, Some(options));
    match found(engine.call(&act, REMOVE_TIMEOUT, remove).await) {
        Ok(_) => Ok(()),
        Err(EngineError::Conflict { message, .. }) if message.contains("in progress") => {
            engine.wait_removed(&act, id).await
        }
        Err(error) => Err(error),
    }
}

pub(super) async fn list_volumes(engine: &DockerEngine) -> Result<Vec<ListedVolume>, EngineError> {
    let act = Act::new("list", "volumes");
    let docker = engine.client(&act)?;
    let list = docker.list_volumes(None::<ListVolumesOptions>);
    let listed = engine.call(&act, SHORT_TIMEOUT, list).await?;
    let volumes = listed.volumes.unwrap_or_default();
    Ok(volumes.into_iter().map(volume).collect())
}

pub(super) async fn find_volume(
    engine: &DockerEngine,
    name: &str,
) -> Result<Option<ListedVolume>, EngineError> {
    let act = Act::new("inspect", format!("volume {name}"));
    let docker = engine.client(&act)?;
    let inspected = engine
        .call(&act, SHORT_TIMEOUT, docker.inspect_volume(name))
        .await;
    Ok(found(inspected)?.map(volume))
}

fn volume(volume: Volume) -> ListedVolume {
    let created_at = volume.created_at.as_deref();
    ListedVolume {
        ownership: from_labels(&volume.labels),
        name: volume.name,
        driver: volume.driver,
        mountpoint: volume.mountpoint,
        scope: match volume.scope {
            Some(VolumeScopeEnum::GLOBAL) => "global",
            _ => "local",
        }
        .to_owned(),
        created_at: created_at.and_then(observe::epoch_millis),
        labels: volume.labels.into_iter().collect(),
    }
}

pub(super) async fn make_volume(
    engine: &DockerEngine,
    new: &NewVolume,
) -> Result<ListedVolume, EngineError> {
    let act = Act::new("create", format!("volume {}", new.name));
    // The engine would answer with one that exists, as if it had made it.
    if find_volume(engine, &new.name).await?.is_some() {
        return Err(act.conflict("a volume of this name exists already"));
    }
    let request = VolumeCreateRequest {
        name: Some(new.name.clone()),
        driver: new.driver.clone(),
        labels: Some(new.labels.clone().into_iter().collect()),
        ..Default::default()
    };
    let docker = engine.client(&act)?;
    let made = engine
        .call(&act, CREATE_TIMEOUT, docker.create_volume(request))
        .await?;
    Ok(volume(made))
}

pub(super) async fn discard_volume(
    engine: &DockerEngine,
    name: &str,
    force: bool,
) -> Result<(), EngineError> {
    let act = Act::new("remove", format!("volume {name}"));
    let docker = engine.client(&act)?;
    let options = RemoveVolumeOptionsBuilder::new().force(force).build();
    let removed = engine
        .call(
            &act,
            REMOVE_TIMEOUT,
            docker.remove_volume(name, Some(options)),
        )
        .await;
    found(removed).map(drop)
}

pub(super) async fn read_logs(
    engine: &DockerEngine,
    id: &str,
    range: LogRange,
) -> Result<BoxStream<'static, Result<LogLine, EngineError>>, EngineError> {
    let act = container_act("read the output of", id);
    // The stream itself would tell of a missing container only when it is read.
    engine.inspect(&act, id).await?;
    let docker = engine.client(&act)?;
    let mut options = LogsOptionsBuilder::new()
        .stdout(true)
        .stderr(true)
        .timestamps(true)
        .follow(range.follow);
    if let Some(tail) = range.tail {
        options = options.tail(&tail.to_string());
    }
    if let Some(since) = range.since {
        options = options.since(i32::try_from(since).unwrap_or(i32::MAX));
    }
    let frames = docker.logs(id, Some(options.build()));
    let address = engine.address().to_owned();
    Ok(logs::lines(frames, move |error| act.error(&address, error)).boxed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_variables_leave_the_engine() {
        let variables = ["PATH=/bin", "API_KEY=s3cr3t=x", "EMPTY"].map(str::to_owned);
        assert_eq!(names_of(variables.into()), ["API_KEY", "EMPTY", "PATH"]);
    }

    #[test]
    fn a_port_of_both_families_is_one() {
        let port = |ip: &str, public| PortSummary {
            ip: Some(ip.to_owned()),
            private_port: 80,
            public_port: public,
            typ: Some(PortSummaryTypeEnum::TCP),
        };
        let ports = ports_of_list(vec![
            port("::", Some(8080)),
            port("0.0.0.0", Some(8080)),
            port("127.0.0.1", Some(8081)),
        ]);
        let shown: Vec<_> = ports
            .iter()
            .map(|port| (port.private, port.public))
            .collect();
        assert_eq!(shown, [(80, Some(8080)), (80, Some(8081))]);
    }
}
