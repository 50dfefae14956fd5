//! A folder of this machine. Walked with bounds; a link never leads out of it.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use domain::product::{Problem, Severity};

use super::{Files, ReadError, start_of};
use crate::catalog::yaml::MAX_BYTES;

/// Deepest folder below the root.
pub const MAX_FOLDERS_DEEP: usize = 12;
/// Most entries of one source, folders included.
pub const MAX_ENTRIES: usize = 20_000;

/// What changed when this changes: names, sizes and times of every file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint(Vec<(String, u64, Option<SystemTime>)>);

/// A folder as it was when it was walked.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
    root_text: String,
    names: Vec<String>,
    fingerprint: Fingerprint,
    problems: Vec<Problem>,
}

impl Folder {
    /// Walks a folder.
    ///
    /// # Errors
    /// Where the folder itself cannot be opened.
    pub fn open(path: &Path) -> Result<Self, Problem> {
        let refuse = |message: String| {
            let hint = "Check the path of the source, and who may read it.";
            Problem {
                line: None,
                column: None,
                ..start_of("").error(message, hint)
            }
        };
        let root = path.canonicalize().map_err(|error| {
            refuse(format!(
                "The folder '{}' cannot be opened: {error}.",
                path.display()
            ))
        })?;
        if !root.is_dir() {
            return Err(refuse(format!("'{}' is not a folder.", path.display())));
        }
        let Some(root_text) = root.to_str().map(str::to_owned) else {
            return Err(refuse(format!(
                "The path '{}' is not UTF-8.",
                path.display()
            )));
        };
        let mut folder = Self {
            root,
            root_text,
            names: Vec::new(),
            fingerprint: Fingerprint(Vec::new()),
            problems: Vec::new(),
        };
        folder.walk();
        Ok(folder)
    }

    /// For telling whether anything changed.
    #[must_use]
    pub const fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// What could not be walked.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn problem(&mut self, severity: Severity, file: &str, message: String, hint: &str) {
        self.problems.push(Problem {
            line: None,
            column: None,
            ..start_of(file).problem(severity, message, hint)
        });
    }

    fn walk(&mut self) {
        let mut seen = 0_usize;
        let mut open = vec![(String::new(), 0_usize)];
        while let Some((folder, depth)) = open.pop() {
            let entries = match fs::read_dir(self.root.join(&folder)) {
                Ok(entries) => entries,
                Err(error) => {
                    let message = format!("The folder cannot be read: {error}.");
                    self.problem(Severity::Error, &folder, message, "Check who may read it.");
                    continue;
                }
            };
            for entry in entries {
                seen += 1;
                if seen > MAX_ENTRIES {
                    let message = format!(
                        "The source has more than {MAX_ENTRIES} files; the rest is not read."
                    );
                    self.problem(
                        Severity::Error,
                        &folder,
                        message,
                        "Choose a smaller folder.",
                    );
                    open.clear();
                    break;
                }
                let entry = match entry {
                    Ok(entry) => entry,
                    Err(error) => {
                        let message = format!("The folder cannot be read: {error}.");
                        self.problem(Severity::Error, &folder, message, "");
                        continue;
                    }
                };
                let name = entry.file_name();
                let Some(name) = name.to_str() else {
                    let message = format!("The name '{}' is not UTF-8.", name.display());
                    self.problem(Severity::Warning, &folder, message, "Rename the file.");
                    continue;
                };
                let path = if folder.is_empty() {
                    name.to_owned()
                } else {
                    format!("{folder}/{name}")
                };
                self.entry(&entry, path, name, depth, &mut open);
            }
        }
        self.names.sort();
        self.fingerprint.0.sort();
    }

    fn entry(
        &mut self,
        entry: &fs::DirEntry,
        path: String,
        name: &str,
        depth: usize,
        open: &mut Vec<(String, usize)>,
    ) {
        let linked = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        // Follows links; a link that leads nowhere is only a problem for the file that names it.
        let Ok(meta) = fs::metadata(entry.path()) else {
            return;
        };
        if meta.is_dir() {
            // Hidden folders belong to tools (.git), not to the catalog.
            if name.starts_with('.') {
                return;
            }
            if linked {
                let message = "A link to a folder is not followed.".to_owned();
                self.problem(
                    Severity::Warning,
                    &path,
                    message,
                    "Copy the folder, or make it a source of its own.",
                );
            } else if depth >= MAX_FOLDERS_DEEP {
                let message = format!("Folders deeper than {MAX_FOLDERS_DEEP} are not read.");
                self.problem(Severity::Warning, &path, message, "");
            } else {
                open.push((path, depth + 1));
            }
        } else if meta.is_file() {
            self.fingerprint
                .0
                .push((path.clone(), meta.len(), meta.modified().ok()));
            self.names.push(path);
        }
    }
}

impl Files for Folder {
    fn list(&self) -> &[String] {
        &self.names
    }

    fn read(&self, path: &str) -> Result<String, ReadError> {
        let io = |source: std::io::Error| match source.kind() {
            std::io::ErrorKind::NotFound => ReadError::Missing(path.to_owned()),
            _ => ReadError::Io {
                path: path.to_owned(),
                source,
            },
        };
        let real = self.root.join(path).canonicalize().map_err(io)?;
        if !real.starts_with(&self.root) {
            return Err(ReadError::Outside(path.to_owned()));
        }
        // Looked at before it is opened: opening a pipe would wait for a writer.
        if !fs::metadata(&real).map_err(io)?.is_file() {
            return Err(ReadError::NotAFile(path.to_owned()));
        }
        let file = fs::File::open(&real).map_err(io)?;
        let mut bytes = Vec::new();
        let limit = MAX_BYTES as u64;
        file.take(limit + 1).read_to_end(&mut bytes).map_err(io)?;
        if bytes.len() > MAX_BYTES {
            let bytes = fs::metadata(&real).map_or(limit + 1, |meta| meta.len());
            return Err(ReadError::TooLarge {
                path: path.to_owned(),
                bytes,
            });
        }
        String::from_utf8(bytes).map_err(|error| {
            let good = error.utf8_error().valid_up_to();
            let before = String::from_utf8_lossy(&error.as_bytes()[..good]).into_owned();
            let last = before.rsplit('\n').next().unwrap_or_default();
            ReadError::NotText {
                path: path.to_owned(),
                line: u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX),
                column: u32::try_from(last.chars().count() + 1).unwrap_or(u32::MAX),
            }
        })
    }

    fn root(&self) -> &str {
        &self.root_text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_never_leave_the_source() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("secret.yaml"), "a: 1").unwrap();
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("sub")).unwrap();
        fs::write(dir.path().join("sub/in.yaml"), "a: 1").unwrap();
        std::os::unix::fs::symlink(
            outside.path().join("secret.yaml"),
            dir.path().join("out.yaml"),
        )
        .unwrap();
        std::os::unix::fs::symlink("sub/in.yaml", dir.path().join("good.yaml")).unwrap();
        std::os::unix::fs::symlink(outside.path(), dir.path().join("folder")).unwrap();
        std::os::unix::fs::symlink("..", dir.path().join("sub/up")).unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        assert_eq!(folder.list(), ["good.yaml", "out.yaml", "sub/in.yaml"]);
        assert!(matches!(
            folder.read("out.yaml"),
            Err(ReadError::Outside(_))
        ));
        assert!(matches!(
            folder.read("folder/secret.yaml"),
            Err(ReadError::Outside(_))
        ));
        assert!(matches!(folder.read("sub"), Err(ReadError::NotAFile(_))));
        assert!(matches!(folder.read("none"), Err(ReadError::Missing(_))));
        assert_eq!(folder.read("good.yaml").unwrap(), "a: 1");
        let named: Vec<&str> = folder.problems().iter().map(|p| p.file.as_str()).collect();
        assert_eq!(named.len(), 2, "{named:?}");
    }

    #[test]
    fn broken_text_and_large_files_are_named() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("bad.yaml"), b"a: 1\nb: \xff\xfe\n").unwrap();
        fs::write(dir.path().join("big.yaml"), vec![b' '; MAX_BYTES + 1]).unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        let problem = folder.read("bad.yaml").unwrap_err().problem("bad.yaml");
        assert_eq!((problem.line, problem.column), (Some(2), Some(4)));
        assert!(
            matches!(folder.read("big.yaml"), Err(ReadError::TooLarge { bytes, .. }) if bytes == MAX_BYTES as u64 + 1)
        );
        let missing = Folder::open(&dir.path().join("none")).unwrap_err();
        assert!(missing.message.contains("cannot be opened"), "{missing}");
    }
}
