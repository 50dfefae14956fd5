//! `windlass-server backup` and `restore`: everything that is remembered goes into one file, and comes back from it, on whichever of the
//! two databases.
//!
//! A backup is one moment of the database, read beside servers that go on. The file is written whole or not at all ([`NewFile`]); it is
//! read line by line and checked line by line, and nothing of it is there before the last line was right. Neither side holds more than a
//! few rows in memory. The form of the file is told in [`format`]; no key and no file of the data folder is in it.

mod format;
mod new_file;
mod reader;
mod writer;

use std::fmt;
use std::io::{Read, Write};

use domain::timestamp::Timestamp;

use crate::clock::Clock;
use crate::store::{Dump, Refill, Store, StoreError, Table, Value};

pub use format::{FORMAT, Header, TableHeader};
pub use new_file::{Existing, NewFile, NewFileError};
pub use reader::{ReadError, Reader};
pub use writer::{WriteError, Writer};

/// Rows that are added by one statement.
const ROWS_AT_ONCE: usize = 100;
/// Text that is added by one statement, in bytes; one row more may be.
const TEXT_AT_ONCE: usize = 1024 * 1024;

/// Why no backup was made.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database cannot be read.
    #[error("the database could not be read to its end")]
    Store(#[from] StoreError),
    /// The file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Why nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The backup cannot be used.
    #[error("nothing was restored")]
    Read(#[from] ReadError),
    /// The database cannot be filled.
    #[error("nothing was restored")]
    Store(#[from] StoreError),
    /// A newer version made it.
    #[error(
        "nothing was restored: Windlass {windlass} made this backup, its tables (migration {theirs}) are newer than those of this version \
         (migration {ours}). Restore it with that version or a later one"
    )]
    Newer {
        windlass: String,
        theirs: i64,
        ours: i64,
    },
    /// It claims to be of a version whose tables are others.
    #[error(
        "nothing was restored: the backup says that it has the tables of migration {schema}, but its table {table} is not one of those. \
         It was changed, or made by a version that was never released"
    )]
    OtherTables { schema: i64, table: String },
}

/// What a backup holds, and of when it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    pub tables: usize,
    pub rows: u64,
    pub created_at: Timestamp,
    pub windlass: String,
}

impl fmt::Display for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} rows of {} tables, as they were at {}",
            self.rows, self.tables, self.created_at
        )
    }
}

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    pub contents: Contents,
    /// Operations that had not ended.
    pub active: u64,
}

impl fmt::Display for Restored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "Restored {}, from Windlass {}.",
            self.contents, self.contents.windlass
        )?;
        if self.active > 0 {
            writeln!(
                f,
                "Operations that had not ended: {}. The first server that starts begins those that wait, and ends those that were in the \
                 middle without an act on an engine.",
                self.active
            )?;
        }
        write!(
            f,
            "Start a server on it, then let `windlass-server doctor` compare it with the engines."
        )
    }
}

/// Writes everything that a store holds now. Gives back where it was written to, not flushed to any disk.
///
/// # Errors
/// Where the store or the writer fails; what was written then is no backup, and is recognised as none.
pub async fn back_up<W: Write>(
    store: &Store,
    clock: &Clock,
    to: W,
) -> Result<(W, Contents), BackupError> {
    let mut dump = store.dump().await?;
    let header = header(store, &mut dump, clock.now()).await?;
    let mut writer = Writer::begin(to, &header)?;
    for table in dump.tables().to_vec() {
        writer.table(&table.name)?;
        dump.rows(&table, |row| writer.row(row).map_err(BackupError::from))
            .await?;
    }
    let to = writer.end()?;
    Ok((to, contents(&header)))
}

async fn header(store: &Store, dump: &mut Dump, now: Timestamp) -> Result<Header, StoreError> {
    let mut tables = Vec::new();
    for table in dump.tables().to_vec() {
        tables.push(TableHeader {
            rows: dump.count(&table).await?,
            name: table.name,
            columns: table.columns,
        });
    }
    Ok(Header {
        windlass_backup: FORMAT,
        windlass: env!("CARGO_PKG_VERSION").to_owned(),
        schema: dump.schema(),
        created_at: now,
        database: store.database().to_owned(),
        tables,
    })
}

/// Fills the empty database at that address with what a backup holds.
///
/// # Errors
/// Where the backup is not whole, or the database not empty. Nothing was restored then.
pub async fn restore<R: Read>(
    url: &str,
    clock: &Clock,
    backup: Reader<R>,
) -> Result<Restored, RestoreError> {
    let header = backup.header().clone();
    if header.schema > Store::newest_schema() {
        return Err(RestoreError::Newer {
            windlass: header.windlass,
            theirs: header.schema,
            ours: Store::newest_schema(),
        });
    }
    let mut refill = Refill::begin(url, header.schema).await?;
    if let Err(error) = fill(&mut refill, backup, &header).await {
        refill.abandon().await;
        return Err(error);
    }
    let active = refill.commit(clock.now()).await?;
    Ok(Restored {
        contents: contents(&header),
        active,
    })
}

async fn fill<R: Read>(
    refill: &mut Refill,
    mut backup: Reader<R>,
    header: &Header,
) -> Result<(), RestoreError> {
    let known = refill.tables().to_vec();
    let tables = matching(&known, header)?;
    for (table, described) in tables.into_iter().zip(&header.tables) {
        backup.table(&table.name)?;
        let mut rows = Vec::new();
        let mut text = 0;
        for _ in 0..described.rows {
            let row = backup.row(&table.columns)?;
            text += text_in(&row);
            rows.push(row);
            if rows.len() >= ROWS_AT_ONCE || text >= TEXT_AT_ONCE {
                refill.add(table, &rows).await?;
                rows.clear();
                text = 0;
            }
        }
        refill.add(table, &rows).await?;
    }
    backup.end()?;
    Ok(())
}

/// The table for each one of the backup: all of the version that made it, each as it was then, and no other.
fn matching<'t>(known: &'t [Table], header: &Header) -> Result<Vec<&'t Table>, RestoreError> {
    let other = |table: &str| RestoreError::OtherTables {
        schema: header.schema,
        table: table.to_owned(),
    };
    let mut found: Vec<&Table> = Vec::new();
    for described in &header.tables {
        let table = known
            .iter()
            .find(|table| table.name == described.name && table.columns == described.columns)
            .filter(|table| !found.contains(table))
            .ok_or_else(|| other(&described.name))?;
        found.push(table);
    }
    match known.iter().find(|table| !found.contains(table)) {
        Some(missing) => Err(other(&missing.name)),
        None => Ok(found),
    }
}

fn text_in(row: &[Value]) -> usize {
    row.iter()
        .map(|value| match value {
            Value::Text(text) => text.len(),
            _ => 0,
        })
        .sum()
}

fn contents(header: &Header) -> Contents {
    Contents {
        tables: header.tables.len(),
        rows: header.tables.iter().map(|table| table.rows).sum(),
        created_at: header.created_at,
        windlass: header.windlass.clone(),
    }
}
