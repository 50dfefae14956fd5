//! Secret keys, and what a stored value becomes under one: text that tells which key it needs, and nothing else.
//!
//! Knows no table and no option: whoever stores says where a value belongs, whoever starts the program says where keys are. No key, and
//! nothing that was encrypted, is ever in an error, a log line or a `Debug`.
//!
//! The cipher is AES-256-GCM-SIV with a random nonce: should two nonces ever be equal, that tells equal values apart from others and
//! nothing more. It comes from the library that does TLS, so that the program has one provider of cryptography.

mod key;
mod key_file;
mod ring;
mod sealer;

pub use key::{KeyError, KeyId, SecretKey};
pub use key_file::{read, read_or_make};
pub use ring::KeyRing;
pub use sealer::{NotOpened, NotSealed, Place, Sealer, prefix_of};
