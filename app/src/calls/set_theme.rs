//! Remembers the reader's choice of colours, for browsers without scripts.

use leptos::prelude::*;

use super::CallError;
use crate::theme::Choice;

/// Sets the cookie; the browser then goes back to where it came from.
#[server(endpoint = "set-theme", output = crate::json::Answer)]
pub async fn set_theme(theme: Choice) -> Result<(), CallError> {
    use leptos_axum::ResponseOptions;

    let cookie = http::HeaderValue::from_str(&crate::theme::cookie(theme));
    if let (Some(response), Ok(cookie)) = (use_context::<ResponseOptions>(), cookie) {
        response.append_header(http::header::SET_COOKIE, cookie);
    }
    Ok(())
}
