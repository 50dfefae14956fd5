//! Environment and labels, with the files that give more of them.

use std::collections::BTreeMap;

use super::super::normalise;
use super::super::reader::At;
use super::Project;
use crate::catalog::dotenv;

/// `env_file` in order, then `environment`. A name without value takes the stack's variable of that name; where
/// there is none, the engine takes the name away, whatever the image or an `env_file` says.
pub(super) fn environment(at: &At<'_>, project: &Project<'_>) -> BTreeMap<String, Option<String>> {
    let mut all = BTreeMap::new();
    for item in at.get("env_file").iter().flat_map(At::one_or_more) {
        if let Some(entries) = env_file(&item, project, &all) {
            all.extend(entries.into_iter().map(|(name, value)| (name, Some(value))));
        }
    }
    let own = at
        .get("environment")
        .map(|at| at.pairs())
        .unwrap_or_default();
    for (name, value) in own {
        let value = value.or_else(|| project.values.get(&name).map(str::to_owned));
        all.insert(name, value);
    }
    all
}

/// The entries of one file; its variables are the stack's, else those of the files before it.
fn env_file(
    at: &At<'_>,
    project: &Project<'_>,
    before: &BTreeMap<String, Option<String>>,
) -> Option<Vec<(String, String)>> {
    let (path, required, raw) = if at.is_map() {
        at.only(&["path", "required", "format"]);
        let raw = at.get("format").and_then(|at| {
            let text = at.text()?;
            if text != "raw" {
                at.error(
                    format!("'{text}' is not a format of an env_file."),
                    "Write raw, or nothing.",
                );
            }
            Some(text)
        });
        let required = at.get("required").and_then(|at| at.bool()).unwrap_or(true);
        let Some(path) = at.get("path") else {
            at.error("'path' is missing.", "");
            return None;
        };
        (path.text()?, required, raw.is_some())
    } else {
        (at.text()?, true, false)
    };
    let Some(text) = project.stack.files.get(&normalise(&path)) else {
        if required {
            at.error(
                format!("The file '{path}' was not recorded with the product."),
                "It must lie below the source, and its name must be known without values given later.",
            );
        }
        return None;
    };
    let lookup = |name: &str| {
        let own = project.values.get(name).map(str::to_owned);
        own.or_else(|| before.get(name).cloned().flatten())
    };
    let entries = if raw {
        dotenv::parse_raw(text)
    } else {
        dotenv::parse(text, &lookup)
    };
    let entries = entries
        .map_err(|error| at.error(format!("The file '{path}': {error}."), ""))
        .ok()?;
    let bytes = entries.iter().map(|(name, value)| name.len() + value.len());
    at.sink.spend(&at.path, bytes.sum()).then_some(entries)
}

pub(super) fn labels(
    at: &At<'_>,
    extension: Option<&At<'_>>,
    project: &Project<'_>,
) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::new();
    for item in at.get("label_file").iter().flat_map(At::one_or_more) {
        if let Some(entries) = env_file(&item, project, &BTreeMap::new()) {
            labels.extend(entries);
        }
    }
    labels.extend(
        at.get("labels")
            .map(|at| at.text_pairs())
            .unwrap_or_default(),
    );
    for key in ["maintenance", "redeploy"] {
        let Some(at) = extension.and_then(|at| at.get(key)) else {
            continue;
        };
        match at.text().as_deref() {
            Some("ignore") => {
                labels.insert(format!("rsgo.{key}"), "ignore".to_owned());
            }
            Some(text) => at.error(format!("'{text}' is not known here."), "Write ignore."),
            None => {}
        }
    }
    labels
}
