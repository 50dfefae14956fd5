//! Plans the removal of a product: stacks in the reverse of their order, everything that is ours on the engine. Volumes stay, except
//! those that were named.

use std::collections::{BTreeSet, HashMap};

use super::lifecycle::{anyhow, dependency_order, well};
use super::{
    Action, Change, ChangeKind, Downtime, Need, Observed, ObservedContainer, Ownership,
    PLAN_VERSION, Plan, Step, StepKey, Turn,
};
use crate::id::EnvironmentId;
use crate::spec::StackSpec;

/// What a removal is planned from.
#[derive(Debug)]
pub struct RemoveInput<'a> {
    /// Group id of the product.
    pub product: &'a str,
    pub environment: EnvironmentId,
    /// Every stack, in manifest order.
    pub stacks: &'a [RemovedStack],
    /// Whether stacks follow their `depends_on`; otherwise each follows the one before.
    pub graph: bool,
    /// Each stack as it is deployed, where it can be rendered.
    pub specs: &'a [StackSpec],
    pub observed: &'a Observed,
    /// Names of volumes on the engine that go too, with their data.
    pub volumes: &'a [String],
}

/// A stack to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemovedStack {
    pub name: String,
    /// Names of stacks that it depends on: they go after it.
    pub depends_on: Vec<String>,
}

/// Makes the plan.
#[must_use]
pub fn plan_remove(input: &RemoveInput<'_>) -> Plan {
    let mut builder = Builder {
        input,
        steps: Vec::new(),
        changes: Vec::new(),
        finished: HashMap::new(),
    };
    let mut previous: Vec<Need> = Vec::new();
    let order = builder.order();
    for (turn, stack) in order.iter().enumerate() {
        let needs = match input.graph {
            true => builder.dependents(stack),
            false => std::mem::take(&mut previous),
        };
        let finish = builder.stack(stack, turn + 1 == order.len(), needs);
        previous = vec![anyhow(finish)];
        builder.finished.insert(stack.clone(), finish);
    }
    Plan {
        version: PLAN_VERSION,
        steps: builder.steps,
        changes: builder.changes,
        ..Plan::default()
    }
}

struct Builder<'a> {
    input: &'a RemoveInput<'a>,
    steps: Vec<Step>,
    changes: Vec<Change>,
    finished: HashMap<String, usize>,
}

impl<'a> Builder<'a> {
    fn add(&mut self, key: String, action: Action, cause: &str, needs: Vec<Need>) -> usize {
        self.steps.push(Step {
            key: StepKey::new(key),
            action,
            cause: cause.to_owned(),
            needs,
            tidies: false,
        });
        self.steps.len() - 1
    }

    /// Dependents first; in a graph by what depends on what, else the reverse of the manifest's order.
    fn order(&self) -> Vec<String> {
        let mut left: Vec<&RemovedStack> = self.input.stacks.iter().rev().collect();
        let mut order = Vec::new();
        while !left.is_empty() {
            let is_needed = |stack: &RemovedStack| {
                let others = left.iter().filter(|other| other.name != stack.name);
                self.input.graph
                    && others
                        .into_iter()
                        .any(|o| o.depends_on.contains(&stack.name))
            };
            // A circle cannot have been deployed; should there be one, the first goes first.
            let next = left.iter().position(|stack| !is_needed(stack)).unwrap_or(0);
            order.push(left.remove(next).name.clone());
        }
        order
    }

    fn dependents(&self, stack: &str) -> Vec<Need> {
        let dependents = self
            .input
            .stacks
            .iter()
            .filter(|other| other.depends_on.iter().any(|name| name == stack));
        let mut needs: Vec<Need> = dependents
            .filter_map(|other| self.finished.get(&other.name))
            .copied()
            .map(anyhow)
            .collect();
        needs.sort_by_key(|need| need.step);
        needs
    }

    fn is_ours(&self, owner: &Ownership) -> bool {
        owner.product == self.input.product && owner.environment == self.input.environment
    }

    /// Whether an object belongs to this stack; what belongs to none that is known goes with the last one.
    fn concerns(&self, owner: &Ownership, stack: &str, is_last: bool) -> bool {
        let known = || self.input.stacks.iter().any(|it| it.name == owner.stack);
        self.is_ours(owner) && (owner.stack == stack || (is_last && !known()))
    }

    fn stack(&mut self, stack: &str, is_last: bool, needs: Vec<Need>) -> usize {
        let cause = match needs.is_empty() {
            true => "nothing depends on it",
            false => "what depends on it goes first",
        };
        let begin = Action::BeginStack {
            stack: stack.to_owned(),
            turn: Turn::Remove,
        };
        let begun = self.add(format!("begin {stack}"), begin, cause, needs);
        let removed = self.containers(stack, is_last, begun);
        self.networks(stack, is_last, begun, &removed);
        self.volumes(stack, is_last, begun, &removed);
        let needs = (0..self.steps.len())
            .filter(|&step| self.steps[step].action.concerns(stack))
            .map(anyhow)
            .collect();
        let finish = Action::FinishStack {
            stack: stack.to_owned(),
            turn: Turn::Remove,
        };
        let cause = "every step of the stack has ended";
        self.add(format!("finish {stack}"), finish, cause, needs)
    }

    fn containers(&mut self, stack: &str, is_last: bool, begun: usize) -> Vec<usize> {
        let input = self.input;
        let spec = input.specs.iter().find(|spec| spec.stack == stack);
        let order = spec.map(dependency_order).unwrap_or_default();
        let mut containers: Vec<(&ObservedContainer, &Ownership)> = input
            .observed
            .containers
            .iter()
            .filter_map(|container| Some((container, container.ownership.as_ref()?)))
            .filter(|(_, owner)| self.concerns(owner, stack, is_last))
            .collect();
        containers.sort_by_key(|(_, owner)| {
            let known = order.iter().position(|name| **name == owner.service);
            std::cmp::Reverse(known.unwrap_or(usize::MAX))
        });
        let mut by_service: HashMap<&str, Vec<usize>> = HashMap::new();
        let mut removed = Vec::new();
        for (container, owner) in containers {
            let mut needs = vec![well(begun)];
            let services = spec.into_iter().flat_map(|spec| spec.services.values());
            let dependents = services.filter(|other| {
                let mut names = other.depends_on.iter().map(|d| d.service.as_str());
                names.any(|name| name == owner.service)
            });
            for other in dependents {
                let steps = by_service.get(other.name.as_str()).into_iter().flatten();
                needs.extend(steps.copied().map(anyhow));
            }
            needs.sort_by_key(|need| need.step);
            let action = Action::RemoveContainer {
                stack: stack.to_owned(),
                service: owner.service.clone(),
                container: container.name.clone(),
                id: container.id.clone(),
            };
            let cause = "the product is removed";
            let step = self.add(format!("remove {}", container.name), action, cause, needs);
            by_service.entry(&owner.service).or_default().push(step);
            removed.push(step);
            self.changes.push(Change {
                stack: stack.to_owned(),
                service: owner.service.clone(),
                container: container.name.clone(),
                kind: ChangeKind::Remove,
                cause: cause.to_owned(),
                order: None,
                downtime: Downtime::ForGood,
                image: None,
            });
        }
        removed
    }

    /// Once the stack's containers are gone, and those of other stacks that are on the network.
    fn networks(&mut self, stack: &str, is_last: bool, begun: usize, removed: &[usize]) {
        let input = self.input;
        // In a graph nobody knows which of several stacks goes last from a network: the last of all takes it along.
        let is_shared = |name: &str| {
            let on_it = |spec: &&StackSpec| spec.networks.values().any(|it| it.name == name);
            input.graph && input.specs.iter().filter(on_it).count() > 1
        };
        let mut names: BTreeSet<&str> = BTreeSet::new();
        for network in &input.observed.networks {
            let Some(owner) = network.ownership.as_ref() else {
                continue;
            };
            let takes = match is_shared(&network.name) {
                true => is_last && self.is_ours(owner),
                false => self.concerns(owner, stack, is_last),
            };
            if takes {
                names.insert(&network.name);
            }
        }
        for name in names {
            let mut needs = vec![well(begun)];
            if is_shared(name) {
                let removes = |&step: &usize| {
                    matches!(self.steps[step].action, Action::RemoveContainer { .. })
                };
                needs.extend((0..self.steps.len()).filter(removes).map(anyhow));
            } else {
                needs.extend(removed.iter().copied().map(anyhow));
            }
            needs.sort_by_key(|need| need.step);
            let action = Action::RemoveNetwork {
                stack: stack.to_owned(),
                name: name.to_owned(),
            };
            let cause = "nothing is left on it";
            self.add(format!("remove network {name}"), action, cause, needs);
        }
    }

    /// The named volumes of the stack. The last one takes along those that no stack is known to have made.
    fn volumes(&mut self, stack: &str, is_last: bool, begun: usize, removed: &[usize]) {
        let input = self.input;
        for volume in &input.observed.volumes {
            let owner = volume.ownership.as_ref();
            let concerns = owner.is_some_and(|owner| self.concerns(owner, stack, is_last));
            if !concerns || !input.volumes.contains(&volume.name) {
                continue;
            }
            let mut needs = vec![well(begun)];
            needs.extend(removed.iter().copied().map(well));
            let action = Action::RemoveVolume {
                stack: stack.to_owned(),
                name: volume.name.clone(),
            };
            let cause = "it was asked for by name";
            self.add(
                format!("remove volume {}", volume.name),
                action,
                cause,
                needs,
            );
        }
    }
}

#[cfg(test)]
mod tests;
