//! Maintenance that an external source asks for: looks at what the observers of deployed products see, and says which mode is wanted.
//!
//! A look that fails changes nothing and is kept with its reason. Whoever carries a switch out is behind [`SwitchMode`]; nothing here
//! starts or stops a container. Maintenance that a person activated is never touched.

mod check;
mod observers;
mod poller;

use std::sync::Arc;

use domain::deployment::{OperationMode, ProductDeployment};
use domain::id::DeploymentId;
use domain::maintenance::MaintenanceTrigger;

pub use observers::{ObserverError, Observers};
pub use poller::Poller;

/// Carries out what an observer wants.
#[async_trait::async_trait]
pub trait SwitchMode: Send + Sync {
    /// Brings a deployment to the wanted mode, or makes sure that it will come there. Called after every look that sees another mode than
    /// the recorded one, so an error, such as an operation that is active, means that the next look asks again.
    async fn observer_wants(
        &self,
        deployment: DeploymentId,
        wanted: OperationMode,
        reason: String,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;
}

/// Who activated the maintenance that a deployment is in, as recorded.
pub type TriggerOf = Arc<dyn Fn(&ProductDeployment) -> Option<MaintenanceTrigger> + Send + Sync>;

/// Whom looks tell.
#[derive(Clone)]
pub struct Switching {
    /// Carries it out.
    pub modes: Arc<dyn SwitchMode>,
    /// Whose maintenance it is.
    pub trigger_of: TriggerOf,
}
