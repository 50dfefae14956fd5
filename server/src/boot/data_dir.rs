//! The data folder: belongs to one process at a time, and remembers which node of Windlass this is.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::clock::new_id;

/// Why the data folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// It cannot be made.
    #[error("cannot make the data folder {}; name another one with --data-dir", .0.display())]
    Make(PathBuf, #[source] io::Error),
    /// Another process works in it.
    #[error("the data folder {} is used by another windlass-server; stop that one, or name another folder with --data-dir", .0.display())]
    Taken(PathBuf),
    /// A file in it cannot be read or written.
    #[error("cannot read or write {}", .0.display())]
    Use(PathBuf, #[source] io::Error),
}

/// The folder, locked until this is dropped.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    node: String,
    _lock: File,
}

impl DataDir {
    /// Makes the folder where it is missing (readable by its owner only) and locks it.
    ///
    /// # Errors
    /// Where another process holds it, or the file system says no.
    pub fn open(path: &Path) -> Result<Self, DataDirError> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(|error| DataDirError::Make(path.to_path_buf(), error))?;
        let path = path
            .canonicalize()
            .map_err(|error| DataDirError::Make(path.to_path_buf(), error))?;
        let lock_file = path.join("lock");
        let using = |file: &Path| {
            let file = file.to_path_buf();
            |error| DataDirError::Use(file, error)
        };
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&lock_file)
            .map_err(using(&lock_file))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(DataDirError::Taken(path)),
            Err(TryLockError::Error(error)) => return Err(using(&lock_file)(error)),
        }
        let node_file = path.join("node-id");
        let node = match fs::read_to_string(&node_file) {
            Ok(node) if !node.trim().is_empty() => node.trim().to_owned(),
            Ok(_) => write_node(&node_file).map_err(using(&node_file))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                write_node(&node_file).map_err(using(&node_file))?
            }
            Err(error) => return Err(using(&node_file)(error)),
        };
        Ok(Self {
            path,
            node,
            _lock: lock,
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Which node this is; the same at every start.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.node
    }
}

fn write_node(file: &Path) -> io::Result<String> {
    let node = new_id().to_string();
    fs::write(file, &node)?;
    Ok(node)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_at_a_time_and_the_same_node_every_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        let first = DataDir::open(&path).unwrap();
        let node = first.node().to_owned();
        assert!(matches!(DataDir::open(&path), Err(DataDirError::Taken(_))));
        drop(first);
        assert_eq!(DataDir::open(&path).unwrap().node(), node);
    }
}
