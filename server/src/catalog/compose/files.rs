//! Files that a stack names: read when the source is read, and recorded with it, so that a deployment needs no source any more.

use std::collections::BTreeMap;

use domain::variable::Values;

use super::normalise;
use crate::catalog::interpolate::Template;
use crate::catalog::reading::Reading;
use crate::catalog::yaml::{Data, Node};

/// Reads what `env_file`, `label_file`, `configs` and `secrets` name and rewrites each path to one below the source.
///
/// `directory` is where relative paths start; `values` give the variables that stand in names.
pub fn record(
    reading: &mut Reading<'_>,
    compose: &mut Node,
    directory: &str,
    values: &Values,
    files: &mut BTreeMap<String, String>,
) {
    let mut recorder = Recorder {
        reading,
        directory,
        values,
        files,
    };
    if let Some(services) = compose.get_mut("services")
        && let Data::Map(entries) = &mut services.data
    {
        for entry in entries {
            for key in ["env_file", "label_file"] {
                if let Some(node) = entry.value.get_mut(key) {
                    recorder.env_files(node);
                }
            }
        }
    }
    for section in ["configs", "secrets"] {
        if let Some(section) = compose.get_mut(section)
            && let Data::Map(entries) = &mut section.data
        {
            for entry in entries {
                if let Some(file) = entry.value.get_mut("file") {
                    recorder.file(file, true);
                }
            }
        }
    }
}

struct Recorder<'r, 'a> {
    reading: &'r mut Reading<'a>,
    directory: &'r str,
    values: &'r Values,
    files: &'r mut BTreeMap<String, String>,
}

impl Recorder<'_, '_> {
    fn env_files(&mut self, node: &mut Node) {
        match &mut node.data {
            Data::List(items) => items.iter_mut().for_each(|item| self.env_files(item)),
            Data::Map(_) => {
                let required = node
                    .get("required")
                    .and_then(Node::as_text)
                    .is_none_or(|text| !text.eq_ignore_ascii_case("false"));
                if let Some(path) = node.get_mut("path") {
                    self.file(path, required);
                }
            }
            Data::Scalar(..) => self.file(node, true),
        }
    }

    fn file(&mut self, node: &mut Node, required: bool) {
        let Some(written) = node.as_text().map(str::to_owned) else {
            return;
        };
        let lookup = |name: &str| self.values.get(name).map(str::to_owned);
        let template = Template::parse(&written);
        let variable = template
            .as_ref()
            .is_ok_and(|template| !template.uses().is_empty());
        // What cannot be interpolated is reported by the trial rendering, with its place.
        let Ok(resolved) = template.and_then(|template| template.render(&lookup)) else {
            return;
        };
        let Some(path) = self.reading.path(&node.place, self.directory, &resolved) else {
            return;
        };
        let known = self.reading.files.list().binary_search(&path).is_ok();
        // A name that needs a value may be right once it has one; the deployment says so if not.
        if known || (required && !variable) {
            if let Some(text) = self.reading.text(&node.place, &path) {
                self.files.insert(path.clone(), text);
            }
        }
        let rewritten = if !variable {
            path.replace('$', "$$")
        } else if self.directory.is_empty() {
            written
        } else {
            format!("{}/{written}", normalise(self.directory).replace('$', "$$"))
        };
        node.data = Node::text_at(&node.place, rewritten).data;
    }
}
