//! Who runs an operation: claims, heartbeats, and letting go. A lease carries a fence, a number that grows with every claim,
//! so a runner that was thought dead and comes back is refused at its next write.

use std::time::Duration;

use domain::access::Actor;
use domain::id::OperationId;
use domain::operation::Operation;
use domain::timestamp::Timestamp;
use sqlx::Any;
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;

use super::column::Columns;
use super::error::Act;
use super::operations::{TABLE, operation, operation_columns, plan_of};
use super::{Store, StoreError};

const HOLD: &str = "write to an operation's journal";
/// How long a reading of the database's clock is counted on from: short beside any lease.
const COUNTED_FOR: Duration = Duration::from_secs(1);
/// How often a claim is tried anew when other claimers were faster.
const CLAIM_ATTEMPTS: u32 = 16;
/// A lease that ends later than so many lengths of one from now was given before the clock was set back.
const LONGEST_LEASE: u32 = 2;
/// No pause is longer: one that is was set before the clock was set back.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);

/// The right to write to an operation's journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    pub operation: OperationId,
    /// Who holds it.
    pub node: String,
    /// Which claim it is, from 1.
    pub fence: i64,
}

/// An operation that was claimed.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// With its plan, where one was made.
    pub operation: Operation,
    pub lease: Lease,
    /// Whether it was claimed before.
    pub resumed: bool,
    /// Who asked to cancel, where somebody did.
    pub cancel_by: Option<Actor>,
    /// Whether the operator leaves undone what cannot be undone.
    pub abandon: bool,
}

/// The kinds of [`OperationKind::ALL`].
///
/// [`OperationKind::ALL`]: domain::operation::OperationKind::ALL
macro_rules! known_kinds {
    () => {
        "('deploy', 'redeploy', 'retry', 'upgrade', 'rollback', 'stop', 'restart', 'enter_maintenance', 'exit_maintenance', 'remove')"
    };
}

/// The fenced UPDATE that every write of a runner starts with: extends the lease until `$1` and takes `$2` numbers. `$3` to `$5` are
/// operation, owner and fence. Where `$6`, the number of the newest event, is not negative, only after that one.
macro_rules! fenced_update {
    () => {
        concat!(
            "UPDATE operations SET lease_until = $1, event_seq = event_seq + $2
             WHERE id = $3 AND owner = $4 AND fence = $5 AND ($6 < 0 OR event_seq = $6) AND status IN ",
            active!(),
            " RETURNING event_seq, cancel_by"
        )
    };
}
pub(super) use fenced_update;

/// What may be claimed at `$1` by the clock of leases and `$2` by the caller's; a lease that ends after `$3` and a pause after `$4` are
/// longer than any that is given, and count as over. A wish to cancel ends the wait for an engine, a
/// wish to leave the rest undone ends every pause. A kind of a newer version waits for a node that knows it.
macro_rules! claimable {
    () => {
        concat!(
            "status IN ",
            active!(),
            " AND kind IN ",
            known_kinds!(),
            " AND (lease_until IS NULL OR lease_until <= $1 OR lease_until > $3)
              AND (not_before IS NULL OR not_before <= $2 OR not_before > $4 OR cancel_requested = 2
                  OR (cancel_requested = 1 AND status = 'waiting'))"
        )
    };
}

impl Store {
    /// Takes the oldest operation that waits for a runner, or whose runner let its lease run out. `now` decides pauses
    /// (`not_before`); leases are decided by the database's clock where it has one.
    ///
    /// # Errors
    /// Where the database does not answer. [`StoreError::Unreadable`] where the plan is of a newer version: the operation
    /// is left alone for the length of a lease, and the next call finds another one.
    pub async fn claim(
        &self,
        node: &str,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Option<Claim>, StoreError> {
        for _ in 0..CLAIM_ATTEMPTS {
            // Looking first costs an idle runner no write.
            if !self.any_claimable(now, lease).await? {
                return Ok(None);
            }
            if let Some(claim) = self.claim_once(node, now, lease).await? {
                return Ok(Some(claim));
            }
        }
        Ok(None)
    }

    /// Extends the lease, and says who asked to cancel, where somebody did.
    ///
    /// # Errors
    /// [`StoreError::FencedOut`] where the lease is lost.
    pub async fn heartbeat(
        &self,
        lease: &Lease,
        now: Timestamp,
        lease_for: Duration,
    ) -> Result<Option<Actor>, StoreError> {
        let mut tx = self.write("extend a lease").await?;
        let held = self.hold(&mut tx, lease, None, now, lease_for, 0).await?;
        tx.commit().await?;
        Ok(held.cancel_by)
    }

    /// Lets an operation go, so that the next claim need not wait for the end of the lease. Nothing happens where the lease
    /// is lost already.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn release(&self, lease: &Lease) -> Result<(), StoreError> {
        let update = sqlx::query(
            "UPDATE operations SET owner = NULL, lease_until = NULL
             WHERE id = $1 AND owner = $2 AND fence = $3",
        )
        .bind(lease.operation.to_string())
        .bind(lease.node.as_str())
        .bind(lease.fence);
        self.write_one("release a lease", update).await?;
        Ok(())
    }

    /// Ends every lease of a node, and says how many there were: what it does first when it starts, since whoever held
    /// them under its name is gone. Nothing that was written is undone; the next claim takes the operations over.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn release_leases_of(&self, node: &str) -> Result<u64, StoreError> {
        let update = sqlx::query(concat!(
            "UPDATE operations SET owner = NULL, lease_until = NULL WHERE owner = $1 AND status IN ",
            active!()
        ))
        .bind(node);
        let released = self.write_one("release a node's leases", update).await?;
        Ok(released.rows_affected())
    }

    async fn any_claimable(&self, now: Timestamp, lease: Duration) -> Result<bool, StoreError> {
        let act = "look for an operation to claim";
        let mut connection = self.reader.acquire().await.act(act)?;
        let clock = self.lease_clock(&mut connection, now, act).await?;
        let found = sqlx::query(concat!(
            "SELECT id FROM operations WHERE ",
            claimable!(),
            " LIMIT 1"
        ))
        .bind(clock)
        .bind(now.millis())
        .bind(latest_end(clock, lease))
        .bind(now.plus(LONGEST_PAUSE).millis())
        .fetch_optional(&mut *connection)
        .await
        .act(act)?;
        Ok(found.is_some())
    }

    /// One UPDATE decides. Its condition stands twice: the inner one chooses; the outer one is looked at again by
    /// PostgreSQL when it had to wait for another claimer of the same row.
    async fn claim_once(
        &self,
        node: &str,
        now: Timestamp,
        lease: Duration,
    ) -> Result<Option<Claim>, StoreError> {
        let act = "claim an operation";
        let mut tx = self.write(act).await?;
        let clock = self.lease_clock(&mut tx, now, act).await?;
        let row = sqlx::query(concat!(
            "UPDATE operations
             SET owner = $5, fence = fence + 1, lease_until = $6, not_before = NULL,
                 started_at = COALESCE(started_at, $2),
                 status = CASE WHEN status = 'queued' THEN 'running' ELSE status END
             WHERE id = (SELECT id FROM operations WHERE ",
            claimable!(),
            " ORDER BY created_at, id LIMIT 1) AND ",
            claimable!(),
            " RETURNING ",
            operation_columns!()
        ))
        .bind(clock)
        .bind(now.millis())
        .bind(latest_end(clock, lease))
        .bind(now.plus(LONGEST_PAUSE).millis())
        .bind(node)
        .bind(Timestamp::from_millis(clock).plus(lease).millis())
        .fetch_optional(&mut *tx)
        .await
        .act(act)?;
        let Some(row) = row else {
            return Ok(None);
        };
        let operation_id = Columns::of(TABLE, &row).id("id")?;
        let plan = match plan_of(&mut tx, operation_id).await {
            Err(error @ StoreError::Unreadable { .. }) => {
                set_aside(&mut tx, operation_id).await?;
                tx.commit().await?;
                return Err(error);
            }
            plan => plan?,
        };
        let claim = claim(&row, node, operation(&row, plan)?)?;
        tx.commit().await?;
        Ok(Some(claim))
    }

    /// Extends the lease and takes `events` numbers, as every write of a runner starts. Where the writer knows the `newest` one, only
    /// after that.
    pub(super) async fn hold(
        &self,
        tx: &mut sqlx::AnyConnection,
        lease: &Lease,
        newest: Option<i64>,
        now: Timestamp,
        lease_for: Duration,
        events: i64,
    ) -> Result<Held, StoreError> {
        let until = self.lease_end(tx, now, lease_for).await?;
        let row = bind_fenced(sqlx::query(fenced_update!()), lease, newest, until, events)
            .fetch_optional(&mut *tx)
            .await
            .act(HOLD)?;
        Held::of(row.as_ref(), lease)
    }

    /// Until when a lease that is extended now is held.
    pub(super) async fn lease_end(
        &self,
        connection: &mut sqlx::AnyConnection,
        now: Timestamp,
        lease_for: Duration,
    ) -> Result<Timestamp, StoreError> {
        let clock = self
            .counted_lease_clock(connection, now, COUNTED_FOR, HOLD)
            .await?;
        Ok(Timestamp::from_millis(clock).plus(lease_for))
    }
}

/// Binds what [`fenced_update`] reads.
pub(super) fn bind_fenced<'q>(
    query: Query<'q, Any, AnyArguments>,
    lease: &Lease,
    newest: Option<i64>,
    until: Timestamp,
    events: i64,
) -> Query<'q, Any, AnyArguments> {
    query
        .bind(until.millis())
        .bind(events)
        .bind(lease.operation.to_string())
        .bind(lease.node.clone())
        .bind(lease.fence)
        .bind(newest.unwrap_or(-1))
}

/// The latest moment at which a lease that was given until now can end.
fn latest_end(clock: i64, lease: Duration) -> i64 {
    let longest = lease.saturating_mul(LONGEST_LEASE);
    Timestamp::from_millis(clock).plus(longest).millis()
}

/// Keeps the lease and takes the owner away: a plan of a newer version waits for a node that understands it, and does not
/// stand in the way of other operations meanwhile.
async fn set_aside(tx: &mut sqlx::AnyConnection, operation: OperationId) -> Result<(), StoreError> {
    sqlx::query("UPDATE operations SET owner = NULL WHERE id = $1")
        .bind(operation.to_string())
        .execute(tx)
        .await
        .act("set an operation aside")?;
    Ok(())
}

/// What the fenced UPDATE gave.
pub(super) struct Held {
    /// Number of the newest event, the taken ones included.
    pub(super) event_seq: i64,
    /// Who asked to cancel, where somebody did.
    pub(super) cancel_by: Option<Actor>,
}

impl Held {
    /// Reads the row that the UPDATE gave; none means that the lease is lost.
    pub(super) fn of(row: Option<&AnyRow>, lease: &Lease) -> Result<Self, StoreError> {
        let row = row.ok_or(StoreError::FencedOut {
            operation: lease.operation,
        })?;
        let columns = Columns::of(TABLE, row);
        Ok(Self {
            event_seq: columns.number("event_seq")?,
            cancel_by: columns.maybe_json("cancel_by")?,
        })
    }
}

fn claim(row: &AnyRow, node: &str, operation: Operation) -> Result<Claim, StoreError> {
    let columns = Columns::of(TABLE, row);
    let fence = columns.number("fence")?;
    Ok(Claim {
        lease: Lease {
            operation: operation.id,
            node: node.to_owned(),
            fence,
        },
        operation,
        resumed: fence > 1,
        cancel_by: columns.maybe_json("cancel_by")?,
        abandon: columns.number("cancel_requested")? > 1,
    })
}

#[cfg(test)]
mod tests {
    use domain::operation::OperationKind;

    #[test]
    fn every_known_kind_may_be_claimed() {
        let kinds: Vec<_> = OperationKind::ALL
            .iter()
            .map(|kind| format!("'{}'", kind.as_str()))
            .collect();
        assert_eq!(known_kinds!(), format!("({})", kinds.join(", ")));
    }
}
