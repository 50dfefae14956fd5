//! Health as it changes, into what the page of a deployment shows. A frame that is missed costs nothing: the next stream begins with
//! everything, and the page is asked for again and again besides.

use std::sync::Arc;

use domain::wire::{HealthFrame, HealthView, ProductDeploymentDetail, ServiceState};
use leptos::prelude::*;

use super::Tab;
use super::polled::Polled;
use crate::json;

/// Puts what a frame says into a detail; false where it says nothing about it.
pub fn apply(detail: &mut ProductDeploymentDetail, frame: &HealthFrame) -> bool {
    let told = frame
        .deployments
        .iter()
        .find(|told| told.product_deployment_id == detail.product_deployment_id);
    if let Some(told) = told {
        detail.health = told.health.clone();
        for stack in &mut detail.stacks {
            let mut parts = told.stacks.iter();
            if let Some(part) = parts.find(|part| part.deployment_id == stack.deployment_id) {
                stack.health = part.health.clone();
                stack.services = part.services.clone();
            }
        }
        return true;
    }
    // Nothing changed, and it was seen again.
    if frame.complete || frame.observed_at <= detail.health.observed_at {
        return false;
    }
    let seen = |health: &mut HealthView| {
        health.observed_at = frame.observed_at;
        health.source = frame.source;
    };
    seen(&mut detail.health);
    for stack in &mut detail.stacks {
        seen(&mut stack.health);
        for service in stack.services.iter_mut().flatten() {
            seen(&mut service.service_health);
        }
    }
    true
}

/// Follows the health of what is shown until the page is left.
pub fn follow_health(polled: Polled<ProductDeploymentDetail>) {
    let (environment, id) = polled.data.with_untracked(|detail| {
        let (environment, id) = (&detail.environment_id, &detail.product_deployment_id);
        (environment.clone(), id.clone())
    });
    Tab::of_page().want_deployment(environment, id, Arc::new(Receiver(polled)));
}

/// What the stream of the tab does with frames of health. The code lies with the page that shows them, and not with the stream, which
/// every page loads.
#[cfg_attr(
    not(feature = "hydrate"),
    expect(dead_code, reason = "only browsers listen")
)]
pub(super) trait TakeHealth: Send + Sync {
    /// Takes in and shows one frame; none where it cannot be read.
    fn take(&self, text: &str) -> Option<()>;
}

struct Receiver(Polled<ProductDeploymentDetail>);

impl TakeHealth for Receiver {
    fn take(&self, text: &str) -> Option<()> {
        let frame = json::read::<HealthFrame>(text.as_bytes()).ok()?;
        let Self(polled) = self;
        let applied = polled
            .data
            .try_maybe_update(|detail| (apply(detail, &frame), ()));
        if applied.is_some() {
            polled.stale.try_set(false);
        }
        Some(())
    }
}

/// The same without the time of the look, which changes without anything having changed.
#[must_use]
pub fn still(mut health: HealthView) -> HealthView {
    health.observed_at = None;
    health.source = domain::health::HealthSource::Resync;
    health
}

/// The same for the services of a stack.
#[must_use]
pub fn still_services(services: Option<Vec<ServiceState>>) -> Option<Vec<ServiceState>> {
    let each = services?.into_iter().map(|service| ServiceState {
        service_health: still(service.service_health),
        ..service
    });
    Some(each.collect())
}

#[cfg(test)]
mod tests {
    use domain::deployment::{OperationMode, ProductStatus, StackStatus};
    use domain::health::{HealthSource, HealthStatus, Wanted};
    use domain::timestamp::Timestamp;
    use domain::wire::{DeploymentHealth, StackDetail, StackHealthPart};

    use super::*;

    fn view(status: HealthStatus, seen: i64) -> HealthView {
        HealthView {
            status,
            reason: String::new(),
            since: None,
            observed_at: Some(Timestamp::from_millis(seen)),
            source: HealthSource::Resync,
            healthy_services: 0,
            total_services: 0,
            wanted: Wanted::Running,
            operation_active: false,
        }
    }

    fn detail() -> ProductDeploymentDetail {
        ProductDeploymentDetail {
            product_deployment_id: "shop".to_owned(),
            environment_id: "local".to_owned(),
            product_group_id: String::new(),
            product_id: String::new(),
            product_name: String::new(),
            product_display_name: String::new(),
            product_version: None,
            deployment_name: String::new(),
            status: ProductStatus::Running,
            created_at: Timestamp::from_millis(0),
            completed_at: None,
            error_message: None,
            continue_on_error: true,
            total_stacks: 1,
            completed_stacks: 1,
            failed_stacks: 0,
            previous_version: None,
            last_upgraded_at: None,
            upgrade_count: 0,
            release: 1,
            target_version: None,
            can_retry: false,
            can_upgrade: false,
            can_remove: false,
            can_redeploy: false,
            can_stop: false,
            can_restart: false,
            can_enter_maintenance: false,
            can_exit_maintenance: false,
            can_rollback: false,
            operation_mode: OperationMode::Normal,
            maintenance_trigger: None,
            duration_seconds: None,
            stacks: vec![StackDetail {
                stack_name: "web".to_owned(),
                stack_display_name: "Web".to_owned(),
                stack_id: String::new(),
                deployment_id: "web".to_owned(),
                deployment_stack_name: String::new(),
                status: StackStatus::Running,
                started_at: None,
                completed_at: None,
                error_message: None,
                order: 0,
                service_count: 0,
                is_new_in_upgrade: false,
                depends_on: Vec::new(),
                health: view(HealthStatus::Healthy, 1),
                services: Some(Vec::new()),
            }],
            shared_variables: std::collections::BTreeMap::new(),
            active_operation_id: None,
            last_operation_id: None,
            deployed_by: String::new(),
            health: view(HealthStatus::Healthy, 1),
        }
    }

    fn frame(complete: bool, seen: i64, deployments: Vec<DeploymentHealth>) -> HealthFrame {
        HealthFrame {
            environment_id: "local".to_owned(),
            complete,
            observed_at: Some(Timestamp::from_millis(seen)),
            source: HealthSource::Event,
            engine_answers: true,
            deployments,
            gone: Vec::new(),
        }
    }

    #[test]
    fn a_change_reaches_the_product_and_its_stacks() {
        let mut shown = detail();
        let told = DeploymentHealth {
            product_deployment_id: "shop".to_owned(),
            health: view(HealthStatus::Unhealthy, 2),
            stacks: vec![StackHealthPart {
                deployment_id: "web".to_owned(),
                stack_name: "web".to_owned(),
                health: view(HealthStatus::Unhealthy, 2),
                services: None,
            }],
        };
        assert!(apply(&mut shown, &frame(false, 2, vec![told])));
        assert_eq!(shown.health.status, HealthStatus::Unhealthy);
        assert_eq!(shown.stacks[0].health.status, HealthStatus::Unhealthy);
        assert_eq!(shown.stacks[0].services, None);
    }

    #[test]
    fn a_look_without_a_change_makes_what_is_shown_younger() {
        let mut shown = detail();
        assert!(apply(&mut shown, &frame(false, 5, Vec::new())));
        assert_eq!(
            shown.health,
            HealthView {
                source: HealthSource::Event,
                ..view(HealthStatus::Healthy, 5)
            }
        );
        assert!(!apply(&mut shown, &frame(false, 4, Vec::new())));
        // Everything was told, and this was not in it.
        assert!(!apply(&mut shown, &frame(true, 9, Vec::new())));
    }
}
