//! Everything that is remembered, read as it was at one moment while servers go on writing: SQLite keeps that moment in its log,
//! PostgreSQL in the versions of its rows. Rows come one after the other, so memory does not follow the number of rows.

use futures::TryStreamExt as _;
use sqlx::any::AnyRow;
use sqlx::{Any, AssertSqlSafe, Row, Transaction};

use super::connect::Backend;
use super::error::Act;
use super::tables::{ColumnType, Table, Value, tables_at};
use super::{Store, StoreError, connect, migrations};

const ACT: &str = "read everything that is remembered";

/// One moment of a database.
pub struct Dump {
    moment: Transaction<'static, Any>,
    schema: i64,
    tables: Vec<Table>,
}

impl Store {
    /// Opens a database to read everything in it. As [`Self::open_to_read`], only that its tables may be of an earlier version: whoever
    /// installs a new version may want a copy before the new one changes the tables.
    ///
    /// # Errors
    /// Where there is no database.
    pub async fn open_to_dump(url: &str) -> Result<Self, StoreError> {
        connect::look(url).await
    }

    /// Fixes the moment that is read.
    ///
    /// # Errors
    /// Where the database does not answer, or its tables are of a newer version.
    pub async fn dump(&self) -> Result<Dump, StoreError> {
        let mut moment = self.snapshot(ACT).await?;
        if self.backend == Backend::Postgres {
            // Whoever takes the rows may be slow.
            sqlx::raw_sql(
                "SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0",
            )
            .execute(&mut *moment)
            .await
            .act(ACT)?;
        }
        let applied = migrations::applied(&mut *moment).await?;
        let schema = migrations::check_known(&applied)?;
        let tables = tables_at(schema).await?;
        Ok(Dump {
            moment,
            schema,
            tables,
        })
    }
}

impl Dump {
    /// The last migration that its tables had.
    #[must_use]
    pub const fn schema(&self) -> i64 {
        self.schema
    }

    /// Every table, each after those that its rows refer to.
    #[must_use]
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// How many rows a table has.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn count(&mut self, table: &Table) -> Result<u64, StoreError> {
        let count = table.count(&mut self.moment, ACT).await?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// Hands over each row of a table, in the order of its key.
    ///
    /// # Errors
    /// Where the database does not answer, a row holds what its table cannot, or `take` fails.
    pub async fn rows<E: From<StoreError>>(
        &mut self,
        table: &Table,
        mut take: impl FnMut(&[Value]) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = format!(
            "SELECT {} FROM {} ORDER BY {}",
            table.quoted_columns(),
            table.quoted(),
            table.quoted_key()
        );
        let mut rows = sqlx::query(AssertSqlSafe(sql)).fetch(&mut *self.moment);
        while let Some(row) = rows.try_next().await.act(ACT)? {
            take(&values(table, &row)?)?;
        }
        Ok(())
    }
}

fn values(table: &Table, row: &AnyRow) -> Result<Vec<Value>, StoreError> {
    let value = |(place, kind): (usize, ColumnType)| -> Result<Value, sqlx::Error> {
        Ok(match kind {
            ColumnType::Text => row
                .try_get::<Option<String>, _>(place)?
                .map_or(Value::Null, Value::Text),
            ColumnType::Number => row
                .try_get::<Option<i64>, _>(place)?
                .map_or(Value::Null, Value::Number),
            ColumnType::Real => row
                .try_get::<Option<f64>, _>(place)?
                .map_or(Value::Null, Value::Real),
        })
    };
    let mut values = Vec::with_capacity(table.columns.len());
    for (place, column) in table.columns.iter().enumerate() {
        // The error would quote what it found.
        let value = value((place, column.kind)).map_err(|_| StoreError::OddValue {
            table: table.name.clone(),
            column: column.name.clone(),
        })?;
        values.push(value);
    }
    Ok(values)
}
