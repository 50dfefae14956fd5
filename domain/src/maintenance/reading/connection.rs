//! Which database a half of a section means: written out, or in a variable that it names.

use serde_json::{Map, Value};

use super::Reader;
use crate::maintenance::connection::{Connection, DatabaseKind};
use crate::maintenance::fill::{Filled, Unfillable, only_variable};
use crate::product::Severity;

/// Keys of whatever asks a database.
pub(super) const CONNECTION: &[&str] = &["connectionString", "connectionName", "provider"];

impl Reader<'_> {
    pub(super) fn extended_property(
        &mut self,
        map: &Map<String, Value>,
        at: &str,
    ) -> Option<(Connection, String)> {
        let connection = self.connection(map, at, Some(DatabaseKind::SqlServer));
        let property = self.required(map, at, "propertyName");
        connection.zip(property)
    }

    /// `only` is the one database that fits.
    pub(super) fn connection(
        &mut self,
        map: &Map<String, Value>,
        at: &str,
        only: Option<DatabaseKind>,
    ) -> Option<Connection> {
        let mut said = only;
        if map.get("provider").is_some_and(|given| !given.is_null()) {
            let provider = self.word(
                map,
                at,
                "provider",
                DatabaseKind::parse,
                "Write postgresql, mysql or sqlServer.",
            )?;
            if only.is_some_and(|only| only != provider) {
                self.fail(
                    at,
                    "provider",
                    "Extended properties exist in SQL Server only.",
                    "Use the type sqlQuery for another database.",
                );
                return None;
            }
            said = Some(provider);
        }
        let given = |key: &str| map.get(key).is_some_and(|given| !given.is_null());
        let (key, variable, text) = match (given("connectionString"), given("connectionName")) {
            (true, false) => {
                let written = map.get("connectionString").and_then(Value::as_str);
                let variable = written.and_then(only_variable).map(str::to_owned);
                let text = self.required(map, at, "connectionString");
                ("connectionString", variable, text)
            }
            (false, true) => {
                let name = self.required(map, at, "connectionName")?;
                let text = self.value_of(at, &name);
                ("connectionName", Some(name), text)
            }
            (true, true) => {
                self.fail(
                    at,
                    "connectionName",
                    "There is a connectionString, too.",
                    "Remove one of the two.",
                );
                return None;
            }
            (false, false) => {
                self.push(
                    Severity::Error,
                    at.to_owned(),
                    "It names no connection.".to_owned(),
                    "Add connectionString, or connectionName: the name of a variable.",
                );
                return None;
            }
        };
        let kind = variable
            .and_then(|name| self.known.variable(&name))
            .and_then(|variable| DatabaseKind::of_variable(variable.kind));
        match Connection::parse(&text?, said.or(kind)) {
            Ok(connection) => Some(connection),
            Err(error) => {
                self.fail(at, key, error.to_string(), error.hint());
                None
            }
        }
    }

    /// The value of the variable that `connectionName` names.
    pub(super) fn value_of(&mut self, at: &str, name: &str) -> Option<String> {
        match self.known.value(name.trim()) {
            Ok(Filled::Text(text)) if text.trim().is_empty() => {
                self.unfillable(at, "connectionName", &Unfillable::NoValue(name.to_owned()));
                None
            }
            Ok(Filled::Text(text)) => Some(text),
            Ok(Filled::Later) => None,
            Err(error) => {
                self.unfillable(at, "connectionName", &error);
                None
            }
        }
    }
}
