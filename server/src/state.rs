//! The use cases, put together at boot and handed to the doors. Doors call these and nothing below.

use crate::deployments::Deployments;
use crate::environments::Environments;
use crate::operations::Operations;
use crate::products::Products;

/// Narrow handles, each cheap to clone.
#[derive(Clone)]
pub struct AppState {
    pub environments: Environments,
    pub products: Products,
    pub deployments: Deployments,
    pub operations: Operations,
    /// For the readiness check only.
    pub store: crate::store::Store,
}
