//! A store with deployments whose observers look at a file, a clock that a test turns, and somebody who is told.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use domain::deployment::{OperationMode, ProductDeployment};
use domain::id::DeploymentId;
use domain::maintenance::{MaintenanceTrigger, TriggerSource};
use domain::timestamp::Timestamp;
use serde_json::{Value, json};
use server::clock::Clock;
use server::maintenance::{Observers, Poller, SwitchMode, Switching};
use server::signals::Signals;
use server::store::{ObserverState, Store};
use tempfile::TempDir;

use crate::store::database::Database;
use crate::store::samples::{accept, at, deployment, deployment_id, environment, operation};

/// Whoever is told, and writes it down.
#[derive(Default)]
pub(super) struct Told {
    wishes: Mutex<Vec<(DeploymentId, OperationMode, String)>>,
    refuses: AtomicBool,
}

#[async_trait::async_trait]
impl SwitchMode for Told {
    async fn observer_wants(
        &self,
        deployment: DeploymentId,
        wanted: OperationMode,
        reason: String,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        self.wishes
            .lock()
            .unwrap()
            .push((deployment, wanted, reason));
        match self.refuses.load(Ordering::SeqCst) {
            true => Err("an operation is active".into()),
            false => Ok(()),
        }
    }
}

pub(super) struct World {
    pub(super) database: Database,
    pub(super) told: Arc<Told>,
    clock: Arc<AtomicI64>,
    trigger: Arc<Mutex<Option<MaintenanceTrigger>>>,
    folder: TempDir,
}

impl World {
    pub(super) async fn on(database: Database) -> Self {
        database
            .store
            .insert_environment(&environment())
            .await
            .unwrap();
        Self {
            database,
            told: Arc::default(),
            clock: Arc::new(AtomicI64::new(at(0).millis())),
            trigger: Arc::default(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(super) fn store(&self) -> &Store {
        &self.database.store
    }

    /// The file that observers look at.
    pub(super) fn file(&self) -> PathBuf {
        self.folder.path().join("mode")
    }

    pub(super) fn write(&self, text: &str) {
        fs::write(self.file(), text).unwrap();
    }

    /// An observer of the file, every 30 seconds.
    pub(super) fn file_observer(&self) -> Value {
        json!({ "observer": {
            "type": "file", "path": self.file(), "mode": "content",
            "maintenanceValue": "on", "normalValue": "off",
        } })
    }

    /// Deployment `number`, with a section.
    pub(super) async fn deploy(&self, number: u32, section: Option<Value>) -> DeploymentId {
        self.deploy_with(number, |deployment| {
            deployment.product.maintenance = section
        })
        .await
    }

    pub(super) async fn deploy_with(
        &self,
        number: u32,
        change: impl FnOnce(&mut ProductDeployment),
    ) -> DeploymentId {
        let mut deployment = deployment(number);
        change(&mut deployment);
        accept(self.store(), &operation(number, &deployment), &deployment)
            .await
            .unwrap();
        deployment_id(number)
    }

    pub(super) fn observers(&self) -> Observers {
        let (clock, trigger) = (Arc::clone(&self.clock), Arc::clone(&self.trigger));
        let clock = Clock::from_fn(move || Timestamp::from_millis(clock.load(Ordering::SeqCst)));
        Observers::new(self.store().clone(), clock, Signals::new()).telling(Switching {
            modes: Arc::clone(&self.told) as Arc<dyn SwitchMode>,
            trigger_of: Arc::new(move |_| trigger.lock().unwrap().clone()),
        })
    }

    pub(super) fn poller(&self) -> Poller {
        Poller::new(self.observers())
    }

    /// Everything that is due looks, to its end; how many.
    pub(super) async fn look(&self, poller: &Poller) -> usize {
        let begun = poller.look_around().await.unwrap();
        poller.rest().await;
        begun
    }

    pub(super) fn pass_seconds(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    /// Wishes since the last call.
    pub(super) fn wishes(&self) -> Vec<(DeploymentId, OperationMode)> {
        let wishes = std::mem::take(&mut *self.told.wishes.lock().unwrap());
        wishes
            .into_iter()
            .map(|(deployment, mode, _)| (deployment, mode))
            .collect()
    }

    pub(super) fn reasons(&self) -> Vec<String> {
        let wishes = self.told.wishes.lock().unwrap();
        wishes.iter().map(|(_, _, reason)| reason.clone()).collect()
    }

    pub(super) fn refuse(&self, refuses: bool) {
        self.told.refuses.store(refuses, Ordering::SeqCst);
    }

    /// As an operation would leave it.
    pub(super) async fn set_mode(&self, mode: OperationMode, by: Option<TriggerSource>) {
        self.database
            .execute(format!(
                "UPDATE product_deployments SET operation_mode = '{}'",
                mode.as_str()
            ))
            .await;
        *self.trigger.lock().unwrap() = by.map(|source| MaintenanceTrigger {
            source,
            reason: None,
            at: at(0),
            by: None,
        });
    }

    pub(super) async fn state(&self, deployment: DeploymentId) -> ObserverState {
        self.store()
            .observer_state(deployment)
            .await
            .unwrap()
            .expect("nobody looked")
    }
}
