//! One service.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::name::ImageRef;
use domain::spec::{
    Condition, Dependency, FileSpec, Healthcheck, Lifecycle, LoggingSpec, NetworkAttachment, Probe,
    ProbeKind, PullPolicy, RuntimeOptions, ServiceSpec,
};

use super::super::reader::At;
use super::super::{is_engine_name, normalise};
use super::{Project, mounts, ports, resources};
use crate::catalog::dotenv;

/// Most containers of one service.
pub(super) const MAX_REPLICAS: i64 = 100;
/// Longest run of an init container that does not say otherwise.
const INIT_TIMEOUT: Duration = Duration::from_secs(600);
const PROBE_INTERVAL: Duration = Duration::from_secs(10);
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);
const PROBE_RETRIES: i64 = 3;

const KNOWN: &[&str] = &[
    "annotations",
    "attach",
    "blkio_config",
    "build",
    "cap_add",
    "cap_drop",
    "cgroup",
    "cgroup_parent",
    "command",
    "configs",
    "container_name",
    "cpu_count",
    "cpu_percent",
    "cpu_period",
    "cpu_quota",
    "cpu_rt_period",
    "cpu_rt_runtime",
    "cpu_shares",
    "cpus",
    "cpuset",
    "credential_spec",
    "depends_on",
    "deploy",
    "develop",
    "device_cgroup_rules",
    "devices",
    "dns",
    "dns_opt",
    "dns_search",
    "domainname",
    "entrypoint",
    "env_file",
    "environment",
    "expose",
    "external_links",
    "extra_hosts",
    "gpus",
    "group_add",
    "healthcheck",
    "hostname",
    "image",
    "init",
    "ipc",
    "isolation",
    "label_file",
    "labels",
    "links",
    "logging",
    "mac_address",
    "mem_limit",
    "mem_reservation",
    "mem_swappiness",
    "memswap_limit",
    "models",
    "network_mode",
    "networks",
    "oom_kill_disable",
    "oom_score_adj",
    "pid",
    "pids_limit",
    "platform",
    "ports",
    "post_start",
    "pre_stop",
    "privileged",
    "profiles",
    "provider",
    "pull_policy",
    "pull_refresh_after",
    "read_only",
    "restart",
    "runtime",
    "scale",
    "secrets",
    "security_opt",
    "shm_size",
    "stdin_open",
    "stop_grace_period",
    "stop_signal",
    "storage_opt",
    "sysctls",
    "tmpfs",
    "tty",
    "ulimits",
    "use_api_socket",
    "user",
    "userns_mode",
    "uts",
    "volumes",
    "volumes_from",
    "working_dir",
];

/// Running without one of these would be wrong.
const UNSUPPORTED: &[&str] = &[
    "credential_spec",
    "external_links",
    "gpus",
    "models",
    "post_start",
    "pre_stop",
    "provider",
    "use_api_socket",
];

const WITHOUT_EFFECT: &[&str] = &[
    "attach",
    "cpu_count",
    "cpu_percent",
    "develop",
    "pull_refresh_after",
];

/// Whether a service may have this key.
pub(in crate::catalog) fn is_service_key(key: &str) -> bool {
    KNOWN.contains(&key)
}

pub(super) fn service(at: &At<'_>, name: &str, project: &Project<'_>) -> Option<ServiceSpec> {
    if !is_engine_name(name) {
        at.error(
            format!("'{name}' is not a valid name for a service."),
            "Use letters, digits, '_', '.' and '-', starting with a letter or digit.",
        );
    }
    if !at.is_map() {
        at.error("A service must be a mapping.", "Give it at least an image.");
        return None;
    }
    at.only(KNOWN);
    at.unsupported(UNSUPPORTED);
    at.without_effect(WITHOUT_EFFECT);
    resources::check_deploy(at);
    let text = |key| at.get(key).and_then(|at: At<'_>| at.text());
    let extension = at.get("x-windlass");
    if let Some(extension) = &extension {
        extension.only(&[
            "probe",
            "maintenance",
            "redeploy",
            "stopTimeout",
            "init",
            "initTimeoutSeconds",
            "directory",
        ]);
    }
    let image = image(at);
    let directory = extension
        .as_ref()
        .and_then(|at| at.get("directory")?.as_text());
    let mut all_mounts = at
        .get("volumes")
        .map(|at| mounts::mounts(&at, directory.as_deref()))
        .unwrap_or_default();
    all_mounts.extend(at.get("tmpfs").iter().flat_map(mounts::tmpfs));
    let container_name = at.get("container_name").and_then(|at| {
        let text = at.text()?;
        if !is_engine_name(&text) {
            at.error(
                format!("'{text}' is not a valid name for a container."),
                "Use letters, digits, '_', '.' and '-', starting with a letter or digit.",
            );
        }
        Some(text)
    });
    let mut files = service_files(at, "configs", &project.configs);
    files.extend(service_files(at, "secrets", &project.secrets));
    Some(ServiceSpec {
        name: name.to_owned(),
        container_name: container_name.unwrap_or_else(|| format!("{}_{name}", project.name)),
        image: image?,
        pull_policy: pull_policy(at),
        replicas: resources::replicas(at),
        lifecycle: lifecycle(extension.as_ref()),
        command: at.get("command").and_then(|at| at.command()),
        entrypoint: at.get("entrypoint").and_then(|at| at.command()),
        environment: environment(at, project),
        labels: labels(at, extension.as_ref(), project),
        ports: at
            .get("ports")
            .map(|at| ports::published(&at))
            .unwrap_or_default(),
        expose: at
            .get("expose")
            .map(|at| ports::exposed(&at))
            .unwrap_or_default(),
        mounts: all_mounts,
        files,
        networks: networks(at, project),
        network_mode: text("network_mode"),
        depends_on: depends_on(at, project),
        healthcheck: at.get("healthcheck").map(|at| healthcheck(&at)),
        probe: extension
            .as_ref()
            .and_then(|at| at.get("probe"))
            .and_then(|at| probe(&at)),
        restart: resources::restart(at),
        stop_grace_period: extension
            .as_ref()
            .and_then(|at| at.get("stopTimeout")?.duration_or_seconds())
            .or_else(|| at.get("stop_grace_period").and_then(|at| at.duration())),
        runtime: runtime(at),
    })
}

fn image(at: &At<'_>) -> Option<ImageRef> {
    let build = at.get("build");
    let Some(image) = at.get("image") else {
        match build {
            Some(build) => build.error(
                "Images are not built here, and the service names none to pull.",
                "Build and push it before, and write image.",
            ),
            None => at.error("The image is missing.", "Add image."),
        }
        return None;
    };
    if let Some(build) = build {
        build.warn(
            "'build' is not used: the image is taken from its registry.",
            "",
        );
    }
    let text = image.text()?;
    if text.is_empty() {
        image.error(
            "The image is empty.",
            "Write it, or give its variable a value.",
        );
        return None;
    }
    text.parse()
        .map_err(|error: domain::name::InvalidName| image.error(format!("{error}."), ""))
        .ok()
}

fn pull_policy(at: &At<'_>) -> PullPolicy {
    let Some(policy) = at.get("pull_policy") else {
        return PullPolicy::default();
    };
    match policy.text().as_deref() {
        Some("always") => PullPolicy::Always,
        Some("never") => PullPolicy::Never,
        Some("missing" | "if_not_present") | None => PullPolicy::Missing,
        Some("build") => {
            policy.error(
                "Images are not built here.",
                "Write always, missing or never.",
            );
            PullPolicy::Missing
        }
        Some("daily" | "weekly") => {
            policy.warn(
                "Taken as 'always': the image is asked for at every deployment.",
                "",
            );
            PullPolicy::Always
        }
        Some(text) if text.starts_with("every_") => {
            policy.warn(
                "Taken as 'always': the image is asked for at every deployment.",
                "",
            );
            PullPolicy::Always
        }
        Some(text) => {
            policy.error(
                format!("'{text}' is not a pull policy."),
                "Write always, missing or never.",
            );
            PullPolicy::Missing
        }
    }
}

fn lifecycle(extension: Option<&At<'_>>) -> Lifecycle {
    let init = extension
        .and_then(|at| at.get("init")?.bool())
        .unwrap_or(false);
    if !init {
        return Lifecycle::Service;
    }
    Lifecycle::Init {
        timeout: extension
            .and_then(|at| at.get("initTimeoutSeconds")?.duration_or_seconds())
            .filter(|timeout| !timeout.is_zero())
            .unwrap_or(INIT_TIMEOUT),
    }
}

/// `env_file` in order, then `environment`. A name without value takes the stack's variable of that name; where
/// there is none, the engine takes the name away, whatever the image or an `env_file` says.
fn environment(at: &At<'_>, project: &Project<'_>) -> BTreeMap<String, Option<String>> {
    let mut all = BTreeMap::new();
    for item in at.get("env_file").iter().flat_map(At::one_or_more) {
        if let Some(entries) = env_file(&item, project) {
            all.extend(entries.into_iter().map(|(name, value)| (name, Some(value))));
        }
    }
    let own = at
        .get("environment")
        .map(|at| at.pairs())
        .unwrap_or_default();
    for (name, value) in own {
        let value = value.or_else(|| project.values.get(&name).map(str::to_owned));
        all.insert(name, value);
    }
    all
}

fn env_file(at: &At<'_>, project: &Project<'_>) -> Option<Vec<(String, String)>> {
    let (path, required, raw) = if at.is_map() {
        at.only(&["path", "required", "format"]);
        let raw = at.get("format").and_then(|at| {
            let text = at.text()?;
            if text != "raw" {
                at.error(
                    format!("'{text}' is not a format of an env_file."),
                    "Write raw, or nothing.",
                );
            }
            Some(text)
        });
        let required = at.get("required").and_then(|at| at.bool()).unwrap_or(true);
        let Some(path) = at.get("path") else {
            at.error("'path' is missing.", "");
            return None;
        };
        (path.text()?, required, raw.is_some())
    } else {
        (at.text()?, true, false)
    };
    let Some(text) = project.stack.files.get(&normalise(&path)) else {
        if required {
            at.error(
                format!("The file '{path}' was not recorded with the product."),
                "It must lie below the source, and its name must be known without values given later.",
            );
        }
        return None;
    };
    let lookup = |name: &str| project.values.get(name).map(str::to_owned);
    let entries = if raw {
        dotenv::parse_raw(text)
    } else {
        dotenv::parse(text, &lookup)
    };
    let entries = entries
        .map_err(|error| at.error(format!("The file '{path}': {error}."), ""))
        .ok()?;
    let bytes = entries.iter().map(|(name, value)| name.len() + value.len());
    at.sink.spend(&at.path, bytes.sum()).then_some(entries)
}

fn labels(
    at: &At<'_>,
    extension: Option<&At<'_>>,
    project: &Project<'_>,
) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    for item in at.get("label_file").iter().flat_map(At::one_or_more) {
        if let Some(entries) = env_file(&item, project) {
            labels.extend(entries);
        }
    }
    labels.extend(
        at.get("labels")
            .map(|at| at.text_pairs())
            .unwrap_or_default(),
    );
    for key in ["maintenance", "redeploy"] {
        let Some(at) = extension.and_then(|at| at.get(key)) else {
            continue;
        };
        match at.text().as_deref() {
            Some("ignore") => {
                labels.insert(format!("rsgo.{key}"), "ignore".to_owned());
            }
            Some(text) => at.error(format!("'{text}' is not known here."), "Write ignore."),
            None => {}
        }
    }
    labels
}

fn depends_on(at: &At<'_>, project: &Project<'_>) -> Vec<Dependency> {
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

fn networks(at: &At<'_>, project: &Project<'_>) -> Vec<NetworkAttachment> {
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

fn healthcheck(at: &At<'_>) -> Healthcheck {
    at.only(&[
        "test",
        "interval",
        "timeout",
        "retries",
        "start_period",
        "start_interval",
        "disable",
    ]);
    if at.get("disable").and_then(|at| at.bool()) == Some(true) {
        return Healthcheck {
            test: Some(vec!["NONE".to_owned()]),
            ..Healthcheck::default()
        };
    }
    let test = at.get("test").and_then(|at| {
        if !at.is_list() {
            return Some(vec!["CMD-SHELL".to_owned(), at.text()?]);
        }
        let words = at.texts();
        let fits = match words.first().map(String::as_str) {
            Some("NONE") => true,
            Some("CMD" | "CMD-SHELL") => words.len() > 1,
            _ => false,
        };
        if !fits {
            at.error(
                "A list starts with CMD, CMD-SHELL or NONE, followed by the command.",
                "Write [CMD, program, argument], or the command as text.",
            );
        }
        Some(words)
    });
    let duration = |key| at.get(key).and_then(|at: At<'_>| at.duration());
    Healthcheck {
        test,
        interval: duration("interval"),
        timeout: duration("timeout"),
        retries: at
            .get("retries")
            .and_then(|at| at.int_in(0, 10_000))
            .and_then(|count| u32::try_from(count).ok()),
        start_period: duration("start_period"),
        start_interval: duration("start_interval"),
    }
}

fn probe(at: &At<'_>) -> Option<Probe> {
    at.only(&[
        "type",
        "path",
        "port",
        "https",
        "expectedStatusCodes",
        "command",
        "interval",
        "timeout",
        "retries",
        "startPeriod",
    ]);
    let port = at.get("port").and_then(|at| at.port());
    let kind = match at.get("type").and_then(|at| at.text()).as_deref() {
        Some("http") => ProbeKind::Http {
            path: at
                .get("path")
                .and_then(|at| at.text())
                .map(|path| {
                    if path.starts_with('/') {
                        path
                    } else {
                        format!("/{path}")
                    }
                })
                .unwrap_or_else(|| "/".to_owned()),
            port,
            https: at.get("https").and_then(|at| at.bool()).unwrap_or(false),
            expected_status_codes: at
                .get("expectedStatusCodes")
                .map(|at| {
                    at.one_or_more()
                        .iter()
                        .filter_map(|at| u16::try_from(at.int_in(100, 599)?).ok())
                        .collect()
                })
                .unwrap_or_else(|| vec![200]),
        },
        Some("tcp") => ProbeKind::Tcp { port },
        Some("exec") => {
            let Some(command) = at.get("command").and_then(|at| at.command()) else {
                at.error("'command' is missing.", "");
                return None;
            };
            ProbeKind::Exec { command }
        }
        _ => {
            at.error(
                "The type of the probe is missing or not known.",
                "Write http, tcp or exec.",
            );
            return None;
        }
    };
    let positive = |key, default: Duration| {
        at.get(key)
            .and_then(|at: At<'_>| at.duration_or_seconds())
            .filter(|value| !value.is_zero())
            .unwrap_or(default)
    };
    let retries = at.get("retries").and_then(|at| at.int_in(1, 10_000));
    Some(Probe {
        kind,
        interval: positive("interval", PROBE_INTERVAL),
        timeout: positive("timeout", PROBE_TIMEOUT),
        retries: u32::try_from(retries.unwrap_or(PROBE_RETRIES)).unwrap_or(1),
        start_period: at
            .get("startPeriod")
            .and_then(|at| at.duration_or_seconds())
            .unwrap_or_default(),
    })
}

fn service_files(
    at: &At<'_>,
    section: &str,
    known: &BTreeMap<String, Option<String>>,
) -> Vec<FileSpec> {
    let secret = section == "secrets";
    let mut all: Vec<FileSpec> = Vec::new();
    for item in at.get(section).iter().flat_map(At::items) {
        let (source, target) = if item.is_map() {
            item.only(&["source", "target", "uid", "gid", "mode"]);
            let part = |key| item.get(key).and_then(|at| at.text());
            let Some(source) = part("source") else {
                item.error("'source' is missing.", "");
                continue;
            };
            (source, part("target"))
        } else {
            let Some(source) = item.text() else { continue };
            (source, None)
        };
        let Some(content) = known.get(&source) else {
            item.error(
                format!("'{source}' is not declared in {section}."),
                "Add it there.",
            );
            continue;
        };
        let Some(content) = content.clone() else {
            continue;
        };
        if !item.sink.spend(&item.path, content.len()) {
            continue;
        }
        let target = target.unwrap_or_else(|| source.clone());
        let target = match (target.starts_with('/'), secret) {
            (true, _) => target,
            (false, true) => format!("/run/secrets/{target}"),
            (false, false) => format!("/{target}"),
        };
        let id = |key: &str| {
            item.get(key)
                .and_then(|at| at.int_in(0, i64::from(u32::MAX)))
                .and_then(|id| u64::try_from(id).ok())
                .unwrap_or(0)
        };
        if all.iter().any(|file| file.target == target) {
            item.error(
                format!("Two {section} have the path '{target}'."),
                "Give one another target.",
            );
        }
        all.push(FileSpec {
            target,
            content,
            uid: id("uid"),
            gid: id("gid"),
            mode: item.get("mode").and_then(|at| at.mode()).unwrap_or(0o444),
            secret,
        });
    }
    all
}

fn logging(at: &At<'_>) -> LoggingSpec {
    at.only(&["driver", "options"]);
    LoggingSpec {
        driver: at.get("driver").and_then(|at| at.text()),
        options: at
            .get("options")
            .map(|at| at.text_pairs())
            .unwrap_or_default(),
    }
}

/// `extra_hosts`: `HOST:IP`, `HOST=IP`, or a mapping whose values may be lists.
fn extra_hosts(at: &At<'_>) -> Vec<String> {
    if at.is_list() {
        return at
            .items()
            .iter()
            .filter_map(|item| {
                let text = item.text()?;
                let pair = text.split_once('=').or_else(|| text.split_once(':'));
                match pair {
                    Some((host, address)) if !host.is_empty() && !address.is_empty() => {
                        let address = address.trim_start_matches('[').trim_end_matches(']');
                        Some(format!("{host}:{address}"))
                    }
                    _ => {
                        item.error(format!("'{text}' is not a host."), "Write NAME=ADDRESS.");
                        None
                    }
                }
            })
            .collect();
    }
    at.entries()
        .into_iter()
        .flat_map(|(host, at)| {
            at.text_or_texts()
                .into_iter()
                .map(move |address| format!("{host}:{address}"))
        })
        .collect()
}

fn runtime(at: &At<'_>) -> RuntimeOptions {
    let text = |key| at.get(key).and_then(|at: At<'_>| at.text());
    let flag = |key| at.get(key).and_then(|at: At<'_>| at.bool());
    let texts = |key| at.get(key).map(|at: At<'_>| at.texts()).unwrap_or_default();
    let some = |key| {
        at.get(key)
            .map(|at: At<'_>| at.text_or_texts())
            .unwrap_or_default()
    };
    let pairs = |key| {
        at.get(key)
            .map(|at: At<'_>| at.text_pairs())
            .unwrap_or_default()
    };
    RuntimeOptions {
        annotations: pairs("annotations"),
        cap_add: texts("cap_add"),
        cap_drop: texts("cap_drop"),
        cgroup: text("cgroup"),
        cgroup_parent: text("cgroup_parent"),
        devices: at
            .get("devices")
            .map(|at| mounts::devices(&at))
            .unwrap_or_default(),
        device_cgroup_rules: texts("device_cgroup_rules"),
        dns: some("dns"),
        dns_opt: texts("dns_opt"),
        dns_search: some("dns_search"),
        domainname: text("domainname"),
        extra_hosts: at
            .get("extra_hosts")
            .map(|at| extra_hosts(&at))
            .unwrap_or_default(),
        group_add: texts("group_add"),
        hostname: text("hostname"),
        init: flag("init"),
        ipc: text("ipc"),
        isolation: text("isolation"),
        logging: at.get("logging").map(|at| logging(&at)),
        mac_address: text("mac_address"),
        oom_kill_disable: flag("oom_kill_disable"),
        oom_score_adj: at
            .get("oom_score_adj")
            .and_then(|at| at.int_in(-1000, 1000)),
        pid: text("pid"),
        platform: text("platform"),
        privileged: flag("privileged").unwrap_or(false),
        read_only: flag("read_only").unwrap_or(false),
        resources: resources::resources(at),
        runtime: text("runtime"),
        security_opt: texts("security_opt"),
        shm_size: at.get("shm_size").and_then(|at| at.bytes()),
        stdin_open: flag("stdin_open").unwrap_or(false),
        stop_signal: text("stop_signal"),
        storage_opt: pairs("storage_opt"),
        sysctls: pairs("sysctls"),
        tty: flag("tty").unwrap_or(false),
        ulimits: at
            .get("ulimits")
            .map(|at| resources::ulimits(&at))
            .unwrap_or_default(),
        user: text("user"),
        userns_mode: text("userns_mode"),
        uts: text("uts"),
        volumes_from: texts("volumes_from"),
        working_dir: text("working_dir"),
    }
}
