//! Use cases of deployed products: deploy, change, plan, remove; list, show, and their releases.
//!
//! A request becomes an operation in one transaction or leaves no trace; the operation belongs to nobody's request.

mod accept;
mod configuration;
mod containers;
mod intent;
mod operation_mode;
mod plan;
mod precheck;
mod redeploy;
mod releases;
mod remove;
mod retry;
mod rollback;
mod show;
mod stacks;
mod upgrade;
mod values;

use std::sync::Arc;

use domain::access::Actor;
use domain::deployment::{OperationMode, ProductDeployment, ProductStatus, StackStatus};
use domain::id::{DeploymentId, OperationId, StackDeploymentId};
use domain::operation::{Operation, OperationKind, OperationStatus};
use domain::plan::NOTIFY_SETTER;
use domain::product::Problem;
use domain::wire::{ContainersResult, DeployProductResponse, OperationModeResult, OperationResult};

use crate::catalog::Catalog;
use crate::clock::Clock;
use crate::engine::EngineError;
use crate::environments::{EnvironmentError, Environments};
use crate::operations::{OperationError, Operations};
use crate::orchestrator::{Orchestrator, PlanError};
use crate::reconcile::Reconciler;
use crate::store::{ActiveOperation, Store, StoreError};

pub use operation_mode::ModeChange;
pub use stacks::{Located, StackAccepted, StackRemoval};

/// Why an operation cannot be accepted, or a deployment not be shown. Nothing was written, nothing was started.
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
    /// An operation works on the product.
    #[error("{} of product '{product}' is in progress. It was started by {} at {}; follow or cancel operation {}.", active.kind.noun(), active.actor, active.since, active.id)]
    Active {
        /// Display name.
        product: String,
        /// The operation in the way.
        active: ActiveOperation,
    },
    /// The status does not allow it.
    #[error("Product deployment cannot be {what}. Current status: {status}")]
    StatusForbids {
        /// `redeployed`, `upgraded`, ….
        what: &'static str,
        status: ProductStatus,
    },
    /// Containers of what does not run cannot be stopped.
    #[error(
        "Cannot stop containers. Product deployment status is {0}, must be Running or PartiallyRunning."
    )]
    CannotStop(ProductStatus),
    /// Containers of what neither runs nor is stopped cannot be restarted.
    #[error("Cannot restart containers. Product deployment status is {0}.")]
    CannotRestart(ProductStatus),
    /// Only exit and removal are allowed.
    #[error(
        "Product deployment cannot be {what} while it is in maintenance mode. Exit maintenance first."
    )]
    InMaintenance {
        /// `redeployed`, `upgraded`, ….
        what: &'static str,
    },
    /// Maintenance begins only where something runs.
    #[error(
        "Cannot change operation mode. Product deployment is {0}, must be Running or PartiallyRunning."
    )]
    ModeForbidden(ProductStatus),
    /// It is in that mode already.
    #[error("The product is in operation mode {} already.", .0.as_str())]
    ModeUnchanged(OperationMode),
    /// Whoever activated maintenance controls its end.
    #[error("{0}")]
    HeldByTrigger(String),
    /// There is no such mode.
    #[error("Invalid operation mode '{0}'. Valid modes: Normal, Maintenance")]
    InvalidMode(String),
    /// The deployment does not have the stack.
    #[error("Stack '{0}' not found in this product deployment.")]
    StackNotDeployed(String),
    /// The deployment does not have the stacks.
    #[error("Unknown stack name(s): {unknown}. Available stacks: {available}.")]
    UnknownStacks { unknown: String, available: String },
    /// The catalog does not have the version.
    #[error("Target product '{0}' not found in catalog.")]
    TargetNotFound(String),
    /// The version cannot be rolled out over the present one.
    #[error("{0}")]
    VersionRefused(String),
    /// There is no release to return to.
    #[error(
        "There is no earlier release that succeeded. Choose one from the list of releases, or upgrade."
    )]
    NoEarlierRelease,
    /// There is no such release.
    #[error("Release {0} not found. It may have been forgotten: only the newest are kept.")]
    ReleaseNotFound(u32),
    /// Which version is not said.
    #[error("Version is required.")]
    VersionRequired,
    /// The catalog does not have the stack.
    #[error("Stack '{0}' not found in catalog.")]
    CatalogStackNotFound(String),
    /// The catalog does not have the version of the stack.
    #[error("Target stack '{0}' not found in catalog.")]
    TargetStackNotFound(String),
    /// There is no such stack deployment.
    #[error("Deployment '{0}' not found.")]
    StackDeploymentNotFound(String),
    /// The stack is deployed.
    #[error(
        "Stack '{stack}' is already deployed (status: {status}). Use upgrade or redeploy instead."
    )]
    StackAlreadyDeployed {
        /// Its name in the product.
        stack: String,
        /// The deployment in the way.
        id: StackDeploymentId,
        /// Its status.
        status: StackStatus,
    },
    /// The file that was given is not usable.
    #[error("The Compose file cannot be used: {}", first_of(.0))]
    UnusableFile(Vec<Problem>),
    /// There is nothing to return to.
    #[error(
        "Rollback only available after failed upgrade. No earlier release of the stack '{0}' that succeeded is recorded."
    )]
    NoStackRollback(String),
    /// An operation that stands still can be let go; there is none.
    #[error(
        "Deployment cannot be marked as failed. Current status: {status}. No deployment is ever left behind half done: an operation goes on after a restart and always ends. Only one that cannot undo what it did can be let go, and none is in that state; cancel an operation to end it."
    )]
    NothingStuck {
        /// In the words of the compatible API.
        status: &'static str,
    },
    /// There are none.
    #[error("No release notes available for this version.")]
    NoReleaseNotes,
    /// It changed while the request was looked at.
    #[error(
        "The product was changed by somebody else meanwhile. Look at it again, then repeat what you want."
    )]
    Changed,
    /// It cannot be planned, or the caller saw another plan.
    #[error("It cannot be done as it is: {0}")]
    Unplannable(#[source] PlanError),
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

fn first_of(problems: &[Problem]) -> String {
    problems
        .first()
        .map(ToString::to_string)
        .unwrap_or_default()
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
    pub kind: OperationKind,
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

    /// Waits until an accepted operation on a deployed product has ended; the record and the operation as they are then.
    ///
    /// # Errors
    /// Where the record cannot be read.
    async fn ended(
        &self,
        environment: &str,
        accepted: &Accepted,
    ) -> Result<(ProductDeployment, Operation), DeploymentError> {
        self.operations.wait_for_end(accepted.operation).await?;
        let environment = environment.parse().map_err(|_| DeploymentError::NotFound)?;
        let deployment = self
            .store
            .deployment(environment, accepted.deployment)
            .await?
            .ok_or(DeploymentError::NotFound)?;
        let operation = self.store.operation(accepted.operation).await?;
        Ok((deployment, operation.ok_or(DeploymentError::NotFound)?))
    }

    /// How an accepted operation ended, once it has.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn wait_for_operation(
        &self,
        _actor: &Actor,
        environment: &str,
        accepted: &Accepted,
    ) -> Result<OperationResult, DeploymentError> {
        let (deployment, operation) = self.ended(environment, accepted).await?;
        let target = match operation.input.release {
            Some(number) => self.store.product_release(deployment.id, number).await?,
            None => None,
        };
        let target = target.and_then(|release| release.product.version);
        Ok(show::operation_result(&deployment, &operation, target))
    }

    /// How stopping or restarting ended, once it has.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn wait_for_containers(
        &self,
        _actor: &Actor,
        environment: &str,
        accepted: &Accepted,
    ) -> Result<ContainersResult, DeploymentError> {
        let (deployment, operation) = self.ended(environment, accepted).await?;
        Ok(show::containers_result(&deployment, &operation))
    }

    /// How a change of the mode ended, once it has; at once where nothing had to be done.
    ///
    /// # Errors
    /// Where the record cannot be read.
    pub async fn wait_for_mode(
        &self,
        _actor: &Actor,
        environment: &str,
        id: &str,
        change: &ModeChange,
    ) -> Result<OperationModeResult, DeploymentError> {
        match change {
            ModeChange::AlreadyThere(mode) => {
                let deployment = self.find(environment, id).await?;
                Ok(OperationModeResult {
                    success: true,
                    message: format!("The product is in operation mode {} already", mode.as_str()),
                    product_deployment_id: deployment.id.to_string(),
                    previous_mode: *mode,
                    new_mode: *mode,
                    trigger_source: deployment.maintenance.map(|trigger| trigger.source),
                    setter_error: None,
                    operation_id: None,
                    status: deployment.status,
                })
            }
            ModeChange::Accepted(accepted) => {
                let (deployment, operation) = self.ended(environment, accepted).await?;
                let previous_mode = match operation.kind {
                    OperationKind::EnterMaintenance => OperationMode::Normal,
                    _ => OperationMode::Maintenance,
                };
                let trigger = operation.input.maintenance.as_ref();
                Ok(OperationModeResult {
                    success: operation.status == OperationStatus::Succeeded,
                    message: operation.message.clone().unwrap_or_default(),
                    product_deployment_id: deployment.id.to_string(),
                    previous_mode,
                    new_mode: deployment.operation_mode,
                    trigger_source: trigger.map(|trigger| trigger.source),
                    setter_error: self.setter_error(operation.id).await?,
                    operation_id: Some(operation.id.to_string()),
                    status: deployment.status,
                })
            }
        }
    }

    /// Why whoever is to be told was not told.
    async fn setter_error(
        &self,
        operation: OperationId,
    ) -> Result<Option<String>, DeploymentError> {
        let steps = self.store.steps(operation).await?;
        let failed = steps
            .into_iter()
            .find(|step| step.key.as_str() == NOTIFY_SETTER);
        Ok(failed
            .and_then(|step| step.failure)
            .map(|failure| failure.message))
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
                "{} of product '{}' was accepted.",
                accepted.kind.noun(),
                accepted.product
            ),
            operation_id: accepted.operation.to_string(),
            product_deployment_id: accepted.deployment.to_string(),
            session_id: accepted.session_id,
        }
    }
}
