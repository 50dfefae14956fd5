//! Deployed products and their stacks as recorded, whole, and the changes that journals make to them. Lists are
//! [`super::deployment_list`]'s.

use domain::deployment::{
    OperationMode, ProductDeployment, ProductStatus, StackDeployment, StackStatus,
};
use domain::id::{DeploymentId, EnvironmentId};
use domain::product::Product;
use domain::release::{Release, ReleaseNumber};
use domain::timestamp::Timestamp;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, AssertSqlSafe};
use uuid::Uuid;

use super::column::{Columns, to_json};
use super::error::Act;
use super::releases::read_release;
use super::sealing::{release_row, stack_row};
use super::{Store, StoreError};
use crate::secrets::Sealer;

pub(super) const TABLE: &str = "product_deployments";
const CONTENTS: &str = "releases";
const STACKS: &str = "stack_deployments";

/// Characters that a search looks at. Together with the other columns of its index they stay below the 2,700 bytes of
/// PostgreSQL, at four bytes each.
const MAX_SEARCH_TEXT: usize = 500;
/// Characters that the order by name looks at.
const MAX_SORT_NAME: usize = 100;

impl Store {
    /// The environment that a deployment is in.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn environment_of(
        &self,
        id: DeploymentId,
    ) -> Result<Option<EnvironmentId>, StoreError> {
        let row = sqlx::query("SELECT environment_id FROM product_deployments WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(&self.reader)
            .await
            .act("look for a deployment's environment")?;
        row.map(|row| Columns::of(TABLE, &row).id("environment_id"))
            .transpose()
    }

    /// The deployment that an id stands for, be it the product's own or that of one of its stacks.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn deployment_around(
        &self,
        id: Uuid,
    ) -> Result<Option<(EnvironmentId, DeploymentId)>, StoreError> {
        let row = sqlx::query(
            "SELECT d.id, d.environment_id FROM product_deployments d
             WHERE d.id = $1 OR d.id = (SELECT s.deployment_id FROM stack_deployments s WHERE s.id = $1)",
        )
        .bind(id.to_string())
        .fetch_optional(&self.reader)
        .await
        .act("look for a deployment")?;
        row.map(|row| {
            let columns = Columns::of(TABLE, &row);
            Ok((columns.id("environment_id")?, columns.id("id")?))
        })
        .transpose()
    }

    /// One deployed product, whole.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn deployment(
        &self,
        environment: EnvironmentId,
        id: DeploymentId,
    ) -> Result<Option<ProductDeployment>, StoreError> {
        self.read_deployment("d.id = $2", environment, &id.to_string())
            .await
    }

    /// The deployment of a product that is neither removed nor superseded; the database holds at most one.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn active_deployment(
        &self,
        environment: EnvironmentId,
        group_id: &str,
    ) -> Result<Option<ProductDeployment>, StoreError> {
        let condition = concat!("d.group_id = $2 AND d.status ", living!());
        self.read_deployment(condition, environment, group_id).await
    }

    /// `condition` is for an environment in `$1` and one more value in `$2`.
    async fn read_deployment(
        &self,
        condition: &'static str,
        environment: EnvironmentId,
        value: &str,
    ) -> Result<Option<ProductDeployment>, StoreError> {
        let act = "read a deployment";
        // Product and stacks of one moment: a stack must not run in a product that has not begun.
        let mut tx = self.snapshot(act).await?;
        let row = sqlx::query(AssertSqlSafe(format!(
            "SELECT d.id, d.environment_id, d.deployment_name, d.status, d.operation_mode, d.deployed_by, d.created_at,
                 d.completed_at, d.error_message, d.continue_on_error, d.previous_version, d.last_upgraded_at,
                 d.upgrade_count, d.release_number, d.maintenance, r.product, r.shared_values, r.images
             FROM product_deployments d JOIN releases r ON r.deployment_id = d.id AND r.number = d.release_number
             WHERE d.environment_id = $1 AND {condition}"
        )))
        .bind(environment.to_string())
        .bind(value)
        .fetch_optional(&mut *tx)
        .await
        .act(act)?;
        let Some(row) = row else {
            return Ok(None);
        };
        let id: DeploymentId = Columns::of(TABLE, &row).id("id")?;
        let stacks = sqlx::query(
            "SELECT s.id, s.stack_name, s.deployment_stack_name, s.status, s.position, s.started_at, s.completed_at,
                 s.error_message, s.is_new_in_upgrade, s.release_number, COALESCE(r.stack_values, '{}') AS stack_values
             FROM stack_deployments s LEFT JOIN release_stacks r
                 ON r.deployment_id = s.deployment_id AND r.number = s.release_number AND r.stack_name = s.stack_name
             WHERE s.deployment_id = $1 ORDER BY s.position, s.stack_name",
        )
        .bind(id.to_string())
        .fetch_all(&mut *tx)
        .await
        .act(act)?;
        let stacks = stacks
            .iter()
            .map(|row| stack(row, &self.sealer, id))
            .collect::<Result<Vec<_>, StoreError>>()?;
        let mut found = deployment(&row, &self.sealer, stacks)?;
        let mut others: Vec<ReleaseNumber> =
            found.stacks.iter().map(|stack| stack.release).collect();
        others.sort_unstable();
        others.dedup();
        for number in others {
            if number != found.release && number != 0 {
                found
                    .others
                    .extend(read_release(&mut tx, &self.sealer, id, number).await?);
            }
        }
        tx.commit().await.act(act)?;
        Ok(Some(found))
    }
}

/// What lists are ordered by.
pub(super) fn sort_name(product: &Product) -> String {
    folded(&product.display_name, MAX_SORT_NAME)
}

/// What lists are searched in.
pub(super) fn search_text(deployment_name: &str, product: &Product) -> String {
    let text = [
        deployment_name,
        product.version.as_deref().unwrap_or_default(),
        &product.display_name,
        &product.name,
    ]
    .join("\n");
    folded(&text, MAX_SEARCH_TEXT)
}

/// Lower-cased, and cut to what an index can hold.
fn folded(text: &str, most: usize) -> String {
    text.chars()
        .flat_map(char::to_lowercase)
        .take(most)
        .collect()
}

/// How urgently a person should look, 0 first.
const fn rank(status: ProductStatus) -> i64 {
    match status {
        ProductStatus::Failed => 0,
        ProductStatus::PartiallyRunning => 1,
        ProductStatus::Deploying
        | ProductStatus::Upgrading
        | ProductStatus::Redeploying
        | ProductStatus::Removing => 2,
        ProductStatus::Stopped => 3,
        ProductStatus::Running => 4,
        ProductStatus::Removed | ProductStatus::Superseded => 5,
    }
}

fn running_and_failed(stacks: &[StackDeployment]) -> (i64, i64) {
    let count = |status| {
        let found = stacks.iter().filter(|stack| stack.status == status).count();
        i64::try_from(found).unwrap_or(i64::MAX)
    };
    (count(StackStatus::Running), count(StackStatus::Failed))
}

pub(super) async fn insert_deployment(
    tx: &mut AnyConnection,
    deployment: &ProductDeployment,
) -> Result<(), StoreError> {
    let act = "record a deployment";
    let product = &deployment.product;
    let (running, failed) = running_and_failed(&deployment.stacks);
    sqlx::query(
        "INSERT INTO product_deployments (id, environment_id, group_id, product_id, product_name, product_display_name,
             product_version, deployment_name, status, status_rank, operation_mode, sort_name, search_text, deployed_by,
             created_at, completed_at, error_message, continue_on_error, previous_version, last_upgraded_at,
             upgrade_count, total_stacks, completed_stacks, failed_stacks, release_number)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
             $23, $24, $25)",
    )
    .bind(deployment.id.to_string())
    .bind(deployment.environment_id.to_string())
    .bind(product.group_id.as_str())
    .bind(product.id.as_str())
    .bind(product.name.as_str())
    .bind(product.display_name.as_str())
    .bind(product.version.as_deref())
    .bind(deployment.deployment_name.as_str())
    .bind(deployment.status.as_str())
    .bind(rank(deployment.status))
    .bind(deployment.operation_mode.as_str())
    .bind(sort_name(product))
    .bind(search_text(&deployment.deployment_name, product))
    .bind(to_json(TABLE, "deployed_by", &deployment.deployed_by)?)
    .bind(deployment.created_at.millis())
    .bind(deployment.completed_at.map(Timestamp::millis))
    .bind(deployment.error_message.as_deref())
    .bind(i64::from(deployment.continue_on_error))
    .bind(deployment.previous_version.as_deref())
    .bind(deployment.last_upgraded_at.map(Timestamp::millis))
    .bind(i64::from(deployment.upgrade_count))
    .bind(i64::try_from(deployment.stacks.len()).unwrap_or(i64::MAX))
    .bind(running)
    .bind(failed)
    .bind(i64::from(deployment.release))
    .execute(&mut *tx)
    .await
    .act(act)?;
    for stack in &deployment.stacks {
        insert_stack(tx, deployment.id, stack).await?;
    }
    Ok(())
}

pub(super) async fn insert_stack(
    tx: &mut AnyConnection,
    deployment: DeploymentId,
    stack: &StackDeployment,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO stack_deployments (id, deployment_id, stack_name, deployment_stack_name, status, position,
             started_at, completed_at, error_message, is_new_in_upgrade, release_number)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(stack.id.to_string())
    .bind(deployment.to_string())
    .bind(stack.stack_name.as_str())
    .bind(stack.deployment_stack_name.as_str())
    .bind(stack.status.as_str())
    .bind(i64::from(stack.order))
    .bind(stack.started_at.map(Timestamp::millis))
    .bind(stack.completed_at.map(Timestamp::millis))
    .bind(stack.error_message.as_deref())
    .bind(i64::from(stack.is_new_in_upgrade))
    .bind(i64::from(stack.release))
    .execute(tx)
    .await
    .act("record a stack")?;
    Ok(())
}

/// Makes room for a new deployment of the same product.
pub(super) async fn supersede(
    tx: &mut AnyConnection,
    environment: EnvironmentId,
    id: DeploymentId,
) -> Result<(), StoreError> {
    let act = "supersede a deployment";
    let done = sqlx::query(
        "UPDATE product_deployments SET status = 'Superseded', status_rank = $1
         WHERE id = $2 AND environment_id = $3 AND status = 'Failed'",
    )
    .bind(rank(ProductStatus::Superseded))
    .bind(id.to_string())
    .bind(environment.to_string())
    .execute(&mut *tx)
    .await
    .act(act)?;
    if done.rows_affected() == 1 {
        return Ok(());
    }
    let status =
        sqlx::query("SELECT status FROM product_deployments WHERE id = $1 AND environment_id = $2")
            .bind(id.to_string())
            .bind(environment.to_string())
            .fetch_optional(&mut *tx)
            .await
            .act(act)?
            .map(|row| Columns::of(TABLE, &row).word("status", ProductStatus::parse))
            .transpose()?;
    Err(StoreError::NotSuperseded { id, status })
}

/// The beginning of an operation on a deployment that is there: only while it is what the caller saw.
pub(super) async fn begin_change(
    tx: &mut AnyConnection,
    sealer: &Sealer,
    id: DeploymentId,
    change: &DeploymentChange<'_>,
) -> Result<(), StoreError> {
    let act = "begin to change a deployment";
    let done = sqlx::query(
        "UPDATE product_deployments SET status = $1, status_rank = $2,
             error_message = CASE WHEN $1 = $4 THEN error_message ELSE NULL END
         WHERE id = $3 AND status = $4 AND operation_mode = $5 AND release_number = $6",
    )
    .bind(change.to.as_str())
    .bind(rank(change.to))
    .bind(id.to_string())
    .bind(change.from.as_str())
    .bind(change.mode.as_str())
    .bind(i64::from(change.at_release))
    .execute(&mut *tx)
    .await
    .act(act)?;
    if done.rows_affected() != 1 {
        return Err(StoreError::DeploymentChanged { id });
    }
    for stack in change.reset {
        sqlx::query(
            "UPDATE stack_deployments SET status = 'Pending', error_message = NULL, started_at = NULL,
                 completed_at = NULL, is_new_in_upgrade = 0
             WHERE deployment_id = $1 AND stack_name = $2",
        )
        .bind(id.to_string())
        .bind(stack.as_str())
        .execute(&mut *tx)
        .await
        .act(act)?;
    }
    for stack in change.add {
        insert_stack(tx, id, stack).await?;
    }
    if let Some(release) = change.release {
        super::releases::insert_release(tx, sealer, release).await?;
    }
    recount_stacks(tx, id).await
}

/// What the beginning of an operation changes.
#[derive(Debug, Clone, Copy)]
pub struct DeploymentChange<'a> {
    /// What the caller saw.
    pub from: ProductStatus,
    pub mode: OperationMode,
    pub at_release: ReleaseNumber,
    /// The status while the operation works.
    pub to: ProductStatus,
    /// Names of stacks that are Pending from now on.
    pub reset: &'a [String],
    /// Stacks that the deployment does not have yet.
    pub add: &'a [StackDeployment],
    /// The release that is rolled out, where it is a new one.
    pub release: Option<&'a Release>,
}

/// The product's status at the end of an operation.
pub(super) async fn set_product_status(
    tx: &mut AnyConnection,
    deployment: DeploymentId,
    status: ProductStatus,
    error: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE product_deployments SET status = $1, status_rank = $2, error_message = $3, completed_at = $4
         WHERE id = $5",
    )
    .bind(status.as_str())
    .bind(rank(status))
    .bind(error)
    .bind(now.millis())
    .bind(deployment.to_string())
    .execute(tx)
    .await
    .act("change a product's status")?;
    if done.rows_affected() == 1 {
        Ok(())
    } else {
        Err(StoreError::DeploymentUnknown { deployment })
    }
}

/// A stack's status with the times that follow from it.
pub(super) async fn set_stack_status(
    tx: &mut AnyConnection,
    deployment: DeploymentId,
    stack: &str,
    status: StackStatus,
    message: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE stack_deployments SET status = $1, error_message = $2,
             started_at = CASE $1 WHEN 'Deploying' THEN $3 WHEN 'Pending' THEN NULL ELSE started_at END,
             completed_at = CASE WHEN $1 IN ('Running', 'Failed') THEN $3
                 WHEN $1 IN ('Deploying', 'Pending') THEN NULL ELSE completed_at END
         WHERE deployment_id = $4 AND stack_name = $5",
    )
    .bind(status.as_str())
    .bind(message)
    .bind(now.millis())
    .bind(deployment.to_string())
    .bind(stack)
    .execute(tx)
    .await
    .act("change a stack's status")?;
    if done.rows_affected() == 1 {
        Ok(())
    } else {
        Err(StoreError::StackUnknown {
            deployment,
            stack: stack.to_owned(),
        })
    }
}

/// Brings the counts that lists show up to date.
pub(super) async fn recount_stacks(
    tx: &mut AnyConnection,
    deployment: DeploymentId,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE product_deployments SET
             completed_stacks = (SELECT COUNT(*) FROM stack_deployments s
                 WHERE s.deployment_id = $1 AND s.status = 'Running'),
             failed_stacks = (SELECT COUNT(*) FROM stack_deployments s
                 WHERE s.deployment_id = $1 AND s.status = 'Failed')
         WHERE id = $1",
    )
    .bind(deployment.to_string())
    .execute(tx)
    .await
    .act("count a product's stacks")?;
    Ok(())
}

fn deployment(
    row: &AnyRow,
    sealer: &Sealer,
    stacks: Vec<StackDeployment>,
) -> Result<ProductDeployment, StoreError> {
    let columns = Columns::of(TABLE, row);
    let contents = Columns::of(CONTENTS, row);
    let id: DeploymentId = columns.id("id")?;
    let place = release_row(&id.to_string(), columns.number("release_number")?);
    Ok(ProductDeployment {
        id,
        environment_id: columns.id("environment_id")?,
        deployment_name: columns.text("deployment_name")?,
        status: columns.word("status", ProductStatus::parse)?,
        operation_mode: columns.word("operation_mode", OperationMode::parse)?,
        deployed_by: columns.json("deployed_by")?,
        created_at: columns.time("created_at")?,
        completed_at: columns.maybe_time("completed_at")?,
        error_message: columns.maybe_text("error_message")?,
        continue_on_error: columns.flag("continue_on_error")?,
        previous_version: columns.maybe_text("previous_version")?,
        last_upgraded_at: columns.maybe_time("last_upgraded_at")?,
        upgrade_count: columns.count("upgrade_count")?,
        maintenance: columns.maybe_json("maintenance")?,
        release: columns.count("release_number")?,
        shared_values: contents.sealed_json("shared_values", sealer, &place)?,
        product: contents.sealed_json("product", sealer, &place)?,
        images: contents.json("images")?,
        others: Vec::new(),
        stacks,
    })
}

fn stack(
    row: &AnyRow,
    sealer: &Sealer,
    deployment: DeploymentId,
) -> Result<StackDeployment, StoreError> {
    let columns = Columns::of(STACKS, row);
    let values = Columns::of("release_stacks", row);
    let stack_name = columns.text("stack_name")?;
    let number = columns.number("release_number")?;
    let place = stack_row(&deployment.to_string(), number, &stack_name);
    Ok(StackDeployment {
        id: columns.id("id")?,
        stack_name,
        deployment_stack_name: columns.text("deployment_stack_name")?,
        status: columns.word("status", StackStatus::parse)?,
        order: columns.count("position")?,
        started_at: columns.maybe_time("started_at")?,
        completed_at: columns.maybe_time("completed_at")?,
        error_message: columns.maybe_text("error_message")?,
        is_new_in_upgrade: columns.flag("is_new_in_upgrade")?,
        release: columns.count("release_number")?,
        values: values.sealed_json("stack_values", sealer, &place)?,
    })
}
