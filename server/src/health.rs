//! Use cases of health: what the reconciler saw last, as summaries, details and a live feed; and how it changed.
//!
//! Nothing here asks an engine, and nothing waits for one.

mod feed;
pub(crate) mod show;
mod timeline;

use domain::access::Actor;
use domain::environment::Environment;
use domain::health::HealthStatus;
use domain::id::{DeploymentId, EnvironmentId};
use domain::wire::{
    EnvironmentHealthSummary, HealthFrame, HealthTimeline, HealthTransitionView, ServiceHealthView,
    StackHealthDetail,
};
use futures::Stream;

use crate::clock::Clock;
use crate::environments::{EnvironmentError, Environments};
use crate::reconcile::Reconciler;
use crate::store::{MAX_PAGE, Place, Scope, StandingRow, Store, StoreError};
use timeline::{Deployed, Window};

/// Changes that a list gives where the request does not say.
pub const TRANSITIONS: u32 = 50;
/// Entries of a history where the request does not say.
pub const HISTORY: u32 = 10;
/// Hours of a timeline where the request does not say.
pub const TIMELINE_HOURS: u32 = 24;
/// Most hours of a timeline: older changes are forgotten.
pub const MAX_TIMELINE_HOURS: u32 = 7 * 24;

/// Why health cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum HealthError {
    /// The environment is wrong.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// There is no such deployment here, or it is gone.
    #[error("Deployment '{0}' not found.")]
    DeploymentNotFound(String),
    /// The deployment has no such service.
    #[error("Service '{service}' not found in deployment '{deployment}'.")]
    ServiceNotFound {
        /// As in the request.
        service: String,
        /// As in the request.
        deployment: String,
    },
    /// The record could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The use cases of health.
#[derive(Clone)]
pub struct HealthReports {
    pub store: Store,
    pub environments: Environments,
    pub reconciler: Reconciler,
    pub clock: Clock,
}

impl HealthReports {
    /// All stacks of an environment.
    ///
    /// # Errors
    /// Where the environment is unknown.
    pub async fn get_environment_health(
        &self,
        actor: &Actor,
        environment: &str,
    ) -> Result<EnvironmentHealthSummary, HealthError> {
        let environment = self
            .environments
            .get_environment(actor, environment)
            .await?;
        let rows = self.store.standings(environment.id).await?;
        let seen = self.reconciler.snapshot(environment.id).unwrap_or_default();
        Ok(show::summary(&environment, &rows, &seen))
    }

    /// One deployed product in the shape of a stack, or one of its stacks.
    ///
    /// # Errors
    /// Where there is none in this environment, or it lives no more.
    pub async fn get_deployment_health(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
    ) -> Result<StackHealthDetail, HealthError> {
        let (environment, row, stack) = self.find(actor, environment, id).await?;
        let seen = self.reconciler.snapshot(environment.id).unwrap_or_default();
        Ok(show::stack_detail(
            &environment,
            &row,
            stack.as_deref(),
            &seen,
        ))
    }

    /// One service of a deployed product, or of one of its stacks.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn get_service_health(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
        service: &str,
    ) -> Result<ServiceHealthView, HealthError> {
        let detail = self.get_deployment_health(actor, environment, id).await?;
        let mut services = detail.own.services.into_iter();
        services
            .find(|one| one.name == service)
            .ok_or_else(|| HealthError::ServiceNotFound {
                service: service.to_owned(),
                deployment: id.to_owned(),
            })
    }

    /// How a product, or a stack of it, was as a whole: the newest first.
    ///
    /// # Errors
    /// Where there is no such deployment.
    pub async fn list_health_history(
        &self,
        _actor: &Actor,
        id: &str,
        limit: u32,
    ) -> Result<Vec<HealthTransitionView>, HealthError> {
        let place = self.place(id).await?;
        let scope = match &place.stack {
            Some(stack) => Scope::Stack(stack),
            None => Scope::Product,
        };
        self.read(place.deployment, scope, limit).await
    }

    /// Every change of a product with its stacks and services, or of one stack with its services: the newest first.
    ///
    /// # Errors
    /// Where there is no such deployment.
    pub async fn list_health_transitions(
        &self,
        _actor: &Actor,
        id: &str,
        limit: u32,
    ) -> Result<Vec<HealthTransitionView>, HealthError> {
        let place = self.place(id).await?;
        let scope = match &place.stack {
            Some(stack) => Scope::StackAndServices(stack),
            None => Scope::Everything,
        };
        self.read(place.deployment, scope, limit).await
    }

    /// How a product with its stacks, or a stack with its services, was in the last hours.
    ///
    /// # Errors
    /// Where there is no such deployment.
    pub async fn get_health_timeline(
        &self,
        _actor: &Actor,
        id: &str,
        hours: u32,
    ) -> Result<HealthTimeline, HealthError> {
        let place = self.place(id).await?;
        let head = self
            .store
            .deployment_head(place.environment, place.deployment)
            .await?
            .ok_or_else(|| HealthError::DeploymentNotFound(id.to_owned()))?;
        let scope = match &place.stack {
            Some(stack) => Scope::StackAndServices(stack),
            None => Scope::Everything,
        };
        let changes = self
            .store
            .health_transitions(place.deployment, scope, MAX_PAGE)
            .await?;
        let seen = self
            .reconciler
            .snapshot(place.environment)
            .unwrap_or_default();
        let watched = seen.deployments.get(&place.deployment);
        let hours = hours.clamp(1, MAX_TIMELINE_HOURS);
        Ok(timeline::timeline(
            place.stack.as_deref(),
            &Deployed {
                name: head.product_display_name,
                at: head.created_at,
            },
            changes,
            watched.map(AsRef::as_ref),
            seen.silence.as_ref(),
            Window::until(self.clock.now(), hours),
        ))
    }

    /// What is seen from now on: first everything, then what changes. With a deployment's id only that one.
    ///
    /// # Errors
    /// Where the environment or the deployment is unknown.
    pub async fn follow_health(
        &self,
        actor: &Actor,
        environment: &str,
        deployment: Option<&str>,
    ) -> Result<impl Stream<Item = HealthFrame> + Send + 'static, HealthError> {
        let environment = self
            .environments
            .get_environment(actor, environment)
            .await?;
        let only = match deployment {
            Some(id) => Some(self.place_in(environment.id, id).await?.deployment),
            None => None,
        };
        let snapshots = self.reconciler.follow(environment.id);
        Ok(feed::frames(environment.id, only, snapshots))
    }

    async fn read(
        &self,
        deployment: DeploymentId,
        scope: Scope<'_>,
        limit: u32,
    ) -> Result<Vec<HealthTransitionView>, HealthError> {
        let transitions = self
            .store
            .health_transitions(deployment, scope, limit)
            .await?;
        Ok(transitions.into_iter().map(show::transition).collect())
    }

    async fn place(&self, id: &str) -> Result<Place, HealthError> {
        let missing = || HealthError::DeploymentNotFound(id.to_owned());
        let known: DeploymentId = id.parse().map_err(|_| missing())?;
        let place = self.store.place_of(&known.to_string()).await?;
        place.ok_or_else(missing)
    }

    async fn place_in(&self, environment: EnvironmentId, id: &str) -> Result<Place, HealthError> {
        let place = self.place(id).await?;
        if place.environment == environment {
            Ok(place)
        } else {
            Err(HealthError::DeploymentNotFound(id.to_owned()))
        }
    }

    async fn find(
        &self,
        actor: &Actor,
        environment: &str,
        id: &str,
    ) -> Result<(Environment, StandingRow, Option<String>), HealthError> {
        let environment = self
            .environments
            .get_environment(actor, environment)
            .await?;
        let place = self.place_in(environment.id, id).await?;
        let row = self
            .store
            .standing_of(environment.id, place.deployment)
            .await?
            .ok_or_else(|| HealthError::DeploymentNotFound(id.to_owned()))?;
        Ok((environment, row, place.stack))
    }
}

/// Whether somebody should look: something is wrong, and no operation works on it.
const fn requires_attention(status: HealthStatus, operation_active: bool) -> bool {
    !status.is_good() && !operation_active
}
