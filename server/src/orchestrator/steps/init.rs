//! Runs a one-shot to its end and keeps what it says.

use std::time::Duration;

use domain::operation::event::OutputLine;
use domain::operation::failure::Failure;
use domain::plan::{ContainerState, StepKey};
use domain::spec::Lifecycle;
use futures::StreamExt as _;

use super::{Context, Done, Stop};
use crate::engine::ContainerDetails;

/// How long the last lines may take to arrive after the end.
const LAST_LINES: Duration = Duration::from_secs(5);
/// Pause before a stream of output that broke is opened again.
const FOLLOW_AGAIN: Duration = Duration::from_millis(100);

pub(super) async fn run(context: &Context, key: &StepKey, stack: &str, service: &str) -> Done {
    let (_, service) = context.service(stack, service)?;
    let Lifecycle::Init { timeout } = service.lifecycle else {
        return Err(Failure::new(format!("{} is not a one-shot", service.name)).into());
    };
    let name = context.container_name(stack, service, 1);
    let before = context.engine().await.inspect_container(&name).await?;
    // After a crash of Windlass it may run, or have ended well meanwhile: it is not run twice. One that runs is not started
    // to make sure, because it may have ended when the engine is asked.
    let runs = before.container.state == ContainerState::Running;
    if !runs && !before.ended_well() {
        context.start(&name).await?;
    }
    let output = forward_output(context, key, &name);
    let end = tokio::time::timeout(timeout, wait_for_end(context, &name));
    tokio::pin!(output);
    tokio::pin!(end);
    let mut output_open = true;
    let ended = loop {
        tokio::select! {
            ended = &mut end => break ended,
            () = &mut output, if output_open => output_open = false,
        }
    };
    let exit_code = match ended {
        Ok(exit_code) => exit_code?,
        Err(_) => {
            let failure = Failure::new(format!(
                "{} did not end within {} s",
                service.name,
                timeout.as_secs()
            ))
            .hint("Raise initTimeoutSeconds where it needs longer, or see its output for what it waits for.");
            let failure = context.evidence(&name, failure).await;
            context
                .engine()
                .await
                .stop_container(&name, service.stop_grace_period)
                .await?;
            return Err(failure.into());
        }
    };
    if output_open && tokio::time::timeout(LAST_LINES, &mut output).await.is_err() {
        tracing::warn!(container = name, "its last lines did not arrive in time");
    }
    if exit_code == 0 {
        return Ok(Some("exit code 0".to_owned()));
    }
    if context.ended_with_engine(&name) {
        return Err(Stop::ended_with_engine(&service.name));
    }
    let mut failure = Failure::new(format!("{} ended with exit code {exit_code}", service.name));
    failure.exit_code = Some(exit_code);
    Err(context.evidence(&name, failure).await.into())
}

/// Passes on what it says until it ends. An engine that goes away ends the stream, too: then it is opened again.
async fn forward_output(context: &Context, key: &StepKey, name: &str) {
    loop {
        follow(context, key, name).await;
        match context.engine().await.inspect_container(name).await {
            Ok(now) if has_ended(&now) => return,
            Ok(_) | Err(_) => tokio::time::sleep(FOLLOW_AGAIN).await,
        }
    }
}

/// One stream of its output; what was passed on before, by an earlier attempt or before a crash, is not said again.
async fn follow(context: &Context, key: &StepKey, name: &str) {
    let mut heard = context.lines_heard(key);
    let mut lines = match context.engine().await.follow_logs(name).await {
        Ok(lines) => lines,
        Err(error) => {
            tracing::warn!(
                container = name,
                error = &error as &dyn std::error::Error,
                "its output cannot be followed"
            );
            return;
        }
    };
    while let Some(line) = lines.next().await {
        match line {
            Ok(_) if heard > 0 => heard -= 1,
            Ok(line) => {
                let line = OutputLine {
                    stderr: line.stderr,
                    text: line.text,
                };
                context.hear(key, line).await;
            }
            Err(error) => {
                tracing::warn!(
                    container = name,
                    error = &error as &dyn std::error::Error,
                    "its output was cut off"
                );
                return;
            }
        }
    }
}

fn has_ended(details: &ContainerDetails) -> bool {
    matches!(
        details.container.state,
        ContainerState::Exited | ContainerState::Dead
    )
}

/// The exit code of a container that does not start again.
pub(super) async fn wait_for_end(context: &Context, name: &str) -> Result<i64, Stop> {
    let mut changes = context.watch.of(name);
    loop {
        let details = context.engine().await.inspect_container(name).await?;
        if has_ended(&details) {
            return Ok(details.container.exit_code.unwrap_or(-1));
        }
        tokio::select! {
            () = context.cancel.cancelled() => return Err(Stop::Cancelled),
            () = changes.changed() => {}
        }
    }
}
