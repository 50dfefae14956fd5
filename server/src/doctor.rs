//! `windlass-server doctor`: whether what must always hold does hold, in the record and on the engines.
//!
//! Only looks: nothing is written, locked, migrated, or changed on an engine, so it may run beside a server. The [`rules`] are pure
//! functions of a [`Snapshot`]; this file reads the snapshots, a piece at a time, so that memory follows the largest product and the
//! longest list of an engine, not the store. A product that is being worked on, or was while the doctor looked, is left out of the
//! rules about engines; an engine that cannot be asked is left out with all of its products. Both are said.

mod engine_rules;
mod report;
mod rules;
mod snapshot;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use domain::deployment::OperationMode;
use domain::environment::Environment;
use domain::id::{DeploymentId, EnvironmentId};
use domain::plan::{Observed, ObservedContainer, ObservedObject, Ownership};

use crate::catalog::render_deployed;
use crate::engine::{Engine, EngineError};
use crate::store::{Store, StoreError};

pub use report::{Checked, Finding, NotLookedAt, Reason, Report, Rule};
pub use rules::examine;
pub use snapshot::{Living, ProductView, RecordedStack, Snapshot};

/// Rows of one look at the store.
const PAGE: u32 = 100;
/// Longest wait for an engine's lists.
const ENGINE_PATIENCE: Duration = Duration::from_secs(60);

/// Gives the engine of an environment.
pub type Connect = Arc<dyn Fn(&Environment) -> Result<Arc<dyn Engine>, EngineError> + Send + Sync>;

/// Looks at a store and at the engines of its environments.
pub struct Doctor {
    store: Store,
    connect: Connect,
}

impl Doctor {
    /// `store` should be one that was opened to be read.
    #[must_use]
    pub fn new(store: Store, connect: Connect) -> Self {
        Self { store, connect }
    }

    /// Looks at everything once.
    ///
    /// # Errors
    /// Where the store does not answer, or holds what this version does not understand.
    pub async fn look(&self) -> Result<Report, StoreError> {
        let mut report = Report::default();
        self.look_at_operations(&mut report).await?;
        let environments = self.store.environments().await?;
        let known: HashSet<EnvironmentId> = environments.iter().map(|each| each.id).collect();
        for environment in &environments {
            report.checked.environments += 1;
            self.look_at_deployments(environment.id, &mut report)
                .await?;
            self.look_at_engine(environment, &known, &mut report)
                .await?;
        }
        Ok(report)
    }

    async fn look_at_operations(&self, report: &mut Report) -> Result<(), StoreError> {
        let mut active = Vec::new();
        loop {
            let after = active
                .last()
                .map(|each: &crate::store::ActiveFacts| each.id);
            let page = self.store.active_facts(after, PAGE).await?;
            if page.is_empty() {
                break;
            }
            active.extend(page);
        }
        report.checked.active_operations = active.len();
        report.add(examine(&Snapshot {
            active,
            ..Snapshot::default()
        }));
        let mut after = None;
        loop {
            let operations = self.store.operation_facts(after, PAGE).await?;
            let Some(last) = operations.last() else {
                return Ok(());
            };
            after = Some(last.id);
            report.checked.operations += operations.len();
            report.checked.events += operations
                .iter()
                .map(|operation| usize::try_from(operation.events).unwrap_or_default())
                .sum::<usize>();
            report.add(examine(&Snapshot {
                operations,
                ..Snapshot::default()
            }));
        }
    }

    async fn look_at_deployments(
        &self,
        environment: EnvironmentId,
        report: &mut Report,
    ) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let deployments = self
                .store
                .deployment_facts(environment, after, PAGE)
                .await?;
            let Some(last) = deployments.last() else {
                return Ok(());
            };
            after = Some(last.id);
            report.checked.deployments += deployments.len();
            report.add(examine(&Snapshot {
                deployments,
                ..Snapshot::default()
            }));
        }
    }

    /// Compares an engine with the record: what happened to each product is counted before and after, and findings about one to
    /// which something happened meanwhile are dropped.
    async fn look_at_engine(
        &self,
        environment: &Environment,
        known: &HashSet<EnvironmentId>,
        report: &mut Report,
    ) -> Result<(), StoreError> {
        let before = self.store.activity(environment.id).await?;
        let observed = match self.observe(environment).await {
            Ok(observed) => observed,
            Err(why) => {
                report.not_looked_at(
                    Reason::Engine,
                    format!("engine of environment '{}'", environment.name),
                    why,
                );
                return Ok(());
            }
        };
        report.checked.engines += 1;
        let mut products = sort(observed, environment.id, known, &mut report.checked);
        let mut findings: Vec<(String, Finding)> = Vec::new();
        let add = |view: ProductView, findings: &mut Vec<(String, Finding)>| {
            let group = view.group_id.clone();
            let found = examine(&Snapshot {
                products: vec![view],
                ..Snapshot::default()
            });
            findings.extend(found.into_iter().map(|finding| (group.clone(), finding)));
        };
        let mut after = None;
        loop {
            let page = self
                .store
                .deployment_facts(environment.id, after, PAGE)
                .await?;
            let Some(last) = page.last() else {
                break;
            };
            after = Some(last.id);
            for facts in page {
                let objects = products.remove(&facts.group_id).unwrap_or_default();
                let living = self.living(environment.id, facts.id).await?;
                let view = self.view(&facts.group_id, living, objects).await?;
                add(view, &mut findings);
            }
        }
        for (group, objects) in std::mem::take(&mut products) {
            let view = self.view(&group, None, objects).await?;
            add(view, &mut findings);
        }
        let now = self.store.activity(environment.id).await?;
        let at_rest = |group: &str| {
            let (before, now) = (before.get(group), now.get(group));
            before == now && !now.is_some_and(|activity| activity.active)
        };
        let moving: BTreeSet<&String> = before
            .keys()
            .chain(now.keys())
            .filter(|group| !at_rest(group))
            .collect();
        for group in moving {
            report.not_looked_at(
                Reason::Active,
                format!("product {group} in environment '{}'", environment.name),
                "an operation works on it: the record and the engine are compared when it has ended"
                    .to_owned(),
            );
        }
        report.add(
            findings
                .into_iter()
                .filter(|(group, _)| at_rest(group))
                .map(|(_, finding)| finding)
                .collect(),
        );
        Ok(())
    }

    async fn observe(&self, environment: &Environment) -> Result<Observed, String> {
        let engine = (self.connect)(environment).map_err(|error| causes(&error))?;
        match tokio::time::timeout(ENGINE_PATIENCE, engine.observe()).await {
            Ok(observed) => observed.map_err(|error| causes(&error)),
            Err(_) => Err(format!(
                "the engine did not answer within {} s",
                ENGINE_PATIENCE.as_secs()
            )),
        }
    }

    /// The recorded product rendered with its recorded values; none where it was superseded meanwhile.
    async fn living(
        &self,
        environment: EnvironmentId,
        id: DeploymentId,
    ) -> Result<Option<Living>, StoreError> {
        let Some(deployment) = self.store.deployment(environment, id).await? else {
            return Ok(None);
        };
        let stacks = deployment.stacks.iter().map(|stack| {
            // What is wrong may quote values: only that something is wrong is told.
            let spec = render_deployed(&deployment, stack).ok();
            RecordedStack {
                name: stack.stack_name.clone(),
                status: stack.status,
                spec,
            }
        });
        Ok(Some(Living {
            id,
            deployment_name: deployment.deployment_name.clone(),
            in_maintenance: deployment.operation_mode == OperationMode::Maintenance,
            stacks: stacks.collect(),
        }))
    }

    /// With the standing of every deployment that the objects name.
    async fn view(
        &self,
        group: &str,
        living: Option<Living>,
        objects: Objects,
    ) -> Result<ProductView, StoreError> {
        let named: BTreeSet<DeploymentId> = objects
            .owners()
            .map(|owner| owner.deployment)
            .filter(|id| living.as_ref().is_none_or(|living| living.id != *id))
            .collect();
        let mut others = BTreeMap::new();
        for id in named {
            if let Some(standing) = self.store.standing(id).await? {
                others.insert(id, standing);
            }
        }
        Ok(ProductView {
            group_id: group.to_owned(),
            living,
            others,
            containers: objects.containers,
            networks: objects.networks,
            volumes: objects.volumes,
        })
    }
}

/// What of one product is on an engine.
#[derive(Default)]
struct Objects {
    containers: Vec<ObservedContainer>,
    networks: Vec<ObservedObject>,
    volumes: Vec<ObservedObject>,
}

impl Objects {
    fn owners(&self) -> impl Iterator<Item = &Ownership> {
        let containers = self.containers.iter().map(|each| &each.ownership);
        let others = self.networks.iter().chain(&self.volumes);
        containers
            .chain(others.map(|each| &each.ownership))
            .flatten()
    }
}

/// Sorts an engine's objects by product. What is not ours is left out; what another Windlass made is counted.
fn sort(
    observed: Observed,
    environment: EnvironmentId,
    known: &HashSet<EnvironmentId>,
    checked: &mut Checked,
) -> HashMap<String, Objects> {
    let mut products: HashMap<String, Objects> = HashMap::new();
    let mut strangers = 0;
    let mut ours = |owner: Option<&Ownership>| {
        let owner = owner?;
        if !known.contains(&owner.environment) {
            strangers += 1;
        }
        (owner.environment == environment).then(|| owner.product.clone())
    };
    for container in observed.containers {
        if let Some(product) = ours(container.ownership.as_ref()) {
            checked.containers += 1;
            let objects = products.entry(product).or_default();
            objects.containers.push(container);
        }
    }
    for network in observed.networks {
        if let Some(product) = ours(network.ownership.as_ref()) {
            checked.networks += 1;
            products.entry(product).or_default().networks.push(network);
        }
    }
    for volume in observed.volumes {
        if let Some(product) = ours(volume.ownership.as_ref()) {
            checked.volumes += 1;
            products.entry(product).or_default().volumes.push(volume);
        }
    }
    checked.of_another_windlass += strangers;
    products
}

/// An error with its causes, in one sentence.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
