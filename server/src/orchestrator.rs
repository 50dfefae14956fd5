//! Runs operations: claims them from the store, carries out their plans, and goes on after a crash where the journal ends.
//!
//! No request owns an operation: a door records the intent and rings the bell. What was begun is repeated after a crash, so every
//! step is safe to repeat. The journal is written before an act and after it; nothing else is remembered.

mod feed;
mod jumps;
mod lease;
mod operations;
mod progress;
mod redact;
mod runner;
mod steps;

use std::sync::Arc;
use std::time::Duration;

use domain::id::{EnvironmentId, OperationId};
use domain::timestamp::Timestamp;
use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::engine::Engine;
use crate::signals::Signals;
use crate::store::{Claim, Store, StoreError};

pub use feed::Feed;
use jumps::Jumps;
pub use operations::{Material, PlanError, fingerprint, plan as plan_operation};
pub(crate) use redact::Redactor;

/// How long an operation stays ours without a sign of life, where the operator chooses nothing else.
pub const LEASE: Duration = Duration::from_secs(15);
/// Signs of life within the time of a lease: some may be late or lost.
const BEATS_PER_LEASE: u32 = 5;
/// Between two looks for operations that nobody rang the bell for: of another replica, or waiting for a time.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Releases that are remembered, where the operator chooses nothing else.
pub const KEEP_RELEASES: u16 = 10;
/// Operations at work at once.
const MAX_OPERATIONS: usize = 16;

/// Gives the engine of an environment.
#[async_trait::async_trait]
pub trait Engines: Send + Sync {
    /// The engine; an error where the environment is gone or its address is wrong.
    async fn engine(
        &self,
        environment: EnvironmentId,
    ) -> Result<Arc<dyn Engine>, EngineUnavailable>;
}

/// An environment whose engine cannot even be addressed.
#[derive(Debug, thiserror::Error)]
#[error("the engine of the environment cannot be used")]
pub struct EngineUnavailable(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// What the orchestrator works with.
#[derive(Clone)]
pub struct Orchestrator {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) engines: Arc<dyn Engines>,
    pub(crate) clock: Clock,
    /// This process among several on one database.
    pub(crate) node: String,
    pub(crate) feed: Feed,
    pub(crate) signals: Signals,
    pub(crate) settings: Settings,
    bell: Notify,
    /// Counts the beginnings and ends of operations here.
    turns: watch::Sender<u64>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// How long things may take. The operator chooses the lease; the rest is for tests to shorten.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long an operation stays with its node without a sign of life.
    pub lease: Duration,
    /// How long a service without a health check must stay up.
    pub stable_for: Duration,
    /// Longest wait for a health gate.
    pub health_deadline: Duration,
    /// First pause before another attempt; it doubles up to `retry_max`.
    pub retry_base: Duration,
    /// Longest pause.
    pub retry_max: Duration,
    /// Longest time in which a pull moves no byte.
    pub pull_stall: Duration,
    /// Pause before undoing is tried again.
    pub undo_again: Duration,
    /// Releases of a deployment that are remembered, besides those that something needs.
    pub keep_releases: usize,
}

impl Settings {
    /// Between two signs of life.
    pub(crate) fn heartbeat(&self) -> Duration {
        self.lease / BEATS_PER_LEASE
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lease: LEASE,
            stable_for: Duration::from_millis(300),
            health_deadline: Duration::from_secs(600),
            retry_base: Duration::from_secs(1),
            retry_max: Duration::from_secs(10),
            pull_stall: Duration::from_secs(60),
            undo_again: Duration::from_secs(30),
            keep_releases: KEEP_RELEASES.into(),
        }
    }
}

impl Shared {
    /// First pause `base`, doubled with every attempt, at most `retry_max`.
    pub(crate) fn backoff(&self, attempt: u32) -> Duration {
        let factor = 2_u32.saturating_pow(attempt.saturating_sub(1).min(16));
        self.settings
            .retry_base
            .saturating_mul(factor)
            .min(self.settings.retry_max)
    }
}

impl Orchestrator {
    /// Puts the parts together; nothing runs until [`Self::start`].
    #[must_use]
    pub fn new(
        store: Store,
        engines: Arc<dyn Engines>,
        clock: Clock,
        node: String,
        settings: Settings,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                store,
                engines,
                clock,
                node,
                feed: Feed::default(),
                signals: Signals::new(),
                settings,
                bell: Notify::new(),
                turns: watch::Sender::new(0),
                tasks: TaskTracker::new(),
                stop: CancellationToken::new(),
            }),
        }
    }

    /// Takes over what this node was working on when it ended, then looks for work until [`Self::stop`].
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn start(&self) -> Result<(), StoreError> {
        self.shared
            .store
            .release_leases_of(&self.shared.node)
            .await?;
        let shared = Arc::clone(&self.shared);
        self.shared.tasks.spawn(look_for_work(shared));
        Ok(())
    }

    /// Says that there is something to do.
    pub fn ring(&self) {
        self.shared.bell.notify_one();
        self.shared.turn();
    }

    /// Changes whenever an operation was accepted, begins or ends here: a reason to look at the record, and nothing more.
    #[must_use]
    pub fn turns(&self) -> watch::Receiver<u64> {
        self.shared.turns.subscribe()
    }

    /// Says that somebody wants an operation to end.
    pub fn ring_cancel(&self, operation: OperationId) {
        self.shared.feed.ring_cancel(operation);
        self.ring();
    }

    /// Live events of operations that run in this process.
    #[must_use]
    pub fn feed(&self) -> &Feed {
        &self.shared.feed
    }

    /// Stops: what is at work is left where it is, with its lease given back, and goes on at the next start.
    pub async fn stop(&self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }
}

impl Shared {
    fn turn(&self) {
        self.turns.send_modify(|turns| *turns += 1);
    }
}

async fn look_for_work(shared: Arc<Shared>) {
    let places = Arc::new(Semaphore::new(MAX_OPERATIONS));
    let mut jumps = Jumps::new(shared.clock.now(), shared.settings.heartbeat());
    loop {
        // Registered before looking, so that a bell between the look and the wait is not lost.
        let bell = shared.bell.notified();
        let now = shared.clock.now();
        let claimed = match jumps.is_settled(now) {
            true => claim_one(&shared, &places, now).await,
            false => Ok(false),
        };
        match claimed {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "cannot look for operations"
            ),
        }
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = bell => {}
            () = tokio::time::sleep(LOOK_AGAIN) => {}
        }
    }
}

/// Claims one operation and runs it on its own task; false where there is none, or no place.
async fn claim_one(
    shared: &Arc<Shared>,
    places: &Arc<Semaphore>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    if shared.stop.is_cancelled() {
        return Ok(false);
    }
    let Ok(place) = Arc::clone(places).try_acquire_owned() else {
        return Ok(false);
    };
    let Some(claim) = shared
        .store
        .claim(&shared.node, now, shared.settings.lease)
        .await?
    else {
        return Ok(false);
    };
    let worker = Arc::clone(shared);
    shared.tasks.spawn(async move {
        run(&worker, claim).await;
        drop(place);
        worker.bell.notify_one();
    });
    Ok(true)
}

async fn run(shared: &Arc<Shared>, claim: Claim) {
    let operation = claim.operation.id;
    let lease = claim.lease.clone();
    let _live = shared.feed.go_live(operation);
    tracing::info!(operation.id = %operation, operation.kind = claim.operation.kind.as_str(), resumed = claim.resumed, "operation claimed");
    shared.turn();
    let ended = runner::run(shared, claim, shared.stop.child_token()).await;
    shared.turn();
    match ended {
        Ok(runner::Ended::Finished) => {
            tracing::info!(operation.id = %operation, "operation finished")
        }
        Ok(runner::Ended::Later | runner::Ended::Stopped) => {
            if let Err(error) = shared.store.release(&lease).await {
                tracing::warn!(operation.id = %operation, error = &error as &dyn std::error::Error, "the lease ends by its time");
            }
        }
        Err(runner::RunError::Store(StoreError::FencedOut { .. })) => {
            tracing::warn!(operation.id = %operation, "another node has taken the operation over");
        }
        Err(error) => {
            tracing::error!(operation.id = %operation, error = &error as &dyn std::error::Error, "the operation waits for its lease to end, then goes on");
        }
    }
}
