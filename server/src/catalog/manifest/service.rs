//! One service of a manifest: camelCase keys become Compose's, health checks become checks or probes.

use std::collections::{BTreeMap, BTreeSet};

use super::super::compose::render::is_service_key;
use super::super::interpolate::{Template, name_length};
use super::super::reading::Reading;
use super::super::yaml::{Data, Entry, Node, Place, Scalar};

/// What other services may expect of one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It ends.
    Init,
    /// It says when it is healthy.
    Checked,
    /// It only starts.
    Plain,
}

pub(super) fn kinds(services: &[(Entry, String)]) -> BTreeMap<String, Kind> {
    services
        .iter()
        .map(|(entry, _)| {
            let text = |key: &str| entry.value.get(key).and_then(Node::as_text);
            let check = check_of(&entry.value);
            let unchecked = check.is_none_or(|check| {
                check
                    .get("type")
                    .and_then(Node::as_text)
                    .is_some_and(|kind| kind.eq_ignore_ascii_case("none"))
            });
            let kind = if text("lifecycle").is_some_and(|text| text.eq_ignore_ascii_case("init")) {
                Kind::Init
            } else if unchecked {
                Kind::Plain
            } else {
                Kind::Checked
            };
            (entry.key.clone(), kind)
        })
        .collect()
}

fn check_of(service: &Node) -> Option<&Node> {
    service
        .get("healthCheck")
        .or_else(|| service.get("healthcheck"))
}

pub(super) fn translate(
    reading: &mut Reading<'_>,
    entry: &Entry,
    kinds: &BTreeMap<String, Kind>,
) -> Option<Node> {
    if !reading.is_map(&entry.value) {
        return None;
    }
    let mut service = Node::map_at(&entry.place);
    let mut extension = entry
        .value
        .get("x-windlass")
        .cloned()
        .unwrap_or_else(|| Node::map_at(&entry.place));
    for item in entry.value.entries() {
        let key = snake(&item.key);
        match key.as_str() {
            "health_check" | "healthcheck" => {
                health_check(reading, &item.value, &mut service, &mut extension)
            }
            "lifecycle" => match item.value.as_text().map(str::to_ascii_lowercase).as_deref() {
                Some("init") => {
                    extension.set(
                        "init",
                        Node::scalar_at(&item.value.place, "true", Scalar::Bool),
                    );
                }
                Some("service") | None => {}
                Some(text) => reading.push(item.value.place.error(
                    format!("'{text}' is not a lifecycle."),
                    "Write service or init.",
                )),
            },
            "init_timeout_seconds" => extension.set("initTimeoutSeconds", item.value.clone()),
            "depends_on" => service.set("depends_on", depends_on(&item.value, kinds)),
            "x-windlass" => {}
            _ if is_service_key(&key) || key.starts_with("x-") => {
                service.set(&key, item.value.clone())
            }
            _ => reading.push(item.place.warning(
                format!("'{}' is not known here and has no effect.", item.key),
                "Check its spelling and indentation.",
            )),
        }
    }
    let init = kinds.get(&entry.key) == Some(&Kind::Init);
    if service.entry("restart").is_none() && service.entry("deploy").is_none() {
        let policy = if init { "no" } else { "unless-stopped" };
        service.set("restart", Node::text_at(&entry.place, policy));
    }
    if !extension.entries().is_empty() {
        service.set("x-windlass", extension);
    }
    Some(service)
}

/// What one waits for follows from what the other is.
fn depends_on(node: &Node, kinds: &BTreeMap<String, Kind>) -> Node {
    if !node.is_list() {
        return node.clone();
    }
    let mut map = Node::map_at(&node.place);
    for item in node.items() {
        let Some(name) = item.as_text() else { continue };
        let condition = match kinds.get(name) {
            Some(Kind::Init) => "service_completed_successfully",
            Some(Kind::Checked) => "service_healthy",
            Some(Kind::Plain) | None => "service_started",
        };
        let mut value = Node::map_at(&item.place);
        value.set("condition", Node::text_at(&item.place, condition));
        map.set(name, value);
    }
    map
}

fn health_check(reading: &mut Reading<'_>, node: &Node, service: &mut Node, extension: &mut Node) {
    if node.is_null() || !reading.is_map(node) {
        return;
    }
    let kind = reading
        .text_of(node, "type")
        .map(|kind| kind.to_ascii_lowercase());
    let timing = ["interval", "timeout", "retries", "startPeriod"];
    match kind.as_deref() {
        None | Some("docker") => {
            reading.unknown_keys(
                node,
                &[
                    "type",
                    "test",
                    "interval",
                    "timeout",
                    "retries",
                    "startPeriod",
                    "start_period",
                    "startInterval",
                    "start_interval",
                    "disable",
                ],
            );
            let mut check = Node::map_at(&node.place);
            for entry in node.entries() {
                let key = snake(&entry.key);
                if key != "type" && !entry.value.is_null() {
                    check.set(&key, with_unit(&key, &entry.value));
                }
            }
            let known = [
                "test",
                "interval",
                "timeout",
                "retries",
                "start_period",
                "start_interval",
                "disable",
            ];
            if let Data::Map(entries) = &mut check.data {
                entries.retain(|entry| known.contains(&entry.key.as_str()));
            }
            service.set("healthcheck", check);
        }
        Some(kind @ ("http" | "tcp")) => {
            let http = ["path", "https", "expectedStatusCodes"];
            let mut known = vec!["type", "port"];
            known.extend(timing);
            if kind == "http" {
                known.extend(http);
            }
            reading.unknown_keys(node, &known);
            let mut probe = Node::map_at(&node.place);
            probe.set("type", Node::text_at(&node.place, kind));
            for entry in node.entries() {
                if entry.key != "type" && known.contains(&entry.key.as_str()) {
                    probe.set(&entry.key, entry.value.clone());
                }
            }
            extension.set("probe", probe);
        }
        Some("none") => {
            let mut check = Node::map_at(&node.place);
            check.set(
                "disable",
                Node::scalar_at(&node.place, "true", Scalar::Bool),
            );
            service.set("healthcheck", check);
        }
        Some(other) => {
            let place = &node.get("type").unwrap_or(node).place;
            reading.push(place.error(
                format!("'{other}' is not a type of health checks."),
                "Write docker, http, tcp or none.",
            ));
        }
    }
}

/// Seconds without a unit are seconds here.
fn with_unit(key: &str, value: &Node) -> Node {
    let is_time = matches!(
        key,
        "interval" | "timeout" | "start_period" | "start_interval"
    );
    match value.as_text() {
        Some(text)
            if is_time && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            Node::text_at(&value.place, format!("{text}s"))
        }
        _ => value.clone(),
    }
}

/// `driverOpts` is `driver_opts` in Compose; what the keys hold stays as it is.
pub(super) fn snake_keys(node: &Node) -> Node {
    let mut copy = node.clone();
    if let Data::Map(entries) = &mut copy.data {
        for entry in entries {
            entry.key = snake(&entry.key);
        }
    }
    copy
}

fn snake(key: &str) -> String {
    if key.starts_with("x-") {
        return key.to_owned();
    }
    let mut out = String::with_capacity(key.len() + 4);
    for ch in key.chars() {
        if ch.is_ascii_uppercase() {
            out.push('_');
            out.push(ch.to_ascii_lowercase());
        } else {
            out.push(ch);
        }
    }
    out
}

/// In this format `$` alone is a dollar sign, and `$NAME` is one, too, unless NAME is declared. Also notes every name that is used
/// without a default.
pub(super) fn escape(
    node: &mut Node,
    declared: &BTreeSet<String>,
    named: &mut BTreeMap<String, Place>,
) {
    match &mut node.data {
        Data::Scalar(text, _) => {
            if text.contains('$') {
                *text = escape_text(text, declared);
                if let Ok(template) = Template::parse(text) {
                    for used in template.uses() {
                        if !used.optional {
                            named.entry(used.name).or_insert_with(|| node.place.clone());
                        }
                    }
                }
            }
        }
        Data::List(items) => items
            .iter_mut()
            .for_each(|item| escape(item, declared, named)),
        Data::Map(entries) => {
            for entry in entries {
                escape(&mut entry.value, declared, named);
            }
        }
    }
}

fn escape_text(text: &str, declared: &BTreeSet<String>) -> String {
    let mut out = String::with_capacity(text.len() + 4);
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..=at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let length = name_length(rest);
        let is_variable =
            rest.starts_with('{') || declared.contains(&rest[..length].to_ascii_uppercase());
        if !is_variable {
            out.push('$');
        }
    }
    out.push_str(rest);
    out
}

pub(super) fn networks_of(service: &Node) -> Vec<(String, Place)> {
    let Some(networks) = service.get("networks") else {
        return Vec::new();
    };
    match &networks.data {
        Data::Map(entries) => entries
            .iter()
            .map(|entry| (entry.key.clone(), entry.place.clone()))
            .collect(),
        _ => networks
            .items()
            .iter()
            .filter_map(|item| Some((item.as_text()?.to_owned(), item.place.clone())))
            .collect(),
    }
}

pub(super) fn volumes_of(service: &Node) -> Vec<(String, Place)> {
    let Some(volumes) = service.get("volumes") else {
        return Vec::new();
    };
    volumes
        .items()
        .iter()
        .filter_map(|item| {
            let source = match item.as_text() {
                Some(text) => text.split_once(':')?.0,
                None if item.get("type").and_then(Node::as_text) == Some("volume") => {
                    item.get("source")?.as_text()?
                }
                None => return None,
            };
            let named = !source.is_empty() && !source.starts_with(['/', '.', '~']);
            named.then(|| (source.to_owned(), item.place.clone()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_of_this_format() {
        let declared = BTreeSet::from(["PORT".to_owned()]);
        for (text, expect) in [
            ("${A:-b}", "${A:-b}"),
            ("$PORT:80", "$PORT:80"),
            ("echo $HOME $5 $", "echo $$HOME $$5 $$"),
            ("$$HOME", "$$HOME"),
            ("$port", "$port"),
        ] {
            assert_eq!(escape_text(text, &declared), expect);
        }
    }

    #[test]
    fn keys() {
        assert_eq!(snake("containerName"), "container_name");
        assert_eq!(snake("container_name"), "container_name");
        assert_eq!(snake("x-myThing"), "x-myThing");
    }
}
