//! Rules about crates: which may know which, and which foreign ones they may name.

use anyhow::Context as _;
use toml::{Table, Value};

use super::{Breach, File};

/// Crate, and the crates of this repository that it may know. Whoever is not here knows none.
const EDGES: [(&str, &[&str]); 8] = [
    ("domain", &[]),
    ("app", &["domain"]),
    ("bench", &["domain", "server"]),
    ("frontend", &["app"]),
    ("server", &["app", "domain"]),
    ("cli", &["domain"]),
    ("demo-service", &[]),
    ("xtask", &[]),
];

/// Crate, foreign crates that it must not name, and why.
const FOREIGN: [(&str, &[&str], &str); 4] = [
    (
        "domain",
        &[
            "async-trait",
            "axum",
            "bollard",
            "futures",
            "hyper-util",
            "leptos",
            "rand",
            "sqlx",
            "tiberius",
            "tokio",
            "tracing",
        ],
        "the domain is pure: no async, no clock, no randomness, no I/O",
    ),
    (
        "app",
        &["argon2", "bollard", "sqlx", "tiberius"],
        "pages know wire types only, never a database, an engine or a password hash",
    ),
    (
        "frontend",
        &["bollard", "sqlx", "tokio"],
        "the browser gets pages and nothing else",
    ),
    (
        "cli",
        &["axum", "bollard", "leptos", "sqlx"],
        "the client speaks REST and links no server",
    ),
];

/// Checks every `Cargo.toml` of a crate.
pub(super) fn check(files: &[File]) -> anyhow::Result<Vec<Breach>> {
    let mut breaches = Vec::new();
    for file in files
        .iter()
        .filter(|file| file.path.ends_with("/Cargo.toml"))
    {
        let text = file.text.as_deref().unwrap_or_default();
        let manifest: Table = text
            .parse()
            .with_context(|| format!("{} is not TOML", file.path))?;
        let name = manifest
            .get("package")
            .and_then(|package| package.get("name"));
        let name = name.and_then(Value::as_str).unwrap_or_default();
        for rule in rules_broken(name, &dependencies(&manifest)) {
            breaches.push(Breach {
                place: file.path.clone(),
                rule,
            });
        }
    }
    Ok(breaches)
}

fn rules_broken(name: &str, dependencies: &[String]) -> Vec<String> {
    let mut rules = Vec::new();
    let Some((_, allowed)) = EDGES.iter().find(|(known, _)| *known == name) else {
        return vec![format!(
            "the crate `{name}` has no place in the table of edges; add it in \
             xtask/src/tidy/crates.rs and say what it may know"
        )];
    };
    let ours = |dependency: &String| EDGES.iter().any(|(known, _)| known == dependency);
    for dependency in dependencies.iter().filter(|dependency| ours(dependency)) {
        if !allowed.contains(&dependency.as_str()) {
            rules.push(format!(
                "`{name}` must not know `{dependency}`: dependencies point one way, \
                 frontend -> app -> domain, server -> app, cli -> domain"
            ));
        }
    }
    for (_, forbidden, reason) in FOREIGN.iter().filter(|(known, ..)| *known == name) {
        for dependency in dependencies
            .iter()
            .filter(|one| forbidden.contains(&one.as_str()))
        {
            rules.push(format!("`{name}` must not name `{dependency}`: {reason}"));
        }
    }
    rules
}

/// Names in every kind of dependency table; also those for one target only.
fn dependencies(manifest: &Table) -> Vec<String> {
    let targets = manifest.get("target").and_then(Value::as_table);
    let mut tables: Vec<&Table> = vec![manifest];
    tables.extend(
        targets
            .into_iter()
            .flat_map(Table::values)
            .filter_map(Value::as_table),
    );
    let mut names = Vec::new();
    for table in tables {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            if let Some(found) = table.get(kind).and_then(Value::as_table) {
                names.extend(found.keys().cloned());
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::{super::file, *};

    fn check_one(manifest: &str, expected: &[&str]) {
        let found = check(&[file("x/Cargo.toml", manifest)]).unwrap();
        assert_eq!(found.len(), expected.len(), "{manifest}: {found:?}");
        for (breach, part) in found.iter().zip(expected) {
            assert!(breach.rule.contains(part), "{manifest}: {breach:?}");
        }
    }

    #[test]
    fn dependencies_point_one_way() {
        check_one("[package]\nname='app'\n[dependencies]\ndomain='1'", &[]);
        check_one(
            "[package]\nname='app'\n[dependencies]\nserver='1'",
            &["`app` must not know `server`"],
        );
        check_one(
            "[package]\nname='cli'\n[dev-dependencies]\nserver='1'",
            &["`cli` must not know `server`"],
        );
        check_one(
            "[package]\nname='domain'\n[target.'cfg(unix)'.dependencies]\ntokio='1'",
            &["the domain is pure"],
        );
        check_one(
            "[package]\nname='app'\n[dependencies]\nsqlx='1'",
            &["pages know wire types"],
        );
        check_one("[package]\nname='new'", &["no place in the table"]);
    }
}
