//! An empty database is filled with what was remembered elsewhere, in one transaction, tables included: until it is committed nothing
//! of it is there, and a process that dies on the way leaves an empty database. The rows are added to the tables of the version that they
//! come from; then the later migrations run, as they would have run there.

use domain::access::Actor;
use domain::timestamp::Timestamp;
use sqlx::migrate::{Migrate as _, MigrateError};
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe};

use super::column::to_json;
use super::connect::Backend;
use super::error::Act;
use super::migrations::{self, RECORD};
use super::tables::{ColumnType, Table, Value, tables_at};
use super::write::Write;
use super::{StoreError, connect, keys};

const ACT: &str = "restore a backup";
/// Values that one statement may have: fewer than either database takes.
const MAX_VALUES: usize = 30_000;

/// A database that is being filled. Dropped, it is as empty as before.
pub struct Refill {
    pool: AnyPool,
    write: Write,
    tables: Vec<Table>,
}

impl Refill {
    /// Opens the database, makes it where it is a file that does not exist, and makes its tables as they were after that migration.
    ///
    /// # Errors
    /// Where it holds a row already, cannot be reached, or the migration is unknown to this version.
    pub async fn begin(url: &str, schema: i64) -> Result<Self, StoreError> {
        migrations::check_version(schema)?;
        let tables = tables_at(schema).await?;
        let (backend, pool) = connect::open_to_fill(url).await?;
        match prepare(&pool, backend, schema).await {
            Ok(write) => Ok(Self {
                pool,
                write,
                tables,
            }),
            Err(error) => {
                pool.close().await;
                Err(error)
            }
        }
    }

    /// The tables as they are now.
    #[must_use]
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// Adds rows; each has a value for each column of the table.
    ///
    /// # Errors
    /// Where the database refuses one.
    pub async fn add(&mut self, table: &Table, rows: &[Vec<Value>]) -> Result<(), StoreError> {
        let most = MAX_VALUES / table.columns.len().max(1);
        for rows in rows.chunks(most.max(1)) {
            add(&mut self.write, table, rows).await?;
        }
        Ok(())
    }

    /// Brings the tables up to date, ends every lease, says of each operation in the middle that it is not to be carried on, and makes all of
    /// it durable. Gives the number of operations that had not ended.
    ///
    /// # Errors
    /// Where the database refuses; it is empty then.
    pub async fn commit(self, now: Timestamp) -> Result<u64, StoreError> {
        let done = finish(self.write, now).await;
        self.pool.close().await;
        done
    }

    /// Takes everything back, and waits until that is done.
    pub async fn abandon(self) {
        drop(self.write);
        self.pool.close().await;
    }
}

async fn prepare(pool: &AnyPool, backend: Backend, schema: i64) -> Result<Write, StoreError> {
    let statement = match backend {
        Backend::Sqlite => "BEGIN IMMEDIATE",
        Backend::Postgres => "BEGIN",
    };
    let mut write = Write::begin(pool, ACT, Some(statement)).await?;
    let record = |error: MigrateError| StoreError::Migrate {
        source: error.into(),
    };
    // A server that starts meanwhile waits here; the end of the connection lets it go on.
    write.lock().await.map_err(record)?;
    write
        .ensure_migrations_table(RECORD)
        .await
        .map_err(record)?;
    make_room(&mut write, schema).await?;
    migrations::run_to(&mut write, Some(schema)).await?;
    Ok(write)
}

async fn finish(mut write: Write, now: Timestamp) -> Result<u64, StoreError> {
    migrations::run_to(&mut write, None).await?;
    // Whoever held a lease does not know this database.
    sqlx::query(
        "UPDATE operations SET owner = NULL, lease_until = NULL WHERE owner IS NOT NULL OR lease_until IS NOT NULL",
    )
    .execute(&mut *write)
    .await
    .act(ACT)?;
    // Their plans are of then: whoever claims one ends it without an act, see `orchestrator/runner/restored.rs`. What has no plan yet
    // gets one of now.
    sqlx::query(concat!(
        "UPDATE operations SET cancel_requested = 2, cancel_by = $1, cancel_at = $2 WHERE status IN ",
        active!(),
        " AND EXISTS (SELECT 1 FROM operation_plans p WHERE p.operation_id = operations.id)"
    ))
    .bind(to_json("operations", "cancel_by", &Actor::System)?)
    .bind(now.millis())
    .execute(&mut *write)
    .await
    .act(ACT)?;
    let active: i64 = sqlx::query_scalar(concat!(
        "SELECT COUNT(*) FROM operations WHERE status IN ",
        active!()
    ))
    .fetch_one(&mut *write)
    .await
    .act(ACT)?;
    write.commit().await?;
    Ok(u64::try_from(active).unwrap_or_default())
}

/// Refuses where a table has a row; the key of a database is none, since in an empty one nothing was encrypted with it. Empty tables of later migrations than `schema` go: they are made again afterwards.
async fn make_room(connection: &mut AnyConnection, schema: i64) -> Result<(), StoreError> {
    let applied = migrations::applied(&mut *connection).await?;
    if applied.is_empty() {
        return Ok(());
    }
    let there = migrations::check_known(&applied)?;
    let tables = tables_at(there).await?;
    for table in &tables {
        if table.name == keys::TABLE {
            let sql = format!("DELETE FROM {}", table.quoted());
            sqlx::query(AssertSqlSafe(sql))
                .execute(&mut *connection)
                .await
                .act(ACT)?;
        } else if table.count(connection, ACT).await? > 0 {
            return Err(StoreError::NotEmpty {
                table: table.name.clone(),
            });
        }
    }
    if there <= schema {
        return Ok(());
    }
    for table in tables.iter().rev() {
        let sql = format!("DROP TABLE {}", table.quoted());
        sqlx::query(AssertSqlSafe(sql))
            .execute(&mut *connection)
            .await
            .act(ACT)?;
    }
    sqlx::query(AssertSqlSafe(format!("DELETE FROM {RECORD}")))
        .execute(connection)
        .await
        .act(ACT)?;
    Ok(())
}

async fn add(
    connection: &mut AnyConnection,
    table: &Table,
    rows: &[Vec<Value>],
) -> Result<(), StoreError> {
    let width = table.columns.len();
    let places: Vec<String> = (0..rows.len())
        .map(|row| {
            let places: Vec<_> = (1..=width)
                .map(|column| format!("${}", row * width + column))
                .collect();
            format!("({})", places.join(", "))
        })
        .collect();
    let sql = format!(
        "INSERT INTO {} ({}) VALUES {}",
        table.quoted(),
        table.quoted_columns(),
        places.join(", ")
    );
    let mut insert = sqlx::query(AssertSqlSafe(sql));
    for row in rows {
        for (column, value) in table.columns.iter().zip(row) {
            insert = match (column.kind, value) {
                (_, Value::Text(text)) => insert.bind(text.as_str()),
                (_, Value::Number(number)) => insert.bind(*number),
                (_, Value::Real(real)) => insert.bind(*real),
                // PostgreSQL wants to know of which type nothing is.
                (ColumnType::Text, Value::Null) => insert.bind(None::<String>),
                (ColumnType::Number, Value::Null) => insert.bind(None::<i64>),
                (ColumnType::Real, Value::Null) => insert.bind(None::<f64>),
            };
        }
    }
    let added = insert.execute(connection).await.act(ACT)?;
    match added.rows_affected() == rows.len() as u64 {
        true => Ok(()),
        false => Err(StoreError::RowsLost {
            table: table.name.clone(),
        }),
    }
}
