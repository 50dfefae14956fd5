//! The gates behind which a service counts as running: its health check, else its probe, else that it runs and then stays up.

use std::pin::Pin;
use std::time::Duration;

use domain::operation::failure::Failure;
use domain::plan::{ContainerState, Health};
use domain::spec::{RestartPolicy, ServiceSpec};
use futures::future::try_join_all;
use tokio::time::{Instant, Sleep};

use super::watch::Changes;
use super::{Context, Done, Stop, init, probe};
use crate::engine::ContainerDetails;

/// How often, and with which pause, an engine that went away is asked what became of a service.
const LOOKS_AFTER_OUTAGE: u32 = 60;
const LOOK_AFTER_OUTAGE: Duration = Duration::from_secs(1);

/// Restarts by the engine within the gate that make a crash loop.
const CRASH_LOOP: u32 = 2;

pub(super) async fn await_healthy(context: &Context, stack: &str, service: &str) -> Done {
    let (_, service) = context.service(stack, service)?;
    let names = names(context, stack, service);
    let replicas = names.iter().map(|name| one(context, service, name));
    let results = try_join_all(replicas).await?;
    Ok(results.into_iter().flatten().next())
}

/// Nothing to wait for where the image turned out to bring a health check: the gate before was that check.
pub(super) async fn await_settled(context: &Context, stack: &str, service: &str) -> Done {
    let (_, service) = context.service(stack, service)?;
    let names = names(context, stack, service);
    let replicas = names.iter().map(|name| settle(context, service, name));
    let results = try_join_all(replicas).await?;
    Ok(results.into_iter().flatten().next())
}

/// The containers of a service, as they are called now.
fn names(context: &Context, stack: &str, service: &ServiceSpec) -> Vec<String> {
    (1..=service.replicas.max(1))
        .map(|replica| context.container_name(stack, service, replica))
        .collect()
}

/// Waits until a container that was started again is up, as far as it says so; what it says is the result, whatever it is.
pub(super) async fn restored(context: &Context, id: &str) -> Done {
    let first = context.engine().await.inspect_container(id).await?;
    let mut changes = context.watch.of(&first.container.name);
    let come_up = async {
        loop {
            let details = context.engine().await.inspect_container(id).await?;
            match (details.container.state, details.container.health) {
                (ContainerState::Running, Health::Starting)
                | (ContainerState::Created | ContainerState::Restarting, _) => {}
                (ContainerState::Running, Health::Unhealthy) => return Ok("it is unhealthy"),
                (ContainerState::Running, _) => return Ok("it runs"),
                _ => return Ok("it ended at once"),
            }
            changes.changed().await;
        }
    };
    match tokio::time::timeout(context.settings.health_deadline, come_up).await {
        Ok(Ok(said)) => Ok(Some(said.to_owned())),
        Ok(Err(error)) => Err(Stop::Engine(error)),
        Err(_) => Ok(Some("it is not healthy yet".to_owned())),
    }
}

async fn one(context: &Context, service: &ServiceSpec, name: &str) -> Done {
    let deadline = context.settings.health_deadline;
    match tokio::time::timeout(deadline, pass(context, service, name)).await {
        Ok(passed) => passed,
        Err(_) => {
            let failure = Failure::new(format!(
                "{} did not become healthy within {} s",
                service.name,
                deadline.as_secs()
            ));
            Err(context.evidence(name, failure).await.into())
        }
    }
}

async fn pass(context: &Context, service: &ServiceSpec, name: &str) -> Done {
    let mut changes = context.watch.of(name);
    loop {
        let details = context.engine().await.inspect_container(name).await?;
        revive(context, &details, name).await?;
        match judge(service, &details) {
            Verdict::Passed(why) => return Ok(Some(why.to_owned())),
            Verdict::Failed(mut failure) => {
                failure.health_output = details
                    .health_log
                    .last()
                    .map(|probe| probe.output.trim().to_owned());
                return Err(context.evidence(name, failure).await.into());
            }
            Verdict::Probe => {
                if let Some(spec) = &service.probe {
                    let probed = probe::pass(context, service, spec, name);
                    tokio::pin!(probed);
                    // The probe watches only the network; the container's end ends the wait as well.
                    loop {
                        tokio::select! {
                            passed = &mut probed => return passed,
                            () = changes.changed() => {}
                        }
                        let now = context.engine().await.inspect_container(name).await?;
                        // As long as it runs on, the probe goes on counting.
                        if !matches!(judge(service, &now), Verdict::Probe)
                            || now.restart_count != details.restart_count
                        {
                            break;
                        }
                    }
                    continue;
                }
                context.saw_up(name, details.restart_count);
                return Ok(Some("running".to_owned()));
            }
            Verdict::Wait => {}
        }
        tokio::select! {
            () = context.cancel.cancelled() => return Err(Stop::Cancelled),
            () = changes.changed() => {}
        }
    }
}

/// Without any check: it must stay up for a while, counted from when it was seen to run.
async fn settle(context: &Context, service: &ServiceSpec, name: &str) -> Done {
    let mut changes = context.watch.of(name);
    let seen = context.take_seen_up(name);
    let mut restarts = seen.map(|(restarts, _)| restarts);
    let since = seen.map_or_else(Instant::now, |(_, at)| at);
    let up = tokio::time::sleep_until(since + context.settings.stable_for);
    tokio::pin!(up);
    if seen.is_some() {
        wait(context, up.as_mut(), &mut changes).await?;
    }
    loop {
        let details = context.engine().await.inspect_container(name).await?;
        revive(context, &details, name).await?;
        match judge(service, &details) {
            Verdict::Failed(failure) => return Err(context.evidence(name, failure).await.into()),
            Verdict::Passed(why) => return Ok(Some(why.to_owned())),
            Verdict::Wait => {}
            Verdict::Probe if restarts.is_some_and(|before| before != details.restart_count) => {
                // It fell and was started again: what counts is whether it stays up from here.
                let from_here = Instant::now() + context.settings.stable_for;
                up.as_mut().reset(from_here);
            }
            Verdict::Probe if up.is_elapsed() => return Ok(Some("stayed up".to_owned())),
            Verdict::Probe => {}
        }
        restarts = Some(details.restart_count);
        wait(context, up.as_mut(), &mut changes).await?;
    }
}

/// Waits until there is a reason to look at a container that settles.
async fn wait(context: &Context, up: Pin<&mut Sleep>, changes: &mut Changes) -> Result<(), Stop> {
    let elapsed = up.is_elapsed();
    tokio::select! {
        () = context.cancel.cancelled() => Err(Stop::Cancelled),
        // Once only: it may be restarting when the time is over.
        () = up, if !elapsed => Ok(()),
        () = changes.changed() => Ok(()),
    }
}

/// Starts it again where it ended because the engine went away: an engine that restarts takes its containers with it, unless it was told to keep
/// them. Once for each outage, so a container that ends by itself is judged the next time.
async fn revive(context: &Context, details: &ContainerDetails, name: &str) -> Result<(), Stop> {
    let ended = matches!(
        details.container.state,
        ContainerState::Exited | ContainerState::Dead
    );
    if !ended || !context.ended_with_engine(name) {
        return Ok(());
    }
    context.start(name).await?;
    Err(Stop::ended_with_engine(name))
}

/// Services that this run started and that the engine took with it when it went away: stack and name of each. An engine that is still
/// away is waited for, but not for ever.
pub(in super::super) async fn lost_services(context: &Context) -> Vec<(String, String)> {
    let mut lost = Vec::new();
    for (stack, spec) in context.specs.iter() {
        for service in spec.services.values() {
            for name in names(context, stack, service) {
                if !service.lifecycle.is_init() && is_lost(context, service, &name).await {
                    lost.push((stack.clone(), service.name.clone()));
                    break;
                }
            }
        }
    }
    lost
}

async fn is_lost(context: &Context, service: &ServiceSpec, name: &str) -> bool {
    if !context.ended_with_engine(name) {
        return false;
    }
    for _ in 0..LOOKS_AFTER_OUTAGE {
        match context.engine().await.inspect_container(name).await {
            Ok(details) => {
                let state = details.container.state;
                let ended = matches!(state, ContainerState::Exited | ContainerState::Dead);
                // One that may end, and ended well, is complete and not lost.
                let complete =
                    service.restart == RestartPolicy::No && details.container.exit_code == Some(0);
                return ended && !complete;
            }
            Err(error) if error.is_outage() => tokio::time::sleep(LOOK_AFTER_OUTAGE).await,
            Err(_) => return false,
        }
    }
    false
}

enum Verdict {
    Passed(&'static str),
    Failed(Failure),
    /// It runs and has no health check of the engine's.
    Probe,
    Wait,
}

fn judge(service: &ServiceSpec, details: &ContainerDetails) -> Verdict {
    let name = &service.name;
    let state = details.container.state;
    let exit_code = details.container.exit_code;
    if details.restart_count > CRASH_LOOP {
        let mut failure = Failure::new(format!(
            "{name} ended and was started again {} times: it is in a crash loop",
            details.restart_count
        ))
        .hint("See its last lines for why it ends.");
        failure.exit_code = exit_code;
        return Verdict::Failed(failure);
    }
    match state {
        ContainerState::Running => match details.container.health {
            Health::Healthy => Verdict::Passed("healthy"),
            Health::Starting => Verdict::Wait,
            Health::Unhealthy => Verdict::Failed(
                Failure::new(format!(
                    "{name} is unhealthy: its health check failed again and again"
                ))
                .hint("See the output of the health check and the last lines of the service."),
            ),
            Health::None => Verdict::Probe,
        },
        ContainerState::Exited | ContainerState::Dead => {
            if exit_code == Some(0) && service.restart == RestartPolicy::No {
                return Verdict::Passed("completed with exit code 0");
            }
            let mut failure = Failure::new(match exit_code {
                Some(code) => format!("{name} ended with exit code {code}"),
                None => format!("{name} ended"),
            });
            failure.exit_code = exit_code;
            if details.oom_killed {
                failure.message.push_str(": it ran out of memory");
                failure = failure.hint("Raise its memory limit, or find out why it needs so much.");
            }
            if let Some(error) = &details.error {
                failure.message.push_str(": ");
                failure.message.push_str(error);
            }
            Verdict::Failed(failure)
        }
        ContainerState::Created
        | ContainerState::Restarting
        | ContainerState::Paused
        | ContainerState::Removing => Verdict::Wait,
    }
}

pub(super) async fn await_completed(context: &Context, stack: &str, service: &str) -> Done {
    let (_, service) = context.service(stack, service)?;
    let name = context.container_name(stack, service, 1);
    let deadline = context.settings.health_deadline;
    let Ok(ended) = tokio::time::timeout(deadline, init::wait_for_end(context, &name)).await else {
        let failure = Failure::new(format!(
            "{} did not end within {} s",
            service.name,
            deadline.as_secs()
        ));
        return Err(context.evidence(&name, failure).await.into());
    };
    match ended? {
        0 => Ok(Some("completed with exit code 0".to_owned())),
        code => {
            let mut failure = Failure::new(format!("{} ended with exit code {code}", service.name));
            failure.exit_code = Some(code);
            Err(context.evidence(&name, failure).await.into())
        }
    }
}

/// The shortest pause between two attempts of a probe, whatever the manifest says.
pub(super) const MIN_PROBE_INTERVAL: Duration = Duration::from_millis(100);
