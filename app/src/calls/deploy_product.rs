//! Deploys a product as its form says.
//!
//! Two doors, one way: pages with scripts call the server function; a browser without them posts the same fields to the
//! address of the form, where [`submit`] is called by the server, which then renders the form again or leads on.

use std::collections::BTreeMap;

use domain::variable::VariableType;
use domain::wire::{
    AcceptedOperation, DeployProductRequest, Problem, ProductDetail, StackConfig, VariableView,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::CallError;
use crate::variables::{own_variables, shared_variables};

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
    /// Values by name, by [`stack_key`].
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

/// How the fields of a stack are grouped in the form.
#[must_use]
pub fn stack_key(index: usize) -> String {
    format!("s{index}")
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
    /// What was entered for a shared variable.
    #[must_use]
    pub fn shared_value(&self, name: &str) -> Option<&str> {
        self.shared.get(name).map(String::as_str)
    }

    /// What was entered for a stack's own variable.
    #[must_use]
    pub fn stack_value(&self, index: usize, name: &str) -> Option<&str> {
        self.stack
            .get(&stack_key(index))?
            .get(name)
            .map(String::as_str)
    }

    /// Takes out what must not be written into a page.
    pub fn forget_secrets(&mut self, product: &ProductDetail) {
        let secret = |view: &VariableView| view.variable.kind.is_secret();
        for view in shared_variables(product).iter().filter(|view| secret(view)) {
            self.shared.remove(&view.variable.name);
        }
        for (index, stack) in product.summary.stacks.iter().enumerate() {
            let Some(values) = self.stack.get_mut(&stack_key(index)) else {
                continue;
            };
            for view in own_variables(stack).into_iter().filter(|view| secret(view)) {
                values.remove(&view.variable.name);
            }
        }
    }

    /// The request: every stack, and the values that differ from what the manifest says.
    #[must_use]
    pub fn request(&self, product: &ProductDetail) -> DeployProductRequest {
        let values = |views: Vec<VariableView>, entered: &dyn Fn(&str) -> Option<String>| {
            let chosen = views.into_iter().filter_map(|view| {
                let value = chosen(&view, entered(&view.variable.name).as_deref())?;
                Some((view.variable.name, value))
            });
            chosen.collect::<BTreeMap<_, _>>()
        };
        let stacks = product.summary.stacks.iter().enumerate();
        DeployProductRequest {
            product_id: product.summary.id.clone(),
            // Left empty, it is derived from the name of the product.
            deployment_name: Some(self.deployment_name.trim().to_owned())
                .filter(|name| !name.is_empty()),
            stack_configs: stacks
                .map(|(index, stack)| StackConfig {
                    stack_id: stack.id.clone(),
                    deployment_stack_name: None,
                    variables: values(own_variables(stack), &|name| {
                        self.stack_value(index, name).map(str::to_owned)
                    }),
                })
                .collect(),
            shared_variables: values(shared_variables(product), &|name| {
                self.shared_value(name).map(str::to_owned)
            }),
            session_id: None,
            continue_on_error: self.continue_on_error.is_some(),
        }
    }
}

/// The value to send, if one has to be sent: what is as the manifest says stays with the manifest.
fn chosen(view: &VariableView, entered: Option<&str>) -> Option<String> {
    let kind = view.variable.kind;
    let default = view.default_value.as_deref();
    if kind == VariableType::Boolean {
        // A switch that is off sends nothing.
        let on = entered.is_some();
        let was_on = default.is_some_and(is_true);
        return (on != was_on || default.is_none()).then(|| on.to_string());
    }
    // Browsers send line ends of two characters.
    let value = entered?.replace("\r\n", "\n");
    // An empty field of a secret means the default, which the page does not know.
    let untouched = Some(value.as_str()) == default
        || value.is_empty() && (kind.is_secret() || default.is_none());
    (!untouched).then_some(value)
}

/// Whether a default of a switch means on.
#[must_use]
pub fn is_true(value: &str) -> bool {
    value.eq_ignore_ascii_case("true") || value == "1"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(kind: &str, default: Option<&str>) -> VariableView {
        let variable = serde_json::json!({
            "name": "X", "type": kind, "default": default, "required": default.is_none(),
            "options": [], "defaultTransient": false,
        });
        VariableView::new(&serde_json::from_value(variable).unwrap(), false)
    }

    fn check(kind: &str, default: Option<&str>, entered: Option<&str>, expected: Option<&str>) {
        let sent = chosen(&view(kind, default), entered);
        assert_eq!(sent.as_deref(), expected, "{kind} {default:?} {entered:?}");
    }

    #[test]
    fn only_what_differs_from_the_manifest_is_sent() {
        check("String", None, None, None);
        check("String", None, Some(""), None);
        check("String", None, Some("a"), Some("a"));
        check("String", Some("a"), Some("a"), None);
        check("String", Some("a"), Some("b"), Some("b"));
        // Emptied on purpose.
        check("String", Some("a"), Some(""), Some(""));
        check("MultiLine", Some("a\nb"), Some("a\r\nb"), None);
        check("MultiLine", None, Some("a\r\nb"), Some("a\nb"));
    }

    #[test]
    fn an_empty_secret_is_the_default_that_the_page_does_not_know() {
        check("Password", Some("hidden"), Some(""), None);
        check("Password", None, Some(""), None);
        check(
            "RedisConnectionString",
            Some("hidden"),
            Some("redis://x"),
            Some("redis://x"),
        );
    }

    #[test]
    fn a_switch_that_sends_nothing_is_off() {
        check("Boolean", Some("true"), None, Some("false"));
        check("Boolean", Some("true"), Some("true"), None);
        check("Boolean", Some("1"), Some("true"), None);
        check("Boolean", Some("false"), Some("true"), Some("true"));
        check("Boolean", Some("false"), None, None);
        check("Boolean", None, None, Some("false"));
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn a_form_without_scripts_is_read_field_by_field() {
        let body = "product_id=demo%3AShop%3A1&environment=e&deployment_name=my+shop\
                    &continue_on_error=true&shared%5BDB_URL%5D=a%26b&stack%5Bs0%5D%5BWEB_PORT%5D=80\
                    &stack[s2][MOTD]=Hi%0D%0Athere";
        let form = read(body.as_bytes()).unwrap();
        assert_eq!(form.product_id, "demo:Shop:1");
        assert_eq!(form.deployment_name, "my shop");
        assert!(form.continue_on_error.is_some());
        assert_eq!(form.shared_value("DB_URL"), Some("a&b"));
        assert_eq!(form.stack_value(0, "WEB_PORT"), Some("80"));
        assert_eq!(form.stack_value(2, "MOTD"), Some("Hi\r\nthere"));
        assert_eq!(form.stack_value(1, "WEB_PORT"), None);

        let smallest = read(b"product_id=a&environment=e").unwrap();
        assert!(smallest.continue_on_error.is_none());
        assert!(read(b"environment=e").is_err());
        assert!(read(b"product_id=a&environment=e&shared=x").is_err());
        assert!(read(b"product_id=a&environment=e&stack[s0][a][b][c][d][e]=x").is_err());
    }
}
