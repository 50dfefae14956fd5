//! What was seen last in one environment, as one value that readers share: nobody waits for anybody, and nothing queues.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::deployment::OperationMode;
use domain::health::{HealthSource, ProductHealth};
use domain::id::DeploymentId;
use domain::timestamp::Timestamp;
use tokio::sync::watch;

/// Everything deployed in an environment at one moment. What did not change is the same [`Arc`] as before.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// When the engine was looked at last; none while it never was.
    pub observed_at: Option<Timestamp>,
    /// What made somebody look.
    pub source: HealthSource,
    /// Set while the engine is silent: then what is below is how it was, and nobody knows how it is.
    pub silence: Option<Silence>,
    pub deployments: BTreeMap<DeploymentId, Arc<Watched>>,
}

/// That, since when and why nobody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// For people.
    pub sentence: &'static str,
    pub since: Timestamp,
}

/// One deployed product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    pub id: DeploymentId,
    pub display_name: String,
    pub version: Option<String>,
    pub mode: OperationMode,
    pub operation_active: bool,
    pub health: ProductHealth,
}

impl Default for Snapshot {
    fn default() -> Self {
        Self {
            observed_at: None,
            source: HealthSource::Resync,
            silence: None,
            deployments: BTreeMap::new(),
        }
    }
}

/// Where a watcher puts what it sees.
pub(super) struct Board(watch::Sender<Arc<Snapshot>>);

impl Default for Board {
    fn default() -> Self {
        Self(watch::Sender::new(Arc::default()))
    }
}

impl Board {
    pub(super) fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.0.borrow())
    }

    pub(super) fn follow(&self) -> watch::Receiver<Arc<Snapshot>> {
        self.0.subscribe()
    }

    pub(super) fn publish(&self, snapshot: Snapshot) {
        self.0.send_replace(Arc::new(snapshot));
    }
}
