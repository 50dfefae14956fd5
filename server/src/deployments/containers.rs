//! Stops, and restarts, the containers of a product.

use domain::access::Actor;
use domain::deployment::{ProductDeployment, ProductStatus};
use domain::operation::OperationKind;
use domain::wire::ContainersRequest;

use super::intent::{Intent, must_not_be_in_maintenance};
use super::{Accepted, DeploymentError, Deployments};

impl Deployments {
    /// Accepts that containers are stopped.
    ///
    /// # Errors
    /// Every reason to refuse it, found before anything is written.
    pub async fn stop_product(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
        request: &ContainersRequest,
    ) -> Result<Accepted, DeploymentError> {
        let deployment = self.to_be_changed(environment, id).await?;
        self.accept(actor, stop_intent(deployment, request)?).await
    }

    /// Accepts that containers are stopped and started again.
    ///
    /// # Errors
    /// Every reason to refuse it, found before anything is written.
    pub async fn restart_product(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
        request: &ContainersRequest,
    ) -> Result<Accepted, DeploymentError> {
        let deployment = self.to_be_changed(environment, id).await?;
        self.accept(actor, restart_intent(deployment, request)?)
            .await
    }
}

pub(super) fn stop_intent(
    deployment: ProductDeployment,
    request: &ContainersRequest,
) -> Result<Intent, DeploymentError> {
    if !deployment.status.is_operational() {
        return Err(DeploymentError::CannotStop(deployment.status));
    }
    intent(OperationKind::Stop, deployment, request)
}

pub(super) fn restart_intent(
    deployment: ProductDeployment,
    request: &ContainersRequest,
) -> Result<Intent, DeploymentError> {
    must_not_be_in_maintenance(&deployment, "restarted")?;
    if !deployment.status.is_operational() && deployment.status != ProductStatus::Stopped {
        return Err(DeploymentError::CannotRestart(deployment.status));
    }
    intent(OperationKind::Restart, deployment, request)
}

fn intent(
    kind: OperationKind,
    deployment: ProductDeployment,
    request: &ContainersRequest,
) -> Result<Intent, DeploymentError> {
    let known = |name: &String| {
        let mut stacks = deployment.stacks.iter();
        stacks.any(|stack| stack.stack_name == *name)
    };
    let unknown: Vec<&str> = request
        .stack_names
        .iter()
        .filter(|name| !known(name))
        .map(String::as_str)
        .collect();
    if !unknown.is_empty() {
        let available: Vec<&str> = deployment
            .stacks
            .iter()
            .map(|stack| stack.stack_name.as_str())
            .collect();
        return Err(DeploymentError::UnknownStacks {
            unknown: unknown.join(", "),
            available: available.join(", "),
        });
    }
    let mut intent = Intent::of(kind, deployment);
    intent.input.stacks.clone_from(&request.stack_names);
    intent.input.plan_id.clone_from(&request.plan_id);
    intent.session_id.clone_from(&request.session_id);
    Ok(intent)
}
