//! From what was read to a product: ids, the order of stacks, and a trial rendering that finds what is wrong before anyone deploys.

use std::collections::BTreeMap;

use domain::product::{
    OnFailure, Problem, Product, ServiceSummary, Severity, StackOrder, StackTemplate,
};
use domain::variable::{Values, Variable, effective, resolve};
use serde_json::Value;

use super::compose::render;
use super::interpolate::Template;
use super::reading::Reading;
use super::yaml::{Data, Node, Place};

/// The project name of the trial rendering.
const TRIAL: &str = "trial";

/// A product without ids.
pub(super) struct Draft {
    pub path: String,
    pub place: Place,
    pub name: String,
    pub group: Option<String>,
    pub version: Option<String>,
    pub description: String,
    pub category: Option<String>,
    pub tags: Vec<String>,
    pub icon: Option<String>,
    pub documentation: Option<String>,
    pub release_notes_url: Option<String>,
    pub shared: Vec<Variable>,
    pub stacks: Vec<StackDraft>,
    pub on_failure: OnFailure,
    pub maintenance: Option<Value>,
}

/// A stack without ids.
pub(super) struct StackDraft {
    /// The key in the manifest: other stacks may call it so.
    pub key: String,
    pub name: String,
    /// What people see, where it is not the name.
    pub display_name: Option<String>,
    pub description: String,
    pub place: Place,
    /// None where the manifest says nothing about its order.
    pub depends_on: Option<Vec<(String, Place)>>,
    pub variables: Vec<Variable>,
    pub compose: Node,
    pub files: BTreeMap<String, String>,
    pub profiles: Vec<String>,
}

/// The product, unless something makes it unusable; the reasons are in `reading`.
pub(super) fn assemble(reading: &mut Reading<'_>, mut draft: Draft) -> Option<Product> {
    if draft.name.trim().is_empty() {
        reading.push(draft.place.error("The product has no name.", "Add one."));
    }
    if draft.stacks.is_empty() {
        reading.push(
            draft
                .place
                .error("The product has no stacks.", "Add services or stacks."),
        );
    }
    let order = order(reading, &mut draft.stacks);
    let source = reading.source_id;
    let group_id = draft
        .group
        .clone()
        .unwrap_or_else(|| format!("{source}:{}", draft.name));
    let version = draft.version.as_deref();
    let id = versioned(format!("{source}:{}", draft.name), version);
    let in_stack_ids = draft.group.as_deref().unwrap_or(&draft.name);
    let mut stacks: Vec<StackTemplate> = Vec::new();
    for stack in draft.stacks {
        if stacks.iter().any(|known| known.name == stack.name) {
            reading.push(stack.place.error(
                format!("Two stacks have the name '{}'.", stack.name),
                "Rename one of them.",
            ));
        }
        let template = StackTemplate {
            id: versioned(format!("{source}:{in_stack_ids}:{}", stack.name), version),
            display_name: stack.display_name.unwrap_or_else(|| stack.name.clone()),
            name: stack.name,
            description: stack.description,
            depends_on: stack
                .depends_on
                .into_iter()
                .flatten()
                .map(|(name, _)| name)
                .collect(),
            variables: stack.variables,
            services: summaries(&stack.compose),
            compose: stack.compose.to_value(),
            files: stack.files,
            profiles: stack.profiles,
        };
        try_out(
            reading,
            &draft.shared,
            &template,
            &stack.compose,
            &draft.path,
        );
        stacks.push(template);
    }
    let changelog = reading.changelog(&draft.path);
    if reading.failed() {
        return None;
    }
    Some(Product {
        id,
        group_id,
        source_id: source.to_owned(),
        display_name: draft.name.clone(),
        name: draft.name,
        description: draft.description,
        version: draft.version,
        category: draft.category,
        tags: draft.tags,
        icon: draft.icon,
        documentation: draft.documentation,
        release_notes_url: draft.release_notes_url,
        changelog,
        shared_variables: draft.shared,
        stacks,
        order,
        on_failure: draft.on_failure,
        maintenance: draft.maintenance,
        path: draft.path,
        warnings: reading.problems.clone(),
    })
}

fn versioned(id: String, version: Option<&str>) -> String {
    match version {
        Some(version) => format!("{id}:{version}"),
        None => id,
    }
}

/// Resolves `dependsOn` to names, and refuses unknown ones and circles.
fn order(reading: &mut Reading<'_>, stacks: &mut [StackDraft]) -> StackOrder {
    let names: Vec<(String, String)> = stacks
        .iter()
        .map(|stack| (stack.key.clone(), stack.name.clone()))
        .collect();
    // One that says `dependsOn: []` depends on none, and does not follow the one before.
    let graph = stacks.iter().any(|stack| stack.depends_on.is_some());
    for stack in stacks.iter_mut() {
        for (need, place) in stack.depends_on.iter_mut().flatten() {
            let found = names
                .iter()
                .find(|(key, _)| key == need)
                .or_else(|| names.iter().find(|(_, name)| name == need));
            match found {
                Some((_, name)) => need.clone_from(name),
                None => reading.push(place.error(
                    format!("'{need}' is not a stack of this product."),
                    "Check the name.",
                )),
            }
        }
    }
    let edges = stacks.iter().map(|stack| {
        let needs = stack
            .depends_on
            .iter()
            .flatten()
            .map(|(name, _)| name.as_str());
        (stack.name.as_str(), needs.collect())
    });
    if let Some(cycle) = render::cycle(edges) {
        let place = stacks
            .iter()
            .find(|stack| cycle.contains(&stack.name))
            .and_then(|stack| stack.depends_on.as_ref()?.first())
            .map(|(_, place)| place.clone());
        if let Some(place) = place {
            reading.push(place.error(
                format!(
                    "The stacks depend on each other in a circle: {}.",
                    cycle.join(" -> ")
                ),
                "Remove one of these dependencies.",
            ));
        }
    }
    if graph {
        StackOrder::Graph
    } else {
        StackOrder::Sequential
    }
}

/// Renders with defaults. What only a value can put right is left to the deployment.
fn try_out(
    reading: &mut Reading<'_>,
    shared: &[Variable],
    template: &StackTemplate,
    compose: &Node,
    path: &str,
) {
    let variables = effective(shared, &template.variables);
    let values = resolve(&variables, &Values::default(), &Values::default());
    let (_, problems) = render::examine(template, TRIAL, &values);
    // What was said when the file was read is not said again in other words.
    let said: Vec<_> = reading
        .problems
        .iter()
        .map(|problem| (problem.file.clone(), problem.line, problem.column))
        .collect();
    for problem in problems {
        let (node, whole) = compose.locate(&problem.field);
        if problem.severity == Severity::Error && depends_on_values(node, whole, &problem.field) {
            continue;
        }
        let place = &node.place;
        if whole && said.contains(&(place.file.to_string(), Some(place.line), Some(place.column))) {
            continue;
        }
        reading.push(Problem {
            file: if place.file.is_empty() {
                path.to_owned()
            } else {
                place.file.to_string()
            },
            line: Some(place.line),
            column: Some(place.column),
            field: place.field.to_string(),
            ..problem
        });
    }
}

/// Whether another value could put it right.
fn depends_on_values(node: &Node, whole: bool, field: &str) -> bool {
    let names_a_variable = field.ends_with(".environment")
        && (field.starts_with("secrets.") || field.starts_with("configs."));
    names_a_variable || (whole && !node.is_map() && has_variables(node))
}

fn has_variables(node: &Node) -> bool {
    match &node.data {
        Data::Scalar(text, _) => {
            Template::parse(text).is_ok_and(|template| !template.uses().is_empty())
        }
        Data::List(items) => items.iter().any(has_variables),
        Data::Map(entries) => entries.iter().any(|entry| has_variables(&entry.value)),
    }
}

fn summaries(compose: &Node) -> Vec<ServiceSummary> {
    let Some(services) = compose.get("services") else {
        return Vec::new();
    };
    let names = |node: Option<&Node>| -> Vec<String> {
        let Some(node) = node else { return Vec::new() };
        match &node.data {
            Data::Map(entries) => entries.iter().map(|entry| entry.key.clone()).collect(),
            _ => node
                .items()
                .iter()
                .filter_map(Node::as_text)
                .map(str::to_owned)
                .collect(),
        }
    };
    let port = |node: &Node| match node.as_text() {
        Some(text) => Some(text.to_owned()),
        None => {
            let target = node.get("target")?.as_text()?;
            let published = node.get("published").and_then(Node::as_text);
            Some(published.map_or_else(|| target.to_owned(), |host| format!("{host}:{target}")))
        }
    };
    // Whom another service waits to complete is a one-shot, as in the rendering.
    let awaited: Vec<&str> = services
        .entries()
        .iter()
        .filter_map(|entry| entry.value.get("depends_on"))
        .flat_map(Node::entries)
        .filter(|need| {
            let condition = need.value.get("condition").and_then(Node::as_text);
            condition == Some("service_completed_successfully")
        })
        .map(|need| need.key.as_str())
        .collect();
    services
        .entries()
        .iter()
        .map(|entry| ServiceSummary {
            name: entry.key.clone(),
            image: entry
                .value
                .get("image")
                .and_then(Node::as_text)
                .unwrap_or_default()
                .to_owned(),
            init: entry
                .value
                .get("x-windlass")
                .and_then(|extension| extension.get("init"))
                .and_then(Node::as_text)
                .is_some_and(|text| text.eq_ignore_ascii_case("true"))
                || awaited.contains(&entry.key.as_str()),
            depends_on: names(entry.value.get("depends_on")),
            ports: entry
                .value
                .get("ports")
                .map(|ports| ports.items().iter().filter_map(port).collect())
                .unwrap_or_default(),
        })
        .collect()
}
