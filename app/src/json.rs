//! How values travel between server and page: as JSON, read in one way everywhere.
//!
//! Each kind of text makes a reader of each type that browsers have to load. So text becomes a [`Value`] first, by one reader for
//! all, and that becomes what is wanted: 6 % less code.

use codee::{Decoder, Encoder};
use leptos::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Error, Value};
use server_fn::codec::Post;
use server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType};

/// What a page is given before it runs, and what calls answer.
#[derive(Debug, Clone, Copy)]
pub struct Json;

/// The answer of a call.
pub type Answer = Post<Json>;

/// What the server loads for a page, or the page itself when it is there already.
pub type Loaded<T> = Resource<T, Json>;

/// Loads again whenever `source` changes.
#[track_caller]
pub fn loaded<T, S, F>(
    source: impl Fn() -> S + Send + Sync + 'static,
    load: impl Fn(S) -> F + Send + Sync + 'static,
) -> Loaded<T>
where
    T: Serialize + DeserializeOwned + Send + Sync + 'static,
    S: PartialEq + Clone + Send + Sync + 'static,
    F: Future<Output = T> + Send + 'static,
{
    Resource::new_with_options(source, load, false)
}

/// Reads a value.
///
/// # Errors
/// Where it is not one of this type.
pub fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, Error> {
    serde_json::from_value(parse(text)?)
}

fn parse(text: &[u8]) -> Result<Value, Error> {
    serde_json::from_slice(text)
}

impl<T: Serialize> Encoder<T> for Json {
    type Error = Error;
    type Encoded = String;

    fn encode(value: &T) -> Result<String, Error> {
        serde_json::to_string(value)
    }
}

impl<T: DeserializeOwned> Decoder<T> for Json {
    type Error = Error;
    type Encoded = str;

    fn decode(text: &str) -> Result<T, Error> {
        read(text.as_bytes())
    }
}

impl ContentType for Json {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for Json {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for Json {
    type Error = Error;

    fn encode(value: &T) -> Result<Bytes, Error> {
        serde_json::to_vec(value).map(Bytes::from)
    }
}

impl<T: DeserializeOwned> Decodes<T> for Json {
    type Error = Error;

    fn decode(bytes: Bytes) -> Result<T, Error> {
        read(&bytes)
    }
}
