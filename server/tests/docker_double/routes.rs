//! Which call a request is, and what it does.

use std::io::Read as _;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::net::UnixStream;

use super::Shared;
use super::container::PutFile;
use super::events::has_label;
use super::http::{Reply, Request, gone};
use super::network::stamp;
use super::record::{Fault, Verb};
use super::state::{State, no_such_container, now};
use super::{exec, life, show, streams};

/// What it says that it is.
pub(super) const VERSION: &str = "28.5.2";
pub(super) const API_VERSION: &str = "1.51";

/// One request and its answer, or what a fault makes of them.
pub(super) async fn connection(shared: Arc<Shared>, mut stream: UnixStream) {
    let Some(request) = Request::read(&mut stream).await else {
        return;
    };
    let Some((verb, object)) = target(&request) else {
        let reply = Reply::error(404, "page not found");
        return reply.write(&request, &mut stream, false).await;
    };
    let (fault, pace) = shared.with(|state| {
        let name = state.name_of(verb, &object);
        state.changed();
        (state.record.call(verb, &name), state.pace)
    });
    match fault {
        Some(Fault::Status(status, message)) => {
            let reply = Reply::error(status, message);
            return reply.write(&request, &mut stream, false).await;
        }
        Some(Fault::CloseBefore) => return,
        Some(Fault::Hang) => return gone(&mut stream).await,
        Some(Fault::CloseAfter | Fault::HangAfter | Fault::Cut) | None => {}
    }
    let paced = verb.changes() && !pace.is_zero();
    if paced {
        tokio::time::sleep(pace).await;
    }
    let reply = answer(&shared, verb, &object, &request).await;
    if paced {
        tokio::time::sleep(pace).await;
    }
    match fault {
        Some(Fault::CloseAfter) => {}
        Some(Fault::HangAfter) => gone(&mut stream).await,
        other => {
            reply
                .write(&request, &mut stream, other == Some(Fault::Cut))
                .await
        }
    }
}

/// The call and its object as the caller names it.
fn target(request: &Request) -> Option<(Verb, String)> {
    use Verb::*;
    let words: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    let method = request.method.as_str();
    let (verb, object) = match (method, &words[..]) {
        ("GET" | "HEAD", ["_ping"]) => (Ping, ""),
        ("GET", ["version"]) => (Version, ""),
        ("GET", ["info"]) => (Info, ""),
        ("GET", ["events"]) => (Events, ""),
        ("GET", ["containers", "json"]) => (ListContainers, request.word("filters")),
        ("POST", ["containers", "create"]) => (CreateContainer, request.word("name")),
        ("GET", ["containers", id, "json"]) => (InspectContainer, *id),
        ("GET", ["containers", id, "logs"]) => (Logs, *id),
        ("PUT", ["containers", id, "archive"]) => (PutFiles, *id),
        ("GET", ["containers", id, "archive"]) => (GetFiles, *id),
        ("POST", ["containers", id, "start"]) => (StartContainer, *id),
        ("POST", ["containers", id, "stop"]) => (StopContainer, *id),
        ("POST", ["containers", id, "restart"]) => (RestartContainer, *id),
        ("POST", ["containers", id, "kill"]) => (KillContainer, *id),
        ("POST", ["containers", id, "wait"]) => (WaitContainer, *id),
        ("POST", ["containers", id, "rename"]) => (RenameContainer, *id),
        ("POST", ["containers", id, "exec"]) => (CreateExec, *id),
        ("DELETE", ["containers", id]) => (RemoveContainer, *id),
        ("POST", ["exec", id, "start"]) => (StartExec, *id),
        ("GET", ["exec", id, "json"]) => (InspectExec, *id),
        ("GET", ["networks"]) => (ListNetworks, ""),
        ("GET", ["networks", id]) => (InspectNetwork, *id),
        ("DELETE", ["networks", id]) => (RemoveNetwork, *id),
        ("GET", ["volumes"]) => (ListVolumes, ""),
        ("GET", ["volumes", name]) => (InspectVolume, *name),
        ("DELETE", ["volumes", name]) => (RemoveVolume, *name),
        ("POST", ["networks", "create"]) => return Some((CreateNetwork, named(request))),
        ("POST", ["volumes", "create"]) => return Some((CreateVolume, named(request))),
        ("POST", ["images", "create"]) => {
            let (name, tag) = (request.word("fromImage"), request.word("tag"));
            let joint = if tag.starts_with("sha256:") { '@' } else { ':' };
            return Some((Pull, format!("{name}{joint}{tag}")));
        }
        ("GET", ["images", name @ .., "json"]) => return Some((InspectImage, name.join("/"))),
        _ => return None,
    };
    Some((verb, object.to_owned()))
}

fn named(request: &Request) -> String {
    let body = request.json();
    body["Name"].as_str().unwrap_or_default().to_owned()
}

impl State {
    /// Containers and networks by name, also where the caller says an id.
    fn name_of(&self, verb: Verb, object: &str) -> String {
        let by_id = match verb {
            Verb::InspectNetwork | Verb::RemoveNetwork => self.network_name(object),
            _ => {
                let position = self.position(object).filter(|_| !object.is_empty());
                position.map(|at| self.containers[at].name.clone())
            }
        };
        by_id.unwrap_or_else(|| object.to_owned())
    }
}

async fn answer(shared: &Arc<Shared>, verb: Verb, object: &str, request: &Request) -> Reply {
    match verb {
        Verb::Ping => Reply::Json(200, "OK".into()),
        Verb::Version => Reply::Json(
            200,
            json!({
                "Version": VERSION, "ApiVersion": API_VERSION, "MinAPIVersion": "1.24", "Os": "linux", "Arch": "amd64",
            }),
        ),
        Verb::Info => Reply::Json(
            200,
            json!({ "ServerVersion": VERSION, "SystemTime": stamp(now()), "OSType": "linux" }),
        ),
        Verb::Events => streams::events(shared, request),
        Verb::Pull => streams::pull(shared, object),
        Verb::InspectImage => shared.with(|state| {
            if state.images.contains(object) {
                Reply::Json(200, show::image(object))
            } else {
                Reply::error(404, format!("No such image: {object}"))
            }
        }),
        Verb::CreateContainer => shared.with(|state| match state.create(object, request.json()) {
            Ok(id) => Reply::Json(201, json!({ "Id": id, "Warnings": [] })),
            Err(refusal) => refusal,
        }),
        Verb::StartContainer => life::start(shared, object),
        Verb::StopContainer => life::stop(shared, object, request.word("t").parse().ok()).await,
        Verb::RestartContainer => {
            match life::stop(shared, object, None).await {
                Reply::Empty(_) => {}
                refusal => return refusal,
            }
            life::start(shared, object)
        }
        Verb::KillContainer => life::kill(shared, object),
        Verb::RemoveContainer => {
            life::remove(shared, object, request.is_on("force"), request.is_on("v"))
        }
        Verb::RenameContainer => shared.with(|state| {
            match state.rename(object, request.word("name").trim_start_matches('/')) {
                Ok(()) => Reply::Empty(204),
                Err(refusal) => refusal,
            }
        }),
        Verb::WaitContainer => streams::wait(shared, object, request),
        Verb::ListContainers => list(shared, request),
        Verb::InspectContainer => shared.with(|state| match state.find(object) {
            Ok(container) => Reply::Json(200, show::details(container)),
            Err(missing) => missing,
        }),
        Verb::Logs => streams::logs(shared, object, request),
        Verb::PutFiles => put_files(shared, object, request),
        Verb::GetFiles => get_file(shared, object, request.word("path")),
        Verb::CreateExec => exec::create(shared, object, &request.json()),
        Verb::StartExec => exec::start(shared, object),
        Verb::InspectExec => exec::inspect(shared, object),
        Verb::CreateNetwork => shared.with(|state| state.create_network(request.json())),
        Verb::ListNetworks => shared.with(|state| state.list_networks(request)),
        Verb::InspectNetwork => shared.with(|state| state.inspect_network(object)),
        Verb::RemoveNetwork => shared.with(|state| state.remove_network(object)),
        Verb::CreateVolume => shared.with(|state| state.create_volume(request.json())),
        Verb::ListVolumes => shared.with(|state| state.list_volumes(request)),
        Verb::InspectVolume => shared.with(|state| state.inspect_volume(object)),
        Verb::RemoveVolume => shared.with(|state| state.remove_volume(object)),
    }
}

fn list(shared: &Shared, request: &Request) -> Reply {
    let (all, labels) = (request.is_on("all"), request.filter("label"));
    let none = serde_json::Map::new();
    shared.with(|state| {
        let shown: Vec<Value> = state
            .containers
            .iter()
            .filter(|container| {
                let own = container.body["Labels"].as_object().unwrap_or(&none);
                (all || container.status.is_up()) && labels.iter().all(|l| has_label(own, l))
            })
            .map(show::summary)
            .collect();
        Reply::Json(200, shown.into())
    })
}

/// Unpacks an archive into a folder.
fn put_files(shared: &Shared, id: &str, request: &Request) -> Reply {
    let folder = request.word("path").trim_end_matches('/').to_owned();
    let mut archive = tar::Archive::new(request.body.as_slice());
    let mut files = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = format!("{folder}/{}", entry.path().unwrap().display());
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        let header = entry.header().clone();
        files.push((path, PutFile { header, content }));
    }
    shared.with(|state| {
        let Ok(container) = state.find(id) else {
            return no_such_container(id);
        };
        container.files.extend(files);
        let name = container.name.clone();
        state.effect(Verb::PutFiles, &name);
        Reply::Empty(200)
    })
}

fn get_file(shared: &Shared, id: &str, path: &str) -> Reply {
    shared.with(|state| {
        let container = match state.find(id) {
            Ok(container) => container,
            Err(missing) => return missing,
        };
        let Some(file) = container.files.get(path) else {
            let message = format!("Could not find the file {path} in container {id}");
            return Reply::error(404, message);
        };
        let mut archive = tar::Builder::new(Vec::new());
        archive
            .append(&file.header, file.content.as_slice())
            .unwrap();
        Reply::Bytes(archive.into_inner().unwrap())
    })
}
