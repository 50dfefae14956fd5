//! Lists containers: all of them, or one page of those that are looked for, the worst first.

use std::sync::Arc;

use domain::access::Actor;
use domain::container::ContainerGroup;
use domain::timestamp::Timestamp;
use domain::wire::{ContainerPage, ContainerPortView, ContainerQuery, ContainerView};
use futures::{StreamExt as _, TryStreamExt as _};

use super::owners::Owners;
use super::{ContainerError, Containers, look};
use crate::engine::{ContainerDescription, ContainerPort, Engine, EngineError, ListedContainer};

/// Most containers of a list.
const MAX_LISTED: usize = 2000;
/// Rows of a page.
const PAGE_SIZE: u32 = 25;
/// Inspections at once.
const INSPECTED_AT_ONCE: usize = 8;

impl Containers {
    /// Every container, the worst first.
    ///
    /// # Errors
    /// Where the environment is unknown or its engine does not answer.
    pub async fn list_containers(
        &self,
        actor: &Actor,
        environment: &str,
    ) -> Result<Vec<ContainerView>, ContainerError> {
        let (environment, engine) = self.engine(actor, environment).await?;
        let owners = self.owners(&environment).await?;
        let mut listed = look(engine.list_containers()).await?;
        sort(&mut listed);
        listed.truncate(MAX_LISTED);
        views(&engine, listed, &owners).await
    }

    /// One page of those that fit the query, the worst first.
    ///
    /// # Errors
    /// Where the environment is unknown or its engine does not answer.
    pub async fn page_containers(
        &self,
        actor: &Actor,
        environment: &str,
        query: &ContainerQuery,
    ) -> Result<ContainerPage, ContainerError> {
        let (environment, engine) = self.engine(actor, environment).await?;
        let owners = self.owners(&environment).await?;
        let mut listed = look(engine.list_containers()).await?;
        let everything = listed.len() as u64;
        let products = products(&listed, &owners);
        listed.retain(|container| fits(container, query));
        sort(&mut listed);
        let total = listed.len() as u64;
        let page = query.page.unwrap_or(1).max(1);
        let skipped = (page as usize - 1).saturating_mul(PAGE_SIZE as usize);
        let shown = listed
            .into_iter()
            .skip(skipped)
            .take(PAGE_SIZE as usize)
            .collect();
        Ok(ContainerPage {
            environment_id: environment.id.to_string(),
            containers: views(&engine, shown, &owners).await?,
            total,
            everything,
            page,
            page_size: PAGE_SIZE,
            products,
        })
    }
}

pub(super) fn group_of(listed: &ListedContainer) -> ContainerGroup {
    let seen = &listed.container;
    ContainerGroup::of(seen.state, seen.health, seen.exit_code)
}

fn sort(listed: &mut [ListedContainer]) {
    listed.sort_by(|a, b| {
        let by_name = || a.container.name.cmp(&b.container.name);
        group_of(a).cmp(&group_of(b)).then_with(by_name)
    });
}

fn fits(listed: &ListedContainer, query: &ContainerQuery) -> bool {
    let seen = &listed.container;
    let named = query.search.as_ref().is_none_or(|search| {
        let search = search.to_lowercase();
        let mut texts = [&seen.name, &seen.image].into_iter();
        texts.any(|text| text.to_lowercase().contains(&search))
    });
    let grouped = query.state.is_none_or(|group| group_of(listed) == group);
    let owned = query.product.as_ref().is_none_or(|product| {
        let owner = seen.ownership.as_ref();
        owner.is_some_and(|owner| owner.product == *product)
    });
    named && grouped && owned
}

/// Group ids and names, by name.
fn products(listed: &[ListedContainer], owners: &Owners) -> Vec<(String, String)> {
    let owned = listed
        .iter()
        .filter_map(|listed| listed.container.ownership.as_ref());
    let mut all: Vec<(String, String)> = owned
        .map(|ownership| {
            let owner = owners.owner(ownership);
            (owner.product_group_id, owner.product_name)
        })
        .collect();
    all.sort_by(|a, b| (&a.1, &a.0).cmp(&(&b.1, &b.0)));
    all.dedup_by(|a, b| a.0 == b.0);
    all
}

/// Each with what only an inspection tells. One that is gone since is left as the list had it.
async fn views(
    engine: &Arc<dyn Engine>,
    listed: Vec<ListedContainer>,
    owners: &Owners,
) -> Result<Vec<ContainerView>, ContainerError> {
    let inspected = futures::stream::iter(listed)
        .map(|listed| async move {
            match engine.describe_container(&listed.container.id).await {
                Ok(description) => Ok((listed, Some(description))),
                Err(EngineError::NotFound { .. }) => Ok((listed, None)),
                Err(error) => Err(error),
            }
        })
        .buffered(INSPECTED_AT_ONCE)
        .try_collect::<Vec<_>>();
    let views = look(inspected).await?.into_iter();
    let views = views.map(|(listed, description)| view(listed, description.as_ref(), owners));
    Ok(views.collect())
}

pub(super) fn view(
    listed: ListedContainer,
    description: Option<&ContainerDescription>,
    owners: &Owners,
) -> ContainerView {
    let seen = listed.container;
    let ownership = seen.ownership.as_ref();
    ContainerView {
        owner: ownership.map(|ownership| owners.owner(ownership)),
        busy: ownership.and_then(|ownership| owners.busy(ownership)),
        id: seen.id,
        name: seen.name,
        image: seen.image,
        state: seen.state,
        status: listed.status,
        created: listed.created_at.map(Timestamp::from_millis),
        ports: listed.ports.into_iter().map(port).collect(),
        labels: listed.labels,
        health_status: seen.health,
        failing_streak: description.map_or(0, |about| about.failing_streak),
        restart_count: description.map_or(0, |about| about.details.restart_count),
        exit_code: seen.exit_code,
    }
}

fn port(port: ContainerPort) -> ContainerPortView {
    ContainerPortView {
        private_port: port.private,
        public_port: port.public,
        kind: port.protocol,
        ip: port.host_ip,
    }
}
