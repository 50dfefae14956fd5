//! Cancelling an operation.

use domain::wire::OperationView;
use leptos::prelude::*;

use super::CallError;

/// Asks to cancel it. Without scripts the browser goes back to the page that it came from.
#[server(endpoint = "cancel-operation", output = crate::json::Answer)]
pub async fn cancel_operation(id: String) -> Result<OperationView, CallError> {
    let caller = super::caller::Caller::of_request()?;
    let answer = caller.backend.cancel_operation(&caller.actor, &id).await;
    answer.map_err(super::caller::refuse)
}
