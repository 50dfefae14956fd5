//! Whether the gallery of components is shown here.

use leptos::prelude::*;

use super::CallError;

/// Refused as an address that leads nowhere where it is not.
#[server(endpoint = "gallery", input = server_fn::codec::GetUrl, output = crate::json::Answer)]
pub async fn gallery() -> Result<bool, CallError> {
    let caller = super::caller::Caller::of_request()?;
    if caller.backend.shows_gallery() {
        return Ok(true);
    }
    let detail = "This server does not show the gallery. Start it with --gallery.";
    let problem = CallError::new("not-found", 404, "There is no gallery here", detail).0;
    Err(super::caller::refuse(problem))
}
