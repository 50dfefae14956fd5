//! The `observer` of a section.

use std::time::Duration;

use serde_json::{Map, Value};

use super::Reader;
use super::connection::CONNECTION;
use super::values::Given;
use crate::maintenance::config::{
    DEFAULT_POLLING_INTERVAL, FileReading, FileSource, HttpMethod, HttpSource,
    MIN_POLLING_INTERVAL, ObserverConfig, ObserverKind, ObserverSource,
};
use crate::maintenance::json_path::JsonPath;
use crate::maintenance::pattern::Pattern;
use crate::maintenance::secret::Secret;
use crate::product::Severity;

/// Most headers of a request.
const MAX_HEADERS: usize = 50;

const OBSERVER: &[&str] = &["type", "pollingInterval", "maintenanceValue", "normalValue"];
const HTTP: &[&str] = &[
    "url",
    "method",
    "headers",
    "timeout",
    "jsonPath",
    "expectedStatusCodes",
];
const FILE: &[&str] = &["path", "mode", "contentPattern"];

impl Reader<'_> {
    pub(super) fn observer(&mut self, section: &Map<String, Value>) -> Option<ObserverConfig> {
        const AT: &str = "maintenance.observer";
        let observer = self.map(
            section.get("observer").filter(|given| !given.is_null())?,
            AT,
        )?;
        let polling_interval = self.polling_interval(observer);
        let maintenance_value = self.required(observer, AT, "maintenanceValue");
        let normal_value = self.text(observer, AT, "normalValue").optional();
        let kind = self.word(
            observer,
            AT,
            "type",
            ObserverKind::parse,
            "Write sqlExtendedProperty, sqlQuery, http or file.",
        );
        let source = match kind? {
            ObserverKind::Http => {
                self.unknown_keys(observer, AT, &[OBSERVER, HTTP]);
                self.http(observer, AT).map(ObserverSource::Http)
            }
            ObserverKind::File => {
                self.unknown_keys(observer, AT, &[OBSERVER, FILE]);
                self.file(observer, AT).map(ObserverSource::File)
            }
            ObserverKind::SqlQuery => {
                self.unknown_keys(observer, AT, &[OBSERVER, CONNECTION, &["query"]]);
                let connection = self.connection(observer, AT, None);
                let query = self.required(observer, AT, "query");
                connection
                    .zip(query)
                    .map(|(connection, query)| ObserverSource::SqlQuery { connection, query })
            }
            ObserverKind::SqlExtendedProperty => {
                self.unknown_keys(observer, AT, &[OBSERVER, CONNECTION, &["propertyName"]]);
                self.extended_property(observer, AT)
                    .map(
                        |(connection, property)| ObserverSource::SqlExtendedProperty {
                            connection,
                            property,
                        },
                    )
            }
        };
        Some(ObserverConfig {
            polling_interval: polling_interval?,
            maintenance_value: maintenance_value?,
            // Left empty it says nothing.
            normal_value: normal_value?.filter(|value| !value.is_empty()),
            source: source?,
        })
    }

    pub(super) fn polling_interval(&mut self, observer: &Map<String, Value>) -> Option<Duration> {
        const AT: &str = "maintenance.observer";
        let given = self.period(observer, AT, "pollingInterval", DEFAULT_POLLING_INTERVAL)?;
        if given < MIN_POLLING_INTERVAL {
            self.warn(
                AT,
                "pollingInterval",
                format!(
                    "It is shorter than {0} s: the observer looks every {0} s.",
                    MIN_POLLING_INTERVAL.as_secs()
                ),
                "Write 5s or more.",
            );
        }
        Some(given.max(MIN_POLLING_INTERVAL))
    }

    pub(super) fn http(&mut self, map: &Map<String, Value>, at: &str) -> Option<HttpSource> {
        let url = self.url(map, at);
        let method = match map.get("method").filter(|given| !given.is_null()) {
            Some(_) => self.word(
                map,
                at,
                "method",
                HttpMethod::parse,
                "Write GET, POST or PUT.",
            ),
            None => Some(HttpMethod::Get),
        };
        let headers = self.headers(map, at);
        let timeout = self.timeout(map, at);
        let json_path = match self.text(map, at, "jsonPath") {
            Given::Usable(path) if !path.trim().is_empty() => match JsonPath::parse(&path) {
                Ok(path) => Some(Some(path)),
                Err(error) => {
                    self.fail(at, "jsonPath", error.to_string(), "Write it as a.b[0].c.");
                    None
                }
            },
            given => given.optional().map(|_| None),
        };
        let expected_statuses = self.statuses(map, at);
        Some(HttpSource {
            url: url?,
            method: method?,
            headers: headers?,
            timeout: timeout?,
            json_path: json_path?,
            expected_statuses: expected_statuses?,
        })
    }

    pub(super) fn headers(
        &mut self,
        map: &Map<String, Value>,
        at: &str,
    ) -> Option<Vec<(String, Secret)>> {
        let Some(given) = map.get("headers").filter(|given| !given.is_null()) else {
            return Some(Vec::new());
        };
        let at = format!("{at}.headers");
        let given = self.map(given, &at)?;
        if given.len() > MAX_HEADERS {
            self.push(
                Severity::Error,
                at,
                format!("There are more than {MAX_HEADERS} headers."),
                "Remove some.",
            );
            return None;
        }
        let mut headers = Some(Vec::new());
        for name in given.keys() {
            let token =
                |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            if name.is_empty() || !name.bytes().all(token) {
                self.fail(
                    &at,
                    name,
                    "It is not the name of a header.",
                    "Correct the name.",
                );
                headers = None;
                continue;
            }
            match self.text(given, &at, name) {
                Given::Usable(value)
                    if value.contains(|ch: char| ch.is_control() && ch != '\t') =>
                {
                    self.fail(
                        &at,
                        name,
                        "Its value has a line break or another control character.",
                        "Remove it.",
                    );
                    headers = None;
                }
                Given::Usable(value) => {
                    if let Some(headers) = &mut headers {
                        headers.push((name.clone(), Secret::new(value)));
                    }
                }
                Given::Missing => {}
                Given::Unusable => headers = None,
            }
        }
        headers
    }

    pub(super) fn statuses(&mut self, map: &Map<String, Value>, at: &str) -> Option<Vec<u16>> {
        const KEY: &str = "expectedStatusCodes";
        let given = match map.get(KEY) {
            None | Some(Value::Null) => return Some(Vec::new()),
            Some(Value::Array(given)) => given.as_slice(),
            Some(one) => std::slice::from_ref(one),
        };
        let status = |value: &Value| {
            let number = match value {
                Value::Number(number) => number.as_u64(),
                Value::String(text) => text.trim().parse().ok(),
                _ => None,
            };
            number
                .and_then(|number| u16::try_from(number).ok())
                .filter(|number| (100..600).contains(number))
        };
        let statuses: Option<Vec<u16>> = given.iter().map(status).collect();
        if statuses.is_none() {
            self.fail(
                at,
                KEY,
                "It is not a list of statuses of HTTP.",
                "Write [200, 204].",
            );
        }
        statuses
    }

    pub(super) fn file(&mut self, map: &Map<String, Value>, at: &str) -> Option<FileSource> {
        let mut path = self.required(map, at, "path");
        if path.as_ref().is_some_and(|path| !path.starts_with('/')) {
            self.fail(
                at,
                "path",
                "It does not start at the root of the server's files.",
                "Write it from / on.",
            );
            path = None;
        }
        let pattern = match self.text(map, at, "contentPattern") {
            Given::Usable(pattern) if !pattern.is_empty() => match Pattern::parse(&pattern) {
                Ok(pattern) => Some(Some(pattern)),
                Err(error) => {
                    self.fail(
                        at,
                        "contentPattern",
                        format!("{error}."),
                        "Check brackets and backslashes.",
                    );
                    None
                }
            },
            given => given.optional().map(|_| None),
        };
        let mode = match self.text(map, at, "mode").optional()? {
            None => "exists".to_owned(),
            Some(mode) => mode.trim().to_ascii_lowercase(),
        };
        let reading = match mode.as_str() {
            "exists" => FileReading::Exists,
            "content" => FileReading::Content(pattern?),
            _ => {
                self.fail(
                    at,
                    "mode",
                    format!("'{mode}' is not known here."),
                    "Write exists or content.",
                );
                return None;
            }
        };
        Some(FileSource {
            path: path?,
            reading,
        })
    }
}
