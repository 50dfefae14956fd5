//! What would stand in the way of a deployment, with the form that it was asked for with. Nothing is begun.

use domain::wire::PrecheckResult;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::CallError;
use super::deploy_product::DeployProduct;
use super::product::ProductPage;
use crate::form_field::FormField;

/// What the page shows.
#[derive(Clone, Serialize, Deserialize)]
pub struct Precheck {
    pub page: ProductPage,
    /// What was checked, without secrets: they are never written into a page.
    pub form: DeployProduct,
    /// Secrets that were entered. Where no scripts keep them, they have to be entered again.
    pub secrets: Vec<SecretField>,
    pub result: PrecheckResult,
}

/// A secret that was part of what was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretField {
    pub id: String,
    /// Of the field in the form.
    pub name: String,
    pub label: String,
    pub stack: Option<String>,
}

impl From<FormField> for SecretField {
    fn from(field: FormField) -> Self {
        Self {
            name: field.name_in(""),
            id: field.id,
            label: field.label,
            stack: field.stack,
        }
    }
}

/// Checks what `form` says, or what a browser without scripts has just sent, or else what holds where nobody enters anything.
#[server(endpoint = "precheck", output = crate::json::Answer)]
pub async fn run_precheck(
    id: String,
    #[server(default)] form: Option<DeployProduct>,
) -> Result<Precheck, CallError> {
    use super::caller::refuse;
    use super::deploy_form::Sent;

    let caller = super::caller::Caller::of_request()?;
    let page = super::product::fetch(&caller, &id).await?;
    let (backend, actor) = (&caller.backend, &caller.actor);
    let sent = match form {
        Some(form) => Some(form),
        None => match use_context::<Sent>() {
            Some(Sent {
                problem: Some(problem),
                ..
            }) => return Err(refuse(problem)),
            sent => sent.and_then(|sent| sent.form),
        },
    };
    let form = sent.unwrap_or_else(|| untouched(&page));
    if form.product_id != page.product.summary.id {
        return Err(refuse(mixed_up()));
    }
    // With the defaults of secrets, which the page does not get.
    let product = backend.product(actor, &id).await.map_err(refuse)?;
    let request = form.request(&product);
    let result = backend.precheck(actor, &page.environment.id, request);
    let result = result.await.map_err(refuse)?;
    let mut entered = form.entered();
    let secrets = entered.forget_secrets(&product.summary.stacks);
    Ok(Precheck {
        page,
        form: form.with(entered),
        secrets: secrets.into_iter().map(SecretField::from).collect(),
        result,
    })
}

/// The form as it is before anybody enters anything.
#[cfg(feature = "ssr")]
fn untouched(page: &ProductPage) -> DeployProduct {
    use crate::entered::Entered;

    let summary = &page.product.summary;
    let form = DeployProduct {
        product_id: summary.id.clone(),
        environment: page.environment.id.clone(),
        deployment_name: String::new(),
        continue_on_error: Some("true".to_owned()),
        shared: std::collections::BTreeMap::new(),
        stack: std::collections::BTreeMap::new(),
    };
    form.with(Entered::defaults(&summary.stacks))
}

#[cfg(feature = "ssr")]
fn mixed_up() -> domain::wire::Problem {
    let why =
        "The form is about another product than its address. Go back to the form and try again.";
    CallError::new("unreadable-form", 400, "The form could not be read", why).0
}
