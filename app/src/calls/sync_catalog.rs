//! Reads the sources of the catalog again.

use leptos::prelude::*;

use super::CallError;

/// Done when every source was read; the catalog page then asks again what there is.
#[server(endpoint = "sync-catalog", output = crate::json::Answer)]
pub async fn sync_catalog() -> Result<(), CallError> {
    use super::caller::{Caller, refuse};

    let caller = Caller::of_request()?;
    caller
        .backend
        .sync_catalog(&caller.actor)
        .await
        .map_err(refuse)?;
    Ok(())
}
