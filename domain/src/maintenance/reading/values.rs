//! Single values of a section: texts with their variables filled in, times, words, addresses; and what is wrong with them.

use std::time::Duration;

use serde_json::{Map, Value};

use super::{ConfigProblem, Reader};
use crate::maintenance::fill::{Filled, Unfillable};
use crate::maintenance::period;
use crate::maintenance::secret::Secret;
use crate::product::Severity;

/// How long a request may take where the manifest does not say.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
/// No request may take longer.
const MAX_TIMEOUT: Duration = Duration::from_secs(120);

/// What stands under a key.
pub(super) enum Given<T> {
    /// Nothing.
    Missing,
    /// Something that is wrong, which was said, or that is known only once there are values.
    Unusable,
    /// A value.
    Usable(T),
}

impl<T> Given<T> {
    /// Nothing is a value, too.
    pub(super) fn optional(self) -> Option<Option<T>> {
        match self {
            Self::Missing => Some(None),
            Self::Unusable => None,
            Self::Usable(value) => Some(Some(value)),
        }
    }
}

impl Reader<'_> {
    /// The text of a key that must be there, and not empty.
    pub(super) fn required(
        &mut self,
        map: &Map<String, Value>,
        at: &str,
        key: &str,
    ) -> Option<String> {
        match self.text(map, at, key) {
            Given::Usable(text) if !text.trim().is_empty() => Some(text),
            Given::Usable(_) => {
                self.fail(at, key, "It is empty.", "Give it a value.");
                None
            }
            Given::Missing => {
                self.push(
                    Severity::Error,
                    at.to_owned(),
                    format!("The key '{key}' is missing."),
                    &format!("Add {key}: …."),
                );
                None
            }
            Given::Unusable => None,
        }
    }

    pub(super) fn text(&mut self, map: &Map<String, Value>, at: &str, key: &str) -> Given<String> {
        let text = match map.get(key) {
            None | Some(Value::Null) => return Given::Missing,
            Some(Value::String(text)) => text.clone(),
            Some(Value::Bool(flag)) => flag.to_string(),
            Some(Value::Number(number)) => number.to_string(),
            Some(Value::Array(_) | Value::Object(_)) => {
                self.fail(at, key, "This must be text.", "");
                return Given::Unusable;
            }
        };
        match self.known.fill(&text) {
            Ok(Filled::Text(text)) => Given::Usable(text),
            Ok(Filled::Later) => Given::Unusable,
            Err(error) => {
                self.unfillable(at, key, &error);
                Given::Unusable
            }
        }
    }

    /// A required key that holds one of several words.
    pub(super) fn word<T>(
        &mut self,
        map: &Map<String, Value>,
        at: &str,
        key: &str,
        parse: impl Fn(&str) -> Option<T>,
        hint: &str,
    ) -> Option<T> {
        let word = self.required(map, at, key)?;
        let found = parse(&word);
        if found.is_none() {
            self.fail(at, key, format!("'{word}' is not known here."), hint);
        }
        found
    }

    pub(super) fn url(&mut self, map: &Map<String, Value>, at: &str) -> Option<Secret> {
        let url = self.required(map, at, "url")?;
        let url = url.trim();
        let rest = ["http://", "https://"].iter().find_map(|scheme| {
            let head = url.get(..scheme.len())?;
            head.eq_ignore_ascii_case(scheme)
                .then(|| &url[scheme.len()..])
        });
        let names_a_host =
            rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '?']));
        if !names_a_host || url.contains(char::is_whitespace) {
            self.fail(
                at,
                "url",
                "It is not an address of HTTP.",
                "Write http://host/path or https://host/path.",
            );
            return None;
        }
        Some(Secret::new(url))
    }

    pub(super) fn timeout(&mut self, map: &Map<String, Value>, at: &str) -> Option<Duration> {
        let timeout = self.bounded(map, at, "timeout", DEFAULT_TIMEOUT, MAX_TIMEOUT)?;
        if timeout.is_zero() {
            self.fail(at, "timeout", "Nothing answers in no time.", "Write 10s.");
            return None;
        }
        Some(timeout)
    }

    pub(super) fn bounded(
        &mut self,
        map: &Map<String, Value>,
        at: &str,
        key: &str,
        default: Duration,
        most: Duration,
    ) -> Option<Duration> {
        let given = self.period(map, at, key, default)?;
        if given > most {
            self.fail(
                at,
                key,
                format!("It is longer than {} s.", most.as_secs()),
                "Write less.",
            );
            return None;
        }
        Some(given)
    }

    pub(super) fn period(
        &mut self,
        map: &Map<String, Value>,
        at: &str,
        key: &str,
        default: Duration,
    ) -> Option<Duration> {
        match self.text(map, at, key) {
            Given::Usable(text) => match period::parse(&text) {
                Ok(time) => Some(time),
                Err(error) => {
                    self.fail(
                        at,
                        key,
                        error.to_string(),
                        "Write a whole number with s, m or h: 30s.",
                    );
                    None
                }
            },
            given => given.optional().map(|_| default),
        }
    }

    pub(super) fn map<'v>(&mut self, value: &'v Value, at: &str) -> Option<&'v Map<String, Value>> {
        let map = value.as_object();
        if map.is_none() {
            self.push(
                Severity::Error,
                at.to_owned(),
                "This must be a mapping.".to_owned(),
                "",
            );
        }
        map
    }

    pub(super) fn unknown_keys(&mut self, map: &Map<String, Value>, at: &str, known: &[&[&str]]) {
        for key in map.keys() {
            if !known.iter().any(|keys| keys.contains(&key.as_str())) && !key.starts_with("x-") {
                self.warn(
                    at,
                    key,
                    format!("'{key}' is not known here and has no effect."),
                    "Check its spelling and indentation.",
                );
            }
        }
    }

    /// A name that is not declared may still get a value, so the catalog only warns.
    pub(super) fn unfillable(&mut self, at: &str, key: &str, error: &Unfillable) {
        let severity = match error {
            Unfillable::Undeclared(_) => Severity::Warning,
            _ => Severity::Error,
        };
        self.push(
            severity,
            format!("{at}.{key}"),
            error.to_string(),
            error.hint(),
        );
    }

    pub(super) fn fail(&mut self, at: &str, key: &str, message: impl Into<String>, hint: &str) {
        self.push(Severity::Error, format!("{at}.{key}"), message.into(), hint);
    }

    pub(super) fn warn(&mut self, at: &str, key: &str, message: impl Into<String>, hint: &str) {
        self.push(
            Severity::Warning,
            format!("{at}.{key}"),
            message.into(),
            hint,
        );
    }

    pub(super) fn push(&mut self, severity: Severity, field: String, message: String, hint: &str) {
        self.problems.push(ConfigProblem {
            severity,
            field,
            message,
            hint: hint.to_owned(),
        });
    }
}
