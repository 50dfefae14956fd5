//! A file that is there whole, or not at all: written beside its place under another name, and put there when it is on the disk.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::clock::new_id;

/// What becomes of a file that has the name already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and the new one is refused.
    Keep,
    /// The new one takes its place.
    Replace,
}

/// Why a file could not be made.
#[derive(Debug, thiserror::Error)]
pub enum NewFileError {
    /// There is one already.
    #[error("{} exists already: name another file, or replace it with --force", .0.display())]
    Exists(PathBuf),
    /// Nothing that may be replaced.
    #[error("{} is no file that could be replaced: name another one", .0.display())]
    NoFile(PathBuf),
    /// It cannot be written there.
    #[error("cannot write {}: check that its folder exists, can be written to, and has room", .0.display())]
    Write(PathBuf, #[source] io::Error),
}

/// A file that is being written. Dropped, nothing of it stays.
#[derive(Debug)]
pub struct NewFile {
    path: PathBuf,
    partial: PathBuf,
    existing: Existing,
    file: BufWriter<File>,
}

impl NewFile {
    /// Begins a file that only its owner may read.
    ///
    /// # Errors
    /// Where there is one that must stay, or the folder does not take one.
    pub fn begin(path: &Path, existing: Existing) -> Result<Self, NewFileError> {
        refuse_existing(path, existing)?;
        let mut name = OsString::from(".");
        name.push(path.file_name().unwrap_or_default());
        name.push(format!(".{}.part", new_id()));
        let partial = path.with_file_name(name);
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&partial)
            .map_err(|error| NewFileError::Write(path.to_owned(), error))?;
        Ok(Self {
            path: path.to_owned(),
            partial,
            existing,
            file: BufWriter::new(file),
        })
    }

    /// Puts it in its place, once all of it is on the disk.
    ///
    /// # Errors
    /// Where it cannot be, or another one came there meanwhile.
    pub fn commit(mut self) -> Result<(), NewFileError> {
        refuse_existing(&self.path, self.existing)?;
        self.put()
            .map_err(|error| NewFileError::Write(self.path.clone(), error))
    }

    fn put(&mut self) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        fs::rename(&self.partial, &self.path)?;
        // The name, too, must outlive a power cut.
        let folder = self.path.parent().filter(|path| *path != Path::new(""));
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

fn refuse_existing(path: &Path, existing: Existing) -> Result<(), NewFileError> {
    if path.file_name().is_none() {
        return Err(NewFileError::NoFile(path.to_owned()));
    }
    match path.metadata() {
        // A folder, a device: root could replace it.
        Ok(there) if !there.is_file() => Err(NewFileError::NoFile(path.to_owned())),
        Ok(_) if existing == Existing::Keep => Err(NewFileError::Exists(path.to_owned())),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(NewFileError::Write(path.to_owned(), error)),
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // It is gone where it was put in its place.
        let _gone = fs::remove_file(&self.partial);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn write(path: &Path, existing: Existing, text: &str) -> Result<(), NewFileError> {
        let mut file = NewFile::begin(path, existing)?;
        file.write_all(text.as_bytes()).unwrap();
        file.commit()
    }

    fn names(folder: &Path) -> Vec<String> {
        folder
            .read_dir()
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn a_file_is_there_whole_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("backup");
        let mut file = NewFile::begin(&path, Existing::Keep).unwrap();
        file.write_all(b"one").unwrap();
        assert!(!path.exists());
        file.commit().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(names(folder.path()), ["backup"]);
    }

    #[test]
    fn a_file_is_replaced_only_where_that_is_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("backup");
        write(&path, Existing::Keep, "one").unwrap();
        assert!(matches!(
            write(&path, Existing::Keep, "two"),
            Err(NewFileError::Exists(_))
        ));
        assert_eq!(fs::read(&path).unwrap(), b"one");
        write(&path, Existing::Replace, "two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");

        // One that came meanwhile stays, too.
        let other = folder.path().join("other");
        let late = NewFile::begin(&other, Existing::Keep).unwrap();
        fs::write(&other, "first").unwrap();
        assert!(matches!(late.commit(), Err(NewFileError::Exists(_))));
        assert_eq!(fs::read(&other).unwrap(), b"first");
        assert_eq!(names(folder.path()).len(), 2);
    }

    #[test]
    fn nothing_stays_of_a_file_that_was_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = NewFile::begin(&folder.path().join("backup"), Existing::Keep).unwrap();
        file.write_all(b"one").unwrap();
        drop(file);
        assert_eq!(names(folder.path()), [""; 0]);
    }

    #[test]
    fn folders_and_devices_are_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        for path in [
            folder.path(),
            Path::new("/dev/null"),
            Path::new("/"),
            Path::new(".."),
        ] {
            assert!(
                matches!(
                    NewFile::begin(path, Existing::Replace),
                    Err(NewFileError::NoFile(_))
                ),
                "{path:?}"
            );
        }
        let below = folder.path().join("missing/backup");
        assert!(matches!(
            NewFile::begin(&below, Existing::Keep),
            Err(NewFileError::Write(..))
        ));
    }
}
