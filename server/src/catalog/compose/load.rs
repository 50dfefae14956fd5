//! Loads the Compose files of one stack into one model: `include`, `extends`, overrides.

use std::collections::BTreeMap;

use domain::variable::Values;

use super::files::Recorder;
use super::merge;
use crate::catalog::dotenv;
use crate::catalog::interpolate::Template;
use crate::catalog::reading::{MAX_INCLUDES_DEEP, MAX_SERVICES, Reading};
use crate::catalog::source::{directory_of, resolve};
use crate::catalog::yaml::{Data, Node, Place};

/// Sections that an included file brings along.
const RESOURCES: [&str; 5] = ["services", "networks", "volumes", "configs", "secrets"];

/// One stack's files, merged.
pub(super) struct Loaded {
    pub(super) model: Node,
    /// Texts by path below the source.
    pub(super) files: BTreeMap<String, String>,
    /// What the `.env` files say, the stack's own first.
    pub(super) values: Values,
}

/// Loads files in order, each overriding those before; relative paths start at the folder of the first one.
pub(super) fn load(
    reading: &mut Reading<'_>,
    paths: &[(String, Place)],
    values: Values,
) -> Option<Loaded> {
    let mut loader = Loader {
        reading,
        files: BTreeMap::new(),
        values,
        chain: Vec::new(),
    };
    let directory = directory_of(&paths.first()?.0).to_owned();
    let mut model = loader.merged(paths, &directory)?;
    merge::strip(&mut model);
    Some(Loaded {
        model,
        files: loader.files,
        values: loader.values,
    })
}

/// The values of a `.env` file; those that are known already win.
pub(super) fn read_env(
    reading: &mut Reading<'_>,
    place: &Place,
    path: &str,
    values: &mut Values,
) -> Option<()> {
    let text = reading.text(place, path)?;
    let known = values.clone();
    let lookup = |name: &str| known.0.get(name).cloned();
    match dotenv::parse(&text, &lookup) {
        Ok(entries) => {
            for (name, value) in entries {
                match known.0.get(&name) {
                    None => {
                        values.0.insert(name, value);
                    }
                    Some(other) if *other != value => reading.push(place.warning(
                        format!("'{name}' in '{path}' has no effect: an earlier file gives it another value."),
                        "",
                    )),
                    Some(_) => {}
                }
            }
        }
        Err(error) => {
            let mut at = crate::catalog::source::start_of(path);
            at.line = error.line();
            reading.push(at.error(
                format!("This is not a file of variables: {error}."),
                "Write NAME=VALUE lines.",
            ));
        }
    }
    Some(())
}

struct Loader<'r, 'a> {
    reading: &'r mut Reading<'a>,
    files: BTreeMap<String, String>,
    values: Values,
    /// Files that are being included, outermost first.
    chain: Vec<String>,
}

impl Loader<'_, '_> {
    fn merged(&mut self, paths: &[(String, Place)], directory: &str) -> Option<Node> {
        let mut merged: Option<Node> = None;
        for (path, place) in paths {
            let tree = self.one(path, place, directory)?;
            merged = Some(match merged {
                None => tree,
                Some(base) => merge::files(base, tree),
            });
        }
        merged
    }

    fn one(&mut self, path: &str, place: &Place, directory: &str) -> Option<Node> {
        if self.chain.iter().any(|known| known == path) {
            let circle = [self.chain.as_slice(), &[path.to_owned()]].concat();
            self.reading.push(place.error(
                format!(
                    "The files include each other in a circle: {}.",
                    circle.join(" -> ")
                ),
                "Remove one of these includes.",
            ));
            return None;
        }
        if self.chain.len() >= MAX_INCLUDES_DEEP {
            let message = format!("Includes are nested deeper than {MAX_INCLUDES_DEEP}.");
            self.reading.push(place.error(message, ""));
            return None;
        }
        self.reading.lent.remove(path);
        let mut tree = self.reading.tree(place, path)?;
        if tree.is_null() {
            self.reading
                .push(tree.place.error("The file is empty.", "Add services."));
            return None;
        }
        if !self.reading.is_map(&tree) {
            return None;
        }
        if let Some(extension) = tree.entry("x-windlass")
            && !is_about_maintenance(&extension.value)
        {
            let problem = extension.place.warning(
                "'x-windlass' has an effect on services only.",
                "Move it to the service; 'maintenance' alone stands here.",
            );
            self.reading.push(problem);
        }
        self.chain.push(path.to_owned());
        self.extend(&mut tree, path, directory);
        let mut recorder = Recorder {
            reading: self.reading,
            values: &self.values,
            files: &mut self.files,
        };
        recorder.sections(&mut tree, directory);
        if let Some(include) = tree.remove("include") {
            self.include(&mut tree, &include, directory);
        }
        self.chain.pop();
        Some(tree)
    }

    fn include(&mut self, tree: &mut Node, include: &Node, directory: &str) {
        if !include.is_list() {
            self.reading.push(
                include
                    .place
                    .error(format!("This must be a list, not {}.", include.what()), ""),
            );
            return;
        }
        for item in include.items() {
            let Some(included) = self.included(item, directory) else {
                continue;
            };
            for section in RESOURCES {
                let Some(found) = included.get(section) else {
                    continue;
                };
                if tree.get(section).is_none() {
                    tree.set(section, Node::map_at(&found.place));
                }
                let Some(own) = tree.get_mut(section) else {
                    continue;
                };
                for entry in found.entries() {
                    match own.entry(&entry.key) {
                        None => {
                            if let Data::Map(entries) = &mut own.data {
                                entries.push(entry.clone());
                            }
                        }
                        Some(known) if known.value.to_value() == entry.value.to_value() => {}
                        Some(known) => {
                            let problem = known.place.error(
                                format!(
                                    "'{}' is also in the included file '{}'.",
                                    entry.key, entry.place.file
                                ),
                                "Change it in an override file, or rename one of the two.",
                            );
                            self.reading.push(problem);
                        }
                    }
                }
            }
        }
    }

    fn included(&mut self, item: &Node, directory: &str) -> Option<Node> {
        let place = item.place.clone();
        let mut written: Vec<(String, Place)> = Vec::new();
        let (mut project, mut env_files) = (None, Vec::new());
        if item.is_map() {
            self.reading
                .unknown_keys(item, &["path", "project_directory", "env_file"]);
            let at = item.get("path").map_or(&place, |node| &node.place).clone();
            for path in self.reading.texts_of(item, "path") {
                written.push((path, at.clone()));
            }
            project = self.reading.text_of(item, "project_directory");
            env_files = self.reading.texts_of(item, "env_file");
        } else if let Some(text) = item.as_text() {
            written.push((text.to_owned(), place.clone()));
        }
        let mut paths = Vec::new();
        for (written, place) in written {
            let written = self.fill(&place, &written)?;
            paths.push((self.reading.path(&place, directory, &written)?, place));
        }
        let Some((first, _)) = paths.first() else {
            self.reading
                .push(place.error("An include names a file.", "Write the path, or {path: …}."));
            return None;
        };
        let project = match project {
            Some(written) => {
                let written = self.fill(&place, &written)?;
                self.reading.path(&place, directory, &written)?
            }
            None => directory_of(first).to_owned(),
        };
        if env_files.is_empty() {
            let beside = resolve(&project, ".env").ok()?;
            if self.reading.files.list().binary_search(&beside).is_ok() && project != directory {
                read_env(self.reading, &place, &beside, &mut self.values);
            }
        }
        for written in env_files {
            let path = self.reading.path(&place, directory, &written)?;
            read_env(self.reading, &place, &path, &mut self.values);
        }
        self.merged(&paths, &project)
    }

    /// A path with its variables replaced by what is known when the source is read.
    fn fill(&mut self, place: &Place, text: &str) -> Option<String> {
        let lookup = |name: &str| self.values.get(name).map(str::to_owned);
        match Template::parse(text).and_then(|template| template.render(&lookup)) {
            Ok(text) => Some(text),
            Err(error) => {
                self.reading
                    .push(place.error(format!("In '{text}': {error}."), error.hint()));
                None
            }
        }
    }

    /// Replaces every `extends` by what it stands for, and makes relative paths of services absolute in the source.
    fn extend(&mut self, tree: &mut Node, path: &str, directory: &str) {
        let Some(services) = tree.get("services").cloned() else {
            return;
        };
        if !self.reading.is_map(&services) {
            return;
        }
        if services.entries().len() > MAX_SERVICES {
            let message = format!("A stack has at most {MAX_SERVICES} services.");
            self.reading
                .push(services.place.error(message, "Split it into stacks."));
            return;
        }
        let mut resolved = services.clone();
        if let Data::Map(entries) = &mut resolved.data {
            for entry in entries {
                let mut chain = Vec::new();
                if let Some(service) =
                    self.resolved(&services, &entry.key, path, directory, &mut chain)
                {
                    entry.value = service;
                }
            }
        }
        tree.set("services", resolved);
    }

    fn resolved(
        &mut self,
        services: &Node,
        name: &str,
        path: &str,
        directory: &str,
        chain: &mut Vec<String>,
    ) -> Option<Node> {
        let mut service = services.entry(name)?.value.clone();
        let extends = service.remove("extends");
        if service.is_map() {
            let mut recorder = Recorder {
                reading: self.reading,
                values: &self.values,
                files: &mut self.files,
            };
            recorder.service(&mut service, directory);
        }
        let Some(extends) = extends else {
            return Some(service);
        };
        let here = format!("{path}:{name}");
        chain.push(here);
        let base = self.base(services, &extends, path, directory, chain);
        chain.pop();
        let base = base?;
        if !self.reading.spend(&extends.place, &base) {
            return None;
        }
        Some(merge::service(base, service))
    }

    fn base(
        &mut self,
        services: &Node,
        extends: &Node,
        path: &str,
        directory: &str,
        chain: &mut Vec<String>,
    ) -> Option<Node> {
        let place = &extends.place;
        let (name, file) = match extends.as_text() {
            Some(name) => (name.to_owned(), None),
            None => {
                self.reading.unknown_keys(extends, &["service", "file"]);
                let Some(name) = self.reading.text_of(extends, "service") else {
                    self.reading.push(place.error(
                        "'service' is missing.",
                        "Name the service that is extended.",
                    ));
                    return None;
                };
                (name, self.reading.text_of(extends, "file"))
            }
        };
        let other_services;
        let (services, path, directory) = match file {
            None => (services, path.to_owned(), directory.to_owned()),
            Some(written) => {
                let written = self.fill(place, &written)?;
                let other = self.reading.path(place, directory, &written)?;
                if !self.reading.used.contains(&other) {
                    self.reading.lent.insert(other.clone());
                }
                let tree = self.reading.tree(place, &other)?;
                other_services = tree.get("services").cloned().unwrap_or(tree);
                let directory = directory_of(&other).to_owned();
                (&other_services, other, directory)
            }
        };
        let next = format!("{path}:{name}");
        if chain.contains(&next) {
            let circle = [chain.as_slice(), &[next]].concat();
            self.reading.push(place.error(
                format!(
                    "The services extend each other in a circle: {}.",
                    circle.join(" -> ")
                ),
                "Remove one of these.",
            ));
            return None;
        }
        if chain.len() > MAX_INCLUDES_DEEP {
            let message =
                format!("Services extend each other more than {MAX_INCLUDES_DEEP} times.");
            self.reading.push(place.error(message, ""));
            return None;
        }
        if services.entry(&name).is_none() {
            self.reading.push(place.error(
                format!("The service '{name}' is not in '{path}'."),
                "Check the name.",
            ));
            return None;
        }
        self.resolved(services, &name, &path, &directory, chain)
    }
}

/// Whether the extension of a whole file says what it may say there, and nothing else.
fn is_about_maintenance(extension: &Node) -> bool {
    let entries = extension.entries();
    !entries.is_empty() && entries.iter().all(|entry| entry.key == "maintenance")
}
