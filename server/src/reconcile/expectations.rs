//! Which services a deployment should have: the one place that knows, and what it knew last.

use std::collections::HashMap;
use std::sync::Arc;

use domain::deployment::ProductDeployment;
use domain::health::{ExpectedProduct, ExpectedService, ExpectedStack, Standing};
use domain::id::{DeploymentId, EnvironmentId};

use crate::catalog::render_deployed;
use crate::store::{Edition, StandingRow, Store, StoreError};

/// The services that a deployment should have: every stack as the release that it is at describes it. Whether they should run is not
/// said here.
#[must_use]
pub fn expected(deployment: &ProductDeployment) -> ExpectedProduct {
    let product = &deployment.product;
    let stacks = deployment.stacks.iter().map(|stack| {
        let template = deployment.template(stack);
        let spec = render_deployed(deployment, stack).ok();
        ExpectedStack {
            id: stack.id,
            name: stack.stack_name.clone(),
            display_name: template.map_or_else(
                || stack.stack_name.clone(),
                |template| template.display_name.clone(),
            ),
            services: spec.as_ref().map(ExpectedService::all_of),
        }
    });
    ExpectedProduct {
        group_id: product.group_id.clone(),
        stacks: stacks.collect(),
    }
}

/// What operations left of a deployment, from its whole record.
pub(super) fn standing(deployment: &ProductDeployment) -> Standing {
    Standing {
        status: deployment.status,
        mode: deployment.operation_mode,
        stacks: deployment
            .stacks
            .iter()
            .map(|stack| (stack.stack_name.clone(), stack.status))
            .collect(),
    }
}

/// What is expected, by deployment. Rendered once, and again when the record changed.
#[derive(Default)]
pub(super) struct Expectations(HashMap<DeploymentId, (Edition, Arc<ExpectedProduct>)>);

impl Expectations {
    /// Forgets deployments that live no more.
    pub(super) fn keep(&mut self, living: &[StandingRow]) {
        if self.0.len() > living.len() {
            self.0
                .retain(|id, _| living.iter().any(|deployment| deployment.id == *id));
        }
    }

    /// None where the deployment has just gone.
    pub(super) async fn of(
        &mut self,
        store: &Store,
        environment: EnvironmentId,
        row: &StandingRow,
    ) -> Result<Option<Arc<ExpectedProduct>>, StoreError> {
        if let Some((edition, known)) = self.0.get(&row.id)
            && *edition == row.edition
        {
            return Ok(Some(Arc::clone(known)));
        }
        let Some(deployment) = store.deployment(environment, row.id).await? else {
            return Ok(None);
        };
        let fresh = Arc::new(expected(&deployment));
        let known = (row.edition.clone(), Arc::clone(&fresh));
        self.0.insert(row.id, known);
        Ok(Some(fresh))
    }
}
