//! A database as it is after years: every deployment was accepted, claimed and ended through the store, as the server does it.

use domain::deployment::{ProductStatus, StackStatus};
use domain::operation::OperationStatus;
use server::store::{Claim, Entry, Settlement, Store};

use crate::LoadError;
use crate::story::{LEASE, at, begin, environment};

/// Every so many-th deployment has failed.
const FAILED: u32 = 20;

pub(crate) async fn run(
    database_url: &str,
    deployments: u32,
    docker_host: &str,
) -> Result<String, LoadError> {
    let store = crate::open(database_url).await?;
    let environment = environment(docker_host);
    store.insert_environment(&environment).await?;
    for number in 1..=deployments {
        let claim = begin(&store, &environment, number).await?;
        end(&store, &claim, number, number.is_multiple_of(FAILED)).await?;
    }
    store.close().await;
    Ok(serde_json::json!({ "deployments": deployments }).to_string())
}

/// Ends deployment `number`, every stack running or failed.
pub(crate) async fn end(
    store: &Store,
    claim: &Claim,
    number: u32,
    failed: bool,
) -> Result<(), LoadError> {
    let (status, product_status, stack_status) = match failed {
        false => (
            OperationStatus::Succeeded,
            ProductStatus::Running,
            StackStatus::Running,
        ),
        true => (
            OperationStatus::Failed,
            ProductStatus::Failed,
            StackStatus::Failed,
        ),
    };
    let message = failed.then_some("api ended with exit code 1");
    let deployment = claim.operation.deployment_id;
    let stack = |stack, status| Entry::Stack {
        deployment,
        stack,
        status,
        message,
    };
    let mut entries: Vec<Entry<'_>> = ["infrastructure", "identity", "business"]
        .into_iter()
        .flat_map(|name| {
            [
                stack(name, StackStatus::Deploying),
                stack(name, stack_status),
            ]
        })
        .collect();
    entries.push(Entry::Finish {
        status,
        deployment,
        product_status,
        message: message.unwrap_or("All 3 stacks run."),
        error: message,
        settlement: Settlement::nothing(),
    });
    store
        .append(&claim.lease, at(number, 20), LEASE, &entries)
        .await?;
    Ok(())
}
