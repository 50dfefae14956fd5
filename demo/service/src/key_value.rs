//! The store's state: names and values in memory, and one file that always holds the last answer
//! given.
//!
//! A change is written whole to a temporary file, synced, renamed over the old one, and the folder
//! is synced too, before the change counts. So a kill at any instant leaves the old state or the
//! new one. A file that cannot be read in full stops the start: an empty store must never pass for
//! the real one.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The state's file inside the data folder.
const FILE_NAME: &str = "store.txt";
const TEMPORARY_NAME: &str = "store.txt.new";
/// First line of the file.
const FORMAT: &str = "demo-store 1";
/// Most names in one store.
const MAX_NAMES: usize = 1_000;
/// Most characters of a name.
const MAX_NAME: usize = 128;
/// Most bytes of a value.
const MAX_VALUE: usize = 64 * 1024;

/// Names and values with a file behind them.
#[derive(Debug)]
pub(crate) struct KeyValue {
    folder: PathBuf,
    state: State,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct State {
    starts: u64,
    values: BTreeMap<String, Vec<u8>>,
}

/// What went wrong with the state or with a request to change it.
#[derive(Debug)]
pub(crate) enum KeyValueError {
    CreateFolder { path: PathBuf, source: io::Error },
    Read { path: PathBuf, source: io::Error },
    Corrupt { path: PathBuf, line: usize },
    Write { path: PathBuf, source: io::Error },
    BadName,
    ValueTooLarge,
    Full,
}

impl std::fmt::Display for KeyValueError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::CreateFolder { path, source } => {
                write!(
                    f,
                    "cannot create the data folder {}: {source}",
                    path.display()
                )
            }
            Self::Read { path, source } => write!(f, "cannot read {}: {source}", path.display()),
            Self::Corrupt { path, line } => write!(
                f,
                "{} is damaged at line {line}; restore it, or remove it to start empty",
                path.display()
            ),
            Self::Write { path, source } => write!(f, "cannot write {}: {source}", path.display()),
            Self::BadName => {
                f.write_str("a name has 1 to 128 letters, digits, dots, dashes or underscores")
            }
            Self::ValueTooLarge => f.write_str("a value has at most 64 KiB"),
            Self::Full => f.write_str("the store holds 1000 names already"),
        }
    }
}

impl KeyValue {
    /// Opens the state in `folder` and counts this start.
    pub(crate) fn open(folder: &Path) -> Result<Self, KeyValueError> {
        fs::create_dir_all(folder).map_err(|source| KeyValueError::CreateFolder {
            path: folder.to_owned(),
            source,
        })?;
        let path = folder.join(FILE_NAME);
        let mut state = match fs::read(&path) {
            Ok(bytes) => State::decode(&bytes).map_err(|line| KeyValueError::Corrupt {
                path: path.clone(),
                line,
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => State::default(),
            Err(source) => return Err(KeyValueError::Read { path, source }),
        };
        state.starts += 1;
        let mut store = Self {
            folder: folder.to_owned(),
            state: State::default(),
        };
        store.replace(state)?;
        Ok(store)
    }

    /// How often this state was opened, this time included.
    pub(crate) fn starts(&self) -> u64 {
        self.state.starts
    }

    /// How many names have a value.
    pub(crate) fn len(&self) -> usize {
        self.state.values.len()
    }

    /// The value of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&[u8]> {
        self.state.values.get(name).map(Vec::as_slice)
    }

    /// Sets a value; returns once it is on the disk, and tells whether the name is new.
    pub(crate) fn put(&mut self, name: &str, value: &[u8]) -> Result<bool, KeyValueError> {
        check_name(name)?;
        if value.len() > MAX_VALUE {
            return Err(KeyValueError::ValueTooLarge);
        }
        let mut next = self.state.clone();
        let is_new = next
            .values
            .insert(name.to_owned(), value.to_owned())
            .is_none();
        if next.values.len() > MAX_NAMES {
            return Err(KeyValueError::Full);
        }
        self.replace(next)?;
        Ok(is_new)
    }

    fn replace(&mut self, next: State) -> Result<(), KeyValueError> {
        write_durably(&self.folder, &next.encode()).map_err(|source| KeyValueError::Write {
            path: self.folder.join(FILE_NAME),
            source,
        })?;
        self.state = next;
        Ok(())
    }
}

fn write_durably(folder: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = folder.join(TEMPORARY_NAME);
    let mut file = File::create(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, folder.join(FILE_NAME))?;
    // The rename itself is an entry of the folder, and only the folder's sync makes that last.
    File::open(folder)?.sync_all()
}

fn check_name(name: &str) -> Result<(), KeyValueError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(allowed) {
        return Err(KeyValueError::BadName);
    }
    Ok(())
}

impl State {
    /// One line an entry; values in hexadecimal; the last line tells that nothing is missing.
    fn encode(&self) -> Vec<u8> {
        let mut text = format!("{FORMAT}\nstarts {}\n", self.starts);
        for (name, value) in &self.values {
            text.push_str("value ");
            text.push_str(name);
            text.push(' ');
            for byte in value {
                text.push(char::from(b"0123456789abcdef"[usize::from(byte >> 4)]));
                text.push(char::from(b"0123456789abcdef"[usize::from(byte & 15)]));
            }
            text.push('\n');
        }
        text.push_str(&format!("end {}\n", self.values.len()));
        text.into_bytes()
    }

    /// The state in these bytes, or the number of the first line that is wrong.
    fn decode(bytes: &[u8]) -> Result<Self, usize> {
        let text = std::str::from_utf8(bytes).map_err(|_| 1_usize)?;
        let mut lines = text
            .split('\n')
            .enumerate()
            .map(|(index, line)| (index + 1, line));
        let mut next = || lines.next().unwrap_or((0, ""));
        let (number, line) = next();
        if line != FORMAT {
            return Err(number);
        }
        let (number, line) = next();
        let starts = line
            .strip_prefix("starts ")
            .and_then(|count| count.parse().ok());
        let mut state = Self {
            starts: starts.ok_or(number)?,
            ..Self::default()
        };
        loop {
            let (number, line) = next();
            if let Some(entry) = line.strip_prefix("value ") {
                let (name, value) = entry.split_once(' ').ok_or(number)?;
                let value = decode_hexadecimal(value).ok_or(number)?;
                if check_name(name).is_err()
                    || state.values.insert(name.to_owned(), value).is_some()
                {
                    return Err(number);
                }
            } else if line == format!("end {}", state.values.len()) && next().1.is_empty() {
                return Ok(state);
            } else {
                return Err(number);
            }
        }
    }
}

fn decode_hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    fn open(folder: &tempfile::TempDir) -> KeyValue {
        KeyValue::open(folder.path()).expect("a store")
    }

    #[test]
    fn what_was_put_is_there_after_a_restart_and_starts_are_counted() {
        let folder = folder();
        let mut store = open(&folder);
        assert_eq!(store.starts(), 1);
        assert!(store.put("schema-version", b"3").expect("put"));
        assert!(!store.put("schema-version", b"4").expect("put"));
        assert!(store.put("bytes", &[0, 10, 13, 255]).expect("put"));
        assert!(store.put("empty", b"").expect("put"));
        drop(store);

        let store = open(&folder);
        assert_eq!(store.starts(), 2);
        assert_eq!(store.len(), 3);
        assert_eq!(store.get("schema-version"), Some(b"4".as_slice()));
        assert_eq!(store.get("bytes"), Some([0, 10, 13, 255].as_slice()));
        assert_eq!(store.get("empty"), Some(b"".as_slice()));
        assert_eq!(store.get("other"), None);
    }

    #[test]
    fn a_crash_before_the_rename_leaves_the_old_state() {
        let folder = folder();
        open(&folder).put("a", b"old").expect("put");
        fs::write(
            folder.path().join(TEMPORARY_NAME),
            b"demo-store 1\nstarts 9\nval",
        )
        .expect("write");
        let mut store = open(&folder);
        assert_eq!(
            (store.get("a"), store.starts()),
            (Some(b"old".as_slice()), 2)
        );
        store
            .put("a", b"new")
            .expect("a left-over file is no obstacle");
        assert!(!folder.path().join(TEMPORARY_NAME).exists());
    }

    #[test]
    fn a_write_that_fails_changes_nothing() {
        let folder = folder();
        let mut store = open(&folder);
        store.put("a", b"old").expect("put");
        // A folder in the temporary file's place makes the write fail, for root as well.
        fs::create_dir(folder.path().join(TEMPORARY_NAME)).expect("a folder");
        assert!(matches!(
            store.put("a", b"new"),
            Err(KeyValueError::Write { .. })
        ));
        assert_eq!(store.get("a"), Some(b"old".as_slice()));
        fs::remove_dir(folder.path().join(TEMPORARY_NAME)).expect("removed");
        assert_eq!(open(&folder).get("a"), Some(b"old".as_slice()));
    }

    #[test]
    fn every_truncated_file_is_refused_and_left_as_it_is() {
        let folder = folder();
        let mut store = open(&folder);
        store.put("a", b"1").expect("put");
        store.put("b", b"22").expect("put");
        let path = folder.path().join(FILE_NAME);
        let whole = fs::read(&path).expect("the file");
        for length in 0..whole.len() {
            fs::write(&path, &whole[..length]).expect("write");
            let opened = KeyValue::open(folder.path());
            if length == whole.len() - 1 {
                // Only the last line break is missing: nothing of the state is.
                assert_eq!(opened.expect("a store").len(), 2);
            } else {
                assert!(
                    matches!(opened, Err(KeyValueError::Corrupt { .. })),
                    "{length} bytes"
                );
                assert_eq!(fs::read(&path).expect("the file"), &whole[..length]);
            }
        }
    }

    #[test]
    fn damage_is_named_with_its_line() {
        let check = |text: &str, line: usize| {
            assert_eq!(State::decode(text.as_bytes()), Err(line), "{text:?}");
        };
        check("demo-store 2\n", 1);
        check("demo-store 1\nstarts x\n", 2);
        check("demo-store 1\nstarts 1\nvalue a 0\nend 1\n", 3);
        check("demo-store 1\nstarts 1\nvalue a zz\nend 1\n", 3);
        check("demo-store 1\nstarts 1\nvalue a 00\nvalue a 01\nend 1\n", 4);
        check("demo-store 1\nstarts 1\nvalue a 00\nend 2\n", 4);
        check("demo-store 1\nstarts 1\nend 0\nvalue a 00\n", 3);
    }

    #[test]
    fn limits_hold() {
        let folder = folder();
        let mut store = open(&folder);
        for name in ["", "a/b", "a b", "ü", &"n".repeat(MAX_NAME + 1)] {
            assert!(
                matches!(store.put(name, b""), Err(KeyValueError::BadName)),
                "{name:?}"
            );
        }
        store
            .put(&"n".repeat(MAX_NAME), &vec![0; MAX_VALUE])
            .expect("the largest of both");
        let larger = vec![0; MAX_VALUE + 1];
        assert!(matches!(
            store.put("a", &larger),
            Err(KeyValueError::ValueTooLarge)
        ));
        while store.state.values.len() < MAX_NAMES {
            let name = format!("name-{}", store.len());
            store.state.values.insert(name, Vec::new());
        }
        assert!(matches!(
            store.put("one-more", b""),
            Err(KeyValueError::Full)
        ));
        store
            .put("name-1", b"known names may still change")
            .expect("put");
    }
}
