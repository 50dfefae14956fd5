//! Makes, starts, stops and removes single containers.

use domain::operation::failure::Failure;

use super::{Context, Done, Stop};
use crate::engine::{EngineError, NewContainer};

pub(super) async fn create(
    context: &Context,
    stack: &str,
    service: &str,
    replica: u32,
    generation: u32,
) -> Done {
    let (stack, service) = context.service(stack, service)?;
    let new = NewContainer {
        name: service.container_name_of(replica),
        stack,
        service,
        ownership: context.ownership(stack, Some((service, replica, generation))),
    };
    context.engine.create_container(&new).await?;
    Ok(None)
}

pub(super) async fn start(context: &Context, stack: &str, service: &str, replica: u32) -> Done {
    let (_, service) = context.service(stack, service)?;
    let name = service.container_name_of(replica);
    match context.start(&name).await {
        Ok(()) => Ok(None),
        // The engine's own sentence says it best; what it kept of the attempt is evidence.
        Err(EngineError::Refused { message, .. } | EngineError::Conflict { message, .. }) => {
            let failure = Failure::new(format!("{} could not be started: {message}", service.name));
            Err(with_exit_code(context, &name, failure).await)
        }
        Err(error) => Err(error.into()),
    }
}

async fn with_exit_code(context: &Context, name: &str, mut failure: Failure) -> Stop {
    match context.engine.inspect_container(name).await {
        Ok(details) => failure.exit_code = details.container.exit_code.filter(|code| *code != 0),
        Err(error) => tracing::warn!(
            container = name,
            error = &error as &dyn std::error::Error,
            "its exit code could not be read"
        ),
    }
    Stop::Failed(context.evidence(name, failure).await)
}

/// By the engine's id: a newer container of the same name is never hit.
pub(super) async fn remove(context: &Context, id: &str) -> Done {
    context.engine.stop_container(id, None).await?;
    context.engine.remove_container(id).await?;
    Ok(None)
}

pub(super) async fn stop_failed(
    context: &Context,
    stack: &str,
    service: &str,
    replica: u32,
) -> Done {
    let (_, service) = context.service(stack, service)?;
    let name = service.container_name_of(replica);
    if let Some(id) = ours(context, &name).await? {
        context
            .engine
            .stop_container(&id, service.stop_grace_period)
            .await?;
    }
    Ok(None)
}

pub(super) async fn discard(context: &Context, stack: &str, service: &str, replica: u32) -> Done {
    let (_, service) = context.service(stack, service)?;
    let name = service.container_name_of(replica);
    if let Some(id) = ours(context, &name).await? {
        context
            .engine
            .stop_container(&id, service.stop_grace_period)
            .await?;
        context.engine.remove_container(&id).await?;
    }
    Ok(None)
}

/// The id of the container of this name, where this operation made it: undoing touches nothing else.
async fn ours(context: &Context, name: &str) -> Result<Option<String>, Stop> {
    match context.engine.inspect_container(name).await {
        Ok(details) => {
            let made_here = details
                .container
                .ownership
                .is_some_and(|owner| owner.operation == context.operation);
            Ok(made_here.then_some(details.container.id))
        }
        Err(EngineError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
