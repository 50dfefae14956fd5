//! Releases as recorded: whole, in lists, and the changes that journals make to them.

use std::collections::BTreeMap;

use domain::access::Actor;
use domain::id::{DeploymentId, OperationId};
use domain::release::{
    Release, ReleaseImage, ReleaseNumber, ReleaseResult, ReleaseStack, forgettable,
};
use domain::timestamp::Timestamp;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::column::{Columns, to_json, to_sealed_json};
use super::error::Act;
use super::sealing::{release_row, stack_row};
use super::{MAX_PAGE, Store, StoreError};
use crate::secrets::Sealer;

const TABLE: &str = "releases";
const STACKS: &str = "release_stacks";

/// A release in a list: without its contents.
#[derive(Debug, Clone, PartialEq)]
pub struct ReleaseRow {
    pub number: ReleaseNumber,
    pub operation: Option<OperationId>,
    pub product_id: String,
    pub product_version: Option<String>,
    pub result: ReleaseResult,
    pub message: Option<String>,
    pub rollback_of: Option<ReleaseNumber>,
    pub created_by: Actor,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

impl Store {
    /// One release, whole.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn product_release(
        &self,
        deployment: DeploymentId,
        number: ReleaseNumber,
    ) -> Result<Option<Release>, StoreError> {
        let act = "read a release";
        let mut tx = self.snapshot(act).await?;
        let release = read_release(&mut tx, &self.sealer, deployment, number).await?;
        tx.commit().await.act(act)?;
        Ok(release)
    }

    /// The releases of a deployment, newest first, and how many there are.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn release_page(
        &self,
        deployment: DeploymentId,
        limit: u32,
        offset: u32,
    ) -> Result<(Vec<ReleaseRow>, u64), StoreError> {
        let act = "list releases";
        let rows = sqlx::query(
            "SELECT number, operation_id, product_id, product_version, result, message, rollback_of, created_by,
                 created_at, ended_at
             FROM releases WHERE deployment_id = $1 ORDER BY number DESC LIMIT $2 OFFSET $3",
        )
        .bind(deployment.to_string())
        .bind(i64::from(limit.min(MAX_PAGE)))
        .bind(i64::from(offset))
        .fetch_all(&self.reader)
        .await
        .act(act)?;
        let total: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM releases WHERE deployment_id = $1")
                .bind(deployment.to_string())
                .fetch_one(&self.reader)
                .await
                .act(act)?;
        let rows = rows.iter().map(row_of).collect::<Result<_, _>>()?;
        Ok((rows, total.unsigned_abs()))
    }

    /// The number that the next release of a deployment gets.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn next_release_number(
        &self,
        deployment: DeploymentId,
    ) -> Result<ReleaseNumber, StoreError> {
        let newest: Option<i64> =
            sqlx::query_scalar("SELECT MAX(number) FROM releases WHERE deployment_id = $1")
                .bind(deployment.to_string())
                .fetch_one(&self.reader)
                .await
                .act("look for a deployment's newest release")?;
        Ok(u32::try_from(newest.unwrap_or(0))
            .unwrap_or(u32::MAX)
            .saturating_add(1))
    }
}

pub(super) async fn read_release(
    tx: &mut AnyConnection,
    sealer: &Sealer,
    deployment: DeploymentId,
    number: ReleaseNumber,
) -> Result<Option<Release>, StoreError> {
    let act = "read a release";
    let row = sqlx::query(
        "SELECT number, operation_id, product_id, product_version, result, message, rollback_of, created_by,
             created_at, ended_at, product, shared_values, images
         FROM releases WHERE deployment_id = $1 AND number = $2",
    )
    .bind(deployment.to_string())
    .bind(i64::from(number))
    .fetch_optional(&mut *tx)
    .await
    .act(act)?;
    let Some(row) = row else {
        return Ok(None);
    };
    let stacks = sqlx::query(
        "SELECT stack_name, deployment_stack_name, stack_values FROM release_stacks
         WHERE deployment_id = $1 AND number = $2 ORDER BY position",
    )
    .bind(deployment.to_string())
    .bind(i64::from(number))
    .fetch_all(tx)
    .await
    .act(act)?;
    let columns = Columns::of(TABLE, &row);
    let facts = row_of(&row)?;
    let place = release_row(&deployment.to_string(), number.into());
    Ok(Some(Release {
        deployment,
        number: facts.number,
        operation: facts.operation,
        product: columns.sealed_json("product", sealer, &place)?,
        shared_values: columns.sealed_json("shared_values", sealer, &place)?,
        images: columns.json("images")?,
        stacks: stacks
            .iter()
            .map(|row| stack(row, sealer, (deployment, number)))
            .collect::<Result<_, _>>()?,
        result: facts.result,
        message: facts.message,
        rollback_of: facts.rollback_of,
        created_by: facts.created_by,
        created_at: facts.created_at,
        ended_at: facts.ended_at,
    }))
}

pub(super) async fn insert_release(
    tx: &mut AnyConnection,
    sealer: &Sealer,
    release: &Release,
) -> Result<(), StoreError> {
    let act = "record a release";
    let deployment = release.deployment.to_string();
    let number = i64::from(release.number);
    let row = release_row(&deployment, number);
    sqlx::query(
        "INSERT INTO releases (deployment_id, number, operation_id, product_id, product_version, product, shared_values,
             images, result, message, rollback_of, created_by, created_at, ended_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(deployment.as_str())
    .bind(number)
    .bind(release.operation.map(|id| id.to_string()))
    .bind(release.product.id.as_str())
    .bind(release.product.version.as_deref())
    .bind(to_sealed_json(
        (TABLE, "product", &row),
        sealer,
        &release.product,
    )?)
    .bind(to_sealed_json(
        (TABLE, "shared_values", &row),
        sealer,
        &release.shared_values,
    )?)
    .bind(to_json(TABLE, "images", &release.images)?)
    .bind(release.result.as_str())
    .bind(release.message.as_deref())
    .bind(release.rollback_of.map(i64::from))
    .bind(to_json(TABLE, "created_by", &release.created_by)?)
    .bind(release.created_at.millis())
    .bind(release.ended_at.map(Timestamp::millis))
    .execute(&mut *tx)
    .await
    .act(act)?;
    for (position, stack) in (0_i64..).zip(&release.stacks) {
        let row = stack_row(&deployment, number, &stack.stack_name);
        sqlx::query(
            "INSERT INTO release_stacks (deployment_id, number, stack_name, deployment_stack_name, position, stack_values)
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(deployment.as_str())
        .bind(number)
        .bind(stack.stack_name.as_str())
        .bind(stack.deployment_stack_name.as_str())
        .bind(position)
        .bind(to_sealed_json(
            (STACKS, "stack_values", &row),
            sealer,
            &stack.values,
        )?)
        .execute(&mut *tx)
        .await
        .act(act)?;
    }
    Ok(())
}

pub(super) async fn set_images(
    tx: &mut AnyConnection,
    deployment: DeploymentId,
    number: ReleaseNumber,
    images: &BTreeMap<String, ReleaseImage>,
) -> Result<(), StoreError> {
    sqlx::query("UPDATE releases SET images = $1 WHERE deployment_id = $2 AND number = $3")
        .bind(to_json(TABLE, "images", images)?)
        .bind(deployment.to_string())
        .bind(i64::from(number))
        .execute(tx)
        .await
        .act("record a release's images")?;
    Ok(())
}

pub(super) async fn set_result(
    tx: &mut AnyConnection,
    deployment: DeploymentId,
    (number, result): (ReleaseNumber, ReleaseResult),
    message: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE releases SET result = $1, message = $2, ended_at = $3 WHERE deployment_id = $4 AND number = $5",
    )
    .bind(result.as_str())
    .bind(message)
    .bind(now.millis())
    .bind(deployment.to_string())
    .bind(i64::from(number))
    .execute(tx)
    .await
    .act("record what came of a release")?;
    Ok(())
}

/// Forgets old releases beyond the newest `keep`, but none that something needs.
pub(super) async fn forget_releases(
    tx: &mut AnyConnection,
    deployment: DeploymentId,
    keep: usize,
) -> Result<(), StoreError> {
    let act = "forget old releases";
    let rows = sqlx::query("SELECT number, result FROM releases WHERE deployment_id = $1")
        .bind(deployment.to_string())
        .fetch_all(&mut *tx)
        .await
        .act(act)?;
    let known = rows
        .iter()
        .map(|row| {
            let columns = Columns::of(TABLE, row);
            let result = columns.word("result", ReleaseResult::parse)?;
            Ok((columns.count("number")?, result))
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    let present: i64 =
        sqlx::query_scalar("SELECT release_number FROM product_deployments WHERE id = $1")
            .bind(deployment.to_string())
            .fetch_one(&mut *tx)
            .await
            .act(act)?;
    let in_use: Vec<i64> = sqlx::query_scalar(
        "SELECT DISTINCT release_number FROM stack_deployments WHERE deployment_id = $1",
    )
    .bind(deployment.to_string())
    .fetch_all(&mut *tx)
    .await
    .act(act)?;
    let number = |stored: i64| u32::try_from(stored).unwrap_or(u32::MAX);
    let in_use: Vec<ReleaseNumber> = in_use.into_iter().map(number).collect();
    for old in forgettable(&known, &in_use, number(present), keep) {
        for statement in [
            "DELETE FROM release_stacks WHERE deployment_id = $1 AND number = $2",
            "DELETE FROM releases WHERE deployment_id = $1 AND number = $2",
        ] {
            sqlx::query(statement)
                .bind(deployment.to_string())
                .bind(i64::from(old))
                .execute(&mut *tx)
                .await
                .act(act)?;
        }
    }
    Ok(())
}

fn row_of(row: &AnyRow) -> Result<ReleaseRow, StoreError> {
    let columns = Columns::of(TABLE, row);
    Ok(ReleaseRow {
        number: columns.count("number")?,
        operation: columns.maybe_id("operation_id")?,
        product_id: columns.text("product_id")?,
        product_version: columns.maybe_text("product_version")?,
        result: columns.word("result", ReleaseResult::parse)?,
        message: columns.maybe_text("message")?,
        rollback_of: columns.maybe_count("rollback_of")?,
        created_by: columns.json("created_by")?,
        created_at: columns.time("created_at")?,
        ended_at: columns.maybe_time("ended_at")?,
    })
}

fn stack(
    row: &AnyRow,
    sealer: &Sealer,
    (deployment, number): (DeploymentId, ReleaseNumber),
) -> Result<ReleaseStack, StoreError> {
    let columns = Columns::of(STACKS, row);
    let stack_name = columns.text("stack_name")?;
    let place = stack_row(&deployment.to_string(), number.into(), &stack_name);
    Ok(ReleaseStack {
        stack_name,
        deployment_stack_name: columns.text("deployment_stack_name")?,
        values: columns.sealed_json("stack_values", sealer, &place)?,
    })
}
