//! One product, and whether it is deployed already.

use domain::deployment::{OperationMode, ProductStatus};
use domain::wire::{EnvironmentView, ProductDeploymentDetail, ProductDetail};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::CallError;

/// What the product's page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProductPage {
    pub product: ProductDetail,
    pub environment: EnvironmentView,
    pub deployed: Option<Deployed>,
}

/// The deployment of a product in the environment that the pages work on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployed {
    pub id: String,
    pub name: String,
    pub version: Option<String>,
    pub status: ProductStatus,
    pub mode: OperationMode,
    pub active_operation_id: Option<String>,
}

impl From<ProductDeploymentDetail> for Deployed {
    fn from(deployment: ProductDeploymentDetail) -> Self {
        Self {
            id: deployment.product_deployment_id,
            name: deployment.deployment_name,
            version: deployment.product_version,
            status: deployment.status,
            mode: deployment.operation_mode,
            active_operation_id: deployment.active_operation_id,
        }
    }
}

/// A product by its id or that of its group.
#[server(endpoint = "product", input = server_fn::codec::GetUrl, output = crate::json::Answer)]
pub async fn product(id: String) -> Result<ProductPage, CallError> {
    let caller = super::caller::Caller::of_request()?;
    fetch(&caller, &id).await
}

/// The same for other calls.
#[cfg(feature = "ssr")]
pub(super) async fn fetch(
    caller: &super::caller::Caller,
    id: &str,
) -> Result<ProductPage, CallError> {
    use super::caller::refuse;

    let (backend, actor) = (&caller.backend, &caller.actor);
    let mut product = backend.product(actor, id).await.map_err(refuse)?;
    hide_secret_defaults(&mut product);
    let environment = caller.environment().await?;
    let deployed = backend
        .deployment_of_product(actor, &environment.id, &product.summary.group_id)
        .await
        .map_err(refuse)?
        .map(Deployed::from);
    Ok(ProductPage {
        product,
        environment,
        deployed,
    })
}

/// A default of a secret is a secret: of it, pages learn only that there is one. It is empty then.
#[cfg(feature = "ssr")]
fn hide_secret_defaults(product: &mut ProductDetail) {
    for stack in &mut product.summary.stacks {
        for view in &mut stack.variables {
            if view.variable.kind.is_secret() && view.default_value.is_some() {
                view.default_value = Some(String::new());
                view.variable.default = Some(String::new());
            }
        }
    }
}
