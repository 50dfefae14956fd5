//! The environment that the pages work on, and the choice of it.

use domain::wire::EnvironmentView;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::CallError;

/// The cookie that remembers the choice.
pub const COOKIE: &str = "windlass-environment";

/// What is worked on, and what else there is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    pub current: EnvironmentView,
    /// All of them, the default one first.
    pub all: Vec<EnvironmentView>,
}

/// The chosen environment, else the default one; and all there are.
#[server(endpoint = "environments", input = server_fn::codec::GetUrl, output = crate::json::Answer)]
pub async fn environments() -> Result<Choice, CallError> {
    super::caller::Caller::of_request()?.environments().await
}

/// Remembers which environment to work on; the browser then goes back to where it came from.
#[server(endpoint = "choose-environment", output = crate::json::Answer)]
pub async fn choose_environment(environment: String) -> Result<(), CallError> {
    use leptos_axum::ResponseOptions;

    let known = super::caller::Caller::of_request()?.environments().await?;
    if !known.all.iter().any(|known| known.id == environment) {
        return Err(CallError::new(
            "not-found",
            404,
            "No such environment",
            "This environment does not exist any more. Choose another one.",
        ));
    }
    let cookie = format!("{COOKIE}={environment}; Path=/; Max-Age=31536000; SameSite=Lax");
    if let (Some(response), Ok(cookie)) = (
        use_context::<ResponseOptions>(),
        http::HeaderValue::from_str(&cookie),
    ) {
        response.append_header(http::header::SET_COOKIE, cookie);
    }
    Ok(())
}
