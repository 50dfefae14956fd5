//! Follows what engines show, and keeps the health of everything deployed current in memory: one task an environment, woken by the
//! engine's events and by operations, and looking again by itself.
//!
//! It only observes. It never acts on an engine and never writes a status of a deployment: a status changes by operations alone. An
//! event, or a nudge, is only a reason to look; what counts is the list that the engine gives then, one for all products.

mod board;
mod ends;
mod expectations;
mod fingerprint;
mod ledger;
mod outage;
mod watcher;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::deployment::ProductDeployment;
use domain::health::{Containers, HealthSource, judge};
use domain::id::EnvironmentId;
use domain::plan::ObservedContainer;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::failpoint;
use crate::orchestrator::Engines;
use crate::store::Store;

pub use board::{Silence, Snapshot, Watched};
pub use expectations::expected;

use board::Board;
use outage::Outage;
use watcher::Watcher;

/// How often environments that were added or taken away are looked for.
const LOOK_FOR_ENVIRONMENTS: Duration = Duration::from_secs(2);
/// How often changes of health are pruned.
const PRUNE_EVERY: Duration = Duration::from_secs(600);
/// How long changes of health are remembered.
pub const KEEP_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Most changes of health that are remembered of one deployment.
const KEEP_MOST: u32 = 500;

/// How long things may take; for tests to shorten.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Longest time between two looks.
    pub resync: Duration,
    /// How long events are gathered before a look.
    pub gather: Duration,
    /// The same while an operation is at work in the environment: the engine has enough to do.
    pub gather_while_operating: Duration,
    /// After so long without a word the engine is asked whether it is there.
    pub ping: Duration,
    /// Longest wait for an answer; then the engine is silent.
    pub answer: Duration,
    /// Longest pause before an engine that went away is tried again.
    pub reopen_max: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            resync: Duration::from_secs(10),
            gather: Duration::from_millis(100),
            gather_while_operating: Duration::from_millis(800),
            ping: Duration::from_secs(2),
            answer: Duration::from_secs(5),
            reopen_max: Duration::from_secs(1),
        }
    }
}

/// The health of everything deployed, and whoever keeps it current. Cheap to clone.
#[derive(Clone)]
pub struct Reconciler {
    shared: Arc<Shared>,
}

struct Shared {
    store: Store,
    engines: Arc<dyn Engines>,
    clock: Clock,
    settings: Settings,
    /// Changes whenever an operation begins or ends.
    turns: watch::Receiver<u64>,
    boards: Mutex<HashMap<EnvironmentId, Arc<Board>>>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Reconciler {
    /// Puts the parts together; nobody looks until [`Self::start`]. `turns` changes whenever the record may have.
    #[must_use]
    pub fn new(
        store: Store,
        engines: Arc<dyn Engines>,
        clock: Clock,
        turns: watch::Receiver<u64>,
        settings: Settings,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                store,
                engines,
                clock,
                settings,
                turns,
                boards: Mutex::default(),
                tasks: TaskTracker::new(),
                stop: CancellationToken::new(),
            }),
        }
    }

    /// Begins to look, until [`Self::stop`].
    pub fn start(&self) {
        let shared = Arc::clone(&self.shared);
        self.shared
            .tasks
            .spawn(failpoint::without(look_after_environments(shared)));
    }

    /// Stops looking; what was seen stays readable.
    pub async fn stop(&self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }

    /// What was seen last in an environment; none where nobody has looked there.
    #[must_use]
    pub fn snapshot(&self, environment: EnvironmentId) -> Option<Arc<Snapshot>> {
        let board = self.shared.boards().get(&environment).map(Arc::clone)?;
        Some(board.snapshot())
    }

    /// What is seen in an environment from now on: always the newest, so a slow reader has nothing to catch up with.
    #[must_use]
    pub fn follow(&self, environment: EnvironmentId) -> watch::Receiver<Arc<Snapshot>> {
        self.shared.board(environment).follow()
    }

    /// What is known of one deployment. Where nothing is yet, or only what was before its last operation ended, or nobody watches it
    /// because it is gone, the engine is looked at once.
    pub async fn seen(
        &self,
        deployment: &ProductDeployment,
        operation_active: bool,
    ) -> (Arc<Snapshot>, Arc<Watched>) {
        let known = self.snapshot(deployment.environment_id).unwrap_or_default();
        let watched = known.deployments.get(&deployment.id).map(Arc::clone);
        let is_current = deployment
            .completed_at
            .is_none_or(|end| known.observed_at.is_some_and(|at| at >= end));
        match (watched, &known.silence) {
            (Some(watched), Some(_)) => (known, watched),
            (Some(watched), None) if is_current => (known, watched),
            (None, Some(silence)) => {
                self.picture(deployment, operation_active, Err(silence.clone()))
            }
            (_, None) => {
                let looked = self.glimpse(deployment).await;
                self.picture(deployment, operation_active, looked)
            }
        }
    }

    async fn glimpse(
        &self,
        deployment: &ProductDeployment,
    ) -> Result<Vec<ObservedContainer>, Silence> {
        let shared = &self.shared;
        let looked = async {
            let engine = shared.engines.engine(deployment.environment_id).await?;
            outage::within(shared.settings.answer, engine.own_containers()).await
        };
        looked.await.map_err(|outage: Outage| {
            tracing::warn!(
                deployment.id = %deployment.id, error = &outage as &dyn std::error::Error,
                "the engine cannot be asked"
            );
            Silence {
                sentence: outage.sentence(),
                since: shared.clock.now(),
            }
        })
    }

    /// A snapshot of one deployment alone.
    fn picture(
        &self,
        deployment: &ProductDeployment,
        operation_active: bool,
        looked: Result<Vec<ObservedContainer>, Silence>,
    ) -> (Arc<Snapshot>, Arc<Watched>) {
        let at = self.shared.clock.now();
        let (observed, silence) = match looked {
            Ok(observed) => (observed, None),
            Err(silence) => (Vec::new(), Some(silence)),
        };
        let containers = Containers::of(&observed, deployment.environment_id);
        let health = judge(
            &expected(deployment),
            &expectations::standing(deployment),
            &containers,
            &HashMap::new(),
            None,
            at,
        );
        let watched = Arc::new(Watched {
            id: deployment.id,
            display_name: deployment.product.display_name.clone(),
            version: deployment.product.version.clone(),
            mode: deployment.operation_mode,
            operation_active,
            health,
        });
        let snapshot = Arc::new(Snapshot {
            observed_at: silence.is_none().then_some(at),
            source: HealthSource::Resync,
            silence,
            deployments: [(deployment.id, Arc::clone(&watched))].into(),
        });
        (snapshot, watched)
    }
}

impl Shared {
    fn boards(&self) -> std::sync::MutexGuard<'_, HashMap<EnvironmentId, Arc<Board>>> {
        // The map is never left half-changed, so a poisoned lock is still good.
        self.boards.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn board(&self, environment: EnvironmentId) -> Arc<Board> {
        Arc::clone(self.boards().entry(environment).or_default())
    }
}

async fn look_after_environments(shared: Arc<Shared>) {
    let mut watched: HashMap<EnvironmentId, CancellationToken> = HashMap::new();
    let mut prune_at = tokio::time::Instant::now();
    loop {
        match shared.store.environments().await {
            Ok(environments) => {
                let ids: Vec<EnvironmentId> = environments.iter().map(|each| each.id).collect();
                for &id in &ids {
                    watched.entry(id).or_insert_with(|| watch_over(&shared, id));
                }
                watched.retain(|id, stop| {
                    let stays = ids.contains(id);
                    if !stays {
                        stop.cancel();
                        shared.boards().remove(id);
                    }
                    stays
                });
            }
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "cannot look for environments"
            ),
        }
        if tokio::time::Instant::now() >= prune_at {
            prune(&shared).await;
            prune_at = tokio::time::Instant::now() + PRUNE_EVERY;
        }
        tokio::select! {
            () = shared.stop.cancelled() => return,
            () = tokio::time::sleep(LOOK_FOR_ENVIRONMENTS) => {}
        }
    }
}

/// Watches an environment on a task of its own, until the token that comes back is cancelled.
fn watch_over(shared: &Arc<Shared>, environment: EnvironmentId) -> CancellationToken {
    let stop = shared.stop.child_token();
    let mut watcher = Watcher::new(Arc::clone(shared), environment, shared.board(environment));
    let stopped = stop.clone();
    shared.tasks.spawn(failpoint::without(async move {
        tokio::select! {
            () = stopped.cancelled() => {}
            () = watcher.run() => {}
        }
        watcher.finish().await;
    }));
    stop
}

async fn prune(shared: &Shared) {
    let now = shared.clock.now();
    let pruned = shared
        .store
        .prune_health_transitions(now, KEEP_FOR, KEEP_MOST)
        .await;
    match pruned {
        Ok(0) => {}
        Ok(count) => tracing::debug!(count, "old changes of health are forgotten"),
        Err(error) => tracing::warn!(
            error = &error as &dyn std::error::Error,
            "old changes of health stay for now"
        ),
    }
}
