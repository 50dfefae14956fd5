//! How a container takes the place of an old one.
//!
//! The new one is made beside the old one, under a name with its generation. Where nothing forbids it, it is healthy before the old
//! one is stopped; otherwise the old one is stopped first, and kept. When every stack has ended, the old one is removed and the new
//! one takes the plain name.

use std::collections::HashMap;

use super::{
    Action, Builder, Change, ChangeKind, ContainerState, Downtime, Extent, Health, Made, Need,
    ObservedContainer, ReplaceOrder, StackSpec, Turn, anyhow, is_awaited_to_end, is_up, well,
};
use crate::plan::ImageChange;
use crate::spec::{MountSpec, ServiceSpec, UpdateOrder};

/// Label of a service that a redeploy leaves alone.
const REDEPLOY: &str = "rsgo.redeploy";
/// Its value.
const IGNORE: &str = "ignore";

/// The name of a container until the one that it replaces is gone.
#[must_use]
pub fn replacement_name(plain: &str, generation: u32) -> String {
    format!("{plain}.g{generation}")
}

/// A container that gives way, and stays until every stack has ended.
pub(super) struct Displaced {
    pub(super) stack: String,
    pub(super) service: String,
    /// Its name on the engine.
    pub(super) container: String,
    pub(super) id: String,
    /// The replica that takes its name, and the name that this one has until then.
    pub(super) taken_over: Option<(u32, String)>,
}

/// In which order a service's containers are replaced, and what forbids to start the new one first.
pub(super) fn order_of(service: &ServiceSpec) -> (ReplaceOrder, String) {
    match forbids_start_first(service) {
        Some(because) => (ReplaceOrder::StopFirst, because),
        None => (ReplaceOrder::StartFirst, String::new()),
    }
}

fn forbids_start_first(service: &ServiceSpec) -> Option<String> {
    if service.update_order == Some(UpdateOrder::StopFirst) {
        return Some("deploy.update_config.order is stop-first".to_owned());
    }
    let mut published = service
        .ports
        .iter()
        .filter_map(|port| port.published.as_ref());
    if let Some(port) = published.next() {
        return Some(format!("it publishes the host port {port}"));
    }
    if service.network_mode.as_deref() == Some("host") {
        return Some("it is on the host's network".to_owned());
    }
    let has_address = |on: &crate::spec::NetworkAttachment| {
        on.ipv4_address.is_some() || on.ipv6_address.is_some() || on.mac_address.is_some()
    };
    if service.networks.iter().any(has_address) || service.runtime.mac_address.is_some() {
        return Some("it has a fixed address".to_owned());
    }
    if !service.runtime.volumes_from.is_empty() {
        return Some("it shares the volumes of another container".to_owned());
    }
    // Who runs several copies on one volume says that this is no harm.
    if service.replicas > 1 {
        return None;
    }
    service.mounts.iter().find_map(|mount| match mount {
        MountSpec::Volume {
            source: Some(source),
            read_only: false,
            ..
        } => Some(format!(
            "two of it must not write to the volume {source} at once"
        )),
        MountSpec::Bind {
            source,
            read_only: false,
            ..
        } => Some(format!("two of it must not write to {source} at once")),
        _ => None,
    })
}

impl<'a> Builder<'a> {
    /// Why the container is made anew; none where it is what would be made, and does what it should.
    pub(super) fn difference(
        &self,
        spec: &StackSpec,
        service: &ServiceSpec,
        replica: u32,
        old: &ObservedContainer,
    ) -> Option<String> {
        let cause = |text: &str| Some(text.to_owned());
        let owner = self.owner(old.ownership.as_ref())?;
        let the_same_place =
            owner.stack == spec.stack && owner.service == service.name && owner.replica == replica;
        if !the_same_place {
            return cause("it belongs to another service");
        }
        let ignored = service
            .labels
            .get(REDEPLOY)
            .is_some_and(|value| value == IGNORE);
        if self.input.extent == Extent::All && !ignored {
            return cause("a redeploy replaces every container");
        }
        if owner.spec_hash != service_hash(service, &self.reference(service)) {
            return cause("its specification changed");
        }
        // What the registry has is known only once it was asked.
        match self.present(service) {
            None if self.input.extent == Extent::All => {}
            None => return cause("its image is pulled anew"),
            Some(image) if image.id != old.image_id => return cause("its image changed"),
            Some(_) => {}
        }
        // Any other service that ended well may have been told to, when it failed: it is not what was wanted.
        let ends = service.lifecycle.is_init() || is_awaited_to_end(spec, &service.name);
        match old.state {
            ContainerState::Running if service.lifecycle.is_init() => cause("it should have ended"),
            ContainerState::Running if old.health == Health::Unhealthy => cause("it is unhealthy"),
            ContainerState::Running => None,
            ContainerState::Exited if ends && old.exit_code == Some(0) => None,
            ContainerState::Exited | ContainerState::Dead => match old.exit_code {
                Some(code) => Some(format!("it does not run: it ended with exit code {code}")),
                None => cause("it does not run"),
            },
            _ => cause("it does not run"),
        }
    }

    /// Says what happens, for people.
    #[expect(
        clippy::too_many_arguments,
        reason = "each is one fact of one line that people read"
    )]
    pub(super) fn tell(
        &mut self,
        spec: &StackSpec,
        service: &ServiceSpec,
        container: &str,
        old: Option<&ObservedContainer>,
        cause: &str,
        order: ReplaceOrder,
        forbids: &str,
    ) {
        let serves = old.filter(|old| is_up(old.state) && !service.lifecycle.is_init());
        let downtime = match (serves, order) {
            (Some(_), ReplaceOrder::StopFirst) => Downtime::WhileReplaced {
                because: forbids.to_owned(),
            },
            _ => Downtime::None,
        };
        let image = ImageChange {
            reference: self.reference(service),
            old_reference: old.map(|old| old.image.clone()),
            old_id: old.map(|old| old.image_id.clone()),
            new_id: self.present(service).map(|image| image.id.clone()),
            registry_digest: None,
            pulled: self.is_pulled(service),
        };
        self.changes.push(Change {
            stack: spec.stack.clone(),
            service: service.name.clone(),
            container: container.to_owned(),
            kind: match old {
                Some(_) => ChangeKind::Replace,
                None => ChangeKind::Create,
            },
            cause: cause.to_owned(),
            order: serves.map(|_| order),
            downtime,
            image: Some(image),
        });
    }

    pub(super) fn stop(
        &mut self,
        stack: &str,
        service: &str,
        container: &ObservedContainer,
        cause: &str,
        needs: Vec<Need>,
    ) -> usize {
        let action = Action::StopContainer {
            stack: stack.to_owned(),
            service: service.to_owned(),
            container: container.name.clone(),
            id: container.id.clone(),
        };
        self.add(format!("stop {}", container.name), action, cause, needs)
    }

    /// The beginning of a redeploy: what cannot run beside its replacement is stopped, dependents first. The stops are taken out of
    /// `created`, so that they are not planned again.
    pub(super) fn take_down(
        &mut self,
        spec: &StackSpec,
        services: &[&ServiceSpec],
        created: &mut HashMap<&str, Vec<Made<'a>>>,
        (needs, cause): &mut (Vec<Need>, String),
    ) -> Vec<usize> {
        let stack = spec.stack.clone();
        let begun = self.add(
            format!("take down {stack}"),
            Action::BeginStack {
                stack: stack.clone(),
                turn: Turn::TakeDown,
            },
            cause.clone(),
            std::mem::take(needs),
        );
        let mut before = vec![begun];
        let mut stopped: HashMap<&str, Vec<usize>> = HashMap::new();
        for service in services.iter().rev() {
            let made = created.get_mut(service.name.as_str()).into_iter().flatten();
            let mut stops = Vec::new();
            for made in made.filter(|made| made.order == ReplaceOrder::StopFirst) {
                // Made first: nothing is stopped before its replacement is there.
                let mut needs = vec![well(begun), well(made.step)];
                let dependents = services
                    .iter()
                    .filter(|other| other.depends_on.iter().any(|d| d.service == service.name));
                for dependent in dependents {
                    let first = stopped.get(dependent.name.as_str()).into_iter().flatten();
                    needs.extend(first.copied().map(well));
                }
                needs.sort_by_key(|need| need.step);
                if let Some(old) = made.old.take() {
                    let cause = "its place must be free before the new one starts";
                    stops.push(self.stop(&stack, &service.name, old, cause, needs));
                }
            }
            before.extend(&stops);
            stopped.insert(&service.name, stops);
        }
        before
    }

    /// What is done once every stack has ended: old containers of stacks that went well are removed, and the new ones take their names.
    pub(super) fn tidy_up(&mut self) {
        let mut finished: Vec<usize> = self.finished.values().copied().collect();
        finished.sort_unstable();
        // Where everything may have to return, what it returns to stays until everything has come through.
        let everything = self.input.on_failure != crate::product::OnFailure::Keep;
        let after = |own: Option<&usize>| -> Vec<Need> {
            let need = |&step: &usize| match everything || Some(&step) == own {
                true => well(step),
                false => anyhow(step),
            };
            finished.iter().map(need).collect()
        };
        let mut removed: HashMap<String, Vec<usize>> = HashMap::new();
        for displaced in std::mem::take(&mut self.displaced) {
            let Displaced {
                stack,
                service,
                container,
                id,
                taken_over,
            } = displaced;
            let needs = after(self.finished.get(&stack));
            let action = Action::RemoveContainer {
                stack: stack.clone(),
                service: service.clone(),
                container: container.clone(),
                id,
            };
            let cause = match taken_over {
                Some(_) => "the new one has taken its place",
                None => "no service has its name any more",
            };
            let key = format!("remove {container}");
            let step = self.add(key, action, cause, needs);
            self.steps[step].tidies = true;
            removed.entry(stack.clone()).or_default().push(step);
            if let Some((replica, from)) = taken_over {
                let cause = "the name is free";
                let key = format!("rename {from}");
                let action = Action::TakeName {
                    stack,
                    service,
                    replica,
                    from,
                };
                let step = self.add(key, action, cause, vec![well(step)]);
                self.steps[step].tidies = true;
            }
        }
        for (stack, name) in std::mem::take(&mut self.left_networks) {
            let mut needs = after(self.finished.get(&stack));
            needs.extend(removed.get(&stack).into_iter().flatten().copied().map(well));
            let key = format!("remove network {name}");
            let cause = "no stack is on it any more";
            let step = self.add(key, Action::RemoveNetwork { stack, name }, cause, needs);
            self.steps[step].tidies = true;
        }
    }
}

/// The hash that a container of this service has which runs the given reference.
fn service_hash(service: &ServiceSpec, reference: &str) -> String {
    if service.image.to_string() == reference {
        return service.hash();
    }
    service.pinned(reference).hash()
}
