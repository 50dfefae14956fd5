//! What an observer has to know of every living deployment: narrow rows, read again at each look, so that nothing long is.

use std::collections::HashMap;

use domain::deployment::{OperationMode, ProductStatus, StackStatus};
use domain::health::Standing;
use domain::id::{DeploymentId, EnvironmentId, StackDeploymentId};
use domain::release::ReleaseNumber;
use domain::timestamp::Timestamp;
use sqlx::any::AnyRow;

use super::column::Columns;
use super::deployments::TABLE;
use super::error::Act;
use super::{Store, StoreError};

const STACKS: &str = "stack_deployments";
/// Most deployments of an environment that are observed; the newest ones.
const MAX_DEPLOYMENTS: i64 = 5000;
/// Most of their stacks.
const MAX_STACKS: i64 = 50_000;

/// One living deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandingRow {
    pub id: DeploymentId,
    pub group_id: String,
    pub product_display_name: String,
    pub product_version: Option<String>,
    pub standing: Standing,
    /// Ids of the stacks, as `standing` has them.
    pub stack_ids: Vec<StackDeploymentId>,
    pub edition: Edition,
    /// Whether an operation works on it.
    pub operation_active: bool,
}

/// Tells whether the long part of a record may have changed: while it is equal, it has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edition {
    release: ReleaseNumber,
    completed_at: Option<Timestamp>,
    /// Each stack with its release and its beginning.
    stacks: Vec<(StackDeploymentId, ReleaseNumber, Option<Timestamp>)>,
}

/// What an id that may be a product deployment's or a stack's stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub environment: EnvironmentId,
    pub deployment: DeploymentId,
    /// The stack's name, where it is a stack's id.
    pub stack: Option<String>,
}

impl Store {
    /// Every living deployment of an environment, of one moment.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn standings(
        &self,
        environment: EnvironmentId,
    ) -> Result<Vec<StandingRow>, StoreError> {
        self.read_standings(environment, "").await
    }

    /// One living deployment.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn standing_of(
        &self,
        environment: EnvironmentId,
        id: DeploymentId,
    ) -> Result<Option<StandingRow>, StoreError> {
        let mut found = self.read_standings(environment, &id.to_string()).await?;
        Ok(found.pop())
    }

    /// `only` is the id of the only deployment that is wanted, or empty.
    async fn read_standings(
        &self,
        environment: EnvironmentId,
        only: &str,
    ) -> Result<Vec<StandingRow>, StoreError> {
        let act = "read what is deployed";
        let mut tx = self.snapshot(act).await?;
        let rows = sqlx::query(concat!(
            "SELECT d.id, d.group_id, d.product_display_name, d.product_version, d.status,
                 d.operation_mode, d.completed_at, d.release_number,
                 (SELECT o.id FROM operations o WHERE o.environment_id = d.environment_id AND o.group_id = d.group_id
                      AND o.status IN ",
            active!(),
            ") AS active_operation
             FROM product_deployments d WHERE d.environment_id = $1 AND d.status ",
            living!(),
            " AND ($2 = '' OR d.id = $2) ORDER BY d.created_at DESC, d.id DESC LIMIT $3"
        ))
        .bind(environment.to_string())
        .bind(only)
        .bind(MAX_DEPLOYMENTS)
        .fetch_all(&mut *tx)
        .await
        .act(act)?;
        let stacks = sqlx::query(concat!(
            "SELECT s.id, s.deployment_id, s.stack_name, s.status, s.started_at, s.release_number
             FROM product_deployments d JOIN stack_deployments s ON s.deployment_id = d.id
             WHERE d.environment_id = $1 AND d.status ",
            living!(),
            " AND ($2 = '' OR d.id = $2) ORDER BY s.deployment_id, s.position LIMIT $3"
        ))
        .bind(environment.to_string())
        .bind(only)
        .bind(MAX_STACKS)
        .fetch_all(&mut *tx)
        .await
        .act(act)?;
        tx.commit().await.act(act)?;
        let mut by_deployment: HashMap<DeploymentId, Vec<StackRow>> = HashMap::new();
        for row in &stacks {
            let (deployment, stack) = stack(row)?;
            by_deployment.entry(deployment).or_default().push(stack);
        }
        rows.iter()
            .map(|row| {
                let id = Columns::of(TABLE, row).id("id")?;
                standing(row, id, by_deployment.remove(&id).unwrap_or_default())
            })
            .collect()
    }

    /// The deployment that an id stands for, be it its own or that of one of its stacks.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn place_of(&self, id: &str) -> Result<Option<Place>, StoreError> {
        let act = "look for a deployment or a stack";
        let row = sqlx::query(
            "SELECT d.environment_id, d.id AS deployment_id, NULL AS stack_name FROM product_deployments d
                 WHERE d.id = $1
             UNION ALL
             SELECT d.environment_id, d.id AS deployment_id, s.stack_name
                 FROM stack_deployments s JOIN product_deployments d ON d.id = s.deployment_id
                 WHERE s.id = $1",
        )
        .bind(id)
        .fetch_optional(&self.reader)
        .await
        .act(act)?;
        row.map(|row| {
            let columns = Columns::of(TABLE, &row);
            Ok(Place {
                environment: columns.id("environment_id")?,
                deployment: columns.id("deployment_id")?,
                stack: columns.maybe_text("stack_name")?,
            })
        })
        .transpose()
    }
}

struct StackRow {
    id: StackDeploymentId,
    name: String,
    status: StackStatus,
    release: ReleaseNumber,
    started_at: Option<Timestamp>,
}

fn stack(row: &AnyRow) -> Result<(DeploymentId, StackRow), StoreError> {
    let columns = Columns::of(STACKS, row);
    let stack = StackRow {
        id: columns.id("id")?,
        name: columns.text("stack_name")?,
        status: columns.word("status", StackStatus::parse)?,
        release: columns.count("release_number")?,
        started_at: columns.maybe_time("started_at")?,
    };
    Ok((columns.id("deployment_id")?, stack))
}

fn standing(
    row: &AnyRow,
    id: DeploymentId,
    stacks: Vec<StackRow>,
) -> Result<StandingRow, StoreError> {
    let columns = Columns::of(TABLE, row);
    Ok(StandingRow {
        id,
        group_id: columns.text("group_id")?,
        product_display_name: columns.text("product_display_name")?,
        product_version: columns.maybe_text("product_version")?,
        stack_ids: stacks.iter().map(|stack| stack.id).collect(),
        edition: Edition {
            release: columns.count("release_number")?,
            completed_at: columns.maybe_time("completed_at")?,
            stacks: stacks
                .iter()
                .map(|stack| (stack.id, stack.release, stack.started_at))
                .collect(),
        },
        standing: Standing {
            status: columns.word("status", ProductStatus::parse)?,
            mode: columns.word("operation_mode", OperationMode::parse)?,
            stacks: stacks
                .into_iter()
                .map(|stack| (stack.name, stack.status))
                .collect(),
        },
        operation_active: columns.maybe_text("active_operation")?.is_some(),
    })
}
