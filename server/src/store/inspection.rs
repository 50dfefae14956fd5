//! What the doctor reads: the facts of a record that its rules compare, a page at a time, each page of one moment. Only reads.

use std::collections::{BTreeMap, HashMap};

use domain::deployment::{ProductStatus, StackStatus};
use domain::id::{DeploymentId, EnvironmentId, OperationId};
use domain::operation::event::EventBody;
use domain::operation::{OperationStatus, StepState};
use domain::timestamp::Timestamp;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use super::column::Columns;
use super::error::Act;
use super::{MAX_PAGE, Store, StoreError, deployments, operations};

/// How the body of an operation's last event begins; the tag is always written first.
macro_rules! finished {
    () => {
        "LIKE '{\"type\":\"finished\"%'"
    };
}

/// Below every id as text.
const BEFORE_ALL: &str = "";

/// What an operation and its journal say about each other.
#[derive(Debug, Clone, PartialEq)]
pub struct OperationFacts {
    pub id: OperationId,
    pub environment_id: EnvironmentId,
    pub group_id: String,
    pub deployment_id: DeploymentId,
    pub status: OperationStatus,
    /// The node that runs it.
    pub owner: Option<String>,
    pub lease_until: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// Number of the newest event, as the operation's row says.
    pub event_seq: i64,
    /// How many events there are.
    pub events: i64,
    /// The smallest and the largest number of an event.
    pub first_seq: Option<i64>,
    pub last_seq: Option<i64>,
    /// How many of the events tell an end.
    pub ends: i64,
    /// What the last event tells, where it tells the end.
    pub end: Option<End>,
    /// Steps that have not ended, of an operation that is final.
    pub open_steps: Vec<OpenSteps>,
    /// None where its deployment is missing.
    pub deployment_status: Option<ProductStatus>,
    /// Whether no later operation worked on the same deployment.
    pub is_newest: bool,
}

/// The end as an event tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    pub status: OperationStatus,
    pub product_status: ProductStatus,
}

/// Steps of one operation in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSteps {
    pub state: StepState,
    pub count: u32,
    /// Key of the first one.
    pub example: String,
}

/// An operation that holds its product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveFacts {
    pub id: OperationId,
    pub environment_id: EnvironmentId,
    pub group_id: String,
}

/// A deployment that is neither removed nor superseded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeploymentFacts {
    pub id: DeploymentId,
    pub group_id: String,
    pub deployment_name: String,
    pub status: ProductStatus,
    /// The operation that works on its product.
    pub active_operation: Option<OperationId>,
    /// Stacks that are being changed.
    pub changing_stacks: Vec<(String, StackStatus)>,
}

/// How much has happened to a product: two equal ones say that nothing happened in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Activity {
    /// Operations ever recorded.
    pub operations: i64,
    /// Events of all of them.
    pub events: i64,
    /// Whether one of them is active.
    pub active: bool,
}

/// Where a deployment is, in a few words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub environment_id: EnvironmentId,
    pub group_id: String,
    pub status: ProductStatus,
}

impl Store {
    /// The next operations by id after `after`, at most `limit` and [`MAX_PAGE`].
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn operation_facts(
        &self,
        after: Option<OperationId>,
        limit: u32,
    ) -> Result<Vec<OperationFacts>, StoreError> {
        let act = "read operations and their journals";
        let mut tx = self.snapshot(act).await?;
        let rows = sqlx::query(concat!(
            "SELECT o.id, o.environment_id, o.group_id, o.deployment_id, o.status, o.owner, o.lease_until, o.finished_at,
                 o.event_seq, d.status AS deployment_status,
                 (SELECT COUNT(*) FROM events e WHERE e.operation_id = o.id) AS event_count,
                 (SELECT MIN(e.seq) FROM events e WHERE e.operation_id = o.id) AS first_seq,
                 (SELECT MAX(e.seq) FROM events e WHERE e.operation_id = o.id) AS last_seq,
                 (SELECT COUNT(*) FROM events e WHERE e.operation_id = o.id AND e.body ",
            finished!(),
            ") AS end_count,
                 (SELECT e.body FROM events e WHERE e.operation_id = o.id AND e.body ",
            finished!(),
            " AND e.seq = (SELECT MAX(l.seq) FROM events l WHERE l.operation_id = o.id)) AS end_body,
                 (SELECT COUNT(*) FROM operations n WHERE n.deployment_id = o.deployment_id
                     AND (n.created_at > o.created_at OR (n.created_at = o.created_at AND n.id > o.id))) AS later_count
             FROM operations o LEFT JOIN product_deployments d ON d.id = o.deployment_id
             WHERE o.id > $1 ORDER BY o.id LIMIT $2"
        ))
        .bind(after.map_or_else(|| BEFORE_ALL.to_owned(), |id| id.to_string()))
        .bind(i64::from(limit.min(MAX_PAGE)))
        .fetch_all(&mut *tx)
        .await
        .act(act)?;
        let mut facts = rows
            .iter()
            .map(operation_facts)
            .collect::<Result<Vec<_>, _>>()?;
        let mut open = match (facts.first(), facts.last()) {
            (Some(first), Some(last)) => open_steps(&mut tx, first.id, last.id).await?,
            _ => HashMap::new(),
        };
        tx.commit().await.act(act)?;
        for operation in &mut facts {
            operation.open_steps = open.remove(&operation.id).unwrap_or_default();
        }
        Ok(facts)
    }

    /// The next active operations by id after `after`, at most `limit` and [`MAX_PAGE`].
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn active_facts(
        &self,
        after: Option<OperationId>,
        limit: u32,
    ) -> Result<Vec<ActiveFacts>, StoreError> {
        sqlx::query(concat!(
            "SELECT id, environment_id, group_id FROM operations WHERE id > $1 AND status IN ",
            active!(),
            " ORDER BY id LIMIT $2"
        ))
        .bind(after.map_or_else(|| BEFORE_ALL.to_owned(), |id| id.to_string()))
        .bind(i64::from(limit.min(MAX_PAGE)))
        .fetch_all(&self.reader)
        .await
        .act("read the active operations")?
        .iter()
        .map(|row| {
            let columns = Columns::of(operations::TABLE, row);
            Ok(ActiveFacts {
                id: columns.id("id")?,
                environment_id: columns.id("environment_id")?,
                group_id: columns.text("group_id")?,
            })
        })
        .collect()
    }

    /// The next living deployments of an environment by id after `after`, at most `limit` and [`MAX_PAGE`].
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn deployment_facts(
        &self,
        environment: EnvironmentId,
        after: Option<DeploymentId>,
        limit: u32,
    ) -> Result<Vec<DeploymentFacts>, StoreError> {
        let act = "read deployments and their operations";
        let mut tx = self.snapshot(act).await?;
        let rows = sqlx::query(concat!(
            "SELECT d.id, d.group_id, d.deployment_name, d.status,
                 (SELECT MIN(o.id) FROM operations o WHERE o.environment_id = d.environment_id
                     AND o.group_id = d.group_id AND o.status IN ",
            active!(),
            ") AS active_operation
             FROM product_deployments d WHERE d.environment_id = $1 AND d.id > $2 AND d.status ",
            living!(),
            " ORDER BY d.id LIMIT $3"
        ))
        .bind(environment.to_string())
        .bind(after.map_or_else(|| BEFORE_ALL.to_owned(), |id| id.to_string()))
        .bind(i64::from(limit.min(MAX_PAGE)))
        .fetch_all(&mut *tx)
        .await
        .act(act)?;
        let mut facts = rows
            .iter()
            .map(deployment_facts)
            .collect::<Result<Vec<_>, _>>()?;
        let mut changing = match (facts.first(), facts.last()) {
            (Some(first), Some(last)) => changing_stacks(&mut tx, first.id, last.id).await?,
            _ => HashMap::new(),
        };
        tx.commit().await.act(act)?;
        for deployment in &mut facts {
            deployment.changing_stacks = changing.remove(&deployment.id).unwrap_or_default();
        }
        Ok(facts)
    }

    /// How much has happened to each product of an environment, by group id.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn activity(
        &self,
        environment: EnvironmentId,
    ) -> Result<BTreeMap<String, Activity>, StoreError> {
        sqlx::query(concat!(
            "SELECT group_id, COUNT(*) AS operation_count, CAST(SUM(event_seq) AS BIGINT) AS event_count,
                 CAST(MAX(CASE WHEN status IN ",
            active!(),
            " THEN 1 ELSE 0 END) AS BIGINT) AS is_active
             FROM operations WHERE environment_id = $1 GROUP BY group_id"
        ))
        .bind(environment.to_string())
        .fetch_all(&self.reader)
        .await
        .act("count what happened to products")?
        .iter()
        .map(|row| {
            let columns = Columns::of(operations::TABLE, row);
            let activity = Activity {
                operations: columns.number("operation_count")?,
                events: columns.number("event_count")?,
                active: columns.flag("is_active")?,
            };
            Ok((columns.text("group_id")?, activity))
        })
        .collect()
    }

    /// Where a deployment is; none where it was never recorded.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn standing(&self, id: DeploymentId) -> Result<Option<Standing>, StoreError> {
        sqlx::query(
            "SELECT environment_id, group_id, status FROM product_deployments WHERE id = $1",
        )
        .bind(id.to_string())
        .fetch_optional(&self.reader)
        .await
        .act("look for a deployment")?
        .map(|row| {
            let columns = Columns::of(deployments::TABLE, &row);
            Ok(Standing {
                environment_id: columns.id("environment_id")?,
                group_id: columns.text("group_id")?,
                status: columns.word("status", ProductStatus::parse)?,
            })
        })
        .transpose()
    }
}

fn operation_facts(row: &AnyRow) -> Result<OperationFacts, StoreError> {
    let columns = Columns::of(operations::TABLE, row);
    let end = match columns.maybe_json("end_body")? {
        Some(EventBody::Finished {
            status,
            product_status,
            ..
        }) => Some(End {
            status,
            product_status,
        }),
        _ => None,
    };
    Ok(OperationFacts {
        id: columns.id("id")?,
        environment_id: columns.id("environment_id")?,
        group_id: columns.text("group_id")?,
        deployment_id: columns.id("deployment_id")?,
        status: columns.word("status", OperationStatus::parse)?,
        owner: columns.maybe_text("owner")?,
        lease_until: columns.maybe_time("lease_until")?,
        finished_at: columns.maybe_time("finished_at")?,
        event_seq: columns.number("event_seq")?,
        events: columns.number("event_count")?,
        first_seq: columns.maybe_number("first_seq")?,
        last_seq: columns.maybe_number("last_seq")?,
        ends: columns.number("end_count")?,
        end,
        open_steps: Vec::new(),
        deployment_status: columns.maybe_word("deployment_status", ProductStatus::parse)?,
        is_newest: columns.number("later_count")? == 0,
    })
}

/// Steps without an end, of final operations from one id to another.
async fn open_steps(
    tx: &mut AnyConnection,
    first: OperationId,
    last: OperationId,
) -> Result<HashMap<OperationId, Vec<OpenSteps>>, StoreError> {
    let rows = sqlx::query(concat!(
        "SELECT s.operation_id, s.state, COUNT(*) AS step_count, MIN(s.step_key) AS example
         FROM steps s JOIN operations o ON o.id = s.operation_id
         WHERE s.operation_id >= $1 AND s.operation_id <= $2 AND s.state IN ('pending', 'started', 'unknown')
             AND o.status NOT IN ",
        active!(),
        " GROUP BY s.operation_id, s.state ORDER BY s.operation_id, s.state"
    ))
    .bind(first.to_string())
    .bind(last.to_string())
    .fetch_all(tx)
    .await
    .act("read steps without an end")?;
    let mut open: HashMap<OperationId, Vec<OpenSteps>> = HashMap::new();
    for row in &rows {
        let columns = Columns::of("steps", row);
        open.entry(columns.id("operation_id")?)
            .or_default()
            .push(OpenSteps {
                state: columns.word("state", StepState::parse)?,
                count: columns.count("step_count")?,
                example: columns.text("example")?,
            });
    }
    Ok(open)
}

fn deployment_facts(row: &AnyRow) -> Result<DeploymentFacts, StoreError> {
    let columns = Columns::of(deployments::TABLE, row);
    Ok(DeploymentFacts {
        id: columns.id("id")?,
        group_id: columns.text("group_id")?,
        deployment_name: columns.text("deployment_name")?,
        status: columns.word("status", ProductStatus::parse)?,
        active_operation: columns.maybe_id("active_operation")?,
        changing_stacks: Vec::new(),
    })
}

/// Stacks on their way to another status, of deployments from one id to another.
async fn changing_stacks(
    tx: &mut AnyConnection,
    first: DeploymentId,
    last: DeploymentId,
) -> Result<HashMap<DeploymentId, Vec<(String, StackStatus)>>, StoreError> {
    let rows = sqlx::query(
        "SELECT deployment_id, stack_name, status FROM stack_deployments
         WHERE deployment_id >= $1 AND deployment_id <= $2 AND status IN ('Deploying', 'Removing')
         ORDER BY deployment_id, position",
    )
    .bind(first.to_string())
    .bind(last.to_string())
    .fetch_all(tx)
    .await
    .act("read stacks that are being changed")?;
    let mut changing: HashMap<DeploymentId, Vec<(String, StackStatus)>> = HashMap::new();
    for row in &rows {
        let columns = Columns::of("stack_deployments", row);
        let stack = columns.text("stack_name")?;
        let status = columns.word("status", StackStatus::parse)?;
        changing
            .entry(columns.id("deployment_id")?)
            .or_default()
            .push((stack, status));
    }
    Ok(changing)
}
