//! Removes one stack: a release without it, or the whole product where it is the last one. Volumes stay.

use domain::access::Actor;
use domain::deployment::{ProductStatus, StackStatus};
use domain::wire::{RemoveRequest, RemoveStackRequest, StackOperationResult};

use super::super::intent::Intent;
use super::super::{DeploymentError, Deployments};
use super::release::Change;
use super::{Found, StackAccepted, StackRemoval, changes_stacks};

impl Deployments {
    /// Accepts the removal of a stack. One that is removed already is no error.
    ///
    /// # Errors
    /// Every reason to refuse it, found before anything is written.
    pub async fn remove_stack(
        &self,
        actor: &Actor,
        environment: &str,
        id_or_name: &str,
        request: &RemoveStackRequest,
    ) -> Result<StackRemoval, DeploymentError> {
        let found = self.find_stack(environment, id_or_name).await?;
        let is_gone = matches!(
            found.deployment.status,
            ProductStatus::Removed | ProductStatus::Superseded
        );
        if is_gone || found.stack.status == StackStatus::Removed {
            return Ok(StackRemoval::AlreadyGone(Box::new(already_gone(&found))));
        }
        let found = self.find_stack_to_change(environment, id_or_name).await?;
        let before = found.version();
        let Found { deployment, stack } = found;
        let release_before = Some(deployment.release);
        let left = deployment.stacks.iter().filter(|other| {
            other.stack_name != stack.stack_name && other.status != StackStatus::Removed
        });
        let mut intent = if left.count() == 0 {
            self.remove_intent(deployment, &RemoveRequest::default())
                .await?
        } else {
            let (kind, to) = changes_stacks(&deployment, "reduced by a stack")?;
            let taken = Change::Take {
                stack: &stack.stack_name,
            };
            let release = self.release_with(actor, &deployment, taken).await?;
            let mut intent = Intent::of(kind, deployment);
            intent.to = to;
            intent.reset = vec![stack.stack_name.clone()];
            intent.input.stacks = vec![stack.stack_name.clone()];
            intent.input.release = Some(release.number);
            intent.input.continue_on_error = Some(true);
            intent.release = Some(release);
            intent
        };
        intent.session_id.clone_from(&request.session_id);
        Ok(StackRemoval::Accepted(StackAccepted {
            accepted: self.accept(actor, intent).await?,
            stack: stack.stack_name,
            stack_name: stack.deployment_stack_name,
            before,
            release_before,
            removes: true,
        }))
    }
}

fn already_gone(found: &Found) -> StackOperationResult {
    let stack = &found.stack;
    StackOperationResult {
        success: true,
        message: format!(
            "Deployment '{}' was removed already.",
            stack.deployment_stack_name
        ),
        deployment_id: Some(stack.id.to_string()),
        stack_name: stack.deployment_stack_name.clone(),
        stack_version: found.version(),
        services: Vec::new(),
        errors: Vec::new(),
        warnings: Vec::new(),
        deployment_session_id: String::new(),
        operation_id: None,
        operation_status: None,
        product_deployment_id: found.deployment.id.to_string(),
    }
}
