//! From a checked wish to a durable operation on a product that is deployed: one way for every kind.

use domain::access::Actor;
use domain::deployment::{
    Before, OperationMode, ProductDeployment, ProductStatus, StackBefore, StackDeployment,
};
use domain::id::OperationId;
use domain::operation::event::{EventBody, Level, StackOutline};
use domain::operation::{Operation, OperationInput, OperationKind, OperationStatus};
use domain::product::Product;
use domain::release::Release;

use super::accept::outline;
use super::{Accepted, DeploymentError, Deployments};
use crate::clock::new_id;
use crate::orchestrator::{Material, PlanError, fingerprint, plan_operation};
use crate::store::{DeploymentChange, NewOperation, StoreError};

/// An operation that may be accepted: checked, nothing written.
pub(super) struct Intent {
    pub(super) kind: OperationKind,
    pub(super) deployment: ProductDeployment,
    pub(super) input: OperationInput,
    /// The product's status while it works.
    pub(super) to: ProductStatus,
    /// Stacks that are Pending from now on.
    pub(super) reset: Vec<String>,
    /// Stacks that the deployment does not have yet.
    pub(super) add: Vec<StackDeployment>,
    /// The release that is rolled out, where it is a new one.
    pub(super) release: Option<Release>,
    pub(super) session_id: Option<String>,
}

impl Intent {
    /// Of an operation that changes no status until it ends.
    pub(super) fn of(kind: OperationKind, deployment: ProductDeployment) -> Self {
        let to = deployment.status;
        Self {
            kind,
            deployment,
            input: OperationInput::default(),
            to,
            reset: Vec::new(),
            add: Vec::new(),
            release: None,
            session_id: None,
        }
    }

    /// What the operation is planned from.
    pub(super) fn material(&self) -> Material {
        Material {
            kind: self.kind,
            input: self.input.clone(),
            deployment: self.deployment.clone(),
            target: self.release.clone(),
        }
    }

    /// The product as it shall be, or as it is where nothing is rolled out.
    pub(super) fn product(&self) -> &Product {
        self.release
            .as_ref()
            .map_or(&self.deployment.product, |release| &release.product)
    }
}

impl Deployments {
    /// What is deployed, as a caller who wants to change it sees it.
    pub(super) async fn to_be_changed(
        &self,
        environment: &str,
        id: &str,
    ) -> Result<ProductDeployment, DeploymentError> {
        let deployment = self.find(environment, id).await?;
        // Whoever is in the way is named before a status that only he explains.
        let newest = self.store.newest_operation(deployment.id).await?;
        match newest.filter(|operation| operation.status.is_active()) {
            Some(active) => Err(DeploymentError::Active {
                product: deployment.product.display_name.clone(),
                active: crate::store::ActiveOperation {
                    id: active.id,
                    kind: active.kind,
                    actor: active.actor,
                    since: active.created_at,
                },
            }),
            None => Ok(deployment),
        }
    }

    /// Accepts the operation. It goes on from here whatever happens to the caller.
    pub(super) async fn accept(
        &self,
        actor: &Actor,
        mut intent: Intent,
    ) -> Result<Accepted, DeploymentError> {
        self.check_seen(&intent).await?;
        let now = self.clock.now();
        let deployment = &intent.deployment;
        intent.input.before = Before::of(deployment.status);
        intent.input.stacks_before = deployment
            .stacks
            .iter()
            .filter_map(|stack| Some((stack.stack_name.clone(), StackBefore::of(stack.status)?)))
            .collect();
        let id = OperationId::from_uuid(new_id());
        if let Some(release) = &mut intent.release {
            release.operation = Some(id);
        }
        let session_id = match &intent.session_id {
            Some(given) if !given.is_empty() => given.clone(),
            _ => format!(
                "product-{}-{}-{}",
                intent.kind.as_str().replace('_', "-"),
                deployment.product.name,
                now.compact()
            ),
        };
        let operation = Operation {
            id,
            environment_id: deployment.environment_id,
            group_id: deployment.product.group_id.clone(),
            deployment_id: deployment.id,
            kind: intent.kind,
            status: OperationStatus::Queued,
            actor: actor.clone(),
            session_id: session_id.clone(),
            input: intent.input.clone(),
            decision: None,
            plan: None,
            cancel_requested: false,
            message: None,
            event_seq: 1,
            created_at: now,
            started_at: None,
            finished_at: None,
            not_before: None,
        };
        self.record_change(&intent, &operation).await?;
        tracing::info!(
            operation.id = %operation.id, operation.kind = operation.kind.as_str(), deployment.id = %deployment.id,
            actor = %actor, "operation accepted"
        );
        self.orchestrator.ring();
        Ok(Accepted {
            operation: operation.id,
            deployment: deployment.id,
            session_id,
            product: deployment.product.display_name.clone(),
            kind: intent.kind,
        })
    }

    async fn record_change(
        &self,
        intent: &Intent,
        operation: &Operation,
    ) -> Result<(), DeploymentError> {
        let deployment = &intent.deployment;
        let environment = self.store.environment(deployment.environment_id).await?;
        let product = intent.product();
        let before = deployment.product.version.clone();
        let first = EventBody::Accepted {
            kind: operation.kind,
            actor: operation.actor.clone(),
            product_name: product.display_name.clone(),
            product_version: product.version.clone(),
            previous_version: before.filter(|before| product.version.as_ref() != Some(before)),
            environment_name: environment.map(|it| it.name).unwrap_or_default(),
            stacks: outlines(intent),
        };
        let accepted = self
            .store
            .accept_operation(&NewOperation {
                operation,
                deployment: None,
                change: Some(DeploymentChange {
                    from: deployment.status,
                    mode: deployment.operation_mode,
                    at_release: deployment.release,
                    to: intent.to,
                    reset: &intent.reset,
                    add: &intent.add,
                    release: intent
                        .release
                        .as_ref()
                        .filter(|it| it.number != deployment.release),
                }),
                supersede: None,
                first_event: (Level::Info, &first),
            })
            .await;
        match accepted {
            Ok(()) => Ok(()),
            Err(StoreError::OperationActive(active)) => Err(DeploymentError::Active {
                product: deployment.product.display_name.clone(),
                active,
            }),
            Err(StoreError::DeploymentChanged { .. }) => Err(DeploymentError::Changed),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the caller's plan is the one that would be carried out now. It is looked at once more when the operation begins.
    async fn check_seen(&self, intent: &Intent) -> Result<(), DeploymentError> {
        let Some(seen) = &intent.input.plan_id else {
            return Ok(());
        };
        let mut material = intent.material();
        material.input.plan_id = None;
        let engine = self.engine_of(&intent.deployment).await?;
        let plan = plan_operation(&material, engine.as_ref()).await;
        let plan = plan.map_err(DeploymentError::Unplannable)?;
        let now = fingerprint(&material, &plan).map_err(DeploymentError::Unplannable)?;
        match now == *seen {
            true => Ok(()),
            false => Err(DeploymentError::Unplannable(PlanError::Stale)),
        }
    }
}

/// Every stack that is part of it, each with where it is now.
fn outlines(intent: &Intent) -> Vec<StackOutline> {
    let deployment = &intent.deployment;
    let mut outlines: Vec<StackOutline> = Vec::new();
    let added = |name: &str| intent.add.iter().any(|stack| stack.stack_name == name);
    let wanted: Vec<&StackDeployment> = intent.add.iter().chain(&deployment.stacks).collect();
    let product = intent.product();
    // In the order of the version that shall run; what it does not have any more comes last.
    let place = |stack: &&StackDeployment| {
        let mut stacks = product.stacks.iter();
        let place = stacks.position(|template| template.name == stack.stack_name);
        place.unwrap_or(usize::MAX)
    };
    let mut wanted = wanted;
    wanted.sort_by_key(place);
    for stack in wanted {
        let mut outline = outline(product, stack);
        if product.stack(&stack.stack_name).is_none() {
            outline = super::accept::outline(&deployment.product, stack);
        }
        let reset = intent.reset.contains(&stack.stack_name) || added(&stack.stack_name);
        outline.status = (!reset).then_some(stack.status);
        outlines.push(outline);
    }
    outlines
}

/// Maintenance first, then the status, so that the way out is the right one.
pub(super) fn must_not_be_in_maintenance(
    deployment: &ProductDeployment,
    what: &'static str,
) -> Result<(), DeploymentError> {
    match deployment.operation_mode {
        OperationMode::Normal => Ok(()),
        OperationMode::Maintenance => Err(DeploymentError::InMaintenance { what }),
    }
}
