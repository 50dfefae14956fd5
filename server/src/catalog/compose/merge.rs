//! Merges Compose files as the specification says: mappings by key, sequences appended, and the exceptions.

use super::files::split_outside_braces;
use crate::catalog::yaml::{Data, Entry, MergeTag, Node, Scalar};

/// How two values of one key become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// The later one.
    Replace,
    /// Mappings by key, sequences appended.
    Deep,
    /// Appended, without repeating equal items.
    Unique,
    /// `KEY=VALUE` items are a mapping.
    Pairs,
    /// A list of names is a mapping to nothing.
    Names,
    /// A list of names is a mapping to the condition that a list means.
    DependsOn,
    /// Items with the same path in the container replace each other.
    Targets,
    /// Options go with their driver.
    Logging,
    /// `test` is replaced, the rest merged.
    Healthcheck,
}

const fn rule(key: &str) -> Rule {
    match key.as_bytes() {
        b"command" | b"entrypoint" => Rule::Replace,
        b"environment" | b"labels" | b"annotations" | b"sysctls" | b"storage_opt" => Rule::Pairs,
        b"networks" => Rule::Names,
        b"depends_on" => Rule::DependsOn,
        b"volumes" | b"devices" | b"configs" | b"secrets" => Rule::Targets,
        b"logging" => Rule::Logging,
        b"healthcheck" => Rule::Healthcheck,
        b"env_file"
        | b"label_file"
        | b"tmpfs"
        | b"dns"
        | b"dns_search"
        | b"ports"
        | b"expose"
        | b"cap_add"
        | b"cap_drop"
        | b"extra_hosts"
        | b"profiles"
        | b"security_opt"
        | b"group_add"
        | b"dns_opt"
        | b"links"
        | b"volumes_from"
        | b"device_cgroup_rules" => Rule::Unique,
        _ => Rule::Deep,
    }
}

/// Two whole files.
pub(super) fn files(base: Node, over: Node) -> Node {
    each(base, over, |key, base, over| match key {
        "services" => each(base, over, |_, base, over| service(base, over)),
        _ => deep(base, over),
    })
}

/// Two services.
pub(super) fn service(base: Node, over: Node) -> Node {
    each(base, over, |key, base, over| match rule(key) {
        Rule::Replace => over,
        Rule::Deep => deep(base, over),
        Rule::Unique => unique(base, over),
        Rule::Pairs => deep(pairs(base), pairs(over)),
        Rule::Names => deep(names(base, None), names(over, None)),
        Rule::DependsOn => {
            let started = Some("service_started");
            deep(names(base, started), names(over, started))
        }
        Rule::Targets => targets(base, over),
        Rule::Logging => {
            let driver = |node: &Node| {
                node.get("driver")
                    .and_then(Node::as_text)
                    .map(str::to_owned)
            };
            match (driver(&base), driver(&over)) {
                (Some(a), Some(b)) if a != b => over,
                _ => deep(base, over),
            }
        }
        Rule::Healthcheck => each(base, over, |key, base, over| match key {
            "test" => over,
            _ => deep(base, over),
        }),
    })
}

/// Takes away what `!reset` marks, wherever it stands.
pub(super) fn strip(node: &mut Node) {
    match &mut node.data {
        Data::Scalar(..) => {}
        Data::List(items) => {
            items.retain(|item| item.tag != MergeTag::Reset);
            items.iter_mut().for_each(strip);
        }
        Data::Map(entries) => {
            entries.retain(|entry| entry.value.tag != MergeTag::Reset);
            entries.iter_mut().for_each(|entry| strip(&mut entry.value));
        }
    }
}

/// Merges two mappings by `merge`; anything else is replaced. Tags and `null` are honoured here, for every key.
fn each(base: Node, over: Node, merge: impl Fn(&str, Node, Node) -> Node) -> Node {
    if over.is_null() && over.tag == MergeTag::None {
        return base;
    }
    let (Data::Map(mut entries), Data::Map(later)) = (base.data.clone(), over.data.clone()) else {
        return over;
    };
    for entry in later {
        let index = entries.iter().position(|known| known.key == entry.key);
        match (entry.value.tag, index) {
            (MergeTag::Reset, Some(index)) => {
                entries.remove(index);
            }
            (MergeTag::Reset, None) => {}
            (_, None) => entries.push(entry),
            (MergeTag::Override, Some(index)) => entries[index].value = entry.value,
            (MergeTag::None, Some(_)) if entry.value.is_null() => {}
            (MergeTag::None, Some(index)) => {
                let known = entries.remove(index);
                let value = if known.value.is_null() {
                    entry.value
                } else {
                    merge(&entry.key, known.value, entry.value)
                };
                entries.insert(index, Entry { value, ..known });
            }
        }
    }
    Node {
        data: Data::Map(entries),
        ..base
    }
}

fn deep(base: Node, over: Node) -> Node {
    match (base.data, over.data) {
        (Data::List(mut items), Data::List(later)) => {
            items.extend(later);
            Node::at(&base.place, Data::List(items))
        }
        (first @ Data::Map(_), second @ Data::Map(_)) => each(
            Node::at(&base.place, first),
            Node::at(&over.place, second),
            |_, base, over| deep(base, over),
        ),
        (_, data) => Node { data, ..over },
    }
}

fn list(node: Node) -> Vec<Node> {
    match node.data {
        Data::List(items) => items,
        // A mapping in place of a list (extra_hosts) is kept whole by its pairs.
        Data::Map(entries) => entries
            .into_iter()
            .flat_map(|entry| {
                let values = match &entry.value.data {
                    Data::List(items) => items.clone(),
                    _ => vec![entry.value.clone()],
                };
                values.into_iter().map(move |value| {
                    let text = value.as_text().unwrap_or_default();
                    Node::text_at(&entry.place, format!("{}={text}", entry.key))
                })
            })
            .collect(),
        Data::Scalar(..) => vec![node],
    }
}

fn unique(base: Node, over: Node) -> Node {
    let place = base.place.clone();
    let mut items = list(base);
    let mut known: Vec<serde_json::Value> = items.iter().map(Node::to_value).collect();
    for item in list(over) {
        let value = item.to_value();
        if !known.contains(&value) {
            known.push(value);
            items.push(item);
        }
    }
    Node::at(&place, Data::List(items))
}

fn pairs(node: Node) -> Node {
    let Data::List(items) = &node.data else {
        return node;
    };
    let mut map = Node::map_at(&node.place);
    for item in items {
        let Some(text) = item.as_text() else {
            // Left as it is, so that it is complained about where it stands.
            return node;
        };
        match text.split_once('=') {
            Some((key, value)) => map.set(key, Node::text_at(&item.place, value)),
            None => map.set(text, Node::scalar_at(&item.place, "", Scalar::Null)),
        }
    }
    map
}

fn names(node: Node, condition: Option<&str>) -> Node {
    let Data::List(items) = &node.data else {
        return node;
    };
    let mut map = Node::map_at(&node.place);
    for item in items {
        let Some(name) = item.as_text() else {
            return node;
        };
        let value = match condition {
            None => Node::scalar_at(&item.place, "", Scalar::Null),
            Some(condition) => {
                let mut value = Node::map_at(&item.place);
                value.set("condition", Node::text_at(&item.place, condition));
                value
            }
        };
        map.set(name, value);
    }
    map
}

fn targets(base: Node, over: Node) -> Node {
    let place = base.place.clone();
    let mut items = list(base);
    for item in list(over) {
        let target = target_of(&item);
        match items.iter_mut().find(|known| target_of(known) == target) {
            Some(known) => *known = item,
            None => items.push(item),
        }
    }
    Node::at(&place, Data::List(items))
}

/// The path in the container, or the name of a config or secret.
fn target_of(item: &Node) -> Option<String> {
    if item.is_map() {
        let part = |key| item.get(key).and_then(Node::as_text).map(str::to_owned);
        return part("target").or_else(|| part("source"));
    }
    let text = item.as_text()?;
    let Some((_, rest)) = split_outside_braces(text) else {
        return Some(text.to_owned());
    };
    Some(
        split_outside_braces(rest)
            .map_or(rest, |(target, _)| target)
            .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::yaml::parse;
    use serde_json::json;

    fn check(base: &str, over: &str, expect: serde_json::Value) {
        let mut merged = service(parse("a", base).unwrap(), parse("b", over).unwrap());
        strip(&mut merged);
        assert_eq!(merged.to_value(), expect, "{base}\n+\n{over}");
    }

    #[test]
    fn services() {
        check(
            "image: a\nx-y: 1",
            "image: b",
            json!({"image": "b", "x-y": 1}),
        );
        check("command: [a, b]", "command: c", json!({"command": "c"}));
        check(
            "environment: [A=1, B=2, C]",
            "environment: {B: 3, D: x}",
            json!({"environment": {"A": "1", "B": 3, "C": null, "D": "x"}}),
        );
        check(
            "labels: {a: b}",
            "labels: [a=c]",
            json!({"labels": {"a": "c"}}),
        );
        check(
            "ports: ['80:80', '81:81']",
            "ports: ['81:81', '82:82']",
            json!({"ports": ["80:80", "81:81", "82:82"]}),
        );
        check(
            "volumes: ['a:/x', '${B:-/b}:/y:ro', /z]",
            "volumes: ['c:/y', {type: volume, source: d, target: /x}]",
            json!({"volumes": [{"type": "volume", "source": "d", "target": "/x"}, "c:/y", "/z"]}),
        );
        check(
            "depends_on: [a]",
            "depends_on: {b: {condition: service_healthy}}",
            json!({"depends_on": {"a": {"condition": "service_started"}, "b": {"condition": "service_healthy"}}}),
        );
        check(
            "networks: [a]",
            "networks: {b: {aliases: [x]}}",
            json!({"networks": {"a": null, "b": {"aliases": ["x"]}}}),
        );
        check(
            "dns: 1.1.1.1",
            "dns: [8.8.8.8]",
            json!({"dns": ["1.1.1.1", "8.8.8.8"]}),
        );
        check(
            "healthcheck: {test: [CMD, a], interval: 1s}",
            "healthcheck: {test: [CMD, b], retries: 2}",
            json!({"healthcheck": {"test": ["CMD", "b"], "interval": "1s", "retries": 2}}),
        );
        check(
            "logging: {driver: json-file, options: {a: 1}}",
            "logging: {driver: syslog, options: {b: 2}}",
            json!({"logging": {"driver": "syslog", "options": {"b": 2}}}),
        );
        check(
            "logging: {driver: json-file, options: {a: 1}}",
            "logging: {options: {b: 2}}",
            json!({"logging": {"driver": "json-file", "options": {"a": 1, "b": 2}}}),
        );
        check(
            "image: a\nports: ['80']",
            "ports:",
            json!({"image": "a", "ports": ["80"]}),
        );
        check(
            "deploy: {resources: {limits: {cpus: 1, memory: 1g}}}",
            "deploy: {resources: {limits: {cpus: 2}}}",
            json!({"deploy": {"resources": {"limits": {"cpus": 2, "memory": "1g"}}}}),
        );
    }

    #[test]
    fn tags() {
        check(
            "ports: ['80:80']\nimage: a",
            "ports: !reset []",
            json!({"image": "a"}),
        );
        check(
            "ports: ['80:80']",
            "ports: !override ['81:81']",
            json!({"ports": ["81:81"]}),
        );
        check(
            "environment: {A: 1, B: 2}",
            "environment: {A: !reset null}",
            json!({"environment": {"B": 2}}),
        );
        check("image: a", "ports: !reset []", json!({"image": "a"}));
    }
}
