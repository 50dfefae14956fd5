//! One product being read: the files it may use, what it has used, and what is wrong with it.

use std::collections::{BTreeMap, BTreeSet};

use domain::product::{Problem, Severity};

use super::source::{Files, directory_of, resolve};
use super::yaml::{Node, Place, parse};

/// Longest chain of files that include each other.
pub(super) const MAX_INCLUDES_DEEP: usize = 16;
/// Most problems that are kept of one product.
const MAX_PROBLEMS: usize = 200;
/// Most services of one stack.
pub(super) const MAX_SERVICES: usize = 500;
/// Most files that one product reads.
const MAX_FILES: usize = 500;
/// Most nodes that one product is made of, copies by `extends` and `include` counted again.
const MAX_NODES: usize = 500_000;

/// The state of reading one product.
pub(super) struct Reading<'a> {
    /// The source.
    pub files: &'a dyn Files,
    /// Its id.
    pub source_id: &'a str,
    /// Everything found so far.
    pub problems: Vec<Problem>,
    /// Every file that was read, by path.
    pub used: BTreeSet<String>,
    /// Those among them that only lent a service (`extends`): they may be products of their own.
    pub lent: BTreeSet<String>,
    parsed: BTreeMap<String, Option<Node>>,
    nodes: usize,
}

impl<'a> Reading<'a> {
    /// Begins.
    #[must_use]
    pub(super) fn new(files: &'a dyn Files, source_id: &'a str) -> Self {
        Self {
            files,
            source_id,
            problems: Vec::new(),
            used: BTreeSet::new(),
            lent: BTreeSet::new(),
            parsed: BTreeMap::new(),
            nodes: 0,
        }
    }

    /// Notes a problem.
    pub(super) fn push(&mut self, problem: Problem) {
        if self.problems.len() < MAX_PROBLEMS && !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Whether anything found makes the product unusable.
    #[must_use]
    pub(super) fn failed(&self) -> bool {
        self.problems
            .iter()
            .any(|problem| problem.severity == Severity::Error)
    }

    /// The path that a file means by what it says at `place`.
    pub(super) fn path(&mut self, place: &Place, directory: &str, written: &str) -> Option<String> {
        match resolve(directory, written) {
            Ok(path) => Some(path),
            Err(error) => {
                self.push(place.error(error.to_string(), "Name a file below the source."));
                None
            }
        }
    }

    /// The text of a file that is named at `place`.
    pub(super) fn text(&mut self, place: &Place, path: &str) -> Option<String> {
        self.used.insert(path.to_owned());
        if self.used.len() > MAX_FILES {
            self.push(place.error(
                format!("The product reads more than {MAX_FILES} files."),
                "",
            ));
            return None;
        }
        match self.files.read(path) {
            Ok(text) => Some(text),
            Err(error) => {
                self.push(place.error(error.to_string(), error.hint()));
                None
            }
        }
    }

    /// A file that is named at `place`, as a tree. Read once, however often it is named.
    pub(super) fn tree(&mut self, place: &Place, path: &str) -> Option<Node> {
        if let Some(known) = self.parsed.get(path) {
            let known = known.clone();
            return known.filter(|tree| self.spend(place, tree));
        }
        let tree = self
            .text(place, path)
            .and_then(|text| match parse(path, &text) {
                Ok(tree) => Some(tree),
                Err(problem) => {
                    self.push(*problem);
                    None
                }
            });
        self.parsed.insert(path.to_owned(), tree.clone());
        tree.filter(|tree| self.spend(place, tree))
    }

    /// Counts what is about to be copied; complains and says no where it is too much.
    pub(super) fn spend(&mut self, place: &Place, tree: &Node) -> bool {
        self.nodes = self.nodes.saturating_add(tree.count());
        let enough = self.nodes <= MAX_NODES;
        if !enough {
            self.push(place.error(
                format!("The product unfolds to more than {MAX_NODES} nodes."),
                "Include and extend less.",
            ));
        }
        enough
    }

    /// The file that a node names, as a tree, and its path.
    pub(super) fn included(&mut self, node: &Node, directory: &str) -> Option<(String, Node)> {
        let Some(written) = node.as_text() else {
            self.push(
                node.place
                    .error(format!("This must be a file, not {}.", node.what()), ""),
            );
            return None;
        };
        let path = self.path(&node.place, directory, written)?;
        let tree = self.tree(&node.place, &path)?;
        Some((path, tree))
    }

    /// The `CHANGELOG.md` beside a file.
    pub(super) fn changelog(&mut self, path: &str) -> Option<String> {
        let beside = resolve(directory_of(path), "CHANGELOG.md").ok()?;
        if self.files.list().binary_search(&beside).is_err() {
            return None;
        }
        match self.files.read(&beside) {
            Ok(text) => Some(text),
            Err(error) => {
                let mut problem = error.problem(&beside);
                problem.severity = Severity::Warning;
                self.push(problem);
                None
            }
        }
    }

    /// Text of a key, with a complaint where it is something else.
    pub(super) fn text_of(&mut self, node: &Node, key: &str) -> Option<String> {
        let value = node.get(key)?;
        match value.as_text() {
            Some(text) => Some(text.to_owned()),
            None => {
                self.push(
                    value
                        .place
                        .error(format!("This must be text, not {}.", value.what()), ""),
                );
                None
            }
        }
    }

    /// Texts of a key that holds a list, or one text alone.
    pub(super) fn texts_of(&mut self, node: &Node, key: &str) -> Vec<String> {
        let Some(value) = node.get(key) else {
            return Vec::new();
        };
        if let Some(text) = value.as_text() {
            return vec![text.to_owned()];
        }
        if value.is_map() {
            self.push(value.place.error("This must be a list, not a mapping.", ""));
        }
        let mut texts = Vec::new();
        for item in value.items() {
            match item.as_text() {
                Some(text) => texts.push(text.to_owned()),
                None => self.push(
                    item.place
                        .error(format!("This must be text, not {}.", item.what()), ""),
                ),
            }
        }
        texts
    }

    /// Whether a section is a mapping; complains where it is something else.
    pub(super) fn is_map(&mut self, node: &Node) -> bool {
        if !node.is_map() {
            self.push(
                node.place
                    .error(format!("This must be a mapping, not {}.", node.what()), ""),
            );
        }
        node.is_map()
    }

    /// Warns about every key that is not one of these; `x-…` is always allowed.
    pub(super) fn unknown_keys(&mut self, node: &Node, known: &[&str]) {
        let warnings: Vec<Problem> = node
            .entries()
            .iter()
            .filter(|entry| !known.contains(&entry.key.as_str()) && !entry.key.starts_with("x-"))
            .map(|entry| {
                entry.place.warning(
                    format!("'{}' is not known here and has no effect.", entry.key),
                    "Check its spelling and indentation.",
                )
            })
            .collect();
        for warning in warnings {
            self.push(warning);
        }
    }
}
