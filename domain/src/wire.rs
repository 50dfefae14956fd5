//! JSON shapes shared by the server, the browser and the command-line client. Field names are the contract of the REST API.

mod catalog;
mod deployment;
mod environment;
mod observer;
mod operation;
mod problem;

pub use catalog::{
    CatalogView, ProductDetail, ProductSummary, ProductVersion, ServiceView, SourceProblem,
    StackSummary, SyncResult, VariableView,
};
pub use deployment::{
    DeployProductRequest, DeployProductResponse, DeploymentList, DeploymentListItem,
    DeploymentQuery, DeploymentSort, MaintenanceTriggerView, ProductDeploymentDetail, ServiceState,
    StackConfig, StackDetail, StackResult,
};
pub use environment::{
    CreateEnvironmentRequest, CreateEnvironmentResponse, EnvironmentList, EnvironmentView,
};
pub use observer::{ObserverCheckView, ObserverResultView, ObserverView};
pub use operation::{AcceptedOperation, EventPage, OperationList, OperationView};
pub use problem::{Problem, ProblemKind};
