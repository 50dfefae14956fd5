//! Finds single stacks of deployed products: by their id, or by what they are called on the engine.

use domain::id::{DeploymentId, EnvironmentId, StackDeploymentId};

use super::column::Columns;
use super::error::Act;
use super::{Store, StoreError};

const TABLE: &str = "stack_deployments";

/// Where a stack is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StackPlace {
    pub environment: EnvironmentId,
    pub deployment: DeploymentId,
    pub stack: StackDeploymentId,
}

impl Store {
    /// A stack of an environment, by its id whatever became of its product, or by its name where the product is there.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn find_stack(
        &self,
        environment: EnvironmentId,
        id_or_name: &str,
    ) -> Result<Option<StackPlace>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT d.environment_id, s.deployment_id, s.id
             FROM stack_deployments s JOIN product_deployments d ON d.id = s.deployment_id
             WHERE d.environment_id = $1 AND (s.id = $2 OR (s.deployment_stack_name = $2 AND d.status ",
            living!(),
            "))
             ORDER BY CASE WHEN s.id = $2 THEN 0 ELSE 1 END, d.created_at DESC, s.position LIMIT 1"
        ))
        .bind(environment.to_string())
        .bind(id_or_name)
        .fetch_optional(&self.reader)
        .await
        .act("look for a stack")?;
        row.as_ref().map(place).transpose()
    }

    /// A stack by its id, in whichever environment it is.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn stack_of_id(
        &self,
        id: StackDeploymentId,
    ) -> Result<Option<StackPlace>, StoreError> {
        let row = sqlx::query(
            "SELECT d.environment_id, s.deployment_id, s.id
             FROM stack_deployments s JOIN product_deployments d ON d.id = s.deployment_id WHERE s.id = $1",
        )
        .bind(id.to_string())
        .fetch_optional(&self.reader)
        .await
        .act("look for a stack by its id")?;
        row.as_ref().map(place).transpose()
    }
}

fn place(row: &sqlx::any::AnyRow) -> Result<StackPlace, StoreError> {
    let columns = Columns::of(TABLE, row);
    Ok(StackPlace {
        environment: columns.id("environment_id")?,
        deployment: columns.id("deployment_id")?,
        stack: columns.id("id")?,
    })
}
