//! Numbers of an environment at a glance.

use std::time::Duration;

use domain::access::Actor;
use domain::environment::Environment;
use domain::plan::{ContainerState, ObservedContainer};
use domain::wire::DashboardStats;

use super::{ContainerError, Containers, look_within};

/// How long numbers may keep a reader waiting for everything else on the page.
const GLANCE_WITHIN: Duration = Duration::from_secs(2);

impl Containers {
    /// What there is. An engine that does not answer is said, and the rest is counted.
    ///
    /// # Errors
    /// Where the environment is unknown, or the store does not answer.
    pub async fn get_dashboard_stats(
        &self,
        actor: &Actor,
        environment: &str,
    ) -> Result<DashboardStats, ContainerError> {
        if environment.is_empty() {
            return Err(ContainerError::EnvironmentRequired);
        }
        let found = self
            .environments
            .get_environment(actor, environment)
            .await?;
        let owners = self.owners(&found).await?;
        let catalog = self.products.list_products(actor).products;
        let total_stacks = count(catalog.iter().map(|product| product.stacks.len()).sum());
        let deployed_stacks = count(owners.stacks());
        let mut stats = DashboardStats {
            total_products: count(catalog.len()),
            total_stacks,
            deployed_stacks,
            not_deployed_stacks: total_stacks.saturating_sub(deployed_stacks),
            total_containers: 0,
            running_containers: 0,
            stopped_containers: 0,
            error_message: None,
        };
        match self.count(&found).await {
            Some((running, all)) => {
                stats.total_containers = count(all);
                stats.running_containers = count(running);
                stats.stopped_containers = count(all - running);
            }
            None => {
                stats.error_message = Some(
                    "The Docker engine of this environment does not answer, so containers are not counted."
                        .to_owned(),
                );
            }
        }
        Ok(stats)
    }

    /// How many containers run, and how many there are. None where the engine is known to be silent, or does not answer.
    async fn count(&self, environment: &Environment) -> Option<(usize, usize)> {
        let seen = self.reconciler.snapshot(environment.id);
        if seen.is_some_and(|seen| seen.silence.is_some()) {
            return None;
        }
        let observed = match self.environments.engine_of(environment) {
            Ok(engine) => look_within(GLANCE_WITHIN, engine.observe()).await,
            Err(error) => Err(error.into()),
        };
        match observed {
            Ok(observed) => {
                let all = observed.containers;
                let is_running = |one: &&ObservedContainer| one.state == ContainerState::Running;
                Some((all.iter().filter(is_running).count(), all.len()))
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "containers are not counted");
                None
            }
        }
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
