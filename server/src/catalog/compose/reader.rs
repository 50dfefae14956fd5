//! Reads typed values out of a Compose model and notes every misfit with its path, so that one pass finds all of them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use domain::product::{Problem, Severity};
use serde_json::Value;

use super::units;
use crate::catalog::yaml::{bounded, join, join_index};

/// Most bytes that the values of one stack may fill, copies included.
const MAX_TEXT: usize = 32 * 1024 * 1024;
/// Most problems that are kept of one stack; more do not help anyone.
const MAX_PROBLEMS: usize = 200;

/// Collects the problems of one stack.
#[derive(Debug, Default)]
pub(super) struct Sink {
    file: String,
    problems: RefCell<Vec<Problem>>,
    text: Cell<usize>,
}

impl Sink {
    pub(super) fn new(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            problems: RefCell::default(),
            text: Cell::default(),
        }
    }

    pub(super) fn push(&self, severity: Severity, field: &str, message: String, hint: &str) {
        let mut problems = self.problems.borrow_mut();
        if problems.len() < MAX_PROBLEMS {
            problems.push(Problem {
                severity,
                file: self.file.clone(),
                line: None,
                column: None,
                field: field.to_owned(),
                message: bounded(message),
                hint: (!hint.is_empty()).then(|| hint.to_owned()),
            });
        }
    }

    pub(super) fn error(&self, field: &str, message: impl Into<String>, hint: &str) {
        self.push(Severity::Error, field, message.into(), hint);
    }

    pub(super) fn warn(&self, field: &str, message: impl Into<String>, hint: &str) {
        self.push(Severity::Warning, field, message.into(), hint);
    }

    /// Counts text that a value made; complains once and says no where it is too much.
    pub(super) fn spend(&self, field: &str, bytes: usize) -> bool {
        let before = self.text.get();
        let after = before.saturating_add(bytes);
        self.text.set(after);
        if before <= MAX_TEXT && after > MAX_TEXT {
            self.error(
                field,
                format!("The stack's values fill more than {MAX_TEXT} bytes."),
                "Use shorter values, or use them less often.",
            );
        }
        after <= MAX_TEXT
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems.into_inner()
    }
}

/// A value and where it is.
#[derive(Debug, Clone)]
pub(super) struct At<'a> {
    pub(super) value: &'a Value,
    pub(super) path: String,
    pub(super) sink: &'a Sink,
}

impl<'a> At<'a> {
    pub(super) const fn new(value: &'a Value, path: String, sink: &'a Sink) -> Self {
        Self { value, path, sink }
    }

    pub(super) fn error(&self, message: impl Into<String>, hint: &str) {
        self.sink.error(&self.path, message, hint);
    }

    pub(super) fn warn(&self, message: impl Into<String>, hint: &str) {
        self.sink.warn(&self.path, message, hint);
    }

    /// The value of a key; nothing where it is absent or `null`.
    pub(super) fn get(&self, key: &str) -> Option<Self> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        Some(Self::new(value, join(&self.path, key), self.sink))
    }

    pub(super) fn is_list(&self) -> bool {
        self.value.is_array()
    }

    pub(super) fn is_map(&self) -> bool {
        self.value.is_object()
    }

    /// The entries of a mapping, `null` values included.
    pub(super) fn entries(&self) -> Vec<(&'a str, Self)> {
        match self.value {
            Value::Object(map) => map
                .iter()
                .map(|(key, value)| {
                    let at = Self::new(value, join(&self.path, key), self.sink);
                    (key.as_str(), at)
                })
                .collect(),
            Value::Null => Vec::new(),
            _ => {
                self.error("This must be a mapping.", "");
                Vec::new()
            }
        }
    }

    /// The items of a list.
    pub(super) fn items(&self) -> Vec<Self> {
        match self.value {
            Value::Array(items) => items
                .iter()
                .enumerate()
                .map(|(index, value)| Self::new(value, join_index(&self.path, index), self.sink))
                .collect(),
            Value::Null => Vec::new(),
            _ => {
                self.error("This must be a list.", "");
                Vec::new()
            }
        }
    }

    /// The items of a list, or one value alone.
    pub(super) fn one_or_more(&self) -> Vec<Self> {
        if self.is_list() {
            self.items()
        } else {
            vec![self.clone()]
        }
    }

    /// A scalar as text, without complaint.
    pub(super) fn as_text(&self) -> Option<String> {
        match self.value {
            Value::String(text) => Some(text.clone()),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<String> {
        let text = self.as_text();
        if text.is_none() {
            self.error("This must be text.", "");
        }
        text
    }

    fn parsed<T>(&self, what: &str, hint: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.text()?;
        let value = parse(&text);
        if value.is_none() {
            self.error(format!("'{text}' is not {what}."), hint);
        }
        value
    }

    pub(super) fn bool(&self) -> Option<bool> {
        self.parsed("true or false", "", |text| {
            match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "y" | "1" => Some(true),
                "false" | "no" | "off" | "n" | "0" => Some(false),
                _ => None,
            }
        })
    }

    pub(super) fn int(&self) -> Option<i64> {
        self.parsed("a whole number", "", units::integer)
    }

    pub(super) fn int_in(&self, min: i64, max: i64) -> Option<i64> {
        let value = self.int()?;
        if !(min..=max).contains(&value) {
            self.error(format!("{value} is not between {min} and {max}."), "");
            return None;
        }
        Some(value)
    }

    pub(super) fn port(&self) -> Option<u16> {
        self.int_in(1, 65535)
            .and_then(|port| u16::try_from(port).ok())
    }

    pub(super) fn float(&self) -> Option<f64> {
        self.parsed("a number", "", |text| {
            text.trim()
                .parse()
                .ok()
                .filter(|number: &f64| number.is_finite())
        })
    }

    pub(super) fn duration(&self) -> Option<Duration> {
        self.parsed("a duration", "Write it as 30s or 1m30s.", units::duration)
    }

    pub(super) fn duration_or_seconds(&self) -> Option<Duration> {
        self.parsed(
            "a duration",
            "Write it as 30s or 1m30s.",
            units::duration_or_seconds,
        )
    }

    pub(super) fn bytes(&self) -> Option<i64> {
        self.parsed("a size", "Write it as 512m or 2g.", units::bytes)
    }

    pub(super) fn mode(&self) -> Option<u32> {
        let number = self.value.is_number();
        // Octal numbers arrive as text, too, because their text is kept; both readings agree there.
        self.parsed("a file mode", "Write it as \"0440\".", |text| {
            units::mode(text, number)
        })
    }

    /// A list of texts.
    pub(super) fn texts(&self) -> Vec<String> {
        self.items().iter().filter_map(Self::text).collect()
    }

    /// A list of texts, or one alone.
    pub(super) fn text_or_texts(&self) -> Vec<String> {
        self.one_or_more().iter().filter_map(Self::text).collect()
    }

    /// A command: a list, or text that is split as a shell does.
    pub(super) fn command(&self) -> Option<Vec<String>> {
        if self.is_list() {
            return Some(self.texts());
        }
        let text = self.text()?;
        let words = units::shell_words(&text);
        if words.is_none() {
            self.error("A quote is not closed.", "Write the command as a list.");
        }
        words
    }

    /// `KEY=VALUE` items or a mapping; a key without value gives nothing.
    pub(super) fn pairs(&self) -> BTreeMap<String, Option<String>> {
        if self.is_list() {
            let items = self.items();
            return items
                .iter()
                .filter_map(|item| {
                    let text = item.text()?;
                    if text.is_empty() || text.starts_with('=') {
                        item.error("The name is missing.", "Write NAME=VALUE.");
                        return None;
                    }
                    Some(match text.split_once('=') {
                        Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
                        None => (text, None),
                    })
                })
                .collect();
        }
        self.entries()
            .into_iter()
            .filter_map(|(key, at)| {
                if at.value.is_null() {
                    return Some((key.to_owned(), None));
                }
                Some((key.to_owned(), Some(at.text()?)))
            })
            .collect()
    }

    /// As [`Self::pairs`], a missing value being empty.
    pub(super) fn text_pairs(&self) -> BTreeMap<String, String> {
        self.pairs()
            .into_iter()
            .map(|(key, value)| (key, value.unwrap_or_default()))
            .collect()
    }

    /// Complains about every key that is neither known nor an extension.
    pub(super) fn only(&self, known: &[&str]) {
        for (key, at) in self.entries() {
            if !known.contains(&key) && !key.starts_with("x-") {
                at.error(
                    format!("'{key}' is not known here."),
                    "Remove it, or check its spelling and indentation.",
                );
            }
        }
    }

    /// Says for each of these keys that it has no effect on one engine.
    pub(super) fn without_effect(&self, keys: &[&str]) {
        for key in keys {
            if let Some(at) = self.get(key) {
                at.warn(format!("'{key}' has no effect on a single engine."), "");
            }
        }
    }

    /// Says for each of these keys that it is not supported; running without it would be wrong.
    pub(super) fn unsupported(&self, keys: &[&str]) {
        for key in keys {
            if let Some(at) = self.get(key) {
                at.error(
                    format!("'{key}' is not supported."),
                    "Remove it: the service must not run as if it were in force.",
                );
            }
        }
    }
}
