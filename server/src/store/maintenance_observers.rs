//! When the observer of each deployment looks next, and what it saw last. A claim moves the next look far enough ahead that nobody else
//! looks meanwhile; so of several servers on one database one looks, and a restart keeps the interval.

use std::time::Duration;

use domain::id::{DeploymentId, EnvironmentId};
use domain::maintenance::{CheckOutcome, ObserverCheck};
use domain::timestamp::Timestamp;
use sqlx::any::AnyRow;

use super::column::Columns;
use super::error::Act;
use super::{Store, StoreError};

const TABLE: &str = "maintenance_observers";
/// Clocks of several nodes differ by less. A next look that was chosen later than this from now was chosen before the clock was set
/// back, and counts as due.
const CLOCKS_DIFFER: Duration = Duration::from_secs(60);

/// The right to look for one deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObserverClaim {
    pub deployment: DeploymentId,
    pub environment: EnvironmentId,
    /// Which claim it is.
    fence: i64,
}

/// What is known of a deployment's observer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObserverState {
    pub next_at: Timestamp,
    /// The last look, if there was one.
    pub last: Option<ObserverCheck>,
    /// Failed looks in a row.
    pub failures: u32,
    /// When the first of them was.
    pub failing_since: Option<Timestamp>,
}

/// What is due at `$1`; a next look that was chosen after `$2` counts, too.
macro_rules! due {
    () => {
        "(next_at <= $1 OR chosen_at > $2)"
    };
}

impl Store {
    /// Makes room for living deployments that are new, and lets those look at once that got another release; how many there were.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn note_observers(&self, now: Timestamp) -> Result<u64, StoreError> {
        let act = "note deployments to observe";
        // Looking first costs an idle poller no write.
        let found = sqlx::query(concat!(
            "SELECT d.id FROM product_deployments d
             LEFT JOIN maintenance_observers o ON o.deployment_id = d.id
             WHERE d.status ",
            living!(),
            " AND (o.deployment_id IS NULL OR o.release_number <> d.release_number) LIMIT 1"
        ))
        .fetch_optional(&self.reader)
        .await
        .act(act)?;
        if found.is_none() {
            return Ok(0);
        }
        let mut tx = self.write(act).await?;
        let changed = sqlx::query(concat!(
            "UPDATE maintenance_observers SET next_at = $1, chosen_at = $1, release_number = (
                 SELECT d.release_number FROM product_deployments d WHERE d.id = maintenance_observers.deployment_id)
             WHERE EXISTS (SELECT 1 FROM product_deployments d
                 WHERE d.id = maintenance_observers.deployment_id AND d.status ",
            living!(),
            " AND maintenance_observers.release_number <> d.release_number)"
        ))
        .bind(now.millis())
        .execute(&mut *tx)
        .await
        .act(act)?
        .rows_affected();
        let added = sqlx::query(concat!(
            "INSERT INTO maintenance_observers (deployment_id, release_number, next_at, chosen_at, fence, failures)
             SELECT d.id, d.release_number, $1, $1, 0, 0 FROM product_deployments d
             WHERE d.status ",
            living!(),
            " AND NOT EXISTS (SELECT 1 FROM maintenance_observers o WHERE o.deployment_id = d.id)
             ON CONFLICT (deployment_id) DO NOTHING"
        ))
        .bind(now.millis())
        .execute(&mut *tx)
        .await
        .act(act)?
        .rows_affected();
        tx.commit().await?;
        Ok(changed + added)
    }

    /// Takes the living deployment that has waited longest for its observer to look. Nobody else gets it for the time of `claim_for`.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn claim_observer(
        &self,
        now: Timestamp,
        claim_for: Duration,
    ) -> Result<Option<ObserverClaim>, StoreError> {
        let act = "claim an observer";
        let latest = now.plus(CLOCKS_DIFFER);
        // Looking first costs an idle poller no write.
        let found = sqlx::query(concat!(
            "SELECT deployment_id FROM maintenance_observers WHERE ",
            due!(),
            " LIMIT 1"
        ))
        .bind(now.millis())
        .bind(latest.millis())
        .fetch_optional(&self.reader)
        .await
        .act(act)?;
        if found.is_none() {
            return Ok(None);
        }
        let mut tx = self.write(act).await?;
        // The condition stands twice: the outer one is looked at again where PostgreSQL had to wait for another claimer.
        let row = sqlx::query(concat!(
            "UPDATE maintenance_observers SET next_at = $3, chosen_at = $1, fence = fence + 1
             WHERE deployment_id = (
                 SELECT o.deployment_id FROM maintenance_observers o
                 JOIN product_deployments d ON d.id = o.deployment_id AND d.status ",
            living!(),
            " WHERE ",
            due!(),
            " ORDER BY o.next_at, o.deployment_id LIMIT 1) AND ",
            due!(),
            " RETURNING deployment_id, fence"
        ))
        .bind(now.millis())
        .bind(latest.millis())
        .bind(now.plus(claim_for).millis())
        .fetch_optional(&mut *tx)
        .await
        .act(act)?;
        let Some(row) = row else {
            // Nothing is left that lives: what does not is put off for good.
            sqlx::query(concat!(
                "UPDATE maintenance_observers SET next_at = $3, chosen_at = $1 WHERE ",
                due!(),
                " AND NOT EXISTS (SELECT 1 FROM product_deployments d
                     WHERE d.id = maintenance_observers.deployment_id AND d.status ",
                living!(),
                ")"
            ))
            .bind(now.millis())
            .bind(latest.millis())
            .bind(i64::MAX)
            .execute(&mut *tx)
            .await
            .act(act)?;
            tx.commit().await?;
            return Ok(None);
        };
        let columns = Columns::of(TABLE, &row);
        let (deployment, fence) = (columns.id("deployment_id")?, columns.number("fence")?);
        tx.commit().await?;
        let environment = self.environment_of(deployment).await?;
        Ok(environment.map(|environment| ObserverClaim {
            deployment,
            environment,
            fence,
        }))
    }

    /// Ends a claim: the next look is `wait` from now, and `check` is what was seen, where somebody looked. False, and nothing was
    /// written, where another claim or a check by hand came between.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn finish_observer(
        &self,
        claim: &ObserverClaim,
        now: Timestamp,
        wait: Duration,
        check: Option<&ObserverCheck>,
    ) -> Result<bool, StoreError> {
        let act = "record what an observer saw";
        let mut tx = self.write(act).await?;
        let held = sqlx::query(
            "UPDATE maintenance_observers SET next_at = $1, chosen_at = $2
             WHERE deployment_id = $3 AND fence = $4",
        )
        .bind(now.plus(wait).millis())
        .bind(now.millis())
        .bind(claim.deployment.to_string())
        .bind(claim.fence)
        .execute(&mut *tx)
        .await
        .act(act)?
        .rows_affected();
        if held == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        if let Some(check) = check {
            write_check(&mut tx, claim.deployment, check).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Records a look by hand. Whoever polls at the same moment does not write over it.
    ///
    /// # Errors
    /// Where the database does not answer, or there is no such deployment.
    pub async fn record_observer_check(
        &self,
        deployment: DeploymentId,
        wait: Duration,
        check: &ObserverCheck,
    ) -> Result<(), StoreError> {
        let act = "record what an observer saw";
        let mut tx = self.write(act).await?;
        sqlx::query(
            "INSERT INTO maintenance_observers (deployment_id, release_number, next_at, chosen_at, fence, failures)
             SELECT d.id, d.release_number, $1, $2, 1, 0 FROM product_deployments d WHERE d.id = $3
             ON CONFLICT (deployment_id) DO UPDATE SET next_at = excluded.next_at, chosen_at = excluded.chosen_at,
                 fence = maintenance_observers.fence + 1"
        )
        .bind(check.at.plus(wait).millis())
        .bind(check.at.millis())
        .bind(deployment.to_string())
        .execute(&mut *tx)
        .await
        .act(act)?;
        write_check(&mut tx, deployment, check).await?;
        tx.commit().await
    }

    /// What is known of a deployment's observer; nothing before the first look.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn observer_state(
        &self,
        deployment: DeploymentId,
    ) -> Result<Option<ObserverState>, StoreError> {
        sqlx::query(
            "SELECT next_at, checked_at, outcome, observed_value, error_message, failures, failing_since
             FROM maintenance_observers WHERE deployment_id = $1",
        )
        .bind(deployment.to_string())
        .fetch_optional(&self.reader)
        .await
        .act("read what an observer saw")?
        .as_ref()
        .map(state)
        .transpose()
    }
}

async fn write_check(
    tx: &mut sqlx::AnyConnection,
    deployment: DeploymentId,
    check: &ObserverCheck,
) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE maintenance_observers SET checked_at = $1, outcome = $2, observed_value = $3, error_message = $4,
             failures = CASE WHEN $2 = 'failed' THEN failures + 1 ELSE 0 END,
             failing_since = CASE WHEN $2 = 'failed' THEN COALESCE(failing_since, $1) ELSE NULL END
         WHERE deployment_id = $5",
    )
    .bind(check.at.millis())
    .bind(check.outcome.as_str())
    .bind(check.observed_value.as_deref())
    .bind(check.error_message.as_deref())
    .bind(deployment.to_string())
    .execute(tx)
    .await
    .act("record what an observer saw")?;
    match done.rows_affected() {
        1 => Ok(()),
        _ => Err(StoreError::DeploymentUnknown { deployment }),
    }
}

fn state(row: &AnyRow) -> Result<ObserverState, StoreError> {
    let columns = Columns::of(TABLE, row);
    let last = match columns.maybe_word("outcome", CheckOutcome::parse)? {
        Some(outcome) => Some(ObserverCheck {
            at: columns.time("checked_at")?,
            outcome,
            observed_value: columns.maybe_text("observed_value")?,
            error_message: columns.maybe_text("error_message")?,
        }),
        None => None,
    };
    Ok(ObserverState {
        next_at: columns.time("next_at")?,
        last,
        failures: columns.count("failures")?,
        failing_since: columns.maybe_time("failing_since")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_table_are_those_of_the_domain() {
        let table = include_str!("../../../migrations/0004_maintenance_observers.sql");
        let words: Vec<_> = CheckOutcome::ALL
            .iter()
            .map(|outcome| format!("'{}'", outcome.as_str()))
            .collect();
        assert!(table.contains(&format!("outcome IN ({})", words.join(", "))));
    }
}
