//! What a value becomes before it is stored: `enc:1:<id of the key>:<base64 of nonce and cipher text>`. It can be read only with that
//! key, and only where it was written.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::key::{KeyId, SecretKey};

/// How every sealed value begins. No JSON does.
const SEALED: &str = "enc:";
const VERSION: &str = "enc:1:";

/// Where a value is stored. A sealed value that is found somewhere else is refused.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub table: &'a str,
    pub column: &'a str,
    /// The row's key, as text.
    pub row: &'a str,
}

impl Place<'_> {
    fn bytes(&self) -> Vec<u8> {
        [self.table, self.column, self.row].join("\0").into_bytes()
    }
}

/// The value could not be encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no key to encrypt with, or the library refused it")]
pub struct NotSealed;

/// Why a sealed value cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotOpened {
    /// The key is not there.
    #[error("a value that is encrypted with secret key {0}, which was not given")]
    Key(KeyId),
    /// It is not what was written here.
    #[error("a value that was not encrypted for this place: it was moved, cut or changed")]
    Changed,
    /// It is in a form of another version.
    #[error(
        "a value in a form that this version does not know: a newer version may have encrypted it"
    )]
    Form,
}

/// Seals with one key, and opens with several.
#[derive(Debug, Clone, Default)]
pub struct Sealer {
    current: Option<SecretKey>,
    others: Vec<SecretKey>,
}

impl Sealer {
    /// Without a `current` key it can only open.
    #[must_use]
    pub const fn new(current: Option<SecretKey>, others: Vec<SecretKey>) -> Self {
        Self { current, others }
    }

    /// The id of the key that seals.
    #[must_use]
    pub fn current(&self) -> Option<&KeyId> {
        self.current.as_ref().map(SecretKey::id)
    }

    /// The stored form of a text.
    ///
    /// # Errors
    /// Where there is no key.
    pub fn seal(&self, place: Place<'_>, text: &str) -> Result<String, NotSealed> {
        let key = self.current.as_ref().ok_or(NotSealed)?;
        let sealed = key
            .encrypt(&place.bytes(), text.as_bytes())
            .ok_or(NotSealed)?;
        let mut stored = prefix_of(key.id());
        STANDARD_NO_PAD.encode_string(sealed, &mut stored);
        Ok(stored)
    }

    /// The text of a stored form. What was stored before values were sealed is its own text.
    ///
    /// # Errors
    /// Where its key is missing, or it is not what was sealed for this place.
    pub fn open<'t>(&self, place: Place<'_>, stored: &'t str) -> Result<Cow<'t, str>, NotOpened> {
        if !stored.starts_with(SEALED) {
            return Ok(Cow::Borrowed(stored));
        }
        let (id, sealed) = stored
            .strip_prefix(VERSION)
            .and_then(|rest| rest.split_once(':'))
            .ok_or(NotOpened::Form)?;
        let id = KeyId::parse(id).ok_or(NotOpened::Form)?;
        let key = self
            .current
            .iter()
            .chain(&self.others)
            .find(|key| *key.id() == id)
            .ok_or(NotOpened::Key(id))?;
        let sealed = STANDARD_NO_PAD
            .decode(sealed)
            .map_err(|_| NotOpened::Changed)?;
        key.decrypt(&place.bytes(), sealed)
            .and_then(|text| String::from_utf8(text).ok())
            .map(Cow::Owned)
            .ok_or(NotOpened::Changed)
    }
}

/// How everything begins that is sealed with a key.
#[must_use]
pub fn prefix_of(id: &KeyId) -> String {
    format!("{VERSION}{id}:")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place<'_> = Place {
        table: "releases",
        column: "shared_values",
        row: "a/1",
    };
    const TEXT: &str = "{\"PASSWORD\":\"hunter2 – Größe\"}";

    fn key(byte: u8) -> SecretKey {
        SecretKey::from_bytes(&[byte; 32], "a test").unwrap()
    }

    fn sealer(byte: u8) -> Sealer {
        Sealer::new(Some(key(byte)), Vec::new())
    }

    #[test]
    fn what_is_sealed_is_opened_with_its_key_alone() {
        let stored = sealer(1).seal(HERE, TEXT).unwrap();
        assert!(stored.starts_with(&prefix_of(key(1).id())), "{stored}");
        assert!(!stored.contains("hunter2"));
        assert_eq!(sealer(1).open(HERE, &stored).unwrap(), TEXT);
        let other = Sealer::new(Some(key(2)), vec![key(3), key(1)]);
        assert_eq!(other.open(HERE, &stored).unwrap(), TEXT);
        let missing = NotOpened::Key(key(1).id().clone());
        assert_eq!(sealer(2).open(HERE, &stored), Err(missing));
        // As if somebody had given another key the same id.
        let renamed = stored.replace(key(1).id().as_str(), key(2).id().as_str());
        assert_eq!(sealer(2).open(HERE, &renamed), Err(NotOpened::Changed));
        // Each time anew.
        assert_ne!(sealer(1).seal(HERE, TEXT).unwrap(), stored);
        assert_eq!(Sealer::default().seal(HERE, TEXT), Err(NotSealed));
    }

    #[test]
    fn a_sealed_value_is_refused_elsewhere() {
        let stored = sealer(1).seal(HERE, TEXT).unwrap();
        let (table, column, row) = ("release_stacks", "product", "a/2");
        for place in [
            Place { table, ..HERE },
            Place { column, ..HERE },
            Place { row, ..HERE },
        ] {
            let refused = sealer(1).open(place, &stored);
            assert_eq!(refused, Err(NotOpened::Changed), "{place:?}");
        }
    }

    #[test]
    fn a_sealed_value_that_was_changed_is_refused() {
        let stored = sealer(1).seal(HERE, TEXT).unwrap();
        let start = prefix_of(key(1).id()).len();
        for at in start..stored.len() {
            let mut changed = stored.clone();
            let other = if stored.as_bytes()[at] == b'A' {
                "B"
            } else {
                "A"
            };
            changed.replace_range(at..=at, other);
            let opened = sealer(1).open(HERE, &changed);
            // The last characters may hold bits that mean nothing, which is refused as well.
            assert_eq!(opened, Err(NotOpened::Changed), "{at}");
        }
        for cut in start..stored.len() {
            let opened = sealer(1).open(HERE, &stored[..cut]);
            assert_eq!(opened, Err(NotOpened::Changed), "{cut}");
        }
        for form in ["enc:", "enc:1:", "enc:1:zz:AA", "enc:2:0011223344556677:AA"] {
            assert_eq!(sealer(1).open(HERE, form), Err(NotOpened::Form), "{form}");
        }
    }

    #[test]
    fn what_was_stored_before_is_its_own_text() {
        for text in ["{}", TEXT, "\"enc:1:\"", ""] {
            assert_eq!(sealer(1).open(HERE, text).unwrap(), text);
        }
    }
}
