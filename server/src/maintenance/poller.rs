//! Lets observers look when it is their time. The times are in the store, so a restart keeps them, and of several servers on one database
//! one looks.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::check::Looked;
use super::observers::Observers;
use crate::store::{ObserverClaim, StoreError};

/// Between two looks for observers whose time has come.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// Observers that look at once.
const MAX_LOOKS: usize = 8;
/// How long nobody else looks for the same deployment: longer than the longest look and the wish that may follow.
const CLAIM: Duration = Duration::from_secs(240);
/// A product without an observer is looked at again when another release of it comes.
const NEVER: Duration = Duration::MAX;

/// Polls; cheap to clone.
#[derive(Clone)]
pub struct Poller {
    shared: Arc<Shared>,
}

struct Shared {
    observers: Observers,
    places: Arc<Semaphore>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Poller {
    /// Over what looks. Nothing happens until [`Self::start`].
    #[must_use]
    pub fn new(observers: Observers) -> Self {
        Self {
            shared: Arc::new(Shared {
                observers,
                places: Arc::new(Semaphore::new(MAX_LOOKS)),
                tasks: TaskTracker::new(),
                stop: CancellationToken::new(),
            }),
        }
    }

    /// Polls until [`Self::stop`].
    pub fn start(&self) {
        let poller = self.clone();
        self.shared.tasks.spawn(async move {
            while !poller.shared.stop.is_cancelled() {
                if let Err(error) = poller.look_around().await {
                    tracing::warn!(
                        error = &error as &dyn Error,
                        "cannot see whose observer is due"
                    );
                }
                tokio::select! {
                    () = poller.shared.stop.cancelled() => return,
                    () = tokio::time::sleep(LOOK_AGAIN) => {}
                }
            }
        });
    }

    /// Begins every look whose time has come, as far as there are places; how many.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn look_around(&self) -> Result<usize, StoreError> {
        let shared = &self.shared;
        let Observers { store, clock, .. } = &shared.observers;
        store.note_observers(clock.now()).await?;
        let mut begun = 0;
        while !shared.stop.is_cancelled() {
            let Ok(place) = Arc::clone(&shared.places).try_acquire_owned() else {
                break;
            };
            let Some(claim) = store.claim_observer(clock.now(), CLAIM).await? else {
                break;
            };
            begun += 1;
            let shared = Arc::clone(shared);
            self.shared.tasks.spawn(async move {
                shared.look(claim).await;
                drop(place);
            });
        }
        Ok(begun)
    }

    /// Waits until no look is at work.
    pub async fn rest(&self) {
        let all = u32::try_from(MAX_LOOKS).unwrap_or(u32::MAX);
        // Closed never: an error cannot come.
        let _ = self.shared.places.acquire_many(all).await;
    }

    /// Stops: looks at work are broken off, and due again at the next start.
    pub async fn stop(&self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }
}

impl Shared {
    async fn look(&self, claim: ObserverClaim) {
        let done = tokio::select! {
            done = self.look_to_end(&claim) => done,
            () = self.stop.cancelled() => self.give_back(&claim).await,
        };
        if let Err(error) = done {
            // The claim runs out, and the next look tries again.
            tracing::warn!(
                deployment.id = %claim.deployment, error = &error as &dyn Error,
                "what an observer saw could not be recorded"
            );
        }
    }

    async fn look_to_end(&self, claim: &ObserverClaim) -> Result<(), StoreError> {
        let Observers { store, clock, .. } = &self.observers;
        let deployment = store
            .deployment(claim.environment, claim.deployment)
            .await?
            .filter(|deployment| !deployment.status.is_terminal());
        let looked = match &deployment {
            Some(deployment) => self.observers.look(deployment).await,
            None => None,
        };
        let Some(looked) = looked else {
            store
                .finish_observer(claim, clock.now(), NEVER, None)
                .await?;
            return Ok(());
        };
        let before = store.observer_state(claim.deployment).await?;
        let held = store
            .finish_observer(claim, clock.now(), looked.wait, Some(&looked.check))
            .await?;
        if !held {
            // Somebody looked by hand meanwhile, and saw something newer.
            return Ok(());
        }
        say(claim, &looked, before.map_or(0, |state| state.failures));
        self.observers
            .tell(claim.environment, claim.deployment, &looked)
            .await;
        Ok(())
    }

    async fn give_back(&self, claim: &ObserverClaim) -> Result<(), StoreError> {
        let Observers { store, clock, .. } = &self.observers;
        store
            .finish_observer(claim, clock.now(), Duration::ZERO, None)
            .await?;
        Ok(())
    }
}

/// The first failure in a row, and its end. The others are in the record.
fn say(claim: &ObserverClaim, looked: &Looked, failures_before: u32) {
    match (&looked.check.error_message, failures_before) {
        (Some(reason), 0) => tracing::warn!(
            deployment.id = %claim.deployment,
            "an observer sees nothing, and nothing is changed until it does: {reason}"
        ),
        (None, 1..) => tracing::info!(
            deployment.id = %claim.deployment, failures = failures_before,
            "an observer sees again"
        ),
        _ => {}
    }
}
