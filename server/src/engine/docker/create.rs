//! Create or adopt: containers, networks and volumes that are there exactly once however often they are asked for.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bollard::models::{
    ContainerInspectResponse, ContainerStateStatusEnum, Ipam, IpamConfig, NetworkConnectRequest,
    NetworkCreateRequest, VolumeCreateRequest,
};
use bollard::query_parameters::{
    CreateContainerOptionsBuilder, InspectContainerOptions, InspectNetworkOptions,
    ListContainersOptionsBuilder, UploadToContainerOptionsBuilder,
};
use domain::plan::Ownership;
use domain::spec::{IpamSpec, NetworkSpec, VolumeSpec};
use tokio::time::{Instant, sleep};

use super::api_version::ApiVersion;
use super::body::{Surroundings, body, referenced_services, some_list, some_map};
use super::call::{Act, found};
use super::{CREATE_TIMEOUT, DockerEngine, SHORT_TIMEOUT, endpoints, files};
use crate::engine::ownership::{
    describe_holder, from_labels, is_same_container, is_same_product, with_labels,
};
use crate::engine::{EngineError, NewContainer, labels};

/// How long a name may be taken by something that cannot be looked at: the engine reserves it before the container is there, as when an
/// interrupted creation is still going on.
const RESERVED_LIMIT: Duration = Duration::from_secs(10);

/// Between two looks at a reserved name.
const RESERVED_PAUSE: Duration = Duration::from_millis(50);

/// Makes the container, or adopts the same one; its files are in it when this returns.
pub(super) async fn container(
    engine: &DockerEngine,
    new: &NewContainer<'_>,
) -> Result<String, EngineError> {
    let act = Act::new("create", format!("container {}", new.name));
    let api = engine.api_version().await?;
    let containers = referenced_containers(engine, new, &act).await?;
    let around = Surroundings {
        api,
        act: &act,
        containers: &containers,
    };
    let body = body(new, &around)?;
    let mut options = CreateContainerOptionsBuilder::new().name(&new.name);
    if let Some(platform) = &new.service.runtime.platform {
        options = options.platform(platform);
    }
    let options = options.build();
    let docker = engine.client(&act)?;
    let deadline = Instant::now() + RESERVED_LIMIT;
    loop {
        let created = engine
            .call(
                &act,
                CREATE_TIMEOUT,
                docker.create_container(Some(options.clone()), body.clone()),
            )
            .await;
        match created {
            Ok(created) => {
                complete(engine, new, &around, &created.id, &[]).await?;
                return Ok(created.id);
            }
            Err(EngineError::Conflict { .. }) => {}
            Err(error) => return Err(error),
        }
        // The name is taken: by the same container from an earlier run, by another of ours, or by a stranger.
        let holder = engine
            .call(
                &act,
                SHORT_TIMEOUT,
                docker.inspect_container(&new.name, None::<InspectContainerOptions>),
            )
            .await;
        if let Some(holder) = found(holder)? {
            return adopt(engine, new, &around, holder).await;
        }
        if Instant::now() >= deadline {
            return Err(EngineError::Failed {
                act: act.sentence(),
                message: format!(
                    "the name is taken, and for {} s there was nothing of this name",
                    RESERVED_LIMIT.as_secs()
                ),
            });
        }
        sleep(RESERVED_PAUSE).await;
    }
}

async fn adopt(
    engine: &DockerEngine,
    new: &NewContainer<'_>,
    around: &Surroundings<'_>,
    holder: ContainerInspectResponse,
) -> Result<String, EngineError> {
    let act = around.act;
    let existing = holder
        .config
        .and_then(|config| config.labels)
        .as_ref()
        .and_then(from_labels);
    let state = holder.state.and_then(|state| state.status);
    let removing = matches!(
        state,
        Some(ContainerStateStatusEnum::REMOVING | ContainerStateStatusEnum::DEAD)
    );
    let same = existing
        .as_ref()
        .is_some_and(|owner| is_same_container(owner, &new.ownership));
    let id = match holder.id {
        Some(id) if same && !removing => id,
        _ => return Err(act.conflict(describe_holder(existing.as_ref(), &new.ownership))),
    };
    // Only what never started can lack its files and networks: they are put before the first start.
    if matches!(state, Some(ContainerStateStatusEnum::CREATED)) {
        let connected: Vec<String> = holder
            .network_settings
            .and_then(|settings| settings.networks)
            .unwrap_or_default()
            .into_keys()
            .collect();
        complete(engine, new, around, &id, &connected).await?;
    }
    Ok(id)
}

/// What creation leaves to be done: further networks on engines that take only one, and the files.
async fn complete(
    engine: &DockerEngine,
    new: &NewContainer<'_>,
    around: &Surroundings<'_>,
    id: &str,
    connected: &[String],
) -> Result<(), EngineError> {
    let docker = engine.client(around.act)?;
    if around.api < ApiVersion::SEVERAL_ENDPOINTS {
        for (name, endpoint) in endpoints::endpoints(new, around)?.into_iter().skip(1) {
            if connected.contains(&name) {
                continue;
            }
            let act = Act::new(
                "connect",
                format!("container {} to network {name}", new.name),
            );
            let request = NetworkConnectRequest {
                container: id.to_owned(),
                endpoint_config: Some(endpoint),
            };
            engine
                .call(&act, SHORT_TIMEOUT, docker.connect_network(&name, request))
                .await?;
        }
    }
    let act = Act::new("put files into", format!("container {}", new.name));
    let archives = files::archives(new.service)
        .map_err(|error| act.refuse(format!("a file cannot be packed: {error}")))?;
    for (folder, archive) in archives {
        let options = UploadToContainerOptionsBuilder::new().path(&folder).build();
        let upload =
            docker.upload_to_container(id, Some(options), bollard::body_full(archive.into()));
        engine.call(&act, CREATE_TIMEOUT, upload).await?;
    }
    Ok(())
}

/// Containers of the services that this one joins (`service:NAME`): of the newest generation, by label, since names change hands.
async fn referenced_containers(
    engine: &DockerEngine,
    new: &NewContainer<'_>,
    act: &Act,
) -> Result<HashMap<String, String>, EngineError> {
    let mut found = HashMap::new();
    let docker = engine.client(act)?;
    for service in referenced_services(new.service) {
        let owner = &new.ownership;
        let filter = vec![
            format!("{}={}", labels::PRODUCT, owner.product),
            format!("{}={}", labels::ENVIRONMENT, owner.environment),
            format!("{}={}", labels::STACK, owner.stack),
            format!("{}={service}", labels::SERVICE),
        ];
        let options = ListContainersOptionsBuilder::new()
            .all(true)
            .filters(&HashMap::from([("label".to_owned(), filter)]))
            .build();
        let list = engine
            .call(act, SHORT_TIMEOUT, docker.list_containers(Some(options)))
            .await?;
        let newest = list
            .into_iter()
            .filter_map(|summary| {
                let owner = summary.labels.as_ref().and_then(from_labels)?;
                Some((
                    (owner.generation, std::cmp::Reverse(owner.replica)),
                    summary.id?,
                ))
            })
            .max();
        if let Some((_, id)) = newest {
            found.insert(service, id);
        }
    }
    Ok(found)
}

/// Makes the network, or adopts the product's own.
pub(super) async fn network(
    engine: &DockerEngine,
    network: &NetworkSpec,
    owner: &Ownership,
) -> Result<(), EngineError> {
    let act = Act::new("create", format!("network {}", network.name));
    let api = engine.api_version().await?;
    if network.enable_ipv4 == Some(false) {
        api.need(ApiVersion::IPV4_SWITCH, "enable_ipv4", &act)?;
    }
    // Engines before API 1.44 make a second network of the same name, and then a container can join neither: look first, one at a time.
    let _turn = if api < ApiVersion::UNIQUE_NETWORKS {
        Some(engine.shared.networks.lock().await)
    } else {
        None
    };
    if let Some(verdict) = existing_network(engine, &act, network, owner).await? {
        return verdict;
    }
    if network.external {
        return Err(act.not_found());
    }
    let request = NetworkCreateRequest {
        name: network.name.clone(),
        driver: network.driver.clone(),
        options: some_map(&network.driver_opts),
        attachable: Some(network.attachable),
        internal: Some(network.internal),
        enable_ipv4: network.enable_ipv4,
        enable_ipv6: Some(network.enable_ipv6),
        labels: Some(with_labels(&network.labels, owner)),
        ipam: network.ipam.as_ref().map(ipam),
        ..Default::default()
    };
    let docker = engine.client(&act)?;
    match engine
        .call(&act, SHORT_TIMEOUT, docker.create_network(request))
        .await
    {
        Ok(_) => Ok(()),
        // Somebody was faster, or another network has the addresses.
        Err(conflict @ EngineError::Conflict { .. }) => {
            existing_network(engine, &act, network, owner)
                .await?
                .unwrap_or(Err(conflict))
        }
        Err(error) => Err(error),
    }
}

/// Whether the network that has this name can be used; none where there is none.
async fn existing_network(
    engine: &DockerEngine,
    act: &Act,
    network: &NetworkSpec,
    owner: &Ownership,
) -> Result<Option<Result<(), EngineError>>, EngineError> {
    let Some(existing) = inspect_network(engine, act, &network.name).await? else {
        return Ok(None);
    };
    let existing = existing.owner;
    let ours = existing
        .as_ref()
        .is_some_and(|existing| is_same_product(existing, owner));
    Ok(Some(if network.external || ours {
        Ok(())
    } else {
        Err(act.conflict(describe_holder(existing.as_ref(), owner)))
    }))
}

pub(super) struct ExistingNetwork {
    pub(super) id: String,
    pub(super) owner: Option<Ownership>,
}

/// The network of exactly this name; the engine would also take the beginning of an id.
pub(super) async fn inspect_network(
    engine: &DockerEngine,
    act: &Act,
    name: &str,
) -> Result<Option<ExistingNetwork>, EngineError> {
    let docker = engine.client(act)?;
    let inspected = engine
        .call(
            act,
            SHORT_TIMEOUT,
            docker.inspect_network(name, None::<InspectNetworkOptions>),
        )
        .await;
    Ok(found(inspected)?
        .filter(|network| network.name.as_deref() == Some(name))
        .and_then(|network| {
            Some(ExistingNetwork {
                id: network.id?,
                owner: network.labels.as_ref().and_then(from_labels),
            })
        }))
}

fn ipam(spec: &IpamSpec) -> Ipam {
    Ipam {
        driver: spec.driver.clone(),
        options: some_map(&spec.options),
        config: some_list(
            spec.config
                .iter()
                .map(|pool| IpamConfig {
                    subnet: pool.subnet.clone(),
                    gateway: pool.gateway.clone(),
                    ip_range: pool.ip_range.clone(),
                    auxiliary_addresses: some_map(&pool.aux_addresses),
                })
                .collect(),
        ),
    }
}

/// Makes the volume; the engine itself answers with one that exists.
pub(super) async fn volume(
    engine: &DockerEngine,
    volume: &VolumeSpec,
    owner: &Ownership,
) -> Result<(), EngineError> {
    let act = Act::new("create", format!("volume {}", volume.name));
    let docker = engine.client(&act)?;
    // An existing volume is taken as it is, also with another driver or other options: it holds data.
    let inspected = engine
        .call(&act, SHORT_TIMEOUT, docker.inspect_volume(&volume.name))
        .await;
    if found(inspected)?.is_some() {
        return Ok(());
    }
    if volume.external {
        return Err(act.not_found());
    }
    let labels: BTreeMap<String, String> = volume.labels.clone();
    let request = VolumeCreateRequest {
        name: Some(volume.name.clone()),
        driver: volume.driver.clone(),
        driver_opts: some_map(&volume.driver_opts),
        labels: Some(with_labels(&labels, owner)),
        ..Default::default()
    };
    engine
        .call(&act, CREATE_TIMEOUT, docker.create_volume(request))
        .await
        .map(drop)
}
