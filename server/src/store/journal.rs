//! The journal of an operation: events, steps and statuses, written together or not at all, by whoever holds the lease.
//!
//! An append is one transaction that starts with the fenced UPDATE. It takes the numbers of its events there, so they have
//! no gap, and two writers can never take the same.

mod one_statement;

use std::collections::BTreeMap;
use std::time::Duration;

use domain::access::Actor;
use domain::deployment::{ProductStatus, StackStatus};
use domain::id::{DeploymentId, OperationId};
use domain::operation::event::{Event, EventBody, Level};
use domain::operation::step::StepRecord;
use domain::operation::{OperationStatus, StepState};
use domain::plan::{Plan, StepKey};
use domain::release::{ReleaseImage, ReleaseNumber};
use domain::timestamp::Timestamp;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AssertSqlSafe};

use super::column::{Columns, to_json};
use super::connect::Backend;
use super::deployments::{recount_stacks, set_product_status, set_stack_status};
use super::error::Act;
use super::lease::{Held, Lease};
use super::releases::set_images;
use super::settlement::{Settlement, settle};
use super::{MAX_PAGE, Store, StoreError};

const ACT: &str = "write to an operation's journal";
/// Rows of one INSERT. Few sizes, so that the prepared statements are few.
const BATCHES: [usize; 3] = [16, 4, 1];
/// What becomes of a step that has a record.
const KNOWN_STEP: &str = " ON CONFLICT (operation_id, step_key) DO UPDATE SET fence = excluded.fence, state = excluded.state, \
     attempt = excluded.attempt, failure = excluded.failure, next_at = excluded.next_at, \
     started_at = excluded.started_at, ended_at = excluded.ended_at";

/// One change that an append makes.
#[derive(Debug, Clone, Copy)]
pub enum Entry<'a> {
    /// Tells what happened.
    Event { level: Level, body: &'a EventBody },
    /// Records where a step is. Of several for one step the last counts.
    Step(&'a StepRecord),
    /// Records the plan; a later one takes its place.
    Plan(&'a Plan),
    /// Changes the operation's status on its way. Never a final one: that is [`Entry::Finish`].
    Status(OperationStatus),
    /// Nothing claims the operation before this time; none ends the pause.
    NotBefore(Option<Timestamp>),
    /// Changes a stack's status. Deploying begins it, Running and Failed complete it, Pending forgets both times.
    Stack {
        deployment: DeploymentId,
        stack: &'a str,
        status: StackStatus,
        /// Kept as the stack's error message; none clears it.
        message: Option<&'a str>,
    },
    /// The end: the lease is gone and every later append is refused.
    Finish {
        status: OperationStatus,
        deployment: DeploymentId,
        product_status: ProductStatus,
        /// The operation's one sentence.
        message: &'a str,
        /// Kept as the product's error message; none clears it.
        error: Option<&'a str>,
        /// What else changes of the deployment.
        settlement: &'a Settlement,
    },
    /// What the references of a release's images mean.
    Images {
        deployment: DeploymentId,
        release: ReleaseNumber,
        images: &'a BTreeMap<String, ReleaseImage>,
    },
    /// An operator's decision was taken up.
    TakeUpDecision,
}

/// What an append did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// Number of its first event; one more than `last_seq` where it had none.
    pub first_seq: i64,
    /// Number of the newest event.
    pub last_seq: i64,
    /// When the events happened, as they are stored.
    pub at: Timestamp,
    /// Who asked to cancel, where somebody did.
    pub cancel_by: Option<Actor>,
}

impl Appended {
    /// Of `count` events whose numbers were taken at `now`.
    fn of(held: Held, count: i64, now: Timestamp) -> Self {
        Self {
            first_seq: held.event_seq - count + 1,
            last_seq: held.event_seq,
            at: now,
            cancel_by: held.cancel_by,
        }
    }
}

impl Store {
    /// Writes all entries in one transaction, or none of them, and extends the lease.
    ///
    /// A try whose answer was lost may have been written. Made again it would write its events twice, so a writer that tries again
    /// uses [`Self::append_after`].
    ///
    /// # Errors
    /// [`StoreError::FencedOut`] where the lease is lost or the operation has ended.
    pub async fn append(
        &self,
        lease: &Lease,
        now: Timestamp,
        lease_for: Duration,
        entries: &[Entry<'_>],
    ) -> Result<Appended, StoreError> {
        self.try_append(lease, None, now, lease_for, entries).await
    }

    /// The same for a writer that knows the number of the newest event, which it does under a lease: nobody else writes events.
    /// The same call may be made again for as long as it fails; what an earlier one wrote is recognised by the numbers.
    ///
    /// # Errors
    /// [`StoreError::FencedOut`] where the lease is lost, or the operation has ended otherwise than by these entries.
    pub async fn append_after(
        &self,
        lease: &Lease,
        newest: i64,
        now: Timestamp,
        lease_for: Duration,
        entries: &[Entry<'_>],
    ) -> Result<Appended, StoreError> {
        let tried = self.try_append(lease, Some(newest), now, lease_for, entries);
        match tried.await {
            Err(StoreError::FencedOut { .. }) => {
                let events = entries
                    .iter()
                    .filter(|entry| matches!(entry, Entry::Event { .. }));
                let count = i64::try_from(events.count()).unwrap_or(i64::MAX);
                self.appended_before(lease, newest, count).await
            }
            tried => tried,
        }
    }

    /// What an earlier try wrote under the same lease, where it did.
    async fn appended_before(
        &self,
        lease: &Lease,
        newest: i64,
        count: i64,
    ) -> Result<Appended, StoreError> {
        let act = "look for what an earlier try wrote";
        let row = sqlx::query(
            "SELECT o.event_seq, o.cancel_by, e.at FROM operations o JOIN events e
                 ON e.operation_id = o.id AND e.seq = o.event_seq
             WHERE o.id = $1 AND o.fence = $2 AND o.event_seq = $3",
        )
        .bind(lease.operation.to_string())
        .bind(lease.fence)
        .bind(newest.saturating_add(count))
        // Where the write went, so that it is seen.
        .fetch_optional(&self.writer)
        .await
        .act(act)?;
        match row {
            Some(row) if count > 0 => {
                let columns = Columns::of("operations", &row);
                Ok(Appended {
                    first_seq: newest + 1,
                    last_seq: columns.number("event_seq")?,
                    at: columns.time("at")?,
                    cancel_by: columns.maybe_json("cancel_by")?,
                })
            }
            _ => Err(StoreError::FencedOut {
                operation: lease.operation,
            }),
        }
    }

    async fn try_append(
        &self,
        lease: &Lease,
        newest: Option<i64>,
        now: Timestamp,
        lease_for: Duration,
        entries: &[Entry<'_>],
    ) -> Result<Appended, StoreError> {
        let batch = Batch::of(entries)?;
        if self.backend == Backend::Postgres && one_statement::is_enough(&batch) {
            return self
                .append_in_one(lease, newest, now, lease_for, &batch)
                .await;
        }
        let count = batch.event_count();
        let mut tx = self.write(ACT).await?;
        let held = self
            .hold(&mut tx, lease, newest, now, lease_for, count)
            .await?;
        let appended = Appended::of(held, count, now);
        insert_events(
            &mut tx,
            lease.operation,
            appended.first_seq,
            now,
            &batch.events,
        )
        .await?;
        upsert_steps(&mut tx, lease, &batch.steps).await?;
        for entry in batch.rest {
            apply(&mut tx, lease.operation, now, entry).await?;
        }
        for deployment in batch.recount {
            recount_stacks(&mut tx, deployment).await?;
        }
        tx.commit().await?;
        Ok(appended)
    }

    /// Every step that was recorded, by key.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn steps(&self, operation: OperationId) -> Result<Vec<StepRecord>, StoreError> {
        // Bounded by the plan: there is one row for each of its steps.
        sqlx::query(
            "SELECT step_key, state, attempt, failure, next_at, started_at, ended_at FROM steps
             WHERE operation_id = $1 ORDER BY step_key",
        )
        .bind(operation.to_string())
        .fetch_all(&self.reader)
        .await
        .act("read an operation's steps")?
        .iter()
        .map(step)
        .collect()
    }

    /// The events after a number, in order, at most `limit` and [`MAX_PAGE`].
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn events_after(
        &self,
        operation: OperationId,
        after_seq: i64,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        sqlx::query(
            "SELECT seq, at, level, body FROM events WHERE operation_id = $1 AND seq > $2
             ORDER BY seq LIMIT $3",
        )
        .bind(operation.to_string())
        .bind(after_seq)
        .bind(i64::from(limit.min(MAX_PAGE)))
        .fetch_all(&self.reader)
        .await
        .act("read an operation's events")?
        .iter()
        .map(event)
        .collect()
    }
}

/// An event on its way into the journal.
pub(super) struct NewEvent {
    level: Level,
    body: String,
}

impl NewEvent {
    pub(super) fn new(level: Level, body: &EventBody) -> Result<Self, StoreError> {
        let body = to_json("events", "body", body)?;
        Ok(Self { level, body })
    }
}

/// Entries sorted by what is written together.
struct Batch<'a> {
    events: Vec<NewEvent>,
    /// The last record of each step: one INSERT must not name a key twice.
    steps: Vec<&'a StepRecord>,
    rest: Vec<Entry<'a>>,
    /// Deployments whose stacks changed.
    recount: Vec<DeploymentId>,
}

impl<'a> Batch<'a> {
    fn event_count(&self) -> i64 {
        i64::try_from(self.events.len()).unwrap_or(i64::MAX)
    }

    fn of(entries: &[Entry<'a>]) -> Result<Self, StoreError> {
        let mut events = Vec::new();
        let mut steps: BTreeMap<&StepKey, &StepRecord> = BTreeMap::new();
        let mut rest = Vec::new();
        let mut recount = Vec::new();
        for entry in entries {
            match *entry {
                Entry::Event { level, body } => events.push(NewEvent::new(level, body)?),
                Entry::Step(step) => {
                    steps.insert(&step.key, step);
                }
                Entry::Status(status) if status.is_final() => {
                    return Err(StoreError::StatusMisplaced { status });
                }
                Entry::Finish { status, .. } if !status.is_final() => {
                    return Err(StoreError::StatusMisplaced { status });
                }
                other => {
                    if let Entry::Stack { deployment, .. } = other
                        && !recount.contains(&deployment)
                    {
                        recount.push(deployment);
                    }
                    rest.push(other);
                }
            }
        }
        Ok(Self {
            events,
            steps: steps.into_values().collect(),
            rest,
            recount,
        })
    }
}

async fn apply(
    tx: &mut AnyConnection,
    operation: OperationId,
    now: Timestamp,
    entry: Entry<'_>,
) -> Result<(), StoreError> {
    match entry {
        // Written with their kind.
        Entry::Event { .. } | Entry::Step(_) => Ok(()),
        Entry::Plan(plan) => store_plan(tx, operation, plan).await,
        Entry::Status(status) => sqlx::query("UPDATE operations SET status = $1 WHERE id = $2")
            .bind(status.as_str())
            .bind(operation.to_string())
            .execute(tx)
            .await
            .act(ACT)
            .map(drop),
        Entry::NotBefore(at) => sqlx::query("UPDATE operations SET not_before = $1 WHERE id = $2")
            .bind(at.map(Timestamp::millis))
            .bind(operation.to_string())
            .execute(tx)
            .await
            .act(ACT)
            .map(drop),
        Entry::Stack {
            deployment,
            stack,
            status,
            message,
        } => set_stack_status(tx, deployment, stack, status, message, now).await,
        Entry::Images {
            deployment,
            release,
            images,
        } => set_images(tx, deployment, release, images).await,
        Entry::TakeUpDecision => sqlx::query("UPDATE operations SET decision = NULL WHERE id = $1")
            .bind(operation.to_string())
            .execute(tx)
            .await
            .act(ACT)
            .map(drop),
        Entry::Finish {
            status,
            deployment,
            product_status,
            message,
            error,
            settlement,
        } => {
            finish(tx, operation, status, message, now).await?;
            settle(tx, deployment, settlement, message, now).await?;
            set_product_status(tx, deployment, product_status, error, now).await
        }
    }
}

async fn store_plan(
    tx: &mut AnyConnection,
    operation: OperationId,
    plan: &Plan,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO operation_plans (operation_id, version, plan) VALUES ($1, $2, $3)
         ON CONFLICT (operation_id) DO UPDATE SET version = excluded.version, plan = excluded.plan",
    )
    .bind(operation.to_string())
    .bind(i64::from(plan.version))
    .bind(to_json("operation_plans", "plan", plan)?)
    .execute(tx)
    .await
    .act(ACT)?;
    Ok(())
}

async fn finish(
    tx: &mut AnyConnection,
    operation: OperationId,
    status: OperationStatus,
    message: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE operations SET status = $1, message = $2, finished_at = $3, owner = NULL, lease_until = NULL,
             not_before = NULL
         WHERE id = $4",
    )
    .bind(status.as_str())
    .bind(message)
    .bind(now.millis())
    .bind(operation.to_string())
    .execute(tx)
    .await
    .act(ACT)?;
    Ok(())
}

/// Writes events with the numbers from `first_seq` on.
pub(super) async fn insert_events(
    tx: &mut AnyConnection,
    operation: OperationId,
    first_seq: i64,
    at: Timestamp,
    events: &[NewEvent],
) -> Result<(), StoreError> {
    let operation = operation.to_string();
    let mut seq = first_seq;
    for batch in batches(events) {
        let mut sql = "INSERT INTO events (operation_id, at, seq, level, body) VALUES ".to_owned();
        // $1 and $2 are the same for all rows.
        for row in 0..batch.len() {
            let p = 3 + row * 3;
            let comma = if row == 0 { "" } else { ", " };
            sql += &format!("{comma}($1, $2, ${p}, ${}, ${})", p + 1, p + 2);
        }
        let mut query = sqlx::query(AssertSqlSafe(sql))
            .bind(operation.as_str())
            .bind(at.millis());
        for event in batch {
            query = query
                .bind(seq)
                .bind(event.level.as_str())
                .bind(event.body.as_str());
            seq += 1;
        }
        query.execute(&mut *tx).await.act(ACT)?;
    }
    Ok(())
}

async fn upsert_steps(
    tx: &mut AnyConnection,
    lease: &Lease,
    steps: &[&StepRecord],
) -> Result<(), StoreError> {
    let operation = lease.operation.to_string();
    for batch in batches(steps) {
        let mut sql = "INSERT INTO steps (operation_id, fence, step_key, state, attempt, failure, next_at, started_at, \
             ended_at) VALUES "
            .to_owned();
        for row in 0..batch.len() {
            let p = 3 + row * 7;
            let comma = if row == 0 { "" } else { ", " };
            sql += &format!(
                "{comma}($1, $2, ${p}, ${}, ${}, ${}, ${}, ${}, ${})",
                p + 1,
                p + 2,
                p + 3,
                p + 4,
                p + 5,
                p + 6
            );
        }
        sql += KNOWN_STEP;
        let mut query = sqlx::query(AssertSqlSafe(sql))
            .bind(operation.as_str())
            .bind(lease.fence);
        for step in batch {
            query = bind_step(query, step)?;
        }
        query.execute(&mut *tx).await.act(ACT)?;
    }
    Ok(())
}

/// Binds what differs from step to step, in the order of the columns.
fn bind_step<'q>(
    query: Query<'q, Any, AnyArguments>,
    step: &StepRecord,
) -> Result<Query<'q, Any, AnyArguments>, StoreError> {
    let failure = step
        .failure
        .as_ref()
        .map(|failure| to_json("steps", "failure", failure))
        .transpose()?;
    Ok(query
        .bind(step.key.as_str().to_owned())
        .bind(step.state.as_str())
        .bind(i64::from(step.attempt))
        .bind(failure)
        .bind(step.next_at.map(Timestamp::millis))
        .bind(step.started_at.map(Timestamp::millis))
        .bind(step.ended_at.map(Timestamp::millis)))
}

/// Cuts rows into pieces of the sizes in [`BATCHES`].
fn batches<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = BATCHES.into_iter().find(|size| *size <= rows.len())?;
        let (batch, rest) = rows.split_at(size);
        rows = rest;
        Some(batch)
    })
}

fn step(row: &AnyRow) -> Result<StepRecord, StoreError> {
    let columns = Columns::of("steps", row);
    Ok(StepRecord {
        key: StepKey::new(columns.text("step_key")?),
        state: columns.word("state", StepState::parse)?,
        attempt: columns.count("attempt")?,
        failure: columns.maybe_json("failure")?,
        next_at: columns.maybe_time("next_at")?,
        started_at: columns.maybe_time("started_at")?,
        ended_at: columns.maybe_time("ended_at")?,
    })
}

fn event(row: &AnyRow) -> Result<Event, StoreError> {
    let columns = Columns::of("events", row);
    Ok(Event {
        seq: columns.number("seq")?,
        at: columns.time("at")?,
        level: columns.word("level", Level::parse)?,
        body: columns.json("body")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_cut_into_few_sizes_and_none_is_lost() {
        let rows: Vec<usize> = (0..27).collect();
        let sizes: Vec<usize> = batches(&rows).map(<[usize]>::len).collect();
        assert_eq!(sizes, [16, 4, 4, 1, 1, 1]);
        let all: Vec<usize> = batches(&rows).flatten().copied().collect();
        assert_eq!(all, rows);
    }
}
