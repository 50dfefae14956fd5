//! Values of variables for one stack after the other: resolved, checked, and tried by rendering the stack.

use domain::product::{Product, StackTemplate};
use domain::variable::{Values, effective, resolve, validate};

use super::{DeploymentError, InvalidField, StackProblem};
use crate::catalog::render_stack;

/// What was found wrong so far.
#[derive(Default)]
pub(super) struct Checked {
    pub(super) invalid: Vec<InvalidField>,
    problems: Vec<StackProblem>,
}

impl Checked {
    /// The three tiers of a stack: its own values, else the shared ones, else the defaults. `field` is where its own ones stand in
    /// the request.
    pub(super) fn values(
        &mut self,
        product: &Product,
        template: &StackTemplate,
        name: &str,
        shared: &Values,
        own: &Values,
        field: &str,
    ) -> Values {
        let variables = effective(&product.shared_variables, &template.variables);
        let values = resolve(&variables, shared, own);
        let wrong = validate(&variables, &values);
        if wrong.is_empty()
            && let Err(found) = render_stack(template, name, &values)
        {
            self.problems
                .extend(found.into_iter().map(|problem| StackProblem {
                    field: field.to_owned(),
                    problem,
                }));
        }
        for error in wrong {
            let declared_shared = product
                .shared_variables
                .iter()
                .any(|variable| variable.name.eq_ignore_ascii_case(&error.field));
            let from_shared = own.get(&error.field).is_none()
                && (shared.get(&error.field).is_some() || declared_shared);
            let field = if from_shared {
                format!("sharedVariables.{}", error.field)
            } else {
                format!("{field}.{}", error.field)
            };
            let message = error.message;
            let error = InvalidField { field, message };
            // A shared variable is looked at once for every stack.
            if !self.invalid.contains(&error) {
                self.invalid.push(error);
            }
        }
        values
    }

    /// Everything that was wrong.
    pub(super) fn done(self) -> Result<(), DeploymentError> {
        if !self.invalid.is_empty() {
            Err(DeploymentError::Invalid(self.invalid))
        } else if !self.problems.is_empty() {
            Err(DeploymentError::Unrenderable(self.problems))
        } else {
            Ok(())
        }
    }
}
