//! The commands `backup` and `restore`: which database and which file they are about, and what stays where they are stopped.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, IsTerminal as _, Read, Write as _};
use std::path::{Path, PathBuf};

use super::{DataDir, DataDirError, database_url, named_database};
use crate::args::{BackupArgs, DatabaseArgs, RestoreArgs};
use crate::backup::{
    self, BackupError, Contents, Existing, NewFile, NewFileError, ReadError, Reader, RestoreError,
    Restored,
};
use crate::clock::Clock;
use crate::store::{Store, StoreError};

/// Stands for standard input and output.
const PIPE: &str = "-";

/// Why there is no backup, or nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupCommandError {
    /// The database cannot be opened.
    #[error("cannot open the database")]
    Store(#[from] StoreError),
    /// It cannot be read, or the backup not be written.
    #[error("there is no backup")]
    Backup(#[from] BackupError),
    /// The backup has no place.
    #[error(transparent)]
    File(#[from] NewFileError),
    /// It would be of no use there.
    #[error(
        "will not write a backup to a terminal: name a file with --to, or hand it on to another program"
    )]
    Terminal,
    /// Standard output is gone.
    #[error("the backup could not be written to its end")]
    Pipe(#[source] io::Error),
    /// Somebody stopped it.
    #[error("stopped by {0}: there is no backup")]
    Stopped(&'static str),
    /// There is no such file.
    #[error("cannot open the backup {}", .0.display())]
    Open(PathBuf, #[source] io::Error),
    /// It is no backup.
    #[error("cannot read the backup {}", .0.display())]
    Read(PathBuf, #[source] ReadError),
    /// The data folder cannot be used.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// Nothing was restored.
    #[error(transparent)]
    Restore(#[from] RestoreError),
}

/// Writes a backup of a database, whose servers may be running. Dropped on the way, no file stays.
///
/// # Errors
/// Where there is none then.
pub async fn back_up(args: &BackupArgs) -> Result<Contents, BackupCommandError> {
    // Before anything is done, and again when it is.
    let file = match is_pipe(&args.to) {
        true if io::stdout().is_terminal() => return Err(BackupCommandError::Terminal),
        true => None,
        false => Some(NewFile::begin(&args.to, existing(args))?),
    };
    let store = Store::open_to_dump(&url(&args.database)).await?;
    let clock = Clock::system();
    let contents = match file {
        Some(file) => {
            let (file, contents) = backup::back_up(&store, &clock, file).await?;
            file.commit()?;
            contents
        }
        None => {
            let out = BufWriter::new(io::stdout());
            let (mut out, contents) = backup::back_up(&store, &clock, out).await?;
            out.flush().map_err(BackupCommandError::Pipe)?;
            contents
        }
    };
    store.close().await;
    Ok(contents)
}

/// Fills an empty database with a backup.
///
/// # Errors
/// Where nothing was restored.
pub async fn restore(args: &RestoreArgs) -> Result<Restored, BackupCommandError> {
    let from: Box<dyn Read> = match is_pipe(&args.from) {
        true => Box::new(io::stdin()),
        false => {
            let file = File::open(&args.from)
                .map_err(|error| BackupCommandError::Open(args.from.clone(), error))?;
            Box::new(BufReader::new(file))
        }
    };
    // First: of what is no backup, no data folder stays.
    let backup =
        Reader::open(from).map_err(|error| BackupCommandError::Read(args.from.clone(), error))?;
    // The folder's own database belongs to whoever holds the folder.
    let _held = match named_database(args.database.database_url.as_deref()) {
        Some(_) => None,
        None => Some(DataDir::open(&args.database.data_dir)?),
    };
    Ok(backup::restore(&url(&args.database), &Clock::system(), backup).await?)
}

/// Whether a file is standard input or output.
#[must_use]
pub fn is_pipe(file: &Path) -> bool {
    file == Path::new(PIPE)
}

fn existing(args: &BackupArgs) -> Existing {
    match args.force {
        true => Existing::Replace,
        false => Existing::Keep,
    }
}

fn url(database: &DatabaseArgs) -> String {
    database_url(database.database_url.as_deref(), &database.data_dir)
}
