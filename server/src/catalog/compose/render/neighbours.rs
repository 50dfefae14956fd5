//! Which services one waits for, and which networks it shares with them.

use std::collections::BTreeMap;

use domain::spec::{Condition, Dependency, NetworkAttachment};

use super::super::reader::At;
use super::Project;

pub(super) fn depends_on(at: &At<'_>, project: &Project<'_>) -> Vec<Dependency> {
    let mut all: Vec<Dependency> = Vec::new();
    let mut add = |dependency: Dependency| {
        if !all.iter().any(|known| known.service == dependency.service) {
            all.push(dependency);
        }
    };
    let started = |service: String| Dependency {
        service,
        condition: Condition::ServiceStarted,
        required: true,
    };
    if let Some(section) = at.get("depends_on") {
        if section.is_list() {
            section.texts().into_iter().map(started).for_each(&mut add);
        } else {
            for (service, at) in section.entries() {
                add(dependency(&at, service));
            }
        }
    }
    // What these name must be there first, whether it is said again or not.
    for key in ["network_mode", "ipc", "pid"] {
        if let Some(service) = at
            .get(key)
            .and_then(|at| at.as_text())
            .and_then(|text| text.strip_prefix("service:").map(str::to_owned))
        {
            add(started(service));
        }
    }
    for text in at
        .get("volumes_from")
        .map(|at| at.texts())
        .unwrap_or_default()
    {
        if !text.starts_with("container:") {
            let service = text.split(':').next().unwrap_or_default();
            add(started(service.to_owned()));
        }
    }
    for text in at.get("links").map(|at| at.texts()).unwrap_or_default() {
        let service = text.split(':').next().unwrap_or_default();
        add(started(service.to_owned()));
    }
    all.retain(|dependency| {
        dependency.required
            || project
                .stack
                .compose
                .get("services")
                .is_some_and(|services| services.get(&dependency.service).is_some())
                && !project.inactive.contains(&dependency.service)
    });
    all
}

fn dependency(at: &At<'_>, service: &str) -> Dependency {
    let mut condition = Condition::ServiceStarted;
    if at.is_map() {
        at.only(&["condition", "restart", "required"]);
        if let Some(restart) = at.get("restart")
            && restart.bool() == Some(true)
        {
            restart.warn(
                "The service is not restarted with the one it depends on.",
                "",
            );
        }
        if let Some(at) = at.get("condition") {
            match at.text().as_deref() {
                Some("service_started") | None => {}
                Some("service_healthy") => condition = Condition::ServiceHealthy,
                Some("service_completed_successfully") => {
                    condition = Condition::ServiceCompletedSuccessfully;
                }
                Some(text) => at.error(
                    format!("'{text}' is not a condition."),
                    "Write service_started, service_healthy or service_completed_successfully.",
                ),
            }
        }
    } else if !at.value.is_null() {
        at.error(
            "This must be a mapping.",
            "Write {condition: service_started}.",
        );
    }
    Dependency {
        service: service.to_owned(),
        condition,
        required: at.get("required").and_then(|at| at.bool()).unwrap_or(true),
    }
}

pub(super) fn networks(at: &At<'_>, project: &Project<'_>) -> Vec<NetworkAttachment> {
    let plain = |network: &str| NetworkAttachment {
        network: network.to_owned(),
        aliases: Vec::new(),
        ipv4_address: None,
        ipv6_address: None,
        link_local_ips: Vec::new(),
        mac_address: None,
        driver_opts: BTreeMap::new(),
        gw_priority: None,
    };
    let Some(section) = at.get("networks") else {
        return if at.get("network_mode").is_some() {
            Vec::new()
        } else {
            vec![plain("default")]
        };
    };
    if at.get("network_mode").is_some() {
        section.error(
            "'networks' and 'network_mode' exclude each other.",
            "Remove one of the two.",
        );
    }
    let check = |at: &At<'_>, name: &str| {
        if !project.networks.contains_key(name) {
            at.error(
                format!("The network '{name}' is not declared."),
                "Add it to networks.",
            );
        }
    };
    if section.is_list() {
        let mut all: Vec<NetworkAttachment> = Vec::new();
        for item in section.items() {
            let Some(name) = item.text() else { continue };
            check(&item, &name);
            if !all.iter().any(|known| known.network == name) {
                all.push(plain(&name));
            }
        }
        return if all.is_empty() {
            vec![plain("default")]
        } else {
            all
        };
    }
    let mut all = Vec::new();
    for (name, at) in section.entries() {
        check(&at, name);
        if !at.is_map() {
            if !at.value.is_null() {
                at.error("This must be a mapping.", "");
            }
            all.push((0, plain(name)));
            continue;
        }
        at.only(&[
            "aliases",
            "interface_name",
            "ipv4_address",
            "ipv6_address",
            "link_local_ips",
            "mac_address",
            "driver_opts",
            "priority",
            "gw_priority",
        ]);
        at.unsupported(&["interface_name"]);
        let text = |key| at.get(key).and_then(|at: At<'_>| at.text());
        let texts = |key| at.get(key).map(|at: At<'_>| at.texts()).unwrap_or_default();
        let priority = at.get("priority").and_then(|at| at.int()).unwrap_or(0);
        all.push((
            priority,
            NetworkAttachment {
                network: name.to_owned(),
                aliases: texts("aliases"),
                ipv4_address: text("ipv4_address"),
                ipv6_address: text("ipv6_address"),
                link_local_ips: texts("link_local_ips"),
                mac_address: text("mac_address"),
                driver_opts: at
                    .get("driver_opts")
                    .map(|at| at.text_pairs())
                    .unwrap_or_default(),
                gw_priority: at.get("gw_priority").and_then(|at| at.int()),
            },
        ));
    }
    // Stable, so file order decides among equals.
    all.sort_by_key(|(priority, _)| std::cmp::Reverse(*priority));
    if all.is_empty() {
        return vec![plain("default")];
    }
    all.into_iter().map(|(_, attachment)| attachment).collect()
}
