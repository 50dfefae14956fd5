//! Operations as recorded: reading them, and the wish to cancel one.

use domain::access::Actor;
use domain::id::{DeploymentId, EnvironmentId, OperationId};
use domain::operation::{Decision, Operation, OperationKind, OperationStatus};
use domain::plan::Plan;
use domain::timestamp::Timestamp;
use sqlx::any::AnyRow;

use super::column::{Columns, to_json};
use super::error::Act;
use super::{MAX_PAGE, Store, StoreError};

pub(super) const TABLE: &str = "operations";

/// The columns that [`operation`] reads, for `SELECT` and `RETURNING`.
macro_rules! operation_columns {
    () => {
        "id, environment_id, group_id, deployment_id, kind, status, actor, session_id, input, decision,
         cancel_requested, cancel_by, message, event_seq, owner, fence, not_before, created_at, started_at, finished_at"
    };
}
pub(super) use operation_columns;

/// The statements for a page and for its total: condition, parameter of the limit, parameter of the offset.
macro_rules! page_sql {
    ($condition:expr, $limit:literal, $offset:literal) => {
        (
            concat!(
                "SELECT ",
                operation_columns!(),
                " FROM operations WHERE ",
                $condition,
                " ORDER BY created_at DESC, id DESC LIMIT ",
                $limit,
                " OFFSET ",
                $offset
            ),
            concat!("SELECT COUNT(*) FROM operations WHERE ", $condition),
        )
    };
}

/// What came of a wish to cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelOutcome {
    /// It is recorded; the runner reads it at its next write.
    Requested,
    /// Somebody asked before.
    AlreadyRequested,
    /// There is nothing left to cancel.
    AlreadyFinal(OperationStatus),
    /// There is no such operation.
    NotFound,
}

impl Store {
    /// One operation with its plan.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn operation(&self, id: OperationId) -> Result<Option<Operation>, StoreError> {
        let act = "read an operation";
        let mut tx = self.snapshot(act).await?;
        let row = sqlx::query(concat!(
            "SELECT ",
            operation_columns!(),
            " FROM operations WHERE id = $1"
        ))
        .bind(id.to_string())
        .fetch_optional(&mut *tx)
        .await
        .act(act)?;
        let Some(row) = row else {
            return Ok(None);
        };
        let plan = plan_of(&mut tx, id).await?;
        tx.commit().await.act(act)?;
        operation(&row, plan).map(Some)
    }

    /// Operations, newest first, and how many there are. Their plans are left out.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn operation_page(
        &self,
        environment: Option<EnvironmentId>,
        active_only: bool,
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<Operation>, u64), StoreError> {
        let act = "list operations";
        let environment_id = environment.map(|id| id.to_string());
        let (page, count) = match (&environment_id, active_only) {
            (None, false) => page_sql!("1 = 1", "$1", "$2"),
            (None, true) => page_sql!(concat!("status IN ", active!()), "$1", "$2"),
            (Some(_), false) => page_sql!("environment_id = $1", "$2", "$3"),
            (Some(_), true) => page_sql!(
                concat!("environment_id = $1 AND status IN ", active!()),
                "$2",
                "$3"
            ),
        };
        let (mut page, mut count) = (sqlx::query(page), sqlx::query_scalar(count));
        if let Some(id) = environment_id {
            page = page.bind(id.clone());
            count = count.bind(id);
        }
        let rows = page
            .bind(i64::from(limit.min(MAX_PAGE)))
            .bind(i64::from(offset))
            .fetch_all(&self.reader)
            .await
            .act(act)?;
        let total: i64 = count.fetch_one(&self.reader).await.act(act)?;
        let operations = rows
            .iter()
            .map(|row| operation(row, None))
            .collect::<Result<_, _>>()?;
        Ok((operations, total.unsigned_abs()))
    }

    /// The newest operation of a deployment, without its plan.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn newest_operation(
        &self,
        deployment: DeploymentId,
    ) -> Result<Option<Operation>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            operation_columns!(),
            " FROM operations WHERE deployment_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1"
        ))
        .bind(deployment.to_string())
        .fetch_optional(&self.reader)
        .await
        .act("read the newest operation of a deployment")?;
        row.map(|row| operation(&row, None)).transpose()
    }

    /// The newest operation that did the same to the same product there before this one, and succeeded; with its plan. Looked for
    /// among the last [`MAX_PAGE`] of the environment.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn previous_success(
        &self,
        operation: &Operation,
    ) -> Result<Option<Operation>, StoreError> {
        let row: Option<String> = sqlx::query_scalar(
            "SELECT id FROM (
                 SELECT id, group_id, kind, status, created_at FROM operations
                 WHERE environment_id = $1 AND created_at <= $2 AND id <> $3
                 ORDER BY created_at DESC, id DESC LIMIT $4) recent
             WHERE group_id = $5 AND kind = $6 AND status = 'succeeded'
             ORDER BY created_at DESC, id DESC LIMIT 1",
        )
        .bind(operation.environment_id.to_string())
        .bind(operation.created_at.millis())
        .bind(operation.id.to_string())
        .bind(i64::from(MAX_PAGE))
        .bind(operation.group_id.as_str())
        .bind(operation.kind.as_str())
        .fetch_optional(&self.reader)
        .await
        .act("look for an earlier operation of the same kind")?;
        match row.and_then(|id| id.parse().ok()) {
            Some(id) => self.operation(id).await,
            None => Ok(None),
        }
    }

    /// Records that `by` wants the operation cancelled; where undoing is stuck, that the rest stays undone. Writes no event: an operation has one writer, its runner, who reads
    /// the wish with its next write and says so.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn request_cancel(
        &self,
        id: OperationId,
        by: &Actor,
        now: Timestamp,
    ) -> Result<CancelOutcome, StoreError> {
        let act = "ask for a cancel";
        let by = to_json(TABLE, "cancel_by", by)?;
        let update = sqlx::query(concat!(
            "UPDATE operations SET cancel_requested = CASE WHEN status = 'stuck' THEN 2 ELSE 1 END,
                 cancel_by = $1, cancel_at = $2
             WHERE id = $3 AND (cancel_requested = 0 OR (cancel_requested = 1 AND status = 'stuck')) AND status IN ",
            active!()
        ))
        .bind(by)
        .bind(now.millis())
        .bind(id.to_string());
        let asked = self.write_one(act, update).await?;
        if asked.rows_affected() == 1 {
            return Ok(CancelOutcome::Requested);
        }
        let row = sqlx::query("SELECT status FROM operations WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(&self.reader)
            .await
            .act(act)?;
        let Some(row) = row else {
            return Ok(CancelOutcome::NotFound);
        };
        let status = Columns::of(TABLE, &row).word("status", OperationStatus::parse)?;
        Ok(if status.is_final() {
            CancelOutcome::AlreadyFinal(status)
        } else {
            CancelOutcome::AlreadyRequested
        })
    }
}

impl Store {
    /// Records what an operator decided about an operation that waits for a decision; whether it did wait for one.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn decide(&self, id: OperationId, decision: Decision) -> Result<bool, StoreError> {
        let update = sqlx::query(
            "UPDATE operations SET decision = $1, not_before = NULL
             WHERE id = $2 AND status = 'waiting' AND decision IS NULL AND cancel_requested = 0
                 AND EXISTS (SELECT 1 FROM operation_plans p WHERE p.operation_id = $2)",
        )
        .bind(decision.as_str())
        .bind(id.to_string());
        let decided = self.write_one("decide about an operation", update).await?;
        Ok(decided.rows_affected() == 1)
    }
}

/// The stored plan; none until it was made.
pub(super) async fn plan_of(
    connection: &mut sqlx::AnyConnection,
    id: OperationId,
) -> Result<Option<Plan>, StoreError> {
    sqlx::query("SELECT plan FROM operation_plans WHERE operation_id = $1")
        .bind(id.to_string())
        .fetch_optional(connection)
        .await
        .act("read a plan")?
        .map(|row| Columns::of("operation_plans", &row).json("plan"))
        .transpose()
}

/// Reads a row of [`operation_columns`].
pub(super) fn operation(row: &AnyRow, plan: Option<Plan>) -> Result<Operation, StoreError> {
    let columns = Columns::of(TABLE, row);
    Ok(Operation {
        id: columns.id("id")?,
        environment_id: columns.id("environment_id")?,
        group_id: columns.text("group_id")?,
        deployment_id: columns.id("deployment_id")?,
        kind: columns.word("kind", OperationKind::parse)?,
        status: columns.word("status", OperationStatus::parse)?,
        actor: columns.json("actor")?,
        session_id: columns.text("session_id")?,
        input: columns.json("input")?,
        decision: columns
            .maybe_text("decision")?
            .as_deref()
            .and_then(Decision::parse),
        plan,
        cancel_requested: columns.number("cancel_requested")? != 0,
        message: columns.maybe_text("message")?,
        event_seq: columns.number("event_seq")?,
        created_at: columns.time("created_at")?,
        started_at: columns.maybe_time("started_at")?,
        finished_at: columns.maybe_time("finished_at")?,
        not_before: columns.maybe_time("not_before")?,
    })
}
