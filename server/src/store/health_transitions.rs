//! How health changed, as recorded. A change is written once, whoever saw it: nodes that share a database see the same engine.

use std::time::Duration;

use domain::health::{HealthSource, HealthStatus, Tally};
use domain::id::{DeploymentId, EnvironmentId, HealthTransitionId};
use domain::timestamp::Timestamp;
use sqlx::any::AnyRow;

use super::column::Columns;
use super::error::Act;
use super::{MAX_PAGE, Store, StoreError};

const TABLE: &str = "health_transitions";
/// Most subjects of an environment whose last status is read at once.
const MAX_SUBJECTS: i64 = 50_000;

/// A status that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthTransition {
    pub id: HealthTransitionId,
    pub environment: EnvironmentId,
    pub deployment: DeploymentId,
    /// None where it is the whole product's.
    pub stack: Option<String>,
    /// None where it is the whole stack's or product's.
    pub service: Option<String>,
    /// None where nothing was known before.
    pub from: Option<HealthStatus>,
    pub to: HealthStatus,
    pub reason: String,
    pub source: HealthSource,
    pub operation_active: bool,
    /// Of the product, after the change.
    pub tally: Tally,
    pub at: Timestamp,
}

/// What was recorded last of a product, a stack or a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastHealth {
    pub deployment: DeploymentId,
    pub stack: Option<String>,
    pub service: Option<String>,
    pub status: HealthStatus,
    pub at: Timestamp,
}

/// Whose changes are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope<'a> {
    /// The product, its stacks and its services.
    Everything,
    /// The product as a whole.
    Product,
    /// One stack and its services.
    StackAndServices(&'a str),
    /// One stack as a whole.
    Stack(&'a str),
}

impl Scope<'_> {
    /// The condition, for a stack's name in `$2`.
    const fn condition(self) -> &'static str {
        match self {
            Self::Everything => "'' = $2",
            Self::Product => "stack_name = $2 AND service_name = ''",
            Self::StackAndServices(_) => "stack_name = $2",
            Self::Stack(_) => "stack_name = $2 AND service_name = ''",
        }
    }

    const fn stack(&self) -> &str {
        match self {
            Self::Everything | Self::Product => "",
            Self::StackAndServices(stack) | Self::Stack(stack) => stack,
        }
    }
}

macro_rules! all_columns {
    () => {
        "id, environment_id, deployment_id, stack_name, service_name, from_status, to_status, reason, source,
             operation_active, healthy_services, total_services, changed_at"
    };
}

impl Store {
    /// Records changes in one transaction. One that leads to the status that is recorded already says nothing new and is left
    /// out.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn record_health_transitions(
        &self,
        transitions: &[HealthTransition],
    ) -> Result<(), StoreError> {
        let act = "record changes of health";
        let mut tx = self.write(act).await?;
        for transition in transitions {
            sqlx::query(concat!(
                "INSERT INTO health_transitions (",
                all_columns!(),
                ")
                 SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13
                 WHERE COALESCE((SELECT newest.to_status FROM health_transitions newest
                     WHERE newest.deployment_id = $3 AND newest.stack_name = $4 AND newest.service_name = $5
                     ORDER BY newest.changed_at DESC, newest.id DESC LIMIT 1), '') <> $7"
            ))
            .bind(transition.id.to_string())
            .bind(transition.environment.to_string())
            .bind(transition.deployment.to_string())
            .bind(transition.stack.as_deref().unwrap_or_default())
            .bind(transition.service.as_deref().unwrap_or_default())
            .bind(transition.from.map(HealthStatus::as_str))
            .bind(transition.to.as_str())
            .bind(transition.reason.as_str())
            .bind(transition.source.as_str())
            .bind(i64::from(transition.operation_active))
            .bind(i64::from(transition.tally.healthy))
            .bind(i64::from(transition.tally.total))
            .bind(transition.at.millis())
            .execute(&mut *tx)
            .await
            .act(act)?;
        }
        tx.commit().await
    }

    /// The newest changes of a deployment, the newest first, at most [`MAX_PAGE`].
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn health_transitions(
        &self,
        deployment: DeploymentId,
        scope: Scope<'_>,
        limit: u32,
    ) -> Result<Vec<HealthTransition>, StoreError> {
        let sql = format!(
            "SELECT {columns} FROM health_transitions WHERE deployment_id = $1 AND {condition}
             ORDER BY changed_at DESC, id DESC LIMIT $3",
            columns = all_columns!(),
            condition = scope.condition(),
        );
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(deployment.to_string())
            .bind(scope.stack())
            .bind(i64::from(limit.min(MAX_PAGE)))
            .fetch_all(&self.reader)
            .await
            .act("list changes of health")?
            .iter()
            .map(transition)
            .collect()
    }

    /// The last recorded status of everything in an environment.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn last_health(
        &self,
        environment: EnvironmentId,
    ) -> Result<Vec<LastHealth>, StoreError> {
        sqlx::query(
            "SELECT deployment_id, stack_name, service_name, to_status, changed_at
             FROM (SELECT deployment_id, stack_name, service_name, to_status, changed_at,
                     ROW_NUMBER() OVER (PARTITION BY deployment_id, stack_name, service_name
                         ORDER BY changed_at DESC, id DESC) AS place
                 FROM health_transitions WHERE environment_id = $1) newest
             WHERE place = 1 LIMIT $2",
        )
        .bind(environment.to_string())
        .bind(MAX_SUBJECTS)
        .fetch_all(&self.reader)
        .await
        .act("read the last health")?
        .iter()
        .map(last)
        .collect()
    }

    /// Forgets changes that are older than `age`, and those beyond the newest `most` of each deployment. How many these were.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn prune_health_transitions(
        &self,
        now: Timestamp,
        age: Duration,
        most: u32,
    ) -> Result<u64, StoreError> {
        let act = "forget changes of health";
        let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
        let mut tx = self.write(act).await?;
        let old = sqlx::query("DELETE FROM health_transitions WHERE changed_at < $1")
            .bind(now.millis().saturating_sub(age))
            .execute(&mut *tx)
            .await
            .act(act)?;
        let beyond = sqlx::query(
            "DELETE FROM health_transitions WHERE id IN (
                 SELECT id FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY deployment_id
                         ORDER BY changed_at DESC, id DESC) AS place
                     FROM health_transitions) ranked
                 WHERE place > $1)",
        )
        .bind(i64::from(most))
        .execute(&mut *tx)
        .await
        .act(act)?;
        tx.commit().await?;
        Ok(old.rows_affected() + beyond.rows_affected())
    }
}

fn named(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

fn transition(row: &AnyRow) -> Result<HealthTransition, StoreError> {
    let columns = Columns::of(TABLE, row);
    Ok(HealthTransition {
        id: columns.id("id")?,
        environment: columns.id("environment_id")?,
        deployment: columns.id("deployment_id")?,
        stack: named(columns.text("stack_name")?),
        service: named(columns.text("service_name")?),
        from: columns.maybe_word("from_status", HealthStatus::parse)?,
        to: columns.word("to_status", HealthStatus::parse)?,
        reason: columns.text("reason")?,
        source: columns.word("source", HealthSource::parse)?,
        operation_active: columns.flag("operation_active")?,
        tally: Tally {
            healthy: columns.count("healthy_services")?,
            total: columns.count("total_services")?,
        },
        at: columns.time("changed_at")?,
    })
}

fn last(row: &AnyRow) -> Result<LastHealth, StoreError> {
    let columns = Columns::of(TABLE, row);
    Ok(LastHealth {
        deployment: columns.id("deployment_id")?,
        stack: named(columns.text("stack_name")?),
        service: named(columns.text("service_name")?),
        status: columns.word("to_status", HealthStatus::parse)?,
        at: columns.time("changed_at")?,
    })
}
