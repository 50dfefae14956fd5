//! What only shows when all services are read: references between them, cycles, names that collide, and what is used at all.

use std::collections::BTreeMap;

use domain::spec::{Condition, Lifecycle, MountSpec, RestartPolicy, StackSpec};

use super::super::reader::At;
use super::service::MAX_REPLICAS;
use super::{Project, ports};

/// Longest run of a one-shot that others wait for.
const ONE_SHOT_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(600);

pub(super) fn finish(spec: &mut StackSpec, project: &Project<'_>, root: &At<'_>) {
    let Some(services) = root.get("services") else {
        return;
    };
    let entries: BTreeMap<&str, At<'_>> = services.entries().into_iter().collect();
    references(spec, project, &entries);
    links(spec, &entries);
    one_shots(spec, &entries);
    if let Some(cycle) = cycle(spec.services.values().map(|service| {
        let needs = service.depends_on.iter().map(|need| need.service.as_str());
        (service.name.as_str(), needs.collect())
    })) {
        let first = cycle.first().and_then(|name| entries.get(name.as_str()));
        let at = match (first, cycle.get(1)) {
            (Some(at), Some(next)) => dependency_item(at, next),
            _ => services.clone(),
        };
        at.error(
            format!(
                "The services depend on each other in a circle: {}.",
                cycle.join(" -> ")
            ),
            "Remove one of these dependencies.",
        );
    }
    collisions(spec, &entries);
    use_sections(spec, project, &entries);
}

/// Every `depends_on` names a service that runs, and shared namespaces name its container.
fn references(spec: &mut StackSpec, project: &Project<'_>, entries: &BTreeMap<&str, At<'_>>) {
    let names: BTreeMap<String, String> = spec
        .services
        .values()
        .map(|service| (service.name.clone(), service.container_name.clone()))
        .collect();
    for service in spec.services.values_mut() {
        let Some(at) = entries.get(service.name.as_str()) else {
            continue;
        };
        for need in &service.depends_on {
            if entries.contains_key(need.service.as_str()) {
                continue;
            }
            let at = dependency_item(at, &need.service);
            if project.inactive.contains(&need.service) {
                at.error(
                    format!(
                        "It depends on '{}', whose profile is not active.",
                        need.service
                    ),
                    "Activate the profile, or write required: false.",
                );
            } else {
                at.error(
                    format!(
                        "It depends on '{}', which is not a service of this stack.",
                        need.service
                    ),
                    "Check the name; order between stacks is said with dependsOn of the stack.",
                );
            }
        }
        for shared in [&mut service.runtime.pid, &mut service.runtime.ipc] {
            if let Some(target) = shared
                .as_deref()
                .and_then(|text| text.strip_prefix("service:"))
                && let Some(container) = names.get(target)
            {
                *shared = Some(format!("container:{container}"));
            }
        }
        for from in &mut service.runtime.volumes_from {
            if let Some(container) = from.strip_prefix("container:") {
                *from = container.to_owned();
                continue;
            }
            let (target, mode) = from.split_once(':').unwrap_or((from, ""));
            if let Some(container) = names.get(target) {
                *from = if mode.is_empty() {
                    container.clone()
                } else {
                    format!("{container}:{mode}")
                };
            }
        }
    }
}

/// The item or entry of `depends_on` that names this service.
fn dependency_item<'a>(service: &At<'a>, name: &str) -> At<'a> {
    let Some(section) = service.get("depends_on") else {
        return service.clone();
    };
    let found = if section.is_list() {
        let mut items = section.items().into_iter();
        items.find(|item| item.as_text().as_deref() == Some(name))
    } else {
        let mut entries = section.entries().into_iter();
        entries.find(|(key, _)| *key == name).map(|(_, at)| at)
    };
    found.unwrap_or(section)
}

/// `links: [db:database]` is a further name of `db` on the networks that both are on.
fn links(spec: &mut StackSpec, entries: &BTreeMap<&str, At<'_>>) {
    for (name, at) in entries {
        let Some(links) = at.get("links") else {
            continue;
        };
        for item in links.items() {
            let Some(text) = item.text() else { continue };
            let Some((target, alias)) = text.split_once(':') else {
                continue;
            };
            let own: Vec<String> = spec
                .services
                .get(*name)
                .map(|service| service.networks.iter().map(|n| n.network.clone()).collect())
                .unwrap_or_default();
            let Some(target) = spec.services.get_mut(target) else {
                continue;
            };
            for network in &mut target.networks {
                if own.contains(&network.network)
                    && !network.aliases.iter().any(|known| known == alias)
                {
                    network.aliases.push(alias.to_owned());
                }
            }
            item.warn(
                format!(
                    "'{alias}' becomes a name of '{}' for every service on their networks.",
                    target.name
                ),
                "Write it as an alias of the network.",
            );
        }
    }
}

/// A service that another one waits for to complete is a one-shot, whether it says so or not.
fn one_shots(spec: &mut StackSpec, entries: &BTreeMap<&str, At<'_>>) {
    let awaited: Vec<String> = spec
        .services
        .values()
        .flat_map(|service| &service.depends_on)
        .filter(|need| need.condition == Condition::ServiceCompletedSuccessfully)
        .map(|need| need.service.clone())
        .collect();
    for name in awaited {
        if let Some(service) = spec.services.get_mut(&name)
            && !service.lifecycle.is_init()
        {
            service.lifecycle = Lifecycle::Init {
                timeout: ONE_SHOT_TIMEOUT,
            };
        }
    }
    for service in spec.services.values() {
        let Some(at) = entries.get(service.name.as_str()) else {
            continue;
        };
        let forever = matches!(
            service.restart,
            RestartPolicy::Always | RestartPolicy::UnlessStopped
        );
        if service.lifecycle.is_init() && forever {
            at.get("restart").unwrap_or_else(|| at.clone()).error(
                "A service that runs to completion cannot restart for ever.",
                "Write restart: \"no\" or on-failure.",
            );
        }
        if service.lifecycle.is_init() && service.replicas > 1 {
            at.error(
                "A service that runs to completion has one container.",
                "Remove the replicas.",
            );
        }
    }
    for service in spec.services.values() {
        for need in &service.depends_on {
            let one_shot = spec
                .services
                .get(&need.service)
                .is_some_and(|target| target.lifecycle.is_init());
            if one_shot
                && need.condition == Condition::ServiceHealthy
                && let Some(at) = entries.get(service.name.as_str())
            {
                dependency_item(at, &need.service).error(
                    format!(
                        "'{}' runs to completion and never becomes healthy.",
                        need.service
                    ),
                    "Wait for service_completed_successfully.",
                );
            }
        }
    }
}

/// The first circle, its first name repeated at the end.
pub(in crate::catalog) fn cycle<'a>(
    graph: impl Iterator<Item = (&'a str, Vec<&'a str>)>,
) -> Option<Vec<String>> {
    let graph: BTreeMap<&str, Vec<&str>> = graph.collect();
    let mut done: BTreeMap<&str, bool> = BTreeMap::new();
    // An explicit stack: a chain may be as long as the file allows.
    for start in graph.keys() {
        if done.contains_key(start) {
            continue;
        }
        let mut path: Vec<(&str, usize)> = vec![(start, 0)];
        done.insert(start, false);
        while let Some((node, next)) = path.last_mut() {
            let needs = graph.get(node).map(Vec::as_slice).unwrap_or_default();
            let Some(need) = needs.get(*next).copied() else {
                done.insert(node, true);
                path.pop();
                continue;
            };
            *next += 1;
            match done.get(need) {
                Some(true) => {}
                Some(false) => {
                    let from = path.iter().position(|(name, _)| *name == need)?;
                    let circle = path.get(from..).unwrap_or_default().iter();
                    return Some(
                        circle
                            .map(|(name, _)| (*name).to_owned())
                            .chain([need.to_owned()])
                            .collect(),
                    );
                }
                None if graph.contains_key(need) => {
                    done.insert(need, false);
                    path.push((need, 0));
                }
                None => {}
            }
        }
    }
    None
}

/// Two containers cannot have one name or one fixed port.
fn collisions(spec: &StackSpec, entries: &BTreeMap<&str, At<'_>>) {
    let mut names: BTreeMap<String, &str> = BTreeMap::new();
    let mut published: Vec<(String, &str, &str)> = Vec::new();
    for service in spec.services.values() {
        let Some(at) = entries.get(service.name.as_str()) else {
            continue;
        };
        for replica in 1..=service
            .replicas
            .min(u32::try_from(MAX_REPLICAS).unwrap_or(1))
        {
            let name = service.container_name_of(replica);
            if let Some(other) = names.insert(name.clone(), &service.name) {
                at.get("container_name")
                    .unwrap_or_else(|| at.clone())
                    .error(
                        format!(
                            "The container name '{name}' is also that of the service '{other}'."
                        ),
                        "Give one of them another container_name.",
                    );
            }
        }
        if service.replicas > 1 && at.get("container_name").is_some() {
            at.error(
                format!(
                    "{} containers cannot share one container_name.",
                    service.replicas
                ),
                "Remove container_name or the replicas.",
            );
        }
        for port in &service.ports {
            let Some(text) = &port.published else {
                continue;
            };
            let host = port.host_ip.as_deref().unwrap_or("0.0.0.0");
            let count = ports::range(text).map_or(1, |(from, to)| u32::from(to - from) + 1);
            if service.replicas > count {
                at.get("ports").unwrap_or_else(|| at.clone()).error(
                    format!(
                        "{} containers cannot share the host's port {text}.",
                        service.replicas
                    ),
                    "Leave the host's port out, or give a range that is long enough.",
                );
            }
            if count == 1 {
                let key = format!("{text}/{}", port.protocol);
                let clash = published.iter().find(|(known, known_host, _)| {
                    *known == key
                        && (*known_host == host || *known_host == "0.0.0.0" || host == "0.0.0.0")
                });
                if let Some((_, _, other)) = clash {
                    at.get("ports").unwrap_or_else(|| at.clone()).error(
                        format!(
                            "The host's port {key} is also published by the service '{other}'."
                        ),
                        "Give one of them another port.",
                    );
                }
                published.push((key, host, &service.name));
            }
        }
    }
}

/// Takes the networks and volumes that services use, and complains about volumes that nobody declared.
fn use_sections(spec: &mut StackSpec, project: &Project<'_>, entries: &BTreeMap<&str, At<'_>>) {
    let mut networks = Vec::new();
    let mut volumes = Vec::new();
    for service in spec.services.values() {
        networks.extend(
            service
                .networks
                .iter()
                .map(|network| network.network.clone()),
        );
        for mount in &service.mounts {
            let MountSpec::Volume {
                source: Some(source),
                ..
            } = mount
            else {
                continue;
            };
            if project.volumes.contains_key(source) {
                volumes.push(source.clone());
            } else if let Some(at) = entries.get(service.name.as_str()) {
                volume_item(at, source).error(
                    format!("The volume '{source}' is not declared."),
                    "Add it to volumes; a path starts with ./ or /.",
                );
            }
        }
    }
    // In the order of the file, so that plans read like it.
    for (key, network) in &project.networks {
        if networks.contains(key) {
            spec.networks.insert(key.clone(), network.clone());
        }
    }
    for (key, volume) in &project.volumes {
        if volumes.contains(key) {
            spec.volumes.insert(key.clone(), volume.clone());
        }
    }
}

/// The item of `volumes` that names this volume.
fn volume_item<'a>(service: &At<'a>, source: &str) -> At<'a> {
    let names = |item: &At<'_>| {
        item.get("source")
            .and_then(|at| at.as_text())
            .or_else(|| Some(item.as_text()?.split(':').next()?.to_owned()))
            .is_some_and(|text| text == source)
    };
    service
        .get("volumes")
        .and_then(|at| at.items().into_iter().find(names))
        .unwrap_or_else(|| service.clone())
}
