//! Deployed products: a page of the list, and one of them.

use domain::wire::{DeploymentList, DeploymentQuery, ProductDeploymentDetail};
use leptos::prelude::*;

use super::CallError;

/// One page of the deployments of the environment that the pages work on.
#[server(endpoint = "list-deployments", input = server_fn::codec::GetUrl, output = crate::json::Answer)]
pub async fn list_deployments(
    #[server(default)] query: DeploymentQuery,
) -> Result<DeploymentList, CallError> {
    let caller = super::caller::Caller::of_request()?;
    let environment = caller.environment().await?;
    let list = caller
        .backend
        .deployments(&caller.actor, &environment.id, query)
        .await;
    list.map_err(super::caller::refuse)
}

/// One deployed product with what the engine shows now.
#[server(endpoint = "get-deployment", input = server_fn::codec::GetUrl, output = crate::json::Answer)]
pub async fn get_deployment(id: String) -> Result<ProductDeploymentDetail, CallError> {
    let caller = super::caller::Caller::of_request()?;
    let answer = caller.backend.deployment(&caller.actor, &id).await;
    answer.map_err(super::caller::refuse)
}
