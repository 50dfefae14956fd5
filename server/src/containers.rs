//! Use cases of single containers and volumes of an environment, whoever made them: list, show, read what was written,
//! start, stop, restart, create, remove.
//!
//! What is done here by hand is no operation and changes no status: the reconciler sees it, and health shows it. While an
//! operation works on a product, its containers and volumes are left to that.

mod act;
mod list;
mod logs;
mod orphans;
mod owners;
mod resume;
mod show;
mod stats;
mod volumes;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use domain::access::Actor;
use domain::environment::Environment;

use crate::engine::{Engine, EngineError};
use crate::environments::{EnvironmentError, Environments};
use crate::products::Products;
use crate::reconcile::Reconciler;
use crate::store::{ActiveOperation, Store, StoreError};

pub use logs::{LAST_LINES, LineTime, LogsWanted, MAX_LINES};

/// How long a list or a detail waits for the engine.
const LOOK_WITHIN: Duration = Duration::from_secs(10);

/// Why something about a container or a volume was not done, or cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum ContainerError {
    /// The environment is wrong.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// No environment was named.
    #[error("environment is required: the id of an environment; GET /api/environments lists them.")]
    EnvironmentRequired,
    /// There is no such container.
    #[error("Container '{0}' not found on the engine of this environment.")]
    ContainerNotFound(String),
    /// There is no such volume.
    #[error("Volume '{0}' not found on the engine of this environment.")]
    VolumeNotFound(String),
    /// An operation works on its product.
    #[error("{} of product '{product}' is in progress. It was started by {} at {}; follow or cancel operation {}.", active.kind.noun(), active.actor, active.since, active.id)]
    Busy {
        /// Display name.
        product: String,
        /// The operation in the way.
        active: ActiveOperation,
    },
    /// It runs, and nobody said that it shall be killed.
    #[error("Container '{0}' runs. Stop it first, or remove it with force.")]
    StillRuns(String),
    /// It belongs to something deployed, and nobody said that it shall go all the same.
    #[error(
        "{what} belongs to product '{product}', which is deployed. Remove the product instead, or remove only this with force."
    )]
    Owned {
        /// `Container 'shop-web_api'`.
        what: String,
        /// Display name.
        product: String,
    },
    /// Containers mount the volume.
    #[error("Volume '{volume}' is in use by {}. Remove {} first.", by.join(", "), if by.len() == 1 { "that container" } else { "those containers" })]
    VolumeInUse {
        volume: String,
        /// Names of containers.
        by: Vec<String>,
    },
    /// The name is taken.
    #[error("A volume named '{0}' exists already.")]
    VolumeExists(String),
    /// The stack belongs to something deployed.
    #[error(
        "Stack '{0}' is deployed, so its containers are not left over. Remove the product instead."
    )]
    NotOrphaned(String),
    /// No container belongs to such a stack.
    #[error("No container of a stack '{0}' was found on the engine of this environment.")]
    StackNotFound(String),
    /// A field is wrong.
    #[error("{message}")]
    Invalid {
        /// As in the request.
        field: &'static str,
        /// What is wrong and the way out.
        message: String,
    },
    /// The engine did not do it.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The engine did not answer in time.
    #[error("the engine did not answer within {} s", .0.as_secs())]
    TooSlow(Duration),
    /// The record could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The use cases of containers and volumes.
#[derive(Clone)]
pub struct Containers {
    pub store: Store,
    pub environments: Environments,
    pub products: Products,
    pub reconciler: Reconciler,
}

impl Containers {
    /// The environment of a request, and its engine.
    async fn engine(
        &self,
        actor: &Actor,
        environment: &str,
    ) -> Result<(Environment, Arc<dyn Engine>), ContainerError> {
        if environment.is_empty() {
            return Err(ContainerError::EnvironmentRequired);
        }
        let environment = self
            .environments
            .get_environment(actor, environment)
            .await?;
        let engine = self.environments.engine_of(&environment)?;
        Ok((environment, engine))
    }
}

/// Waits for the engine as long as somebody who looks would.
async fn look<T>(asked: impl Future<Output = Result<T, EngineError>>) -> Result<T, ContainerError> {
    look_within(LOOK_WITHIN, asked).await
}

async fn look_within<T>(
    patience: Duration,
    asked: impl Future<Output = Result<T, EngineError>>,
) -> Result<T, ContainerError> {
    match tokio::time::timeout(patience, asked).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(ContainerError::TooSlow(patience)),
    }
}

/// The same about one container: that it is gone is no failure of the engine.
async fn look_at<T>(
    id: &str,
    asked: impl Future<Output = Result<T, EngineError>>,
) -> Result<T, ContainerError> {
    match look(asked).await {
        Err(ContainerError::Engine(EngineError::NotFound { .. })) => {
            Err(ContainerError::ContainerNotFound(id.to_owned()))
        }
        other => other,
    }
}
