//! Brings everything that must be encrypted under the current key: what an earlier version stored as plain text, and what was encrypted
//! with a key that retires.
//!
//! In bounded batches, each a transaction; what is done is recognised, so it may be broken off anywhere and goes on at the next start.
//! The columns that are sealed stand here and nowhere else; whoever writes one of them goes through `to_sealed_json`.

use sqlx::AssertSqlSafe;

use super::column::Columns;
use super::connect::Backend;
use super::error::{Act, Unreadable};
use super::{Store, StoreError};
use crate::secrets::{KeyId, Place, prefix_of};

const ACT: &str = "encrypt what is stored";
/// Rows of one transaction. A product may have some hundred kilobytes.
const BATCH: i64 = 50;
/// A pass that changed something is followed by one that looks again, since another server may write meanwhile.
const PASSES: u32 = 4;

/// A column that holds secrets.
struct SealedColumn {
    table: &'static str,
    name: &'static str,
    /// What the row's key has besides deployment and number.
    stack: Option<&'static str>,
}

/// Every column that holds secrets.
const COLUMNS: [SealedColumn; 3] = [
    SealedColumn {
        table: "releases",
        name: "product",
        stack: None,
    },
    SealedColumn {
        table: "releases",
        name: "shared_values",
        stack: None,
    },
    SealedColumn {
        table: "release_stacks",
        name: "stack_values",
        stack: Some("stack_name"),
    },
];

/// The key of a row.
#[derive(Debug, Clone, Default)]
struct RowKey {
    deployment: String,
    number: i64,
    stack: String,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sealing {
    /// How many values were encrypted anew.
    pub(super) values: u64,
    /// Whether nothing is left to do.
    pub(super) is_complete: bool,
}

impl Store {
    /// Encrypts what is not encrypted with the current key.
    pub(super) async fn seal_what_is_left(&self) -> Result<Sealing, StoreError> {
        let current = self.sealer.current().ok_or(StoreError::NoKey)?;
        let mut sealing = Sealing {
            values: 0,
            is_complete: false,
        };
        for _ in 0..PASSES {
            let found = self.pass(current).await?;
            sealing.values += found;
            if found == 0 {
                self.forget_other_keys(current).await?;
                sealing.is_complete = self.forget_what_was_before().await?;
                break;
            }
        }
        match sealing.is_complete {
            true => self.finish_change_of_keys(current).await?,
            false => tracing::warn!(
                "not everything could be brought under secret key {current} yet; the next start goes on with it"
            ),
        }
        if sealing.values > 0 {
            tracing::info!(key.id = %current, values = sealing.values, "encrypted what was stored otherwise");
        }
        Ok(sealing)
    }

    /// Whether something is encrypted with a key.
    pub(super) async fn is_sealed_with(&self, key: &KeyId) -> Result<bool, StoreError> {
        for SealedColumn { table, name, .. } in COLUMNS {
            let sql = format!("SELECT 1 FROM {table} WHERE {name} LIKE $1 LIMIT 1");
            let found = sqlx::query(AssertSqlSafe(sql))
                .bind(prefix_of(key) + "%")
                .fetch_optional(&self.reader)
                .await
                .act("look for what a key encrypts")?;
            if found.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Once over everything; how many values it encrypted.
    async fn pass(&self, current: &KeyId) -> Result<u64, StoreError> {
        let mut sealed = 0;
        for column in &COLUMNS {
            let mut after = RowKey::default();
            loop {
                let page = self.not_sealed(column, current, &after).await?;
                let Some((last, _)) = page.last() else {
                    break;
                };
                after = last.clone();
                sealed += self.seal_page(column, &page).await?;
            }
        }
        Ok(sealed)
    }

    /// The next rows whose value is stored otherwise than with the current key.
    async fn not_sealed(
        &self,
        column: &SealedColumn,
        current: &KeyId,
        after: &RowKey,
    ) -> Result<Vec<(RowKey, String)>, StoreError> {
        let SealedColumn { table, name, .. } = *column;
        let stack = column.stack.unwrap_or("CAST('' AS TEXT)");
        let sql = format!(
            "SELECT deployment_id, number, {stack} AS stack, {name} AS value FROM {table}
             WHERE (deployment_id, number, {stack}) > ($1, $2, $3) AND {name} NOT LIKE $4
             ORDER BY deployment_id, number, {stack} LIMIT $5"
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(after.deployment.as_str())
            .bind(after.number)
            .bind(after.stack.as_str())
            .bind(prefix_of(current) + "%")
            .bind(BATCH)
            .fetch_all(&self.reader)
            .await
            .act(ACT)?
            .iter()
            .map(|row| {
                let columns = Columns::of(table, row);
                let key = RowKey {
                    deployment: columns.text("deployment_id")?,
                    number: columns.number("number")?,
                    stack: columns.text("stack")?,
                };
                Ok((key, columns.text("value")?))
            })
            .collect()
    }

    async fn seal_page(
        &self,
        column: &SealedColumn,
        page: &[(RowKey, String)],
    ) -> Result<u64, StoreError> {
        let SealedColumn { table, name, stack } = *column;
        // What somebody changed meanwhile is left to the next pass.
        let mut sql = format!(
            "UPDATE {table} SET {name} = $1 WHERE deployment_id = $2 AND number = $3 AND {name} = $4"
        );
        if let Some(stack) = stack {
            sql += &format!(" AND {stack} = $5");
        }
        let mut tx = self.write(ACT).await?;
        let mut sealed = 0;
        for (key, before) in page {
            let mut row = release_row(&key.deployment, key.number);
            if stack.is_some() {
                row = stack_row(&key.deployment, key.number, &key.stack);
            }
            let place = Place {
                table,
                column: name,
                row: &row,
            };
            let text = self.sealer.open(place, before);
            let text = text.map_err(|reason| StoreError::Unreadable {
                table,
                column: name,
                reason: Unreadable::Sealed(reason),
            })?;
            let after = self.sealer.seal(place, &text);
            let after = after.map_err(|_| StoreError::NotSealed {
                table,
                column: name,
            })?;
            let mut update = sqlx::query(AssertSqlSafe(sql.clone()))
                .bind(after)
                .bind(key.deployment.as_str())
                .bind(key.number)
                .bind(before.as_str());
            if stack.is_some() {
                update = update.bind(key.stack.as_str());
            }
            sealed += update.execute(&mut *tx).await.act(ACT)?.rows_affected();
        }
        tx.commit().await?;
        Ok(sealed)
    }

    /// What was there before is still in pages of the file that nothing uses; false where it could not be cleared away yet. PostgreSQL
    /// does that on its own.
    async fn forget_what_was_before(&self) -> Result<bool, StoreError> {
        if self.backend == Backend::Postgres || !self.has_history().await? {
            return Ok(true);
        }
        for statement in ["VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"] {
            if let Err(error) = sqlx::raw_sql(statement).execute(&self.writer).await {
                let failure = super::DatabaseFailure::from(error);
                tracing::warn!(error = %failure, "the database file still has pages from before it was encrypted: it needs as much room again to be written anew");
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn has_history(&self) -> Result<bool, StoreError> {
        let found = sqlx::query("SELECT 1 FROM operations LIMIT 1")
            .fetch_optional(&self.reader)
            .await
            .act("look whether anything was recorded")?;
        Ok(found.is_some())
    }
}

/// The place of a release's values.
pub(super) fn release_row(deployment: &str, number: i64) -> String {
    format!("{deployment}/{number}")
}

/// The place of a stack's values in a release.
pub(super) fn stack_row(deployment: &str, number: i64, stack: &str) -> String {
    format!("{deployment}/{number}/{stack}")
}
