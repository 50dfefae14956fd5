//! Secrets and configs of a service: files in its container.

use std::collections::BTreeMap;

use domain::spec::FileSpec;

use super::super::reader::At;

pub(super) fn service_files(
    at: &At<'_>,
    section: &str,
    known: &BTreeMap<String, Option<String>>,
) -> Vec<FileSpec> {
    let secret = section == "secrets";
    let mut all: Vec<FileSpec> = Vec::new();
    for item in at.get(section).iter().flat_map(At::items) {
        let (source, target) = if item.is_map() {
            item.only(&["source", "target", "uid", "gid", "mode"]);
            let part = |key| item.get(key).and_then(|at| at.text());
            let Some(source) = part("source") else {
                item.error("'source' is missing.", "");
                continue;
            };
            (source, part("target"))
        } else {
            let Some(source) = item.text() else { continue };
            (source, None)
        };
        let Some(content) = known.get(&source) else {
            item.error(
                format!("'{source}' is not declared in {section}."),
                "Add it there.",
            );
            continue;
        };
        let Some(content) = content.clone() else {
            continue;
        };
        if !item.sink.spend(&item.path, content.len()) {
            continue;
        }
        let target = target.unwrap_or_else(|| source.clone());
        let target = match (target.starts_with('/'), secret) {
            (true, _) => target,
            (false, true) => format!("/run/secrets/{target}"),
            (false, false) => format!("/{target}"),
        };
        let id = |key: &str| {
            item.get(key)
                .and_then(|at| at.int_in(0, i64::from(u32::MAX)))
                .and_then(|id| u64::try_from(id).ok())
                .unwrap_or(0)
        };
        if all.iter().any(|file| file.target == target) {
            item.error(
                format!("Two {section} have the path '{target}'."),
                "Give one another target.",
            );
        }
        all.push(FileSpec {
            target,
            content,
            uid: id("uid"),
            gid: id("gid"),
            mode: item.get("mode").and_then(|at| at.mode()).unwrap_or(0o444),
            secret,
        });
    }
    all
}
