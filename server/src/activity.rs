//! What is being done in an environment, for everybody who watches: one read for all of them, however many they are.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::access::Actor;
use domain::id::EnvironmentId;
use domain::wire::ActivityView;
use futures::stream::{self, Stream};
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

use crate::environments::{EnvironmentError, Environments};
use crate::orchestrator::Orchestrator;
use crate::store::{Store, StoreError};

/// Most operations at work that are told.
const AT_WORK: u32 = 50;
/// Most of those that have ended.
const ENDED: u32 = 10;
/// What happens within this time is told at once, and a read counts as new for so long.
const PACE: Duration = Duration::from_millis(250);
/// How often the record is looked at where nothing happens here: it may happen on another node.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// The use cases of those who watch an environment.
#[derive(Clone)]
pub struct Activities {
    store: Store,
    environments: Environments,
    orchestrator: Orchestrator,
    read: Arc<Mutex<HashMap<EnvironmentId, Read>>>,
}

#[derive(Clone)]
struct Read {
    at: Instant,
    view: Arc<ActivityView>,
}

struct Watch {
    activities: Activities,
    environment: EnvironmentId,
    bell: watch::Receiver<()>,
    told: Option<Arc<ActivityView>>,
}

impl Activities {
    /// Over a store and whoever runs the operations here.
    #[must_use]
    pub fn new(store: Store, environments: Environments, orchestrator: Orchestrator) -> Self {
        Self {
            store,
            environments,
            orchestrator,
            read: Arc::default(),
        }
    }

    /// What is at work and what ended last.
    ///
    /// # Errors
    /// Where there is no such environment.
    pub async fn list_activity(
        &self,
        actor: &Actor,
        environment: &str,
    ) -> Result<Arc<ActivityView>, EnvironmentError> {
        let environment = self
            .environments
            .get_environment(actor, environment)
            .await?;
        Ok(self.look(environment.id).await?)
    }

    /// The same now, and again whenever it has changed. Ends where the record cannot be read: readers come back.
    ///
    /// # Errors
    /// Where there is no such environment.
    pub async fn follow_activity(
        &self,
        actor: &Actor,
        environment: &str,
    ) -> Result<impl Stream<Item = Arc<ActivityView>> + Send + use<>, EnvironmentError> {
        let environment = self
            .environments
            .get_environment(actor, environment)
            .await?;
        let watch = Watch {
            environment: environment.id,
            bell: self.orchestrator.feed().bell(),
            activities: self.clone(),
            told: None,
        };
        Ok(stream::unfold(watch, |mut watch| async {
            match watch.next().await {
                Ok(view) => Some((view, watch)),
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "activity breaks off"
                    );
                    None
                }
            }
        }))
    }

    async fn look(&self, environment: EnvironmentId) -> Result<Arc<ActivityView>, StoreError> {
        // Held while it is read: everybody else waits for the same answer.
        let mut read = self.read.lock().await;
        if let Some(known) = read.get(&environment)
            && known.at.elapsed() < PACE
        {
            return Ok(Arc::clone(&known.view));
        }
        let at = Instant::now();
        let operations = self
            .store
            .recent_operations(environment, AT_WORK, ENDED)
            .await?;
        let view = Arc::new(ActivityView { operations });
        let known = Read {
            at,
            view: Arc::clone(&view),
        };
        read.insert(environment, known);
        Ok(view)
    }
}

impl Watch {
    async fn next(&mut self) -> Result<Arc<ActivityView>, StoreError> {
        loop {
            if self.told.is_some() {
                self.wait().await;
            }
            let now = self.activities.look(self.environment).await?;
            if self.told.as_ref() != Some(&now) {
                self.told = Some(Arc::clone(&now));
                return Ok(now);
            }
        }
    }

    /// Until something happened here, or it is time to look.
    async fn wait(&mut self) {
        let rung = tokio::time::timeout(LOOK_AGAIN, self.bell.changed()).await;
        if rung.is_ok() {
            // A little more may follow; and what was read before the bell is too old by then.
            tokio::time::sleep(PACE).await;
        }
    }
}
