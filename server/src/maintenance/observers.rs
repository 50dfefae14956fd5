//! Use cases of observers: show what one saw, and look now.

use domain::access::Actor;
use domain::deployment::{OperationMode, ProductDeployment};
use domain::id::{DeploymentId, EnvironmentId};
use domain::maintenance::{
    CheckOutcome, ObserverCheck, ObserverConfig, Switch, TriggerSource, switch,
};
use domain::wire::{ObserverCheckView, ObserverResultView, ObserverView};
use uuid::Uuid;

use super::Switching;
use super::check::{Looked, look, sentence};
use crate::clock::Clock;
use crate::signals::Signals;
use crate::store::{ObserverState, Store, StoreError};

/// Why an observer cannot be shown or asked.
#[derive(Debug, thiserror::Error)]
pub enum ObserverError {
    /// Neither a product deployment nor a stack deployment has the id.
    #[error("Deployment not found")]
    NotFound,
    /// The product declares no observer.
    #[error(
        "No maintenance observer is configured for this deployment. Add maintenance.observer to the product's manifest and deploy it."
    )]
    NotConfigured,
    /// The record could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Looks through the observers of deployed products.
#[derive(Clone)]
pub struct Observers {
    pub(super) store: Store,
    pub(super) clock: Clock,
    signals: Signals,
    switching: Option<Switching>,
}

impl Observers {
    /// Looks, and tells nobody.
    #[must_use]
    pub const fn new(store: Store, clock: Clock, signals: Signals) -> Self {
        Self {
            store,
            clock,
            signals,
            switching: None,
        }
    }

    /// The same, and tells whoever carries switches out.
    #[must_use]
    pub fn telling(mut self, switching: Switching) -> Self {
        self.switching = Some(switching);
        self
    }

    /// What the observer of a product or stack deployment saw last.
    ///
    /// # Errors
    /// Where there is no such deployment.
    pub async fn get_observer(
        &self,
        _actor: &Actor,
        id: &str,
    ) -> Result<ObserverView, ObserverError> {
        let deployment = self.find(id).await?;
        let state = self.store.observer_state(deployment.id).await?;
        Ok(view(id, &deployment, state))
    }

    /// Looks now, whenever the next look would be.
    ///
    /// # Errors
    /// Where there is no such deployment, or it has no observer. A look that fails is no error: its reason is in the result.
    pub async fn check_observer(
        &self,
        actor: &Actor,
        id: &str,
    ) -> Result<ObserverCheckView, ObserverError> {
        let deployment = self.find(id).await?;
        if deployment.status.is_terminal() {
            return Err(ObserverError::NotConfigured);
        }
        let looked = self
            .look(&deployment)
            .await
            .ok_or(ObserverError::NotConfigured)?;
        self.store
            .record_observer_check(deployment.id, looked.wait, &looked.check)
            .await?;
        self.tell(deployment.environment_id, deployment.id, &looked)
            .await;
        let message = match looked.check.outcome {
            CheckOutcome::Maintenance => "The external source reports maintenance.",
            CheckOutcome::Normal => "The external source reports normal operation.",
            CheckOutcome::Failed => "The check failed; nothing was changed.",
        };
        Ok(ObserverCheckView {
            observer: self.get_observer(actor, id).await?,
            message: message.to_owned(),
            result: result(&looked.check),
        })
    }

    pub(super) async fn look(&self, deployment: &ProductDeployment) -> Option<Looked> {
        look(&self.signals, &self.clock, deployment).await
    }

    /// Says which mode is wanted, where that is another one than the recorded one and the observer may say so.
    pub(super) async fn tell(
        &self,
        environment: EnvironmentId,
        deployment: DeploymentId,
        looked: &Looked,
    ) {
        let (Some(switching), Some((wanted, reason))) = (&self.switching, &looked.wanted) else {
            return;
        };
        // Read again: a look may take long, and a person may have switched meanwhile.
        let now = match self.store.deployment(environment, deployment).await {
            Ok(Some(now)) => now,
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(
                    deployment.id = %deployment, error = &error as &dyn std::error::Error,
                    "cannot see which mode a deployment is in; the next look tries again"
                );
                return;
            }
        };
        if now.status.is_terminal() || !may_tell(&now, switching, *wanted) {
            return;
        }
        let told = switching
            .modes
            .observer_wants(deployment, *wanted, reason.clone());
        match told.await {
            Ok(()) => tracing::info!(
                deployment.id = %deployment, mode = wanted.as_str(),
                "the observer asked for another mode: {reason}"
            ),
            Err(error) => tracing::info!(
                deployment.id = %deployment, mode = wanted.as_str(),
                "the observer's wish waits for its next look: {}", sentence(error.as_ref())
            ),
        }
    }

    async fn find(&self, id: &str) -> Result<ProductDeployment, ObserverError> {
        let id: Uuid = id.parse().map_err(|_| ObserverError::NotFound)?;
        let (environment, deployment) = self
            .store
            .deployment_around(id)
            .await?
            .ok_or(ObserverError::NotFound)?;
        self.store
            .deployment(environment, deployment)
            .await?
            .ok_or(ObserverError::NotFound)
    }
}

fn may_tell(deployment: &ProductDeployment, switching: &Switching, wanted: OperationMode) -> bool {
    let trigger = (switching.trigger_of)(deployment);
    let may = switch(
        deployment.operation_mode,
        trigger.as_ref(),
        wanted,
        TriggerSource::Observer,
    );
    match may {
        Switch::Go => true,
        Switch::AlreadyThere => false,
        Switch::Refused(why) => {
            tracing::debug!(deployment.id = %deployment.id, "{why}");
            false
        }
    }
}

/// `id` is the one that was asked for: the product's own, or that of one of its stacks.
fn view(id: &str, deployment: &ProductDeployment, state: Option<ObserverState>) -> ObserverView {
    let section = deployment.product.maintenance.as_ref();
    let has_observer = ObserverConfig::is_declared(section) && !deployment.status.is_terminal();
    let stack = deployment
        .stacks
        .iter()
        .find(|stack| stack.id.to_string().eq_ignore_ascii_case(id));
    let kind = ObserverConfig::of(deployment)
        .ok()
        .flatten()
        .map(|observer| observer.source.kind().as_str().to_owned());
    let state = state.filter(|_| has_observer);
    ObserverView {
        deployment_id: id.to_owned(),
        stack_name: stack.map_or_else(
            || deployment.deployment_name.clone(),
            |stack| stack.deployment_stack_name.clone(),
        ),
        has_observer,
        kind: kind.filter(|_| has_observer),
        next_check_at: state.as_ref().map(|state| state.next_at),
        consecutive_failures: state.as_ref().map_or(0, |state| state.failures),
        failing_since: state.as_ref().and_then(|state| state.failing_since),
        last_result: state.and_then(|state| state.last).as_ref().map(result),
    }
}

fn result(check: &ObserverCheck) -> ObserverResultView {
    ObserverResultView {
        is_success: check.outcome != CheckOutcome::Failed,
        is_maintenance_required: check.outcome == CheckOutcome::Maintenance,
        observed_value: check.observed_value.clone(),
        error_message: check.error_message.clone(),
        checked_at: check.at,
    }
}
