//! Operations in one line each, for those who watch an environment.

use domain::access::Actor;
use domain::id::EnvironmentId;
use domain::operation::{OperationKind, OperationStatus};
use domain::wire::ActivityItem;
use sqlx::any::AnyRow;

use super::column::Columns;
use super::error::Act;
use super::operations::TABLE;
use super::{Store, StoreError};

/// What is at work, or what has ended, of an environment: condition of the status, newest first.
macro_rules! activity_sql {
    ($is_active:literal) => {
        concat!(
            "SELECT o.id, o.deployment_id, o.kind, o.status, o.actor, o.message, o.created_at, o.started_at, o.finished_at,
                 d.product_display_name, d.product_version,
                 (SELECT COUNT(*) FROM steps s WHERE s.operation_id = o.id) AS steps,
                 (SELECT COUNT(*) FROM steps s WHERE s.operation_id = o.id
                     AND s.state IN ('done', 'failed', 'skipped', 'undone')) AS steps_ended
             FROM operations o JOIN product_deployments d ON d.id = o.deployment_id
             WHERE o.environment_id = $1 AND o.status ",
            $is_active,
            active!(),
            " ORDER BY o.created_at DESC, o.id DESC LIMIT $2"
        )
    };
}

impl Store {
    /// What is at work in an environment, then the newest of what has ended; so many of each at most.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn recent_operations(
        &self,
        environment: EnvironmentId,
        at_work: u32,
        ended: u32,
    ) -> Result<Vec<ActivityItem>, StoreError> {
        let act = "read what is being done";
        let environment = environment.to_string();
        let mut items = Vec::new();
        for (sql, limit) in [
            (activity_sql!("IN "), at_work),
            (activity_sql!("NOT IN "), ended),
        ] {
            let rows = sqlx::query(sql)
                .bind(&environment)
                .bind(i64::from(limit))
                .fetch_all(&self.reader)
                .await
                .act(act)?;
            for row in &rows {
                items.push(item(row)?);
            }
        }
        Ok(items)
    }
}

fn item(row: &AnyRow) -> Result<ActivityItem, StoreError> {
    let columns = Columns::of(TABLE, row);
    Ok(ActivityItem {
        operation_id: columns.text("id")?,
        product_deployment_id: columns.text("deployment_id")?,
        product_name: columns.text("product_display_name")?,
        product_version: columns.maybe_text("product_version")?,
        kind: columns.word("kind", OperationKind::parse)?,
        status: columns.word("status", OperationStatus::parse)?,
        actor: columns.json::<Actor>("actor")?.to_string(),
        message: columns.maybe_text("message")?,
        created_at: columns.time("created_at")?,
        started_at: columns.maybe_time("started_at")?,
        finished_at: columns.maybe_time("finished_at")?,
        steps: columns.count("steps")?,
        steps_ended: columns.count("steps_ended")?,
    })
}
