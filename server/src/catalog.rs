//! The catalog: what can be deployed, read from sources, and what is wrong with the rest.
//!
//! A broken file never hides another one and never goes unmentioned. Reading is blocking file I/O: call from a blocking thread. What was
//! deployed is recorded whole with its deployment; nothing here is needed for what runs.

mod ad_hoc;
mod assemble;
pub mod compose;
mod declare;
mod dotenv;
mod interpolate;
mod maintenance;
mod manifest;
mod reading;
mod recorded;
mod scan;
pub mod source;
mod version;
mod yaml;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use domain::product::{Problem, Product, StackTemplate};

pub use ad_hoc::{AD_HOC_SOURCE, ad_hoc_product, variable_uses};
pub use compose::render::render_stack;
pub use recorded::{render_deployed, render_release};
use source::local::{Fingerprint, Folder};
pub use version::compare as compare_versions;

/// A folder whose products are offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalSource {
    /// First part of its products' ids.
    pub id: String,
    /// The folder.
    pub path: PathBuf,
}

/// Sources and what they held when they were last read. Shared behind an [`Arc`].
#[derive(Debug)]
pub struct Catalog {
    sources: Vec<LocalSource>,
    /// Never held while files are read.
    scanned: RwLock<Arc<Scanned>>,
}

/// Everything read, replaced as a whole.
#[derive(Debug, Default)]
struct Scanned {
    by_source: BTreeMap<String, SourceScan>,
    /// In order of source and path.
    products: Vec<Arc<Product>>,
    problems: Vec<SourceProblem>,
}

#[derive(Debug, Clone)]
struct SourceScan {
    fingerprint: Option<Fingerprint>,
    products: Vec<Arc<Product>>,
    problems: Vec<Problem>,
}

/// A problem and the source that it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceProblem {
    /// The source.
    pub source_id: String,
    /// Place, reason, way out.
    pub problem: Problem,
}

impl Catalog {
    /// Reads all sources.
    #[must_use]
    pub fn load(sources: &[LocalSource]) -> Self {
        let catalog = Self {
            sources: sources.to_vec(),
            scanned: RwLock::default(),
        };
        catalog.refresh();
        catalog
    }

    /// Reads again what has changed since the last time.
    pub fn refresh(&self) {
        let before = self.scanned();
        let mut by_source: BTreeMap<String, SourceScan> = BTreeMap::new();
        for source in &self.sources {
            let known = before.by_source.get(&source.id);
            by_source.insert(source.id.clone(), read_source(source, known));
        }
        let mut scanned = Scanned::default();
        for source in &self.sources {
            let Some(found) = by_source.get(&source.id) else {
                continue;
            };
            scanned.products.extend(found.products.iter().cloned());
            scanned
                .problems
                .extend(found.problems.iter().map(|problem| SourceProblem {
                    source_id: source.id.clone(),
                    problem: problem.clone(),
                }));
        }
        scanned.by_source = by_source;
        // A poisoned lock holds a whole value all the same: it is only ever replaced.
        *self.scanned.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(scanned);
    }

    fn scanned(&self) -> Arc<Scanned> {
        Arc::clone(&self.scanned.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The newest version of every product, by source and group, in order of their names.
    #[must_use]
    pub fn products(&self) -> Vec<Arc<Product>> {
        let mut newest: BTreeMap<(String, String), Arc<Product>> = BTreeMap::new();
        for product in &self.scanned().products {
            let key = (product.source_id.clone(), product.group_id.clone());
            match newest.get(&key) {
                Some(known) if !is_newer(product, known) => {}
                _ => {
                    newest.insert(key, Arc::clone(product));
                }
            }
        }
        let mut all: Vec<_> = newest.into_values().collect();
        all.sort_by(|a, b| {
            let name = |product: &Product| product.display_name.to_lowercase();
            name(a).cmp(&name(b)).then_with(|| a.id.cmp(&b.id))
        });
        all
    }

    /// A product by its id; or the newest one of a group, of `source:name`, or of `source:group`.
    #[must_use]
    pub fn product(&self, id: &str) -> Option<Arc<Product>> {
        let scanned = self.scanned();
        let exact = scanned.products.iter().find(|product| product.id == id);
        if let Some(product) = exact {
            return Some(Arc::clone(product));
        }
        let matches: [fn(&Product, &str) -> bool; 3] = [
            |product, id| product.group_id == id,
            |product, id| is_joined(id, &product.source_id, &product.name),
            |product, id| is_joined(id, &product.source_id, &product.group_id),
        ];
        matches.iter().find_map(|fits| {
            let all = scanned.products.iter().filter(|product| fits(product, id));
            newest(all)
        })
    }

    /// A stack by its id, with the version of the product that it is part of.
    #[must_use]
    pub fn stack(&self, id: &str) -> Option<(Arc<Product>, StackTemplate)> {
        let scanned = self.scanned();
        // A name alone could be any product's.
        let known = |product: &Arc<Product>| {
            let stack =
                find_stack(product, id).filter(|stack| id.contains(':') || stack.id == id)?;
            Some((Arc::clone(product), stack.clone()))
        };
        scanned.products.iter().find_map(known)
    }

    /// All versions of a group, newest first.
    #[must_use]
    pub fn versions(&self, group_id: &str) -> Vec<Arc<Product>> {
        let scanned = self.scanned();
        let mut all: Vec<_> = scanned
            .products
            .iter()
            .filter(|product| product.group_id == group_id)
            .cloned()
            .collect();
        all.sort_by(|a, b| {
            version::compare(b.version.as_deref(), a.version.as_deref())
                .then_with(|| a.id.cmp(&b.id))
        });
        all
    }

    /// Everything that is wrong, errors and warnings, in order of source and file.
    #[must_use]
    pub fn problems(&self) -> Vec<SourceProblem> {
        self.scanned().problems.clone()
    }

    /// How many products a source has, each version counted.
    #[must_use]
    pub fn count_of(&self, source: &str) -> usize {
        let scanned = self.scanned();
        let mut found = scanned.by_source.get(source).into_iter();
        found.next().map_or(0, |scan| scan.products.len())
    }

    /// The sources.
    #[must_use]
    pub fn sources(&self) -> &[LocalSource] {
        &self.sources
    }
}

/// A stack of a product by its id, its name, or its id in the other part order, `source:product:version:stack`.
#[must_use]
pub fn find_stack<'p>(product: &'p Product, id: &str) -> Option<&'p StackTemplate> {
    product.stack(id).or_else(|| {
        let version = product.version.as_deref()?;
        product.stacks.iter().find(|stack| {
            let suffix = format!(":{}:{version}", stack.name);
            let start = stack.id.strip_suffix(&suffix);
            start.is_some_and(|start| format!("{start}:{version}:{}", stack.name) == id)
        })
    })
}

fn is_joined(id: &str, source: &str, name: &str) -> bool {
    id.strip_prefix(source)
        .and_then(|rest| rest.strip_prefix(':'))
        .is_some_and(|rest| rest == name)
}

fn is_newer(a: &Product, b: &Product) -> bool {
    version::compare(a.version.as_deref(), b.version.as_deref()).is_gt()
}

fn newest<'a>(all: impl Iterator<Item = &'a Arc<Product>>) -> Option<Arc<Product>> {
    all.fold(None, |best: Option<&Arc<Product>>, product| match best {
        Some(known) if !is_newer(product, known) => Some(known),
        _ => Some(product),
    })
    .cloned()
}

fn read_source(source: &LocalSource, known: Option<&SourceScan>) -> SourceScan {
    let folder = match Folder::open(&source.path) {
        Ok(folder) => folder,
        Err(problem) => {
            return SourceScan {
                fingerprint: None,
                products: Vec::new(),
                problems: vec![problem],
            };
        }
    };
    if let Some(known) = known
        && known.fingerprint.as_ref() == Some(folder.fingerprint())
    {
        return known.clone();
    }
    let found = scan::scan(&source.id, &folder);
    let mut problems = folder.problems().to_vec();
    problems.extend(found.problems);
    SourceScan {
        fingerprint: Some(folder.fingerprint().clone()),
        products: found.products.into_iter().map(Arc::new).collect(),
        problems,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn manifest(version: &str) -> String {
        format!(
            "metadata: {{name: My Shop, productId: org.shop, productVersion: {version}}}\nstacks: {{a: {{services: {{x: {{image: x}}}}}}, b: {{services: {{x: {{image: x}}}}}}}}\n"
        )
    }

    #[test]
    fn look_up_and_refresh() {
        const fn shared<T: Send + Sync>(_: &T) {}
        let dir = tempfile::tempdir().unwrap();
        for version in ["1.9.0", "1.10.0", "1.10.0-rc.1"] {
            fs::write(
                dir.path().join(format!("{version}.yaml")),
                manifest(version),
            )
            .unwrap();
        }
        let gone = LocalSource {
            id: "gone".to_owned(),
            path: dir.path().join("none"),
        };
        let local = LocalSource {
            id: "local".to_owned(),
            path: dir.path().to_owned(),
        };
        let catalog = Catalog::load(&[gone, local]);
        shared(&catalog);
        let version = |id: &str| {
            catalog
                .product(id)
                .and_then(|product| product.version.clone())
        };
        assert_eq!(version("local:My Shop:1.9.0").as_deref(), Some("1.9.0"));
        assert_eq!(version("org.shop").as_deref(), Some("1.10.0"));
        assert_eq!(version("local:My Shop").as_deref(), Some("1.10.0"));
        assert_eq!(version("local:org.shop").as_deref(), Some("1.10.0"));
        assert_eq!(version("other:My Shop"), None);
        assert_eq!(catalog.products().len(), 1);
        let versions: Vec<_> = catalog
            .versions("org.shop")
            .iter()
            .map(|product| product.version.clone().unwrap())
            .collect();
        assert_eq!(versions, ["1.10.0", "1.10.0-rc.1", "1.9.0"]);
        let product = catalog.product("org.shop").unwrap();
        for id in ["local:org.shop:b:1.10.0", "local:org.shop:1.10.0:b", "b"] {
            assert_eq!(
                find_stack(&product, id).map(|stack| stack.name.as_str()),
                Some("b"),
                "{id}"
            );
        }
        assert!(find_stack(&product, "local:org.shop:c:1.10.0").is_none());
        let problems = catalog.problems();
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].source_id, "gone");

        let before = catalog.product("org.shop").unwrap();
        catalog.refresh();
        assert!(
            Arc::ptr_eq(&before, &catalog.product("org.shop").unwrap()),
            "nothing changed, nothing is read"
        );
        fs::write(dir.path().join("new.yaml"), manifest("2.0.0")).unwrap();
        fs::write(dir.path().join("bad.yaml"), b"\xff").unwrap();
        catalog.refresh();
        assert_eq!(version("org.shop").as_deref(), Some("2.0.0"));
        assert_eq!(catalog.problems().len(), 2);
    }
}
