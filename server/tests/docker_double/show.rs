//! Containers and images as the engine shows them.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::container::{Container, Health, Status};
use super::network::stamp;
use super::script;
use super::state::{image_id, now};

/// The engine's time for "never".
const NEVER: &str = "0001-01-01T00:00:00Z";

fn stamp_or_never(at: Option<OffsetDateTime>) -> String {
    at.map_or_else(|| NEVER.to_owned(), stamp)
}

/// A line of the list.
pub(super) fn summary(container: &Container) -> Value {
    json!({
        "Id": container.id, "Names": [format!("/{}", container.name)], "Image": container.image(),
        "ImageID": container.image_id, "Command": "", "Created": container.created.unix_timestamp(), "Ports": [],
        "Labels": labels(container), "State": container.status.word(), "Status": status_text(container),
        "HostConfig": { "NetworkMode": network_mode(container) },
        "NetworkSettings": { "Networks": networks(container) }, "Mounts": mounts(container),
    })
}

/// `Up 2 seconds (healthy)`, `Exited (3) 2 seconds ago`.
fn status_text(container: &Container) -> String {
    let since = |at: Option<OffsetDateTime>| {
        let seconds = at.map_or(0, |at| (now() - at).whole_seconds());
        match seconds {
            ..1 => "Less than a second".to_owned(),
            1 => "1 second".to_owned(),
            _ => format!("{seconds} seconds"),
        }
    };
    let code = container.exit_code;
    match container.status {
        Status::Created => "Created".to_owned(),
        Status::Exited => format!("Exited ({code}) {} ago", since(container.finished)),
        Status::Restarting => format!("Restarting ({code}) {} ago", since(container.finished)),
        Status::Running => {
            let health = match container.health {
                Health::None => "",
                Health::Starting => " (health: starting)",
                Health::Healthy => " (healthy)",
                Health::Unhealthy => " (unhealthy)",
            };
            format!("Up {}{health}", since(container.started))
        }
    }
}

/// What it was told to mount and has a name.
fn mounts(container: &Container) -> Value {
    let given = container.body["HostConfig"]["Mounts"].as_array();
    let named = given
        .into_iter()
        .flatten()
        .filter(|mount| mount["Type"] == "volume" && mount["Source"].is_string());
    let shown = named.map(|mount| {
        json!({
            "Type": "volume", "Name": mount["Source"], "Source": "", "Destination": mount["Target"], "Driver": "local",
            "Mode": "z", "RW": mount["ReadOnly"] != true, "Propagation": "",
        })
    });
    shown.collect()
}

fn labels(container: &Container) -> Value {
    match &container.body["Labels"] {
        Value::Null => json!({}),
        labels => labels.clone(),
    }
}

fn network_mode(container: &Container) -> Value {
    match &container.body["HostConfig"]["NetworkMode"] {
        Value::Null => "bridge".into(),
        mode => mode.clone(),
    }
}

/// Everything about one container.
pub(super) fn details(container: &Container) -> Value {
    let mut config = container.body.as_object().cloned().unwrap_or_default();
    let mut host_config = match config.remove("HostConfig") {
        Some(Value::Object(given)) => given,
        _ => Map::new(),
    };
    config.remove("NetworkingConfig");
    config.insert("Labels".to_owned(), labels(container));
    host_config.insert("NetworkMode".to_owned(), network_mode(container));
    let up = container.status.is_up();
    let mut state = json!({
        "Status": container.status.word(), "Running": up, "Paused": false,
        "Restarting": container.status == Status::Restarting, "OOMKilled": false, "Dead": false,
        "Pid": i64::from(up), "ExitCode": container.exit_code, "Error": container.error,
        "StartedAt": stamp_or_never(container.started), "FinishedAt": stamp_or_never(container.finished),
    });
    if container.health != Health::None {
        state["Health"] = health(container);
    }
    json!({
        "Id": container.id, "Created": stamp(container.created), "Path": "", "Args": [], "State": state,
        "Image": container.image_id, "Name": format!("/{}", container.name), "RestartCount": container.restarts,
        "Driver": "overlay2", "Platform": "linux", "HostConfig": host_config, "Mounts": mounts(container), "Config": config,
        "NetworkSettings": { "Networks": networks(container) },
    })
}

fn health(container: &Container) -> Value {
    let log = match container.health {
        Health::None | Health::Starting => json!([]),
        Health::Healthy => probe(container, 0, "200 OK\n"),
        Health::Unhealthy => probe(container, 1, "503 Service Unavailable\n"),
    };
    let streak = u8::from(container.health == Health::Unhealthy);
    json!({ "Status": container.health.word(), "FailingStreak": streak, "Log": log })
}

fn probe(container: &Container, code: u8, output: &str) -> Value {
    let at = stamp_or_never(container.started);
    json!([{ "Start": at, "End": at, "ExitCode": code, "Output": output }])
}

/// Addresses only while it runs, as the engine gives them.
fn networks(container: &Container) -> Value {
    let given = &container.body["NetworkingConfig"]["EndpointsConfig"];
    let mut all = Map::new();
    for (at, name) in container.networks().into_iter().enumerate() {
        let mut endpoint = given[&name].as_object().cloned().unwrap_or_default();
        let address = if container.status == Status::Running {
            // Anything that differs from container to container.
            let byte = |from: usize| u8::from_str_radix(&container.id[from..from + 2], 16);
            format!("10.{at}.{}.{}", byte(0).unwrap_or(0), byte(2).unwrap_or(1))
        } else {
            String::new()
        };
        endpoint.insert("IPAddress".to_owned(), address.into());
        all.insert(name, endpoint.into());
    }
    all.into()
}

/// An image of the demo.
pub(super) fn image(reference: &str) -> Value {
    let repository = match reference.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => reference,
    };
    let mut config = json!({ "Cmd": [], "Entrypoint": ["/demo-service"], "Env": [] });
    if script::has_health_check(reference) {
        config["ExposedPorts"] = json!({ "8080/tcp": {} });
        config["Healthcheck"] = json!({ "Test": ["CMD", "/demo-service", "check"] });
    }
    let id = image_id(reference);
    json!({
        "Id": id, "RepoTags": [reference], "RepoDigests": [format!("{repository}@{id}")], "Os": "linux",
        "Architecture": "amd64", "Config": config,
    })
}
