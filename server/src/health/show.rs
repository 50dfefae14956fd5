//! What was seen as the API and the pages show it. While the engine is silent nothing is claimed: every state becomes unknown, with the
//! reason and the time since then.

use domain::environment::Environment;
use domain::health::{
    ContainerHealth, HealthStatus, ProductHealth, ServiceHealth, StackHealth, State, Tally, Wanted,
};
use domain::plan::Health;
use domain::wire::{
    DeploymentHealth, EnvironmentHealthSummary, HealthTransitionView, HealthView,
    ServiceHealthView, ServiceState, ServicesHealth, StackHealthDetail, StackHealthPart,
    StackHealthSummary,
};

use super::requires_attention;
use crate::reconcile::{Snapshot, Watched};
use crate::store::{HealthTransition, StandingRow};

/// The sentence about what nobody has looked at yet.
const NOT_SEEN: &str = "The engine was not looked at yet.";

/// One state among others of a snapshot.
fn view(
    seen: &Snapshot,
    state: &State,
    wanted: Wanted,
    tally: Tally,
    operation_active: bool,
) -> HealthView {
    let (status, reason, since, healthy) = match &seen.silence {
        Some(silence) => (
            HealthStatus::Unknown,
            silence.sentence.to_owned(),
            silence.since,
            0,
        ),
        None => (
            state.status,
            state.reason.clone(),
            state.since,
            tally.healthy,
        ),
    };
    HealthView {
        status,
        reason,
        since: Some(since),
        observed_at: seen.observed_at,
        source: seen.source,
        healthy_services: healthy,
        total_services: tally.total,
        wanted,
        operation_active,
    }
}

/// What is said of something that was not seen yet.
pub(crate) fn unseen(seen: &Snapshot, wanted: Wanted, operation_active: bool) -> HealthView {
    let silence = seen.silence.as_ref();
    HealthView {
        status: HealthStatus::Unknown,
        reason: silence
            .map_or(NOT_SEEN, |silence| silence.sentence)
            .to_owned(),
        since: silence.map(|silence| silence.since),
        observed_at: None,
        source: seen.source,
        healthy_services: 0,
        total_services: 0,
        wanted,
        operation_active,
    }
}

/// A whole product.
pub(crate) fn product(watched: &Watched, seen: &Snapshot) -> HealthView {
    let health = &watched.health;
    view(
        seen,
        &health.state,
        health.wanted,
        health.tally(),
        watched.operation_active,
    )
}

/// A whole stack.
pub(crate) fn stack(stack: &StackHealth, watched: &Watched, seen: &Snapshot) -> HealthView {
    view(
        seen,
        &stack.state,
        stack.wanted,
        stack.tally(),
        watched.operation_active,
    )
}

/// The containers of a stack, one after the other; none while nobody knows.
pub(crate) fn services(
    stack: &StackHealth,
    watched: &Watched,
    seen: &Snapshot,
) -> Option<Vec<ServiceState>> {
    let services = stack.services.as_ref().filter(|_| seen.silence.is_none())?;
    let each = services.iter().flat_map(|service| {
        let tally = Tally {
            healthy: u32::from(service.state.status.is_good()),
            total: 1,
        };
        let health = view(
            seen,
            &service.state,
            stack.wanted,
            tally,
            watched.operation_active,
        );
        let containers = service.containers.iter();
        containers.map(move |container| service_state(service, container, health.clone()))
    });
    Some(each.collect())
}

fn service_state(
    service: &ServiceHealth,
    container: &ContainerHealth,
    health: HealthView,
) -> ServiceState {
    let found = container.seen.as_ref();
    ServiceState {
        name: service.name.clone(),
        init: service.init,
        image: service.image.clone(),
        container_name: container.name.clone(),
        container_id: found.map(|container| container.id.clone()),
        state: found.map(|container| container.state),
        health: found.map_or(Health::None, |container| container.health),
        exit_code: found.and_then(|container| container.exit_code),
        service_health: health,
    }
}

/// A product with all its parts.
pub(super) fn deployment(watched: &Watched, seen: &Snapshot) -> DeploymentHealth {
    let parts = watched.health.stacks.iter().map(|part| StackHealthPart {
        deployment_id: part.id.to_string(),
        stack_name: part.name.clone(),
        health: stack(part, watched, seen),
        services: services(part, watched, seen),
    });
    DeploymentHealth {
        product_deployment_id: watched.id.to_string(),
        health: product(watched, seen),
        stacks: parts.collect(),
    }
}

/// All stacks of an environment; those that nobody has seen yet are unknown.
pub(super) fn summary(
    environment: &Environment,
    rows: &[StandingRow],
    seen: &Snapshot,
) -> EnvironmentHealthSummary {
    let stacks: Vec<StackHealthSummary> = rows
        .iter()
        .flat_map(|row| {
            let watched = seen.deployments.get(&row.id);
            let ids = row.stack_ids.iter();
            ids.zip(&row.standing.stacks).map(move |(id, (name, _))| {
                let part = watched.and_then(|watched| {
                    let part = part(&watched.health, name)?;
                    Some((part, stack(part, watched, seen)))
                });
                let (stack_name, health) = match part {
                    Some((part, health)) => (part.display_name.clone(), health),
                    None => {
                        let wanted = row.standing.wanted_of(name);
                        (name.clone(), unseen(seen, wanted, row.operation_active))
                    }
                };
                StackHealthSummary {
                    deployment_id: id.to_string(),
                    stack_name,
                    current_version: row.product_version.clone(),
                    overall_status: health.status,
                    operation_mode: row.standing.mode,
                    healthy_services: health.healthy_services,
                    total_services: health.total_services,
                    requires_attention: requires_attention(health.status, health.operation_active),
                    status_message: health.reason,
                    captured_at_utc: health.observed_at,
                    product_deployment_id: row.id.to_string(),
                    product_display_name: row.product_display_name.clone(),
                    wanted: health.wanted,
                    operation_active: health.operation_active,
                }
            })
        })
        .collect();
    let count = |statuses: &[HealthStatus]| {
        let found = stacks
            .iter()
            .filter(|stack| statuses.contains(&stack.overall_status));
        u32::try_from(found.count()).unwrap_or(u32::MAX)
    };
    EnvironmentHealthSummary {
        environment_id: environment.id.to_string(),
        environment_name: environment.name.clone(),
        total_stacks: u32::try_from(stacks.len()).unwrap_or(u32::MAX),
        healthy_count: count(&[HealthStatus::Healthy, HealthStatus::Running]),
        degraded_count: count(&[HealthStatus::Degraded]),
        unhealthy_count: count(&[HealthStatus::Unhealthy, HealthStatus::NotFound]),
        unknown_count: count(&[HealthStatus::Unknown]),
        observed_at_utc: seen.observed_at,
        stacks,
    }
}

/// One stack in full; the whole product in the shape of one where none is named.
pub(super) fn stack_detail(
    environment: &Environment,
    row: &StandingRow,
    name: Option<&str>,
    seen: &Snapshot,
) -> StackHealthDetail {
    let watched = seen.deployments.get(&row.id);
    let named = watched.and_then(|watched| part(&watched.health, name?));
    let health = match (watched, named, name) {
        (Some(watched), Some(part), _) => stack(part, watched, seen),
        (Some(watched), None, None) => product(watched, seen),
        _ => {
            let wanted = match name {
                Some(name) => row.standing.wanted_of(name),
                None => row.standing.wanted(),
            };
            unseen(seen, wanted, row.operation_active)
        }
    };
    let parts: Vec<&StackHealth> = match (named, name) {
        (Some(part), _) => vec![part],
        (None, None) => watched
            .iter()
            .flat_map(|watched| &watched.health.stacks)
            .collect(),
        (None, Some(_)) => Vec::new(),
    };
    let services = parts
        .iter()
        .flat_map(|part| {
            let services = part.services.iter().flatten();
            services.map(|service| service_view(part, service, seen))
        })
        .collect();
    let id = match name {
        Some(name) => {
            let mut stacks = row.stack_ids.iter().zip(&row.standing.stacks);
            let found = stacks.find(|(_, (stack, _))| stack == name);
            found.map_or_else(String::new, |(id, _)| id.to_string())
        }
        None => row.id.to_string(),
    };
    let stack_name = match (named, name) {
        (Some(part), _) => part.display_name.clone(),
        (None, Some(name)) => name.to_owned(),
        (None, None) => row.product_display_name.clone(),
    };
    StackHealthDetail {
        deployment_id: id,
        environment_id: environment.id.to_string(),
        stack_name,
        current_version: row.product_version.clone(),
        target_version: None,
        overall_status: health.status,
        operation_mode: row.standing.mode,
        healthy_services: health.healthy_services,
        total_services: health.total_services,
        requires_attention: requires_attention(health.status, health.operation_active),
        captured_at_utc: health.observed_at,
        since_utc: health.since,
        source: health.source,
        operation_active: health.operation_active,
        own: ServicesHealth {
            status: health.status,
            healthy_count: health.healthy_services,
            total_count: health.total_services,
            services,
        },
        status_message: health.reason,
        product_deployment_id: row.id.to_string(),
        product_display_name: row.product_display_name.clone(),
    }
}

fn part<'a>(product: &'a ProductHealth, name: &str) -> Option<&'a StackHealth> {
    product.stacks.iter().find(|stack| stack.name == name)
}

fn service_view(
    stack: &StackHealth,
    service: &ServiceHealth,
    seen: &Snapshot,
) -> ServiceHealthView {
    let health = view(seen, &service.state, stack.wanted, Tally::default(), false);
    let first = service.containers.first();
    ServiceHealthView {
        name: service.name.clone(),
        stack_name: stack.display_name.clone(),
        status: health.status,
        container_id: first
            .and_then(|container| container.seen.as_ref())
            .map(|container| container.id.clone()),
        container_name: first.map(|container| container.name.clone()),
        reason: health.reason,
        since_utc: health.since,
        captured_at_utc: health.observed_at,
    }
}

/// A change as recorded.
pub(super) fn transition(transition: HealthTransition) -> HealthTransitionView {
    HealthTransitionView {
        stack_name: transition.stack,
        service_name: transition.service,
        from_status: transition.from,
        to_status: transition.to,
        reason: transition.reason,
        source: transition.source,
        operation_active: transition.operation_active,
        healthy_services: transition.tally.healthy,
        total_services: transition.tally.total,
        at_utc: transition.at,
    }
}
