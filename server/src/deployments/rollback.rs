//! Returns a product to an earlier release: its recorded contents, its recorded images. Neither the source nor the tag is needed.

use domain::access::Actor;
use domain::deployment::{ProductDeployment, ProductEvent};
use domain::operation::OperationKind;
use domain::release::{Release, ReleaseResult};
use domain::wire::RollbackRequest;

use super::intent::{Intent, must_not_be_in_maintenance};
use super::{Accepted, DeploymentError, Deployments};
use crate::store::MAX_PAGE;

impl Deployments {
    /// Accepts a rollback to a release, or to the newest that succeeded before the present one.
    ///
    /// # Errors
    /// Every reason to refuse it, found before anything is written.
    pub async fn roll_back_product(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
        request: &RollbackRequest,
    ) -> Result<Accepted, DeploymentError> {
        let deployment = self.to_be_changed(environment, id).await?;
        let intent = self.rollback_intent(actor, deployment, request).await?;
        self.accept(actor, intent).await
    }

    pub(super) async fn rollback_intent(
        &self,
        actor: &Actor,
        deployment: ProductDeployment,
        request: &RollbackRequest,
    ) -> Result<Intent, DeploymentError> {
        must_not_be_in_maintenance(&deployment, "rolled back")?;
        let to = deployment.status.next(ProductEvent::Upgrade);
        let to = to.map_err(|_| DeploymentError::StatusForbids {
            what: "rolled back",
            status: deployment.status,
        })?;
        let number = match request.release {
            Some(number) => number,
            None => self
                .release_before(&deployment)
                .await?
                .ok_or(DeploymentError::NoEarlierRelease)?,
        };
        let behind = deployment
            .stacks
            .iter()
            .any(|stack| stack.release != deployment.release);
        if number == deployment.release && !behind {
            return Err(DeploymentError::VersionRefused(format!(
                "The product is at release {number} already. Use redeploy to roll it out again."
            )));
        }
        let earlier = self
            .store
            .product_release(deployment.id, number)
            .await?
            .ok_or(DeploymentError::ReleaseNotFound(number))?;
        let release = Release {
            number: self.store.next_release_number(deployment.id).await?,
            operation: None,
            result: ReleaseResult::Pending,
            message: None,
            rollback_of: Some(number),
            created_by: actor.clone(),
            created_at: self.clock.now(),
            ended_at: None,
            ..earlier
        };
        let mut intent = Intent::of(OperationKind::Rollback, deployment);
        intent.to = to;
        intent.input.continue_on_error = Some(request.continue_on_error);
        intent.input.on_failure = request.on_failure;
        intent.input.plan_id.clone_from(&request.plan_id);
        intent.session_id.clone_from(&request.session_id);
        intent.rolls_out(release);
        Ok(intent)
    }

    /// The newest release that succeeded before the present one, where it is not a way back to the present one itself.
    pub(super) async fn release_before(
        &self,
        deployment: &ProductDeployment,
    ) -> Result<Option<u32>, DeploymentError> {
        let (releases, _) = self.store.release_page(deployment.id, MAX_PAGE, 0).await?;
        let present = releases
            .iter()
            .find(|release| release.number == deployment.release);
        let contents = present.and_then(|release| release.rollback_of);
        Ok(releases
            .iter()
            .find(|release| {
                release.number < contents.unwrap_or(deployment.release)
                    && release.result == ReleaseResult::Succeeded
            })
            .map(|release| release.number))
    }
}
