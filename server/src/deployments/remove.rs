//! Removes a product with everything that it has on its engine; volumes stay unless they are named.

use domain::access::Actor;
use domain::deployment::{ProductDeployment, ProductEvent};
use domain::operation::OperationKind;
use domain::wire::RemoveRequest;

use super::intent::Intent;
use super::{Accepted, DeploymentError, Deployments, InvalidField};

impl Deployments {
    /// Accepts the removal.
    ///
    /// # Errors
    /// Every reason to refuse it, found before anything is written.
    pub async fn remove_product(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
        request: &RemoveRequest,
    ) -> Result<Accepted, DeploymentError> {
        let deployment = self.to_be_changed(environment, id).await?;
        let intent = self.remove_intent(deployment, request).await?;
        self.accept(actor, intent).await
    }

    pub(super) async fn remove_intent(
        &self,
        deployment: ProductDeployment,
        request: &RemoveRequest,
    ) -> Result<Intent, DeploymentError> {
        let to = deployment.status.next(ProductEvent::Remove);
        let to = to.map_err(|_| DeploymentError::StatusForbids {
            what: "removed",
            status: deployment.status,
        })?;
        self.check_volumes(&deployment, &request.volumes).await?;
        let mut intent = Intent::of(OperationKind::Remove, deployment);
        intent.to = to;
        intent.input.volumes.clone_from(&request.volumes);
        intent.input.plan_id.clone_from(&request.plan_id);
        intent.session_id.clone_from(&request.session_id);
        Ok(intent)
    }

    /// Data is lost by its exact name only: one that the product does not own is a mistake that must be seen before.
    async fn check_volumes(
        &self,
        deployment: &ProductDeployment,
        volumes: &[String],
    ) -> Result<(), DeploymentError> {
        if volumes.is_empty() {
            return Ok(());
        }
        let observed = self.engine_of(deployment).await?.observe().await?;
        let mut wrong = Vec::new();
        for (position, name) in volumes.iter().enumerate() {
            let ours = observed.volumes.iter().any(|volume| {
                volume.name == *name
                    && volume.ownership.as_ref().is_some_and(|owner| {
                        owner.product == deployment.product.group_id
                            && owner.environment == deployment.environment_id
                    })
            });
            if !ours {
                wrong.push(InvalidField {
                    field: format!("volumes[{position}]"),
                    message: format!(
                        "The volume '{name}' is not one that Windlass made for this product. The plan lists those that can be named."
                    ),
                });
            }
        }
        match wrong.is_empty() {
            true => Ok(()),
            false => Err(DeploymentError::Invalid(wrong)),
        }
    }
}
