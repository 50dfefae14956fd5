//! The environment that the pages work on.

use domain::wire::EnvironmentView;
use leptos::prelude::*;

use super::CallError;

/// The default environment.
#[server(endpoint = "current-environment", input = server_fn::codec::GetUrl, output = crate::json::Answer)]
pub async fn current_environment() -> Result<EnvironmentView, CallError> {
    super::caller::Caller::of_request()?.environment().await
}
