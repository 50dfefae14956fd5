//! Plans stopping, starting and restarting what is deployed: nothing is made, nothing is removed.
//!
//! Stacks are stopped in the reverse of their order, and dependents before what they depend on; they are started in their order, each
//! service behind its health gate. One-shots are not run again.

use std::collections::{BTreeSet, HashMap};

use super::{
    Action, Change, ChangeKind, ContainerState, Downtime, Ended, Need, Observed, ObservedContainer,
    PLAN_VERSION, Plan, Step, StepKey, Turn,
};
use crate::id::EnvironmentId;
use crate::spec::{Condition, ServiceSpec, StackSpec};

/// Key of the step that tells whoever is to be told.
pub const NOTIFY_SETTER: &str = "notify setter";
/// Label of a service that maintenance leaves alone.
const MAINTENANCE: &str = "rsgo.maintenance";
/// Its value.
const IGNORE: &str = "ignore";

/// What stopping and starting is planned from.
#[derive(Debug)]
pub struct LifecycleInput<'a> {
    /// Group id of the product.
    pub product: &'a str,
    pub environment: EnvironmentId,
    /// Names of the stacks that are worked on, in manifest order.
    pub scope: &'a [String],
    /// Each stack as it is deployed, where it can be rendered.
    pub specs: &'a [StackSpec],
    pub observed: &'a Observed,
    /// Whether this is for maintenance: services that ask for it are left alone, and the setter is told.
    pub maintenance: Option<Maintenance>,
}

/// What is particular about stopping and starting for maintenance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Maintenance {
    /// Whether somebody wants to be told.
    pub notifies: bool,
}

/// Stops what runs.
#[must_use]
pub fn plan_stop(input: &LifecycleInput<'_>) -> Plan {
    let mut builder = Builder::new(input);
    let told = builder.notify(true, Vec::new());
    let mut previous: Vec<Need> = told.into_iter().collect();
    for stack in input.scope.iter().rev() {
        let begun = builder.begin(stack, Turn::Stop, previous);
        builder.stop_stack(stack, begun, ChangeKind::Stop, Downtime::UntilStarted);
        previous = vec![anyhow(builder.finish(stack, Turn::Stop))];
    }
    builder.plan()
}

/// Starts what was stopped.
#[must_use]
pub fn plan_start(input: &LifecycleInput<'_>) -> Plan {
    let mut builder = Builder::new(input);
    let mut previous = Vec::new();
    for stack in input.scope {
        let begun = builder.begin(stack, Turn::Start, previous);
        builder.start_stack(stack, begun, &HashMap::new());
        previous = vec![anyhow(builder.finish(stack, Turn::Start))];
    }
    builder.notify(false, previous);
    builder.plan()
}

/// Stops what runs and starts it again, a stack at a time.
#[must_use]
pub fn plan_restart(input: &LifecycleInput<'_>) -> Plan {
    let mut builder = Builder::new(input);
    let mut previous = Vec::new();
    for stack in input.scope {
        let begun = builder.begin(stack, Turn::Start, previous);
        let downtime = Downtime::WhileReplaced {
            because: "it is stopped and started again".to_owned(),
        };
        let stopped = builder.stop_stack(stack, begun, ChangeKind::Restart, downtime);
        builder.start_stack(stack, begun, &stopped);
        previous = vec![anyhow(builder.finish(stack, Turn::Start))];
    }
    builder.plan()
}

struct Builder<'a> {
    input: &'a LifecycleInput<'a>,
    steps: Vec<Step>,
    changes: Vec<Change>,
}

impl<'a> Builder<'a> {
    const fn new(input: &'a LifecycleInput<'a>) -> Self {
        Self {
            input,
            steps: Vec::new(),
            changes: Vec::new(),
        }
    }

    fn plan(self) -> Plan {
        Plan {
            version: PLAN_VERSION,
            steps: self.steps,
            changes: self.changes,
            ..Plan::default()
        }
    }

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

    /// Nobody's silence stands in the way of maintenance, so what follows needs only that it was tried.
    fn notify(&mut self, maintenance: bool, needs: Vec<Need>) -> Option<Need> {
        let wanted = self.input.maintenance.is_some_and(|it| it.notifies);
        wanted.then(|| {
            let cause = "the manifest names who is to be told";
            let action = Action::NotifySetter { maintenance };
            let step = self.add(NOTIFY_SETTER.to_owned(), action, cause, needs);
            self.steps[step].tidies = true;
            anyhow(step)
        })
    }

    fn begin(&mut self, stack: &str, turn: Turn, needs: Vec<Need>) -> usize {
        let cause = match (needs.is_empty(), turn) {
            (true, _) => "it is the first stack",
            (false, Turn::Stop) => "stacks are stopped in the reverse of their order",
            (false, _) => "stacks follow each other in the order of the manifest",
        };
        let action = Action::BeginStack {
            stack: stack.to_owned(),
            turn,
        };
        self.add(format!("begin {stack}"), action, cause, needs)
    }

    fn finish(&mut self, stack: &str, turn: Turn) -> usize {
        let needs = (0..self.steps.len())
            .filter(|&step| self.steps[step].action.concerns(stack))
            .map(anyhow)
            .collect();
        let action = Action::FinishStack {
            stack: stack.to_owned(),
            turn,
        };
        let cause = "every step of the stack has ended";
        self.add(format!("finish {stack}"), action, cause, needs)
    }

    fn containers(&self, stack: &str) -> Vec<&'a ObservedContainer> {
        let of_it = |container: &&ObservedContainer| {
            container.ownership.as_ref().is_some_and(|owner| {
                owner.product == self.input.product
                    && owner.environment == self.input.environment
                    && owner.stack == stack
            })
        };
        self.input
            .observed
            .containers
            .iter()
            .filter(of_it)
            .collect()
    }

    fn spec(&self, stack: &str) -> Option<&'a StackSpec> {
        self.input.specs.iter().find(|spec| spec.stack == stack)
    }

    /// Stops every container that is up, whatever this version knows of it; the steps by service.
    fn stop_stack(
        &mut self,
        stack: &str,
        begun: usize,
        kind: ChangeKind,
        downtime: Downtime,
    ) -> HashMap<String, Vec<usize>> {
        let spec = self.spec(stack);
        let mut containers = self.containers(stack);
        // Dependents first. What is not known any more goes before all.
        let order = spec.map(dependency_order).unwrap_or_default();
        let place = |container: &&ObservedContainer| {
            let service = container
                .ownership
                .as_ref()
                .map(|owner| owner.service.as_str());
            let known = order.iter().position(|name| Some(*name) == service);
            std::cmp::Reverse(known.unwrap_or(usize::MAX))
        };
        containers.sort_by_key(place);
        let mut stopped: HashMap<String, Vec<usize>> = HashMap::new();
        for container in containers {
            let service = container
                .ownership
                .as_ref()
                .map(|owner| owner.service.clone())
                .unwrap_or_default();
            let known = spec.and_then(|spec| spec.services.get(&service));
            let up = matches!(
                container.state,
                ContainerState::Running | ContainerState::Paused | ContainerState::Restarting
            );
            if !up || (self.input.maintenance.is_some() && known.is_some_and(ignores_maintenance)) {
                continue;
            }
            let mut needs = vec![well(begun)];
            let dependents = spec.into_iter().flat_map(|spec| spec.services.values());
            for other in dependents.filter(|o| o.depends_on.iter().any(|d| d.service == service)) {
                needs.extend(
                    stopped
                        .get(&other.name)
                        .into_iter()
                        .flatten()
                        .copied()
                        .map(anyhow),
                );
            }
            needs.sort_by_key(|need| need.step);
            let action = Action::StopContainer {
                stack: stack.to_owned(),
                service: service.clone(),
                container: container.name.clone(),
                id: container.id.clone(),
            };
            let cause = "it runs";
            let step = self.add(format!("stop {}", container.name), action, cause, needs);
            stopped.entry(service.clone()).or_default().push(step);
            self.changes.push(Change {
                stack: stack.to_owned(),
                service,
                container: container.name.clone(),
                kind,
                cause: cause.to_owned(),
                order: None,
                downtime: downtime.clone(),
                image: None,
            });
        }
        stopped
    }

    /// Starts the services, each once what it depends on is up; `stopped` are the steps that stopped it before.
    fn start_stack(&mut self, stack: &str, begun: usize, stopped: &HashMap<String, Vec<usize>>) {
        let Some(spec) = self.spec(stack) else {
            return;
        };
        let all_stopped: Vec<Need> = stopped.values().flatten().copied().map(well).collect();
        let mut gates: HashMap<&str, usize> = HashMap::new();
        for name in dependency_order(spec) {
            let service = &spec.services[name];
            if is_one_shot(spec, service) {
                continue;
            }
            let restarted = stopped.contains_key(name);
            let mut needs = vec![well(begun)];
            needs.extend(all_stopped.iter().cloned());
            for dependency in &service.depends_on {
                let gate = gates.get(dependency.service.as_str()).copied();
                needs.extend(gate.map(if dependency.required { well } else { anyhow }));
            }
            needs.sort_by_key(|need| need.step);
            needs.dedup_by_key(|need| need.step);
            let mut starts = Vec::new();
            for replica in 1..=service.replicas.max(1) {
                let number = match replica {
                    1 => String::new(),
                    _ => format!("#{replica}"),
                };
                let container = service.container_name_of(replica);
                let action = Action::StartContainer {
                    stack: stack.to_owned(),
                    service: service.name.clone(),
                    replica,
                };
                let key = format!("start {stack}/{name}{number}");
                let cause = match restarted {
                    true => "it was stopped",
                    false => "it should run",
                };
                starts.push(self.add(key, action, cause, needs.clone()));
                let runs = self.input.observed.container(&container);
                let runs = runs.is_some_and(|it| it.state == ContainerState::Running);
                if !restarted && !runs {
                    self.changes.push(Change {
                        stack: stack.to_owned(),
                        service: service.name.clone(),
                        container,
                        kind: ChangeKind::Start,
                        cause: cause.to_owned(),
                        order: None,
                        downtime: Downtime::None,
                        image: None,
                    });
                }
            }
            let needs: Vec<Need> = starts.into_iter().map(well).collect();
            let (in_stack, service) = (stack.to_owned(), service.name.clone());
            let healthy = self.add(
                format!("healthy {stack}/{name}"),
                Action::AwaitHealthy {
                    stack: in_stack.clone(),
                    service: service.clone(),
                },
                "a service counts as running only behind its health gate",
                needs,
            );
            let settled = self.add(
                format!("settled {stack}/{name}"),
                Action::AwaitSettled {
                    stack: in_stack,
                    service,
                },
                "where nothing else says that it is well, its staying up does",
                vec![well(healthy)],
            );
            gates.insert(name, settled);
        }
    }
}

/// Whether a service asks to be left running while its product is in maintenance.
#[must_use]
pub fn ignores_maintenance(service: &ServiceSpec) -> bool {
    service
        .labels
        .get(MAINTENANCE)
        .is_some_and(|value| value == IGNORE)
}

/// Whether a service runs to its end, and is not run again.
fn is_one_shot(spec: &StackSpec, service: &ServiceSpec) -> bool {
    let awaited = spec.services.values().any(|other| {
        other.depends_on.iter().any(|dependency| {
            dependency.service == service.name
                && dependency.condition == Condition::ServiceCompletedSuccessfully
        })
    });
    service.lifecycle.is_init() || awaited
}

/// Services so that each comes after those it depends on; file order where nothing is said, and where they go in a circle.
pub(super) fn dependency_order(spec: &StackSpec) -> Vec<&str> {
    let mut order: Vec<&str> = Vec::with_capacity(spec.services.len());
    let mut placed: BTreeSet<&str> = BTreeSet::new();
    while order.len() < spec.services.len() {
        let open = || {
            spec.services
                .values()
                .filter(|service| !placed.contains(service.name.as_str()))
        };
        let is_free = |service: &&ServiceSpec| {
            service.depends_on.iter().all(|dependency| {
                let name = dependency.service.as_str();
                placed.contains(name) || !spec.services.contains_key(name)
            })
        };
        let Some(next) = open().find(is_free).or_else(|| open().next()) else {
            break;
        };
        let name = next.name.as_str();
        order.push(name);
        placed.insert(name);
    }
    order
}

pub(super) const fn well(step: usize) -> Need {
    Need {
        step,
        ended: Ended::Well,
    }
}

pub(super) const fn anyhow(step: usize) -> Need {
    Need {
        step,
        ended: Ended::Anyhow,
    }
}

#[cfg(test)]
mod tests;
