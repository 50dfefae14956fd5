//! The sections beside `services`: networks, volumes, configs and secrets.

use std::collections::BTreeMap;

use domain::product::StackTemplate;
use domain::spec::{IpamPool, IpamSpec, NetworkSpec, VolumeSpec};
use domain::variable::Values;
use indexmap::IndexMap;

use super::super::reader::At;
use super::super::{is_engine_name, normalise};

/// Largest secret or config.
const MAX_FILE: usize = 1024 * 1024;

/// Name on the engine and whether it is external.
fn identity(
    at: &At<'_>,
    key: &str,
    project: &str,
    allowed_with_external: &[&str],
) -> (String, bool) {
    let external = at.get("external");
    // The old form carries the name: `external: {name: shared}`.
    let old_name = external
        .as_ref()
        .filter(|at| at.is_map())
        .and_then(|at| at.get("name")?.text());
    let is_external = external.is_some_and(|at| at.is_map() || at.bool().unwrap_or(false));
    let name = at.get("name").and_then(|at| at.text()).or(old_name);
    if is_external {
        for (other, at) in at.entries() {
            let empty = at.value.as_object().is_some_and(serde_json::Map::is_empty)
                || at.value.as_array().is_some_and(Vec::is_empty)
                || at.value.is_null();
            if !allowed_with_external.contains(&other) && !other.starts_with("x-") && !empty {
                at.warn(
                    format!("'{other}' has no effect: '{key}' is external and used as it is."),
                    "",
                );
            }
        }
    }
    let name = name.unwrap_or_else(|| {
        if is_external {
            key.to_owned()
        } else {
            format!("{project}_{key}")
        }
    });
    if !is_engine_name(&name) {
        at.error(
            format!("'{name}' is not a valid name for the engine."),
            "Use letters, digits, '_', '.' and '-', starting with a letter or digit.",
        );
    }
    (name, is_external)
}

pub(super) fn networks(root: &At<'_>, project: &str) -> IndexMap<String, NetworkSpec> {
    let mut all = IndexMap::new();
    for (key, at) in root.get("networks").iter().flat_map(At::entries) {
        at.only(&[
            "name",
            "external",
            "driver",
            "driver_opts",
            "attachable",
            "internal",
            "enable_ipv4",
            "enable_ipv6",
            "labels",
            "ipam",
        ]);
        let (name, external) = identity(&at, key, project, &["name", "external"]);
        let flag = |key| at.get(key).and_then(|at| at.bool());
        let pairs = |key| at.get(key).map(|at| at.text_pairs()).unwrap_or_default();
        all.insert(
            key.to_owned(),
            NetworkSpec {
                name,
                external,
                driver: at.get("driver").and_then(|at| at.text()),
                driver_opts: pairs("driver_opts"),
                attachable: flag("attachable").unwrap_or(false),
                internal: flag("internal").unwrap_or(false),
                enable_ipv4: flag("enable_ipv4"),
                enable_ipv6: flag("enable_ipv6").unwrap_or(false),
                labels: pairs("labels"),
                ipam: at.get("ipam").map(|at| ipam(&at)),
            },
        );
    }
    all.entry("default".to_owned())
        .or_insert_with(|| NetworkSpec {
            name: format!("{project}_default"),
            external: false,
            driver: None,
            driver_opts: BTreeMap::new(),
            attachable: false,
            internal: false,
            enable_ipv4: None,
            enable_ipv6: false,
            labels: BTreeMap::new(),
            ipam: None,
        });
    all
}

fn ipam(at: &At<'_>) -> IpamSpec {
    at.only(&["driver", "config", "options"]);
    let pool = |at: &At<'_>| {
        at.only(&["subnet", "gateway", "ip_range", "aux_addresses"]);
        let text = |key| at.get(key).and_then(|at| at.text());
        IpamPool {
            subnet: text("subnet"),
            gateway: text("gateway"),
            ip_range: text("ip_range"),
            aux_addresses: at
                .get("aux_addresses")
                .map(|at| at.text_pairs())
                .unwrap_or_default(),
        }
    };
    IpamSpec {
        driver: at.get("driver").and_then(|at| at.text()),
        options: at
            .get("options")
            .map(|at| at.text_pairs())
            .unwrap_or_default(),
        config: at
            .get("config")
            .iter()
            .flat_map(At::items)
            .map(|at| pool(&at))
            .collect(),
    }
}

pub(super) fn volumes(root: &At<'_>, project: &str) -> IndexMap<String, VolumeSpec> {
    let mut all = IndexMap::new();
    for (key, at) in root.get("volumes").iter().flat_map(At::entries) {
        at.only(&["name", "external", "driver", "driver_opts", "labels"]);
        let (name, external) = identity(&at, key, project, &["name", "external"]);
        let pairs = |key| at.get(key).map(|at| at.text_pairs()).unwrap_or_default();
        all.insert(
            key.to_owned(),
            VolumeSpec {
                name,
                external,
                driver: at.get("driver").and_then(|at| at.text()),
                driver_opts: pairs("driver_opts"),
                labels: pairs("labels"),
            },
        );
    }
    all
}

/// Texts of `configs` or `secrets` by name; nothing for one that has been complained about.
pub(super) fn files(
    root: &At<'_>,
    section: &str,
    stack: &StackTemplate,
    values: &Values,
) -> BTreeMap<String, Option<String>> {
    let mut all = BTreeMap::new();
    for (key, at) in root.get(section).iter().flat_map(At::entries) {
        at.only(&[
            "file",
            "environment",
            "content",
            "external",
            "name",
            "labels",
            "driver",
            "driver_opts",
            "template_driver",
        ]);
        at.without_effect(&["labels", "name"]);
        at.unsupported(&["driver", "driver_opts", "template_driver"]);
        let text = text_of(&at, stack, values);
        if let Some(text) = &text
            && text.len() > MAX_FILE
        {
            at.error(
                format!(
                    "It has {} bytes; at most {MAX_FILE} are allowed.",
                    text.len()
                ),
                "",
            );
        }
        all.insert(key.to_owned(), text);
    }
    all
}

fn text_of(at: &At<'_>, stack: &StackTemplate, values: &Values) -> Option<String> {
    if let Some(external) = at.get("external")
        && (external.is_map() || external.bool().unwrap_or(false))
    {
        external.error(
            "External secrets and configs exist in a Swarm only.",
            "Give it with file, content or environment.",
        );
        return None;
    }
    if let Some(content) = at.get("content") {
        return content.text();
    }
    if let Some(environment) = at.get("environment") {
        let name = environment.text()?;
        let value = values.get(&name).map(str::to_owned);
        if value.is_none() {
            environment.error(format!("The variable {name} has no value."), "Give it one.");
        }
        return value;
    }
    let Some(file) = at.get("file") else {
        at.error(
            "It has no text.",
            "Give it with file, content or environment.",
        );
        return None;
    };
    let path = file.text()?;
    let text = stack.files.get(&normalise(&path)).cloned();
    if text.is_none() {
        file.error(
            format!("The file '{path}' was not recorded with the product."),
            "It must lie below the source, and its name must be known without values given later.",
        );
    }
    text
}
