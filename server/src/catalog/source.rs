//! Where products come from: a bounded set of files below one root, and nothing beside it.

pub mod local;

use std::sync::Arc;

use domain::product::{Problem, Severity};

use super::yaml::{Field, MAX_BYTES, Place};

/// The files of one source. Paths are relative, with slashes, without `.` and `..`.
pub trait Files {
    /// Every file, sorted.
    fn list(&self) -> &[String];

    /// The text of a file.
    ///
    /// # Errors
    /// Where it is not there, too large, no text, or leads out of the source.
    fn read(&self, path: &str) -> Result<String, ReadError>;

    /// The absolute path of the source's root on this machine.
    fn root(&self) -> &str;
}

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is not there.
    #[error("The file '{0}' does not exist.")]
    Missing(String),
    /// A symbolic link leads out of the source.
    #[error("The file '{0}' leads out of the source.")]
    Outside(String),
    /// It is a folder or a device.
    #[error("'{0}' is not a file.")]
    NotAFile(String),
    /// It is larger than is read.
    #[error("The file '{path}' has {bytes} bytes; at most {MAX_BYTES} are read.")]
    TooLarge {
        /// The file.
        path: String,
        /// Its size.
        bytes: u64,
    },
    /// It is not UTF-8.
    #[error("The file '{path}' is not UTF-8 text.")]
    NotText {
        /// The file.
        path: String,
        /// 1-based.
        line: u32,
        /// 1-based, in characters.
        column: u32,
    },
    /// The machine refuses.
    #[error("The file '{path}' cannot be read: {source}.")]
    Io {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
}

impl ReadError {
    /// The way out.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Missing(_) => {
                "Check the name; paths start at the folder of the file that names them."
            }
            Self::Outside(_) => "Copy the file into the source.",
            Self::NotAFile(_) => "",
            Self::TooLarge { .. } => "Split it.",
            Self::NotText { .. } => "Save it as UTF-8.",
            Self::Io { .. } => "Check who owns it and who may read it.",
        }
    }

    /// As a problem of the file itself.
    #[must_use]
    pub fn problem(&self, file: &str) -> Problem {
        let (line, column) = match self {
            Self::NotText { line, column, .. } => (Some(*line), Some(*column)),
            _ => (None, None),
        };
        let hint = self.hint();
        Problem {
            severity: Severity::Error,
            file: file.to_owned(),
            line,
            column,
            field: String::new(),
            message: self.to_string(),
            hint: (!hint.is_empty()).then(|| hint.to_owned()),
        }
    }
}

/// A written path that does not stay in the source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The path '{0}' leaves the source.")]
pub struct PathEscapes(String);

/// The path of a file that is named in another: relative to `directory`, and never out of the source.
///
/// # Errors
/// Where it is absolute or climbs above the root.
pub fn resolve(directory: &str, written: &str) -> Result<String, PathEscapes> {
    let escapes = || PathEscapes(written.to_owned());
    if written.starts_with(['/', '\\', '~']) || written.contains('\0') || written.contains(":\\") {
        return Err(escapes());
    }
    let mut parts: Vec<&str> = directory
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    for part in written.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop().ok_or_else(escapes)?;
            }
            part => parts.push(part),
        }
    }
    Ok(parts.join("/"))
}

/// The folder of a file; empty at the root.
#[must_use]
pub fn directory_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// The last part of a path.
#[must_use]
pub fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// The start of a file, for what concerns it whole.
#[must_use]
pub fn start_of(file: &str) -> Place {
    Place {
        file: Arc::from(file),
        line: 1,
        column: 1,
        field: Field::default(),
    }
}

/// Files in memory.
#[cfg(test)]
pub(crate) mod memory {
    use super::*;
    use std::collections::BTreeMap;

    pub(crate) struct Memory {
        files: BTreeMap<String, String>,
        names: Vec<String>,
    }

    impl Memory {
        pub(crate) fn new(files: &[(&str, &str)]) -> Self {
            let files: BTreeMap<String, String> = files
                .iter()
                .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
                .collect();
            let names = files.keys().cloned().collect();
            Self { files, names }
        }
    }

    impl Files for Memory {
        fn list(&self) -> &[String] {
            &self.names
        }

        fn read(&self, path: &str) -> Result<String, ReadError> {
            self.files
                .get(path)
                .cloned()
                .ok_or_else(|| ReadError::Missing(path.to_owned()))
        }

        fn root(&self) -> &str {
            "/srv/catalog"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_in_the_source() {
        for (directory, written, expect) in [
            ("", "a.yaml", Some("a.yaml")),
            ("x/y", "./a.yaml", Some("x/y/a.yaml")),
            ("x/y", "../a.yaml", Some("x/a.yaml")),
            ("x", "../../a.yaml", None),
            ("", "..", None),
            ("x", "b/../../../a", None),
            ("x", "/etc/passwd", None),
            ("x", "~/a", None),
            ("x", "..\\..\\a", None),
            ("x", "C:\\a", None),
        ] {
            assert_eq!(
                resolve(directory, written).ok().as_deref(),
                expect,
                "{written}"
            );
        }
    }
}
