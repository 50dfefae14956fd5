//! Files as signals: whether one is there, or what stands in it.

use std::io;
use std::time::Duration;

use domain::maintenance::{FileReading, FileSource, Pattern};
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;

use super::MAX_TEXT;

/// Longest wait for a file: it may lie on a share that does not answer.
const LONGEST: Duration = Duration::from_secs(10);

/// Why a file has no value.
#[derive(Debug, thiserror::Error)]
pub enum FileFailure {
    /// It is a folder, a pipe, a device.
    #[error("{path} is not a file. Name a file in the manifest.")]
    NotAFile { path: String },
    /// It is larger than anything that is read.
    #[error("{path} is larger than {MAX_TEXT} bytes. Use a small file that holds the mode alone.")]
    TooLarge { path: String },
    /// Its bytes are no UTF-8.
    #[error("{path} does not hold text.")]
    NotText { path: String },
    /// The pattern finds nothing.
    #[error(
        "The pattern of the manifest finds nothing in {path}. Correct the file or contentPattern."
    )]
    NoMatch { path: String },
    /// The pattern does not come to an end.
    #[error(
        "The pattern of the manifest takes too long on {path}. Write a simpler contentPattern."
    )]
    PatternTooSlow { path: String },
    /// The system does not let us.
    #[error(
        "{path} cannot be read: {source}. Check its permissions and those of the folders above."
    )]
    Unreadable { path: String, source: io::Error },
    /// The system does not answer.
    #[error("{path} could not be read within {} s. Check the share that it lies on.", LONGEST.as_secs())]
    TimedOut { path: String },
}

/// The value of a file; `missing` where its text is wanted and there is none.
pub(super) async fn observe(source: &FileSource, missing: &str) -> Result<String, FileFailure> {
    let path = || source.path.clone();
    match tokio::time::timeout(LONGEST, read(source, missing)).await {
        Ok(value) => value,
        Err(_) => Err(FileFailure::TimedOut { path: path() }),
    }
}

async fn read(source: &FileSource, missing: &str) -> Result<String, FileFailure> {
    let path = || source.path.clone();
    let unreadable = |source| FileFailure::Unreadable {
        path: path(),
        source,
    };
    let there = match tokio::fs::metadata(&source.path).await {
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(unreadable(error)),
    };
    let pattern = match &source.reading {
        FileReading::Exists => return Ok(there.is_some().to_string()),
        FileReading::Content(pattern) => pattern,
    };
    let Some(metadata) = there else {
        return Ok(missing.to_owned());
    };
    // Opening a pipe would wait for whoever writes to it.
    if !metadata.is_file() {
        return Err(FileFailure::NotAFile { path: path() });
    }
    let file = match File::open(&source.path).await {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(missing.to_owned()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut bytes = Vec::new();
    let most = u64::try_from(MAX_TEXT).unwrap_or(u64::MAX);
    file.take(most + 1)
        .read_to_end(&mut bytes)
        .await
        .map_err(unreadable)?;
    if bytes.len() > MAX_TEXT {
        return Err(FileFailure::TooLarge { path: path() });
    }
    let text = String::from_utf8(bytes).map_err(|_| FileFailure::NotText { path: path() })?;
    match pattern {
        None => Ok(text.trim().to_owned()),
        Some(pattern) => found(pattern, &text, &source.path),
    }
}

fn found(pattern: &Pattern, text: &str, path: &str) -> Result<String, FileFailure> {
    let path = || path.to_owned();
    match pattern.find(text) {
        Ok(Some(value)) => Ok(value.trim().to_owned()),
        Ok(None) => Err(FileFailure::NoMatch { path: path() }),
        Err(_) => Err(FileFailure::PatternTooSlow { path: path() }),
    }
}
