//! What each kind of step does. One act each, safe to repeat; policy lives in the plan.
//!
//! Waits listen to the cancel token. Short acts do not: an act that was sent to the engine is waited for, so that undoing starts
//! from what is really there.

mod container;
mod gate;
mod image;
mod init;
mod network;
mod probe;
mod setter;
mod watch;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::id::{DeploymentId, EnvironmentId, OperationId};
use domain::maintenance::SetterConfig;
use domain::operation::event::OutputLine;
use domain::operation::failure::{Failure, MAX_EVIDENCE_LINES};
use domain::plan::{Action, Ownership, Step, StepKey};
use domain::release::ReleaseImage;
use domain::spec::{ServiceSpec, StackSpec};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Settings;
use super::lease::HeldLease;
use super::progress::Notes;
use crate::engine::{Engine, EngineError, Next};
use crate::signals::Signals;

pub(super) use gate::lost_services;
pub(super) use watch::Watch;

/// What came of one attempt.
#[derive(Debug)]
pub(super) enum Outcome {
    Done(Option<String>),
    /// Done: what the references of the images mean.
    Recorded(BTreeMap<String, ReleaseImage>),
    /// It may work another time.
    Retry(Failure, Cause),
    /// Nobody knows whether it was done: the next attempt looks first.
    Unknown(Failure, Cause),
    /// It will fail again.
    GiveUp(Failure),
    /// Someone asked to cancel while it waited.
    Cancelled,
}

/// What an attempt failed of; it decides how long it is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// The act.
    Act,
    /// The engine was away or silent: its restart is waited for.
    Outage,
}

/// Everything that a step needs; shared by all steps of an operation.
pub(super) struct Context {
    pub(super) engine: Arc<dyn Engine>,
    pub(super) lease: HeldLease,
    pub(super) watch: Watch,
    pub(super) specs: Arc<HashMap<String, StackSpec>>,
    /// Names of containers that have not taken their plain ones, by stack, service and replica.
    pub(super) names: Mutex<HashMap<(String, String, u32), String>>,
    /// References of images to what is run instead.
    pub(super) pins: BTreeMap<String, String>,
    /// Names of the stacks that are worked on.
    pub(super) scope: Vec<String>,
    /// What was known of the images of the release.
    pub(super) images: BTreeMap<String, ReleaseImage>,
    pub(super) operation: OperationId,
    /// Whether an earlier run may have begun any of the steps.
    pub(super) resumed: bool,
    pub(super) deployment: DeploymentId,
    pub(super) environment: EnvironmentId,
    pub(super) group_id: String,
    /// Lines of output that were passed on, by step; an earlier run's count.
    pub(super) heard: Mutex<HashMap<StepKey, usize>>,
    /// Containers that this run started, each with the outages of the engine before.
    pub(super) started: Mutex<HashMap<String, u32>>,
    /// Containers without a check that were seen to run just now: how often the engine had restarted each, and when that was.
    pub(super) seen_up: Mutex<HashMap<String, (u32, Instant)>>,
    /// Who is told of maintenance; the reason where the manifest's section cannot be used.
    pub(super) setter: Result<Option<SetterConfig>, String>,
    pub(super) signals: Signals,
    pub(super) notes: Notes,
    pub(super) settings: Settings,
    pub(super) cancel: CancellationToken,
}

/// Carries out one attempt of a step.
pub(super) async fn perform(context: &Context, step: &Step) -> Outcome {
    let done = match &step.action {
        Action::PullImage { image, always, .. } => {
            image::pull(context, &step.key, image, *always).await
        }
        Action::EnsureNetwork { stack, network } => network::ensure(context, stack, network).await,
        Action::EnsureVolume { stack, volume } => {
            network::ensure_volume(context, stack, volume).await
        }
        Action::RecordImages => {
            return match image::record(context).await {
                Ok(images) => Outcome::Recorded(images),
                Err(stop) => stop.into(),
            };
        }
        Action::NotifySetter { maintenance } => setter::notify(context, *maintenance).await,
        Action::StopContainer { id, .. } => container::stop(context, id).await,
        Action::RestoreContainer { id, .. } => container::restore(context, id).await,
        Action::TakeName {
            stack,
            service,
            replica,
            from,
        } => container::take_name(context, stack, service, *replica, from).await,
        Action::RemoveVolume { name, .. } => network::remove_volume(context, name).await,
        Action::RemoveContainer { id, .. } => container::remove(context, id).await,
        Action::RemoveNetwork { name, .. } => network::remove(context, name).await,
        Action::CreateContainer {
            stack,
            service,
            replica,
            generation,
            ..
        } => container::create(context, stack, service, *replica, *generation).await,
        Action::StartContainer {
            stack,
            service,
            replica,
        } => container::start(context, stack, service, *replica).await,
        Action::RunInit { stack, service } => init::run(context, &step.key, stack, service).await,
        Action::AwaitHealthy { stack, service } => {
            gate::await_healthy(context, stack, service).await
        }
        Action::AwaitSettled { stack, service } => {
            gate::await_settled(context, stack, service).await
        }
        Action::AwaitCompleted { stack, service } => {
            gate::await_completed(context, stack, service).await
        }
        Action::StopFailed {
            stack,
            service,
            replica,
        } => container::stop_failed(context, stack, service, *replica).await,
        Action::DiscardContainer {
            stack,
            service,
            replica,
        } => container::discard(context, stack, service, *replica).await,
        Action::DiscardNetwork { stack, network } => {
            network::discard(context, stack, network).await
        }
        // Changes of the record alone: the runner makes them in the journal's own transaction.
        Action::BeginStack { .. } | Action::FinishStack { .. } => Ok(None),
    };
    match done {
        Ok(result) => Outcome::Done(result),
        Err(stop) => stop.into(),
    }
}

/// Why an attempt ended without being done.
enum Stop {
    Engine(EngineError),
    Failed(Failure),
    Cancelled,
}

impl Stop {
    /// A container that the engine took with it when it went away: no fault of its own.
    fn ended_with_engine(service: &str) -> Self {
        Self::Engine(EngineError::Broken {
            act: format!("wait for {service}"),
            source: "the container ended when the engine went away".into(),
        })
    }
}

type Done = Result<Option<String>, Stop>;

impl From<EngineError> for Stop {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Stop> for Outcome {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Cancelled => Self::Cancelled,
            Stop::Failed(failure) => Self::GiveUp(failure),
            Stop::Engine(error) => {
                let failure = explain(&error);
                let cause = if error.is_outage() {
                    Cause::Outage
                } else {
                    Cause::Act
                };
                match error.next() {
                    Next::Retry => Self::Retry(failure, cause),
                    Next::Inspect => Self::Unknown(failure, cause),
                    Next::GiveUp => Self::GiveUp(failure),
                }
            }
        }
    }
}

/// The sentence of an engine's error, its causes, and the likely fix.
pub(super) fn explain(error: &EngineError) -> Failure {
    let mut message = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        message.push_str(": ");
        message.push_str(&cause.to_string());
        source = cause.source();
    }
    let failure = Failure::new(message);
    match error {
        EngineError::PullRefused { .. } => failure
            .hint("Check the image's name and tag, and that the registry lets this engine in."),
        EngineError::PullFailed { .. } => {
            failure.hint("Check that the engine can reach the registry, then deploy again.")
        }
        EngineError::Unreachable { .. }
        | EngineError::NoAnswer { .. }
        | EngineError::Broken { .. } => failure.hint(
            "Check that the Docker engine is running and reachable; once it is, deploy again.",
        ),
        EngineError::Conflict { .. } => {
            failure.hint("Remove or rename what has the name, or choose another deployment name.")
        }
        EngineError::NotFound { .. } => failure.hint(
            "It was removed from outside. Provide it where Windlass does not make it, then deploy again.",
        ),
        _ => failure,
    }
}

impl Context {
    /// The engine, while the operation is ours. A process that slept past its lease does nothing more to what another node works on
    /// by now: its acts wait here until the lease is extended, or until the run is left.
    async fn engine(&self) -> &dyn Engine {
        self.lease.held().await;
        self.engine.as_ref()
    }

    /// Remembers that a container runs, for the gate that follows.
    fn saw_up(&self, name: &str, restarts: u32) {
        let mut seen = self.seen_up.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert(name.to_owned(), (restarts, Instant::now()));
    }

    /// Restarts of a container that was seen to run, and when that was; a second time nothing is known.
    fn take_seen_up(&self, name: &str) -> Option<(u32, Instant)> {
        let mut seen = self.seen_up.lock().unwrap_or_else(PoisonError::into_inner);
        seen.remove(name)
    }

    /// The name that the container of a replica has now.
    fn container_name(&self, stack: &str, service: &ServiceSpec, replica: u32) -> String {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let place = (stack.to_owned(), service.name.clone(), replica);
        let own = names.get(&place).cloned();
        own.unwrap_or_else(|| service.container_name_of(replica))
    }

    fn service(&self, stack: &str, service: &str) -> Result<(&StackSpec, &ServiceSpec), Stop> {
        let spec = self.specs.get(stack);
        spec.and_then(|spec| Some((spec, spec.services.get(service)?))).ok_or_else(|| {
            Stop::Failed(Failure::new(format!(
                "the plan names the service {stack}/{service}, which the recorded product does not have"
            )))
        })
    }

    fn stack(&self, stack: &str) -> Result<&StackSpec, Stop> {
        self.specs.get(stack).ok_or_else(|| {
            Stop::Failed(Failure::new(format!(
                "the plan names the stack {stack}, which the recorded product does not have"
            )))
        })
    }

    /// Whose an object of a stack is; of a service where one is given.
    fn ownership(&self, stack: &StackSpec, service: Option<(&ServiceSpec, u32, u32)>) -> Ownership {
        let (name, replica, generation) = service
            .map_or((String::new(), 0, 0), |(s, replica, generation)| {
                (s.name.clone(), replica, generation)
            });
        Ownership {
            product: self.group_id.clone(),
            environment: self.environment,
            deployment: self.deployment,
            stack: stack.stack.clone(),
            project: stack.project.clone(),
            service: name,
            replica,
            init: service.is_some_and(|(service, ..)| service.lifecycle.is_init()),
            operation: self.operation,
            generation,
            spec_hash: service
                .map(|(service, ..)| service.hash())
                .unwrap_or_default(),
        }
    }

    /// The last words of a container; its silence is no error.
    async fn evidence(&self, container: &str, mut failure: Failure) -> Failure {
        let lines = u32::try_from(MAX_EVIDENCE_LINES).unwrap_or(u32::MAX);
        match self.engine().await.last_log_lines(container, lines).await {
            Ok(lines) => failure.log_lines = lines.into_iter().map(|line| line.text).collect(),
            Err(error) => tracing::warn!(
                container,
                error = &error as &dyn std::error::Error,
                "its last lines could not be read"
            ),
        }
        failure
    }

    /// Starts a container and remembers when, as seen from the engine's outages.
    async fn start(&self, container: &str) -> Result<(), EngineError> {
        let outages = self.watch.outages();
        self.engine().await.start_container(container).await?;
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        started.insert(container.to_owned(), outages);
        Ok(())
    }

    /// Whether the engine went away since this run started the container: then its end says nothing about the container.
    fn ended_with_engine(&self, container: &str) -> bool {
        if self.watch.outages() == 0 {
            return false;
        }
        let started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        started
            .get(container)
            .is_some_and(|&before| self.watch.outages() > before)
    }

    /// Lines of a step's output that were passed on before.
    fn lines_heard(&self, step: &StepKey) -> usize {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.get(step).copied().unwrap_or_default()
    }

    /// Passes a line of output on.
    async fn hear(&self, step: &StepKey, line: OutputLine) {
        self.notes.output(step, line).await;
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        *heard.entry(step.clone()).or_default() += 1;
    }

    /// Waits, unless someone cancels.
    async fn pause(&self, duration: Duration) -> Result<(), Stop> {
        tokio::select! {
            () = self.cancel.cancelled() => Err(Stop::Cancelled),
            () = tokio::time::sleep(duration) => Ok(()),
        }
    }
}
