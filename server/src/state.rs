//! The use cases, put together at boot and handed to the doors. Doors call these and nothing below.

use std::sync::Arc;

use crate::activity::Activities;
use crate::catalog::Catalog;
use crate::clock::Clock;
use crate::containers::Containers;
use crate::deployments::Deployments;
use crate::environments::Environments;
use crate::health::HealthReports;
use crate::maintenance::{Observers, Switching};
use crate::operations::Operations;
use crate::orchestrator::Orchestrator;
use crate::products::Products;
use crate::reconcile::Reconciler;
use crate::signals::Signals;
use crate::store::{Store, StoreError};
use crate::system::{Facts, System};

/// Narrow handles, each cheap to clone.
#[derive(Clone)]
pub struct AppState {
    pub environments: Environments,
    pub products: Products,
    pub deployments: Deployments,
    pub operations: Operations,
    pub activities: Activities,
    pub health: HealthReports,
    pub containers: Containers,
    pub observers: Observers,
    pub system: System,
    pub readiness: Readiness,
}

impl AppState {
    /// All use cases over one store, one catalog and whoever runs the operations and watches the engines here.
    #[must_use]
    pub fn new(
        store: Store,
        catalog: Arc<Catalog>,
        environments: Environments,
        orchestrator: Orchestrator,
        reconciler: Reconciler,
        clock: Clock,
    ) -> Self {
        let products = Products::new(Arc::clone(&catalog), clock.clone());
        let operations = Operations::new(store.clone(), orchestrator.clone(), clock.clone());
        let activities = Activities::new(store.clone(), environments.clone(), orchestrator.clone());
        let observers = Observers::new(store.clone(), clock.clone(), Signals::new());
        let deployments = Deployments {
            store: store.clone(),
            catalog,
            environments: environments.clone(),
            operations: operations.clone(),
            orchestrator,
            reconciler: reconciler.clone(),
            clock: clock.clone(),
        };
        Self {
            observers: observers.telling(Switching {
                modes: Arc::new(deployments.clone()),
                trigger_of: Arc::new(|deployment| deployment.maintenance.clone()),
            }),
            deployments,
            containers: Containers {
                store: store.clone(),
                environments: environments.clone(),
                products: products.clone(),
                reconciler: reconciler.clone(),
            },
            products,
            system: System::new(store.clone(), environments.clone(), clock.clone()),
            health: HealthReports {
                store: store.clone(),
                environments: environments.clone(),
                reconciler,
                clock,
            },
            environments,
            operations,
            activities,
            readiness: Readiness(store),
        }
    }
}

impl AppState {
    /// The same with what the boot knows of this server.
    #[must_use]
    pub fn knowing(mut self, facts: Facts) -> Self {
        self.system = self.system.knowing(facts);
        self
    }
}

/// Whether the record can be read: all that doors see of the store.
#[derive(Clone)]
pub struct Readiness(Store);

impl Readiness {
    /// Asks now; waits as long as the store does.
    ///
    /// # Errors
    /// Where the database does not do what it is for.
    pub async fn check(&self) -> Result<(), StoreError> {
        self.0.ping().await
    }
}
