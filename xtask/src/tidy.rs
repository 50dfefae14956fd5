//! `cargo xtask tidy`: the rules of the repository that no compiler checks. Each failure names the
//! file and says the rule in a sentence.

mod crates;
mod files;
mod modules;

use std::{fs, process::Command};

use anyhow::{Context as _, bail};

use crate::{paths, process};

/// A rule that does not hold somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Breach {
    /// `path` or `path:line`.
    place: String,
    /// The rule, as a sentence.
    rule: String,
}

/// A file that belongs to the repository.
#[derive(Debug)]
struct File {
    /// From the repository's root.
    path: String,
    size: u64,
    /// What it says, when it is text.
    text: Option<String>,
}

/// Checks everything.
pub(crate) fn run() -> anyhow::Result<()> {
    let files = files_of_repository()?;
    let mut breaches = files::check(&files);
    breaches.extend(crates::check(&files)?);
    breaches.extend(modules::check(&files));
    if breaches.is_empty() {
        println!("{} files are as agreed", files.len());
        return Ok(());
    }
    for breach in &breaches {
        println!("{}: {}", breach.place, breach.rule);
    }
    bail!("{} rules are broken", breaches.len());
}

/// What git tracks or would track.
fn files_of_repository() -> anyhow::Result<Vec<File>> {
    let mut git = Command::new("git");
    git.args([
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
        "--deduplicate",
    ]);
    let list = process::output(git.current_dir(paths::root())).context("is git installed?")?;
    let mut files = Vec::new();
    for path in list.lines() {
        let full = paths::root().join(path);
        // Deleted, but git was not told yet; or a link to a folder.
        let Ok(facts) = fs::metadata(&full) else {
            continue;
        };
        if facts.is_file() {
            let text = String::from_utf8(fs::read(&full)?).ok();
            files.push(File {
                path: path.to_owned(),
                size: facts.len(),
                text,
            });
        }
    }
    Ok(files)
}

#[cfg(test)]
fn file(path: &str, text: &str) -> File {
    File {
        path: path.to_owned(),
        size: text.len() as u64,
        text: Some(text.to_owned()),
    }
}
