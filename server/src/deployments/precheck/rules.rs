//! What each rule finds, as pure functions of what is wanted and what was seen. Nothing here asks anybody.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::EnvironmentId;
use domain::plan::{Observed, Ownership};
use domain::spec::{PortSpec, PullPolicy, StackSpec};
use domain::wire::{PrecheckFinding, PrecheckRule as Rule, PrecheckSeverity as Severity};

use crate::engine::PublishedPort;

/// What an engine and the registries showed.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) observed: Observed,
    pub(super) ports: Vec<PublishedPort>,
    /// By reference.
    pub(super) images: BTreeMap<String, ImageSeen>,
}

/// Where an image is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ImageSeen {
    OnEngine,
    InRegistry,
    Nowhere,
    /// Its registry did not say, or not in time.
    Unknown,
}

/// Whose deployment it shall be: what it has already is not in its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner<'a> {
    pub(super) product: &'a str,
    pub(super) environment: EnvironmentId,
}

impl Owner<'_> {
    fn owns(&self, ownership: Option<&Ownership>) -> bool {
        ownership.is_some_and(|it| it.product == self.product && it.environment == self.environment)
    }
}

/// Everything that the engine has a say in, for one stack of several.
pub(super) fn look(
    spec: &StackSpec,
    all: &[&StackSpec],
    owner: Owner<'_>,
    seen: &Seen,
) -> Vec<PrecheckFinding> {
    let mut found = names(spec, owner, seen);
    found.extend(images(spec, seen));
    found.extend(ports(spec, all, owner, seen));
    found.extend(networks(spec, all, owner, seen));
    found.extend(volumes(spec, owner, seen));
    found
}

pub(super) fn finding(
    rule: Rule,
    severity: Severity,
    title: &str,
    detail: impl Into<String>,
) -> PrecheckFinding {
    PrecheckFinding {
        rule,
        severity,
        title: title.to_owned(),
        detail: detail.into(),
        service_name: None,
    }
}

fn of_service(mut finding: PrecheckFinding, service: &str) -> PrecheckFinding {
    finding.service_name = Some(service.to_owned());
    finding
}

/// What was found, or that nothing is wrong.
fn or_fine(
    found: Vec<PrecheckFinding>,
    rule: Rule,
    title: &str,
    detail: &str,
) -> Vec<PrecheckFinding> {
    match found.is_empty() {
        true => vec![finding(rule, Severity::Ok, title, detail)],
        false => found,
    }
}

/// Names of containers that somebody else has.
fn names(spec: &StackSpec, owner: Owner<'_>, seen: &Seen) -> Vec<PrecheckFinding> {
    let mut found = Vec::new();
    for service in spec.services.values() {
        for replica in 1..=service.replicas.max(1) {
            let name = service.container_name_of(replica);
            let taken = seen.observed.container(&name);
            if taken.is_some_and(|it| !owner.owns(it.ownership.as_ref())) {
                let taken = finding(
                    Rule::ExistingDeployment,
                    Severity::Error,
                    "Container name taken",
                    format!(
                        "The container name '{name}' is taken by a container that Windlass did not make for this product. Remove or rename it, or choose another deployment name."
                    ),
                );
                found.push(of_service(taken, &service.name));
            }
        }
    }
    found
}

fn images(spec: &StackSpec, seen: &Seen) -> Vec<PrecheckFinding> {
    let mut found = Vec::new();
    for service in spec.services.values() {
        let image = service.image.to_string();
        let where_it_is = seen.images.get(&image).copied();
        let where_it_is = where_it_is.unwrap_or(ImageSeen::Unknown);
        let never = service.pull_policy == PullPolicy::Never;
        let (severity, title, detail) = match where_it_is {
            ImageSeen::OnEngine => (
                Severity::Ok,
                "Image is on the engine",
                format!("The engine has '{image}'."),
            ),
            _ if never => (
                Severity::Error,
                "Image is missing",
                format!(
                    "'{image}' is not on the engine and its pull policy is never. Load it there, or choose another pull policy."
                ),
            ),
            ImageSeen::InRegistry => (
                Severity::Ok,
                "Image will be pulled",
                format!("The registry has '{image}'."),
            ),
            ImageSeen::Nowhere => (
                Severity::Error,
                "Image not found",
                format!(
                    "Neither the engine nor the registry has '{image}'. Check its name and tag, or push it first."
                ),
            ),
            ImageSeen::Unknown => (
                Severity::Warning,
                "Image not checked",
                format!(
                    "'{image}' is not on the engine, and its registry did not say whether it has it. It is pulled when the deployment begins."
                ),
            ),
        };
        found.push(of_service(
            finding(Rule::ImageAvailability, severity, title, detail),
            &service.name,
        ));
    }
    found
}

fn ports(
    spec: &StackSpec,
    all: &[&StackSpec],
    owner: Owner<'_>,
    seen: &Seen,
) -> Vec<PrecheckFinding> {
    let mut found = Vec::new();
    let mut add = |service: &str, detail: String| {
        let conflict = finding(Rule::PortConflict, Severity::Error, "Port conflict", detail);
        found.push(of_service(conflict, service));
    };
    for service in spec.services.values() {
        for port in &service.ports {
            let wanted = host_ports(port);
            let Some(first) = wanted.first() else {
                continue;
            };
            let word = port.published.as_deref().unwrap_or_default();
            let taken_by = |number: u16| {
                seen.ports.iter().find(|taken| {
                    taken.port == number
                        && taken.protocol == port.protocol
                        && overlap(port.host_ip.as_deref().unwrap_or_default(), &taken.host_ip)
                        && !owner.owns(taken.ownership.as_ref())
                })
            };
            // Of a range the engine takes any that is free.
            if wanted.iter().all(|number| taken_by(*number).is_some())
                && let Some(taken) = taken_by(*first)
            {
                add(
                    &service.name,
                    format!(
                        "The host port {word}/{} is used by the container '{}'. Choose another port, or stop that container.",
                        port.protocol, taken.container
                    ),
                );
            }
            for other in all {
                for rival in other.services.values() {
                    let itself = other.stack == spec.stack && rival.name == service.name;
                    let clash = rival.ports.iter().any(|it| same_port(port, it));
                    if !itself && clash {
                        add(
                            &service.name,
                            format!(
                                "The host port {word}/{} is wanted by the service '{}' of the stack '{}', too. Choose another port for one of them.",
                                port.protocol, rival.name, other.stack
                            ),
                        );
                    }
                }
            }
        }
    }
    or_fine(
        found,
        Rule::PortConflict,
        "No port conflicts",
        "No container uses a port of the host that the stack publishes.",
    )
}

/// Every port of the host that a mapping may take; none where the engine chooses.
fn host_ports(port: &PortSpec) -> Vec<u16> {
    let Some(published) = port.published.as_deref() else {
        return Vec::new();
    };
    let (from, to) = published.split_once('-').unwrap_or((published, published));
    match (from.trim().parse::<u16>(), to.trim().parse::<u16>()) {
        (Ok(from), Ok(to)) if from > 0 => (from..=to).collect(),
        _ => Vec::new(),
    }
}

/// Two mappings that cannot both be had; ranges can be shared.
fn same_port(a: &PortSpec, b: &PortSpec) -> bool {
    let ip = |port: &PortSpec| port.host_ip.clone().unwrap_or_default();
    let (one, other) = (host_ports(a), host_ports(b));
    one.len() == 1 && one == other && a.protocol == b.protocol && overlap(&ip(a), &ip(b))
}

fn overlap(a: &str, b: &str) -> bool {
    let every = |ip: &str| matches!(ip, "" | "0.0.0.0" | "::" | "[::]");
    a == b || every(a) || every(b)
}

fn networks(
    spec: &StackSpec,
    all: &[&StackSpec],
    owner: Owner<'_>,
    seen: &Seen,
) -> Vec<PrecheckFinding> {
    // One stack may name a network of another one as external.
    let made: BTreeSet<&str> = all
        .iter()
        .flat_map(|stack| stack.networks.values())
        .filter(|network| !network.external)
        .map(|network| network.name.as_str())
        .collect();
    let mut found = Vec::new();
    for network in spec.networks.values() {
        let name = &network.name;
        let there = seen.observed.networks.iter().find(|it| it.name == *name);
        let wrong = match (network.external, there) {
            (true, None) if !made.contains(name.as_str()) => format!(
                "The external network '{name}' does not exist. Create it first, or declare it in one of the product's stacks."
            ),
            (false, Some(other)) if !owner.owns(other.ownership.as_ref()) => format!(
                "The network '{name}' exists and was not made by Windlass for this product. Declare it `external: true` to use it, or give it another name."
            ),
            _ => continue,
        };
        let title = match network.external {
            true => "Network missing",
            false => "Network name taken",
        };
        found.push(finding(
            Rule::NetworkAvailability,
            Severity::Error,
            title,
            wrong,
        ));
    }
    or_fine(
        found,
        Rule::NetworkAvailability,
        "Networks available",
        "Every network exists or will be made.",
    )
}

fn volumes(spec: &StackSpec, owner: Owner<'_>, seen: &Seen) -> Vec<PrecheckFinding> {
    let mut found = Vec::new();
    for volume in spec.volumes.values() {
        let name = &volume.name;
        let there = seen.observed.volumes.iter().find(|it| it.name == *name);
        let (severity, title, detail) = match (volume.external, there) {
            (true, None) => (
                Severity::Error,
                "Volume missing",
                format!("The external volume '{name}' does not exist. Create it first."),
            ),
            (false, Some(other)) if !owner.owns(other.ownership.as_ref()) => (
                Severity::Warning,
                "Volume exists",
                format!(
                    "The volume '{name}' exists and was not made by Windlass for this product. Its data will be used as it is."
                ),
            ),
            (false, Some(_)) => (
                Severity::Warning,
                "Volume exists",
                format!(
                    "The volume '{name}' exists from an earlier deployment. Its data will be used."
                ),
            ),
            _ => continue,
        };
        found.push(finding(Rule::VolumeStatus, severity, title, detail));
    }
    or_fine(
        found,
        Rule::VolumeStatus,
        "Volumes ready",
        "Every volume is new, or exists where it must.",
    )
}

#[cfg(test)]
mod tests;
