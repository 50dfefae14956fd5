//! What the deploy form shows: the product, and, where a browser without scripts sent it and it was refused, what was sent.

use domain::wire::Problem;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::CallError;
use super::deploy_product::DeployProduct;
use super::product::ProductPage;

/// The form's content.
#[derive(Clone, Serialize, Deserialize)]
pub struct DeployForm {
    pub page: ProductPage,
    pub refused: Option<Refused>,
}

/// A form that was sent and refused. Its secrets are gone: they are never written into a page.
#[derive(Clone, Serialize, Deserialize)]
pub struct Refused {
    /// None where it could not even be read.
    pub form: Option<DeployProduct>,
    pub problem: Problem,
}

/// The form of a product.
#[server(endpoint = "deploy-form", input = server_fn::codec::GetUrl, output = crate::json::Answer)]
pub async fn load_deploy_form(id: String) -> Result<DeployForm, CallError> {
    let caller = super::caller::Caller::of_request()?;
    let page = super::product::fetch(&caller, &id).await?;
    let refused = use_context::<Refused>().map(|mut refused| {
        if let Some(form) = &mut refused.form {
            form.forget_secrets(&page.product);
        }
        refused
    });
    Ok(DeployForm { page, refused })
}
