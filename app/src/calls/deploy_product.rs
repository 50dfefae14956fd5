//! Deploys a product as its form says.
//!
//! Two doors, one way: pages with scripts call the server function; a browser without them posts the same fields to the
//! address of the form, where [`submit`] is called by the server, which then renders the form again or leads on.

use std::collections::BTreeMap;

use domain::wire::{AcceptedOperation, DeployProductRequest, Problem, ProductDetail};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::CallError;
use crate::entered::Entered;

/// What becomes of a form that was sent. A refusal is an answer, not a failure: the form shows it field by field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    Accepted(AcceptedOperation),
    Refused(Problem),
}

/// Accepts the deployment and leads to the page of its operation.
#[server(endpoint = "deploy-product", output = crate::json::Answer)]
pub async fn deploy_product(
    product_id: String,
    environment: String,
    #[server(default)] deployment_name: String,
    /// A checkbox: sent only when it is on.
    #[server(default)]
    continue_on_error: Option<String>,
    /// Values by name.
    #[server(default)]
    shared: BTreeMap<String, String>,
    /// Values by name, by [`crate::form_field::stack_key`].
    #[server(default)]
    stack: BTreeMap<String, BTreeMap<String, String>>,
) -> Result<Answer, CallError> {
    let caller = super::caller::Caller::of_request()?;
    let form = DeployProduct {
        product_id,
        environment,
        deployment_name,
        continue_on_error,
        shared,
        stack,
    };
    match submit(&caller, &form).await {
        Ok(accepted) => {
            leptos_axum::redirect(&crate::address::operation(&accepted.operation_id));
            Ok(Answer::Accepted(accepted))
        }
        // What cannot be helped by filling in the form otherwise is a failure like any other.
        Err(problem) if problem.status >= 500 => Err(super::caller::refuse(problem)),
        Err(problem) => Ok(Answer::Refused(problem)),
    }
}

/// Accepts the deployment that a form asks for.
///
/// # Errors
/// With the fields that are wrong, or why it is not possible now.
#[cfg(feature = "ssr")]
pub async fn submit(
    caller: &super::caller::Caller,
    form: &DeployProduct,
) -> Result<AcceptedOperation, Problem> {
    let (backend, actor) = (&caller.backend, &caller.actor);
    let product = backend.product(actor, &form.product_id).await?;
    let request = form.request(&product);
    backend
        .deploy_product(actor, &form.environment, request)
        .await
}

/// Reads the fields as a browser without scripts sends them.
///
/// # Errors
/// When they are not what the form has.
#[cfg(feature = "ssr")]
pub fn read(body: &[u8]) -> Result<DeployProduct, Unreadable> {
    // As deep as `stack[s0][NAME]`, and not strict about which brackets are escaped.
    let depth = serde_qs::Config::new(3, false);
    depth.deserialize_bytes(body).map_err(|_| Unreadable)
}

/// What was sent is not this form.
#[cfg(feature = "ssr")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unreadable;

#[cfg(feature = "ssr")]
impl From<Unreadable> for Problem {
    fn from(_: Unreadable) -> Self {
        let error = CallError::new(
            "unreadable-form",
            400,
            "The form could not be read",
            "Something in it is missing or malformed. Reload the page and try again.",
        );
        error.0
    }
}

impl DeployProduct {
    /// The values alone.
    #[must_use]
    pub fn entered(&self) -> Entered {
        Entered {
            shared: self.shared.clone(),
            stack: self.stack.clone(),
        }
    }

    /// The same form with other values.
    #[must_use]
    pub fn with(self, entered: Entered) -> Self {
        let Entered { shared, stack } = entered;
        Self {
            shared,
            stack,
            ..self
        }
    }

    /// The request: every stack, and the values that differ from what the manifest says.
    #[must_use]
    pub fn request(&self, product: &ProductDetail) -> DeployProductRequest {
        let (shared_variables, stack_configs) = self.entered().request(&product.summary.stacks);
        DeployProductRequest {
            product_id: product.summary.id.clone(),
            // Left empty, it is derived from the name of the product.
            deployment_name: Some(self.deployment_name.trim().to_owned())
                .filter(|name| !name.is_empty()),
            stack_configs,
            shared_variables,
            session_id: None,
            continue_on_error: self.continue_on_error.is_some(),
        }
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn a_form_without_scripts_is_read_field_by_field() {
        let body = "product_id=demo%3AShop%3A1&environment=e&deployment_name=my+shop\
                    &continue_on_error=true&shared%5BDB_URL%5D=a%26b&stack%5Bs0%5D%5BWEB_PORT%5D=80\
                    &stack[s2][MOTD]=Hi%0D%0Athere";
        let form = read(body.as_bytes()).unwrap();
        assert_eq!(form.product_id, "demo:Shop:1");
        assert_eq!(form.deployment_name, "my shop");
        assert!(form.continue_on_error.is_some());
        assert_eq!(form.shared.get("DB_URL").map(String::as_str), Some("a&b"));
        assert_eq!(form.stack["s0"]["WEB_PORT"], "80");
        assert_eq!(form.stack["s2"]["MOTD"], "Hi\r\nthere");
        assert!(!form.stack.contains_key("s1"));

        let smallest = read(b"product_id=a&environment=e").unwrap();
        assert!(smallest.continue_on_error.is_none());
        assert!(read(b"environment=e").is_err());
        assert!(read(b"product_id=a&environment=e&shared=x").is_err());
        assert!(read(b"product_id=a&environment=e&stack[s0][a][b][c][d][e]=x").is_err());
    }
}
