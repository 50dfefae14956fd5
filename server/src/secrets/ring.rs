//! The keys that were found at the start, before the database has said which of them it needs.

use std::path::{Path, PathBuf};

use super::key::{KeyError, KeyId, SecretKey};
use super::key_file::{read_if_there, read_or_make};

/// Keys, and where a first one is made.
#[derive(Debug, Clone, Default)]
pub struct KeyRing {
    keys: Vec<SecretKey>,
    /// The file that was looked for where no key was given. It is made only for a database that needs no other one: a new key
    /// beside a database that has lost its own would look like the right one.
    place: Option<PathBuf>,
}

impl KeyRing {
    /// One key.
    #[must_use]
    pub fn of(key: SecretKey) -> Self {
        Self::default().with(key)
    }

    /// The key in a file that is made, once a database asks for its first one.
    ///
    /// # Errors
    /// Where the file is there and cannot be used.
    pub fn in_file(path: &Path) -> Result<Self, KeyError> {
        let ring = Self::default();
        match read_if_there(path)? {
            Some(key) => Ok(ring.with(key)),
            None => Ok(Self {
                place: Some(path.to_owned()),
                ..ring
            }),
        }
    }

    /// One key more; the first one is what a new database is encrypted with.
    #[must_use]
    pub fn with(mut self, key: SecretKey) -> Self {
        self.keys.push(key);
        self
    }

    /// The key of this id.
    #[must_use]
    pub fn get(&self, id: &KeyId) -> Option<&SecretKey> {
        self.keys.iter().find(|key| key.id() == id)
    }

    /// Every key.
    #[must_use]
    pub fn keys(&self) -> &[SecretKey] {
        &self.keys
    }

    /// The first key; made where there is none and there is a place for it.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn first_or_made(&mut self) -> Result<Option<&SecretKey>, KeyError> {
        if let Some(path) = self.place.take() {
            let made = read_or_make(&path)?;
            tracing::info!(key.id = %made.id(), "made a secret key in {}; keep a copy apart from the database", path.display());
            self.keys.push(made);
        }
        Ok(self.keys.first())
    }

    /// Where keys were looked for and which ones were there, as sentences go on: `the file a has key 1; there is no file b`.
    #[must_use]
    pub fn found(&self) -> String {
        let mut found: Vec<String> = self
            .keys
            .iter()
            .map(|key| format!("{} has key {}", key.origin(), key.id()))
            .collect();
        found.extend(
            self.place
                .iter()
                .map(|path| format!("there is no file {}", path.display())),
        );
        match found.is_empty() {
            true => "no key was given".to_owned(),
            false => found.join("; "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_only_when_it_is_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        let mut ring = KeyRing::in_file(&path).unwrap();
        assert!(!path.exists());
        assert_eq!(ring.found(), format!("there is no file {}", path.display()));
        let made = ring.first_or_made().unwrap().unwrap().id().clone();
        assert_eq!(
            ring.found(),
            format!("the file {} has key {made}", path.display())
        );
        assert!(ring.get(&made).is_some());
        let mut again = KeyRing::in_file(&path).unwrap();
        assert_eq!(again.first_or_made().unwrap().unwrap().id(), &made);
        assert_eq!(KeyRing::default().found(), "no key was given");
        assert!(KeyRing::default().first_or_made().unwrap().is_none());
    }
}
