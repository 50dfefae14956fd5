//! Products that are described by Compose files: a folder with one, or a `windlass.yaml` that names several.

use std::cell::RefCell;

use domain::product::OnFailure;
use domain::variable::{Values, Variable, VariableType, effective};

use super::load::{Loaded, load, read_env};
use crate::catalog::assemble::{Draft, StackDraft};
use crate::catalog::declare;
use crate::catalog::dotenv;
use crate::catalog::interpolate::Template;
use crate::catalog::maintenance;
use crate::catalog::manifest::{depends_on, on_failure};
use crate::catalog::reading::Reading;
use crate::catalog::source::{directory_of, file_name, resolve, start_of};
use crate::catalog::yaml::{Data, Node, Place};

const PRODUCT: &[&str] = &[
    "name",
    "id",
    "version",
    "description",
    "author",
    "category",
    "tags",
    "icon",
    "documentation",
    "releaseNotesUrl",
    "variables",
    "stacks",
    "maintenance",
    "hooks",
    "onFailure",
];
const STACK: &[&str] = &[
    "name",
    "description",
    "compose",
    "envFile",
    "dependsOn",
    "variables",
    "profiles",
];

/// A folder with a Compose file: one stack, whose variables are those that its files use.
pub(in crate::catalog) fn plain(
    reading: &mut Reading<'_>,
    path: &str,
    folder: &str,
) -> Option<Draft> {
    let place = start_of(path);
    let directory = directory_of(path).to_owned();
    let mut values = Values::default();
    if let Some(beside) = existing(reading, &directory, ".env") {
        read_env(reading, &start_of(&beside), &beside, &mut values);
    }
    let paths = plain_files(reading, path, &directory, &values)?;
    let profiles = values
        .0
        .get("COMPOSE_PROFILES")
        .map(|list| split_list(list, ','))
        .unwrap_or_default();
    let mut loaded = load(reading, &paths, values)?;
    let name = loaded.model.remove("name").and_then(|node| {
        let lookup = |name: &str| loaded.values.get(name).map(str::to_owned);
        let written = node.as_text()?.to_owned();
        match Template::parse(&written).and_then(|template| template.render(&lookup)) {
            Ok(name) => Some(name),
            Err(error) => {
                reading.push(
                    node.place
                        .error(format!("In '{written}': {error}."), error.hint()),
                );
                None
            }
        }
    });
    let name = name
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| folder.to_owned());
    let section = loaded
        .model
        .get("x-windlass")
        .and_then(|extension| extension.get("maintenance"))
        .cloned();
    let stacks = vec![StackDraft {
        key: name.clone(),
        name: name.clone(),
        ..stack_of(loaded, place.clone(), &[], Vec::new(), profiles)
    }];
    let maintenance = maintenance::section(reading, section.as_ref(), &[], &stacks);
    Some(Draft {
        path: path.to_owned(),
        place,
        name,
        group: None,
        version: None,
        description: String::new(),
        category: None,
        tags: Vec::new(),
        icon: None,
        documentation: None,
        release_notes_url: None,
        shared: Vec::new(),
        stacks,
        on_failure: OnFailure::default(),
        maintenance,
    })
}

/// The file, and the override beside it; or what `COMPOSE_FILE` lists.
fn plain_files(
    reading: &mut Reading<'_>,
    path: &str,
    directory: &str,
    values: &Values,
) -> Option<Vec<(String, Place)>> {
    let place = start_of(path);
    if let Some(list) = values.0.get("COMPOSE_FILE") {
        let mut paths = Vec::new();
        for written in split_list(list, ':') {
            paths.push((reading.path(&place, directory, &written)?, place.clone()));
        }
        return Some(paths);
    }
    let mut paths = vec![(path.to_owned(), place.clone())];
    let (stem, _) = file_name(path)
        .rsplit_once('.')
        .unwrap_or((file_name(path), ""));
    let found: Vec<String> = ["yaml", "yml"]
        .iter()
        .filter_map(|ending| existing(reading, directory, &format!("{stem}.override.{ending}")))
        .collect();
    if let [first, second] = found.as_slice() {
        reading.push(start_of(second).warning(
            format!("It has no effect: '{first}' is used."),
            "Remove one of the two.",
        ));
    }
    paths.extend(
        found
            .into_iter()
            .take(1)
            .map(|path| (path.clone(), start_of(&path))),
    );
    for other in [
        "compose.yaml",
        "compose.yml",
        "docker-compose.yaml",
        "docker-compose.yml",
    ] {
        if other != file_name(path)
            && let Some(other) = existing(reading, directory, other)
        {
            reading.push(start_of(&other).warning(
                format!("It has no effect: '{path}' is used."),
                "Remove one of the two.",
            ));
        }
    }
    Some(paths)
}

/// A `windlass.yaml`.
pub(in crate::catalog) fn read(
    reading: &mut Reading<'_>,
    path: &str,
    root: &Node,
    folder: &str,
) -> Option<Draft> {
    if !reading.is_map(root) {
        return None;
    }
    reading.unknown_keys(root, PRODUCT);
    if let Some(hooks) = root.entry("hooks") {
        let warning = hooks.place.warning(
            "'hooks' are not run yet.",
            "Use a service with x-windlass: {init: true}, which runs before the others.",
        );
        reading.push(warning);
    }
    let directory = directory_of(path).to_owned();
    let shared = declare::variables(reading, root.get("variables"));
    let mut stacks = Vec::new();
    match root.get("stacks") {
        Some(section) if reading.is_map(section) => {
            for entry in section.entries() {
                if !reading.is_map(&entry.value) {
                    continue;
                }
                if let Some(mut stack) = stack(reading, &entry.value, &directory, &shared) {
                    stack.key.clone_from(&entry.key);
                    if stack.name.is_empty() {
                        stack.name.clone_from(&entry.key);
                    }
                    stack.place = entry.place.clone();
                    stacks.push(stack);
                }
            }
        }
        Some(_) => {}
        None => {
            // Without stacks it describes the Compose file beside it.
            let beside = [
                "compose.yaml",
                "compose.yml",
                "docker-compose.yaml",
                "docker-compose.yml",
            ]
            .iter()
            .find_map(|name| existing(reading, &directory, name));
            if let Some(beside) = beside {
                let mut node = Node::map_at(&root.place);
                node.set("compose", Node::text_at(&root.place, file_name(&beside)));
                if let Some(mut stack) = stack(reading, &node, &directory, &shared) {
                    let name = reading
                        .text_of(root, "name")
                        .unwrap_or_else(|| folder.to_owned());
                    stack.key.clone_from(&name);
                    stack.name = name;
                    stacks.push(stack);
                }
            }
        }
    }
    let maintenance = maintenance::section(reading, root.get("maintenance"), &shared, &stacks);
    Some(Draft {
        path: path.to_owned(),
        place: root.place.clone(),
        name: reading
            .text_of(root, "name")
            .unwrap_or_else(|| folder.to_owned()),
        group: reading.text_of(root, "id"),
        version: reading.text_of(root, "version"),
        description: reading.text_of(root, "description").unwrap_or_default(),
        category: reading.text_of(root, "category"),
        tags: reading.texts_of(root, "tags"),
        icon: reading.text_of(root, "icon"),
        documentation: reading.text_of(root, "documentation"),
        release_notes_url: reading.text_of(root, "releaseNotesUrl"),
        shared,
        stacks,
        on_failure: on_failure(reading, root),
        maintenance,
    })
}

fn stack(
    reading: &mut Reading<'_>,
    node: &Node,
    directory: &str,
    shared: &[Variable],
) -> Option<StackDraft> {
    reading.unknown_keys(node, STACK);
    let declared = declare::variables(reading, node.get("variables"));
    let place_of = |key: &str| node.get(key).unwrap_or(node).place.clone();
    let mut paths = Vec::new();
    for written in reading.texts_of(node, "compose") {
        let place = place_of("compose");
        paths.push((reading.path(&place, directory, &written)?, place));
    }
    let Some((first, _)) = paths.first() else {
        reading.push(
            node.place
                .error("The stack has no Compose file.", "Add compose: path."),
        );
        return None;
    };
    let mut values = Values::default();
    let env_files = reading.texts_of(node, "envFile");
    if env_files.is_empty()
        && let Some(beside) = existing(reading, directory_of(first), ".env")
    {
        read_env(reading, &start_of(&beside), &beside, &mut values);
    }
    for written in env_files {
        let place = place_of("envFile");
        let path = reading.path(&place, directory, &written)?;
        read_env(reading, &place, &path, &mut values)?;
    }
    // Declared defaults are above the file's.
    for variable in effective(shared, &declared) {
        if let Some(default) = &variable.default {
            values.set(&variable.name, default);
        }
    }
    let mut loaded = load(reading, &paths, values)?;
    loaded.model.remove("name");
    if let Some(misplaced) = loaded
        .model
        .get("x-windlass")
        .and_then(|extension| extension.entry("maintenance"))
    {
        let warning = misplaced.place.warning(
            "'maintenance' of one stack has no effect.",
            "Move it to windlass.yaml.",
        );
        reading.push(warning);
    }
    let known = effective(shared, &declared);
    let mut stack = stack_of(
        loaded,
        node.place.clone(),
        &known,
        declared,
        reading.texts_of(node, "profiles"),
    );
    stack.name = reading.text_of(node, "name").unwrap_or_default();
    stack.description = reading.text_of(node, "description").unwrap_or_default();
    stack.depends_on = depends_on(reading, node);
    Some(stack)
}

/// `known` are all declared variables, `own` the stack's among them.
fn stack_of(
    loaded: Loaded,
    place: Place,
    known: &[Variable],
    mut own: Vec<Variable>,
    profiles: Vec<String>,
) -> StackDraft {
    let is = |a: &Variable, name: &str| a.name.eq_ignore_ascii_case(name);
    let mut names = used(&loaded.model);
    for name in used_in_env_files(&loaded) {
        names.entry(name).or_default();
    }
    for (name, found) in names {
        let value = loaded.values.0.get(&name).cloned();
        match known.iter().find(|variable| is(variable, &name)) {
            // Declared without default: the file of values gives it one.
            Some(declared) if declared.default.is_none() && value.is_some() => {
                match own.iter_mut().find(|variable| is(variable, &name)) {
                    Some(variable) => variable.default = value,
                    None => own.push(Variable {
                        default: value,
                        ..declared.clone()
                    }),
                }
            }
            Some(_) => {}
            None => own.push(found.variable(name, value)),
        }
    }
    StackDraft {
        key: String::new(),
        name: String::new(),
        display_name: None,
        description: String::new(),
        place,
        depends_on: None,
        variables: own,
        compose: loaded.model,
        files: loaded.files,
        profiles,
    }
}

/// What the uses of one name say together.
#[derive(Default)]
struct Found {
    required: bool,
    secret: bool,
    /// The defaults beside each use; nothing for a use without a plain default.
    defaults: Vec<Option<String>>,
}

impl Found {
    fn variable(self, name: String, value: Option<String>) -> Variable {
        // Different defaults at different places stay where they are: one for all would change what the file means.
        let written = match self.defaults.split_first() {
            Some((first, rest)) if rest.iter().all(|other| other == first) => first.clone(),
            _ => None,
        };
        let upper = name.to_ascii_uppercase();
        let secret = [
            "PASSWORD",
            "PASSWD",
            "SECRET",
            "TOKEN",
            "API_KEY",
            "PRIVATE_KEY",
        ]
        .iter()
        .any(|ending| upper.ends_with(ending));
        Variable {
            kind: if secret || self.secret {
                VariableType::Password
            } else {
                VariableType::String
            },
            default: value.or(written),
            required: self.required,
            ..Variable::named(name)
        }
    }
}

/// Every name that the model uses, in order.
fn used(model: &Node) -> indexmap::IndexMap<String, Found> {
    let mut all = indexmap::IndexMap::new();
    for entry in model.entries() {
        if !entry.key.starts_with("x-") || entry.key == "x-windlass" {
            collect(&entry.value, &mut all);
        }
    }
    for service in model.get("services").map(Node::entries).unwrap_or_default() {
        let Some(environment) = service.value.get("environment") else {
            continue;
        };
        // A name without value takes the variable of that name.
        let bare: Vec<&str> = match &environment.data {
            Data::Map(entries) => {
                let empty = entries.iter().filter(|entry| entry.value.is_null());
                empty.map(|entry| entry.key.as_str()).collect()
            }
            _ => {
                let texts = environment.items().iter().filter_map(Node::as_text);
                texts.filter(|text| !text.contains(['=', '$'])).collect()
            }
        };
        for name in bare {
            let found: &mut Found = all.entry(name.to_owned()).or_default();
            found.defaults.push(None);
        }
    }
    for (section, secret) in [("secrets", true), ("configs", false)] {
        for entry in model.get(section).map(Node::entries).unwrap_or_default() {
            if let Some(name) = entry.value.get("environment").and_then(Node::as_text) {
                let found: &mut Found = all.entry(name.to_owned()).or_default();
                found.required = true;
                found.secret |= secret;
                found.defaults.push(None);
            }
        }
    }
    all
}

/// Names that the recorded files of variables use and that `.env` gives: a deployment must know them, too.
fn used_in_env_files(loaded: &Loaded) -> Vec<String> {
    let names = RefCell::new(Vec::new());
    let lookup = |name: &str| {
        let value = loaded.values.0.get(name).cloned();
        if value.is_some() {
            names.borrow_mut().push(name.to_owned());
        }
        value
    };
    for service in loaded
        .model
        .get("services")
        .map(Node::entries)
        .unwrap_or_default()
    {
        let Some(section) = service.value.get("env_file") else {
            continue;
        };
        let one = std::slice::from_ref(section);
        let items = if section.is_list() {
            section.items()
        } else {
            one
        };
        for item in items {
            let path = item
                .get("path")
                .unwrap_or(item)
                .as_text()
                .unwrap_or_default();
            if let Some(text) = loaded.files.get(path) {
                // What is wrong in it is said when it is used.
                let _ = dotenv::parse(text, &lookup);
            }
        }
    }
    names.into_inner()
}

fn collect(node: &Node, all: &mut indexmap::IndexMap<String, Found>) {
    match &node.data {
        Data::List(items) => items.iter().for_each(|item| collect(item, all)),
        Data::Map(entries) => {
            for entry in entries {
                if !entry.key.starts_with("x-") || entry.key == "x-windlass" {
                    collect(&entry.value, all);
                }
            }
        }
        Data::Scalar(text, _) => {
            if !text.contains('$') {
                return;
            }
            let uses = Template::parse(text).map(|template| template.uses());
            for one in uses.unwrap_or_default() {
                let found = all.entry(one.name).or_default();
                found.required |= one.required;
                found.defaults.push(one.default);
            }
        }
    }
}

fn existing(reading: &Reading<'_>, directory: &str, name: &str) -> Option<String> {
    let path = resolve(directory, name).ok()?;
    reading.files.list().binary_search(&path).ok().map(|_| path)
}

fn split_list(text: &str, separator: char) -> Vec<String> {
    text.split(separator)
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}
