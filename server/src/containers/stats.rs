//! Numbers of an environment at a glance.

use domain::access::Actor;
use domain::plan::ContainerState;
use domain::wire::DashboardStats;

use super::{ContainerError, Containers, look};

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
        let seen = match self.environments.engine_of(&found) {
            Ok(engine) => look(engine.observe()).await,
            Err(error) => Err(error.into()),
        };
        match seen {
            Ok(seen) => {
                let all = seen.containers.iter();
                let running = all
                    .filter(|one| one.state == ContainerState::Running)
                    .count();
                stats.total_containers = count(seen.containers.len());
                stats.running_containers = count(running);
                stats.stopped_containers = count(seen.containers.len() - running);
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "containers are not counted"
                );
                stats.error_message = Some(
                    "The Docker engine of this environment does not answer, so containers are not counted."
                        .to_owned(),
                );
            }
        }
        Ok(stats)
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
