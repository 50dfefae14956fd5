//! Rules about the server's modules: doors -> features -> adapters -> domain, never back, and each
//! foreign library behind the one module that is its adapter.

use super::{Breach, File};

/// What a module of the server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer {
    /// Puts the parts together; knows all, known by none.
    Root,
    /// What doors are given to work with; made by the root.
    State,
    /// Where requests come in.
    Door,
    /// What Windlass can do.
    Feature,
    /// The only way to something outside.
    Adapter,
    /// Words that every module may use; knows none of the others.
    Ground,
}

/// Every module directly under `server/src`.
const LAYERS: [(&str, Layer); 30] = [
    ("lib", Layer::Root),
    ("activity", Layer::Feature),
    ("main", Layer::Root),
    ("boot", Layer::Root),
    ("state", Layer::State),
    ("api", Layer::Door),
    ("ui", Layer::Door),
    ("catalog", Layer::Feature),
    ("orchestrator", Layer::Feature),
    ("environments", Layer::Feature),
    ("products", Layer::Feature),
    ("deployments", Layer::Feature),
    ("containers", Layer::Feature),
    ("operations", Layer::Feature),
    ("health", Layer::Feature),
    ("reconcile", Layer::Feature),
    ("maintenance", Layer::Feature),
    ("validate", Layer::Feature),
    ("doctor", Layer::Feature),
    ("backup", Layer::Feature),
    ("system", Layer::Feature),
    ("engine", Layer::Adapter),
    ("store", Layer::Adapter),
    ("signals", Layer::Adapter),
    ("args", Layer::Ground),
    ("clock", Layer::Ground),
    ("failpoint", Layer::Ground),
    ("secrets", Layer::Ground),
    ("shutdown", Layer::Ground),
    ("telemetry", Layer::Ground),
];

/// Foreign crate, the modules that may name it, and the rule.
const BEHIND: [(&str, &[&str], &str); 7] = [
    ("aws_lc_rs", &["secrets"], "only `secrets` knows a cipher"),
    ("bollard", &["engine"], "only `engine` talks to Docker"),
    (
        "sqlx",
        &["store", "signals"],
        "only `store` writes SQL of ours; `signals` asks the databases that products name what their manifests say",
    ),
    (
        "tiberius",
        &["signals"],
        "only `signals` asks the databases that products name",
    ),
    (
        "hyper_util",
        &["signals"],
        "only `signals` calls the addresses that products name",
    ),
    (
        "hyper_rustls",
        &["signals"],
        "only `signals` calls the addresses that products name",
    ),
    (
        "axum",
        &["api", "ui", "boot", "state"],
        "only doors and the boot know HTTP",
    ),
];

impl Layer {
    /// Whether a module of this layer may use one of that layer.
    fn may_use(self, other: Self) -> bool {
        match self {
            Self::Root => true,
            Self::State => matches!(other, Self::Feature | Self::Adapter | Self::Ground),
            Self::Door => matches!(other, Self::State | Self::Feature | Self::Ground),
            Self::Feature => matches!(other, Self::Feature | Self::Adapter | Self::Ground),
            Self::Adapter | Self::Ground => matches!(other, Self::Ground),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Root => "the root",
            Self::State => "the doors' state",
            Self::Door => "a door",
            Self::Feature => "a feature",
            Self::Adapter => "an adapter",
            Self::Ground => "ground for all",
        }
    }
}

/// Checks every file under `server/src`.
pub(super) fn check(files: &[File]) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for file in files {
        let Some(inner) = file.path.strip_prefix("server/src/") else {
            continue;
        };
        let Some(inner) = inner.strip_suffix(".rs") else {
            continue;
        };
        let module = inner.split('/').next().unwrap_or(inner);
        let text = code_only(file.text.as_deref().unwrap_or_default());
        let mut breach = |line: usize, rule: String| {
            breaches.push(Breach {
                place: format!("{}:{line}", file.path),
                rule,
            });
        };
        let Some(layer) = layer_of(module) else {
            breach(
                1,
                format!("the module `{module}` has no layer; add it in xtask/src/tidy/modules.rs"),
            );
            continue;
        };
        for (line, used) in modules_used(&text) {
            let Some(other) = layer_of(&used) else {
                continue;
            };
            if used != module && !layer.may_use(other) {
                breach(
                    line,
                    format!(
                        "`{module}` ({}) must not use `{used}` ({}): \
                     doors -> features -> adapters -> domain, never back",
                        layer.name(),
                        other.name()
                    ),
                );
            }
        }
        for (foreign, allowed, rule) in BEHIND {
            if allowed.contains(&module) {
                continue;
            }
            for line in lines_naming(&text, foreign) {
                breach(line, format!("`{module}` names `{foreign}`, but {rule}"));
            }
        }
    }
    breaches
}

fn layer_of(module: &str) -> Option<Layer> {
    LAYERS
        .iter()
        .find(|(known, _)| *known == module)
        .map(|(_, layer)| *layer)
}

/// The text without comments; line numbers stay.
fn code_only(text: &str) -> String {
    text.lines()
        .map(|line| match line.trim_start().starts_with("//") {
            true => "",
            false => line.split(" // ").next().unwrap_or(line),
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// Modules named after `crate::`, alone or in braces, with their lines.
fn modules_used(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (start, _) in text.match_indices("crate::") {
        let before = text.get(..start).unwrap_or_default();
        if before.ends_with(is_word) || before.ends_with('$') {
            continue;
        }
        let line = before.matches('\n').count() + 1;
        let rest = text.get(start + "crate::".len()..).unwrap_or_default();
        match rest.strip_prefix('{') {
            Some(group) => {
                found.extend(names_in_group(group).into_iter().map(|name| (line, name)));
            }
            None => found.push((line, rest.chars().take_while(|&c| is_word(c)).collect())),
        }
    }
    found
}

/// The first word of each entry of `a::b, c::{d, e}, f}`.
fn names_in_group(group: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 0_u32;
    let mut entry = String::new();
    for each in group.chars() {
        match each {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(std::mem::take(&mut entry)),
            _ if depth == 0 => entry.push(each),
            _ => {}
        }
    }
    names.push(entry);
    names
        .iter()
        .map(|entry| {
            entry
                .trim_start()
                .chars()
                .take_while(|&c| is_word(c))
                .collect::<String>()
        })
        .filter(|name| !name.is_empty())
        .collect()
}

/// Lines where a crate is named as the start of a path.
fn lines_naming(text: &str, foreign: &str) -> Vec<usize> {
    let mut lines = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let named = line.match_indices(foreign).any(|(start, _)| {
            let before = line.get(..start).unwrap_or_default();
            let after = line.get(start + foreign.len()..).unwrap_or_default();
            // `#[sqlx::test]` and `use sqlx;` count, `server_axum::` and `"axum"` do not.
            let starts = !before.ends_with(|c| is_word(c) || c == ':' || c == '"');
            starts && (after.starts_with("::") || before.trim_end().ends_with("use"))
        });
        if named {
            lines.push(number + 1);
        }
    }
    lines
}

fn is_word(each: char) -> bool {
    each.is_alphanumeric() || each == '_'
}

#[cfg(test)]
mod tests {
    use super::{super::file, *};

    fn check_one(path: &str, text: &str, expected: &[&str]) {
        let found = check(&[file(path, text)]);
        assert_eq!(found.len(), expected.len(), "{path}: {text}: {found:?}");
        for (breach, part) in found.iter().zip(expected) {
            assert!(breach.rule.contains(part), "{path}: {breach:?}");
        }
    }

    #[test]
    fn modules_use_what_lies_below_them() {
        check_one(
            "server/src/api/deploy.rs",
            "use crate::orchestrator::Deploy;",
            &[],
        );
        check_one(
            "server/src/orchestrator.rs",
            "use crate::{engine::Engine, store};",
            &[],
        );
        check_one("server/src/boot.rs", "use crate::api;", &[]);
        check_one("server/src/store/row.rs", "use crate::store::Pool;", &[]);
        check_one("server/src/store.rs", "// crate::api is above us", &[]);
        check_one("server/src/api.rs", "macro!($crate::store::x)", &[]);
    }

    #[test]
    fn modules_do_not_use_what_lies_above_or_beside() {
        let never_back = &["never back"];
        check_one(
            "server/src/store/row.rs",
            "use crate::catalog::Product;",
            never_back,
        );
        check_one(
            "server/src/engine.rs",
            "fn f() -> crate::store::Pool {}",
            never_back,
        );
        check_one(
            "server/src/catalog.rs",
            "use crate::{\n  api::x::{self, y},\n};",
            never_back,
        );
        check_one("server/src/api.rs", "use crate::ui::router;", never_back);
        check_one("server/src/ui.rs", "use crate::store::Pool;", never_back);
        check_one(
            "server/src/catalog.rs",
            "use crate::boot::serve;",
            never_back,
        );
        check_one("server/src/surprise.rs", "//! New.", &["has no layer"]);
    }

    #[test]
    fn foreign_libraries_stay_behind_their_adapter() {
        check_one("server/src/engine/docker.rs", "use bollard::Docker;", &[]);
        check_one(
            "server/src/catalog.rs",
            "use bollard::Docker;",
            &["only `engine`"],
        );
        check_one(
            "server/src/orchestrator.rs",
            "sqlx::query(\"x\")",
            &["only `store`"],
        );
        check_one("server/src/catalog.rs", "use axum;", &["only doors"]);
        check_one(
            "server/src/catalog.rs",
            "use server_axum::x; let a = \"axum\";",
            &[],
        );
        check_one("app/src/pages.rs", "use axum::Router;", &[]);
    }

    #[test]
    fn a_breach_names_its_line() {
        let found = check(&[file("server/src/store.rs", "//! A.\n\nuse crate::api::X;")]);
        assert_eq!(
            found.first().map(|breach| breach.place.as_str()),
            Some("server/src/store.rs:3")
        );
    }
}
