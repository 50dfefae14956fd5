//! What the `maintenance` section of a product says: what its observer reads, and whom its setter tells.

use std::time::Duration;

use super::connection::Connection;
use super::json_path::JsonPath;
use super::pattern::Pattern;
use super::secret::Secret;
use crate::deployment::OperationMode;

/// How often an observer looks where the manifest does not say.
pub const DEFAULT_POLLING_INTERVAL: Duration = Duration::from_secs(30);
/// No observer looks more often.
pub const MIN_POLLING_INTERVAL: Duration = Duration::from_secs(5);

/// Both halves of the section, with every variable filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaintenanceConfig {
    pub observer: Option<ObserverConfig>,
    pub setter: Option<SetterConfig>,
}

/// What an observer is: its `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObserverKind {
    SqlExtendedProperty,
    SqlQuery,
    Http,
    File,
}

impl ObserverKind {
    /// Every kind, for tables.
    pub const ALL: &[Self] = &[
        Self::SqlExtendedProperty,
        Self::SqlQuery,
        Self::Http,
        Self::File,
    ];

    /// The manifest's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SqlExtendedProperty => "sqlExtendedProperty",
            Self::SqlQuery => "sqlQuery",
            Self::Http => "http",
            Self::File => "file",
        }
    }

    /// Reads the manifest's word, in whatever case.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.as_str().eq_ignore_ascii_case(word.trim()))
    }
}

/// An external source that says whether maintenance is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObserverConfig {
    pub polling_interval: Duration,
    /// The value that means maintenance.
    pub maintenance_value: String,
    /// The one value that means normal; where there is none, every other one does.
    pub normal_value: Option<String>,
    pub source: ObserverSource,
}

/// Where the value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObserverSource {
    /// An extended property of a database of SQL Server.
    SqlExtendedProperty {
        connection: Connection,
        property: String,
    },
    /// The first column of the first row of a query.
    SqlQuery {
        connection: Connection,
        query: String,
    },
    /// The answer to a request.
    Http(HttpSource),
    /// A file on the machine of the server.
    File(FileSource),
}

impl ObserverSource {
    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> ObserverKind {
        match self {
            Self::SqlExtendedProperty { .. } => ObserverKind::SqlExtendedProperty,
            Self::SqlQuery { .. } => ObserverKind::SqlQuery,
            Self::Http(_) => ObserverKind::Http,
            Self::File(_) => ObserverKind::File,
        }
    }
}

/// A request whose answer is the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpSource {
    /// May carry a password or a key.
    pub url: Secret,
    pub method: HttpMethod,
    /// Names with values, which may be keys.
    pub headers: Vec<(String, Secret)>,
    /// For the whole request.
    pub timeout: Duration,
    /// Where the value lies in an answer of JSON; the whole answer where there is none.
    pub json_path: Option<JsonPath>,
    /// Statuses that count as an answer; every 2xx where there are none.
    pub expected_statuses: Vec<u16>,
}

/// Methods that an observer may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpMethod {
    Get,
    Post,
    Put,
}

impl HttpMethod {
    /// As it is sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }

    /// Reads a manifest's word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Get, Self::Post, Self::Put]
            .into_iter()
            .find(|method| method.as_str().eq_ignore_ascii_case(word.trim()))
    }
}

/// A file and what of it is the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSource {
    pub path: String,
    pub reading: FileReading,
}

/// What of a file is the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileReading {
    /// `true` or `false`: whether it is there.
    Exists,
    /// Its text, or what the first group of a pattern finds in it.
    Content(Option<Pattern>),
}

/// Somebody who is told when a person switches the mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetterConfig {
    /// The pause between telling and stopping.
    pub grace_period: Duration,
    /// Instead of `maintenance`.
    pub maintenance_value: Option<String>,
    /// Instead of `normal`.
    pub normal_value: Option<String>,
    pub target: SetterTarget,
}

impl SetterConfig {
    /// The word that is told for a mode.
    #[must_use]
    pub fn word(&self, mode: OperationMode) -> &str {
        match mode {
            OperationMode::Maintenance => {
                self.maintenance_value.as_deref().unwrap_or("maintenance")
            }
            OperationMode::Normal => self.normal_value.as_deref().unwrap_or("normal"),
        }
    }
}

/// Who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetterTarget {
    /// A server that takes a request.
    Webhook(Webhook),
    /// An extended property of a database of SQL Server.
    SqlExtendedProperty {
        connection: Connection,
        property: String,
    },
}

/// A request that tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// May carry a password or a key.
    pub url: Secret,
    /// Signs the body, where there is one.
    pub secret: Option<Secret>,
    /// For each attempt.
    pub timeout: Duration,
    /// Further attempts after the first.
    pub retries: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_manifests() {
        for kind in ObserverKind::ALL {
            let shouted = kind.as_str().to_uppercase();
            assert_eq!(ObserverKind::parse(&shouted), Some(*kind));
        }
        assert_eq!(ObserverKind::parse("ftp"), None);
        assert_eq!(HttpMethod::parse("get"), Some(HttpMethod::Get));
        assert_eq!(HttpMethod::parse("DELETE"), None);
    }
}
