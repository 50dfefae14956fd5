//! One key of 256 bits: read, named, and used.

use std::fmt::{self, Display, Formatter};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hmac, rand};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Bytes of a key.
const KEY_LEN: usize = 32;
/// Bytes of the hash that a key is named by.
const ID_LEN: usize = 8;
/// What the hash is of, so that it is good for nothing else.
const ID_OF: &[u8] = b"windlass: the id of this key";

/// With padding or without, as tools differ.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A file that was named is not there.
    #[error(
        "there is no secret key at {}: check the path; or, where nothing was encrypted yet, make a key with \
         `(umask 077; head -c 32 /dev/urandom | base64 > {})`", .path.display(), .path.display()
    )]
    NoFile { path: PathBuf },
    /// Others may read the file.
    #[error(
        "the secret key {} can be read by others (mode {mode:04o}): run `chmod 600 {}`, and change the key where somebody may have \
         read it", .path.display(), .path.display()
    )]
    Exposed { path: PathBuf, mode: u32 },
    /// What was given is something else.
    #[error(
        "{origin} holds no secret key: a key is 32 random bytes in base64, as `head -c 32 /dev/urandom | base64` makes them"
    )]
    NotAKey { origin: String },
    /// The file system says no.
    #[error("the secret key {} cannot be read", .path.display())]
    Read { path: PathBuf, source: io::Error },
    /// The file system says no.
    #[error("no secret key can be written to {}: check that its folder is there and can be written to", .path.display())]
    Make { path: PathBuf, source: io::Error },
    /// The operating system gave no random bytes.
    #[error("the operating system gives no random bytes to make a secret key of")]
    NoRandom,
}

/// Names a key, and says nothing about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyId(String);

impl KeyId {
    /// Reads the stored form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_id = text.len() == 2 * ID_LEN && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_id.then(|| Self(text.to_ascii_lowercase()))
    }

    /// The stored form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Display for KeyId {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A key, and where it was found; cheap to clone.
#[derive(Clone)]
pub struct SecretKey {
    id: KeyId,
    origin: String,
    cipher: Arc<LessSafeKey>,
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey")
            .field("id", &self.id)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

impl SecretKey {
    /// The key of 32 bytes; `origin` says where it was found, as in `the file data/secret.key`.
    ///
    /// # Errors
    /// Where there are more or fewer.
    pub fn from_bytes(bytes: &[u8], origin: &str) -> Result<Self, KeyError> {
        let not_a_key = || KeyError::NotAKey {
            origin: origin.to_owned(),
        };
        if bytes.len() != KEY_LEN {
            return Err(not_a_key());
        }
        let cipher = UnboundKey::new(&AES_256_GCM_SIV, bytes).map_err(|_| not_a_key())?;
        let digest = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, bytes), ID_OF);
        let id = digest.as_ref().iter().take(ID_LEN);
        Ok(Self {
            id: KeyId(id.map(|byte| format!("{byte:02x}")).collect()),
            origin: origin.to_owned(),
            cipher: Arc::new(LessSafeKey::new(cipher)),
        })
    }

    /// The key that a text is in base64.
    ///
    /// # Errors
    /// Where it is something else.
    pub fn parse(text: &str, origin: &str) -> Result<Self, KeyError> {
        let bytes = BASE64.decode(text.trim()).map_err(|_| KeyError::NotAKey {
            origin: origin.to_owned(),
        })?;
        Self::from_bytes(&bytes, origin)
    }

    /// A new one that is nowhere but in memory.
    ///
    /// # Errors
    /// Where the operating system gives no random bytes.
    pub fn random() -> Result<Self, KeyError> {
        Self::parse(&random_text()?, "this process")
    }

    /// What it goes by.
    #[must_use]
    pub const fn id(&self) -> &KeyId {
        &self.id
    }

    /// Where it was found.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Nonce and cipher text; `place` must be given again to get the text back. None where the library refuses.
    pub(super) fn encrypt(&self, place: &[u8], text: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).ok()?;
        let mut sealed = text.to_vec();
        self.cipher
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(place),
                &mut sealed,
            )
            .ok()?;
        Some([&nonce[..], &sealed].concat())
    }

    /// The text; none where it was not encrypted for this place with this key.
    pub(super) fn decrypt(&self, place: &[u8], mut sealed: Vec<u8>) -> Option<Vec<u8>> {
        let nonce = Nonce::try_assume_unique_for_key(sealed.get(..NONCE_LEN)?).ok()?;
        let length = self
            .cipher
            .open_within(nonce, Aad::from(place), &mut sealed, NONCE_LEN..)
            .ok()?
            .len();
        sealed.truncate(length);
        Some(sealed)
    }
}

/// A new key as it stands in a file.
pub(super) fn random_text() -> Result<String, KeyError> {
    let mut bytes = [0; KEY_LEN];
    rand::fill(&mut bytes).map_err(|_| KeyError::NoRandom)?;
    Ok(BASE64.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_32_bytes_in_base64() {
        let text = BASE64.encode([7; KEY_LEN]);
        let key = SecretKey::parse(&format!(" {text}\n"), "a test").unwrap();
        assert_eq!(
            SecretKey::parse(text.trim_end_matches('='), "a test")
                .unwrap()
                .id(),
            key.id()
        );
        assert_ne!(SecretKey::random().unwrap().id(), key.id());
        assert_eq!(KeyId::parse(key.id().as_str()).as_ref(), Some(key.id()));
        let short = BASE64.encode([7; KEY_LEN - 1]);
        let long = BASE64.encode([7; KEY_LEN + 1]);
        for other in ["", "hunter2", &short, &long] {
            let error = SecretKey::parse(other, "the file x").unwrap_err();
            assert!(matches!(error, KeyError::NotAKey { .. }), "{other}");
            assert!(
                error
                    .to_string()
                    .starts_with("the file x holds no secret key")
            );
            assert!(!format!("{error} {error:?}").contains("hunter2"));
        }
    }

    #[test]
    fn an_id_does_not_change_and_nothing_shows_the_key() {
        let key = SecretKey::from_bytes(&[7; KEY_LEN], "a test").unwrap();
        // Stored in databases: another one would be another key to them.
        assert_eq!(key.id().as_str(), "7f313a21a565362f");
        assert_eq!(
            format!("{key:?}"),
            "SecretKey { id: KeyId(\"7f313a21a565362f\"), origin: \"a test\", .. }"
        );
        for other in ["", "0123", "0123456789abcdeg", "0123456789abcdef0"] {
            assert_eq!(KeyId::parse(other), None, "{other}");
        }
    }
}
