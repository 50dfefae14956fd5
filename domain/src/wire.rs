//! JSON shapes shared by the server, the browser and the command-line client. Field names are the contract of the REST API.

mod activity;
mod catalog;
mod change;
mod configuration;
mod container;
mod deployment;
mod environment;
mod health;
mod observer;
mod operation;
mod precheck;
mod problem;
mod release;
mod stack;
mod system;
mod volume;

pub use activity::{ActivityItem, ActivityView, HealthNotice};
pub use catalog::{
    CatalogView, ProductDetail, ProductSummary, ProductVersion, ServiceView, SourceProblem,
    StackSourceDetails, StackSourceView, StackSummary, SyncResult, VariableView,
};
pub use change::{
    ContainersOfStack, ContainersRequest, ContainersResult, DataAtRisk, DecisionRequest, Drift,
    OperationModeRequest, OperationModeResult, OperationResult, PlanRequest, PlanView,
    RedeployRequest, RemoveRequest, RetryRequest, RollbackRequest, UpgradeRequest,
};
pub use configuration::{ConfigurationView, StackConfiguration};
pub use container::{
    BusyWith, ContainerContext, ContainerDetail, ContainerMountView, ContainerPage,
    ContainerPortView, ContainerQuery, ContainerView, DashboardStats, HealthProbeView, LogChunk,
    LogLineView, ObjectOwner, OrphanRemoval, StackContext,
};
pub use deployment::{
    DeployProductRequest, DeployProductResponse, DeploymentList, DeploymentListItem,
    DeploymentQuery, DeploymentSort, MaintenanceTriggerView, ProductDeploymentDetail, ServiceState,
    StackConfig, StackDetail, StackResult,
};
pub use environment::{
    ConnectionTest, CreateEnvironmentRequest, CreateEnvironmentResponse, EnvironmentList,
    EnvironmentView, TestConnectionRequest,
};
pub use health::{
    DeploymentHealth, EnvironmentHealthResponse, EnvironmentHealthSummary, HealthFrame, HealthSpan,
    HealthTimeline, HealthTimelineResponse, HealthTrack, HealthTransitionList,
    HealthTransitionView, HealthView, ServiceHealthResponse, ServiceHealthView, ServicesHealth,
    StackHealthDetail, StackHealthPart, StackHealthResponse, StackHealthSummary,
};
pub use observer::{ObserverCheckView, ObserverResultView, ObserverView};
pub use operation::{
    AcceptedOperation, EventPage, OperationList, OperationView, PreviousRun, PreviousRunResponse,
    PreviousStack,
};
pub use precheck::{
    PrecheckFinding, PrecheckResult, PrecheckRule, PrecheckSeverity, StackPrecheck,
};
pub use problem::{Problem, ProblemKind};
pub use release::{
    AvailableVersion, Difference, NotesMode, ReleaseDetail, ReleaseDiff, ReleaseList, ReleaseNotes,
    ReleaseStackView, ReleaseView, UpgradeCheck,
};
pub use stack::{
    AllDeployments, AvailableStackVersion, DeployComposeRequest, DeployStackRequest, InitResult,
    MarkFailedRequest, MarkFailedResult, ParseComposeRequest, ParsedCompose, ParsedVariable,
    RemoveStackRequest, StackDeploymentDetail, StackDeploymentItem, StackDeploymentList,
    StackDeploymentStatus, StackOperationResult, StackRecord, StackRollbackInfo,
    StackRollbackRequest, StackRollbackResult, StackServiceView, StackUpgradeCheck,
    StackUpgradeResult, UpgradeStackRequest,
};
pub use system::{EngineView, SystemInfo, SystemSetting};
pub use volume::{CreateVolumeRequest, VolumePage, VolumeQuery, VolumeView};
