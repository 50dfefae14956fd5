//! Networks and volumes of a stack.

use domain::operation::failure::Failure;

use super::{Context, Done};
use crate::engine::EngineError;

pub(super) async fn ensure(context: &Context, stack: &str, key: &str) -> Done {
    let spec = context.stack(stack)?;
    let network = spec
        .networks
        .get(key)
        .ok_or_else(|| missing("network", stack, key))?;
    context
        .engine()
        .await
        .create_network(network, &context.ownership(spec, None))
        .await?;
    Ok(None)
}

pub(super) async fn ensure_volume(context: &Context, stack: &str, key: &str) -> Done {
    let spec = context.stack(stack)?;
    let volume = spec
        .volumes
        .get(key)
        .ok_or_else(|| missing("volume", stack, key))?;
    context
        .engine()
        .await
        .create_volume(volume, &context.ownership(spec, None))
        .await?;
    Ok(None)
}

/// Removes a volume with its data; one that something still uses stays, and that is a failure: it was asked for.
pub(super) async fn remove_volume(context: &Context, name: &str) -> Done {
    context.engine().await.remove_volume(name).await?;
    Ok(None)
}

/// Removes a network of an earlier deployment; one that something still uses stays, because that something is worth more.
pub(super) async fn remove(context: &Context, name: &str) -> Done {
    match context.engine().await.remove_network(name).await {
        Ok(()) => Ok(None),
        Err(EngineError::Conflict { .. } | EngineError::Refused { .. }) => {
            Ok(Some("kept: it is still in use".to_owned()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Removes a network that this operation made, where nothing else is on it.
pub(super) async fn discard(context: &Context, stack: &str, key: &str) -> Done {
    let spec = context.stack(stack)?;
    let network = spec
        .networks
        .get(key)
        .ok_or_else(|| missing("network", stack, key))?;
    remove(context, &network.name).await
}

fn missing(what: &str, stack: &str, key: &str) -> Failure {
    Failure::new(format!(
        "the plan names the {what} {key} of stack {stack}, which the recorded product does not have"
    ))
}
