//! Shows the values of a deployed product as a form needs them: of the version that runs, or as another version would take them over.

use std::collections::BTreeMap;

use domain::access::Actor;
use domain::deployment::{ProductDeployment, StackDeployment};
use domain::name::kebab;
use domain::product::{Product, StackTemplate};
use domain::variable::{Values, Variable, effective};
use domain::wire::{ConfigurationView, StackConfiguration, VariableView};

use super::show::is_secret;
use super::upgrade::carried_over;
use super::{DeploymentError, Deployments};
use crate::products::stack_summary;

impl Deployments {
    /// What each variable holds where nothing is given, and whether that was given before. Secrets only say that they hold something.
    ///
    /// # Errors
    /// Where there is no such deployment, or the catalog does not have the target.
    pub async fn get_configuration(
        &self,
        _actor: &Actor,
        environment: &str,
        id: &str,
        target: Option<&str>,
    ) -> Result<ConfigurationView, DeploymentError> {
        let deployment = self.find(environment, id).await?;
        let missing = |id: &str| DeploymentError::TargetNotFound(id.to_owned());
        let target = match target {
            Some(id) => Some(self.catalog.product(id).ok_or_else(|| missing(id))?),
            None => None,
        };
        Ok(configuration(&deployment, target.as_deref()))
    }
}

/// A stack with what is given to it before anybody enters anything.
struct Configured<'a> {
    template: &'a StackTemplate,
    known: Option<&'a StackDeployment>,
    variables: Vec<Variable>,
    before: Values,
}

impl Configured<'_> {
    fn holds<'v>(&'v self, variable: &'v Variable) -> Option<&'v str> {
        let given = self.before.get(&variable.name);
        given.or(variable.default.as_deref())
    }
}

fn configuration(deployment: &ProductDeployment, target: Option<&Product>) -> ConfigurationView {
    let product = target.unwrap_or(&deployment.product);
    let stacks: Vec<Configured<'_>> = product
        .stacks
        .iter()
        .map(|template| {
            let mut deployed = deployment.stacks.iter();
            let known = deployed.find(|stack| stack.stack_name == template.name);
            let before = match (known, target) {
                (Some(known), Some(_)) => carried_over(deployment, known),
                (Some(known), None) => known.values.clone(),
                (None, _) => deployment.shared_values.clone(),
            };
            Configured {
                template,
                known,
                variables: effective(&product.shared_variables, &template.variables),
                before,
            }
        })
        .collect();
    let differing = differing(&stacks);
    let was_there = |name: &str| declares(&deployment.product, name);
    let of_stack = |stack: &Configured<'_>| {
        let mut summary = stack_summary(product, stack.template);
        for view in &mut summary.variables {
            let name = &view.variable.name;
            let secret = is_secret(product, name) || is_secret(&deployment.product, name);
            let holds = stack.holds(&view.variable).map(str::to_owned);
            show(view, holds, secret);
            view.shared &= !differing.contains_key(&view.variable.name.to_ascii_lowercase());
        }
        let names = |fits: &dyn Fn(&Variable) -> bool| {
            let fitting = stack.variables.iter().filter(|variable| fits(variable));
            fitting.map(|variable| variable.name.clone()).collect()
        };
        StackConfiguration {
            deployment_stack_name: match stack.known {
                Some(known) => known.deployment_stack_name.clone(),
                None => kebab(&format!(
                    "{}-{}",
                    deployment.deployment_name, stack.template.name
                )),
            },
            is_new: stack.known.is_none(),
            kept_variables: names(&|variable| stack.before.get(&variable.name).is_some()),
            new_variables: names(&|variable| !was_there(&variable.name)),
            stack: summary,
        }
    };
    let given = deployment.stacks.iter().flat_map(|stack| &stack.values.0);
    let mut gone: Vec<String> = given
        .map(|(name, _)| name.clone())
        .filter(|name| !declares(product, name) && was_there(name))
        .collect();
    gone.sort();
    gone.dedup();
    ConfigurationView {
        success: true,
        product_id: product.id.clone(),
        product_name: product.display_name.clone(),
        product_version: product.version.clone(),
        stacks: stacks.iter().map(of_stack).collect(),
        removed_variables: gone,
    }
}

/// Names, in lower case, whose values differ between stacks: each of them is asked for itself then.
fn differing(stacks: &[Configured<'_>]) -> BTreeMap<String, ()> {
    let mut first: BTreeMap<String, Option<&str>> = BTreeMap::new();
    let mut differing = BTreeMap::new();
    for stack in stacks {
        for variable in &stack.variables {
            let holds = stack.holds(variable);
            let name = variable.name.to_ascii_lowercase();
            if *first.entry(name.clone()).or_insert(holds) != holds {
                differing.insert(name, ());
            }
        }
    }
    differing
}

/// What a form shows: of a secret only that there is something.
fn show(view: &mut VariableView, holds: Option<String>, secret: bool) {
    view.default_value = holds.map(|value| if secret { String::new() } else { value });
    if secret {
        view.variable.default = view.variable.default.as_ref().map(|_| String::new());
    }
}

fn declares(product: &Product, name: &str) -> bool {
    let own = product.stacks.iter().flat_map(|stack| &stack.variables);
    let mut all = product.shared_variables.iter().chain(own);
    all.any(|variable| variable.name.eq_ignore_ascii_case(name))
}
