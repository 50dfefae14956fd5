//! What is there and has no place any more: containers and networks of services and stacks that are not wanted.

use super::{
    Action, Builder, Change, ChangeKind, Displaced, Downtime, Need, ObservedContainer, Ownership,
    StackSpec, Turn, is_up, well,
};

impl Builder<'_> {
    /// Stops what is left of the stack's services that are gone, before anything starts: it may hold a port. It is removed when
    /// every stack has ended. The first stack takes along what was left of stacks that nobody knows any more.
    pub(super) fn clear_left_over(&mut self, spec: &StackSpec, after_pulls: &[Need]) -> Vec<usize> {
        let input = self.input;
        let is_first = self.finished.is_empty();
        let is_known = |stack: &str| {
            let wanted = input.stacks.iter().any(|other| other.spec.stack == stack);
            wanted || input.gone.iter().any(|gone| gone == stack)
        };
        let concerns =
            |owner: &Ownership| owner.stack == spec.stack || (is_first && !is_known(&owner.stack));
        let containers: Vec<&ObservedContainer> = input
            .observed
            .containers
            .iter()
            .filter(|container| {
                let owner = self.owner(container.ownership.as_ref());
                owner.is_some_and(concerns) && !self.is_planned_name(&container.name)
            })
            .collect();
        let stops = self.displace(&spec.stack, &containers, after_pulls);
        let networks = input.observed.networks.iter().filter(|network| {
            let owner = self.owner(network.ownership.as_ref());
            owner.is_some_and(concerns) && !self.is_planned_network(&network.name)
        });
        let networks: Vec<String> = networks.map(|network| network.name.clone()).collect();
        for name in networks {
            self.left_networks.push((spec.stack.clone(), name));
        }
        stops
    }

    /// A stack that the product does not have any more: stopped when its turn has come, removed when every stack has ended.
    pub(super) fn gone_stack(&mut self, stack: &str) {
        let input = self.input;
        let mut needs: Vec<Need> = self.after_pulls(stack);
        needs.append(&mut self.previous);
        needs.sort_by_key(|need| need.step);
        needs.dedup_by_key(|need| need.step);
        let begun = self.add(
            format!("begin {stack}"),
            Action::BeginStack {
                stack: stack.to_owned(),
                turn: Turn::Remove,
            },
            "the product does not have it any more",
            needs,
        );
        let of_it = |owner: &Ownership| owner.stack == stack;
        let containers: Vec<&ObservedContainer> = input
            .observed
            .containers
            .iter()
            .filter(|container| {
                let owner = self.owner(container.ownership.as_ref());
                owner.is_some_and(of_it) && !self.is_planned_name(&container.name)
            })
            .collect();
        self.displace(stack, &containers, &[well(begun)]);
        let networks = input.observed.networks.iter().filter(|network| {
            let owner = self.owner(network.ownership.as_ref());
            owner.is_some_and(of_it) && !self.is_planned_network(&network.name)
        });
        let networks: Vec<String> = networks.map(|network| network.name.clone()).collect();
        for name in networks {
            self.left_networks.push((stack.to_owned(), name));
        }
        self.finish(stack, Turn::Remove);
    }

    fn displace(
        &mut self,
        stack: &str,
        containers: &[&ObservedContainer],
        needs: &[Need],
    ) -> Vec<usize> {
        let mut stops = Vec::new();
        for container in containers {
            let service = container
                .ownership
                .as_ref()
                .map(|owner| owner.service.clone())
                .unwrap_or_default();
            if is_up(container.state) {
                let cause = "no service has its name any more";
                stops.push(self.stop(stack, &service, container, cause, needs.to_vec()));
            }
            self.changes.push(Change {
                stack: stack.to_owned(),
                service: service.clone(),
                container: container.name.clone(),
                kind: ChangeKind::Remove,
                cause: "no service has its name any more".to_owned(),
                order: None,
                downtime: match is_up(container.state) {
                    true => Downtime::ForGood,
                    false => Downtime::None,
                },
                image: None,
            });
            self.displaced.push(Displaced {
                stack: stack.to_owned(),
                service,
                container: container.name.clone(),
                id: container.id.clone(),
                taken_over: None,
            });
        }
        stops
    }

    /// Whether a wanted service has this name, in scope or not.
    fn is_planned_name(&self, name: &str) -> bool {
        let services = self
            .input
            .stacks
            .iter()
            .flat_map(|stack| stack.spec.services.values());
        services.into_iter().any(|service| {
            (1..=service.replicas.max(1)).any(|replica| service.container_name_of(replica) == name)
        })
    }

    fn is_planned_network(&self, name: &str) -> bool {
        self.input
            .stacks
            .iter()
            .flat_map(|stack| stack.spec.networks.values())
            .any(|network| network.name == name)
    }
}
