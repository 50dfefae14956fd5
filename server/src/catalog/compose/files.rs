//! Files that a stack names: read when the source is read, and recorded with it, so that a deployment needs no source any more.
//!
//! Every path is rewritten to one that means the same wherever the service ends up after `include` and `extends`.

use std::collections::BTreeMap;

use domain::variable::Values;

use super::normalise;
use crate::catalog::interpolate::Template;
use crate::catalog::reading::Reading;
use crate::catalog::source::resolve;
use crate::catalog::yaml::{Data, Node};

/// Reads files into a stack's record.
pub(in crate::catalog) struct Recorder<'r, 'a> {
    /// For reading and complaining.
    pub(in crate::catalog) reading: &'r mut Reading<'a>,
    /// Variables that stand in names.
    pub(in crate::catalog) values: &'r Values,
    /// Texts by path below the source.
    pub(in crate::catalog) files: &'r mut BTreeMap<String, String>,
}

impl Recorder<'_, '_> {
    /// What `env_file`, `label_file` and relative binds name; they start at `directory`.
    pub(in crate::catalog) fn service(&mut self, service: &mut Node, directory: &str) {
        for key in ["env_file", "label_file"] {
            if let Some(node) = service.get_mut(key) {
                self.env_files(node, directory);
            }
        }
        let mut open_ended = false;
        if let Some(volumes) = service.get_mut("volumes")
            && let Data::List(items) = &mut volumes.data
        {
            for item in items {
                open_ended |= self.bind(item, directory);
            }
        }
        if open_ended {
            let here = self.on_machine(directory).replace('$', "$$");
            let place = service.place.clone();
            let mut extension = service
                .get("x-windlass")
                .filter(|extension| extension.is_map())
                .cloned()
                .unwrap_or_else(|| Node::map_at(&place));
            extension.set("directory", Node::text_at(&place, here));
            service.set("x-windlass", extension);
        }
    }

    /// What `configs` and `secrets` name.
    pub(in crate::catalog) fn sections(&mut self, compose: &mut Node, directory: &str) {
        for section in ["configs", "secrets"] {
            if let Some(section) = compose.get_mut(section)
                && let Data::Map(entries) = &mut section.data
            {
                for entry in entries {
                    if let Some(file) = entry.value.get_mut("file") {
                        self.file(file, true, directory);
                    }
                }
            }
        }
    }

    fn on_machine(&self, path: &str) -> String {
        let root = self.reading.files.root().trim_end_matches('/');
        if path.is_empty() {
            root.to_owned()
        } else {
            format!("{root}/{path}")
        }
    }

    fn env_files(&mut self, node: &mut Node, directory: &str) {
        match &mut node.data {
            Data::List(items) => {
                for item in items {
                    self.env_files(item, directory);
                }
            }
            Data::Map(_) => {
                let required = node
                    .get("required")
                    .and_then(Node::as_text)
                    .is_none_or(|text| !text.eq_ignore_ascii_case("false"));
                if let Some(path) = node.get_mut("path") {
                    self.file(path, required, directory);
                }
            }
            Data::Scalar(..) => self.file(node, true, directory),
        }
    }

    fn file(&mut self, node: &mut Node, required: bool, directory: &str) {
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
        let Some(path) = self.reading.path(&node.place, directory, &resolved) else {
            return;
        };
        let known = self.reading.files.list().binary_search(&path).is_ok();
        // A name that needs a value may be right once it has one; the deployment says so if not.
        if (known || (required && !variable))
            && let Some(text) = self.reading.text(&node.place, &path)
        {
            self.files.insert(path.clone(), text);
        }
        let rewritten = if !variable {
            path.replace('$', "$$")
        } else if directory.is_empty() {
            written
        } else {
            format!("{}/{written}", normalise(directory).replace('$', "$$"))
        };
        node.data = Node::text_at(&node.place, rewritten).data;
    }

    /// Makes the source of a relative bind absolute. True where that must wait for values.
    fn bind(&mut self, item: &mut Node, directory: &str) -> bool {
        let (source, rest, place) = match item.as_text() {
            Some(text) => {
                let Some((source, rest)) = split_outside_braces(text) else {
                    return false;
                };
                (source.to_owned(), Some(rest.to_owned()), item.place.clone())
            }
            None => {
                let is_bind = item.get("type").and_then(Node::as_text) == Some("bind");
                let Some(source) = item.get("source").filter(|_| is_bind) else {
                    return false;
                };
                let place = source.place.clone();
                (source.as_text().unwrap_or_default().to_owned(), None, place)
            }
        };
        if source.contains('$') {
            return !source.starts_with('/');
        }
        let relative =
            source.starts_with('.') || (rest.is_none() && !source.starts_with(['/', '~']));
        if !relative {
            return false;
        }
        let Ok(path) = resolve(directory, &source) else {
            self.reading.push(place.error(
                format!("The path '{source}' leaves the source."),
                "Write an absolute path if the host's own folder is meant.",
            ));
            return false;
        };
        self.reading.push(place.warning(
            format!("'{source}' is bound from the catalog's folder on the machine of Windlass."),
            "The engine must see the same folder; for single files use configs, which are recorded with the deployment.",
        ));
        let absolute = self.on_machine(&path).replace('$', "$$");
        match rest {
            Some(rest) => item.data = Node::text_at(&place, format!("{absolute}:{rest}")).data,
            None => item.set("source", Node::text_at(&place, absolute)),
        }
        false
    }
}

/// Splits at the first colon that is not inside `${…}`.
pub(super) fn split_outside_braces(text: &str) -> Option<(&str, &str)> {
    let mut open = 0_usize;
    for (at, ch) in text.char_indices() {
        match ch {
            '{' => open += 1,
            '}' => open = open.saturating_sub(1),
            ':' if open == 0 => return Some((&text[..at], &text[at + 1..])),
            _ => {}
        }
    }
    None
}
