//! Products that no source has: one Compose file, or one manifest of a single stack, given with a request. Recorded whole with its
//! deployment like any other; it may name no other file, because there is none beside it.

use std::collections::BTreeMap;

use domain::product::{Problem, Product, Severity, StackTemplate};
use serde_json::Value;

use super::assemble::{Draft, assemble};
use super::interpolate::Template;
use super::manifest;
use super::reading::Reading;
use super::source::{Files, ReadError};
use super::yaml::{Node, parse};

/// First part of such products' ids; no source can have it, because names of sources hold no `@`.
pub const AD_HOC_SOURCE: &str = "@compose";
/// What the file is called in messages.
const FILE: &str = "compose.yaml";

/// Makes a product of one file. `name` is the product's and its stack's.
///
/// # Errors
/// Everything that is wrong in the file; warnings are in the product.
pub fn ad_hoc_product(
    name: &str,
    version: Option<&str>,
    text: &str,
) -> Result<Product, Vec<Problem>> {
    let file = OneFile {
        names: [FILE.to_owned()],
        text,
    };
    let mut reading = Reading::new(&file, AD_HOC_SOURCE);
    let root = parse(FILE, text).map_err(|problem| vec![*problem])?;
    relative_binds(&mut reading, &root);
    let draft = match manifest::is_manifest(&root) {
        true => manifest::read(&mut reading, FILE, &root, Some(name)),
        false => super::compose::product::plain(&mut reading, FILE, name),
    };
    let draft = draft.and_then(|draft| renamed(&mut reading, &root, draft, name, version));
    let product = draft.and_then(|draft| assemble(&mut reading, draft));
    product.ok_or_else(|| {
        let errors = reading.problems.into_iter();
        errors
            .filter(|problem| problem.severity == Severity::Error)
            .collect()
    })
}

/// The request says what it is called; what the file says would be another product.
fn renamed(
    reading: &mut Reading<'_>,
    root: &Node,
    mut draft: Draft,
    name: &str,
    version: Option<&str>,
) -> Option<Draft> {
    let [stack] = draft.stacks.as_mut_slice() else {
        reading.push(root.place.error(
            format!(
                "It has {} stacks; only one can be deployed by itself.",
                draft.stacks.len()
            ),
            "Put the file into a catalog source, and deploy the product.",
        ));
        return None;
    };
    name.clone_into(&mut stack.key);
    name.clone_into(&mut stack.name);
    name.clone_into(&mut draft.name);
    draft.group = None;
    draft.version = version.map(str::to_owned).or(draft.version);
    Some(draft)
}

/// There is no folder that such a path could start at.
fn relative_binds(reading: &mut Reading<'_>, root: &Node) {
    let services = root.get("services").map(Node::entries).unwrap_or_default();
    for volume in services
        .iter()
        .filter_map(|service| service.value.get("volumes"))
        .flat_map(Node::items)
    {
        let source = volume.as_text().or_else(|| volume.get("source")?.as_text());
        if source.is_some_and(|source| source.starts_with(['.', '~'])) {
            reading.push(volume.place.error(
                "A path that is not absolute has no folder to start at: the file was given by itself.",
                "Write an absolute path of the engine's machine, or use a named volume.",
            ));
        }
    }
}

/// Names of the services whose text uses each variable of a stack, by the variable's name.
#[must_use]
pub fn variable_uses(template: &StackTemplate) -> BTreeMap<String, Vec<String>> {
    let mut uses: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let services = template.compose.get("services").and_then(Value::as_object);
    for (service, value) in services.into_iter().flatten() {
        let mut names = Vec::new();
        collect(value, &mut names);
        for name in names {
            let services = uses.entry(name).or_default();
            if !services.contains(service) {
                services.push(service.clone());
            }
        }
    }
    uses
}

fn collect(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            let uses = Template::parse(text).map(|template| template.uses());
            names.extend(uses.unwrap_or_default().into_iter().map(|one| one.name));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        Value::Object(entries) => entries.values().for_each(|value| collect(value, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The file and nothing beside it.
struct OneFile<'a> {
    names: [String; 1],
    text: &'a str,
}

impl Files for OneFile<'_> {
    fn list(&self) -> &[String] {
        &self.names
    }

    fn read(&self, path: &str) -> Result<String, ReadError> {
        match path == FILE {
            true => Ok(self.text.to_owned()),
            false => Err(ReadError::Missing(path.to_owned())),
        }
    }

    fn root(&self) -> &str {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        let problems = ad_hoc_product("mine", None, text).unwrap_err();
        problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n")
    }

    #[test]
    fn a_compose_file_is_a_product_of_one_stack() {
        let text = "name: other\nservices:\n  web: {image: 'web:${TAG:-1}', environment: {A: '${A:?needed}'}}\n  db: {image: 'db:${TAG}'}\n";
        let product = ad_hoc_product("mine", Some("2.0"), text).unwrap();
        assert_eq!(product.id, "@compose:mine:2.0");
        assert_eq!(product.group_id, "@compose:mine");
        let [stack] = product.stacks.as_slice() else {
            panic!("{:?}", product.stacks);
        };
        assert_eq!(stack.name, "mine");
        assert_eq!(stack.services.len(), 2);
        let uses = variable_uses(stack);
        assert_eq!(uses["TAG"], ["web", "db"]);
        assert_eq!(uses["A"], ["web"]);
    }

    #[test]
    fn a_manifest_of_one_stack_is_one_too() {
        let text = "metadata: {name: X, productId: org.x, productVersion: '3'}\nservices: {web: {image: web}}\n";
        let product = ad_hoc_product("mine", None, text).unwrap();
        assert_eq!(product.id, "@compose:mine:3");
        assert_eq!(product.group_id, "@compose:mine");
    }

    #[test]
    fn what_needs_a_folder_or_is_several_is_refused_with_its_place() {
        for (text, start) in [
            ("services: [", "compose.yaml:"),
            (
                "services: {web: {image: web, volumes: ['./data:/data']}}",
                "compose.yaml:1:40: ",
            ),
            (
                "services: {web: {image: web, env_file: values.env}}",
                "compose.yaml:1:",
            ),
            (
                "metadata: {name: X}\nstacks: {a: {services: {x: {image: x}}}, b: {services: {x: {image: x}}}}",
                "compose.yaml:1:1: It has 2 stacks",
            ),
        ] {
            let said = refused(text);
            assert!(said.starts_with(start), "{text}: {said}");
        }
    }
}
