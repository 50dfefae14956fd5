//! What the rules look at: facts of the record, and what an engine has of one product.

use std::collections::BTreeMap;

use domain::deployment::StackStatus;
use domain::id::DeploymentId;
use domain::plan::{ObservedContainer, ObservedObject};
use domain::spec::StackSpec;

use crate::store::{ActiveFacts, DeploymentFacts, OperationFacts, Standing};

/// Facts to be judged. Any part may be empty: a page of a store is a snapshot, too.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// Operations with what their journals say.
    pub operations: Vec<OperationFacts>,
    /// Every operation that is active.
    pub active: Vec<ActiveFacts>,
    /// Living deployments.
    pub deployments: Vec<DeploymentFacts>,
    /// Products that nothing works on, with what the engine has of them.
    pub products: Vec<ProductView>,
}

/// One product of one environment at rest, as recorded and as its engine has it.
#[derive(Debug)]
pub struct ProductView {
    /// Group id.
    pub group_id: String,
    /// Its deployment that is neither removed nor superseded.
    pub living: Option<Living>,
    /// Other deployments that labels name, as far as they are recorded.
    pub others: BTreeMap<DeploymentId, Standing>,
    /// Only with labels of this product and environment; so are the other two.
    pub containers: Vec<ObservedContainer>,
    pub networks: Vec<ObservedObject>,
    pub volumes: Vec<ObservedObject>,
}

/// A living deployment as its record says it should be.
#[derive(Debug)]
pub struct Living {
    pub id: DeploymentId,
    pub deployment_name: String,
    pub in_maintenance: bool,
    /// In manifest order.
    pub stacks: Vec<RecordedStack>,
}

/// One stack of it.
#[derive(Debug)]
pub struct RecordedStack {
    pub name: String,
    pub status: StackStatus,
    /// None where the record cannot be rendered by this version.
    pub spec: Option<StackSpec>,
}
