//! Deploys a Compose file that no source has, and says what such a file asks for.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::access::Actor;
use domain::name::check_project;
use domain::product::{Product, Severity};
use domain::wire::{
    DeployComposeRequest, DeployStackRequest, ParseComposeRequest, ParsedCompose, ParsedVariable,
    VariableView,
};

use super::super::accept::sentence;
use super::super::{DeploymentError, Deployments, InvalidField};
use super::deploy::makes_room;
use super::{Found, StackAccepted, about_one_stack};
use crate::catalog::{ad_hoc_product, variable_uses};

/// What a file is called that is only looked at.
const UNNAMED: &str = "stack";
/// Longest version that is taken.
const MAX_VERSION: usize = 64;

impl Deployments {
    /// Accepts the deployment of a Compose file. Under a name that is deployed already, the file takes the place of the one before.
    ///
    /// # Errors
    /// Every reason to refuse it, found before anything is written.
    pub async fn deploy_compose(
        &self,
        actor: &Actor,
        environment: &str,
        request: &DeployComposeRequest,
    ) -> Result<StackAccepted, DeploymentError> {
        let environment = self
            .environments
            .get_environment(actor, environment)
            .await?;
        let name = request.stack_name.trim();
        check_request(name, request)?;
        let version = request.stack_version.as_deref().map(str::trim);
        let version = version.filter(|version| !version.is_empty());
        let product = ad_hoc_product(name, version, &request.yaml_content)
            .map_err(DeploymentError::UnusableFile)?;
        let Some(template) = product.stacks.first().cloned() else {
            return Err(DeploymentError::NoStacks);
        };
        let existing = self
            .store
            .active_deployment(environment.id, &product.group_id)
            .await?;
        let accepted = match existing {
            Some(existing) if !makes_room(&existing, &template.name) => {
                let environment = environment.id.to_string();
                let id = existing.id.to_string();
                let deployment = self.to_be_changed(&environment, &id).await?;
                let Some(stack) = deployment.stacks.first().cloned() else {
                    return Err(DeploymentError::NotFound);
                };
                let found = Found { deployment, stack };
                self.replace_stack(
                    actor,
                    found,
                    (&product, &template),
                    &request.variables,
                    &request.session_id,
                )
                .await
            }
            _ => {
                let wanted = DeployStackRequest {
                    stack_name: name.to_owned(),
                    variables: request.variables.clone(),
                    session_id: request.session_id.clone(),
                };
                let product = Arc::new(product);
                self.deploy_alone(actor, &environment, product, &template, &wanted)
                    .await
            }
        };
        accepted.map_err(about_one_stack)
    }

    /// What a Compose file asks for: its services and its variables.
    ///
    /// # Errors
    /// Where it cannot be used.
    pub fn parse_compose(
        &self,
        _actor: &Actor,
        request: &ParseComposeRequest,
    ) -> Result<ParsedCompose, DeploymentError> {
        let product = ad_hoc_product(UNNAMED, None, &request.yaml_content)
            .map_err(DeploymentError::UnusableFile)?;
        Ok(parsed(&product))
    }
}

fn check_request(name: &str, request: &DeployComposeRequest) -> Result<(), DeploymentError> {
    let mut wrong = Vec::new();
    if let Err(error) = check_project(name) {
        wrong.push(InvalidField {
            field: "stackName".to_owned(),
            message: sentence(&error),
        });
    }
    let odd = |version: &String| {
        version.len() > MAX_VERSION || version.contains(|c: char| c.is_control() || c == ':')
    };
    if request.stack_version.as_ref().is_some_and(odd) {
        wrong.push(InvalidField {
            field: "stackVersion".to_owned(),
            message: format!(
                "A version has at most {MAX_VERSION} characters, without colons and control characters."
            ),
        });
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(DeploymentError::Invalid(wrong)),
    }
}

fn parsed(product: &Product) -> ParsedCompose {
    let mut variables = Vec::new();
    let mut services = Vec::new();
    for template in &product.stacks {
        let uses: BTreeMap<String, Vec<String>> = variable_uses(template);
        services.extend(template.services.iter().map(|service| service.name.clone()));
        for variable in product.variables_of(template) {
            variables.push(ParsedVariable {
                used_in_services: uses.get(&variable.name).cloned().unwrap_or_default(),
                variable: VariableView::new(&variable, false),
            });
        }
    }
    let warnings = product.warnings.iter();
    ParsedCompose {
        success: true,
        message: format!(
            "{} service(s), {} variable(s)",
            services.len(),
            variables.len()
        ),
        variables,
        services,
        errors: Vec::new(),
        warnings: warnings
            .filter(|problem| problem.severity == Severity::Warning)
            .map(ToString::to_string)
            .collect(),
    }
}
