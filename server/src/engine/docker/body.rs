//! A service as the body of the engine's create call. Every field of the specification is mapped here or in the modules below; what an
//! engine cannot do is refused, never dropped.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bollard::models::{
    ContainerCreateBody, DeviceMapping, HealthConfig, HostConfig, HostConfigCgroupnsModeEnum,
    HostConfigLogConfig, PortBinding, PortMap, ResourcesUlimits,
    RestartPolicy as EngineRestartPolicy, RestartPolicyNameEnum,
};
use domain::spec::{
    Healthcheck, LoggingSpec, PortSpec, Resources, RestartPolicy, RuntimeOptions, ServiceSpec,
};

use super::api_version::ApiVersion;
use super::call::Act;
use super::{endpoints, mounts};
use crate::engine::ownership::with_labels;
use crate::engine::{EngineError, NewContainer};

/// Most ports that one exposed range may have.
const MAX_EXPOSED_RANGE: u16 = 1024;

/// What the body is made of besides the service.
pub(super) struct Surroundings<'a> {
    pub(super) api: ApiVersion,
    pub(super) act: &'a Act,
    /// Container ids of the services that this one refers to.
    pub(super) containers: &'a HashMap<String, String>,
}

/// The whole body.
pub(super) fn body(
    new: &NewContainer<'_>,
    around: &Surroundings<'_>,
) -> Result<ContainerCreateBody, EngineError> {
    let service = new.service;
    let runtime = &service.runtime;
    let networks = endpoints::at_creation(new, around)?;
    Ok(ContainerCreateBody {
        image: Some(service.image.to_string()),
        cmd: service.command.clone(),
        // The engine takes an empty list for "not given"; one empty word clears the image's entry point.
        entrypoint: service.entrypoint.clone().map(|words| {
            if words.is_empty() {
                vec![String::new()]
            } else {
                words
            }
        }),
        env: some_list(service.environment.iter().map(variable).collect()),
        labels: Some(with_labels(&service.labels, &new.ownership)),
        exposed_ports: some_list(exposed_ports(service, around.act)?),
        hostname: runtime.hostname.clone(),
        domainname: runtime.domainname.clone(),
        user: runtime.user.clone(),
        working_dir: runtime.working_dir.clone(),
        tty: Some(runtime.tty),
        open_stdin: Some(runtime.stdin_open),
        stop_signal: runtime.stop_signal.clone(),
        stop_timeout: service.stop_grace_period.map(whole_seconds),
        healthcheck: service
            .healthcheck
            .as_ref()
            .map(|check| healthcheck(check, around))
            .transpose()?,
        host_config: Some(host_config(new, around)?),
        networking_config: networks,
        ..Default::default()
    })
}

fn variable((name, value): (&String, &Option<String>)) -> String {
    match value {
        Some(value) => format!("{name}={value}"),
        // Without '=' the engine removes what the image sets.
        None => name.clone(),
    }
}

/// Rounded up: half a second of grace is not none.
pub(super) fn whole_seconds(duration: Duration) -> i64 {
    let seconds = duration.as_secs() + u64::from(duration.subsec_nanos() > 0);
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

fn healthcheck(
    check: &Healthcheck,
    around: &Surroundings<'_>,
) -> Result<HealthConfig, EngineError> {
    if check.start_interval.is_some() {
        around.api.need(
            ApiVersion::START_INTERVAL,
            "healthcheck.start_interval",
            around.act,
        )?;
    }
    Ok(HealthConfig {
        test: check.test.clone(),
        interval: check.interval.map(nanos),
        timeout: check.timeout.map(nanos),
        retries: check.retries.map(i64::from),
        start_period: check.start_period.map(nanos),
        start_interval: check.start_interval.map(nanos),
    })
}

/// What the service exposes, and what it publishes: the engine wants both in one list.
fn exposed_ports(service: &ServiceSpec, act: &Act) -> Result<Vec<String>, EngineError> {
    let mut all = Vec::new();
    for written in &service.expose {
        let refuse = || {
            act.refuse(format!(
                "'{written}' cannot be exposed: write a port or a range of at most {MAX_EXPOSED_RANGE} ports, such as 8080/tcp"
            ))
        };
        let (ports, protocol) = written.split_once('/').unwrap_or((written, "tcp"));
        let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
        let first: u16 = first.parse().map_err(|_| refuse())?;
        let last: u16 = last.parse().map_err(|_| refuse())?;
        if last < first || last - first >= MAX_EXPOSED_RANGE {
            return Err(refuse());
        }
        all.extend((first..=last).map(|port| format!("{port}/{protocol}")));
    }
    all.extend(service.ports.iter().map(port_key));
    all.sort();
    all.dedup();
    Ok(all)
}

fn port_key(port: &PortSpec) -> String {
    format!("{}/{}", port.target, port.protocol)
}

fn port_bindings(ports: &[PortSpec]) -> Option<PortMap> {
    let mut map = PortMap::new();
    for port in ports {
        let binding = PortBinding {
            host_ip: port.host_ip.clone(),
            host_port: port.published.clone(),
        };
        map.entry(port_key(port))
            .or_default()
            .get_or_insert_default()
            .push(binding);
    }
    (!map.is_empty()).then_some(map)
}

fn host_config(
    new: &NewContainer<'_>,
    around: &Surroundings<'_>,
) -> Result<HostConfig, EngineError> {
    let service = new.service;
    let runtime = &service.runtime;
    let act = around.act;
    if !runtime.annotations.is_empty() {
        around
            .api
            .need(ApiVersion::ANNOTATIONS, "annotations", act)?;
    }
    let mounts = mounts::mounts(new, around)?;
    let word = |field: &'static str, text: &Option<String>| {
        text.as_deref()
            .map(|text| join(field, text, around))
            .transpose()
    };
    let mut config = HostConfig {
        binds: some_list(mounts.binds),
        mounts: some_list(mounts.mounts),
        port_bindings: port_bindings(&service.ports),
        network_mode: endpoints::network_mode(new, around)?,
        restart_policy: Some(restart_policy(service.restart)),
        ipc_mode: word("ipc", &runtime.ipc)?,
        pid_mode: word("pid", &runtime.pid)?,
        uts_mode: runtime.uts.clone(),
        userns_mode: runtime.userns_mode.clone(),
        volumes_from: some_list(volumes_from(runtime, around)?),
        cgroupns_mode: runtime
            .cgroup
            .as_deref()
            .map(|text| {
                enumerated::<HostConfigCgroupnsModeEnum>("cgroup", text, "host or private", act)
            })
            .transpose()?,
        isolation: runtime
            .isolation
            .as_deref()
            .map(|text| enumerated("isolation", text, "default, process or hyperv", act))
            .transpose()?,
        log_config: runtime.logging.as_ref().map(log_config),
        devices: some_list(runtime.devices.iter().map(device).collect()),
        device_cgroup_rules: some_list(runtime.device_cgroup_rules.clone()),
        ulimits: some_list(runtime.ulimits.iter().map(ulimit).collect()),
        annotations: some_map(&runtime.annotations),
        sysctls: some_map(&runtime.sysctls),
        storage_opt: some_map(&runtime.storage_opt),
        cap_add: some_list(runtime.cap_add.clone()),
        cap_drop: some_list(runtime.cap_drop.clone()),
        dns: some_list(runtime.dns.clone()),
        dns_options: some_list(runtime.dns_opt.clone()),
        dns_search: some_list(runtime.dns_search.clone()),
        extra_hosts: some_list(runtime.extra_hosts.clone()),
        group_add: some_list(runtime.group_add.clone()),
        security_opt: some_list(runtime.security_opt.clone()),
        cgroup_parent: runtime.cgroup_parent.clone(),
        init: runtime.init,
        oom_kill_disable: runtime.oom_kill_disable,
        oom_score_adj: runtime.oom_score_adj,
        privileged: Some(runtime.privileged),
        readonly_rootfs: Some(runtime.read_only),
        runtime: runtime.runtime.clone(),
        shm_size: runtime.shm_size,
        ..Default::default()
    };
    set_resources(&mut config, &runtime.resources);
    Ok(config)
}

fn set_resources(config: &mut HostConfig, resources: &Resources) {
    config.nano_cpus = resources.nano_cpus;
    config.cpu_shares = resources.cpu_shares;
    config.cpu_period = resources.cpu_period;
    config.cpu_quota = resources.cpu_quota;
    config.cpu_realtime_period = resources.cpu_rt_period;
    config.cpu_realtime_runtime = resources.cpu_rt_runtime;
    config.cpuset_cpus.clone_from(&resources.cpuset);
    config.memory = resources.memory;
    config.memory_reservation = resources.memory_reservation;
    config.memory_swap = resources.memory_swap;
    config.memory_swappiness = resources.memory_swappiness;
    config.pids_limit = resources.pids_limit;
    config.blkio_weight = resources.blkio_weight;
}

fn restart_policy(policy: RestartPolicy) -> EngineRestartPolicy {
    let (name, retries) = match policy {
        RestartPolicy::No => (RestartPolicyNameEnum::NO, None),
        RestartPolicy::Always => (RestartPolicyNameEnum::ALWAYS, None),
        RestartPolicy::UnlessStopped => (RestartPolicyNameEnum::UNLESS_STOPPED, None),
        RestartPolicy::OnFailure { max_retries } => (
            RestartPolicyNameEnum::ON_FAILURE,
            max_retries.map(i64::from),
        ),
    };
    EngineRestartPolicy {
        name: Some(name),
        maximum_retry_count: retries,
    }
}

fn log_config(logging: &LoggingSpec) -> HostConfigLogConfig {
    HostConfigLogConfig {
        // An empty type is the engine's default driver.
        typ: Some(logging.driver.clone().unwrap_or_default()),
        config: some_map(&logging.options),
    }
}

fn device(device: &domain::spec::DeviceSpec) -> DeviceMapping {
    DeviceMapping {
        path_on_host: Some(device.source.clone()),
        path_in_container: Some(device.target.clone()),
        cgroup_permissions: Some(device.permissions.clone()),
    }
}

fn ulimit(limit: &domain::spec::Ulimit) -> ResourcesUlimits {
    ResourcesUlimits {
        name: Some(limit.name.clone()),
        soft: Some(limit.soft),
        hard: Some(limit.hard),
    }
}

/// `shop`, `shop:ro`, `container:name:ro`.
fn volumes_from(
    runtime: &RuntimeOptions,
    around: &Surroundings<'_>,
) -> Result<Vec<String>, EngineError> {
    runtime
        .volumes_from
        .iter()
        .map(|text| {
            if let Some(container) = text.strip_prefix("container:") {
                return Ok(container.to_owned());
            }
            let (service, mode) = text.split_once(':').unwrap_or((text, ""));
            let id = container_of("volumes_from", service, around)?;
            Ok(if mode.is_empty() {
                id
            } else {
                format!("{id}:{mode}")
            })
        })
        .collect()
}

/// `service:NAME` as the container of that service, everything else as written.
pub(super) fn join(
    field: &'static str,
    text: &str,
    around: &Surroundings<'_>,
) -> Result<String, EngineError> {
    match text.strip_prefix("service:") {
        Some(service) => Ok(format!(
            "container:{}",
            container_of(field, service, around)?
        )),
        None => Ok(text.to_owned()),
    }
}

fn container_of(
    field: &str,
    service: &str,
    around: &Surroundings<'_>,
) -> Result<String, EngineError> {
    around.containers.get(service).cloned().ok_or_else(|| {
        around.act.refuse(format!(
            "'{field}' refers to service '{service}', which has no container yet"
        ))
    })
}

/// The services whose containers this service refers to.
pub(super) fn referenced_services(service: &ServiceSpec) -> Vec<String> {
    let runtime = &service.runtime;
    let joined = [&service.network_mode, &runtime.ipc, &runtime.pid]
        .into_iter()
        .flatten()
        .filter_map(|text| text.strip_prefix("service:"));
    let volumes = runtime
        .volumes_from
        .iter()
        .filter(|text| !text.starts_with("container:"))
        .map(|text| text.split_once(':').map_or(text.as_str(), |(name, _)| name));
    let mut names: Vec<String> = joined.chain(volumes).map(str::to_owned).collect();
    names.sort();
    names.dedup();
    names
}

/// A word as the engine's enumeration, which refuses unknown ones.
pub(super) fn enumerated<T: std::str::FromStr>(
    field: &str,
    text: &str,
    allowed: &str,
    act: &Act,
) -> Result<T, EngineError> {
    text.parse()
        .map_err(|_| act.refuse(format!("'{field}' is '{text}': write {allowed}")))
}

pub(super) fn some_list<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

pub(super) fn some_map(map: &BTreeMap<String, String>) -> Option<HashMap<String, String>> {
    (!map.is_empty()).then(|| map.iter().map(|(k, v)| (k.clone(), v.clone())).collect())
}

#[cfg(test)]
pub(super) mod tests {
    use domain::spec::{Lifecycle, PullPolicy};

    use super::*;

    /// The least that a service can be.
    pub(crate) fn service() -> ServiceSpec {
        ServiceSpec {
            name: "app".to_owned(),
            container_name: "shop_app".to_owned(),
            image: "app:1".parse().unwrap(),
            pull_policy: PullPolicy::Never,
            replicas: 1,
            lifecycle: Lifecycle::Service,
            command: None,
            entrypoint: None,
            environment: BTreeMap::new(),
            labels: BTreeMap::new(),
            ports: Vec::new(),
            expose: Vec::new(),
            mounts: Vec::new(),
            files: Vec::new(),
            networks: Vec::new(),
            network_mode: None,
            depends_on: Vec::new(),
            healthcheck: None,
            probe: None,
            restart: RestartPolicy::No,
            stop_grace_period: None,
            update_order: None,
            runtime: RuntimeOptions::default(),
        }
    }

    #[test]
    fn exposed_ports_are_single_ports() {
        let act = Act::new("create", "container a");
        let mut service = service();
        service.expose = vec![
            "8000-8002".to_owned(),
            "53/udp".to_owned(),
            "8000/tcp".to_owned(),
        ];
        service.ports = vec![PortSpec {
            target: 80,
            published: None,
            host_ip: None,
            protocol: "tcp".to_owned(),
        }];
        assert_eq!(
            exposed_ports(&service, &act).unwrap(),
            ["53/udp", "80/tcp", "8000/tcp", "8001/tcp", "8002/tcp"]
        );
        for bad in ["x", "2-1", "1-9999", "70000"] {
            service.expose = vec![bad.to_owned()];
            let error = exposed_ports(&service, &act).unwrap_err().to_string();
            assert!(error.contains(bad), "{error}");
        }
    }

    #[test]
    fn services_that_are_referred_to() {
        let mut service = service();
        service.network_mode = Some("service:a".to_owned());
        service.runtime.ipc = Some("service:b".to_owned());
        service.runtime.pid = Some("host".to_owned());
        service.runtime.volumes_from = vec![
            "a:ro".to_owned(),
            "container:x:ro".to_owned(),
            "c".to_owned(),
        ];
        assert_eq!(referenced_services(&service), ["a", "b", "c"]);
    }

    #[test]
    fn grace_is_rounded_up() {
        assert_eq!(whole_seconds(Duration::from_millis(500)), 1);
        assert_eq!(whole_seconds(Duration::from_secs(10)), 10);
    }

    #[test]
    fn a_variable_without_a_value_is_unset() {
        assert_eq!(variable((&"A".to_owned(), &None)), "A");
        assert_eq!(variable((&"A".to_owned(), &Some(String::new()))), "A=");
    }
}
