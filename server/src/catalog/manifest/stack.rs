//! One stack of a manifest, with everything that it includes.

use std::collections::{BTreeMap, BTreeSet};

use domain::variable::{Variable, effective};

use super::super::assemble::StackDraft;
use super::super::compose::files::Recorder;
use super::super::declare;
use super::super::reading::{MAX_INCLUDES_DEEP, MAX_SERVICES, Reading};
use super::super::source::directory_of;
use super::super::yaml::{Data, Entry, Node, Scalar};
use super::{METADATA, TOP, service};

const STACK: &[&str] = &[
    "include",
    "metadata",
    "variables",
    "services",
    "volumes",
    "networks",
    "dependsOn",
    "configs",
    "secrets",
];

/// What a stack is made of before it is translated. Services keep the file they were written in.
#[derive(Default)]
struct Parts {
    name: Option<String>,
    /// What an included file calls itself: shown, but the stack keeps the name of its key.
    display_name: Option<String>,
    description: Option<String>,
    variables: Vec<Variable>,
    services: Vec<(Entry, String)>,
    sections: BTreeMap<&'static str, Vec<Entry>>,
}

const SECTIONS: [&str; 4] = ["volumes", "networks", "configs", "secrets"];

impl Parts {
    /// Takes what is not there yet: the first definition wins.
    fn add(&mut self, other: Self, with_variables: bool) {
        let theirs = other.name.or(other.display_name);
        self.display_name = self
            .display_name
            .take()
            .or(theirs.filter(|_| self.name.is_none()));
        self.description = self.description.take().or(other.description);
        if with_variables {
            self.variables = effective(&other.variables, &self.variables);
        }
        for (entry, path) in other.services {
            if !self
                .services
                .iter()
                .any(|(known, _)| known.key == entry.key)
            {
                self.services.push((entry, path));
            }
        }
        for (section, entries) in other.sections {
            let own = self.sections.entry(section).or_default();
            for entry in entries {
                if !own.iter().any(|known| known.key == entry.key) {
                    own.push(entry);
                }
            }
        }
    }
}

/// Reads the stack that `node` describes; `root` is the product that it stands in.
pub(super) fn read(
    reading: &mut Reading<'_>,
    path: &str,
    root: &Node,
    node: &Node,
    shared: &[Variable],
) -> Option<StackDraft> {
    let alone = std::ptr::eq(root, node);
    if !alone {
        reading.unknown_keys(node, STACK);
    }
    let parts = collect(reading, path, node, &mut vec![path.to_owned()]);
    let depends_on = super::depends_on(reading, node);
    let declared: BTreeSet<String> = effective(shared, &parts.variables)
        .into_iter()
        .map(|variable| variable.name.to_ascii_uppercase())
        .collect();
    let shared_networks = if alone {
        &[]
    } else {
        root.get("networks").map(Node::entries).unwrap_or_default()
    };
    let (mut compose, named) = translate(reading, node, &parts, shared_networks, &declared);
    let mut files = BTreeMap::new();
    for (name, place) in named {
        if !declared.contains(&name.to_ascii_uppercase()) {
            reading.push(place.warning(
                format!("The variable '{name}' is declared nowhere; without a value it is empty."),
                "Add it to variables or sharedVariables.",
            ));
        }
    }
    let values = domain::variable::resolve(
        &effective(shared, &parts.variables),
        &domain::variable::Values::default(),
        &domain::variable::Values::default(),
    );
    let mut recorder = Recorder {
        reading,
        values: &values,
        files: &mut files,
    };
    for (entry, path) in &parts.services {
        if let Some(services) = compose.get_mut("services")
            && let Some(service) = services.get_mut(&entry.key)
        {
            recorder.service(service, directory_of(path));
        }
    }
    recorder.sections(&mut compose, directory_of(path));
    Some(StackDraft {
        key: String::new(),
        name: parts.name.unwrap_or_default(),
        display_name: parts.display_name,
        description: parts.description.unwrap_or_default(),
        place: node.place.clone(),
        depends_on,
        variables: parts.variables,
        compose,
        files,
        profiles: Vec::new(),
    })
}

fn collect(reading: &mut Reading<'_>, path: &str, node: &Node, chain: &mut Vec<String>) -> Parts {
    let mut parts = Parts::default();
    // A whole product that is included is one stack: its shared variables come first, the stacks follow in order.
    let inner_product = node.get("stacks");
    if let Some(metadata) = node.get("metadata")
        && reading.is_map(metadata)
    {
        reading.unknown_keys(metadata, METADATA);
        parts.name = reading.text_of(metadata, "name");
        parts.description = reading.text_of(metadata, "description");
    }
    parts.variables = declare::variables(reading, node.get("variables"));
    if let Some(services) = node.get("services")
        && reading.is_map(services)
    {
        if services.entries().len() > MAX_SERVICES {
            let message = format!("A stack has at most {MAX_SERVICES} services.");
            reading.push(services.place.error(message, "Split it into stacks."));
            return parts;
        }
        for entry in services.entries() {
            // `services.include` names files, unless somebody calls a service so.
            if entry.key == "include" && !entry.value.is_map() {
                continue;
            }
            parts.services.push((entry.clone(), path.to_owned()));
        }
    }
    for section in SECTIONS {
        if let Some(found) = node.get(section)
            && reading.is_map(found)
        {
            parts.sections.insert(section, found.entries().to_vec());
        }
    }
    for file in includes(node.get("include")) {
        let other = include(reading, path, &file, chain);
        parts.add(other, true);
    }
    let in_services = node
        .get("services")
        .and_then(|services| services.get("include"))
        .filter(|include| !include.is_map());
    for file in includes(in_services) {
        let mut other = include(reading, path, &file, chain);
        (other.name, other.display_name, other.description) = (None, None, None);
        parts.add(other, false);
    }
    if let Some(stacks) = inner_product {
        let shared = declare::variables(reading, node.get("sharedVariables"));
        for entry in stacks.entries() {
            let mut other = collect(reading, path, &entry.value, chain);
            (other.name, other.display_name, other.description) = (None, None, None);
            parts.add(other, true);
        }
        parts.variables = effective(&shared, &parts.variables);
    }
    parts
}

fn includes(node: Option<&Node>) -> Vec<Node> {
    match node {
        None => Vec::new(),
        Some(node) if node.is_list() => node.items().to_vec(),
        Some(node) => vec![node.clone()],
    }
}

fn include(reading: &mut Reading<'_>, path: &str, file: &Node, chain: &mut Vec<String>) -> Parts {
    let Some((path, tree)) = reading.included(file, directory_of(path)) else {
        return Parts::default();
    };
    if chain.contains(&path) {
        chain.push(path);
        reading.push(file.place.error(
            format!(
                "The files include each other in a circle: {}.",
                chain.join(" -> ")
            ),
            "Remove one of these includes.",
        ));
        chain.pop();
        return Parts::default();
    }
    if chain.len() >= MAX_INCLUDES_DEEP {
        reading.push(file.place.error(
            format!("Includes are nested deeper than {MAX_INCLUDES_DEEP}."),
            "",
        ));
        return Parts::default();
    }
    if !reading.is_map(&tree) {
        return Parts::default();
    }
    reading.unknown_keys(&tree, &[TOP, &["include", "dependsOn"]].concat());
    chain.push(path.clone());
    let parts = collect(reading, &path, &tree, chain);
    chain.pop();
    parts
}

/// The Compose model, and every variable that is used without a default, with the place.
fn translate(
    reading: &mut Reading<'_>,
    node: &Node,
    parts: &Parts,
    shared_networks: &[Entry],
    declared: &BTreeSet<String>,
) -> (Node, BTreeMap<String, super::Place>) {
    let mut named = BTreeMap::new();
    let mut services = Node::map_at(&node.get("services").unwrap_or(node).place);
    let kinds = service::kinds(&parts.services);
    let (mut networks_used, mut volumes_used) = (Vec::new(), Vec::new());
    for (entry, _) in &parts.services {
        let Some(mut translated) = service::translate(reading, entry, &kinds) else {
            continue;
        };
        service::escape(&mut translated, declared, &mut named);
        networks_used.extend(service::networks_of(&translated));
        volumes_used.extend(service::volumes_of(&translated));
        let Data::Map(entries) = &mut services.data else {
            continue;
        };
        entries.push(Entry {
            value: translated,
            ..entry.clone()
        });
    }
    let mut compose = Node::map_at(&node.place);
    if parts.services.is_empty() {
        reading.push(
            node.place
                .error("The stack has no services.", "Add at least one."),
        );
    }
    compose.set("services", services);
    for section in SECTIONS {
        let mut translated = Node::map_at(&node.place);
        for entry in parts.sections.get(section).into_iter().flatten() {
            let mut value = if entry.value.is_null() {
                Node::map_at(&entry.place)
            } else {
                service::snake_keys(&entry.value)
            };
            service::escape(&mut value, declared, &mut named);
            translated.set(&entry.key, value);
        }
        let used = match section {
            "networks" => &networks_used,
            "volumes" => &volumes_used,
            _ => &Vec::new(),
        };
        for (name, place) in used {
            if translated.entry(name).is_some() || name.contains('$') {
                continue;
            }
            let mut value = Node::map_at(place);
            if section == "networks" && name == "default" {
                continue;
            }
            let shared = shared_networks.iter().find(|entry| entry.key == *name);
            if section == "networks"
                && let Some(shared) = shared
            {
                // The product's networks are shared by its stacks: none of them may make or remove one.
                value = service::snake_keys(&shared.value);
                if !value.is_map() {
                    value = Node::map_at(place);
                }
                service::escape(&mut value, declared, &mut named);
                value.set(
                    "external",
                    Node::scalar_at(&shared.place, "true", Scalar::Bool),
                );
            } else {
                reading.push(place.warning(
                    format!("'{name}' is not declared in {section}; it is made with the engine's defaults."),
                    "Declare it.",
                ));
            }
            translated.set(name, value);
        }
        if !translated.entries().is_empty() {
            compose.set(section, translated);
        }
    }
    (compose, named)
}
