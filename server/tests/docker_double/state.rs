//! What the double has: containers, networks, volumes and images, and the record of what was done.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use super::container::{Container, Health, Status};
use super::events::Event;
use super::exec::Exec;
use super::http::Reply;
use super::network::{Network, Volume};
use super::record::{Effect, Record, Verb};
use super::script;

/// Networks that every engine has.
const PREDEFINED: &[&str] = &["bridge", "host", "none"];

pub(super) struct State {
    pub(super) containers: Vec<Container>,
    pub(super) networks: BTreeMap<String, Network>,
    pub(super) volumes: BTreeMap<String, Volume>,
    /// References.
    pub(super) images: BTreeSet<String>,
    pub(super) registry: BTreeSet<String>,
    pub(super) execs: BTreeMap<String, Exec>,
    pub(super) events: Vec<Event>,
    pub(super) record: Record,
    pub(super) pace: Duration,
    /// Counts changes.
    pub(super) version: u64,
    counter: u64,
}

/// The engine's clock.
pub(super) fn now() -> OffsetDateTime {
    #[expect(
        clippy::disallowed_methods,
        reason = "an engine has a clock of its own, which no server sets"
    )]
    OffsetDateTime::now_utc()
}

pub(super) fn hash(text: &str) -> String {
    let digest = Sha256::digest(text);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl State {
    pub(super) fn new(registry: &[&str]) -> Self {
        let mut state = Self {
            containers: Vec::new(),
            networks: BTreeMap::new(),
            volumes: BTreeMap::new(),
            images: BTreeSet::new(),
            registry: registry.iter().map(|image| (*image).to_owned()).collect(),
            execs: BTreeMap::new(),
            events: Vec::new(),
            record: Record::default(),
            pace: Duration::ZERO,
            version: 0,
            counter: 0,
        };
        for name in PREDEFINED {
            let id = state.new_id();
            let network = Network::predefined(id, name);
            state.networks.insert((*name).to_owned(), network);
        }
        state
    }

    pub(super) fn new_id(&mut self) -> String {
        self.counter += 1;
        hash(&format!("double {}", self.counter))
    }

    /// Something changed: who waits looks again.
    pub(super) const fn changed(&mut self) {
        self.version += 1;
    }

    pub(super) fn effect(&mut self, verb: Verb, name: &str) {
        self.record.effects.push(Effect {
            verb,
            name: name.to_owned(),
        });
        self.changed();
    }

    pub(super) fn add_image(&mut self, image: &str) {
        self.images.insert(image.to_owned());
    }

    /// The position of a container, by id, name or the beginning of its id.
    pub(super) fn position(&self, id: &str) -> Option<usize> {
        let id = id.trim_start_matches('/');
        let exact = |c: &Container| c.id == id || c.name == id;
        let short = |c: &Container| id.len() >= 12 && c.id.starts_with(id);
        let all = &self.containers;
        all.iter()
            .position(exact)
            .or_else(|| all.iter().position(short))
    }

    pub(super) fn find(&mut self, id: &str) -> Result<&mut Container, Reply> {
        match self.position(id) {
            Some(position) => Ok(&mut self.containers[position]),
            None => Err(no_such_container(id)),
        }
    }

    /// Tells those who listen.
    pub(super) fn tell(&mut self, id: &str, action: &str, more: &[(&str, String)]) {
        if let Some(position) = self.position(id) {
            let event = Event::of(&self.containers[position], action, more, now());
            self.events.push(event);
        }
        self.changed();
    }

    /// Makes a container, as the engine does it: not started, on networks that it looks for only then.
    pub(super) fn create(&mut self, name: &str, body: Value) -> Result<String, Reply> {
        let image = body["Image"].as_str().unwrap_or_default().to_owned();
        if !self.images.contains(&image) {
            return Err(Reply::error(404, format!("No such image: {image}")));
        }
        let id = self.new_id();
        let name = if name.is_empty() {
            format!("double_{}", &id[..12])
        } else {
            name.to_owned()
        };
        self.free_name(&name)?;
        let anonymous = self.mount(&body);
        let script = script::of(&body, &image);
        self.containers.push(Container {
            id: id.clone(),
            name: name.clone(),
            image_id: image_id(&image),
            created: now(),
            body,
            script,
            status: Status::Created,
            exit_code: 0,
            error: String::new(),
            started: None,
            finished: None,
            health: Health::None,
            restarts: 0,
            life: 0,
            stopped: false,
            log: Vec::new(),
            files: BTreeMap::new(),
            anonymous,
        });
        self.effect(Verb::CreateContainer, &name);
        self.tell(&id, "create", &[]);
        Ok(id)
    }

    fn free_name(&self, name: &str) -> Result<(), Reply> {
        match self.containers.iter().find(|other| other.name == name) {
            None => Ok(()),
            Some(holder) => Err(Reply::error(
                409,
                format!(
                    "Conflict. The container name \"/{name}\" is already in use by container \"{}\". You have to remove (or \
                     rename) that container to be able to reuse that name.",
                    holder.id
                ),
            )),
        }
    }

    /// Makes the volumes that a new container mounts and that are not there; the names of those without a name of their own.
    fn mount(&mut self, body: &Value) -> Vec<String> {
        let mut anonymous = Vec::new();
        let mounts = body["HostConfig"]["Mounts"].as_array();
        for mount in mounts.into_iter().flatten() {
            if mount["Type"] != "volume" {
                continue;
            }
            let name = match mount["Source"].as_str() {
                Some(name) if !name.is_empty() => name.to_owned(),
                _ => {
                    let name = self.new_id();
                    anonymous.push(name.clone());
                    name
                }
            };
            self.volumes.entry(name).or_default();
        }
        anonymous
    }

    pub(super) fn rename(&mut self, id: &str, name: &str) -> Result<(), Reply> {
        let container = self.find(id)?;
        let (id, old) = (container.id.clone(), container.name.clone());
        if old == name {
            return Err(Reply::error(
                400,
                "Renaming a container with the same name as its current name",
            ));
        }
        self.free_name(name)?;
        name.clone_into(&mut self.find(&id)?.name);
        self.effect(Verb::RenameContainer, &old);
        self.tell(&id, "rename", &[("oldName", format!("/{old}"))]);
        Ok(())
    }
}

pub(super) fn no_such_container(id: &str) -> Reply {
    Reply::error(404, format!("No such container: {id}"))
}

pub(super) fn image_id(image: &str) -> String {
    format!("sha256:{}", hash(image))
}
