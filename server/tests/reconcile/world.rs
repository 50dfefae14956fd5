//! A deployed product, and a reconciler that watches it.

use std::sync::Arc;
use std::time::Duration;

use domain::health::{HealthStatus, ServiceHealth, State};
use domain::operation::OperationStatus;
use server::orchestrator::Orchestrator;
use server::reconcile::{Reconciler, Settings, Snapshot};
use server::store::{HealthTransition, Scope};

use crate::orchestrator::world::World;

/// Longer than any case takes; what waits longer waits in vain.
const PATIENCE: Duration = Duration::from_secs(20);
/// So long that it never happens in a test.
pub(super) const NEVER: Duration = Duration::from_secs(3600);

/// Only events and operations are a reason to look.
pub(super) fn by_events() -> Settings {
    Settings {
        resync: NEVER,
        gather: Duration::from_millis(5),
        gather_while_operating: Duration::from_millis(5),
        ping: NEVER,
        answer: Duration::from_secs(5),
        reopen_max: Duration::from_millis(50),
    }
}

pub(super) struct Watch {
    pub(super) world: World,
    pub(super) orchestrator: Orchestrator,
    pub(super) reconciler: Reconciler,
}

impl Watch {
    /// [`World::small`], deployed, seen to be good.
    pub(super) async fn over_small(settings: Settings) -> Self {
        let watch = Self::before_deploying(World::small().await, settings).await;
        let operation = watch.world.accept(1).await;
        watch.orchestrator.ring();
        let events = watch.world.until_end(&watch.orchestrator, operation).await;
        watch
            .world
            .must_have_ended(operation, &events, OperationStatus::Succeeded)
            .await;
        watch.until_product(HealthStatus::Running).await;
        watch
    }

    pub(super) async fn before_deploying(world: World, settings: Settings) -> Self {
        let orchestrator = world.orchestrator("a").await;
        let reconciler = Reconciler::new(
            world.store.clone(),
            world.engines(),
            world.clock.clock(),
            orchestrator.turns(),
            settings,
        );
        reconciler.start();
        Self {
            world,
            orchestrator,
            reconciler,
        }
    }

    /// A reconciler that starts in the place of this one.
    pub(super) async fn restarted(self, settings: Settings) -> Self {
        self.reconciler.stop().await;
        let reconciler = Reconciler::new(
            self.world.store.clone(),
            self.world.engines(),
            self.world.clock.clock(),
            self.orchestrator.turns(),
            settings,
        );
        reconciler.start();
        Self { reconciler, ..self }
    }

    /// Waits until what is seen fits.
    pub(super) async fn until(&self, fits: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
        let mut seen = self.reconciler.follow(self.world.environment);
        let waited = tokio::time::timeout(PATIENCE, seen.wait_for(|seen| fits(seen))).await;
        match waited {
            Ok(found) => Arc::clone(&found.unwrap()),
            Err(_) => panic!(
                "waited in vain: {:#?}",
                self.reconciler.snapshot(self.world.environment)
            ),
        }
    }

    /// The state of the whole product, once an operation is done with it and it has a status.
    pub(super) async fn until_product(&self, status: HealthStatus) -> State {
        let id = self.world.deployment_id(1);
        let seen = self
            .until(|seen| {
                seen.silence.is_none()
                    && seen.deployments.get(&id).is_some_and(|watched| {
                        !watched.operation_active && watched.health.state.status == status
                    })
            })
            .await;
        seen.deployments[&id].health.state.clone()
    }

    /// One service, once it has a status.
    pub(super) async fn until_service(&self, name: &str, status: HealthStatus) -> ServiceHealth {
        let id = self.world.deployment_id(1);
        let find = |seen: &Snapshot| {
            let stacks = &seen.deployments.get(&id)?.health.stacks;
            let mut services = stacks
                .iter()
                .flat_map(|stack| stack.services.iter())
                .flatten();
            services.find(|service| service.name == name).cloned()
        };
        let fits = |seen: &Snapshot| find(seen).is_some_and(|found| found.state.status == status);
        find(&*self.until(fits).await).unwrap()
    }

    /// Recorded changes of the product as a whole, the oldest first, once they end like this.
    pub(super) async fn until_recorded(&self, ends: &[HealthStatus]) -> Vec<HealthTransition> {
        let look = async {
            loop {
                let mut found = self
                    .world
                    .store
                    .health_transitions(self.world.deployment_id(1), Scope::Product, 500)
                    .await
                    .unwrap();
                found.reverse();
                let statuses: Vec<HealthStatus> = found.iter().map(|change| change.to).collect();
                if statuses.ends_with(ends) {
                    return found;
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, look).await.unwrap()
    }

    pub(super) async fn stop(self) {
        self.reconciler.stop().await;
        self.orchestrator.stop().await;
    }
}
