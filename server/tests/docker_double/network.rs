//! Networks and volumes.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::events::has_label;
use super::http::{Reply, Request};
use super::record::Verb;
use super::state::{State, now};

pub(super) struct Network {
    pub(super) id: String,
    created: OffsetDateTime,
    /// The body of the create call.
    body: Value,
    predefined: bool,
}

impl Network {
    pub(super) fn predefined(id: String, name: &str) -> Self {
        let driver = if name == "none" { "null" } else { name };
        Self {
            id,
            created: now(),
            body: json!({ "Name": name, "Driver": driver }),
            predefined: true,
        }
    }

    fn show(&self, name: &str) -> Value {
        let or = |field: &str, value: Value| match &self.body[field] {
            Value::Null => value,
            given => given.clone(),
        };
        json!({
            "Name": name, "Id": self.id, "Created": stamp(self.created), "Scope": "local",
            "Driver": or("Driver", "bridge".into()), "EnableIPv4": or("EnableIPv4", true.into()),
            "EnableIPv6": or("EnableIPv6", false.into()),
            "IPAM": or("IPAM", json!({ "Driver": "default", "Options": null, "Config": [] })),
            "Internal": or("Internal", false.into()), "Attachable": or("Attachable", false.into()), "Ingress": false,
            "ConfigFrom": { "Network": "" }, "ConfigOnly": false, "Containers": {}, "Options": or("Options", json!({})),
            "Labels": or("Labels", json!({})),
        })
    }
}

/// A volume: nothing but its names.
#[derive(Default)]
pub(super) struct Volume {
    body: Value,
}

impl Volume {
    fn show(&self, name: &str) -> Value {
        let or = |field: &str| match &self.body[field] {
            Value::Null => json!({}),
            given => given.clone(),
        };
        json!({
            "Name": name, "Driver": self.body["Driver"].as_str().unwrap_or("local"), "Scope": "local",
            "Mountpoint": format!("/var/lib/docker/volumes/{name}/_data"), "CreatedAt": stamp(now()), "Labels": or("Labels"),
            "Options": or("DriverOpts"),
        })
    }
}

pub(super) fn stamp(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap()
}

fn labels_fit(shown: &Value, wanted: &[String]) -> bool {
    let none = Map::new();
    let labels = shown["Labels"].as_object().unwrap_or(&none);
    wanted.iter().all(|label| has_label(labels, label))
}

impl State {
    /// The name of a network, by name or id.
    pub(super) fn network_name(&self, id: &str) -> Option<String> {
        if self.networks.contains_key(id) {
            return Some(id.to_owned());
        }
        let by_id = self.networks.iter().find(|(_, network)| network.id == id);
        by_id.map(|(name, _)| name.clone())
    }

    pub(super) fn create_network(&mut self, body: Value) -> Reply {
        let name = body["Name"].as_str().unwrap_or_default().to_owned();
        if self.networks.contains_key(&name) {
            return Reply::error(409, format!("network with name {name} already exists"));
        }
        let id = self.new_id();
        let network = Network {
            id: id.clone(),
            created: now(),
            body,
            predefined: false,
        };
        self.networks.insert(name.clone(), network);
        self.effect(Verb::CreateNetwork, &name);
        Reply::Json(201, json!({ "Id": id, "Warning": "" }))
    }

    pub(super) fn list_networks(&self, request: &Request) -> Reply {
        let wanted = request.filter("label");
        let shown = self
            .networks
            .iter()
            .map(|(name, network)| network.show(name));
        Reply::Json(
            200,
            shown.filter(|shown| labels_fit(shown, &wanted)).collect(),
        )
    }

    pub(super) fn inspect_network(&self, id: &str) -> Reply {
        match self.network_name(id) {
            Some(name) => Reply::Json(200, self.networks[&name].show(&name)),
            None => Reply::error(404, format!("network {id} not found")),
        }
    }

    pub(super) fn remove_network(&mut self, id: &str) -> Reply {
        let Some(name) = self.network_name(id) else {
            return Reply::error(404, format!("network {id} not found"));
        };
        if self.networks[&name].predefined {
            return Reply::error(
                403,
                format!("{name} is a pre-defined network and cannot be removed"),
            );
        }
        let connected = self
            .containers
            .iter()
            .find(|container| container.status.is_up() && container.networks().contains(&name));
        if let Some(container) = connected {
            return Reply::error(
                403,
                format!(
                    "error while removing network: network {name} has active endpoints (name:\"{}\" id:\"{}\")",
                    container.name,
                    &container.id[..12]
                ),
            );
        }
        self.networks.remove(&name);
        self.effect(Verb::RemoveNetwork, &name);
        Reply::Empty(204)
    }

    pub(super) fn create_volume(&mut self, body: Value) -> Reply {
        let name = match body["Name"].as_str() {
            Some(name) if !name.is_empty() => name.to_owned(),
            _ => self.new_id(),
        };
        if !self.volumes.contains_key(&name) {
            self.volumes.insert(name.clone(), Volume { body });
            self.effect(Verb::CreateVolume, &name);
        }
        Reply::Json(201, self.volumes[&name].show(&name))
    }

    pub(super) fn list_volumes(&self, request: &Request) -> Reply {
        let wanted = request.filter("label");
        let shown = self.volumes.iter().map(|(name, volume)| volume.show(name));
        let list: Vec<Value> = shown.filter(|shown| labels_fit(shown, &wanted)).collect();
        Reply::Json(200, json!({ "Volumes": list, "Warnings": null }))
    }

    pub(super) fn inspect_volume(&self, name: &str) -> Reply {
        match self.volumes.get(name) {
            Some(volume) => Reply::Json(200, volume.show(name)),
            None => Reply::error(404, format!("get {name}: no such volume")),
        }
    }

    pub(super) fn remove_volume(&mut self, name: &str) -> Reply {
        if !self.volumes.contains_key(name) {
            return Reply::error(404, format!("get {name}: no such volume"));
        }
        let mounts = |body: &Value| {
            let all = body["HostConfig"]["Mounts"]
                .as_array()
                .into_iter()
                .flatten();
            all.filter(|mount| mount["Source"] == name).count() > 0
        };
        let user = self.containers.iter().find(|container| {
            mounts(&container.body) || container.anonymous.iter().any(|other| other == name)
        });
        if let Some(user) = user {
            let message = format!("remove {name}: volume is in use - [{}]", user.id);
            return Reply::error(409, message);
        }
        self.volumes.remove(name);
        self.effect(Verb::RemoveVolume, name);
        Reply::Empty(204)
    }
}
