//! What the pages need from the server, in wire types. The server implements it and puts it into the context of every
//! request; nothing in this crate knows how.

use async_trait::async_trait;
use domain::access::Actor;
use domain::container::ContainerAct;
use domain::operation::event::Event;
use domain::wire::{
    AcceptedOperation, CatalogView, ConfigurationView, ConnectionTest, ContainerDetail,
    ContainerPage, ContainerQuery, CreateVolumeRequest, DashboardStats, DeployComposeRequest,
    DeployProductRequest, DeploymentList, DeploymentQuery, EnvironmentHealthSummary,
    EnvironmentView, HealthTimeline, LogLineView, OperationList, OperationView, ParsedCompose,
    PlanRequest, PlanView, PrecheckResult, PreviousRun, Problem, ProductDeploymentDetail,
    ProductDetail, ReleaseDiff, ReleaseList, StackRecord, StackSourceView, SystemInfo,
    UpgradeCheck, VolumePage, VolumeQuery, VolumeView,
};

/// The use cases behind the pages. The REST handlers are another door to the same ones.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// Every environment; the default one first.
    async fn environments(&self, actor: &Actor) -> Result<Vec<EnvironmentView>, Problem>;
    /// Asks the engine of an environment who it is.
    async fn test_environment(&self, actor: &Actor, id: &str) -> Result<ConnectionTest, Problem>;
    /// What the server is and what it is set to.
    async fn system_info(&self, actor: &Actor) -> Result<SystemInfo, Problem>;
    /// Where products come from.
    async fn sources(&self, actor: &Actor) -> Result<Vec<StackSourceView>, Problem>;
    /// What a Compose file asks for; a file that cannot be used is a problem with its places.
    async fn parse_compose(&self, actor: &Actor, yaml: &str) -> Result<ParsedCompose, Problem>;
    /// Accepts a deployment of a Compose file; it goes on whatever happens to this request.
    async fn deploy_compose(
        &self,
        actor: &Actor,
        environment: &str,
        request: DeployComposeRequest,
    ) -> Result<AcceptedOperation, Problem>;
    /// The newest version of every product, and what is wrong in the sources.
    async fn catalog(&self, actor: &Actor) -> Result<CatalogView, Problem>;
    /// Reads the sources again.
    async fn sync_catalog(&self, actor: &Actor) -> Result<CatalogView, Problem>;
    /// One product by id or group id.
    async fn product(&self, actor: &Actor, id: &str) -> Result<ProductDetail, Problem>;
    /// Accepts a deployment; it goes on whatever happens to this request.
    async fn deploy_product(
        &self,
        actor: &Actor,
        environment: &str,
        request: DeployProductRequest,
    ) -> Result<AcceptedOperation, Problem>;
    /// What would stand in the way of a deployment; nothing is begun.
    async fn precheck(
        &self,
        actor: &Actor,
        environment: &str,
        request: DeployProductRequest,
    ) -> Result<PrecheckResult, Problem>;
    /// One page of the deployed products of an environment.
    async fn deployments(
        &self,
        actor: &Actor,
        environment: &str,
        query: DeploymentQuery,
    ) -> Result<DeploymentList, Problem>;
    /// One deployed product, in whichever environment it is, with what the engine shows now.
    async fn deployment(&self, actor: &Actor, id: &str)
    -> Result<ProductDeploymentDetail, Problem>;
    /// How everything deployed in an environment is, as its engine was seen last.
    async fn environment_health(
        &self,
        actor: &Actor,
        environment: &str,
    ) -> Result<EnvironmentHealthSummary, Problem>;
    /// The catalog, what is deployed and what runs, in numbers.
    async fn dashboard_stats(
        &self,
        actor: &Actor,
        environment: &str,
    ) -> Result<DashboardStats, Problem>;
    /// How a deployed product with its stacks, or a stack with its services, was in the last hours.
    async fn health_timeline(
        &self,
        actor: &Actor,
        id: &str,
        hours: u32,
    ) -> Result<HealthTimeline, Problem>;
    /// What is recorded of a stack, by the id of its deployment.
    async fn stack_record(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
    ) -> Result<StackRecord, Problem>;
    /// What an operation would do to a deployed product; nothing is begun.
    async fn plan(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
        request: PlanRequest,
    ) -> Result<PlanView, Problem>;
    /// Accepts the same; it goes on whatever happens to this request.
    async fn begin(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
        request: PlanRequest,
    ) -> Result<AcceptedOperation, Problem>;
    /// What it could be upgraded to.
    async fn check_upgrade(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
    ) -> Result<UpgradeCheck, Problem>;
    /// What each of its variables holds, or would hold in another version.
    async fn configuration(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
        target: Option<&str>,
    ) -> Result<ConfigurationView, Problem>;
    /// One page of its releases, the newest first.
    async fn releases(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
        page: u32,
    ) -> Result<ReleaseList, Problem>;
    /// What differs between two of them.
    async fn diff_releases(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
        from: u32,
        to: u32,
    ) -> Result<ReleaseDiff, Problem>;
    /// The active deployment of a product in an environment, if there is one.
    async fn deployment_of_product(
        &self,
        actor: &Actor,
        environment: &str,
        group_id: &str,
    ) -> Result<Option<ProductDeploymentDetail>, Problem>;
    /// One operation.
    async fn operation(&self, actor: &Actor, id: &str) -> Result<OperationView, Problem>;
    /// How long the last operation of the same kind on the same product took.
    async fn previous_run(&self, actor: &Actor, id: &str) -> Result<Option<PreviousRun>, Problem>;
    /// One page of the operations of an environment, the newest first.
    async fn operations(
        &self,
        actor: &Actor,
        environment: &str,
        page: u32,
        page_size: u32,
    ) -> Result<OperationList, Problem>;
    /// Its events after a number, at most as many as the server allows at once, with whether more are there.
    async fn operation_events(
        &self,
        actor: &Actor,
        id: &str,
        after: i64,
    ) -> Result<(Vec<Event>, bool), Problem>;
    /// Asks to cancel it; what was done is undone as far as the operation's rules say.
    async fn cancel_operation(&self, actor: &Actor, id: &str) -> Result<OperationView, Problem>;
    /// One page of the containers of an environment, whoever made them.
    async fn containers(
        &self,
        actor: &Actor,
        environment: &str,
        query: ContainerQuery,
    ) -> Result<ContainerPage, Problem>;
    /// One container by id or name.
    async fn container(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
    ) -> Result<ContainerDetail, Problem>;
    /// The last lines that it wrote.
    async fn container_lines(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
        lines: u32,
    ) -> Result<Vec<LogLineView>, Problem>;
    /// Starts, stops, restarts or removes it. `force` removes also what runs or belongs to a product.
    async fn act_on_container(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
        act: ContainerAct,
        force: bool,
    ) -> Result<(), Problem>;
    /// One page of the volumes of an environment, whoever made them.
    async fn volumes(
        &self,
        actor: &Actor,
        environment: &str,
        query: VolumeQuery,
    ) -> Result<VolumePage, Problem>;
    /// One volume.
    async fn volume(
        &self,
        actor: &Actor,
        environment: &str,
        name: &str,
    ) -> Result<VolumeView, Problem>;
    /// Makes an empty volume.
    async fn create_volume(
        &self,
        actor: &Actor,
        environment: &str,
        request: CreateVolumeRequest,
    ) -> Result<VolumeView, Problem>;
    /// Removes a volume with its data. `force` also where it belongs to a product.
    async fn remove_volume(
        &self,
        actor: &Actor,
        environment: &str,
        name: &str,
        force: bool,
    ) -> Result<(), Problem>;
    /// Whether this server shows the gallery of components.
    fn shows_gallery(&self) -> bool;
}
