//! What happened, as the engine tells it to those who listen.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::container::Container;
use super::http::Request;

/// One event of a container.
#[derive(Debug, Clone)]
pub(super) struct Event {
    pub(super) nanos: i128,
    action: String,
    container: String,
    attributes: Map<String, Value>,
}

impl Event {
    pub(super) fn of(
        container: &Container,
        action: &str,
        more: &[(&str, String)],
        now: OffsetDateTime,
    ) -> Self {
        let mut attributes = container.body["Labels"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        attributes.insert("image".to_owned(), container.image().into());
        attributes.insert("name".to_owned(), container.name.as_str().into());
        for (key, value) in more {
            attributes.insert((*key).to_owned(), value.as_str().into());
        }
        Self {
            nanos: now.unix_timestamp_nanos(),
            action: action.to_owned(),
            container: container.id.clone(),
            attributes,
        }
    }

    /// A line of the stream.
    pub(super) fn line(&self) -> Vec<u8> {
        let value = json!({
            "status": self.action, "id": self.container, "from": self.attributes["image"],
            "Type": "container", "Action": self.action, "scope": "local",
            "Actor": { "ID": self.container, "Attributes": self.attributes },
            "time": i64::try_from(self.nanos / 1_000_000_000).unwrap(),
            "timeNano": i64::try_from(self.nanos).unwrap(),
        });
        format!("{value}\n").into_bytes()
    }
}

/// What a listener asked for.
pub(super) struct Wanted {
    since: Option<i128>,
    types: Vec<String>,
    labels: Vec<String>,
    actions: Vec<String>,
}

impl Wanted {
    pub(super) fn of(request: &Request) -> Self {
        Self {
            since: nanos(request.word("since")),
            types: request.filter("type"),
            labels: request.filter("label"),
            actions: request.filter("event"),
        }
    }

    /// Whether what happened before the call is wanted as well.
    pub(super) const fn looks_back(&self) -> bool {
        self.since.is_some()
    }

    pub(super) fn takes(&self, event: &Event) -> bool {
        // `health_status: healthy` counts as `health_status`.
        let action = event.action.split(':').next().unwrap_or_default();
        let fits = |list: &[String], word: &str| list.is_empty() || list.iter().any(|l| l == word);
        self.since.is_none_or(|since| event.nanos >= since)
            && fits(&self.types, "container")
            && (fits(&self.actions, action) || fits(&self.actions, &event.action))
            && self
                .labels
                .iter()
                .all(|label| has_label(&event.attributes, label))
    }
}

/// `key` or `key=value`.
pub(super) fn has_label(labels: &Map<String, Value>, wanted: &str) -> bool {
    let (key, value) = wanted.split_once('=').unwrap_or((wanted, ""));
    let found = labels.get(key).and_then(Value::as_str);
    found.is_some_and(|found| !wanted.contains('=') || found == value)
}

/// `1700000000.000000001` or `1700000000`.
fn nanos(text: &str) -> Option<i128> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let seconds: i128 = seconds.parse().ok()?;
    let fraction: i128 = format!("{fraction:0<9}").parse().ok()?;
    Some(seconds * 1_000_000_000 + fraction)
}
