//! Rules about single files: their names, their sizes, their first line.

use super::{Breach, File};

const LARGEST: u64 = 500 * 1024;

/// Checks every file.
pub(super) fn check(files: &[File]) -> Vec<Breach> {
    files.iter().flat_map(check_file).collect()
}

fn check_file(file: &File) -> Vec<Breach> {
    let mut rules = Vec::new();
    let rust = file.path.ends_with(".rs");
    if rust && (file.path.ends_with("/mod.rs") || file.path == "mod.rs") {
        rules.push("a module is `name.rs` beside `name/`, never `mod.rs`".to_owned());
    }
    let first = file
        .text
        .as_deref()
        .and_then(|text| text.lines().next())
        .unwrap_or_default();
    if rust && !first.starts_with("//!") {
        rules.push(
            "every module starts with `//!`: what it is for and what it must not do".to_owned(),
        );
    }
    if file.size > LARGEST {
        rules.push(format!(
            "no file is larger than {} KiB; this one has {}",
            LARGEST / 1024,
            file.size / 1024
        ));
    }
    let lock = file.path.ends_with("package-lock.json");
    if lock
        && file
            .text
            .as_deref()
            .is_some_and(|text| text.contains("\"resolved\""))
    {
        rules.push(
            "a lock file names no registry: write it with `omit-lockfile-registry-resolved`"
                .to_owned(),
        );
    }
    rules
        .into_iter()
        .map(|rule| Breach {
            place: file.path.clone(),
            rule,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{super::file, *};

    fn check_one(path: &str, text: &str, expected: &[&str]) {
        let found = check(&[file(path, text)]);
        assert_eq!(found.len(), expected.len(), "{path}: {found:?}");
        for (breach, part) in found.iter().zip(expected) {
            assert!(breach.rule.contains(part), "{path}: {breach:?}");
        }
    }

    #[test]
    fn names_sizes_and_first_lines() {
        check_one("a/src/b.rs", "//! Good.\n", &[]);
        check_one("a/src/b.rs", "use x;\n", &["starts with `//!`"]);
        check_one("a/src/mod.rs", "//! Named badly.\n", &["never `mod.rs`"]);
        check_one(
            "a/x.txt",
            &"x".repeat(600 * 1024),
            &["no file is larger than 500 KiB"],
        );
        check_one(
            "e/package-lock.json",
            "{\"resolved\": 1}",
            &["names no registry"],
        );
        check_one("e/package-lock.json", "{}", &[]);
    }
}
