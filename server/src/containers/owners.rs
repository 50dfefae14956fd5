//! Whose things are: what their labels say, beside what is deployed and what is at work.

use std::collections::HashMap;

use domain::environment::Environment;
use domain::id::EnvironmentId;
use domain::operation::Operation;
use domain::plan::Ownership;
use domain::wire::{BusyWith, ObjectOwner};

use super::{ContainerError, Containers};
use crate::store::{ActiveOperation, StandingRow};

/// Most operations at work that are looked up at once.
const MAX_OPERATIONS: u32 = 200;

/// What is deployed in an environment, and what is at work there.
pub(super) struct Owners {
    environment: EnvironmentId,
    deployed: HashMap<String, StandingRow>,
    /// By group id.
    at_work: HashMap<String, Operation>,
}

impl Containers {
    pub(super) async fn owners(&self, environment: &Environment) -> Result<Owners, ContainerError> {
        let rows = self.store.standings(environment.id).await?;
        let at_work = if rows.iter().any(|row| row.operation_active) {
            let only_active = true;
            let page =
                self.store
                    .operation_page(Some(environment.id), only_active, MAX_OPERATIONS, 0);
            page.await?.0
        } else {
            Vec::new()
        };
        let by_id = |row: StandingRow| (row.id.to_string(), row);
        let by_group = |operation: Operation| (operation.group_id.clone(), operation);
        Ok(Owners {
            environment: environment.id,
            deployed: rows.into_iter().map(by_id).collect(),
            at_work: at_work.into_iter().map(by_group).collect(),
        })
    }

    /// Refuses while an operation works on the product that something belongs to.
    pub(super) async fn must_not_be_at_work(
        &self,
        environment: &Environment,
        ownership: Option<&Ownership>,
    ) -> Result<(), ContainerError> {
        let Some(ours) = ownership.filter(|ours| ours.environment == environment.id) else {
            return Ok(());
        };
        let active = self
            .store
            .active_operation(environment.id, &ours.product)
            .await?;
        match active {
            None => Ok(()),
            Some(active) => {
                let row = self.store.standing_of(environment.id, ours.deployment);
                let name = row.await?.map(|row| row.product_display_name);
                Err(ContainerError::Busy {
                    product: name.unwrap_or_else(|| ours.product.clone()),
                    active,
                })
            }
        }
    }

    /// Refuses what belongs to something deployed, unless it shall go all the same. What another server has made is as good as
    /// deployed: nobody here knows better.
    pub(super) async fn must_not_be_deployed(
        &self,
        environment: &Environment,
        ownership: Option<&Ownership>,
        what: &str,
        force: bool,
    ) -> Result<(), ContainerError> {
        let Some(ours) = ownership.filter(|_| !force) else {
            return Ok(());
        };
        let elsewhere = ours.environment != environment.id;
        let row = self.store.standing_of(environment.id, ours.deployment);
        let name = row.await?.map(|row| row.product_display_name);
        match name.or_else(|| elsewhere.then(|| ours.product.clone())) {
            None => Ok(()),
            Some(product) => Err(ContainerError::Owned {
                what: what.to_owned(),
                product,
            }),
        }
    }
}

impl Owners {
    /// For a page or an answer.
    pub(super) fn owner(&self, ownership: &Ownership) -> ObjectOwner {
        let row = self.deployed.get(&ownership.deployment.to_string());
        ObjectOwner {
            product_deployment_id: ownership.deployment.to_string(),
            is_deployed: row.is_some(),
            product_group_id: ownership.product.clone(),
            product_name: row.map_or_else(
                || ownership.product.clone(),
                |row| row.product_display_name.clone(),
            ),
            stack: ownership.stack.clone(),
            stack_name: ownership.project.clone(),
            service: ownership.service.clone(),
            is_one_shot: ownership.init,
        }
    }

    /// The operation that works on its product.
    pub(super) fn busy(&self, ownership: &Ownership) -> Option<BusyWith> {
        if ownership.environment != self.environment {
            return None;
        }
        let operation = self.at_work.get(&ownership.product)?;
        let refusal = ContainerError::Busy {
            product: self.owner(ownership).product_name,
            active: ActiveOperation {
                id: operation.id,
                kind: operation.kind,
                actor: operation.actor.clone(),
                since: operation.created_at,
            },
        };
        Some(BusyWith {
            operation_id: operation.id.to_string(),
            sentence: refusal.to_string(),
        })
    }

    /// Whether a deployment is there.
    pub(super) fn is_deployed(&self, ownership: &Ownership) -> bool {
        self.deployed
            .contains_key(&ownership.deployment.to_string())
    }

    /// Stacks of everything deployed that are there.
    pub(super) fn stacks(&self) -> usize {
        self.deployed.values().map(|row| row.stack_ids.len()).sum()
    }
}
