//! Plans the first roll-out of a product.
//!
//! All images first, each once; then networks, volumes and containers of every stack as early as possible; then stack by stack, services as
//! their dependencies allow, each behind its health gate. What an earlier deployment left is kept where it is unchanged and well, and
//! goes where nothing wants it any more.

mod order;

use std::collections::{BTreeMap, HashMap};

use super::{
    Action, ContainerState, Ended, Health, Kept, Need, Observed, ObservedContainer, Ownership,
    PLAN_VERSION, Plan, Step, StepKey,
};
use crate::id::EnvironmentId;
use crate::spec::{Condition, PullPolicy, ServiceSpec, StackSpec};
use order::{creation_dependencies, implicit_inits, service_order, stack_order};

/// What a roll-out is planned from.
#[derive(Debug)]
pub struct DeployInput<'a> {
    /// Group id of the product.
    pub product: &'a str,
    /// Where it goes.
    pub environment: EnvironmentId,
    /// In manifest order.
    pub stacks: &'a [PlannedStack],
    /// Whether stacks follow their `depends_on`; otherwise each follows the one before.
    pub graph: bool,
    /// Whether later stacks are deployed when one fails.
    pub continue_on_error: bool,
    /// What the engine has.
    pub observed: &'a Observed,
    /// The images that the engine has, by reference.
    pub images: &'a BTreeMap<String, PresentImage>,
}

/// An image that the engine has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresentImage {
    /// `sha256:…` of its configuration.
    pub id: String,
    /// Whether it brings a health check.
    pub has_healthcheck: bool,
}

/// One stack to be rolled out.
#[derive(Debug)]
pub struct PlannedStack {
    /// Rendered with its values.
    pub spec: StackSpec,
    /// Names of stacks before it.
    pub depends_on: Vec<String>,
}

/// Why a plan cannot be made. Nothing was started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error(
        "the container name {name} is taken by a container that Windlass did not make for this product; remove or rename it, or set another deployment name"
    )]
    ContainerTaken { stack: String, name: String },
    #[error(
        "the network {name} exists and was not made by Windlass for this product; declare it `external: true` to use it, or give it another name"
    )]
    NetworkTaken { stack: String, name: String },
    #[error(
        "the external network {name} does not exist; create it first, or declare it in one of the product's stacks"
    )]
    NetworkMissing { stack: String, name: String },
    #[error(
        "the image {image} is not on the engine and its pull policy is never; load it there, or choose another pull policy"
    )]
    ImageMissing { stack: String, image: String },
    #[error("the external volume {name} does not exist; create it first")]
    VolumeMissing { stack: String, name: String },
    #[error("the services of stack {stack} depend on each other in a circle: {circle}")]
    ServiceCircle { stack: String, circle: String },
    #[error("the stacks depend on each other in a circle: {circle}")]
    StackCircle { circle: String },
}

/// Makes the plan.
///
/// # Errors
/// Every reason why it cannot be carried out, found without touching anything.
pub fn plan_deploy(input: &DeployInput<'_>) -> Result<Plan, Vec<Refusal>> {
    let order = stack_order(input).map_err(|refusal| vec![refusal])?;
    let mut builder = Builder::new(input);
    builder.pull_images();
    for position in &order {
        builder.make_networks(&input.stacks[*position].spec);
    }
    for position in order {
        builder.stack(&input.stacks[position]);
    }
    if builder.refusals.is_empty() {
        Ok(Plan {
            version: PLAN_VERSION,
            steps: builder.steps,
            kept: builder.kept,
            stop_on_failure: !input.continue_on_error,
            undo_from: None,
            undo_because: None,
        })
    } else {
        Err(builder.refusals)
    }
}

struct Builder<'a> {
    input: &'a DeployInput<'a>,
    steps: Vec<Step>,
    kept: Vec<Kept>,
    refusals: Vec<Refusal>,
    /// Image to its pull step.
    pulls: BTreeMap<String, usize>,
    /// Names of networks on the engine to the steps that make them.
    networks: HashMap<String, usize>,
    volumes: HashMap<String, usize>,
    /// Stack to its last step.
    finished: HashMap<String, usize>,
    /// What the next stack waits for where stacks follow each other.
    previous: Vec<Need>,
}

impl<'a> Builder<'a> {
    fn new(input: &'a DeployInput<'a>) -> Self {
        Self {
            input,
            steps: Vec::new(),
            kept: Vec::new(),
            refusals: Vec::new(),
            pulls: BTreeMap::new(),
            networks: HashMap::new(),
            volumes: HashMap::new(),
            finished: HashMap::new(),
            previous: Vec::new(),
        }
    }

    fn add(
        &mut self,
        key: String,
        action: Action,
        cause: impl Into<String>,
        needs: Vec<Need>,
    ) -> usize {
        self.steps.push(Step {
            key: StepKey::new(key),
            action,
            cause: cause.into(),
            needs,
        });
        self.steps.len() - 1
    }

    /// Each image once, however many services use it.
    fn pull_images(&mut self) {
        let mut wanted: BTreeMap<String, (bool, Vec<String>)> = BTreeMap::new();
        for stack in self.input.stacks {
            for service in stack.spec.services.values() {
                let image = service.image.to_string();
                let always = service.pull_policy == PullPolicy::Always;
                let present = self.input.images.contains_key(&image);
                if service.pull_policy == PullPolicy::Never {
                    if !present {
                        let stack = stack.spec.stack.clone();
                        self.refusals.push(Refusal::ImageMissing { stack, image });
                    }
                    continue;
                }
                if present && !always {
                    continue;
                }
                let entry = wanted.entry(image).or_default();
                entry.0 |= always;
                if !entry.1.contains(&stack.spec.stack) {
                    entry.1.push(stack.spec.stack.clone());
                }
            }
        }
        for (image, (always, stacks)) in wanted {
            let cause = if self.input.images.contains_key(&image) {
                "its pull policy asks the registry every time"
            } else {
                "the image is not on the engine"
            };
            let action = Action::PullImage {
                image: image.clone(),
                always,
                stacks,
            };
            let step = self.add(format!("pull {image}"), action, cause, Vec::new());
            self.pulls.insert(image, step);
        }
    }

    /// Nothing of a stack is made before all images were tried: its own must be there, and the others too where one failure stops everything.
    fn after_pulls(&self, stack: &str) -> Vec<Need> {
        self.pulls
            .values()
            .map(|&step| {
                let own = self.steps[step].action.concerns(stack);
                let well = own || !self.input.continue_on_error;
                Need {
                    step,
                    ended: if well { Ended::Well } else { Ended::Anyhow },
                }
            })
            .collect()
    }

    fn remove(
        &mut self,
        stack: &str,
        service: &str,
        container: &ObservedContainer,
        cause: &str,
        needs: Vec<Need>,
    ) -> usize {
        let action = Action::RemoveContainer {
            stack: stack.to_owned(),
            service: service.to_owned(),
            container: container.name.clone(),
            id: container.id.clone(),
        };
        self.add(format!("remove {}", container.name), action, cause, needs)
    }

    fn stack(&mut self, stack: &PlannedStack) {
        let spec = &stack.spec;
        let after_pulls = self.after_pulls(&spec.stack);
        let networks = self.find_networks(spec);
        let volumes = self.ensure_volumes(spec, &after_pulls);

        let services = match service_order(spec) {
            Ok(services) => services,
            Err(circle) => {
                self.refusals.push(Refusal::ServiceCircle {
                    stack: spec.stack.clone(),
                    circle,
                });
                return;
            }
        };
        let mut created: HashMap<&str, Vec<(u32, usize)>> = HashMap::new();
        for service in &services {
            let made = self.create(spec, service, &after_pulls, &networks, &volumes, &created);
            created.insert(&service.name, made);
        }

        let removed = self.remove_left_over(spec, &after_pulls);
        let begin = self.begin(stack, removed);
        let inits = implicit_inits(spec);
        let mut gates: HashMap<&str, Gates> = HashMap::new();
        for service in &services {
            let mut needs = vec![well(begin)];
            needs.extend(dependency_needs(service, &inits, &gates));
            needs.sort_by_key(|need| need.step);
            needs.dedup();
            let gate = self.run(spec, service, &created[service.name.as_str()], needs);
            gates.insert(&service.name, gate);
        }

        // The stack's last step waits for all of them, and for the pulls of its images, whichever way they end.
        let needs: Vec<Need> = (0..self.steps.len())
            .filter(|&step| self.steps[step].action.concerns(&spec.stack))
            .map(anyhow)
            .collect();
        let mut turn_is_over = needs.clone();
        turn_is_over
            .retain(|need| !matches!(self.steps[need.step].action, Action::AwaitSettled { .. }));
        let action = Action::FinishStack {
            stack: spec.stack.clone(),
        };
        let finish = self.add(
            format!("finish {}", spec.stack),
            action,
            "every step of the stack has ended",
            needs,
        );
        self.finished.insert(spec.stack.clone(), finish);
        // Where the next stack begins whatever comes of this one, it need not wait until this one has settled.
        self.previous = if self.input.continue_on_error {
            turn_is_over
        } else {
            vec![anyhow(finish)]
        };
    }

    /// The product's own networks of all stacks come first: a stack may name one of another stack as external.
    fn make_networks(&mut self, spec: &StackSpec) {
        let after_pulls = self.after_pulls(&spec.stack);
        for (key, network) in &spec.networks {
            if network.external || self.networks.contains_key(&network.name) {
                continue;
            }
            let (stack, name) = (spec.stack.clone(), network.name.clone());
            let there = self
                .input
                .observed
                .networks
                .iter()
                .find(|other| other.name == network.name);
            match there.map(|other| &other.ownership) {
                None => {}
                // It exists from an earlier deployment.
                Some(Some(owner)) if owner.product == self.input.product => continue,
                Some(_) => {
                    self.refusals.push(Refusal::NetworkTaken { stack, name });
                    continue;
                }
            }
            let action = Action::EnsureNetwork {
                stack,
                network: key.clone(),
            };
            let needs = after_pulls.clone();
            let cause = "the network does not exist";
            let step = self.add(format!("network {}", network.name), action, cause, needs);
            self.networks.insert(network.name.clone(), step);
        }
    }

    /// Checks the external networks; the steps that make the others, by the name that services use.
    fn find_networks(&mut self, spec: &StackSpec) -> HashMap<String, usize> {
        let mut made = HashMap::new();
        for (key, network) in &spec.networks {
            let exists = self
                .input
                .observed
                .networks
                .iter()
                .any(|other| other.name == network.name);
            if let Some(&step) = self.networks.get(&network.name) {
                made.insert(key.clone(), step);
            } else if network.external && !exists {
                let (stack, name) = (spec.stack.clone(), network.name.clone());
                self.refusals.push(Refusal::NetworkMissing { stack, name });
            }
        }
        made
    }

    fn ensure_volumes(&mut self, spec: &StackSpec, after_pulls: &[Need]) -> HashMap<String, usize> {
        let mut made = HashMap::new();
        for (key, volume) in &spec.volumes {
            if let Some(&step) = self.volumes.get(&volume.name) {
                made.insert(key.clone(), step);
                continue;
            }
            let exists = self
                .input
                .observed
                .volumes
                .iter()
                .any(|other| other.name == volume.name);
            if volume.external {
                if !exists {
                    let (stack, name) = (spec.stack.clone(), volume.name.clone());
                    self.refusals.push(Refusal::VolumeMissing { stack, name });
                }
                continue;
            }
            if exists {
                // Its data is kept.
                continue;
            }
            let action = Action::EnsureVolume {
                stack: spec.stack.clone(),
                volume: key.clone(),
            };
            let step = self.add(
                format!("volume {}", volume.name),
                action,
                "the volume does not exist",
                after_pulls.to_vec(),
            );
            self.volumes.insert(volume.name.clone(), step);
            made.insert(key.clone(), step);
        }
        made
    }

    fn create(
        &mut self,
        spec: &StackSpec,
        service: &ServiceSpec,
        after_pulls: &[Need],
        networks: &HashMap<String, usize>,
        volumes: &HashMap<String, usize>,
        created: &HashMap<&str, Vec<(u32, usize)>>,
    ) -> Vec<(u32, usize)> {
        let mut needs = after_pulls.to_vec();
        needs.extend(
            service
                .networks
                .iter()
                .filter_map(|on| networks.get(&on.network))
                .copied()
                .map(well),
        );
        for mount in &service.mounts {
            if let crate::spec::MountSpec::Volume {
                source: Some(source),
                ..
            } = mount
            {
                needs.extend(volumes.get(source).copied().map(well));
            }
        }
        let mut follows_a_new_one = false;
        for other in creation_dependencies(service) {
            let made = created.get(other).into_iter().flatten();
            needs.extend(made.map(|&(_, step)| well(step)));
            follows_a_new_one |= created.get(other).is_some_and(|made| !made.is_empty());
        }
        let generation = self.next_generation(spec, service);
        let mut made = Vec::new();
        for replica in 1..=service.replicas.max(1) {
            let name = service.container_name_of(replica);
            let mut needs = needs.clone();
            let old = self.input.observed.container(&name);
            if let Some(old) = old {
                if !self.is_ours(old) {
                    let stack = spec.stack.clone();
                    self.refusals.push(Refusal::ContainerTaken { stack, name });
                    continue;
                }
                if !follows_a_new_one && self.is_unchanged(spec, service, replica, old) {
                    self.kept.push(Kept {
                        stack: spec.stack.clone(),
                        service: service.name.clone(),
                        replica,
                        container: name,
                        health: old.health,
                    });
                    continue;
                }
                let cause = "an earlier deployment left it";
                let removed =
                    self.remove(&spec.stack, &service.name, old, cause, after_pulls.to_vec());
                needs.push(well(removed));
            }
            let action = Action::CreateContainer {
                stack: spec.stack.clone(),
                service: service.name.clone(),
                replica,
                generation,
            };
            let cause = if old.is_some() {
                "it replaces the old container"
            } else {
                "the container does not exist"
            };
            let key = key_of("create", spec, service, replica);
            made.push((replica, self.add(key, action, cause, needs)));
        }
        made
    }

    /// Whose it is, where it is of this product in this environment.
    fn owner<'b>(&self, ownership: Option<&'b Ownership>) -> Option<&'b Ownership> {
        ownership.filter(|owner| {
            owner.product == self.input.product && owner.environment == self.input.environment
        })
    }

    fn is_ours(&self, container: &ObservedContainer) -> bool {
        self.owner(container.ownership.as_ref()).is_some()
    }

    /// Whether the container is what would be made anew, and does what it should.
    fn is_unchanged(
        &self,
        spec: &StackSpec,
        service: &ServiceSpec,
        replica: u32,
        old: &ObservedContainer,
    ) -> bool {
        let the_same = self.owner(old.ownership.as_ref()).is_some_and(|owner| {
            owner.stack == spec.stack
                && owner.service == service.name
                && owner.replica == replica
                && owner.spec_hash == service.hash()
        });
        // What the registry has is known only once it was asked.
        let image = self.present(service);
        let same_image = image.is_some_and(|image| image.id == old.image_id);
        // Any other service that ended well may have been told to, when it failed: it is not what was wanted.
        let ends = service.lifecycle.is_init() || is_awaited_to_end(spec, &service.name);
        let well = match old.state {
            ContainerState::Running => {
                !service.lifecycle.is_init() && old.health != Health::Unhealthy
            }
            ContainerState::Exited => ends && old.exit_code == Some(0),
            _ => false,
        };
        the_same && same_image && well
    }

    /// The image that the service will have, where that is known.
    fn present(&self, service: &ServiceSpec) -> Option<&'a PresentImage> {
        let asked_for = service.pull_policy == PullPolicy::Always;
        let image = self.input.images.get(&service.image.to_string());
        image.filter(|_| !asked_for)
    }

    fn next_generation(&self, spec: &StackSpec, service: &ServiceSpec) -> u32 {
        let newest = self
            .input
            .observed
            .containers
            .iter()
            .filter(|container| self.is_ours(container))
            .filter_map(|container| container.ownership.as_ref())
            .filter(|owner| owner.stack == spec.stack && owner.service == service.name)
            .map(|owner| owner.generation)
            .max();
        newest.unwrap_or(0) + 1
    }

    /// What an earlier deployment left of the stack and the product has no place for any more; the first stack takes along what was
    /// left of stacks that are gone. Before anything is started: it may hold a port.
    fn remove_left_over(&mut self, spec: &StackSpec, after_pulls: &[Need]) -> Vec<usize> {
        let input = self.input;
        let stacks = || input.stacks.iter().map(|stack| &stack.spec);
        let is_first = self.finished.is_empty();
        let concerns = |owner: &Ownership| {
            let is_gone = !stacks().any(|stack| stack.stack == owner.stack);
            owner.stack == spec.stack || (is_gone && is_first)
        };
        let mut removed = Vec::new();
        for container in &input.observed.containers {
            let owner = self.owner(container.ownership.as_ref());
            let Some(owner) = owner.filter(|owner| concerns(owner)) else {
                continue;
            };
            let is_planned = stacks()
                .flat_map(|stack| stack.services.values())
                .any(|service| {
                    (1..=service.replicas.max(1))
                        .any(|replica| service.container_name_of(replica) == container.name)
                });
            if !is_planned {
                let cause = "an earlier deployment left it, and no service has its name any more";
                let needs = after_pulls.to_vec();
                removed.push(self.remove(&spec.stack, &owner.service, container, cause, needs));
            }
        }
        let containers = removed.clone();
        for network in &input.observed.networks {
            let owner = self.owner(network.ownership.as_ref());
            let is_planned = stacks()
                .flat_map(|stack| stack.networks.values())
                .any(|other| other.name == network.name);
            if is_planned || !owner.is_some_and(concerns) {
                continue;
            }
            let action = Action::RemoveNetwork {
                stack: spec.stack.clone(),
                name: network.name.clone(),
            };
            let mut needs = after_pulls.to_vec();
            needs.extend(containers.iter().copied().map(well));
            let key = format!("remove network {}", network.name);
            let cause = "an earlier deployment left it, and no stack is on it any more";
            removed.push(self.add(key, action, cause, needs));
        }
        removed
    }

    fn begin(&mut self, stack: &PlannedStack, removed: Vec<usize>) -> usize {
        let mut needs: Vec<Need> = self
            .pulls
            .values()
            .map(|&step| {
                if self.input.continue_on_error {
                    anyhow(step)
                } else {
                    well(step)
                }
            })
            .collect();
        needs.extend(removed.into_iter().map(well));
        let cause = if self.input.graph {
            let before = stack
                .depends_on
                .iter()
                .filter_map(|name| self.finished.get(name));
            needs.extend(before.copied().map(well));
            match stack.depends_on.as_slice() {
                [] => "it depends on no other stack".to_owned(),
                names => format!("it follows {}", names.join(", ")),
            }
        } else if !self.previous.is_empty() {
            needs.append(&mut self.previous);
            needs.sort_by_key(|need| need.step);
            needs.dedup_by_key(|need| need.step);
            "stacks follow each other in the order of the manifest".to_owned()
        } else {
            "it is the first stack".to_owned()
        };
        let name = stack.spec.stack.clone();
        self.add(
            format!("begin {name}"),
            Action::BeginStack { stack: name },
            cause,
            needs,
        )
    }

    fn check_of(&self, service: &ServiceSpec) -> Check {
        let own = service.healthcheck.as_ref();
        let test = own.and_then(|check| check.test.as_deref());
        let is_on = test.map(|test| test.first().is_none_or(|how| how != "NONE"));
        let image = self.present(service).map(|image| image.has_healthcheck);
        match is_on.or(image) {
            _ if service.probe.is_some() => Check::Exists,
            Some(true) => Check::Exists,
            Some(false) => Check::None,
            None => Check::Unknown,
        }
    }

    fn await_healthy(
        &mut self,
        spec: &StackSpec,
        service: &ServiceSpec,
        needs: Vec<Need>,
    ) -> usize {
        let action = Action::AwaitHealthy {
            stack: spec.stack.clone(),
            service: service.name.clone(),
        };
        let key = key_of("healthy", spec, service, 1);
        let cause = "a service counts as running only behind its health gate";
        self.add(key, action, cause, needs)
    }

    fn settle(&mut self, spec: &StackSpec, service: &ServiceSpec, needs: Vec<Need>) -> usize {
        let action = Action::AwaitSettled {
            stack: spec.stack.clone(),
            service: service.name.clone(),
        };
        let key = key_of("settled", spec, service, 1);
        let cause = "nothing but its staying up says that it is well";
        self.add(key, action, cause, needs)
    }

    /// Brings up what was made: `made` holds the replicas, each with the step that makes it. What was kept is up, or about to be.
    fn run(
        &mut self,
        spec: &StackSpec,
        service: &ServiceSpec,
        made: &[(u32, usize)],
        needs: Vec<Need>,
    ) -> Gates {
        let (stack, name) = (spec.stack.clone(), service.name.clone());
        let needs_with = |step: usize| {
            let mut needs = needs.clone();
            needs.push(well(step));
            needs.sort_by_key(|need| need.step);
            needs
        };
        if service.lifecycle.is_init() {
            let steps = made.iter().map(|&(_, made)| {
                let action = Action::RunInit {
                    stack: stack.clone(),
                    service: name.clone(),
                };
                let key = key_of("init", spec, service, 1);
                let cause = "it must end before the services start";
                self.add(key, action, cause, needs_with(made))
            });
            let ended: Vec<_> = steps.collect();
            return Gates {
                started: ended.clone(),
                healthy: ended,
            };
        }
        let mut started = Vec::new();
        for &(replica, made) in made {
            let action = Action::StartContainer {
                stack: stack.clone(),
                service: name.clone(),
                replica,
            };
            let cause = match service.depends_on.as_slice() {
                [] => "it depends on nothing".to_owned(),
                names => {
                    let names: Vec<_> = names.iter().map(|d| d.service.as_str()).collect();
                    format!("it follows {}", names.join(", "))
                }
            };
            let key = key_of("start", spec, service, replica);
            started.push(self.add(key, action, cause, needs_with(made)));
        }
        let still_starting = self.kept.iter().any(|kept| {
            kept.stack == stack && kept.service == name && kept.health == Health::Starting
        });
        if started.is_empty() && !still_starting {
            return Gates {
                started,
                healthy: Vec::new(),
            };
        }
        let gate_needs = if started.is_empty() {
            needs
        } else {
            started.iter().copied().map(well).collect()
        };
        let gate = if is_awaited_to_end(spec, &name) {
            let action = Action::AwaitCompleted {
                stack,
                service: name,
            };
            let key = key_of("completed", spec, service, 1);
            self.add(key, action, "others wait for its end", gate_needs)
        } else {
            match self.check_of(service) {
                // What was kept has a check that has not passed yet.
                _ if started.is_empty() => self.await_healthy(spec, service, gate_needs),
                Check::Exists => self.await_healthy(spec, service, gate_needs),
                Check::None => self.settle(spec, service, gate_needs),
                Check::Unknown => {
                    let gate = self.await_healthy(spec, service, gate_needs);
                    self.settle(spec, service, vec![well(gate)])
                }
            }
        };
        Gates {
            started,
            healthy: vec![gate],
        }
    }
}

/// The steps after which a service counts as started, and as healthy or, where that is its end, completed. None where it does already.
struct Gates {
    started: Vec<usize>,
    healthy: Vec<usize>,
}

/// Whether anything but its staying up says that a service is well.
enum Check {
    Exists,
    None,
    /// The image may bring one, and is not there yet.
    Unknown,
}

/// Whether others wait for the end of a service.
fn is_awaited_to_end(spec: &StackSpec, service: &str) -> bool {
    spec.services.values().any(|other| {
        other.depends_on.iter().any(|dependency| {
            dependency.service == service
                && dependency.condition == Condition::ServiceCompletedSuccessfully
        })
    })
}

const fn well(step: usize) -> Need {
    Need {
        step,
        ended: Ended::Well,
    }
}

const fn anyhow(step: usize) -> Need {
    Need {
        step,
        ended: Ended::Anyhow,
    }
}

fn key_of(verb: &str, spec: &StackSpec, service: &ServiceSpec, replica: u32) -> String {
    let number = if replica > 1 {
        format!("#{replica}")
    } else {
        String::new()
    };
    format!("{verb} {}/{}{number}", spec.stack, service.name)
}

fn dependency_needs(
    service: &ServiceSpec,
    inits: &HashMap<&str, Vec<&str>>,
    gates: &HashMap<&str, Gates>,
) -> Vec<Need> {
    let mut needs = Vec::new();
    for dependency in &service.depends_on {
        let Some(gate) = gates.get(dependency.service.as_str()) else {
            continue;
        };
        let steps = match dependency.condition {
            Condition::ServiceStarted => gate.started.clone(),
            Condition::ServiceHealthy | Condition::ServiceCompletedSuccessfully => {
                gate.healthy.clone()
            }
        };
        needs.extend(
            steps
                .into_iter()
                .map(if dependency.required { well } else { anyhow }),
        );
    }
    for init in inits.get(service.name.as_str()).into_iter().flatten() {
        let gate = gates.get(init).map(|gate| gate.healthy.iter());
        needs.extend(gate.into_iter().flatten().copied().map(well));
    }
    needs
}

#[cfg(test)]
mod tests;
