//! Use cases of deployed products: accept a deployment, list, show.
//!
//! A request becomes an operation in one transaction or leaves no trace; the operation belongs to nobody's request.

mod accept;
mod show;

use std::sync::Arc;

use domain::access::Actor;
use domain::deployment::{ProductDeployment, ProductStatus};
use domain::id::{DeploymentId, OperationId};
use domain::product::Problem;
use domain::wire::DeployProductResponse;

use crate::catalog::Catalog;
use crate::clock::Clock;
use crate::engine::EngineError;
use crate::environments::{EnvironmentError, Environments};
use crate::operations::{OperationError, Operations};
use crate::orchestrator::Orchestrator;
use crate::reconcile::Reconciler;
use crate::store::{ActiveOperation, Store, StoreError};

/// Why a deployment cannot be accepted or shown. Nothing was written, nothing was started.
#[derive(Debug, thiserror::Error)]
pub enum DeploymentError {
    /// The environment is wrong.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// The catalog does not have the product.
    #[error("Product '{0}' not found in catalog.")]
    ProductNotFound(String),
    /// The product does not have the stack.
    #[error("Stack '{stack}' not found in product '{product}'.")]
    StackNotFound {
        /// As in the request.
        stack: String,
        /// Display name.
        product: String,
    },
    /// No stack was named.
    #[error("At least one stack configuration is required.")]
    NoStacks,
    /// Fields are wrong.
    #[error("{}", first_message(.0))]
    Invalid(Vec<InvalidField>),
    /// The product cannot be rendered with these values.
    #[error("The product cannot be deployed with these values: {}", first_problem(.0))]
    Unrenderable(Vec<StackProblem>),
    /// An operation works on the product.
    #[error("A deployment is already in progress for product '{product}'. It was started by {} at {}; follow it with operation {}.", active.actor, active.since, active.id)]
    InProgress {
        /// Display name.
        product: String,
        /// The operation in the way.
        active: ActiveOperation,
    },
    /// The product is deployed.
    #[error("Product '{product}' is already deployed (status: {status}). Use upgrade instead.")]
    AlreadyDeployed {
        /// Display name.
        product: String,
        /// The deployment in the way.
        id: DeploymentId,
        /// Its status.
        status: ProductStatus,
    },
    /// There is no such deployment.
    #[error("Product deployment not found")]
    NotFound,
    /// The product is not deployed.
    #[error("No active product deployment found for this product")]
    NotDeployed,
    /// What was accepted cannot be followed.
    #[error(transparent)]
    Operation(#[from] OperationError),
    /// The engine cannot be asked.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The record could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One wrong field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidField {
    /// As in the request: `stackConfigs[0].variables.WEB_PORT`.
    pub field: String,
    /// What is wrong. Never holds a value of a secret.
    pub message: String,
}

/// A problem of one stack of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackProblem {
    /// `stackConfigs[0]`.
    pub field: String,
    /// What is wrong, with file and line.
    pub problem: Problem,
}

fn first_message(fields: &[InvalidField]) -> String {
    match fields {
        [] => "The request is not valid.".to_owned(),
        [only] => only.message.clone(),
        [first, rest @ ..] => format!("{} ({} more)", first.message, rest.len()),
    }
}

fn first_problem(problems: &[StackProblem]) -> String {
    problems
        .first()
        .map(|found| found.problem.to_string())
        .unwrap_or_default()
}

/// What was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    pub operation: OperationId,
    pub deployment: DeploymentId,
    pub session_id: String,
    /// Display name of the product.
    pub product: String,
}

/// The use cases of deployed products.
#[derive(Clone)]
pub struct Deployments {
    pub store: Store,
    pub catalog: Arc<Catalog>,
    pub environments: Environments,
    pub operations: Operations,
    pub orchestrator: Orchestrator,
    pub reconciler: Reconciler,
    pub clock: Clock,
}

impl Deployments {
    /// Waits until an accepted operation has ended, and says how.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn wait_for_result(
        &self,
        _actor: &Actor,
        environment: &str,
        accepted: &Accepted,
    ) -> Result<DeployProductResponse, DeploymentError> {
        self.operations.wait_for_end(accepted.operation).await?;
        let environment = environment.parse().map_err(|_| DeploymentError::NotFound)?;
        let deployment = self
            .store
            .deployment(environment, accepted.deployment)
            .await?
            .ok_or(DeploymentError::NotFound)?;
        let operation = self.store.operation(accepted.operation).await?;
        let message = operation
            .and_then(|operation| operation.message)
            .unwrap_or_default();
        Ok(show::result(&deployment, accepted, message))
    }

    async fn find(
        &self,
        environment: &str,
        id: &str,
    ) -> Result<ProductDeployment, DeploymentError> {
        let environment = environment.parse().map_err(|_| DeploymentError::NotFound)?;
        let id = id.parse().map_err(|_| DeploymentError::NotFound)?;
        self.store
            .deployment(environment, id)
            .await?
            .ok_or(DeploymentError::NotFound)
    }
}

impl From<Accepted> for domain::wire::AcceptedOperation {
    fn from(accepted: Accepted) -> Self {
        Self {
            success: true,
            message: format!(
                "The deployment of product '{}' was accepted.",
                accepted.product
            ),
            operation_id: accepted.operation.to_string(),
            product_deployment_id: accepted.deployment.to_string(),
            session_id: accepted.session_id,
        }
    }
}
