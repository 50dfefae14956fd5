//! The moment an intent becomes durable: deployment, operation and first event in one transaction. The partial unique
//! indexes decide who wins; what stands in the way is read afterwards, for the answer.

use domain::deployment::{ProductDeployment, ProductStatus};
use domain::id::{DeploymentId, EnvironmentId};
use domain::operation::event::{EventBody, Level};
use domain::operation::{Operation, OperationKind};
use domain::release::Release;
use sqlx::AnyConnection;

use super::column::{Columns, to_json};
use super::deployments::{DeploymentChange, begin_change, insert_deployment, supersede};
use super::error::{Act, ActiveOperation};
use super::journal::{NewEvent, insert_events};
use super::operations::TABLE;
use super::releases::insert_release;
use super::{Store, StoreError};
use crate::secrets::Sealer;

const ACT: &str = "accept an operation";

/// An operation to be recorded.
#[derive(Debug, Clone, Copy)]
pub struct NewOperation<'a> {
    /// Queued, without a plan.
    pub operation: &'a Operation,
    /// Recorded with it, where it is new.
    pub deployment: Option<&'a ProductDeployment>,
    /// What changes of the operation's deployment, where it is there already.
    pub change: Option<DeploymentChange<'a>>,
    /// A failed deployment of the same product that makes room for the new one.
    pub supersede: Option<DeploymentId>,
    /// Event 1, at the operation's time of creation.
    pub first_event: (Level, &'a EventBody),
}

impl Store {
    /// Records an operation with all that belongs to it, or nothing.
    ///
    /// # Errors
    /// [`StoreError::OperationActive`], [`StoreError::DeploymentExists`] or [`StoreError::NotSuperseded`] where something
    /// stands in the way; looked for in this order.
    pub async fn accept_operation(&self, new: &NewOperation<'_>) -> Result<(), StoreError> {
        let first = NewEvent::new(new.first_event.0, new.first_event.1)?;
        let mut tx = self.write(ACT).await?;
        let written = write(&mut tx, &self.sealer, new, &first).await;
        match written {
            Ok(()) => tx.commit().await,
            Err(error) if error.is_duplicate() => {
                tx.rollback().await?;
                Err(self.obstacle(new).await?.unwrap_or(error))
            }
            Err(
                error @ (StoreError::NotSuperseded { .. } | StoreError::DeploymentChanged { .. }),
            ) => {
                tx.rollback().await?;
                let active = self.operation_in_the_way(new.operation).await?;
                Err(active.map_or(error, StoreError::OperationActive))
            }
            Err(error) => Err(error),
        }
    }

    /// What a unique index found; none where it is no rule of the product's, such as an id used twice.
    async fn obstacle(&self, new: &NewOperation<'_>) -> Result<Option<StoreError>, StoreError> {
        if let Some(active) = self.operation_in_the_way(new.operation).await? {
            return Ok(Some(StoreError::OperationActive(active)));
        }
        if new.deployment.is_some()
            && let Some((id, status)) = self.living_deployment(new.operation).await?
        {
            return Ok(Some(StoreError::DeploymentExists { id, status }));
        }
        let id_is_taken = sqlx::query("SELECT id FROM operations WHERE id = $1")
            .bind(new.operation.id.to_string())
            .fetch_optional(&self.reader)
            .await
            .act(ACT)?
            .is_some();
        // Whatever stood in the way is gone since.
        Ok((!id_is_taken).then_some(StoreError::Contended { act: ACT }))
    }

    async fn operation_in_the_way(
        &self,
        operation: &Operation,
    ) -> Result<Option<ActiveOperation>, StoreError> {
        self.active_operation(operation.environment_id, &operation.group_id)
            .await
    }

    /// The operation that holds a product in an environment.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn active_operation(
        &self,
        environment: EnvironmentId,
        group_id: &str,
    ) -> Result<Option<ActiveOperation>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT id, kind, actor, created_at FROM operations
             WHERE environment_id = $1 AND group_id = $2 AND status IN ",
            active!()
        ))
        .bind(environment.to_string())
        .bind(group_id)
        .fetch_optional(&self.reader)
        .await
        .act("read the active operation")?;
        row.map(|row| {
            let columns = Columns::of(TABLE, &row);
            Ok(ActiveOperation {
                id: columns.id("id")?,
                kind: columns.word("kind", OperationKind::parse)?,
                actor: columns.json("actor")?,
                since: columns.time("created_at")?,
            })
        })
        .transpose()
    }

    async fn living_deployment(
        &self,
        operation: &Operation,
    ) -> Result<Option<(DeploymentId, ProductStatus)>, StoreError> {
        let row = sqlx::query(concat!(
            "SELECT id, status FROM product_deployments
             WHERE environment_id = $1 AND group_id = $2 AND status ",
            living!()
        ))
        .bind(operation.environment_id.to_string())
        .bind(operation.group_id.as_str())
        .fetch_optional(&self.reader)
        .await
        .act("read the product's deployment")?;
        row.map(|row| {
            let columns = Columns::of("product_deployments", &row);
            Ok((
                columns.id("id")?,
                columns.word("status", ProductStatus::parse)?,
            ))
        })
        .transpose()
    }
}

async fn write(
    tx: &mut AnyConnection,
    sealer: &Sealer,
    new: &NewOperation<'_>,
    first: &NewEvent,
) -> Result<(), StoreError> {
    let operation = new.operation;
    if let Some(id) = new.supersede {
        supersede(tx, operation.environment_id, id).await?;
    }
    if let Some(deployment) = new.deployment {
        insert_deployment(tx, deployment).await?;
        insert_release(tx, sealer, &Release::first(deployment, operation.id)).await?;
    }
    if let Some(change) = &new.change {
        begin_change(tx, sealer, operation.deployment_id, change).await?;
    }
    insert_operation(tx, operation).await?;
    insert_events(
        tx,
        operation.id,
        1,
        operation.created_at,
        std::slice::from_ref(first),
    )
    .await
}

async fn insert_operation(tx: &mut AnyConnection, operation: &Operation) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO operations (id, environment_id, group_id, deployment_id, kind, status, actor, session_id,
             input, cancel_requested, event_seq, fence, not_before, created_at)
         VALUES ($1, $2, $3, $4, $5, 'queued', $6, $7, $10, 0, 1, 0, $8, $9)",
    )
    .bind(operation.id.to_string())
    .bind(operation.environment_id.to_string())
    .bind(operation.group_id.as_str())
    .bind(operation.deployment_id.to_string())
    .bind(operation.kind.as_str())
    .bind(to_json(TABLE, "actor", &operation.actor)?)
    .bind(operation.session_id.as_str())
    .bind(operation.not_before.map(|at| at.millis()))
    .bind(operation.created_at.millis())
    .bind(to_json(TABLE, "input", &operation.input)?)
    .execute(tx)
    .await
    .act(ACT)?;
    Ok(())
}
