//! An append that only tells and records steps, as one statement: one way to the database and back instead of five.
//!
//! PostgreSQL alone can write in the parts of a statement. What is written, and what refuses it, is the same as in a transaction.

use std::time::Duration;

use domain::timestamp::Timestamp;
use sqlx::AssertSqlSafe;

use super::{ACT, Appended, Batch, KNOWN_STEP, bind_step};
use crate::store::lease::{Held, Lease, bind_fenced, fenced_update};
use crate::store::{Store, StoreError};

/// Most events, and most steps: each pair of counts is a prepared statement on each connection.
const MOST: usize = 4;
/// Parameters of [`fenced_update`].
const FENCED: usize = 6;

/// Whether one statement writes all of it.
pub(super) fn is_enough(batch: &Batch<'_>) -> bool {
    let counts = [batch.events.len(), batch.steps.len()];
    batch.rest.is_empty() && counts.into_iter().all(|count| count <= MOST)
}

impl Store {
    pub(super) async fn append_in_one(
        &self,
        lease: &Lease,
        newest: Option<i64>,
        now: Timestamp,
        lease_for: Duration,
        batch: &Batch<'_>,
    ) -> Result<Appended, StoreError> {
        let count = batch.event_count();
        let sql = statement(batch.events.len(), batch.steps.len());
        let written = self
            .write_returning(ACT, async |connection| {
                let until = self.lease_end(connection, now, lease_for).await?;
                let query = sqlx::query(AssertSqlSafe(sql));
                let mut query = bind_fenced(query, lease, newest, until, count).bind(now.millis());
                for event in &batch.events {
                    query = query.bind(event.level.as_str()).bind(event.body.as_str());
                }
                for step in &batch.steps {
                    query = bind_step(query, step)?;
                }
                Ok(query)
            })
            .await?;
        let held = Held::of(written.first(), lease)?;
        Ok(Appended::of(held, count, now))
    }
}

/// The fenced UPDATE, and rows for as many events and steps; none where the UPDATE finds nothing.
fn statement(events: usize, steps: usize) -> String {
    let mut sql = concat!("WITH held AS (", fenced_update!(), ")").to_owned();
    // The one after the UPDATE's is the time of the events. Rows of VALUES say their types, since a null has none.
    let at = FENCED + 1;
    let mut next = at + 1;
    let mut parameter = |kind: &str| {
        let text = format!("CAST(${next} AS {kind})");
        next += 1;
        text
    };
    let event_rows: Vec<_> = (1..=events)
        .map(|nr| format!("({nr}, {}, {})", parameter("TEXT"), parameter("TEXT")))
        .collect();
    let step_rows: Vec<_> = (0..steps)
        .map(|_| {
            let kinds = [
                "TEXT", "TEXT", "BIGINT", "TEXT", "BIGINT", "BIGINT", "BIGINT",
            ];
            format!("({})", kinds.map(&mut parameter).join(", "))
        })
        .collect();
    if !event_rows.is_empty() {
        sql += &format!(
            ", told AS (INSERT INTO events (operation_id, at, seq, level, body)
               SELECT $3, ${at}, held.event_seq - $2 + told.nr, told.level, told.body
               FROM held, (VALUES {}) AS told (nr, level, body))",
            event_rows.join(", ")
        );
    }
    if !step_rows.is_empty() {
        sql += &format!(
            ", recorded AS (INSERT INTO steps (operation_id, fence, step_key, state, attempt, failure, next_at, started_at, ended_at)
               SELECT $3, $5, step.* FROM held, (VALUES {}) AS step {KNOWN_STEP})",
            step_rows.join(", ")
        );
    }
    sql + " SELECT event_seq, cancel_by FROM held"
}
