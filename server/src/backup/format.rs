//! The form of a backup: lines of JSON, packed by gzip, so `zcat FILE | head` shows what it is.
//!
//! ```text
//! {"windlassBackup":1,"windlass":"0.1.0","schema":4,"createdAt":"2026-11-26T07:51:38.000Z","database":"SQLite","tables":[
//!     {"name":"environments","rows":1,"columns":[{"name":"id","type":"TEXT"},{"name":"is_default","type":"BIGINT"}]},…]}
//! {"table":"environments"}
//! ["01a2…",1]
//! {"table":"product_deployments"}
//! …
//! {"windlassBackupEnd":{"rows":1,"sha256":"…"}}
//! ```
//!
//! - The first line says everything about the rest: `windlassBackup` is the version of this form, `schema` the last migration that the
//!   tables had. A table stands after those that its rows refer to.
//! - Each table begins with its name. Its rows follow, as many as the first line says, with a value for each column: text, a whole
//!   number, or null. A `DOUBLE PRECISION` is text, so that it comes back bit by bit.
//! - The last line has the number of all rows and the SHA-256 of all lines before it, line ends included. A backup without it was cut off.
//!
//! Whatever cannot be read by this version needs another number of the form. New tables and columns do not: they belong to a migration.

use domain::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

use crate::store::Column;

/// The version of the form that is written, and the newest that is read.
pub const FORMAT: u32 = 1;
/// Longest line. A row is bounded by what its writers accept, far below.
pub(super) const LONGEST_LINE: usize = 256 * 1024 * 1024;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    /// [`FORMAT`] of whoever wrote it.
    pub windlass_backup: u32,
    /// Which version of Windlass that was.
    pub windlass: String,
    /// The last migration that the tables had.
    pub schema: i64,
    pub created_at: Timestamp,
    /// Where it comes from; it may go to another one.
    pub database: String,
    /// In the order in which they follow.
    pub tables: Vec<TableHeader>,
}

/// What the first line says of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableHeader {
    pub name: String,
    pub rows: u64,
    pub columns: Vec<Column>,
}

/// As much of the first line as every version has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AnyHeader {
    pub(super) windlass_backup: u32,
    #[serde(default)]
    pub(super) windlass: String,
}

/// The line before the rows of a table.
#[derive(Serialize, Deserialize)]
pub(super) struct TableLine {
    pub(super) table: String,
}

/// The last line.
#[derive(Serialize, Deserialize)]
pub(super) struct EndLine {
    #[serde(rename = "windlassBackupEnd")]
    pub(super) end: End,
}

/// What the last line says of all others.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct End {
    pub(super) rows: u64,
    pub(super) sha256: String,
}

impl End {
    pub(super) fn new(rows: u64, digest: sha2::Sha256) -> Self {
        use sha2::Digest as _;
        use std::fmt::Write as _;

        let mut sha256 = String::new();
        for byte in digest.finalize() {
            // Writing to a string does not fail.
            let _written = write!(sha256, "{byte:02x}");
        }
        Self { rows, sha256 }
    }
}
