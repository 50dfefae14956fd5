//! Environments as recorded.

use domain::environment::{Connection, Environment};
use domain::id::EnvironmentId;
use sqlx::any::AnyRow;

use super::column::{Columns, to_json};
use super::error::Act;
use super::{MAX_PAGE, Store, StoreError};

const TABLE: &str = "environments";

impl Store {
    /// Records an environment. One that is the default takes that place from the one before.
    ///
    /// # Errors
    /// [`StoreError::EnvironmentNameTaken`] where another has the name.
    pub async fn insert_environment(&self, environment: &Environment) -> Result<(), StoreError> {
        let act = "record an environment";
        let connection = to_json(TABLE, "connection", &environment.connection)?;
        let mut tx = self.write(act).await?;
        if environment.is_default {
            sqlx::query("UPDATE environments SET is_default = 0 WHERE is_default = 1")
                .execute(&mut *tx)
                .await
                .act(act)?;
        }
        let inserted = sqlx::query(
            "INSERT INTO environments (id, name, connection, is_default, created_at)
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(environment.id.to_string())
        .bind(environment.name.as_str())
        .bind(connection)
        .bind(i64::from(environment.is_default))
        .bind(environment.created_at.millis())
        .execute(&mut *tx)
        .await
        .act(act);
        match inserted {
            Ok(_) => tx.commit().await,
            Err(error) if error.is_duplicate() => {
                tx.rollback().await?;
                if self.environment_name_taken(&environment.name).await? {
                    let name = environment.name.clone();
                    Err(StoreError::EnvironmentNameTaken { name })
                } else {
                    Err(error)
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Gives an environment another connection; false where there is none.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn move_environment(
        &self,
        id: EnvironmentId,
        connection: &Connection,
    ) -> Result<bool, StoreError> {
        let update = sqlx::query("UPDATE environments SET connection = $1 WHERE id = $2")
            .bind(to_json(TABLE, "connection", connection)?)
            .bind(id.to_string());
        let moved = self.write_one("move an environment", update).await?;
        Ok(moved.rows_affected() == 1)
    }

    /// All environments by name, at most [`MAX_PAGE`].
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn environments(&self) -> Result<Vec<Environment>, StoreError> {
        sqlx::query(
            "SELECT id, name, connection, is_default, created_at FROM environments ORDER BY name LIMIT $1",
        )
        .bind(i64::from(MAX_PAGE))
        .fetch_all(&self.reader)
        .await
        .act("list environments")?
        .iter()
        .map(environment)
        .collect()
    }

    /// One environment.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn environment(&self, id: EnvironmentId) -> Result<Option<Environment>, StoreError> {
        sqlx::query(
            "SELECT id, name, connection, is_default, created_at FROM environments WHERE id = $1",
        )
        .bind(id.to_string())
        .fetch_optional(&self.reader)
        .await
        .act("read an environment")?
        .as_ref()
        .map(environment)
        .transpose()
    }

    /// The environment that is meant where none is named.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn default_environment(&self) -> Result<Option<Environment>, StoreError> {
        sqlx::query(
            "SELECT id, name, connection, is_default, created_at FROM environments WHERE is_default = 1",
        )
        .fetch_optional(&self.reader)
        .await
        .act("read the default environment")?
        .as_ref()
        .map(environment)
        .transpose()
    }

    async fn environment_name_taken(&self, name: &str) -> Result<bool, StoreError> {
        let found = sqlx::query("SELECT id FROM environments WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.reader)
            .await
            .act("look for an environment's name")?;
        Ok(found.is_some())
    }
}

fn environment(row: &AnyRow) -> Result<Environment, StoreError> {
    let columns = Columns::of(TABLE, row);
    Ok(Environment {
        id: columns.id("id")?,
        name: columns.text("name")?,
        connection: columns.json("connection")?,
        is_default: columns.flag("is_default")?,
        created_at: columns.time("created_at")?,
    })
}
