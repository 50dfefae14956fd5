//! One file a kind of operation: what it is planned from, and what its end means. Carrying out is the runner's business.

mod deploy;
mod maintenance;
mod redeploy;
mod remove;
mod restart;
mod retry;
mod rollback;
mod rollout;
mod stop;
mod upgrade;

use std::collections::BTreeMap;

use domain::deployment::{ProductDeployment, ProductStatus, StackBefore, StackStatus};
use domain::maintenance::{SetterConfig, TriggerSource};
use domain::operation::{Operation, OperationInput, OperationKind, OperationStatus};
use domain::plan::{LifecycleInput, Maintenance, Plan, Refusal};
use domain::product::{OnFailure, Problem};
use domain::release::Release;
use domain::spec::StackSpec;

use crate::catalog::{render_deployed, render_release};
use crate::engine::{Engine, EngineError};
use crate::store::{Settlement, Store, StoreError};

/// Why an operation cannot be planned.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The engine could not be looked at; it may work another time.
    #[error("the engine could not be looked at")]
    Engine(#[from] EngineError),
    /// The recorded product does not fit its recorded values.
    #[error("the recorded product cannot be rendered: {}", sentences(.0))]
    Unrenderable(Vec<Problem>),
    /// The plan would do something that it must not.
    #[error("{}", sentences(.0))]
    Refused(Vec<Refusal>),
    /// The caller saw another plan.
    #[error(
        "what the plan was made from has changed since: look at the new plan, and confirm that one"
    )]
    Stale,
}

fn sentences(items: &[impl ToString]) -> String {
    items
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}

/// Everything recorded that an operation works with.
#[derive(Debug, Clone)]
pub struct Material {
    pub kind: OperationKind,
    pub input: OperationInput,
    pub deployment: ProductDeployment,
    /// What is rolled out; none for operations that roll nothing out.
    pub target: Option<Release>,
}

impl Material {
    /// Reads what an operation works with; none where its deployment or its release is missing.
    pub(super) async fn read(
        store: &Store,
        operation: &Operation,
    ) -> Result<Option<Self>, StoreError> {
        let deployment = store
            .deployment(operation.environment_id, operation.deployment_id)
            .await?;
        let Some(deployment) = deployment else {
            return Ok(None);
        };
        let mut target = None;
        if operation.kind.rolls_out() {
            let number = operation.input.release.unwrap_or(deployment.release);
            target = store.product_release(deployment.id, number).await?;
            if target.is_none() {
                return Ok(None);
            }
        }
        Ok(Some(Self {
            kind: operation.kind,
            input: operation.input.clone(),
            deployment,
            target,
        }))
    }

    /// Names of the stacks that are worked on, in order.
    pub(super) fn scope(&self) -> Vec<String> {
        let all: Vec<String> = match &self.target {
            Some(target) => target
                .stacks
                .iter()
                .map(|it| it.stack_name.clone())
                .collect(),
            None => self
                .deployment
                .stacks
                .iter()
                .map(|it| it.stack_name.clone())
                .collect(),
        };
        all.into_iter()
            .filter(|name| self.input.stacks.is_empty() || self.input.stacks.contains(name))
            .collect()
    }

    /// Stacks that are deployed and that the target does not have.
    pub(super) fn gone(&self) -> Vec<String> {
        let Some(target) = &self.target else {
            return Vec::new();
        };
        let is_gone = |name: &str| !target.stacks.iter().any(|it| it.stack_name == name);
        let deployed = self.deployment.stacks.iter().rev();
        deployed
            .filter(|stack| is_gone(&stack.stack_name))
            .map(|stack| stack.stack_name.clone())
            .collect()
    }

    /// What happens to complete stacks when another one fails.
    pub(super) fn on_failure(&self) -> OnFailure {
        let product = self.target.as_ref().map(|target| target.product.on_failure);
        let wanted = self.input.on_failure.or(product).unwrap_or_default();
        match (self.kind, wanted) {
            // There is nothing to go back to.
            (OperationKind::Deploy, OnFailure::Rollback) => OnFailure::Keep,
            _ => wanted,
        }
    }

    pub(super) fn continue_on_error(&self) -> bool {
        let own = self.deployment.continue_on_error;
        self.input.continue_on_error.unwrap_or(own)
    }

    /// Every stack as it shall run, or as it runs where nothing is rolled out. `pins` are images that a plan has pinned.
    pub(super) fn specs(
        &self,
        pins: &BTreeMap<String, String>,
    ) -> Result<Vec<StackSpec>, PlanError> {
        match &self.target {
            Some(target) => {
                let specs = render_release(target).map_err(PlanError::Unrenderable)?;
                Ok(specs.into_iter().map(|spec| spec.pinned(pins)).collect())
            }
            None => {
                let rendered = self
                    .deployment
                    .stacks
                    .iter()
                    .map(|stack| render_deployed(&self.deployment, stack));
                let starts = matches!(
                    self.kind,
                    OperationKind::Restart | OperationKind::ExitMaintenance
                );
                match starts {
                    true => rendered
                        .collect::<Result<_, _>>()
                        .map_err(PlanError::Unrenderable),
                    // What is stopped or removed is recognised by its labels; what cannot be rendered does not stand in the way.
                    false => Ok(rendered.filter_map(Result::ok).collect()),
                }
            }
        }
    }

    fn stack_before(&self, stack: &str) -> Option<StackBefore> {
        let mut known = self.input.stacks_before.iter();
        known
            .find(|(name, _)| name == stack)
            .map(|(_, before)| *before)
    }

    /// Whether somebody wants to be told of maintenance that begins or ends by hand.
    fn notifies(&self) -> bool {
        let by_hand = self
            .input
            .maintenance
            .as_ref()
            .is_some_and(|trigger| trigger.source == TriggerSource::Manual);
        by_hand && !matches!(self.setter(), Ok(None))
    }

    /// Whom the manifest names to be told; the reason where its section cannot be used.
    pub(super) fn setter(&self) -> Result<Option<SetterConfig>, String> {
        SetterConfig::of(&self.deployment).map_err(|problems| sentences(&problems))
    }
}

/// Plans an operation from what was recorded and what the engine has.
///
/// # Errors
/// Every reason why it cannot be carried out, found without touching anything.
pub async fn plan(material: &Material, engine: &dyn Engine) -> Result<Plan, PlanError> {
    use OperationKind as K;
    let plan = match material.kind {
        K::Deploy => rollout::plan(material, deploy::EXTENT, engine).await?,
        K::Redeploy => rollout::plan(material, redeploy::EXTENT, engine).await?,
        K::Retry => rollout::plan(material, retry::EXTENT, engine).await?,
        K::Upgrade => rollout::plan(material, upgrade::EXTENT, engine).await?,
        K::Rollback => rollout::plan(material, rollback::EXTENT, engine).await?,
        K::Stop => lifecycle(material, None, engine, domain::plan::plan_stop).await?,
        K::Restart => lifecycle(material, None, engine, restart::planner(material)).await?,
        K::EnterMaintenance => {
            let maintenance = Maintenance {
                notifies: material.notifies(),
            };
            lifecycle(material, Some(maintenance), engine, domain::plan::plan_stop).await?
        }
        K::ExitMaintenance => {
            let maintenance = Maintenance {
                notifies: material.notifies(),
            };
            lifecycle(
                material,
                Some(maintenance),
                engine,
                domain::plan::plan_start,
            )
            .await?
        }
        K::Remove => remove::plan(material, engine).await?,
    };
    if let Some(seen) = &material.input.plan_id
        && *seen != fingerprint(material, &plan)?
    {
        return Err(PlanError::Stale);
    }
    Ok(plan)
}

/// Names a plan by all that it was made from: two equal ones do the same.
///
/// # Errors
/// Where the recorded product cannot be rendered.
pub fn fingerprint(material: &Material, plan: &Plan) -> Result<String, PlanError> {
    let specs = material.specs(&plan.pins)?;
    Ok(domain::plan::fingerprint(material.kind, plan, &specs))
}

async fn lifecycle(
    material: &Material,
    maintenance: Option<Maintenance>,
    engine: &dyn Engine,
    planner: fn(&LifecycleInput<'_>) -> Plan,
) -> Result<Plan, PlanError> {
    let specs = material.specs(&BTreeMap::new())?;
    let observed = engine.observe().await?;
    Ok(planner(&LifecycleInput {
        product: &material.deployment.product.group_id,
        environment: material.deployment.environment_id,
        scope: &material.scope(),
        specs: &specs,
        observed: &observed,
        maintenance,
    }))
}

/// How the stacks came out.
#[derive(Debug, Clone)]
pub(super) struct Ending<'a> {
    /// Of every stack that the deployment has, those on their way in and out included.
    pub(super) stacks: &'a [(String, StackStatus)],
    /// Whether the request to cancel was taken up.
    pub(super) cancelled: bool,
    /// Whether all of it is as it was before.
    pub(super) returned: bool,
    /// Stacks that came through, and to which something was done.
    pub(super) advanced: &'a [String],
    /// The sentence of what was given up first.
    pub(super) failure: Option<String>,
}

impl Ending<'_> {
    fn count(&self, status: StackStatus) -> usize {
        let stacks = self.stacks.iter();
        stacks.filter(|(_, other)| *other == status).count()
    }

    /// Stacks that are part of the product when the operation has ended.
    fn total(&self) -> usize {
        self.stacks.len() - self.count(StackStatus::Removed)
    }
}

/// How an operation ended.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct End {
    pub(super) status: OperationStatus,
    pub(super) product_status: ProductStatus,
    /// For people.
    pub(super) message: String,
    /// For the product's record, where something went wrong.
    pub(super) error: Option<String>,
    /// What else changes in the record.
    pub(super) settlement: Settlement,
}

impl End {
    /// Adds what went wrong besides.
    pub(super) fn add(&mut self, sentence: &str) {
        self.message = format!("{} {sentence}", self.message);
        self.error = Some(match self.error.take() {
            Some(error) => format!("{error} {sentence}"),
            None => sentence.to_owned(),
        });
    }
}

/// What the end of an operation means for the product.
pub(super) fn end(material: &Material, ending: &Ending<'_>, keep_releases: usize) -> End {
    use OperationKind as K;
    let mut end = match material.kind {
        K::Deploy => deploy::end(material, ending),
        K::Redeploy => rollout::end(material, ending, &redeploy::WORDS),
        K::Retry => rollout::end(material, ending, &retry::WORDS),
        K::Upgrade => rollout::end(material, ending, &upgrade::WORDS),
        K::Rollback => rollout::end(material, ending, &rollback::WORDS),
        K::Stop => stop::end(material, ending),
        K::Restart => restart::end(material, ending),
        K::EnterMaintenance => maintenance::entered(material, ending),
        K::ExitMaintenance => maintenance::exited(material, ending),
        K::Remove => remove::end(material, ending),
    };
    if material.kind.rolls_out() {
        rollout::settle(material, ending, &mut end);
        end.settlement.keep_releases = Some(keep_releases);
    }
    end
}

/// Whether and when an operation of this kind is undone.
pub(super) const fn is_undone(kind: OperationKind, cancelled: bool) -> bool {
    use OperationKind as K;
    match kind {
        K::Deploy | K::Redeploy | K::Retry | K::Upgrade | K::Rollback => true,
        K::Stop | K::EnterMaintenance => true,
        // What does not come up again does not come up by starting it once more.
        K::Restart => cancelled,
        // What is started stays, and what is removed is gone.
        K::ExitMaintenance | K::Remove => false,
    }
}

/// `Product 'Shop' v1.0.0`.
fn product_of(material: &Material) -> String {
    let deployed = &material.deployment.product;
    let product = material.target.as_ref().map_or(deployed, |it| &it.product);
    let version = product.version.as_deref();
    let version = version.map(|version| format!(" v{version}"));
    format!(
        "Product '{}'{}",
        product.display_name,
        version.unwrap_or_default()
    )
}

/// The display name alone.
fn name_of(material: &Material) -> &str {
    &material.deployment.product.display_name
}

/// The status that a machine gives, or the present one where somebody else, who must win, changed it.
fn next(material: &Material, event: domain::deployment::ProductEvent) -> ProductStatus {
    let status = material.deployment.status;
    status.next(event).unwrap_or(status)
}
