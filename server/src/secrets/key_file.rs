//! Keys in files: read only where nobody else may read them, and made so that they are there before anything is encrypted with them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::key::{KeyError, SecretKey, random_text};

/// No key file is longer.
const LONGEST: u64 = 1024;
/// What others may do with a file.
const OTHERS: u32 = 0o077;

/// The key in a file.
///
/// # Errors
/// Where there is no file, others may read it, or it holds something else.
pub fn read(path: &Path) -> Result<SecretKey, KeyError> {
    read_if_there(path)?.ok_or_else(|| KeyError::NoFile {
        path: path.to_owned(),
    })
}

/// The key in a file, which is made where it is missing.
///
/// # Errors
/// As [`read`], or where it cannot be made.
pub fn read_or_make(path: &Path) -> Result<SecretKey, KeyError> {
    match read_if_there(path)? {
        Some(key) => Ok(key),
        None => make(path),
    }
}

/// The key in a file; none where there is no file.
pub(super) fn read_if_there(path: &Path) -> Result<Option<SecretKey>, KeyError> {
    let failed = |source| KeyError::Read {
        path: path.to_owned(),
        source,
    };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mode = file.metadata().map_err(failed)?.mode() & 0o7777;
    if mode & OTHERS != 0 {
        return Err(KeyError::Exposed {
            path: path.to_owned(),
            mode,
        });
    }
    let mut text = Vec::new();
    file.take(LONGEST).read_to_end(&mut text).map_err(failed)?;
    SecretKey::parse(&String::from_utf8_lossy(&text), &origin(path)).map(Some)
}

fn make(path: &Path) -> Result<SecretKey, KeyError> {
    let text = random_text()?;
    write(path, &text).map_err(|source| KeyError::Make {
        path: path.to_owned(),
        source,
    })?;
    SecretKey::parse(&text, &origin(path))
}

/// Whole or not at all, and still there after a power cut.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    // What a process left here that died in the middle was never used.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    match path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        Some(folder) => File::open(folder)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}

fn origin(path: &Path) -> String {
    format!("the file {}", path.display())
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_key_that_is_made_is_for_its_owner_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        assert!(read_if_there(&path).unwrap().is_none());
        assert!(matches!(read(&path), Err(KeyError::NoFile { .. })));
        // Left by one that died.
        fs::write(folder.path().join("secret.key.new"), "half").unwrap();
        let made = read_or_make(&path).unwrap();
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
        assert_eq!(folder.path().read_dir().unwrap().count(), 1);
        assert_eq!(read_or_make(&path).unwrap().id(), made.id());
        assert_eq!(read(&path).unwrap().id(), made.id());
        assert_eq!(made.origin(), format!("the file {}", path.display()));
    }

    #[test]
    fn a_key_that_others_may_read_is_refused_with_the_way_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        read_or_make(&path).unwrap();
        for (mode, refused) in [
            (0o644, true),
            (0o640, true),
            (0o604, true),
            (0o660, true),
            (0o600, false),
            (0o400, false),
        ] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            match read(&path) {
                Ok(_) => assert!(!refused, "{mode:o}"),
                Err(error) => {
                    assert!(refused, "{mode:o}: {error}");
                    let said = error.to_string();
                    assert!(said.contains(&format!("mode {mode:04o}")), "{said}");
                    let way = format!("chmod 600 {}", path.display());
                    assert!(said.contains(&way), "{said}");
                }
            }
        }
    }

    #[test]
    fn what_is_no_key_is_not_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        write(&path, "hunter2").unwrap();
        let error = read_or_make(&path).unwrap_err();
        assert!(matches!(error, KeyError::NotAKey { .. }), "{error:?}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
