//! One service.

use std::time::Duration;

use domain::name::ImageRef;
use domain::spec::{Lifecycle, LoggingSpec, PullPolicy, RuntimeOptions, ServiceSpec};

use super::super::is_engine_name;
use super::super::reader::At;
use super::environment::{environment, labels};
use super::files::service_files;
use super::health::{healthcheck, probe};
use super::neighbours::{depends_on, networks};
use super::{Project, mounts, ports, resources};

/// Most containers of one service.
pub(super) const MAX_REPLICAS: i64 = 100;
/// Longest run of an init container that does not say otherwise.
const INIT_TIMEOUT: Duration = Duration::from_secs(600);

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
        update_order: at
            .get("deploy")
            .and_then(|at| at.get("update_config"))
            .and_then(|at| resources::update_order(&at)),
        runtime: runtime(at),
        // Last, so that a missing image does not hide what else is wrong.
        image: image?,
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
