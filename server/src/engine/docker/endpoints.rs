//! The networks of a container: all at once where the engine can, the first at creation and the others after it where it cannot.

use std::collections::HashMap;

use bollard::models::{EndpointIpamConfig, EndpointSettings, NetworkingConfig};
use domain::spec::NetworkAttachment;

use super::api_version::ApiVersion;
use super::body::{Surroundings, join, some_list, some_map};
use crate::engine::{EngineError, NewContainer};

/// The engine's own networks know no aliases.
const WITHOUT_ALIASES: &[&str] = &["bridge", "host", "none"];

/// What the container's network stack is.
pub(super) fn network_mode(
    new: &NewContainer<'_>,
    around: &Surroundings<'_>,
) -> Result<Option<String>, EngineError> {
    match (&new.service.network_mode, new.service.networks.first()) {
        (Some(mode), _) => join("network_mode", mode, around).map(Some),
        (None, Some(first)) => network_name(first, new, around).map(Some),
        (None, None) => Ok(None),
    }
}

/// The networks in the body of the create call.
pub(super) fn at_creation(
    new: &NewContainer<'_>,
    around: &Surroundings<'_>,
) -> Result<Option<NetworkingConfig>, EngineError> {
    let mut all = endpoints(new, around)?;
    if around.api < ApiVersion::SEVERAL_ENDPOINTS {
        all.truncate(1);
    }
    Ok((!all.is_empty()).then(|| NetworkingConfig {
        endpoints_config: Some(all.into_iter().collect::<HashMap<_, _>>()),
    }))
}

/// Every network by its name on the engine, in the service's order.
pub(super) fn endpoints(
    new: &NewContainer<'_>,
    around: &Surroundings<'_>,
) -> Result<Vec<(String, EndpointSettings)>, EngineError> {
    if new.service.network_mode.is_some() {
        if new.service.runtime.mac_address.is_some() {
            return Err(around
                .act
                .refuse("'mac_address' needs a network, not a 'network_mode'"));
        }
        return Ok(Vec::new());
    }
    let mut all = Vec::new();
    for (at, attachment) in new.service.networks.iter().enumerate() {
        let name = network_name(attachment, new, around)?;
        let mut endpoint = endpoint(&name, attachment, new, around)?;
        if at == 0 && endpoint.mac_address.is_none() {
            endpoint
                .mac_address
                .clone_from(&new.service.runtime.mac_address);
        }
        if endpoint.mac_address.is_some() {
            around
                .api
                .need(ApiVersion::SEVERAL_ENDPOINTS, "mac_address", around.act)?;
        }
        all.push((name, endpoint));
    }
    Ok(all)
}

fn network_name(
    attachment: &NetworkAttachment,
    new: &NewContainer<'_>,
    around: &Surroundings<'_>,
) -> Result<String, EngineError> {
    let key = &attachment.network;
    new.stack
        .networks
        .get(key)
        .map(|network| network.name.clone())
        .ok_or_else(|| {
            around.act.refuse(format!(
                "network '{key}' is not declared in stack '{}'",
                new.stack.stack
            ))
        })
}

fn endpoint(
    name: &str,
    attachment: &NetworkAttachment,
    new: &NewContainer<'_>,
    around: &Surroundings<'_>,
) -> Result<EndpointSettings, EngineError> {
    if attachment.gw_priority.is_some() {
        around
            .api
            .need(ApiVersion::GATEWAY_PRIORITY, "gw_priority", around.act)?;
    }
    let ipam = EndpointIpamConfig {
        ipv4_address: attachment.ipv4_address.clone(),
        ipv6_address: attachment.ipv6_address.clone(),
        link_local_ips: some_list(attachment.link_local_ips.clone()),
    };
    let fixed = ipam != EndpointIpamConfig::default();
    Ok(EndpointSettings {
        aliases: some_list(aliases(name, attachment, new)),
        ipam_config: fixed.then_some(ipam),
        mac_address: attachment.mac_address.clone(),
        driver_opts: some_map(&attachment.driver_opts),
        gw_priority: attachment.gw_priority,
        ..Default::default()
    })
}

/// The service's name, shared by its replicas; the final name of this replica, also while the container still has the name of a
/// replacement; and the author's own.
fn aliases(name: &str, attachment: &NetworkAttachment, new: &NewContainer<'_>) -> Vec<String> {
    if WITHOUT_ALIASES.contains(&name) {
        return Vec::new();
    }
    let mut all = vec![
        new.service.name.clone(),
        new.service.container_name_of(new.ownership.replica),
    ];
    for alias in &attachment.aliases {
        if !all.contains(alias) {
            all.push(alias.clone());
        }
    }
    all.dedup();
    all
}
