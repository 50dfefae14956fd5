//! What the end of an operation changes in the record of its deployment, in the transaction that tells the end.

use domain::deployment::OperationMode;
use domain::id::DeploymentId;
use domain::maintenance::MaintenanceTrigger;
use domain::product::Product;
use domain::release::{ReleaseNumber, ReleaseResult};
use domain::timestamp::Timestamp;
use sqlx::AnyConnection;

use super::StoreError;
use super::column::to_json;
use super::deployments::{TABLE, search_text, sort_name};
use super::error::Act;
use super::releases::{forget_releases, set_result};

const ACT: &str = "settle a deployment";

/// Changes of a deployment's record; what is not named stays as it is.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settlement {
    /// The release that it is at from now on.
    pub contents: Option<Contents>,
    /// The releases that stacks are at from now on.
    pub stacks: Vec<(String, ReleaseNumber)>,
    /// Stacks that are no part of it any more.
    pub gone: Vec<String>,
    /// What came of a release.
    pub result: Option<(ReleaseNumber, ReleaseResult)>,
    /// The operation mode, and who is behind it.
    pub mode: Option<(OperationMode, Option<MaintenanceTrigger>)>,
    /// How many releases are kept; none forgets nothing.
    pub keep_releases: Option<usize>,
}

impl Settlement {
    /// Everything stays as it is.
    #[must_use]
    pub fn nothing() -> &'static Self {
        static NOTHING: Settlement = Settlement {
            contents: None,
            stacks: Vec::new(),
            gone: Vec::new(),
            result: None,
            mode: None,
            keep_releases: None,
        };
        &NOTHING
    }
}

/// The contents of a deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct Contents {
    pub release: ReleaseNumber,
    pub product: Box<Product>,
    /// The version before, where this is an upgrade or a rollback.
    pub upgraded_from: Option<Option<String>>,
}

pub(super) async fn settle(
    tx: &mut AnyConnection,
    deployment: DeploymentId,
    settlement: &Settlement,
    message: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let id = deployment.to_string();
    if let Some(contents) = &settlement.contents {
        set_contents(tx, deployment, contents, now).await?;
    }
    for (stack, release) in &settlement.stacks {
        sqlx::query(
            "UPDATE stack_deployments SET release_number = $1 WHERE deployment_id = $2 AND stack_name = $3",
        )
        .bind(i64::from(*release))
        .bind(id.as_str())
        .bind(stack.as_str())
        .execute(&mut *tx)
        .await
        .act(ACT)?;
    }
    for stack in &settlement.gone {
        sqlx::query("DELETE FROM stack_deployments WHERE deployment_id = $1 AND stack_name = $2")
            .bind(id.as_str())
            .bind(stack.as_str())
            .execute(&mut *tx)
            .await
            .act(ACT)?;
    }
    if !settlement.gone.is_empty() || settlement.contents.is_some() {
        sqlx::query(
            "UPDATE product_deployments SET total_stacks =
                 (SELECT COUNT(*) FROM stack_deployments s WHERE s.deployment_id = $1) WHERE id = $1",
        )
        .bind(id.as_str())
        .execute(&mut *tx)
        .await
        .act(ACT)?;
    }
    if let Some(result) = settlement.result {
        set_result(tx, deployment, result, message, now).await?;
    }
    if let Some((mode, trigger)) = &settlement.mode {
        let trigger = trigger
            .as_ref()
            .map(|trigger| to_json(TABLE, "maintenance", trigger))
            .transpose()?;
        sqlx::query(
            "UPDATE product_deployments SET operation_mode = $1, maintenance = $2 WHERE id = $3",
        )
        .bind(mode.as_str())
        .bind(trigger)
        .bind(id.as_str())
        .execute(&mut *tx)
        .await
        .act(ACT)?;
    }
    if let Some(keep) = settlement.keep_releases {
        forget_releases(tx, deployment, keep).await?;
    }
    Ok(())
}

async fn set_contents(
    tx: &mut AnyConnection,
    deployment: DeploymentId,
    contents: &Contents,
    now: Timestamp,
) -> Result<(), StoreError> {
    let product = &contents.product;
    let id = deployment.to_string();
    let name: String =
        sqlx::query_scalar("SELECT deployment_name FROM product_deployments WHERE id = $1")
            .bind(id.as_str())
            .fetch_one(&mut *tx)
            .await
            .act(ACT)?;
    sqlx::query(
        "UPDATE product_deployments SET release_number = $1, product_id = $2, product_name = $3, product_display_name = $4,
             product_version = $5, sort_name = $6, search_text = $7 WHERE id = $8",
    )
    .bind(i64::from(contents.release))
    .bind(product.id.as_str())
    .bind(product.name.as_str())
    .bind(product.display_name.as_str())
    .bind(product.version.as_deref())
    .bind(sort_name(product))
    .bind(search_text(&name, product))
    .bind(id.as_str())
    .execute(&mut *tx)
    .await
    .act(ACT)?;
    for (position, stack) in (0_i64..).zip(&product.stacks) {
        sqlx::query(
            "UPDATE stack_deployments SET position = $1 WHERE deployment_id = $2 AND stack_name = $3",
        )
        .bind(position)
        .bind(id.as_str())
        .bind(stack.name.as_str())
        .execute(&mut *tx)
        .await
        .act(ACT)?;
    }
    if let Some(before) = &contents.upgraded_from {
        sqlx::query(
            "UPDATE product_deployments SET previous_version = $1, last_upgraded_at = $2, upgrade_count = upgrade_count + 1
             WHERE id = $3",
        )
        .bind(before.as_deref())
        .bind(now.millis())
        .bind(id.as_str())
        .execute(&mut *tx)
        .await
        .act(ACT)?;
    }
    Ok(())
}
