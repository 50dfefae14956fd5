//! The way that every write takes to the database, so that tests can break it off at each moment.

use std::ops::{Deref, DerefMut};

use sqlx::any::{AnyArguments, AnyQueryResult, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, AnyPool, Transaction};

use super::error::Act as _;
use super::{Store, StoreError};
use crate::failpoint::{self, Moment};

/// A transaction whose first statement is a write. What is not committed did not happen.
pub(super) struct Write {
    inner: Transaction<'static, Any>,
    act: &'static str,
}

impl Write {
    /// Begins one on a connection of this pool, by a statement of its own where there is one.
    pub(super) async fn begin(
        pool: &AnyPool,
        act: &'static str,
        statement: Option<&'static str>,
    ) -> Result<Self, StoreError> {
        failpoint::pass("store", act, Moment::Before);
        let inner = match statement {
            Some(statement) => pool.begin_with(statement).await.act(act)?,
            None => pool.begin().await.act(act)?,
        };
        Ok(Self { inner, act })
    }

    /// Makes it durable.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        failpoint::pass("store", self.act, Moment::Commit);
        self.inner.commit().await.act(self.act)?;
        failpoint::pass("store", self.act, Moment::After);
        Ok(())
    }

    /// Takes it back, and waits until that is done.
    pub(super) async fn rollback(self) -> Result<(), StoreError> {
        self.inner.rollback().await.act(self.act)
    }
}

impl Deref for Write {
    type Target = AnyConnection;

    fn deref(&self) -> &Self::Target {
        &self.inner
    }
}

impl DerefMut for Write {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.inner
    }
}

impl Store {
    /// Begins a transaction whose first statement is a write.
    pub(super) async fn write(&self, act: &'static str) -> Result<Write, StoreError> {
        Write::begin(&self.writer, act, None).await
    }

    /// One statement that is a transaction of its own and gives rows; `prepare` may read on its connection first.
    pub(super) async fn write_returning<'q>(
        &self,
        act: &'static str,
        prepare: impl AsyncFnOnce(
            &mut AnyConnection,
        ) -> Result<Query<'q, Any, AnyArguments>, StoreError>,
    ) -> Result<Vec<AnyRow>, StoreError> {
        failpoint::pass("store", act, Moment::Before);
        let mut connection = self.writer.acquire().await.act(act)?;
        let statement = prepare(&mut connection).await?;
        failpoint::pass("store", act, Moment::Commit);
        // All rows, also where one is wanted: the first comes before the transaction is durable, the end of them after.
        let rows = statement.fetch_all(&mut *connection).await.act(act)?;
        failpoint::pass("store", act, Moment::After);
        Ok(rows)
    }

    /// One statement that is a transaction of its own.
    pub(super) async fn write_one(
        &self,
        act: &'static str,
        statement: Query<'_, Any, AnyArguments>,
    ) -> Result<AnyQueryResult, StoreError> {
        failpoint::pass("store", act, Moment::Before);
        let done = statement.execute(&self.writer).await.act(act)?;
        failpoint::pass("store", act, Moment::After);
        Ok(done)
    }
}
