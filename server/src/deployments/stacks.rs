//! Single stacks of deployed products, for callers who deploy stack by stack. A stack deployment is one stack of a product
//! deployment and nothing beside it: what is done to it is an operation on its product that leaves the other stacks alone.

mod change;
mod compose;
mod deploy;
mod release;
mod remove;
mod show;

use domain::access::Actor;
use domain::deployment::{
    OperationMode, ProductDeployment, ProductEvent, ProductStatus, StackDeployment,
};
use domain::id::DeploymentId;
use domain::operation::OperationKind;
use domain::product::{Product, StackTemplate};
use domain::wire::{
    MarkFailedRequest, MarkFailedResult, StackDeploymentStatus, StackOperationResult,
};

use super::{Accepted, DeploymentError, Deployments, InvalidField};
use crate::operations::OperationError;

/// An operation that is about one stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackAccepted {
    pub accepted: Accepted,
    /// The stack's name in its product.
    pub stack: String,
    /// What the deployment is called.
    pub stack_name: String,
    /// The version that ran before.
    pub before: Option<String>,
    /// The release that the product was at before; none where there was none.
    pub release_before: Option<u32>,
    /// Whether the stack goes.
    pub removes: bool,
}

/// What came of the wish to remove a stack.
#[derive(Debug, Clone, PartialEq)]
pub enum StackRemoval {
    /// It was removed before.
    AlreadyGone(Box<StackOperationResult>),
    /// An operation removes it.
    Accepted(StackAccepted),
}

/// A stack with the product that it is part of.
struct Found {
    deployment: ProductDeployment,
    stack: StackDeployment,
}

impl Found {
    /// The version of the stack, which may be another one than its product's.
    fn version(&self) -> Option<String> {
        version_of(&self.deployment, &self.stack)
    }

    fn status(&self) -> StackDeploymentStatus {
        StackDeploymentStatus::of(self.stack.status, self.deployment.status)
    }
}

fn version_of(deployment: &ProductDeployment, stack: &StackDeployment) -> Option<String> {
    let product = &deployment.product;
    match deployment.template(stack) {
        Some(template) => version_in(product, template),
        None => product.version.clone(),
    }
}

/// The last part of a stack's id where it has one, else the product's version: a stack may be of another one than its product.
fn version_in(product: &Product, template: &StackTemplate) -> Option<String> {
    product.version.as_ref()?;
    let own = template.id.rsplit_once(':').filter(|(start, _)| {
        let before = start.rsplit_once(':');
        before.is_some_and(|(_, name)| name == template.name)
    });
    match own {
        Some((_, version)) => Some(version.to_owned()),
        None => product.version.clone(),
    }
}

impl Deployments {
    /// A stack by its id or by what its deployment is called.
    async fn find_stack(
        &self,
        environment: &str,
        id_or_name: &str,
    ) -> Result<Found, DeploymentError> {
        let missing = || DeploymentError::StackDeploymentNotFound(id_or_name.to_owned());
        let environment = environment.parse().map_err(|_| missing())?;
        let place = self.store.find_stack(environment, id_or_name).await?;
        let place = place.ok_or_else(missing)?;
        let deployment = self
            .store
            .deployment(environment, place.deployment)
            .await?
            .ok_or_else(missing)?;
        let mut stacks = deployment.stacks.iter();
        let stack = stacks.find(|stack| stack.id == place.stack).cloned();
        let stack = stack.ok_or_else(missing)?;
        Ok(Found { deployment, stack })
    }

    /// The same, for whoever wants to change it: no operation works on its product.
    async fn find_stack_to_change(
        &self,
        environment: &str,
        id_or_name: &str,
    ) -> Result<Found, DeploymentError> {
        let found = self.find_stack(environment, id_or_name).await?;
        let deployment = self
            .to_be_changed(environment, &found.deployment.id.to_string())
            .await?;
        Ok(Found {
            deployment,
            ..found
        })
    }

    /// Lets go of an operation that cannot undo what it did. Nothing else is ever stuck.
    ///
    /// # Errors
    /// Where no operation stands still.
    pub async fn mark_stack_failed(
        &self,
        actor: &Actor,
        environment: &str,
        id_or_name: &str,
        request: &MarkFailedRequest,
    ) -> Result<MarkFailedResult, DeploymentError> {
        let found = self.find_stack(environment, id_or_name).await?;
        let status = found.status();
        let newest = self.store.newest_operation(found.deployment.id).await?;
        let stuck = newest
            .filter(|operation| operation.status == domain::operation::OperationStatus::Stuck)
            .ok_or(DeploymentError::NothingStuck {
                status: status.as_str(),
            })?;
        tracing::info!(
            operation.id = %stuck.id, actor = %actor, reason = request.reason,
            "an operation that stands still is let go"
        );
        let id = stuck.id.to_string();
        match self.operations.cancel_operation(actor, &id).await {
            Ok(_) => Ok(MarkFailedResult {
                success: true,
                message: format!(
                    "The operation that stood still is let go; what it could not undo is left as it is. Follow operation {id}."
                ),
                previous_status: status,
                operation_id: id,
            }),
            Err(OperationError::Ended(_)) => Err(DeploymentError::NothingStuck {
                status: status.as_str(),
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Where a stack deployment is that is known by its id alone, or a product deployment with that id.
    ///
    /// # Errors
    /// Where there is neither.
    pub async fn locate(&self, id: &str) -> Result<Located, DeploymentError> {
        let missing = || DeploymentError::StackDeploymentNotFound(id.to_owned());
        if let Ok(stack) = id.parse()
            && let Some(place) = self.store.stack_of_id(stack).await?
        {
            return Ok(Located::Stack {
                environment: place.environment.to_string(),
            });
        }
        let product: DeploymentId = id.parse().map_err(|_| missing())?;
        let environment = self.store.environment_of(product).await?;
        let environment = environment.ok_or_else(missing)?.to_string();
        Ok(Located::Product { environment })
    }
}

/// What an id belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Located {
    Stack { environment: String },
    Product { environment: String },
}

/// The kind and the status of an operation that brings in or takes out one stack of several.
fn changes_stacks(
    deployment: &ProductDeployment,
    what: &'static str,
) -> Result<(OperationKind, ProductStatus), DeploymentError> {
    if deployment.operation_mode == OperationMode::Maintenance {
        return Err(DeploymentError::InMaintenance { what });
    }
    let status = deployment.status;
    if let Ok(to) = status.next(ProductEvent::Redeploy) {
        return Ok((OperationKind::Redeploy, to));
    }
    match status.next(ProductEvent::Upgrade) {
        // Whatever runs afterwards would not be all of it.
        Ok(to) if status != ProductStatus::Stopped => Ok((OperationKind::Upgrade, to)),
        _ => Err(DeploymentError::StatusForbids { what, status }),
    }
}

/// The same refusal with the fields of a request for one stack.
fn about_one_stack(error: DeploymentError) -> DeploymentError {
    let renamed = |field: String| {
        let own = field.strip_prefix("stackConfigs[0].").unwrap_or(&field);
        let own = own.strip_prefix("shared").unwrap_or(own);
        let own = own
            .strip_prefix("Variables")
            .map_or_else(|| own.to_owned(), |rest| format!("variables{rest}"));
        match own.as_str() {
            "deploymentStackName" => "stackName".to_owned(),
            _ => own,
        }
    };
    match error {
        DeploymentError::Invalid(fields) => DeploymentError::Invalid(
            fields
                .into_iter()
                .map(|wrong| InvalidField {
                    field: renamed(wrong.field),
                    message: wrong.message,
                })
                .collect(),
        ),
        DeploymentError::Unrenderable(mut problems) => {
            for wrong in &mut problems {
                wrong.field = renamed(std::mem::take(&mut wrong.field));
            }
            DeploymentError::Unrenderable(problems)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_those_of_the_request() {
        for (field, expected) in [
            ("stackConfigs[0].variables.PORT", "variables.PORT"),
            ("sharedVariables.KEY", "variables.KEY"),
            ("stackConfigs[0].deploymentStackName", "stackName"),
            ("sessionId", "sessionId"),
            ("variables.A", "variables.A"),
        ] {
            let wrong = InvalidField {
                field: field.to_owned(),
                message: String::new(),
            };
            let DeploymentError::Invalid(fields) =
                about_one_stack(DeploymentError::Invalid(vec![wrong]))
            else {
                panic!("another error");
            };
            assert_eq!(fields[0].field, expected);
        }
    }
}
