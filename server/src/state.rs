//! The use cases, put together at boot and handed to the doors. Doors call these and nothing below.

use crate::deployments::Deployments;
use crate::environments::Environments;
use crate::operations::Operations;
use crate::products::Products;
use crate::store::{Store, StoreError};

/// Narrow handles, each cheap to clone.
#[derive(Clone)]
pub struct AppState {
    pub environments: Environments,
    pub products: Products,
    pub deployments: Deployments,
    pub operations: Operations,
    pub readiness: Readiness,
}

/// Whether the record can be read: all that doors see of the store.
#[derive(Clone)]
pub struct Readiness(Store);

impl Readiness {
    /// Asks this store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self(store)
    }

    /// Asks now; waits as long as the store does.
    ///
    /// # Errors
    /// Where the database does not do what it is for.
    pub async fn check(&self) -> Result<(), StoreError> {
        self.0.ping().await
    }
}
