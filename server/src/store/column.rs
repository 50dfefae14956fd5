//! Typed reading of a row's columns, and the stored form of JSON. A value that is not understood is an error that names the
//! table and the column, and never quotes the value.

use std::str::FromStr;

use domain::timestamp::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::any::AnyRow;
use sqlx::{Any, Decode, Row, Type};

use super::error::{StoreError, Unreadable};
use crate::secrets::{Place, Sealer};

/// A row of one table, or of a query that starts from it.
#[derive(Clone, Copy)]
pub(super) struct Columns<'r> {
    table: &'static str,
    row: &'r AnyRow,
}

impl<'r> Columns<'r> {
    pub(super) const fn of(table: &'static str, row: &'r AnyRow) -> Self {
        Self { table, row }
    }

    fn unreadable(&self, column: &'static str, reason: Unreadable) -> StoreError {
        StoreError::Unreadable {
            table: self.table,
            column,
            reason,
        }
    }

    fn get<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: Decode<'r, Any> + Type<Any>,
    {
        self.row
            .try_get(column)
            .map_err(|_| self.unreadable(column, Unreadable::Type))
    }

    /// Text that must be there.
    pub(super) fn text(&self, column: &'static str) -> Result<String, StoreError> {
        self.get::<&str>(column).map(str::to_owned)
    }

    /// Text, or nothing.
    pub(super) fn maybe_text(&self, column: &'static str) -> Result<Option<String>, StoreError> {
        self.get(column)
    }

    /// A number.
    pub(super) fn number(&self, column: &'static str) -> Result<i64, StoreError> {
        self.get(column)
    }

    /// A number, or nothing.
    pub(super) fn maybe_number(&self, column: &'static str) -> Result<Option<i64>, StoreError> {
        self.get(column)
    }

    /// A number that is never negative and never large.
    pub(super) fn count(&self, column: &'static str) -> Result<u32, StoreError> {
        u32::try_from(self.number(column)?).map_err(|_| self.unreadable(column, Unreadable::Range))
    }

    /// The same, or nothing.
    pub(super) fn maybe_count(&self, column: &'static str) -> Result<Option<u32>, StoreError> {
        self.maybe_number(column)?
            .map(u32::try_from)
            .transpose()
            .map_err(|_| self.unreadable(column, Unreadable::Range))
    }

    /// 0 or 1.
    pub(super) fn flag(&self, column: &'static str) -> Result<bool, StoreError> {
        match self.number(column)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.unreadable(column, Unreadable::Range)),
        }
    }

    /// A time.
    pub(super) fn time(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        self.number(column).map(Timestamp::from_millis)
    }

    /// A time, or nothing.
    pub(super) fn maybe_time(&self, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.get::<Option<i64>>(column)?.map(Timestamp::from_millis))
    }

    /// An id.
    pub(super) fn id<T: FromStr>(&self, column: &'static str) -> Result<T, StoreError> {
        self.get::<&str>(column)?
            .parse()
            .map_err(|_| self.unreadable(column, Unreadable::Id))
    }

    /// An id, or nothing.
    pub(super) fn maybe_id<T: FromStr>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, StoreError> {
        self.get::<Option<&str>>(column)?
            .map(|text| {
                text.parse()
                    .map_err(|_| self.unreadable(column, Unreadable::Id))
            })
            .transpose()
    }

    /// One of an enum's words.
    pub(super) fn word<T>(
        &self,
        column: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T, StoreError> {
        parse(self.get(column)?).ok_or_else(|| self.unreadable(column, Unreadable::Word))
    }

    /// One of an enum's words, or nothing.
    pub(super) fn maybe_word<T>(
        &self,
        column: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        self.get::<Option<&str>>(column)?
            .map(|word| parse(word).ok_or_else(|| self.unreadable(column, Unreadable::Word)))
            .transpose()
    }

    /// JSON.
    pub(super) fn json<T: DeserializeOwned>(&self, column: &'static str) -> Result<T, StoreError> {
        self.parse_json(column, self.get(column)?)
    }

    /// JSON, or nothing.
    pub(super) fn maybe_json<T: DeserializeOwned>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, StoreError> {
        self.get::<Option<&str>>(column)?
            .map(|text| self.parse_json(column, text))
            .transpose()
    }

    /// JSON that holds secrets; `row` is the row's place as it was written.
    pub(super) fn sealed_json<T: DeserializeOwned>(
        &self,
        column: &'static str,
        sealer: &Sealer,
        row: &str,
    ) -> Result<T, StoreError> {
        let place = Place {
            table: self.table,
            column,
            row,
        };
        let text = sealer
            .open(place, self.get(column)?)
            .map_err(|reason| self.unreadable(column, Unreadable::Sealed(reason)))?;
        self.parse_json(column, &text)
    }

    fn parse_json<T: DeserializeOwned>(
        &self,
        column: &'static str,
        text: &str,
    ) -> Result<T, StoreError> {
        serde_json::from_str(text).map_err(|error| {
            // The place only: serde_json's own sentence quotes what it found.
            let (line, at) = (error.line(), error.column());
            self.unreadable(column, Unreadable::Json { line, column: at })
        })
    }
}

/// The stored form of a value kept as JSON.
pub(super) fn to_json<T: Serialize>(
    table: &'static str,
    column: &'static str,
    value: &T,
) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Unwritable { table, column })
}

/// The stored form of a value that holds secrets.
pub(super) fn to_sealed_json<T: Serialize>(
    (table, column, row): (&'static str, &'static str, &str),
    sealer: &Sealer,
    value: &T,
) -> Result<String, StoreError> {
    let text = to_json(table, column, value)?;
    sealer
        .seal(Place { table, column, row }, &text)
        .map_err(|_| StoreError::NotSealed { table, column })
}
