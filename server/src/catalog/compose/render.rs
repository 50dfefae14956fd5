//! From a recorded stack and its values to what shall run. Pure: everything it needs is in the template and in the values.
//!
//! Whatever a file says ends up in the specification or in a problem; nothing is dropped silently.

mod environment;
mod files;
mod graph;
mod health;
mod mounts;
mod neighbours;
mod ports;
mod resources;
mod service;
mod top;

use std::collections::{BTreeMap, BTreeSet};

use domain::name::check_project;
use domain::product::{Problem, Severity, StackTemplate};
use domain::spec::StackSpec;
use domain::variable::Values;
use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::reader::{At, Sink};
use crate::catalog::interpolate::{InterpolationError, Template};
use crate::catalog::yaml::{join, join_index};

pub(in crate::catalog) use graph::cycle;
pub(in crate::catalog) use service::is_service_key;

/// The sections of a Compose file.
const SECTIONS: &[&str] = &[
    "version", "name", "services", "networks", "volumes", "configs", "secrets",
];

/// The stack with every variable replaced. `values` are resolved ones; `project` prefixes the names on the engine.
///
/// # Errors
/// Every reason why it cannot run as written.
pub fn render_stack(
    stack: &StackTemplate,
    project: &str,
    values: &Values,
) -> Result<StackSpec, Vec<Problem>> {
    let (spec, problems) = examine(stack, project, values);
    spec.ok_or(problems)
}

/// The stack where nothing is wrong with it, and everything that its author should know, warnings included.
#[must_use]
pub fn examine(
    stack: &StackTemplate,
    project: &str,
    values: &Values,
) -> (Option<StackSpec>, Vec<Problem>) {
    let sink = Sink::new(&stack.name);
    if let Err(error) = check_project(project) {
        sink.error(
            "",
            error.to_string(),
            "Choose another name for the deployment.",
        );
    }
    let lookup = |name: &str| values.get(name).map(str::to_owned);
    let (active, inactive) = select_profiles(stack);
    let mut model = Map::new();
    for (key, value) in stack.compose.as_object().into_iter().flatten() {
        let value = if key == "services" { &active } else { value };
        if !key.starts_with("x-") {
            model.insert(key.clone(), interpolate(value, key, &lookup, &sink));
        }
    }
    let model = Value::Object(model);
    let root = At::new(&model, String::new(), &sink);
    root.only(SECTIONS);
    root.unsupported(&["models"]);

    let project = Project {
        name: project,
        stack,
        values,
        inactive,
        networks: top::networks(&root, project),
        volumes: top::volumes(&root, project),
        secrets: top::files(&root, "secrets", stack, values),
        configs: top::files(&root, "configs", stack, values),
    };
    let mut spec = StackSpec {
        stack: stack.name.clone(),
        project: project.name.to_owned(),
        services: IndexMap::new(),
        networks: IndexMap::new(),
        volumes: IndexMap::new(),
    };
    if let Some(services) = root.get("services") {
        for (name, at) in services.entries() {
            if let Some(service) = service::service(&at, name, &project) {
                spec.services.insert(name.to_owned(), service);
            }
        }
        if spec.services.is_empty() && services.entries().is_empty() {
            services.error(
                "The stack has no services.",
                if project.inactive.is_empty() {
                    "Add at least one."
                } else {
                    "All of them have profiles of which none is active."
                },
            );
        }
    } else {
        root.sink.error(
            "services",
            "The stack has no services.",
            "Add at least one.",
        );
    }
    graph::finish(&mut spec, &project, &root);
    let mut problems = sink.into_problems();
    for problem in &mut problems {
        hide_values(problem, &stack.compose, values);
    }
    let failed = problems
        .iter()
        .any(|problem| problem.severity == Severity::Error);
    ((!failed).then_some(spec), problems)
}

/// Shortest value that is looked for inside messages; shorter ones stand in every sentence.
const SHORTEST_HIDDEN: usize = 3;

/// A message quotes what the author wrote, `${…}` and all, never what a variable holds: it may be a secret.
fn hide_values(problem: &mut Problem, compose: &Value, values: &Values) {
    let Some(Value::String(raw)) = locate(compose, &problem.field) else {
        return;
    };
    let Ok(template) = Template::parse(raw) else {
        return;
    };
    let uses = template.uses();
    if uses.is_empty() {
        return;
    }
    let lookup = |name: &str| values.get(name).map(str::to_owned);
    let mut hidden = vec![(template.render(&lookup).unwrap_or_default(), raw.clone())];
    hidden.extend(uses.into_iter().filter_map(|one| {
        let value = values.get(&one.name)?;
        Some((value.to_owned(), format!("${{{}}}", one.name)))
    }));
    for (value, shown) in hidden {
        if value.len() >= SHORTEST_HIDDEN {
            problem.message = problem.message.replace(&value, &shown);
        }
    }
}

/// The value at a path such as `services.web.ports[0]`. Keys may contain dots.
fn locate<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    if path.is_empty() {
        return Some(value);
    }
    if let Some(inner) = path.strip_prefix('[') {
        let (index, after) = inner.split_once(']')?;
        let item = value.get(index.parse::<usize>().ok()?)?;
        return locate(item, after.strip_prefix('.').unwrap_or(after));
    }
    value.as_object()?.iter().find_map(|(key, inner)| {
        let after = path.strip_prefix(key.as_str())?;
        let ends = after.is_empty() || after.starts_with(['.', '[']);
        ends.then(|| locate(inner, after.strip_prefix('.').unwrap_or(after)))?
    })
}

/// What services refer to.
struct Project<'a> {
    name: &'a str,
    stack: &'a StackTemplate,
    values: &'a Values,
    /// Services whose profiles are not active.
    inactive: BTreeSet<String>,
    networks: IndexMap<String, domain::spec::NetworkSpec>,
    volumes: IndexMap<String, domain::spec::VolumeSpec>,
    /// Text by name; none where it was already complained about.
    secrets: BTreeMap<String, Option<String>>,
    configs: BTreeMap<String, Option<String>>,
}

/// The services whose profiles are active, and the names of the others.
fn select_profiles(stack: &StackTemplate) -> (Value, BTreeSet<String>) {
    let Some(Value::Object(services)) = stack.compose.get("services") else {
        let services = stack.compose.get("services").cloned();
        return (services.unwrap_or_default(), BTreeSet::new());
    };
    let wanted = |service: &Value| {
        let profiles: Vec<&str> = service
            .get("profiles")
            .and_then(Value::as_array)
            .map(|list| list.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        profiles.is_empty()
            || stack
                .profiles
                .iter()
                .any(|active| active == "*" || profiles.contains(&active.as_str()))
    };
    let inactive = services
        .iter()
        .filter(|(_, service)| !wanted(service))
        .map(|(name, _)| name.clone())
        .collect();
    let active = services
        .iter()
        .filter(|(_, service)| wanted(service))
        .map(|(name, service)| (name.clone(), service.clone()))
        .collect();
    (Value::Object(active), inactive)
}

/// Replaces variables in every text below; keys stay as they are.
fn interpolate(
    value: &Value,
    path: &str,
    lookup: &dyn Fn(&str) -> Option<String>,
    sink: &Sink,
) -> Value {
    match value {
        Value::String(text) if text.contains('$') && sink.spend(path, 0) => {
            match Template::parse(text).and_then(|template| template.render(lookup)) {
                Ok(text) if sink.spend(path, text.len()) => Value::String(text),
                Ok(_) => Value::String(String::new()),
                Err(error) => {
                    let message = match &error {
                        InterpolationError::Required { .. } => format!("{error}."),
                        _ => format!("In '{}': {error}.", super::shorten(text)),
                    };
                    sink.error(path, message, error.hint());
                    Value::String(String::new())
                }
            }
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(index, item)| interpolate(item, &join_index(path, index), lookup, sink))
            .collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, item)| {
                // Extensions are not ours to read, except our own.
                let value = if key.starts_with("x-") && key != "x-windlass" {
                    item.clone()
                } else {
                    interpolate(item, &join(path, key), lookup, sink)
                };
                (key.clone(), value)
            })
            .collect(),
        other => other.clone(),
    }
}
