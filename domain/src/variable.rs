//! Typed variables: what a manifest declares, whether a value fits, and which of three tiers wins.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A variable of a product or stack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Variable {
    /// What `${NAME}` says; compared without case.
    pub name: String,
    /// What people see; the name where there is none.
    pub label: Option<String>,
    /// One sentence.
    pub description: Option<String>,
    /// Shown in the empty input.
    pub placeholder: Option<String>,
    /// Inputs with the same group stand together.
    pub group: Option<String>,
    /// Position in its group, ascending.
    pub order: Option<i64>,
    /// Which values fit, and which input is shown.
    #[serde(rename = "type")]
    pub kind: VariableType,
    /// The lowest tier.
    pub default: Option<String>,
    /// Whether it must have a value that is not empty.
    pub required: bool,
    /// Regular expression for String and Password; must match somewhere, as in the manifest's format.
    pub pattern: Option<String>,
    /// The sentence where the pattern does not match.
    pub pattern_error: Option<String>,
    /// Smallest number or port.
    pub min: Option<f64>,
    /// Largest number or port.
    pub max: Option<f64>,
    /// Choices of a Select.
    pub options: Vec<SelectOption>,
    /// Whether the form offers by default not to remember the value.
    pub default_transient: bool,
}

/// One choice of a Select.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SelectOption {
    /// What is stored.
    pub value: String,
    /// What people see; the value where there is none.
    pub label: Option<String>,
    /// One sentence.
    pub description: Option<String>,
}

/// The types of the manifest format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum VariableType {
    #[default]
    String,
    Number,
    Boolean,
    Select,
    Password,
    Port,
    Url,
    Email,
    Path,
    MultiLine,
    ConnectionString,
    SqlServerConnectionString,
    PostgresConnectionString,
    MySqlConnectionString,
    EventStoreConnectionString,
    MongoConnectionString,
    RedisConnectionString,
}

impl VariableType {
    /// Whether values of this type are secrets: never shown, never logged.
    #[must_use]
    pub const fn is_secret(self) -> bool {
        matches!(
            self,
            Self::Password
                | Self::ConnectionString
                | Self::SqlServerConnectionString
                | Self::PostgresConnectionString
                | Self::MySqlConnectionString
                | Self::EventStoreConnectionString
                | Self::MongoConnectionString
                | Self::RedisConnectionString
        )
    }
}

/// Values by name. May hold secrets, so it does not print them.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Values(pub BTreeMap<String, String>);

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Values {
    /// The value of a name, compared without case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .or_else(|| {
                self.0
                    .iter()
                    .find(|(key, _)| key.eq_ignore_ascii_case(name))
                    .map(|(_, value)| value)
            })
            .map(String::as_str)
    }
}
