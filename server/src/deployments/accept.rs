//! Turns a deploy request into a durable operation, or refuses it whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::access::Actor;
use domain::deployment::{
    OperationMode, ProductDeployment, ProductStatus, StackDeployment, StackStatus,
};
use domain::environment::Environment;
use domain::id::{DeploymentId, OperationId, StackDeploymentId};
use domain::name::{check_project, kebab};
use domain::operation::event::{EventBody, Level, ServiceOutline, StackOutline};
use domain::operation::{Operation, OperationInput, OperationKind, OperationStatus};
use domain::product::{Product, StackTemplate};
use domain::variable::Values;
use domain::wire::{DeployProductRequest, StackConfig};

use super::values::Checked;
use super::{Accepted, DeploymentError, Deployments, InvalidField};
use crate::catalog::find_stack;
use crate::clock::new_id;
use crate::store::{NewOperation, StoreError};

/// Longest session id that is echoed.
const MAX_SESSION_ID: usize = 200;
/// Longest value of a variable, in bytes.
const MAX_VALUE: usize = 64 * 1024;

impl Deployments {
    /// Accepts the first roll-out of a product. It goes on from here whatever happens to the caller.
    ///
    /// # Errors
    /// Every reason to refuse it, found before anything is written.
    pub async fn deploy_product(
        &self,
        actor: &Actor,
        environment: &str,
        request: &DeployProductRequest,
    ) -> Result<Accepted, DeploymentError> {
        let environment = self
            .environments
            .get_environment(actor, environment)
            .await?;
        if request.stack_configs.is_empty() {
            return Err(DeploymentError::NoStacks);
        }
        let product = self
            .catalog
            .product(&request.product_id)
            .ok_or_else(|| DeploymentError::ProductNotFound(request.product_id.clone()))?;
        self.accept_first(actor, &environment, product, request)
            .await
    }

    /// Accepts the first roll-out of a product that was found, wherever it came from.
    pub(super) async fn accept_first(
        &self,
        actor: &Actor,
        environment: &Environment,
        product: Arc<Product>,
        request: &DeployProductRequest,
    ) -> Result<Accepted, DeploymentError> {
        let chosen = chosen_stacks(&product, request)?;
        let (deployment_name, stacks) = self.stacks(&product, request, &chosen)?;
        let now = self.clock.now();
        let deployment = ProductDeployment {
            id: DeploymentId::from_uuid(new_id()),
            environment_id: environment.id,
            deployment_name,
            status: ProductStatus::Deploying,
            operation_mode: OperationMode::Normal,
            deployed_by: actor.clone(),
            created_at: now,
            completed_at: None,
            error_message: None,
            continue_on_error: request.continue_on_error,
            previous_version: None,
            last_upgraded_at: None,
            upgrade_count: 0,
            maintenance: None,
            release: 1,
            images: BTreeMap::new(),
            others: Vec::new(),
            shared_values: Values(request.shared_variables.clone()),
            product: Product::clone(&product),
            stacks,
        };
        let session_id = match &request.session_id {
            Some(id) if !id.is_empty() => id.clone(),
            _ => format!("product-{}-{}", product.name, now.compact()),
        };
        let operation = Operation {
            id: OperationId::from_uuid(new_id()),
            environment_id: environment.id,
            group_id: product.group_id.clone(),
            deployment_id: deployment.id,
            kind: OperationKind::Deploy,
            status: OperationStatus::Queued,
            actor: actor.clone(),
            session_id: session_id.clone(),
            input: OperationInput {
                release: Some(1),
                ..OperationInput::default()
            },
            decision: None,
            plan: None,
            cancel_requested: false,
            message: None,
            event_seq: 1,
            created_at: now,
            started_at: None,
            finished_at: None,
            not_before: None,
        };
        self.record(environment, &product, &deployment, &operation)
            .await?;
        tracing::info!(
            operation.id = %operation.id, deployment.id = %deployment.id, product = product.id, actor = %actor,
            "deployment accepted"
        );
        self.orchestrator.ring();
        Ok(Accepted {
            operation: operation.id,
            deployment: deployment.id,
            session_id,
            product: product.display_name.clone(),
            kind: OperationKind::Deploy,
        })
    }

    /// Names and values of the chosen stacks, each checked as far as it can be without an engine.
    fn stacks(
        &self,
        product: &Product,
        request: &DeployProductRequest,
        chosen: &[Chosen<'_>],
    ) -> Result<(String, Vec<StackDeployment>), DeploymentError> {
        let mut invalid = Vec::new();
        let deployment_name = deployment_name(product, request, &mut invalid);
        check_limits(request, &mut invalid);
        let shared = Values(request.shared_variables.clone());
        let mut stacks = Vec::with_capacity(chosen.len());
        let mut checked = Checked::default();
        let mut names = BTreeSet::new();
        for chosen in chosen {
            let name = named_stack(&deployment_name, chosen.template, chosen.config);
            let field = format!("stackConfigs[{}]", chosen.position);
            if let Err(error) = check_project(&name) {
                let field = format!("{field}.deploymentStackName");
                invalid.push(InvalidField {
                    field,
                    message: sentence(&error),
                });
            } else if !names.insert(name.clone()) {
                let field = format!("{field}.deploymentStackName");
                let message = format!(
                    "'{name}' is used by another stack of this request; every stack needs its own name."
                );
                invalid.push(InvalidField { field, message });
            }
            let own = Values(chosen.config.variables.clone());
            let variables = format!("{field}.variables");
            let values = checked.values(product, chosen.template, &name, &shared, &own, &variables);
            stacks.push(StackDeployment {
                id: StackDeploymentId::from_uuid(new_id()),
                stack_name: chosen.template.name.clone(),
                deployment_stack_name: name,
                status: StackStatus::Pending,
                order: u32::try_from(stacks.len()).unwrap_or(u32::MAX),
                started_at: None,
                completed_at: None,
                error_message: None,
                is_new_in_upgrade: false,
                release: 1,
                values,
            });
        }
        invalid.append(&mut checked.invalid);
        checked.invalid = invalid;
        checked.done()?;
        Ok((deployment_name, stacks))
    }

    async fn record(
        &self,
        environment: &Environment,
        product: &Product,
        deployment: &ProductDeployment,
        operation: &Operation,
    ) -> Result<(), DeploymentError> {
        let name = || product.display_name.clone();
        let before = self
            .store
            .active_deployment(environment.id, &product.group_id)
            .await?;
        let supersede = match before {
            Some(before) if before.status == ProductStatus::Failed => Some(before.id),
            Some(before) if !before.status.is_in_progress() => {
                let (id, status) = (before.id, before.status);
                return Err(DeploymentError::AlreadyDeployed {
                    product: name(),
                    id,
                    status,
                });
            }
            // In progress: the operation in the way is named below.
            _ => None,
        };
        let first = EventBody::Accepted {
            kind: operation.kind,
            actor: operation.actor.clone(),
            product_name: name(),
            product_version: product.version.clone(),
            previous_version: None,
            environment_name: environment.name.clone(),
            stacks: deployment
                .stacks
                .iter()
                .map(|stack| outline(product, stack))
                .collect(),
        };
        let accepted = self
            .store
            .accept_operation(&NewOperation {
                operation,
                deployment: Some(deployment),
                change: None,
                supersede,
                first_event: (Level::Info, &first),
            })
            .await;
        match accepted {
            Ok(()) => Ok(()),
            Err(StoreError::OperationActive(active)) => Err(DeploymentError::InProgress {
                product: name(),
                active,
            }),
            Err(StoreError::DeploymentExists { id, status }) => {
                Err(DeploymentError::AlreadyDeployed {
                    product: name(),
                    id,
                    status,
                })
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// A stack that the request names.
struct Chosen<'a> {
    template: &'a StackTemplate,
    config: &'a StackConfig,
    /// In the request.
    position: usize,
}

/// The stacks that the request names, in manifest order.
fn chosen_stacks<'a>(
    product: &'a Arc<Product>,
    request: &'a DeployProductRequest,
) -> Result<Vec<Chosen<'a>>, DeploymentError> {
    let mut chosen = Vec::new();
    for (position, config) in request.stack_configs.iter().enumerate() {
        let template = find_stack(product, &config.stack_id).ok_or_else(|| {
            DeploymentError::StackNotFound {
                stack: config.stack_id.clone(),
                product: product.display_name.clone(),
            }
        })?;
        if chosen
            .iter()
            .any(|other: &Chosen<'_>| other.template.name == template.name)
        {
            return Err(DeploymentError::Invalid(vec![InvalidField {
                field: format!("stackConfigs[{position}].stackId"),
                message: format!("Stack '{}' is named twice.", config.stack_id),
            }]));
        }
        chosen.push(Chosen {
            template,
            config,
            position,
        });
    }
    let place = |chosen: &Chosen<'_>| {
        product
            .stacks
            .iter()
            .position(|stack| stack.name == chosen.template.name)
    };
    chosen.sort_by_key(place);
    Ok(chosen)
}

fn given_name(request: &DeployProductRequest) -> Option<&str> {
    let given = request.deployment_name.as_deref().map(str::trim);
    given.filter(|name| !name.is_empty())
}

/// The name of the deployment, given or derived; not checked.
pub(super) fn named_deployment(product: &Product, request: &DeployProductRequest) -> String {
    given_name(request).map_or_else(|| kebab(&product.name), str::to_owned)
}

fn deployment_name(
    product: &Product,
    request: &DeployProductRequest,
    invalid: &mut Vec<InvalidField>,
) -> String {
    let given = given_name(request);
    let name = named_deployment(product, request);
    let all_named = request
        .stack_configs
        .iter()
        .all(|config| config.deployment_stack_name.is_some());
    let field = "deploymentName".to_owned();
    if name.is_empty() && !all_named {
        let message = format!(
            "A deployment name is required: none can be derived from '{}'. Use lower-case letters, digits and dashes.",
            product.name
        );
        invalid.push(InvalidField { field, message });
    } else if given.is_some()
        && let Err(error) = check_project(&name)
    {
        invalid.push(InvalidField {
            field,
            message: sentence(&error),
        });
    }
    name
}

/// The prefix of a stack's names, given or derived; not checked.
pub(super) fn named_stack(
    deployment_name: &str,
    template: &StackTemplate,
    config: &StackConfig,
) -> String {
    match config.deployment_stack_name.as_deref().map(str::trim) {
        Some(given) if !given.is_empty() => given.to_owned(),
        _ => kebab(&format!("{deployment_name}-{}", template.name)),
    }
}

fn check_limits(request: &DeployProductRequest, invalid: &mut Vec<InvalidField>) {
    if request
        .session_id
        .as_ref()
        .is_some_and(|id| id.len() > MAX_SESSION_ID)
    {
        let message = format!("A session id has at most {MAX_SESSION_ID} characters.");
        invalid.push(InvalidField {
            field: "sessionId".to_owned(),
            message,
        });
    }
    let shared = request
        .shared_variables
        .iter()
        .map(|(name, value)| ("sharedVariables".to_owned(), name, value));
    let own = request
        .stack_configs
        .iter()
        .enumerate()
        .flat_map(|(position, config)| {
            let at = format!("stackConfigs[{position}].variables");
            config
                .variables
                .iter()
                .map(move |(name, value)| (at.clone(), name, value))
        });
    for (at, name, value) in shared.chain(own) {
        if value.len() > MAX_VALUE || value.contains('\0') {
            let message =
                format!("{name} must have at most {MAX_VALUE} bytes and no NUL character.");
            invalid.push(InvalidField {
                field: format!("{at}.{name}"),
                message,
            });
        }
    }
}

pub(super) fn outline(product: &Product, stack: &StackDeployment) -> StackOutline {
    let template = product.stack(&stack.stack_name);
    StackOutline {
        name: stack.stack_name.clone(),
        display_name: template.map_or_else(
            || stack.stack_name.clone(),
            |template| template.display_name.clone(),
        ),
        deployment_stack_name: stack.deployment_stack_name.clone(),
        status: None,
        services: template
            .into_iter()
            .flat_map(|template| &template.services)
            .map(|service| ServiceOutline {
                name: service.name.clone(),
                init: service.init,
            })
            .collect(),
    }
}

/// An error as a sentence of its own.
pub(super) fn sentence(error: &impl ToString) -> String {
    let mut text = error.to_string();
    if let Some(first) = text.get(..1) {
        let upper = first.to_uppercase();
        text.replace_range(..1, &upper);
    }
    if !text.ends_with('.') {
        text.push('.');
    }
    text
}
