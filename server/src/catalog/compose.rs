//! Compose files: loaded and merged into one model when a source is read, rendered into a specification when values are known.

pub(super) mod files;
mod load;
mod merge;
pub(super) mod product;
mod reader;
pub mod render;
mod units;

/// Whether Docker takes it as a name of a container, network or volume.
#[must_use]
pub fn is_engine_name(text: &str) -> bool {
    text.len() <= 255
        && text.starts_with(|ch: char| ch.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|ch| ch.is_ascii_alphanumeric() || matches!(ch, '_' | '.' | '-'))
}

/// A relative path without `.`, `..` and doubled slashes; `..` at the start stays and is found nowhere.
fn normalise(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn shorten(text: &str) -> String {
    const LONGEST: usize = 60;
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let start: String = text.chars().take(LONGEST).collect();
    format!("{start}…")
}
