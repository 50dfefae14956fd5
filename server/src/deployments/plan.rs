//! The plan before it is applied: what an operation would do, and where the engine is not as recorded. Nothing is written, nothing is
//! begun.

use std::time::Duration;

use domain::access::Actor;
use domain::deployment::{OperationMode, ProductDeployment, StackStatus};
use domain::name::ImageRef;
use domain::operation::OperationKind;
use domain::plan::{
    Action, Change, ChangeKind, ContainerState, Downtime, Health, Observed, ObservedContainer,
    Plan, ignores_maintenance,
};
use domain::spec::{ServiceSpec, StackSpec};
use domain::wire::{
    ContainersRequest, DataAtRisk, Drift, OperationModeRequest, PlanRequest, PlanView,
    RedeployRequest, RemoveRequest, RetryRequest, RollbackRequest, UpgradeRequest,
};
use futures::future::join_all;
use serde::de::DeserializeOwned;

use super::containers::{restart_intent, stop_intent};
use super::intent::Intent;
use super::{Accepted, DeploymentError, Deployments, InvalidField};
use crate::catalog::render_deployed;
use crate::engine::Engine;
use crate::orchestrator::{fingerprint, plan_operation};

/// Longest wait for what registries have; a plan without their digests is a plan all the same.
const REGISTRY_PATIENCE: Duration = Duration::from_secs(3);

impl Deployments {
    /// Plans an operation on a deployed product.
    ///
    /// # Errors
    /// Every reason why the operation would be refused, or could not be planned.
    pub async fn plan_operation(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
        request: &PlanRequest,
    ) -> Result<PlanView, DeploymentError> {
        let deployment = self.to_be_changed(environment, id).await?;
        let intent = self.intent_of(actor, deployment, request).await?;
        let engine = self.engine_of(&intent.deployment).await?;
        let mut material = intent.material();
        // A caller who asks for a plan wants the one of now.
        material.input.plan_id = None;
        let planned = plan_operation(&material, engine.as_ref()).await;
        let mut plan = planned.map_err(DeploymentError::Unplannable)?;
        let plan_id = fingerprint(&material, &plan).map_err(DeploymentError::Unplannable)?;
        let observed = engine.observe().await?;
        ask_registries(&mut plan.changes, engine.as_ref()).await;
        Ok(view(&intent, &plan, plan_id, &observed))
    }

    /// Accepts what [`Self::plan_operation`] plans, from the same request.
    ///
    /// # Errors
    /// Every reason to refuse it, found before anything is written.
    pub async fn begin_operation(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
        request: &PlanRequest,
    ) -> Result<Accepted, DeploymentError> {
        let deployment = self.to_be_changed(environment, id).await?;
        let intent = self.intent_of(actor, deployment, request).await?;
        self.accept(actor, intent).await
    }

    async fn intent_of(
        &self,
        actor: &Actor,
        deployment: ProductDeployment,
        request: &PlanRequest,
    ) -> Result<Intent, DeploymentError> {
        use OperationKind as K;
        match request.operation {
            K::Redeploy => {
                let body: RedeployRequest = body(request)?;
                self.redeploy_intent(actor, deployment, &body).await
            }
            K::Retry => {
                let body: RetryRequest = body(request)?;
                self.retry_intent(deployment, &body).await
            }
            K::Upgrade => {
                let body: UpgradeRequest = body(request)?;
                self.upgrade_intent(actor, deployment, &body).await
            }
            K::Rollback => {
                let body: RollbackRequest = body(request)?;
                self.rollback_intent(actor, deployment, &body).await
            }
            K::Stop => {
                let body: ContainersRequest = body(request)?;
                stop_intent(deployment, &body)
            }
            K::Restart => {
                let body: ContainersRequest = body(request)?;
                restart_intent(deployment, &body)
            }
            K::EnterMaintenance | K::ExitMaintenance => {
                let mode = match request.operation {
                    K::EnterMaintenance => "Maintenance",
                    _ => "Normal",
                };
                let mut request = request.clone();
                // Anything but an object is refused when it is read.
                if request.request.is_null() || request.request.is_object() {
                    request.request["mode"] = mode.into();
                }
                let body: OperationModeRequest = body(&request)?;
                self.mode_intent(actor, deployment, &body)
            }
            K::Remove => {
                let body: RemoveRequest = body(request)?;
                self.remove_intent(deployment, &body).await
            }
            K::Deploy => Err(DeploymentError::Invalid(vec![InvalidField {
                field: "operation".to_owned(),
                message: "The product is deployed already: plan an upgrade, a redeploy or another operation."
                    .to_owned(),
            }])),
        }
    }
}

fn body<T: DeserializeOwned>(request: &PlanRequest) -> Result<T, DeploymentError> {
    let value = match &request.request {
        serde_json::Value::Null => serde_json::json!({}),
        value => value.clone(),
    };
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let field = match path.as_str() {
            "." => "request".to_owned(),
            path => format!("request.{path}"),
        };
        // The message may quote a value, which may be a secret: only the field is told.
        let (field, message) = match error.inner().to_string().strip_prefix("missing field `") {
            Some(rest) => {
                let missing = rest.split('`').next().unwrap_or_default();
                let field = format!("{field}.{missing}");
                let message = format!("{field} is required.");
                (field, message)
            }
            None => {
                let message = format!("{field} is not of the expected type.");
                (field, message)
            }
        };
        DeploymentError::Invalid(vec![InvalidField { field, message }])
    })
}

/// What the registries have for the images that would be pulled.
async fn ask_registries(changes: &mut [Change], engine: &dyn Engine) {
    let mut references: Vec<String> = changes
        .iter()
        .filter_map(|change| change.image.as_ref())
        .filter(|image| image.pulled)
        .map(|image| image.reference.clone())
        .collect();
    references.sort();
    references.dedup();
    let asks = references.iter().map(async |reference| {
        let image: ImageRef = reference.parse().ok()?;
        match engine.registry_digest(&image).await {
            Ok(digest) => digest,
            Err(error) => {
                tracing::debug!(image = %reference, error = &error as &dyn std::error::Error, "its registry does not say what it has");
                None
            }
        }
    });
    let Ok(digests) = tokio::time::timeout(REGISTRY_PATIENCE, join_all(asks)).await else {
        return;
    };
    for image in changes.iter_mut().filter_map(|it| it.image.as_mut()) {
        let known = references.iter().position(|it| *it == image.reference);
        image.registry_digest = known.and_then(|position| digests[position].clone());
    }
}

fn view(intent: &Intent, plan: &Plan, plan_id: String, observed: &Observed) -> PlanView {
    let deployment = &intent.deployment;
    let touched = plan
        .changes
        .iter()
        .filter(|change| change.kind != ChangeKind::Keep)
        .count();
    PlanView {
        success: true,
        plan_id,
        operation: intent.kind,
        product_name: deployment.product.display_name.clone(),
        from_version: deployment.product.version.clone(),
        to_version: intent.product().version.clone(),
        summary: summary(&plan.changes),
        changes_something: touched > 0,
        containers: plan.changes.clone(),
        pulls: plan
            .steps
            .iter()
            .filter_map(|step| match &step.action {
                Action::PullImage { image, .. } => Some(image.clone()),
                _ => None,
            })
            .collect(),
        data_at_risk: data_at_risk(intent, observed),
        drift: drift(deployment, observed),
        steps: plan.outlines(),
        text: plan.to_string(),
    }
}

/// `1 is created, 2 are replaced, 27 stay as they are. api is away for a while: it publishes the host port 8080.`
fn summary(changes: &[Change]) -> String {
    let kinds = [
        (ChangeKind::Create, "is created", "are created"),
        (ChangeKind::Replace, "is replaced", "are replaced"),
        (ChangeKind::Remove, "is removed", "are removed"),
        (ChangeKind::Stop, "is stopped", "are stopped"),
        (ChangeKind::Start, "is started", "are started"),
        (ChangeKind::Restart, "is restarted", "are restarted"),
        (ChangeKind::Keep, "stays as it is", "stay as they are"),
    ];
    let counted: Vec<String> = kinds
        .into_iter()
        .filter_map(|(kind, one, many)| {
            let count = changes.iter().filter(|change| change.kind == kind).count();
            match count {
                0 => None,
                1 => Some(format!("1 container {one}")),
                _ => Some(format!("{count} containers {many}")),
            }
        })
        .collect();
    let touched = changes.iter().any(|change| change.kind != ChangeKind::Keep);
    let mut sentence = match (touched, counted.is_empty()) {
        (false, _) => "Nothing changes: no container is touched.".to_owned(),
        (true, _) => format!("{}.", counted.join(", ")),
    };
    let away: Vec<&str> = changes
        .iter()
        .filter(|change| matches!(change.downtime, Downtime::WhileReplaced { .. }))
        .map(|change| change.service.as_str())
        .collect();
    if !away.is_empty() {
        sentence += &format!(" Away while replaced: {}.", away.join(", "));
    }
    sentence
}

/// Volumes that a removal takes along, and those that it could take.
fn data_at_risk(intent: &Intent, observed: &Observed) -> Vec<DataAtRisk> {
    if intent.kind != OperationKind::Remove {
        return Vec::new();
    }
    let deployment = &intent.deployment;
    observed
        .volumes
        .iter()
        .filter_map(|volume| {
            let owner = volume.ownership.as_ref()?;
            let ours = owner.product == deployment.product.group_id
                && owner.environment == deployment.environment_id;
            ours.then(|| DataAtRisk {
                volume: volume.name.clone(),
                stack: owner.stack.clone(),
                why: match intent.input.volumes.contains(&volume.name) {
                    true => "It is removed with all of its data.".to_owned(),
                    false => {
                        "It stays; name it in `volumes` to remove it with its data.".to_owned()
                    }
                },
            })
        })
        .collect()
}

/// Where the engine is not as the record says: somebody changed or removed a container by hand.
fn drift(deployment: &ProductDeployment, observed: &Observed) -> Vec<Drift> {
    let mut drifts = Vec::new();
    for stack in &deployment.stacks {
        let Ok(spec) = render_deployed(deployment, stack) else {
            continue;
        };
        for service in spec.services.values() {
            for replica in 1..=service.replicas.max(1) {
                let container = service.container_name_of(replica);
                let found = observed.container(&container);
                let status = match deployment.operation_mode {
                    OperationMode::Maintenance if ignores_maintenance(service) => {
                        StackStatus::Running
                    }
                    _ => stack.status,
                };
                let what = drifted(&spec, service, status, found);
                drifts.extend(what.map(|what| Drift {
                    stack: stack.stack_name.clone(),
                    service: service.name.clone(),
                    container,
                    what,
                }));
            }
        }
    }
    drifts
}

fn drifted(
    spec: &StackSpec,
    service: &ServiceSpec,
    status: StackStatus,
    found: Option<&ObservedContainer>,
) -> Option<String> {
    let runs = status == StackStatus::Running;
    if !runs && status != StackStatus::Stopped {
        return None;
    }
    let Some(container) = found else {
        return Some("it was removed".to_owned());
    };
    let owner = container.ownership.as_ref();
    if owner.is_none_or(|owner| owner.stack != spec.stack || owner.service != service.name) {
        return Some("another container has its name".to_owned());
    }
    if owner.is_some_and(|owner| owner.spec_hash != service.hash()) {
        return Some("it was made from another specification".to_owned());
    }
    let up = container.state == ContainerState::Running;
    let ended_well = container.exit_code == Some(0);
    match (runs, up) {
        (true, true) if container.health == Health::Unhealthy => Some("it is unhealthy".to_owned()),
        (true, false) if !(ended_well && domain::plan::may_end(spec, service)) => {
            Some("it does not run".to_owned())
        }
        (false, true) => Some("it runs, although the stack is stopped".to_owned()),
        _ => None,
    }
}
