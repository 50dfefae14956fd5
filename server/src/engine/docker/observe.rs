//! Lists and inspections of the engine as the planner's plain data.

use std::collections::BTreeMap;

use bollard::models::{
    ContainerInspectResponse, ContainerStateStatusEnum, ContainerSummary,
    ContainerSummaryHealthStatusEnum, ContainerSummaryStateEnum, HealthStatusEnum, ImageInspect,
    Network, PortSummaryTypeEnum, Volume,
};
use domain::name::ImageRef;
use domain::plan::{ContainerState, Health, ObservedContainer, ObservedObject};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::engine::ownership::from_labels;
use crate::engine::{ContainerDetails, HealthProbe, Image, MAX_HEALTH_OUTPUT, PublishedPort};

/// One container of a list; none where the engine left out its id or name.
pub(super) fn container(summary: ContainerSummary) -> Option<ObservedContainer> {
    let names = summary.names?;
    let status = summary.status.unwrap_or_default();
    let state = summary_state(summary.state?);
    let health = match summary.health.and_then(|health| health.status) {
        Some(ContainerSummaryHealthStatusEnum::STARTING) => Health::Starting,
        Some(ContainerSummaryHealthStatusEnum::HEALTHY) => Health::Healthy,
        Some(ContainerSummaryHealthStatusEnum::UNHEALTHY) => Health::Unhealthy,
        _ => health_of_status(&status),
    };
    Some(ObservedContainer {
        id: summary.id?,
        name: own_name(&names)?.to_owned(),
        image: summary.image.unwrap_or_default(),
        image_id: summary.image_id.unwrap_or_default(),
        exit_code: exit_code_of_status(state, &status),
        state,
        health,
        ownership: summary.labels.as_ref().and_then(from_labels),
    })
}

/// The host's ports of one container of a list.
pub(super) fn published_ports(mut summary: ContainerSummary) -> Vec<PublishedPort> {
    let ports = summary.ports.take().unwrap_or_default();
    let Some(container) = container(summary) else {
        return Vec::new();
    };
    ports
        .into_iter()
        .filter_map(|port| {
            Some(PublishedPort {
                container: container.name.clone(),
                ownership: container.ownership.clone(),
                host_ip: port.ip.unwrap_or_default(),
                port: port.public_port?,
                protocol: match port.typ {
                    Some(PortSummaryTypeEnum::UDP) => "udp",
                    Some(PortSummaryTypeEnum::SCTP) => "sctp",
                    _ => "tcp",
                }
                .to_owned(),
            })
        })
        .collect()
}

/// Links add names such as `/other/alias`; the container's own has one slash.
fn own_name(names: &[String]) -> Option<&str> {
    names
        .iter()
        .map(|name| name.strip_prefix('/').unwrap_or(name))
        .find(|name| !name.contains('/'))
}

fn summary_state(state: ContainerSummaryStateEnum) -> ContainerState {
    match state {
        ContainerSummaryStateEnum::CREATED | ContainerSummaryStateEnum::EMPTY => {
            ContainerState::Created
        }
        // A container that is being stopped still runs.
        ContainerSummaryStateEnum::RUNNING | ContainerSummaryStateEnum::STOPPING => {
            ContainerState::Running
        }
        ContainerSummaryStateEnum::PAUSED => ContainerState::Paused,
        ContainerSummaryStateEnum::RESTARTING => ContainerState::Restarting,
        ContainerSummaryStateEnum::EXITED => ContainerState::Exited,
        ContainerSummaryStateEnum::REMOVING => ContainerState::Removing,
        ContainerSummaryStateEnum::DEAD => ContainerState::Dead,
    }
}

/// `Up 2 minutes (healthy)`: engines before API 1.52 tell the health in words only.
fn health_of_status(status: &str) -> Health {
    if status.ends_with("(healthy)") {
        Health::Healthy
    } else if status.ends_with("(unhealthy)") {
        Health::Unhealthy
    } else if status.ends_with("(health: starting)") {
        Health::Starting
    } else {
        Health::None
    }
}

/// `Exited (137) 2 minutes ago`, `Restarting (1) 3 seconds ago`.
fn exit_code_of_status(state: ContainerState, status: &str) -> Option<i64> {
    if !has_exit_code(state) {
        return None;
    }
    status.split_once('(')?.1.split_once(')')?.0.parse().ok()
}

const fn has_exit_code(state: ContainerState) -> bool {
    matches!(
        state,
        ContainerState::Exited | ContainerState::Restarting | ContainerState::Dead
    )
}

/// One network of a list.
pub(super) fn network(network: Network) -> Option<ObservedObject> {
    Some(ObservedObject {
        name: network.name?,
        ownership: network.labels.as_ref().and_then(from_labels),
    })
}

/// One volume of a list.
pub(super) fn volume(volume: Volume) -> ObservedObject {
    ObservedObject {
        ownership: from_labels(&volume.labels),
        name: volume.name,
    }
}

/// One container in full; none where the engine left out what every container has.
pub(super) fn details(inspect: ContainerInspectResponse) -> Option<ContainerDetails> {
    let state = inspect.state?;
    let config = inspect.config.unwrap_or_default();
    let status = match state.status? {
        ContainerStateStatusEnum::CREATED | ContainerStateStatusEnum::EMPTY => {
            ContainerState::Created
        }
        ContainerStateStatusEnum::RUNNING | ContainerStateStatusEnum::STOPPING => {
            ContainerState::Running
        }
        ContainerStateStatusEnum::PAUSED => ContainerState::Paused,
        ContainerStateStatusEnum::RESTARTING => ContainerState::Restarting,
        ContainerStateStatusEnum::REMOVING => ContainerState::Removing,
        ContainerStateStatusEnum::EXITED => ContainerState::Exited,
        ContainerStateStatusEnum::DEAD => ContainerState::Dead,
    };
    let health = state.health.unwrap_or_default();
    let name = inspect.name?;
    Some(ContainerDetails {
        container: ObservedContainer {
            id: inspect.id?,
            name: name.strip_prefix('/').unwrap_or(&name).to_owned(),
            image: config.image.unwrap_or_default(),
            image_id: inspect.image.unwrap_or_default(),
            state: status,
            health: match health.status {
                Some(HealthStatusEnum::STARTING) => Health::Starting,
                Some(HealthStatusEnum::HEALTHY) => Health::Healthy,
                Some(HealthStatusEnum::UNHEALTHY) => Health::Unhealthy,
                _ => Health::None,
            },
            // What could not be started has one, too: 127 where there is no such program.
            exit_code: state
                .exit_code
                .filter(|code| has_exit_code(status) || *code > 0),
            ownership: config.labels.as_ref().and_then(from_labels),
        },
        restart_count: u32::try_from(inspect.restart_count.unwrap_or(0)).unwrap_or(0),
        error: state.error.filter(|error| !error.is_empty()),
        oom_killed: state.oom_killed.unwrap_or(false),
        started_at: state.started_at.as_deref().and_then(epoch_millis),
        health_log: health
            .log
            .unwrap_or_default()
            .into_iter()
            .map(|probe| HealthProbe {
                exit_code: probe.exit_code.unwrap_or(-1),
                output: cut(probe.output.unwrap_or_default(), MAX_HEALTH_OUTPUT),
            })
            .collect(),
        addresses: addresses(inspect.network_settings.unwrap_or_default().networks),
    })
}

fn addresses(
    networks: Option<std::collections::HashMap<String, bollard::models::EndpointSettings>>,
) -> BTreeMap<String, String> {
    networks
        .unwrap_or_default()
        .into_iter()
        .filter_map(|(name, endpoint)| {
            let address = [endpoint.ip_address, endpoint.global_ipv6_address]
                .into_iter()
                .flatten()
                .find(|address| !address.is_empty())?;
            Some((name, address))
        })
        .collect()
}

/// RFC 3339 as epoch milliseconds; none for the engine's zero time, year 1.
pub(super) fn epoch_millis(text: &str) -> Option<i64> {
    epoch_nanos(text).map(|nanos| nanos / 1_000_000)
}

/// The same in nanoseconds.
pub(super) fn epoch_nanos(text: &str) -> Option<i64> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    let nanos = i64::try_from(at.unix_timestamp_nanos()).ok()?;
    (nanos > 0).then_some(nanos)
}

/// Cuts at a character, not in one.
pub(super) fn cut(mut text: String, most: usize) -> String {
    if text.len() > most {
        let end = (0..=most).rev().find(|at| text.is_char_boundary(*at));
        text.truncate(end.unwrap_or(0));
    }
    text
}

/// An image; none where the engine left out its id.
pub(super) fn image(reference: &ImageRef, inspect: ImageInspect) -> Option<Image> {
    let config = inspect.config.unwrap_or_default();
    let test = config
        .healthcheck
        .and_then(|check| check.test)
        .unwrap_or_default();
    let digests = inspect.repo_digests.unwrap_or_default();
    let own = digests
        .iter()
        .find(|digest| {
            digest
                .split_once('@')
                .is_some_and(|(name, _)| name == reference.repository())
        })
        .or(digests.first());
    Some(Image {
        id: inspect.id?,
        repo_digest: own.cloned(),
        has_healthcheck: !test.is_empty() && test != ["NONE"],
        exposed_ports: config.exposed_ports.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_and_exit_code_come_from_the_status_text() {
        use ContainerState::{Created, Exited, Restarting, Running};
        for (state, status, health, exit) in [
            (Running, "Up 2 minutes", Health::None, None),
            (Running, "Up 2 minutes (healthy)", Health::Healthy, None),
            (
                Running,
                "Up 1 second (health: starting)",
                Health::Starting,
                None,
            ),
            (Running, "Up 3 hours (unhealthy)", Health::Unhealthy, None),
            (
                Exited,
                "Exited (137) 2 minutes ago",
                Health::None,
                Some(137),
            ),
            (
                Exited,
                "Exited (0) Less than a second ago",
                Health::None,
                Some(0),
            ),
            (
                Restarting,
                "Restarting (1) 3 seconds ago",
                Health::None,
                Some(1),
            ),
            (Created, "Created", Health::None, None),
        ] {
            assert_eq!(health_of_status(status), health, "{status}");
            assert_eq!(exit_code_of_status(state, status), exit, "{status}");
        }
    }

    #[test]
    fn a_link_is_not_the_containers_name() {
        let names = ["/other/alias".to_owned(), "/web".to_owned()];
        assert_eq!(own_name(&names), Some("web"));
    }

    #[test]
    fn times() {
        assert_eq!(epoch_millis("0001-01-01T00:00:00Z"), None);
        assert_eq!(epoch_millis("1970-01-01T00:00:01.5+00:00"), Some(1500));
        assert_eq!(epoch_millis("yesterday"), None);
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(cut("aä".to_owned(), 2), "a");
        assert_eq!(cut("aä".to_owned(), 3), "aä");
    }
}
