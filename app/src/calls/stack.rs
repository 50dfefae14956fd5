//! One stack of a deployed product.

use domain::wire::{ProductDeploymentDetail, StackRecord};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::CallError;

/// What the page of a stack shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StackWithRecord {
    /// The product that it is part of.
    pub deployment: ProductDeploymentDetail,
    pub record: StackRecord,
}

/// A stack by the id of its product's deployment and its name there.
#[server(endpoint = "stack", input = server_fn::codec::GetUrl, output = crate::json::Answer)]
pub async fn get_stack(id: String, name: String) -> Result<StackWithRecord, CallError> {
    use super::caller::{Caller, refuse};

    let Caller { backend, actor } = Caller::of_request()?;
    let deployment = backend.deployment(&actor, &id).await.map_err(refuse)?;
    let mut stacks = deployment.stacks.iter();
    let Some(stack) = stacks.find(|stack| stack.stack_name == name) else {
        let detail = format!("The deployment has no stack '{name}'.");
        return Err(refuse(
            CallError::new("not-found", 404, "Stack not found", &detail).0,
        ));
    };
    let record = backend
        .stack_record(&actor, &deployment.environment_id, &stack.deployment_id)
        .await
        .map_err(refuse)?;
    Ok(StackWithRecord { deployment, record })
}
