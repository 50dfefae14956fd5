//! The use cases as the pages call them: one line each. Errors become problems where the REST door does it, too.

use app::backend::Backend;
use async_trait::async_trait;
use domain::access::Actor;
use domain::container::ContainerAct;
use domain::operation::event::Event;
use domain::wire::{
    AcceptedOperation, CatalogView, ConfigurationView, ConnectionTest, ContainerDetail,
    ContainerPage, ContainerQuery, CreateVolumeRequest, DashboardStats, DeployComposeRequest,
    DeployProductRequest, DeploymentList, DeploymentQuery, EnvironmentHealthSummary,
    EnvironmentView, HealthTimeline, LogLineView, OperationList, OperationView,
    ParseComposeRequest, ParsedCompose, PlanRequest, PlanView, PrecheckResult, PreviousRun,
    Problem, ProductDeploymentDetail, ProductDetail, ReleaseDiff, ReleaseList, StackRecord,
    StackSourceView, SystemInfo, UpgradeCheck, VolumePage, VolumeQuery, VolumeView,
};

use crate::deployments::DeploymentError;
use crate::operations::EVENTS_PER_PAGE;
use crate::state::AppState;

/// The pages' way to the use cases.
pub struct UseCases(pub AppState, pub Gallery);

/// Whether the gallery of components is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gallery {
    Shown,
    Hidden,
}

#[async_trait]
impl Backend for UseCases {
    async fn environments(&self, actor: &Actor) -> Result<Vec<EnvironmentView>, Problem> {
        let all = self.0.environments.list_environments(actor).await?;
        Ok(all.iter().map(EnvironmentView::from).collect())
    }

    async fn test_environment(&self, actor: &Actor, id: &str) -> Result<ConnectionTest, Problem> {
        Ok(self.0.environments.test_environment(actor, id).await?)
    }

    async fn system_info(&self, actor: &Actor) -> Result<SystemInfo, Problem> {
        Ok(self.0.system.get_system_info(actor).await?)
    }

    async fn sources(&self, actor: &Actor) -> Result<Vec<StackSourceView>, Problem> {
        Ok(self.0.products.list_sources(actor))
    }

    async fn parse_compose(&self, actor: &Actor, yaml: &str) -> Result<ParsedCompose, Problem> {
        let request = ParseComposeRequest {
            yaml_content: yaml.to_owned(),
        };
        Ok(self.0.deployments.parse_compose(actor, &request)?)
    }

    async fn deploy_compose(
        &self,
        actor: &Actor,
        environment: &str,
        request: DeployComposeRequest,
    ) -> Result<AcceptedOperation, Problem> {
        let accepted = self
            .0
            .deployments
            .deploy_compose(actor, environment, &request);
        Ok(accepted.await?.accepted.into())
    }

    async fn catalog(&self, actor: &Actor) -> Result<CatalogView, Problem> {
        Ok(self.0.products.list_products(actor))
    }

    async fn sync_catalog(&self, actor: &Actor) -> Result<CatalogView, Problem> {
        Ok(self.0.products.sync_sources(actor).await?)
    }

    async fn product(&self, actor: &Actor, id: &str) -> Result<ProductDetail, Problem> {
        Ok(self.0.products.get_product(actor, id)?)
    }

    async fn deploy_product(
        &self,
        actor: &Actor,
        environment: &str,
        request: DeployProductRequest,
    ) -> Result<AcceptedOperation, Problem> {
        let accepted = self
            .0
            .deployments
            .deploy_product(actor, environment, &request)
            .await?;
        Ok(accepted.into())
    }

    async fn precheck(
        &self,
        actor: &Actor,
        environment: &str,
        request: DeployProductRequest,
    ) -> Result<PrecheckResult, Problem> {
        let found = self
            .0
            .deployments
            .precheck_product(actor, environment, &request);
        Ok(found.await?)
    }

    async fn deployments(
        &self,
        actor: &Actor,
        environment: &str,
        query: DeploymentQuery,
    ) -> Result<DeploymentList, Problem> {
        Ok(self
            .0
            .deployments
            .list_product_deployments(actor, environment, &query)
            .await?)
    }

    async fn deployment(
        &self,
        actor: &Actor,
        id: &str,
    ) -> Result<ProductDeploymentDetail, Problem> {
        Ok(self
            .0
            .deployments
            .find_product_deployment(actor, id)
            .await?)
    }

    async fn environment_health(
        &self,
        actor: &Actor,
        environment: &str,
    ) -> Result<EnvironmentHealthSummary, Problem> {
        let health = self.0.health.get_environment_health(actor, environment);
        Ok(health.await?)
    }

    async fn dashboard_stats(
        &self,
        actor: &Actor,
        environment: &str,
    ) -> Result<DashboardStats, Problem> {
        let stats = self.0.containers.get_dashboard_stats(actor, environment);
        Ok(stats.await?)
    }

    async fn health_timeline(
        &self,
        actor: &Actor,
        id: &str,
        hours: u32,
    ) -> Result<HealthTimeline, Problem> {
        let timeline = self.0.health.get_health_timeline(actor, id, hours);
        Ok(timeline.await?)
    }

    async fn stack_record(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
    ) -> Result<StackRecord, Problem> {
        let deployments = &self.0.deployments;
        Ok(deployments.get_stack_record(actor, environment, id).await?)
    }

    async fn plan(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
        request: PlanRequest,
    ) -> Result<PlanView, Problem> {
        let plan = self
            .0
            .deployments
            .plan_operation(actor, environment, id, &request);
        Ok(plan.await?)
    }

    async fn begin(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
        request: PlanRequest,
    ) -> Result<AcceptedOperation, Problem> {
        let accepted = self
            .0
            .deployments
            .begin_operation(actor, environment, id, &request);
        Ok(accepted.await?.into())
    }

    async fn check_upgrade(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
    ) -> Result<UpgradeCheck, Problem> {
        let check = self.0.deployments.check_upgrade(actor, environment, id);
        Ok(check.await?)
    }

    async fn configuration(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
        target: Option<&str>,
    ) -> Result<ConfigurationView, Problem> {
        let found = self
            .0
            .deployments
            .get_configuration(actor, environment, id, target);
        Ok(found.await?)
    }

    async fn releases(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
        page: u32,
    ) -> Result<ReleaseList, Problem> {
        let releases = self
            .0
            .deployments
            .list_releases(actor, environment, id, page, None);
        Ok(releases.await?)
    }

    async fn diff_releases(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
        from: u32,
        to: u32,
    ) -> Result<ReleaseDiff, Problem> {
        let diff = self
            .0
            .deployments
            .diff_releases(actor, environment, id, from, to);
        Ok(diff.await?)
    }

    async fn deployment_of_product(
        &self,
        actor: &Actor,
        environment: &str,
        group_id: &str,
    ) -> Result<Option<ProductDeploymentDetail>, Problem> {
        match self
            .0
            .deployments
            .get_deployment_by_product(actor, environment, group_id)
            .await
        {
            Ok(detail) => Ok(Some(detail)),
            Err(DeploymentError::NotDeployed) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn operation(&self, actor: &Actor, id: &str) -> Result<OperationView, Problem> {
        Ok(self.0.operations.get_operation(actor, id).await?)
    }

    async fn previous_run(&self, actor: &Actor, id: &str) -> Result<Option<PreviousRun>, Problem> {
        Ok(self.0.operations.get_previous_run(actor, id).await?)
    }

    async fn operations(
        &self,
        actor: &Actor,
        environment: &str,
        page: u32,
        page_size: u32,
    ) -> Result<OperationList, Problem> {
        let environment = self
            .0
            .environments
            .get_environment(actor, environment)
            .await?;
        let listed =
            self.0
                .operations
                .list_operations(actor, Some(environment.id), page, page_size);
        Ok(listed.await?)
    }

    async fn operation_events(
        &self,
        actor: &Actor,
        id: &str,
        after: i64,
    ) -> Result<(Vec<Event>, bool), Problem> {
        let read = self
            .0
            .operations
            .list_events(actor, id, after, EVENTS_PER_PAGE)
            .await?;
        Ok((read.events, read.has_more))
    }

    async fn cancel_operation(&self, actor: &Actor, id: &str) -> Result<OperationView, Problem> {
        Ok(self.0.operations.cancel_operation(actor, id).await?)
    }

    async fn containers(
        &self,
        actor: &Actor,
        environment: &str,
        query: ContainerQuery,
    ) -> Result<ContainerPage, Problem> {
        let containers = &self.0.containers;
        let page = containers.page_containers(actor, environment, &query);
        Ok(page.await?)
    }

    async fn container(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
    ) -> Result<ContainerDetail, Problem> {
        let containers = &self.0.containers;
        Ok(containers.get_container(actor, environment, id).await?)
    }

    async fn container_lines(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
        lines: u32,
    ) -> Result<Vec<LogLineView>, Problem> {
        let containers = &self.0.containers;
        let last = containers.last_log_lines(actor, environment, id, lines);
        Ok(last.await?)
    }

    async fn act_on_container(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
        act: ContainerAct,
        force: bool,
    ) -> Result<(), Problem> {
        let containers = &self.0.containers;
        let done = containers.act_on_container(actor, environment, id, act, force);
        Ok(done.await?)
    }

    async fn volumes(
        &self,
        actor: &Actor,
        environment: &str,
        query: VolumeQuery,
    ) -> Result<VolumePage, Problem> {
        let containers = &self.0.containers;
        let page = containers.page_volumes(actor, environment, &query);
        Ok(page.await?)
    }

    async fn volume(
        &self,
        actor: &Actor,
        environment: &str,
        name: &str,
    ) -> Result<VolumeView, Problem> {
        let containers = &self.0.containers;
        Ok(containers.get_volume(actor, environment, name).await?)
    }

    async fn create_volume(
        &self,
        actor: &Actor,
        environment: &str,
        request: CreateVolumeRequest,
    ) -> Result<VolumeView, Problem> {
        let containers = &self.0.containers;
        let made = containers.create_volume(actor, environment, &request);
        Ok(made.await?)
    }

    async fn remove_volume(
        &self,
        actor: &Actor,
        environment: &str,
        name: &str,
        force: bool,
    ) -> Result<(), Problem> {
        let containers = &self.0.containers;
        let removed = containers.remove_volume(actor, environment, name, force);
        Ok(removed.await?)
    }

    fn shows_gallery(&self) -> bool {
        self.1 == Gallery::Shown
    }
}
