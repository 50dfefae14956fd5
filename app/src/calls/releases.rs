//! The releases of a deployed product, and what differs between two of them.

use domain::wire::{ReleaseDiff, ReleaseList};
use leptos::prelude::*;

use super::CallError;

/// One page of them, the newest first.
#[server(endpoint = "releases", input = server_fn::codec::GetUrl, output = crate::json::Answer)]
pub async fn list_releases(
    environment: String,
    id: String,
    page: u32,
) -> Result<ReleaseList, CallError> {
    let caller = super::caller::Caller::of_request()?;
    let releases = caller
        .backend
        .releases(&caller.actor, &environment, &id, page);
    // Part of a page that is there all the same.
    releases.await.map_err(CallError)
}

/// What changed from one to another.
#[server(endpoint = "diff-releases", input = server_fn::codec::GetUrl, output = crate::json::Answer)]
pub async fn diff_releases(
    environment: String,
    id: String,
    from: u32,
    to: u32,
) -> Result<ReleaseDiff, CallError> {
    let caller = super::caller::Caller::of_request()?;
    let diff = caller
        .backend
        .diff_releases(&caller.actor, &environment, &id, from, to);
    diff.await.map_err(CallError)
}
