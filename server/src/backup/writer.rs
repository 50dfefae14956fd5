//! Writes the lines of a backup, packed, to wherever they shall go.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::format::{End, EndLine, Header, LONGEST_LINE, TableLine};
use crate::store::Value;

/// Why a line was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// There is no room, or whoever reads has gone.
    #[error("the backup could not be written to its end")]
    Write(#[from] io::Error),
    /// A backup with it could not be read.
    #[error("a row of the table {table} is longer than a backup can hold ({} MiB)", LONGEST_LINE / (1024 * 1024))]
    TooLong { table: String },
    /// Not a failure of the file.
    #[error("a line of the backup has no JSON form")]
    Form(#[source] serde_json::Error),
}

/// Writes one backup: a header, then each table with its rows, then the end.
pub struct Writer<W: Write> {
    to: GzEncoder<W>,
    digest: Sha256,
    rows: u64,
    table: String,
    line: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// Begins with the first line.
    ///
    /// # Errors
    /// Where it cannot be written; so everywhere here.
    pub fn begin(to: W, header: &Header) -> Result<Self, WriteError> {
        let mut writer = Self {
            to: GzEncoder::new(to, Compression::default()),
            digest: Sha256::new(),
            rows: 0,
            table: String::new(),
            line: Vec::new(),
        };
        writer.line(header)?;
        Ok(writer)
    }

    /// What follows are rows of that table.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn table(&mut self, name: &str) -> Result<(), WriteError> {
        name.clone_into(&mut self.table);
        self.line(&TableLine {
            table: name.to_owned(),
        })
    }

    /// One row of the table.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn row(&mut self, row: &[Value]) -> Result<(), WriteError> {
        self.rows += 1;
        self.line(row)
    }

    /// Ends with the line that tells a whole backup from a cut one.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn end(mut self) -> Result<W, WriteError> {
        let end = End::new(self.rows, self.digest.clone());
        self.line(&EndLine { end })?;
        Ok(self.to.finish()?)
    }

    fn line<T: Serialize + ?Sized>(&mut self, content: &T) -> Result<(), WriteError> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, content).map_err(WriteError::Form)?;
        self.line.push(b'\n');
        if self.line.len() > LONGEST_LINE {
            return Err(WriteError::TooLong {
                table: self.table.clone(),
            });
        }
        self.digest.update(&self.line);
        self.to.write_all(&self.line)?;
        Ok(())
    }
}
