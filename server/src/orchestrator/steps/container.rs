//! Makes, starts, stops, renames and removes single containers.

use std::sync::PoisonError;

use domain::operation::failure::Failure;
use domain::plan::ContainerState;
use domain::spec::RestartPolicy;

use super::{Context, Done, Stop, gate};
use crate::engine::{ContainerDetails, EngineError, NewContainer};

pub(super) async fn create(
    context: &Context,
    stack: &str,
    service: &str,
    replica: u32,
    generation: u32,
) -> Done {
    let (stack, service) = context.service(stack, service)?;
    let new = NewContainer {
        name: context.container_name(&stack.stack, service, replica),
        stack,
        service,
        ownership: context.ownership(stack, Some((service, replica, generation))),
    };
    context.engine().await.create_container(&new).await?;
    Ok(None)
}

pub(super) async fn start(context: &Context, stack: &str, service: &str, replica: u32) -> Done {
    let (_, service) = context.service(stack, service)?;
    let name = context.container_name(stack, service, replica);
    if context.resumed && service.restart == RestartPolicy::No && ran_before(context, &name).await?
    {
        return Ok(None);
    }
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

/// Whether an earlier run of this operation started it: what runs, or has ended well since, is not run a second time.
async fn ran_before(context: &Context, name: &str) -> Result<bool, Stop> {
    match context.engine().await.inspect_container(name).await {
        Ok(details) => {
            let runs = details.container.state == ContainerState::Running;
            Ok(made_here(context, &details) && (runs || details.ended_well()))
        }
        Err(EngineError::NotFound { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn made_here(context: &Context, details: &ContainerDetails) -> bool {
    let owner = details.container.ownership.as_ref();
    owner.is_some_and(|owner| owner.operation == context.operation)
}

async fn with_exit_code(context: &Context, name: &str, mut failure: Failure) -> Stop {
    match context.engine().await.inspect_container(name).await {
        Ok(details) => failure.exit_code = details.container.exit_code.filter(|code| *code != 0),
        Err(error) => tracing::warn!(
            container = name,
            error = &error as &dyn std::error::Error,
            "its exit code could not be read"
        ),
    }
    Stop::Failed(context.evidence(name, failure).await)
}

/// By the engine's id; with the grace that the container was made with.
pub(super) async fn stop(context: &Context, id: &str) -> Done {
    context.engine().await.stop_container(id, None).await?;
    Ok(None)
}

/// Starts a container again that this operation stopped, and looks whether it comes up. Whether it does is not for undoing to decide: it
/// was what it was before.
pub(super) async fn restore(context: &Context, id: &str) -> Done {
    match context.engine().await.start_container(id).await {
        Ok(()) => {}
        Err(EngineError::NotFound { .. }) => {
            return Ok(Some("it was removed from outside meanwhile".to_owned()));
        }
        Err(error) => return Err(error.into()),
    }
    gate::restored(context, id).await
}

/// The name is free by now, unless somebody else took it meanwhile.
pub(super) async fn take_name(
    context: &Context,
    stack: &str,
    service: &str,
    replica: u32,
    from: &str,
) -> Done {
    let plain = context
        .service(stack, service)
        .map(|(_, service)| service.container_name_of(replica))?;
    match context.engine().await.inspect_container(from).await {
        Ok(details) => {
            let id = &details.container.id;
            context.engine().await.rename_container(id, &plain).await?;
        }
        // An earlier attempt has done it.
        Err(EngineError::NotFound { .. }) => {
            let there = context.engine().await.inspect_container(&plain).await?;
            if !made_here(context, &there) {
                let sentence = format!("{from} was removed from outside before it took its name");
                return Err(Failure::new(sentence).into());
            }
        }
        Err(error) => return Err(error.into()),
    }
    let place = (stack.to_owned(), service.to_owned(), replica);
    let mut names = context.names.lock().unwrap_or_else(PoisonError::into_inner);
    names.remove(&place);
    Ok(None)
}

/// By the engine's id: a newer container of the same name is never hit.
pub(super) async fn remove(context: &Context, id: &str) -> Done {
    context.engine().await.stop_container(id, None).await?;
    context.engine().await.remove_container(id).await?;
    Ok(None)
}

pub(super) async fn stop_failed(
    context: &Context,
    stack: &str,
    service: &str,
    replica: u32,
) -> Done {
    let (_, service) = context.service(stack, service)?;
    let name = context.container_name(stack, service, replica);
    if let Some(id) = ours(context, &name).await? {
        context
            .engine()
            .await
            .stop_container(&id, service.stop_grace_period)
            .await?;
    }
    Ok(None)
}

pub(super) async fn discard(context: &Context, stack: &str, service: &str, replica: u32) -> Done {
    let (_, service) = context.service(stack, service)?;
    let name = context.container_name(stack, service, replica);
    if let Some(id) = ours(context, &name).await? {
        context
            .engine()
            .await
            .stop_container(&id, service.stop_grace_period)
            .await?;
        context.engine().await.remove_container(&id).await?;
    }
    Ok(None)
}

/// The id of the container of this name, where this operation made it: undoing touches nothing else.
async fn ours(context: &Context, name: &str) -> Result<Option<String>, Stop> {
    match context.engine().await.inspect_container(name).await {
        Ok(details) => {
            let made_here = made_here(context, &details);
            Ok(made_here.then_some(details.container.id))
        }
        Err(EngineError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
