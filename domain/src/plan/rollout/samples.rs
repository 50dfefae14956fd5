//! Small products for the tests of all planners, and what an engine has once they run.

use std::collections::BTreeMap;
use std::time::Duration;

use indexmap::IndexMap;

use super::PlannedStack;
use crate::id::EnvironmentId;
use crate::plan::{ContainerState, Health, Observed, ObservedContainer, ObservedObject, Ownership};
use crate::spec::{
    Condition, Dependency, Lifecycle, NetworkAttachment, NetworkSpec, PullPolicy, RestartPolicy,
    ServiceSpec, StackSpec,
};

pub(in super::super) const ENVIRONMENT: EnvironmentId =
    EnvironmentId::from_uuid(uuid::Uuid::from_u128(1));

pub(super) fn service(project: &str, text: &str) -> ServiceSpec {
    // `name:image after(condition) …`
    let mut words = text.split_whitespace();
    let (name, image) = words.next().unwrap().split_once(':').unwrap();
    let init = name.starts_with('!');
    let name = name.trim_start_matches('!');
    let depends_on = words
        .map(|word| {
            let (service, condition) = word.split_once('=').unwrap_or((word, "started"));
            Dependency {
                service: service.to_owned(),
                condition: match condition {
                    "healthy" => Condition::ServiceHealthy,
                    "completed" => Condition::ServiceCompletedSuccessfully,
                    _ => Condition::ServiceStarted,
                },
                required: true,
            }
        })
        .collect();
    ServiceSpec {
        name: name.to_owned(),
        container_name: format!("{project}_{name}"),
        image: image.parse().unwrap(),
        pull_policy: PullPolicy::Missing,
        replicas: 1,
        lifecycle: if init {
            Lifecycle::Init {
                timeout: Duration::from_secs(60),
            }
        } else {
            Lifecycle::Service
        },
        command: None,
        entrypoint: None,
        environment: BTreeMap::new(),
        labels: BTreeMap::new(),
        ports: Vec::new(),
        expose: Vec::new(),
        mounts: Vec::new(),
        files: Vec::new(),
        networks: vec![NetworkAttachment {
            network: "default".to_owned(),
            aliases: Vec::new(),
            ipv4_address: None,
            ipv6_address: None,
            link_local_ips: Vec::new(),
            mac_address: None,
            driver_opts: BTreeMap::new(),
            gw_priority: None,
        }],
        network_mode: None,
        depends_on,
        healthcheck: None,
        probe: None,
        restart: RestartPolicy::UnlessStopped,
        stop_grace_period: None,
        update_order: None,
        runtime: crate::spec::RuntimeOptions::default(),
    }
}

pub(super) fn network(name: &str, external: bool) -> NetworkSpec {
    NetworkSpec {
        name: name.to_owned(),
        external,
        driver: None,
        driver_opts: BTreeMap::new(),
        attachable: false,
        internal: false,
        enable_ipv4: None,
        enable_ipv6: false,
        labels: BTreeMap::new(),
        ipam: None,
    }
}

pub(in super::super) fn stack(name: &str, depends_on: &[&str], services: &[&str]) -> PlannedStack {
    let project = format!("shop-{name}");
    PlannedStack {
        spec: StackSpec {
            stack: name.to_owned(),
            services: services
                .iter()
                .map(|text| {
                    let service = service(&project, text);
                    (service.name.clone(), service)
                })
                .collect(),
            networks: IndexMap::from([(
                "default".to_owned(),
                network(&format!("{project}_default"), false),
            )]),
            volumes: IndexMap::new(),
            project,
        },
        depends_on: depends_on.iter().map(|&name| name.to_owned()).collect(),
    }
}

/// What the engine has once all of it runs.
pub(in super::super) fn deployed(stacks: &[PlannedStack]) -> Observed {
    let owner = |stack: &PlannedStack, service: Option<&ServiceSpec>| Ownership {
        product: "demo:shop".to_owned(),
        environment: ENVIRONMENT,
        deployment: crate::id::DeploymentId::from_uuid(uuid::Uuid::from_u128(2)),
        stack: stack.spec.stack.clone(),
        project: stack.spec.project.clone(),
        service: service
            .map(|service| service.name.clone())
            .unwrap_or_default(),
        replica: u32::from(service.is_some()),
        init: service.is_some_and(|service| service.lifecycle.is_init()),
        operation: crate::id::OperationId::from_uuid(uuid::Uuid::from_u128(3)),
        generation: u32::from(service.is_some()),
        spec_hash: service.map(ServiceSpec::hash).unwrap_or_default(),
    };
    let mut observed = Observed::default();
    for stack in stacks {
        for service in stack.spec.services.values() {
            let init = service.lifecycle.is_init();
            observed.containers.push(ObservedContainer {
                id: format!("id of {}", service.container_name),
                name: service.container_name.clone(),
                image: service.image.to_string(),
                image_id: format!("id of {}", service.image),
                state: if init {
                    ContainerState::Exited
                } else {
                    ContainerState::Running
                },
                health: Health::None,
                exit_code: init.then_some(0),
                ownership: Some(owner(stack, Some(service))),
            });
        }
        let networks = stack.spec.networks.values().map(|network| ObservedObject {
            name: network.name.clone(),
            ownership: Some(owner(stack, None)),
        });
        observed.networks.extend(networks);
    }
    observed
}
