//! RSGO manifests: camelCase YAML, one stack or several, with includes. Translated into the Compose model when read, so that one renderer
//! serves both formats.

mod service;
mod stack;

use domain::product::OnFailure;

use super::assemble::{Draft, StackDraft};
use super::declare;
use super::maintenance;
use super::reading::Reading;
use super::source::file_name;
use super::yaml::{Node, Place};

const TOP: &[&str] = &[
    "version",
    "metadata",
    "include",
    "sharedVariables",
    "variables",
    "stacks",
    "services",
    "volumes",
    "networks",
    "maintenance",
    "edge",
    "onFailure",
    "configs",
    "secrets",
];
const METADATA: &[&str] = &[
    "name",
    "productId",
    "productVersion",
    "description",
    "author",
    "documentation",
    "releaseNotesUrl",
    "icon",
    "category",
    "tags",
];

/// Whether a file is in this format rather than in Compose's.
#[must_use]
pub(super) fn is_manifest(root: &Node) -> bool {
    let sections = ["metadata", "stacks", "sharedVariables", "variables"];
    sections.iter().any(|key| root.entry(key).is_some())
        || root.get("services").is_some_and(|services| {
            services.entries().iter().any(|service| {
                let camel = |key: &str| key.chars().any(|ch| ch.is_ascii_uppercase());
                service
                    .value
                    .entries()
                    .iter()
                    .any(|entry| camel(&entry.key))
            })
        })
}

/// Whether a file describes a product by itself; the others are only there to be included.
#[must_use]
pub(super) fn has_version(root: &Node) -> bool {
    root.get("metadata")
        .is_some_and(|metadata| metadata.get("productVersion").is_some())
}

/// Reads a product. `folder_name` names it where it does not name itself.
pub(super) fn read(
    reading: &mut Reading<'_>,
    path: &str,
    root: &Node,
    folder_name: Option<&str>,
) -> Option<Draft> {
    if !reading.is_map(root) {
        return None;
    }
    reading.unknown_keys(root, TOP);
    let empty = Node::map_at(&root.place);
    let metadata = root.get("metadata").unwrap_or(&empty);
    if reading.is_map(metadata) {
        reading.unknown_keys(metadata, METADATA);
    }
    if let Some(edge) = root.entry("edge") {
        reading.push(edge.place.warning(
            "'edge' is not acted upon yet.",
            "The product is reached by its published ports.",
        ));
    }
    let fallback = folder_name.unwrap_or_else(|| {
        let name = file_name(path);
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    });
    let name = reading
        .text_of(metadata, "name")
        .unwrap_or_else(|| fallback.to_owned());
    let shared = declare::variables(reading, root.get("sharedVariables"));
    let stacks = match root.get("stacks") {
        Some(section) => {
            if let Some(services) = root.entry("services") {
                reading.push(services.place.error(
                    "A product has either services or stacks.",
                    "Move these services into a stack.",
                ));
            }
            several(reading, path, root, section, &shared)
        }
        None => {
            let stack = stack::read(reading, path, root, root, &shared)?;
            vec![StackDraft {
                key: name.clone(),
                name: name.clone(),
                display_name: None,
                description: String::new(),
                ..stack
            }]
        }
    };
    let maintenance = maintenance::section(reading, root.get("maintenance"), &shared, &stacks);
    Some(Draft {
        path: path.to_owned(),
        place: root.place.clone(),
        name,
        group: reading.text_of(metadata, "productId"),
        version: reading.text_of(metadata, "productVersion"),
        description: reading.text_of(metadata, "description").unwrap_or_default(),
        category: reading.text_of(metadata, "category"),
        tags: reading.texts_of(metadata, "tags"),
        icon: reading.text_of(metadata, "icon"),
        documentation: reading.text_of(metadata, "documentation"),
        release_notes_url: reading.text_of(metadata, "releaseNotesUrl"),
        shared,
        stacks,
        on_failure: on_failure(reading, root),
        maintenance,
    })
}

fn several(
    reading: &mut Reading<'_>,
    path: &str,
    root: &Node,
    section: &Node,
    shared: &[domain::variable::Variable],
) -> Vec<StackDraft> {
    if !reading.is_map(section) {
        return Vec::new();
    }
    let mut stacks = Vec::new();
    for entry in section.entries() {
        if !reading.is_map(&entry.value) {
            continue;
        }
        let Some(mut stack) = stack::read(reading, path, root, &entry.value, shared) else {
            continue;
        };
        stack.key.clone_from(&entry.key);
        if stack.name.is_empty() {
            stack.name.clone_from(&entry.key);
        }
        stack.place = entry.place.clone();
        stacks.push(stack);
    }
    stacks
}

/// `dependsOn` of a stack.
pub(super) fn depends_on(reading: &mut Reading<'_>, stack: &Node) -> Option<Vec<(String, Place)>> {
    let section = stack.get("dependsOn")?;
    let places: Vec<Place> = section
        .items()
        .iter()
        .map(|item| item.place.clone())
        .collect();
    let names = reading.texts_of(stack, "dependsOn").into_iter().enumerate();
    Some(
        names
            .map(|(index, name)| (name, places.get(index).unwrap_or(&section.place).clone()))
            .collect(),
    )
}

/// `onFailure` of a product.
pub(super) fn on_failure(reading: &mut Reading<'_>, root: &Node) -> OnFailure {
    let Some(text) = reading.text_of(root, "onFailure") else {
        return OnFailure::default();
    };
    let chosen = match text.to_ascii_lowercase().as_str() {
        "keep" => OnFailure::Keep,
        "rollback" => OnFailure::Rollback,
        "pause" => OnFailure::Pause,
        _ => {
            let place = &root.get("onFailure").unwrap_or(root).place;
            reading.push(place.error(
                format!("'{text}' is not known here."),
                "Write keep, rollback or pause.",
            ));
            return OnFailure::default();
        }
    };
    if chosen != OnFailure::Keep {
        let place = &root.get("onFailure").unwrap_or(root).place;
        reading.push(place.warning(
            format!(
                "'{text}' has no effect on a first deployment: there is nothing to go back to."
            ),
            "Stacks that are done stay; cancel the deployment to take back what is not.",
        ));
    }
    chosen
}
