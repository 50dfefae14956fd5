//! Puts a product into maintenance, and takes it out. Whoever activated maintenance controls its end.

use domain::access::Actor;
use domain::deployment::{OperationMode, ProductDeployment};
use domain::id::DeploymentId;
use domain::maintenance::{MaintenanceTrigger, Switch, TriggerSource, switch};
use domain::operation::OperationKind;
use domain::wire::OperationModeRequest;

use crate::maintenance::SwitchMode;

use super::intent::Intent;
use super::{Accepted, DeploymentError, Deployments, InvalidField};

/// Longest reason that is kept.
const MAX_REASON: usize = 500;

/// What came of the wish to change the mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModeChange {
    /// The product is in that mode.
    AlreadyThere(OperationMode),
    /// An operation changes it.
    Accepted(Accepted),
}

impl Deployments {
    /// Accepts a change of the mode that a person or a program asks for; one to the present mode does nothing.
    ///
    /// # Errors
    /// Every reason to refuse it, found before anything is written.
    pub async fn set_operation_mode(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
        request: &OperationModeRequest,
    ) -> Result<ModeChange, DeploymentError> {
        let deployment = self.find(environment, id).await?;
        let wanted = wanted_mode(request)?;
        if deployment.operation_mode == wanted {
            return Ok(ModeChange::AlreadyThere(wanted));
        }
        let deployment = self.to_be_changed(environment, id).await?;
        let intent = self.mode_intent(actor, deployment, request)?;
        self.accept(actor, intent).await.map(ModeChange::Accepted)
    }

    pub(super) fn mode_intent(
        &self,
        actor: &Actor,
        deployment: ProductDeployment,
        request: &OperationModeRequest,
    ) -> Result<Intent, DeploymentError> {
        let wanted = wanted_mode(request)?;
        let trigger = MaintenanceTrigger {
            source: TriggerSource::Manual,
            reason: reason(request)?,
            at: self.clock.now(),
            by: Some(actor.to_string()),
        };
        let mut intent = switch_intent(deployment, wanted, trigger)?;
        intent.input.plan_id.clone_from(&request.plan_id);
        intent.session_id.clone_from(&request.session_id);
        Ok(intent)
    }

    /// Accepts a change of the mode that the product's observer asks for.
    ///
    /// # Errors
    /// Every reason to refuse it; a manual maintenance is none, and nothing is done then.
    pub async fn follow_observer(
        &self,
        id: DeploymentId,
        wanted: OperationMode,
        reason: String,
    ) -> Result<(), DeploymentError> {
        let environment = self.store.environment_of(id).await?;
        let environment = environment.ok_or(DeploymentError::NotFound)?.to_string();
        let deployment = self.to_be_changed(&environment, &id.to_string()).await?;
        let observer = TriggerSource::Observer;
        let present = deployment.maintenance.as_ref();
        match switch(deployment.operation_mode, present, wanted, observer) {
            Switch::Go => {}
            Switch::AlreadyThere | Switch::Refused(_) => return Ok(()),
        }
        let trigger = MaintenanceTrigger {
            source: observer,
            reason: Some(reason),
            at: self.clock.now(),
            by: None,
        };
        let intent = switch_intent(deployment, wanted, trigger)?;
        self.accept(&Actor::System, intent).await.map(drop)
    }
}

#[async_trait::async_trait]
impl SwitchMode for Deployments {
    async fn observer_wants(
        &self,
        deployment: DeploymentId,
        wanted: OperationMode,
        reason: String,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.follow_observer(deployment, wanted, reason).await?)
    }
}

fn switch_intent(
    deployment: ProductDeployment,
    wanted: OperationMode,
    trigger: MaintenanceTrigger,
) -> Result<Intent, DeploymentError> {
    let present = deployment.maintenance.as_ref();
    match switch(deployment.operation_mode, present, wanted, trigger.source) {
        Switch::Go => {}
        Switch::AlreadyThere => return Err(DeploymentError::ModeUnchanged(wanted)),
        Switch::Refused(sentence) => return Err(DeploymentError::HeldByTrigger(sentence)),
    }
    let kind = match wanted {
        OperationMode::Maintenance if !deployment.status.is_operational() => {
            return Err(DeploymentError::ModeForbidden(deployment.status));
        }
        OperationMode::Maintenance => OperationKind::EnterMaintenance,
        OperationMode::Normal => OperationKind::ExitMaintenance,
    };
    let mut intent = Intent::of(kind, deployment);
    intent.input.maintenance = Some(trigger);
    Ok(intent)
}

fn wanted_mode(request: &OperationModeRequest) -> Result<OperationMode, DeploymentError> {
    let source = request.source.as_deref().map(str::trim);
    if let Some(source) = source.filter(|it| !it.is_empty() && !it.eq_ignore_ascii_case("manual")) {
        // Whoever calls is not the observer, whatever it says.
        return Err(DeploymentError::Invalid(vec![InvalidField {
            field: "source".to_owned(),
            message: match source.eq_ignore_ascii_case("observer") {
                true => "Only the product's own observer can be the source 'Observer'. Leave source out.",
                false => "The source must be 'Manual'. Leave it out.",
            }
            .to_owned(),
        }]));
    }
    [OperationMode::Normal, OperationMode::Maintenance]
        .into_iter()
        .find(|mode| mode.as_str().eq_ignore_ascii_case(request.mode.trim()))
        .ok_or_else(|| DeploymentError::InvalidMode(request.mode.clone()))
}

fn reason(request: &OperationModeRequest) -> Result<Option<String>, DeploymentError> {
    let reason = request.reason.as_deref().map(str::trim);
    let reason = reason.filter(|reason| !reason.is_empty());
    if reason.is_some_and(|reason| reason.chars().count() > MAX_REASON) {
        return Err(DeploymentError::Invalid(vec![InvalidField {
            field: "reason".to_owned(),
            message: format!("A reason has at most {MAX_REASON} characters."),
        }]));
    }
    Ok(reason.map(str::to_owned))
}
