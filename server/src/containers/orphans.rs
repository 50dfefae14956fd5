//! What is known of the stacks that containers belong to, and the removal of what a deployment that is no more has left.

use std::collections::BTreeMap;

use domain::access::Actor;
use domain::wire::{ContainerContext, OrphanRemoval, StackContext};

use super::{ContainerError, Containers, look};

impl Containers {
    /// Every stack of which there is a container.
    ///
    /// # Errors
    /// Where the environment is unknown or its engine does not answer.
    pub async fn list_container_context(
        &self,
        actor: &Actor,
        environment: &str,
    ) -> Result<ContainerContext, ContainerError> {
        let (environment, engine) = self.engine(actor, environment).await?;
        let owners = self.owners(&environment).await?;
        let mut stacks = BTreeMap::new();
        for listed in look(engine.list_containers()).await? {
            let Some(ownership) = listed.container.ownership else {
                continue;
            };
            let owner = owners.owner(&ownership);
            let here = owner.is_deployed;
            let context = StackContext {
                stack_name: ownership.project.clone(),
                deployment_exists: here,
                deployment_id: here.then_some(owner.product_deployment_id),
                product_name: Some(owner.product_group_id),
                product_display_name: here.then_some(owner.product_name),
                stack_definition_name: Some(owner.stack),
            };
            // A stack that is deployed again counts, whatever an earlier one has left.
            let known = stacks.entry(ownership.project).or_insert(context.clone());
            if here {
                *known = context;
            }
        }
        Ok(ContainerContext {
            success: true,
            stacks,
            error_message: None,
        })
    }

    /// Removes the containers of a stack whose deployment is no more. Volumes stay.
    ///
    /// # Errors
    /// Where there is no such container, the stack is deployed, an operation works on its product, or the engine refuses.
    pub async fn remove_orphaned_stack(
        &self,
        actor: &Actor,
        environment: &str,
        stack: &str,
    ) -> Result<OrphanRemoval, ContainerError> {
        let (environment, engine) = self.engine(actor, environment).await?;
        let owners = self.owners(&environment).await?;
        let mut orphans = Vec::new();
        let mut found = false;
        for listed in look(engine.list_containers()).await? {
            let seen = listed.container;
            let Some(ownership) = seen.ownership.filter(|ours| ours.project == stack) else {
                continue;
            };
            found = true;
            // What another server has made is not left over: nobody here knows.
            if owners.is_deployed(&ownership) || ownership.environment != environment.id {
                continue;
            }
            self.must_not_be_at_work(&environment, Some(&ownership))
                .await?;
            orphans.push(seen.id);
        }
        match (found, orphans.is_empty()) {
            (false, _) => return Err(ContainerError::StackNotFound(stack.to_owned())),
            (true, true) => return Err(ContainerError::NotOrphaned(stack.to_owned())),
            (true, false) => {}
        }
        let mut removed_count = 0;
        for id in orphans {
            engine.discard_container(&id, true).await?;
            removed_count += 1;
        }
        tracing::info!(
            stack, removed = removed_count, actor = %actor, environment.id = %environment.id,
            "containers that were left over are removed"
        );
        Ok(OrphanRemoval {
            success: true,
            removed_count,
        })
    }
}
