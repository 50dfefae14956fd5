//! Operations: one of them, all that happened in it, and those of a deployment.

use domain::wire::{OperationList, OperationView, PreviousRun};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::CallError;
use crate::live::Feed;

/// Most pages of events that are read for one view; a stream goes on from there.
#[cfg(feature = "ssr")]
const MAX_PAGES: usize = 200;
/// Rows of a page of operations.
#[cfg(feature = "ssr")]
const PAGE_SIZE: u32 = 25;
/// Operations of an environment among which those of a deployment are looked for.
#[cfg(feature = "ssr")]
const RECENT: u32 = 100;

/// An operation and everything that happened so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct History {
    pub operation: OperationView,
    pub feed: Feed,
    /// What it is measured by.
    pub previous: Option<PreviousRun>,
}

/// One operation.
#[server(endpoint = "get-operation", input = server_fn::codec::GetUrl, output = crate::json::Answer)]
pub async fn get_operation(id: String) -> Result<OperationView, CallError> {
    let caller = super::caller::Caller::of_request()?;
    let answer = caller.backend.operation(&caller.actor, &id).await;
    answer.map_err(super::caller::refuse)
}

/// One operation with its whole history, folded.
#[server(endpoint = "follow-operation", input = server_fn::codec::GetUrl, output = crate::json::Answer)]
pub async fn operation_so_far(id: String) -> Result<History, CallError> {
    use super::caller::{Caller, refuse};

    let Caller { backend, actor } = Caller::of_request()?;
    let mut feed = Feed::default();
    for _ in 0..MAX_PAGES {
        let page = backend
            .operation_events(&actor, &id, feed.progress.seq)
            .await;
        let (events, more) = page.map_err(refuse)?;
        let before = feed.progress.seq;
        // A gap leaves the feed where it is; the stream asks again from there.
        let _ = feed.apply(&events);
        if !more || feed.progress.seq == before {
            break;
        }
    }
    let operation = backend.operation(&actor, &id).await.map_err(refuse)?;
    let previous = backend.previous_run(&actor, &id).await.map_err(refuse)?;
    Ok(History {
        operation,
        feed,
        previous,
    })
}

/// One page of the operations of the environment that the pages work on, the newest first.
#[server(endpoint = "list-operations", input = server_fn::codec::GetUrl, output = crate::json::Answer)]
pub async fn list_operations(page: u32) -> Result<OperationList, CallError> {
    let caller = super::caller::Caller::of_request()?;
    let environment = caller.environment().await?;
    let list = caller
        .backend
        .operations(&caller.actor, &environment.id, page, PAGE_SIZE)
        .await;
    list.map_err(super::caller::refuse)
}

/// The newest operations of a deployment.
#[server(endpoint = "operations-of-deployment", input = server_fn::codec::GetUrl, output = crate::json::Answer)]
pub async fn operations_of_deployment(
    deployment: String,
    environment: String,
) -> Result<Vec<OperationView>, CallError> {
    let caller = super::caller::Caller::of_request()?;
    let all = caller
        .backend
        .operations(&caller.actor, &environment, 1, RECENT)
        .await;
    let mut operations = all.map_err(super::caller::refuse)?.operations;
    operations.retain(|operation| operation.product_deployment_id == deployment);
    Ok(operations)
}
