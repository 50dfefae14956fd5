//! Where an engine listens: parsing of addresses, and where to look when nobody said.
//!
//! Reads the environment and Docker's own configuration files; never connects.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

/// Where an engine listens on most machines.
pub const DEFAULT_SOCKET: &str = "unix:///var/run/docker.sock";

/// An address that can be connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    /// A socket file.
    Unix(PathBuf),
    /// `host:port`, not encrypted.
    Tcp(String),
}

/// An address, or a configuration of addresses, that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    /// Not a form that is supported.
    #[error(
        "'{address}' is not an engine address: write unix:///path/to/docker.sock or tcp://host:port"
    )]
    Form {
        /// What was written.
        address: String,
    },
    /// Docker's configuration names a context that is not there.
    #[error(
        "the Docker context '{name}' has no usable description at {}: run 'docker context ls', or set DOCKER_HOST",
        path.display()
    )]
    Context {
        /// The context's name.
        name: String,
        /// Where its description was looked for.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A context without the address of an engine.
    #[error("the Docker context '{name}' names no engine: set DOCKER_HOST")]
    NoEngine {
        /// The context's name.
        name: String,
    },
}

impl std::str::FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || AddressError::Form {
            address: text.to_owned(),
        };
        if let Some(path) = text.strip_prefix("unix://") {
            return if path.starts_with('/') {
                Ok(Self::Unix(PathBuf::from(path)))
            } else {
                Err(refuse())
            };
        }
        let host = text
            .strip_prefix("tcp://")
            .or_else(|| text.strip_prefix("http://"))
            .ok_or_else(refuse)?
            .trim_end_matches('/');
        match host.rsplit_once(':') {
            Some((name, port)) if !name.is_empty() && port.parse::<u16>().is_ok() => {
                Ok(Self::Tcp(host.to_owned()))
            }
            _ => Err(refuse()),
        }
    }
}

/// The address that the `docker` command would use: `DOCKER_HOST`, the current context, the default socket.
///
/// # Errors
/// Where the current context cannot be read.
pub fn discover() -> Result<String, AddressError> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let folder = variable("DOCKER_CONFIG")
        .map(PathBuf::from)
        .or_else(|| variable("HOME").map(|home| PathBuf::from(home).join(".docker")));
    discover_from(variable, folder.as_deref())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConfigFile {
    #[serde(default)]
    current_context: Option<String>,
}

#[derive(Deserialize)]
struct ContextFile {
    #[serde(rename = "Endpoints", default)]
    endpoints: std::collections::BTreeMap<String, Endpoint>,
}

#[derive(Deserialize)]
struct Endpoint {
    #[serde(rename = "Host", default)]
    host: Option<String>,
}

fn discover_from(
    variable: impl Fn(&str) -> Option<String>,
    folder: Option<&Path>,
) -> Result<String, AddressError> {
    if let Some(host) = variable("DOCKER_HOST") {
        return Ok(host);
    }
    let current = variable("DOCKER_CONTEXT").or_else(|| {
        // A missing or broken config.json is what most machines have: then there is no context.
        let text = std::fs::read_to_string(folder?.join("config.json")).ok()?;
        serde_json::from_str::<ConfigFile>(&text)
            .ok()?
            .current_context
    });
    let name = match current {
        Some(name) if !name.is_empty() && name != "default" => name,
        _ => return Ok(DEFAULT_SOCKET.to_owned()),
    };
    let mut id = String::new();
    for byte in Sha256::digest(name.as_bytes()) {
        let _ = write!(id, "{byte:02x}");
    }
    let path = folder
        .unwrap_or_else(|| Path::new("/"))
        .join("contexts/meta")
        .join(id)
        .join("meta.json");
    let refuse = |source: Box<dyn std::error::Error + Send + Sync>| AddressError::Context {
        name: name.clone(),
        path: path.clone(),
        source,
    };
    let text = std::fs::read_to_string(&path).map_err(|error| refuse(error.into()))?;
    let context: ContextFile = serde_json::from_str(&text).map_err(|error| refuse(error.into()))?;
    context
        .endpoints
        .get("docker")
        .and_then(|endpoint| endpoint.host.clone())
        .ok_or(AddressError::NoEngine { name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, expect) in [
            (
                "unix:///run/d.sock",
                Some(Address::Unix("/run/d.sock".into())),
            ),
            (
                "tcp://127.0.0.1:2375",
                Some(Address::Tcp("127.0.0.1:2375".to_owned())),
            ),
            (
                "tcp://[::1]:2375/",
                Some(Address::Tcp("[::1]:2375".to_owned())),
            ),
            ("unix://relative", None),
            ("tcp://host", None),
            ("tcp://:2375", None),
            ("ssh://host", None),
            ("/var/run/docker.sock", None),
            ("", None),
        ] {
            assert_eq!(text.parse::<Address>().ok(), expect, "{text}");
        }
    }

    #[test]
    fn discovery_prefers_the_variable_then_the_context_then_the_default() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let none = |_: &str| None;
        assert_eq!(discover_from(none, Some(path)).unwrap(), DEFAULT_SOCKET);
        assert_eq!(discover_from(none, None).unwrap(), DEFAULT_SOCKET);

        std::fs::write(path.join("config.json"), r#"{"currentContext":"lab"}"#).unwrap();
        assert!(matches!(
            discover_from(none, Some(path)),
            Err(AddressError::Context { name, .. }) if name == "lab"
        ));

        let mut id = String::new();
        for byte in Sha256::digest(b"lab") {
            write!(id, "{byte:02x}").unwrap();
        }
        let meta = path.join("contexts/meta").join(id);
        std::fs::create_dir_all(&meta).unwrap();
        std::fs::write(
            meta.join("meta.json"),
            r#"{"Name":"lab","Endpoints":{"docker":{"Host":"tcp://lab:2375"}}}"#,
        )
        .unwrap();
        assert_eq!(discover_from(none, Some(path)).unwrap(), "tcp://lab:2375");

        let variable = |name: &str| (name == "DOCKER_HOST").then(|| "unix:///x".to_owned());
        assert_eq!(discover_from(variable, Some(path)).unwrap(), "unix:///x");
    }
}
