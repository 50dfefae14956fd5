//! Parsed names: image references and the names of what Windlass makes on an engine.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Longest name of a deployment's stack: it prefixes container names, which are DNS names of at most 63 characters in use.
pub const MAX_PROJECT: usize = 63;

/// Text that is not a valid name, with the rule it breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not a valid {what}: {rule}")]
pub struct InvalidName {
    text: String,
    what: &'static str,
    rule: &'static str,
}

/// Lower-case letters and digits with single dashes: how deployment names are derived from display names.
///
/// Every run of anything else becomes one dash; dashes at the ends go. May be empty (`日本語`): the caller decides what then.
#[must_use]
pub fn kebab(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for ch in text.chars().flat_map(char::to_lowercase) {
        if ch.is_ascii_lowercase() || ch.is_ascii_digit() {
            out.push(ch);
        } else if !out.ends_with('-') && !out.is_empty() {
            out.push('-');
        }
    }
    out.truncate(out.trim_end_matches('-').len());
    out
}

/// Checks the prefix of everything a stack owns on the engine (`deploymentStackName`).
///
/// # Errors
/// Where it is empty, too long, or has characters that Docker refuses in names.
pub fn check_project(text: &str) -> Result<(), InvalidName> {
    let rule =
        "1 to 63 characters, letters, digits, '_', '.' and '-', starting with a letter or digit";
    let mut chars = text.chars();
    let ok = text.len() <= MAX_PROJECT
        && chars
            .next()
            .is_some_and(|first| first.is_ascii_alphanumeric())
        && chars.all(|ch| ch.is_ascii_alphanumeric() || matches!(ch, '_' | '.' | '-'));
    if ok {
        Ok(())
    } else {
        Err(InvalidName {
            text: text.to_owned(),
            what: "deployment name",
            rule,
        })
    }
}

/// An image reference: `[registry/]repository[:tag][@digest]`, with Docker Hub's short forms kept as written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageRef {
    repository: String,
    tag: Option<String>,
    digest: Option<String>,
}

impl ImageRef {
    /// Registry and path without tag and digest.
    #[must_use]
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// The tag; `latest` where neither tag nor digest is written.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        match (&self.tag, &self.digest) {
            (Some(tag), _) => Some(tag),
            (None, Some(_)) => None,
            (None, None) => Some("latest"),
        }
    }

    /// `sha256:…` where it is pinned.
    #[must_use]
    pub fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repository)?;
        if let Some(tag) = self.tag() {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl FromStr for ImageRef {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = |rule| InvalidName {
            text: text.to_owned(),
            what: "image reference",
            rule,
        };
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest)),
            None => (text, None),
        };
        if let Some(digest) = digest {
            let hex = digest.strip_prefix("sha256:").unwrap_or_default();
            if hex.len() != 64 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return Err(refuse("a digest is 'sha256:' and 64 hexadecimal digits"));
            }
        }
        // A colon after the last slash starts the tag; one before it belongs to the registry's port.
        let (repository, tag) = match rest.rsplit_once(':') {
            Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag)),
            _ => (rest, None),
        };
        if let Some(tag) = tag {
            let mut chars = tag.chars();
            let ok = tag.len() <= 128
                && chars
                    .next()
                    .is_some_and(|ch| ch.is_ascii_alphanumeric() || ch == '_')
                && chars.all(|ch| ch.is_ascii_alphanumeric() || matches!(ch, '_' | '.' | '-'));
            if !ok {
                return Err(refuse(
                    "a tag has 1 to 128 letters, digits, '_', '.' and '-'",
                ));
            }
        }
        let mut components = repository.split('/').peekable();
        let mut first = true;
        while let Some(component) = components.next() {
            let is_registry = first
                && components.peek().is_some()
                && (component.contains(['.', ':']) || component == "localhost");
            let ok = if is_registry {
                component.chars().all(|ch| {
                    ch.is_ascii_alphanumeric() || matches!(ch, '.' | '-' | ':' | '[' | ']')
                })
            } else {
                component.chars().all(|ch| {
                    ch.is_ascii_lowercase() || ch.is_ascii_digit() || matches!(ch, '.' | '_' | '-')
                }) && component.starts_with(|ch: char| ch.is_ascii_alphanumeric())
                    && component.ends_with(|ch: char| ch.is_ascii_alphanumeric())
            };
            if component.is_empty() || !ok {
                return Err(refuse("write [registry/]name[:tag] in lower case"));
            }
            first = false;
        }
        Ok(Self {
            repository: repository.to_owned(),
            tag: tag.map(str::to_owned),
            digest: digest.map(str::to_owned),
        })
    }
}

impl Serialize for ImageRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ImageRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kebab_names() {
        for (input, expect) in [
            ("My Shop", "my-shop"),
            ("  Identity & Access  ", "identity-access"),
            ("a__b..c", "a-b-c"),
            ("日本語", ""),
            ("Shop 2.4", "shop-2-4"),
        ] {
            assert_eq!(kebab(input), expect, "{input}");
        }
    }

    #[test]
    fn image_references() {
        let digest = format!("sha256:{}", "a".repeat(64));
        for (input, expect) in [
            ("redis", "redis:latest"),
            ("redis:7", "redis:7"),
            ("org/app:2.4-rc.1", "org/app:2.4-rc.1"),
            ("127.0.0.1:5000/app", "127.0.0.1:5000/app:latest"),
            ("localhost/app:1", "localhost/app:1"),
            (&format!("app@{digest}"), &format!("app@{digest}")),
            (&format!("app:1@{digest}"), &format!("app:1@{digest}")),
        ] {
            assert_eq!(
                input.parse::<ImageRef>().unwrap().to_string(),
                *expect,
                "{input}"
            );
        }
        for input in [
            "",
            "App",
            "a:",
            "a//b",
            "a:b:c",
            "app@sha256:12",
            "-a",
            "a b",
            "app:${TAG}",
            "/a",
        ] {
            assert!(input.parse::<ImageRef>().is_err(), "{input}");
        }
    }

    #[test]
    fn project_names() {
        for ok in ["a", "shop-infra", "Shop_1.x"] {
            assert!(check_project(ok).is_ok(), "{ok}");
        }
        let long = "a".repeat(64);
        for bad in ["", "-a", "a b", "a/b", "ä", long.as_str()] {
            assert!(check_project(bad).is_err(), "{bad}");
        }
    }
}
