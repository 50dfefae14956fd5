//! Says what would stand in the way of a deployment: the request, the record, the engine and the registries are looked at, within
//! a bounded time. Nothing is written, nothing is begun, and nothing is promised: the deployment looks again.

mod rules;

use std::collections::BTreeMap;
use std::time::Duration;

use domain::access::Actor;
use domain::deployment::{ProductDeployment, ProductStatus, StackStatus};
use domain::environment::Environment;
use domain::name::{ImageRef, check_project};
use domain::product::{Product, StackTemplate};
use domain::spec::{PullPolicy, StackSpec};
use domain::variable::Values;
use domain::wire::{
    DeployProductRequest, PrecheckFinding, PrecheckResult, PrecheckRule as Rule,
    PrecheckSeverity as Severity, StackConfig, StackPrecheck,
};
use futures::StreamExt as _;
use futures::stream;

use self::rules::{ImageSeen, Owner, Seen, finding};
use super::accept::{named_deployment, named_stack, sentence};
use super::values::Checked;
use super::{DeploymentError, Deployments, InvalidField};
use crate::catalog::{find_stack, render_stack};
use crate::engine::{Engine, EngineError};
use crate::environments::EnvironmentError;

/// Longest wait for an engine and for what registries have.
const PATIENCE: Duration = Duration::from_secs(15);
/// Longest wait for one registry.
const REGISTRY_PATIENCE: Duration = Duration::from_secs(8);
/// Most images that are asked for at once.
const ASKED_AT_ONCE: usize = 8;

/// Which deployment is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// Of a product that must not be deployed.
    Product,
    /// Of one stack, which a deployed product may be given.
    Stack,
}

/// One stack of the request, as far as it is known.
struct Candidate {
    stack_id: String,
    stack_name: String,
    found: Vec<PrecheckFinding>,
    spec: Option<StackSpec>,
}

impl Deployments {
    /// Looks at a deployment of a product before it is asked for.
    ///
    /// # Errors
    /// Only where the record cannot be read: what is wrong with the request is part of the answer.
    pub async fn precheck_product(
        &self,
        actor: &Actor,
        environment: &str,
        request: &DeployProductRequest,
    ) -> Result<PrecheckResult, DeploymentError> {
        let environment = match self.environments.get_environment(actor, environment).await {
            Ok(environment) => environment,
            Err(error @ EnvironmentError::Store(_)) => return Err(error.into()),
            Err(error) => {
                let wrong = blocked(Rule::PrecheckExecution, "No such environment", error);
                return Ok(refused(request, &wrong));
            }
        };
        let Some(product) = self.catalog.product(&request.product_id) else {
            let error = DeploymentError::ProductNotFound(request.product_id.clone());
            return Ok(refused(
                request,
                &blocked(Rule::Product, "No such product", error),
            ));
        };
        if request.stack_configs.is_empty() {
            let error = DeploymentError::NoStacks;
            let wrong = blocked(Rule::StackDefinition, "No stack is named", error);
            return Ok(refused(request, &wrong));
        }
        let stacks = self.precheck(&environment, &product, request, Wish::Product);
        Ok(PrecheckResult::of(stacks.await?))
    }

    /// Looks at each stack of a request.
    pub(super) async fn precheck(
        &self,
        environment: &Environment,
        product: &Product,
        request: &DeployProductRequest,
        wish: Wish,
    ) -> Result<Vec<StackPrecheck>, DeploymentError> {
        let existing = self
            .store
            .active_deployment(environment.id, &product.group_id)
            .await?;
        let mut candidates = candidates(product, request);
        for candidate in &mut candidates {
            candidate.found.push(existing_deployment(
                existing.as_ref(),
                &candidate.stack_name,
                wish,
            ));
        }
        let specs: Vec<&StackSpec> = candidates
            .iter()
            .filter_map(|it| it.spec.as_ref())
            .collect();
        let looked = match specs.is_empty() {
            true => Ok(Seen::default()),
            false => self.see(environment, &specs).await,
        };
        let owner = Owner {
            product: &product.group_id,
            environment: environment.id,
        };
        let more: Vec<Vec<PrecheckFinding>> = candidates
            .iter()
            .map(|candidate| match (&candidate.spec, &looked) {
                (None, _) => Vec::new(),
                (Some(spec), Ok(seen)) => rules::look(spec, &specs, owner, seen),
                (Some(_), Err(unseen)) => vec![unseen.clone()],
            })
            .collect();
        let results = candidates.into_iter().zip(more).map(|(candidate, more)| {
            let mut found = candidate.found;
            found.extend(more);
            StackPrecheck::of(candidate.stack_id, candidate.stack_name, found)
        });
        Ok(results.collect())
    }

    /// What the engine and the registries show, or why they could not be looked at.
    async fn see(
        &self,
        environment: &Environment,
        specs: &[&StackSpec],
    ) -> Result<Seen, PrecheckFinding> {
        let unseen = |detail: &str| {
            finding(
                Rule::PrecheckExecution,
                Severity::Error,
                "The engine cannot be asked",
                detail,
            )
        };
        let look = async {
            let engine = self.environments.engine_of(environment)?;
            let engine = engine.as_ref();
            let (observed, ports) = tokio::try_join!(engine.observe(), engine.published_ports())?;
            Ok::<_, EngineError>(Seen {
                observed,
                ports,
                images: see_images(engine, specs).await,
            })
        };
        match tokio::time::timeout(PATIENCE, look).await {
            Ok(Ok(seen)) => Ok(seen),
            Ok(Err(error)) => {
                tracing::warn!(
                    environment.id = %environment.id, error = &error as &dyn std::error::Error,
                    "a precheck could not ask the engine"
                );
                Err(unseen(
                    "The Docker engine of this environment does not answer as it should. Check that it runs, then check again.",
                ))
            }
            Err(_) => Err(unseen(
                "The Docker engine of this environment did not answer in time. Check that it runs, then check again.",
            )),
        }
    }
}

/// Where each image is. A registry that does not answer is no failure.
async fn see_images(engine: &dyn Engine, specs: &[&StackSpec]) -> BTreeMap<String, ImageSeen> {
    let mut wanted: BTreeMap<String, (ImageRef, bool)> = BTreeMap::new();
    for service in specs.iter().flat_map(|spec| spec.services.values()) {
        let never = service.pull_policy == PullPolicy::Never;
        let entry = wanted
            .entry(service.image.to_string())
            .or_insert_with(|| (service.image.clone(), true));
        entry.1 &= never;
    }
    stream::iter(wanted)
        .map(async |(name, (image, never))| {
            let seen = match engine.image(&image).await {
                Ok(Some(_)) => ImageSeen::OnEngine,
                Ok(None) if never => ImageSeen::Nowhere,
                Ok(None) => see_in_registry(engine, &image).await,
                Err(_) => ImageSeen::Unknown,
            };
            (name, seen)
        })
        .buffer_unordered(ASKED_AT_ONCE)
        .collect()
        .await
}

async fn see_in_registry(engine: &dyn Engine, image: &ImageRef) -> ImageSeen {
    match tokio::time::timeout(REGISTRY_PATIENCE, engine.registry_digest(image)).await {
        Ok(Ok(Some(_))) => ImageSeen::InRegistry,
        Ok(Ok(None)) => ImageSeen::Nowhere,
        Ok(Err(error)) => {
            tracing::debug!(%image, error = &error as &dyn std::error::Error, "its registry does not say what it has");
            ImageSeen::Unknown
        }
        Err(_) => ImageSeen::Unknown,
    }
}

fn blocked(rule: Rule, title: &str, error: impl ToString) -> PrecheckFinding {
    finding(rule, Severity::Error, title, error.to_string())
}

/// The same for every stack that was named, and once where none was.
fn refused(request: &DeployProductRequest, wrong: &PrecheckFinding) -> PrecheckResult {
    let mut ids: Vec<String> = request
        .stack_configs
        .iter()
        .map(|config| config.stack_id.clone())
        .collect();
    if ids.is_empty() {
        ids.push(String::new());
    }
    let stacks = ids
        .into_iter()
        .map(|id| StackPrecheck::of(id, String::new(), vec![wrong.clone()]));
    PrecheckResult::of(stacks.collect())
}

fn candidates(product: &Product, request: &DeployProductRequest) -> Vec<Candidate> {
    let mut names = Vec::new();
    let deployment_name = named_deployment(product, request);
    let mut all: Vec<Candidate> = Vec::new();
    for config in &request.stack_configs {
        let Some(template) = find_stack(product, &config.stack_id) else {
            let error = DeploymentError::StackNotFound {
                stack: config.stack_id.clone(),
                product: product.display_name.clone(),
            };
            all.push(Candidate {
                stack_id: config.stack_id.clone(),
                stack_name: String::new(),
                found: vec![blocked(Rule::StackDefinition, "No such stack", error)],
                spec: None,
            });
            continue;
        };
        let name = named_stack(&deployment_name, template, config);
        let mut candidate = candidate(product, template, config, &name, request);
        if names.contains(&name) {
            candidate.found.push(blocked(
                Rule::StackDefinition,
                "Name used twice",
                format!("'{name}' is used by another stack of this request; every stack needs its own name."),
            ));
        }
        names.push(name);
        all.push(candidate);
    }
    all
}

fn candidate(
    product: &Product,
    template: &StackTemplate,
    config: &StackConfig,
    name: &str,
    request: &DeployProductRequest,
) -> Candidate {
    let mut found = Vec::new();
    if let Err(error) = check_project(name) {
        found.push(blocked(
            Rule::StackDefinition,
            "Name not usable",
            sentence(&error),
        ));
    }
    let shared = Values(request.shared_variables.clone());
    let own = Values(config.variables.clone());
    let mut checked = Checked::default();
    let values = checked.values(product, template, name, &shared, &own, "variables");
    let mut spec = None;
    match checked.done() {
        Ok(()) => {
            let count = product.variables_of(template).len();
            found.push(finding(
                Rule::VariableValidation,
                Severity::Ok,
                "Variables valid",
                format!("All {count} variable(s) have a value that fits."),
            ));
            spec = render_stack(template, name, &values).ok();
        }
        Err(DeploymentError::Invalid(fields)) => {
            found.extend(fields.into_iter().map(|InvalidField { message, .. }| {
                finding(
                    Rule::VariableValidation,
                    Severity::Error,
                    "Variable not valid",
                    message,
                )
            }));
        }
        Err(DeploymentError::Unrenderable(problems)) => {
            found.extend(
                problems
                    .into_iter()
                    .map(|wrong| blocked(Rule::StackDefinition, "Stack not usable", wrong.problem)),
            );
        }
        Err(error) => found.push(blocked(Rule::PrecheckExecution, "Not checked", error)),
    }
    Candidate {
        stack_id: config.stack_id.clone(),
        stack_name: template.name.clone(),
        found,
        spec,
    }
}

fn existing_deployment(
    existing: Option<&ProductDeployment>,
    stack: &str,
    wish: Wish,
) -> PrecheckFinding {
    let found = |severity, title: &str, detail: String| {
        finding(Rule::ExistingDeployment, severity, title, detail)
    };
    let Some(existing) = existing else {
        let detail = "The product is not deployed in this environment.".to_owned();
        return found(Severity::Ok, "No existing deployment", detail);
    };
    let (name, status) = (&existing.product.display_name, existing.status);
    let deployed = existing.stacks.iter().find(|it| it.stack_name == stack);
    if status.is_in_progress() {
        let detail = format!("A deployment is already in progress for product '{name}'.");
        return found(Severity::Error, "Operation in progress", detail);
    }
    match (wish, deployed) {
        (Wish::Product, _) if status == ProductStatus::Failed => found(
            Severity::Warning,
            "Failed deployment exists",
            format!("Product '{name}' has a failed deployment. It is replaced by this one."),
        ),
        (Wish::Product, _) => found(
            Severity::Error,
            "Already deployed",
            format!(
                "Product '{name}' is already deployed (status: {status}). Use upgrade instead."
            ),
        ),
        (Wish::Stack, Some(deployed)) if deployed.status == StackStatus::Failed => found(
            Severity::Warning,
            "Failed deployment exists",
            format!("Stack '{stack}' has a failed deployment. It is deployed again."),
        ),
        (Wish::Stack, Some(deployed)) => found(
            Severity::Error,
            "Already deployed",
            format!(
                "Stack '{stack}' is already deployed (status: {}). Use upgrade or redeploy instead.",
                deployed.status
            ),
        ),
        (Wish::Stack, None) => found(
            Severity::Ok,
            "Product is deployed",
            format!("The stack becomes part of the deployed product '{name}'."),
        ),
    }
}
