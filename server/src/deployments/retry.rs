//! Rolls out again what failed.

use domain::access::Actor;
use domain::deployment::{ProductDeployment, ProductEvent, StackStatus};
use domain::operation::OperationKind;
use domain::wire::RetryRequest;

use super::intent::{Intent, must_not_be_in_maintenance};
use super::{Accepted, DeploymentError, Deployments};

impl Deployments {
    /// Accepts a retry of the stacks that do not run as the present release says.
    ///
    /// # Errors
    /// Every reason to refuse it, found before anything is written.
    pub async fn retry_product(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
        request: &RetryRequest,
    ) -> Result<Accepted, DeploymentError> {
        let deployment = self.to_be_changed(environment, id).await?;
        let intent = self.retry_intent(deployment, request).await?;
        self.accept(actor, intent).await
    }

    pub(super) async fn retry_intent(
        &self,
        deployment: ProductDeployment,
        request: &RetryRequest,
    ) -> Result<Intent, DeploymentError> {
        must_not_be_in_maintenance(&deployment, "retried")?;
        let to = deployment.status.next(ProductEvent::Retry);
        let to = to.map_err(|_| DeploymentError::StatusForbids {
            what: "retried",
            status: deployment.status,
        })?;
        let failed: Vec<String> = deployment
            .stacks
            .iter()
            .filter(|stack| {
                let behind = stack.release != deployment.release;
                behind || !matches!(stack.status, StackStatus::Running | StackStatus::Stopped)
            })
            .map(|stack| stack.stack_name.clone())
            .collect();
        let release = self
            .store
            .product_release(deployment.id, deployment.release)
            .await?;
        let mut intent = Intent::of(OperationKind::Retry, deployment);
        intent.to = to;
        intent.reset.clone_from(&failed);
        intent.input.stacks = failed;
        intent.input.continue_on_error = Some(request.continue_on_error);
        intent.input.plan_id.clone_from(&request.plan_id);
        intent.release = release;
        intent.session_id.clone_from(&request.session_id);
        Ok(intent)
    }
}
