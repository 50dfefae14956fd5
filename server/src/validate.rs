//! `windlass-server validate`: reads folders as the catalog would, and says what is wrong in them.
//!
//! Starts nothing, writes nothing, asks no engine. The words are the catalog's own, so that what is said here is what the
//! server says.

use std::fmt;
use std::path::{Path, PathBuf};

use domain::product::{Problem, Severity};

use crate::catalog::{Catalog, LocalSource};

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Folders that were read.
    folders: usize,
    /// Products that would be offered, the newest version of each.
    products: usize,
    findings: Vec<Finding>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    folder: PathBuf,
    problem: Problem,
}

/// Reads every folder. Blocking file I/O.
#[must_use]
pub fn validate(folders: &[PathBuf]) -> Report {
    let mut report = Report::default();
    for folder in folders {
        // Each on its own, so that one folder given twice is two folders and names cannot collide.
        let catalog = Catalog::load(&[LocalSource {
            id: "validated".to_owned(),
            path: folder.clone(),
        }]);
        report.folders += 1;
        report.products += catalog.products().len();
        let problems = catalog.problems().into_iter();
        report.findings.extend(problems.map(|found| Finding {
            folder: folder.clone(),
            problem: found.problem,
        }));
    }
    report
}

impl Report {
    /// Whether something cannot be used.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    fn count(&self, severity: Severity) -> usize {
        let of = |finding: &&Finding| finding.problem.severity == severity;
        self.findings.iter().filter(of).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { folder, problem } in &self.findings {
            write!(f, "{}", place(folder, problem))?;
            let severity = match problem.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            };
            write!(f, ": {severity}: ")?;
            if !problem.field.is_empty() {
                write!(f, "{}: ", problem.field)?;
            }
            writeln!(f, "{}", problem.message)?;
            if let Some(hint) = &problem.hint {
                writeln!(f, "  hint: {hint}")?;
            }
        }
        write!(
            f,
            "{} and {} in {}: {}",
            counted(self.count(Severity::Error), "error"),
            counted(self.count(Severity::Warning), "warning"),
            counted(self.folders, "folder"),
            counted(self.products, "product"),
        )
    }
}

/// `folder/file:line:column`, as editors and CI jobs read it.
fn place(folder: &Path, problem: &Problem) -> String {
    let file = match problem.file.as_str() {
        "" => folder.to_owned(),
        file => folder.join(file),
    };
    let numbers = [problem.line, problem.column];
    let numbers = numbers.iter().map_while(|number| *number);
    let numbers: String = numbers.map(|number| format!(":{number}")).collect();
    format!("{}{numbers}", file.display())
}

fn counted(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// The report on a folder with one file, without the folder's own name.
    fn report_on(text: &str) -> (bool, String) {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("shop.yaml"), text).unwrap();
        let report = validate(&[folder.path().to_owned()]);
        let start = format!("{}/", folder.path().display());
        (report.has_errors(), report.to_string().replace(&start, ""))
    }

    const GOOD: &str = "metadata: {name: Shop, productId: shop, productVersion: 1.0.0}
stacks:
  web: {services: {app: {image: 'app:1'}}}
";

    #[test]
    fn a_good_folder_has_nothing_to_say() {
        let (errors, text) = report_on(GOOD);
        assert_eq!(text, "0 errors and 0 warnings in 1 folder: 1 product");
        assert!(!errors);
    }

    #[test]
    fn errors_name_file_line_column_field_and_the_way_out() {
        let (errors, text) = report_on(&GOOD.replace("{image: 'app:1'}", "{image: [1]}"));
        assert!(errors, "{text}");
        let first = text.lines().next().unwrap();
        assert!(first.starts_with("shop.yaml:3:"), "{text}");
        assert!(first.contains(": error: "), "{text}");
        assert!(first.contains("services.app.image: "), "{text}");
        assert!(
            text.ends_with("1 error and 0 warnings in 1 folder: 0 products"),
            "{text}"
        );
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error_beside_the_others() {
        let good = tempfile::tempdir().unwrap();
        fs::write(good.path().join("shop.yaml"), GOOD).unwrap();
        let missing = good.path().join("none");
        let report = validate(&[missing.clone(), good.path().to_owned()]);
        assert!(report.has_errors());
        let text = report.to_string();
        let start = format!("{}: error: The folder ", missing.display());
        assert!(text.starts_with(&start), "{text}");
        assert!(
            text.ends_with("1 error and 0 warnings in 2 folders: 1 product"),
            "{text}"
        );
    }

    #[test]
    fn the_demo_catalog_is_good() {
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/catalog");
        let report = validate(&[demo]);
        assert!(!report.has_errors(), "{report}");
    }
}
