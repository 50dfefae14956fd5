//! Finds the products of a source.
//!
//! Folders with a `windlass.yaml` first, then folders with a Compose file, then manifests with a product version anywhere. A file that a
//! product includes is no product of its own.

use std::collections::{BTreeMap, BTreeSet};

use domain::product::{Problem, Product, Severity};

use super::assemble::assemble;
use super::manifest;
use super::reading::Reading;
use super::source::{Files, directory_of, file_name, start_of};
use super::yaml::parse;

/// Most products of one source.
const MAX_PRODUCTS: usize = 2_000;
/// Most problems that are kept of one source.
const MAX_PROBLEMS: usize = 2_000;

/// Files that make their folder a product, the preferred first.
const FOLDER_FILES: [&str; 6] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yaml",
    "docker-compose.yml",
    "stack.yaml",
    "stack.yml",
];
const PRODUCT_FILES: [&str; 2] = ["windlass.yaml", "windlass.yml"];

/// What a source holds.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) products: Vec<Product>,
    pub(super) problems: Vec<Problem>,
}

/// Reads a source.
pub(super) fn scan(source_id: &str, files: &dyn Files) -> Found {
    let mut scan = Scan {
        source_id,
        files,
        outcomes: Vec::new(),
        claimed: BTreeSet::new(),
    };
    scan.run();
    scan.finish()
}

/// What came of one candidate.
struct Outcome {
    path: String,
    product: Option<Product>,
    problems: Vec<Problem>,
    /// Whether it is a product of its own even where another one includes it.
    stands_alone: bool,
}

struct Scan<'a> {
    source_id: &'a str,
    files: &'a dyn Files,
    outcomes: Vec<Outcome>,
    /// Files that a product has read.
    claimed: BTreeSet<String>,
}

impl Scan<'_> {
    fn run(&mut self) {
        let mut folders: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        let files = self.files;
        for path in files.list() {
            folders.entry(directory_of(path)).or_default().push(path);
        }
        let mut taken: BTreeSet<&str> = BTreeSet::new();
        for (folder, names) in &folders {
            let found = PRODUCT_FILES
                .iter()
                .find_map(|name| names.iter().find(|path| file_name(path) == *name));
            if let Some(path) = found {
                taken.insert(folder);
                self.candidate(path, Kind::Product);
            }
        }
        for (folder, names) in &folders {
            if taken.contains(folder) {
                continue;
            }
            let found = FOLDER_FILES
                .iter()
                .find_map(|name| names.iter().find(|path| file_name(path) == *name));
            if let Some(path) = found {
                taken.insert(folder);
                if !self.claimed.contains(*path) {
                    self.candidate(path, Kind::Folder);
                }
            }
        }
        for path in files.list() {
            let is_yaml = path.ends_with(".yaml") || path.ends_with(".yml");
            // Hidden files belong to tools; they are read where a product names them.
            if !is_yaml || file_name(path).starts_with('.') {
                continue;
            }
            if !taken.contains(directory_of(path)) {
                self.candidate(path, Kind::File);
            } else if !self.claimed.contains(path) {
                self.beside(path);
            }
        }
    }

    /// A file in a folder that is a product already: it is not read, and that is said where it wanted to be one.
    fn beside(&mut self, path: &str) {
        let is_main = self.outcomes.iter().any(|outcome| outcome.path == path);
        let wanted = !is_main
            && self.files.read(path).is_ok_and(|text| {
                parse(path, &text).is_ok_and(|root| manifest::has_version(&root))
            });
        if wanted {
            let mut reading = Reading::new(self.files, self.source_id);
            reading.push(start_of(path).warning(
                "It is not read: another file makes its folder a product.",
                "Move it into a folder of its own.",
            ));
            self.outcome(path, None, reading, true);
        }
    }

    fn candidate(&mut self, path: &str, kind: Kind) {
        let mut reading = Reading::new(self.files, self.source_id);
        let root = match self.files.read(path) {
            Ok(text) => match parse(path, &text) {
                Ok(root) => Some(root),
                // Streams of documents belong to other tools, unless one looks like ours.
                Err(_) if kind == Kind::File && is_foreign(&text) => return,
                Err(problem) => {
                    reading.push(*problem);
                    None
                }
            },
            Err(error) => {
                reading.push(error.problem(path));
                None
            }
        };
        let Some(root) = root else {
            return self.outcome(path, None, reading, true);
        };
        let folder = file_name(directory_of(path));
        let folder = if folder.is_empty() {
            self.source_id
        } else {
            folder
        };
        let stands_alone = kind != Kind::Folder || manifest::has_version(&root);
        let draft = match kind {
            Kind::File if !manifest::has_version(&root) => {
                if let Some(stacks) = root.entry("stacks")
                    && manifest::is_manifest(&root)
                {
                    reading.push(stacks.place.warning(
                        "This looks like a product, but it has no metadata.productVersion.",
                        "Add one, or include the file from a product.",
                    ));
                    self.outcome(path, None, reading, false);
                }
                return;
            }
            Kind::File => manifest::read(&mut reading, path, &root, None),
            Kind::Product => super::compose::product::read(&mut reading, path, &root, folder),
            // A stack.yaml is never Compose's.
            Kind::Folder
                if file_name(path).starts_with("stack.") || manifest::is_manifest(&root) =>
            {
                manifest::read(&mut reading, path, &root, Some(folder))
            }
            Kind::Folder => super::compose::product::plain(&mut reading, path, folder),
        };
        let product = draft.and_then(|draft| assemble(&mut reading, draft));
        self.outcome(path, product, reading, stands_alone);
    }

    fn outcome(
        &mut self,
        path: &str,
        product: Option<Product>,
        reading: Reading<'_>,
        stands_alone: bool,
    ) {
        let lent = reading.lent;
        let used = reading.used.into_iter();
        self.claimed
            .extend(used.filter(|used| used != path && !lent.contains(used)));
        self.outcomes.push(Outcome {
            path: path.to_owned(),
            product,
            problems: reading.problems,
            stands_alone,
        });
    }

    fn finish(self) -> Found {
        let mut found = Found::default();
        let mut by_id: BTreeMap<String, String> = BTreeMap::new();
        for outcome in self.outcomes {
            if !outcome.stands_alone && self.claimed.contains(&outcome.path) {
                continue;
            }
            found.problems.extend(outcome.problems);
            let Some(product) = outcome.product else {
                continue;
            };
            if let Some(other) = by_id.get(&product.id) {
                found.problems.push(start_of(&outcome.path).error(
                    format!(
                        "The product '{}' is also described by '{other}', which is the one used.",
                        product.id
                    ),
                    "Change the name or the version in one of the two files.",
                ));
                continue;
            }
            if found.products.len() >= MAX_PRODUCTS {
                found.problems.push(start_of(&outcome.path).error(
                    format!(
                        "The source has more than {MAX_PRODUCTS} products; the rest is not offered."
                    ),
                    "Split the source.",
                ));
                break;
            }
            by_id.insert(product.id.clone(), outcome.path);
            found.products.push(product);
        }
        found.problems.sort_by(|a, b| {
            let key = |problem: &Problem| (problem.file.clone(), problem.line, problem.column);
            key(a).cmp(&key(b))
        });
        // Two products may share a broken fragment: it is said once.
        found.problems.dedup();
        if found.problems.len() > MAX_PROBLEMS {
            let rest = found.problems.len() - MAX_PROBLEMS;
            found.problems.truncate(MAX_PROBLEMS);
            let mut more = start_of("").problem(
                Severity::Error,
                format!("{rest} more problems are not shown."),
                "Repair the others first.",
            );
            (more.line, more.column) = (None, None);
            found.problems.push(more);
        }
        found.products.sort_by(|a, b| a.path.cmp(&b.path));
        found
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `windlass.yaml`.
    Product,
    /// A file that makes its folder a product.
    Folder,
    /// Any other YAML file.
    File,
}

/// Several documents, none of which names a product version.
fn is_foreign(text: &str) -> bool {
    let several = text.lines().filter(|line| line.trim_end() == "---").count() > 1
        || text.trim_start().split_once("\n---").is_some();
    several && !text.contains("productVersion")
}

#[cfg(test)]
mod tests;
