//! Plans a roll-out: what makes a product run as it is wanted, whatever runs now. Deploy, redeploy, retry, upgrade and rollback are
//! roll-outs of different extent.
//!
//! All images first, each once; then networks, volumes and containers of every stack as early as possible; then stack by stack, services as
//! their dependencies allow, each behind its health gate. What runs is kept where it is unchanged and well. What is replaced, or has no
//! place any more, is stopped no sooner than it must be, and stays on the engine until every stack has ended: until then there is a way
//! back. Only then it is removed, and the new containers take the plain names.

mod clear;
mod images;
mod order;
mod replace;

use std::collections::{BTreeMap, HashMap};

use super::{
    Action, Change, ChangeKind, ContainerState, Downtime, Ended, Health, Kept, Need, Observed,
    ObservedContainer, Ownership, PLAN_VERSION, Plan, ReplaceOrder, Step, StepKey, Turn,
};
use crate::id::EnvironmentId;
use crate::product::OnFailure;
use crate::release::ReleaseImage;
use crate::spec::{Condition, ServiceSpec, StackSpec};
use order::{creation_dependencies, implicit_inits, service_order, stack_order};
use replace::Displaced;
pub use replace::replacement_name;

/// What a roll-out is planned from.
#[derive(Debug)]
pub struct RolloutInput<'a> {
    /// Group id of the product.
    pub product: &'a str,
    /// Where it goes.
    pub environment: EnvironmentId,
    /// Every stack as it is wanted, in manifest order.
    pub stacks: &'a [PlannedStack],
    /// Names of the stacks that are worked on; the others are left alone.
    pub scope: &'a [String],
    /// Stacks that are deployed and not wanted any more, in the order of their removal.
    pub gone: &'a [String],
    /// What is made anew.
    pub extent: Extent,
    /// What happens to complete stacks when another one fails.
    pub on_failure: OnFailure,
    /// Whether stacks follow their `depends_on`; otherwise each follows the one before.
    pub graph: bool,
    /// Whether later stacks are deployed when one fails.
    pub continue_on_error: bool,
    /// What the engine has.
    pub observed: &'a Observed,
    /// The images that the engine has, by reference, and by id where a wanted image has one.
    pub images: &'a BTreeMap<String, PresentImage>,
    /// Images that must be what they were, by reference.
    pub wanted_images: &'a BTreeMap<String, ReleaseImage>,
}

/// What a roll-out makes anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// What is missing, not well, or not as wanted. What does not run is no way back, and goes at once.
    Repair,
    /// What is missing, not well, or not as wanted. What there is now is the way back, whether it runs or not.
    Changed,
    /// Everything, with images that were just pulled. What there is now is the way back.
    All,
}

/// An image that the engine has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresentImage {
    /// `sha256:…` of its configuration.
    pub id: String,
    /// Whether it brings a health check.
    pub has_healthcheck: bool,
    /// Whether a registry has it; one that was made on the engine cannot be pulled.
    pub from_registry: bool,
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
    #[error(
        "the image {image} means another image by now, and the one that the release ran ({id}) is neither on the engine nor known by a digest; push or load it again, or choose another release"
    )]
    ImageLost { image: String, id: String },
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
pub fn plan_rollout(input: &RolloutInput<'_>) -> Result<Plan, Vec<Refusal>> {
    let order = stack_order(input).map_err(|refusal| vec![refusal])?;
    let in_scope: Vec<&PlannedStack> = order
        .into_iter()
        .map(|position| &input.stacks[position])
        .filter(|stack| input.scope.contains(&stack.spec.stack))
        .collect();
    let mut builder = Builder::new(input);
    builder.pin_images();
    builder.pull_images();
    for stack in &in_scope {
        builder.make_networks(&stack.spec);
    }
    for stack in input.gone {
        builder.gone_stack(stack);
    }
    for stack in in_scope {
        builder.stack(stack);
    }
    builder.record_images();
    builder.tidy_up();
    if builder.refusals.is_empty() {
        Ok(Plan {
            version: PLAN_VERSION,
            steps: builder.steps,
            kept: builder.kept,
            stop_on_failure: !input.continue_on_error,
            undo_from: None,
            undo_because: None,
            all_or_nothing: input.on_failure == OnFailure::Rollback,
            way_back: input.extent != Extent::Repair,
            changes: builder.changes,
            pins: builder.pins,
            returned: Vec::new(),
        })
    } else {
        Err(builder.refusals)
    }
}

struct Builder<'a> {
    input: &'a RolloutInput<'a>,
    steps: Vec<Step>,
    kept: Vec<Kept>,
    changes: Vec<Change>,
    refusals: Vec<Refusal>,
    /// References to what is run instead.
    pins: BTreeMap<String, String>,
    /// Image to its pull step.
    pulls: BTreeMap<String, usize>,
    /// Names of networks on the engine to the steps that make them.
    networks: HashMap<String, usize>,
    volumes: HashMap<String, usize>,
    /// Stack to its last step.
    finished: HashMap<String, usize>,
    /// Containers that give way, in the order of the plan.
    displaced: Vec<Displaced>,
    /// Networks that nothing is on any more: the stack that takes them along, and the name.
    left_networks: Vec<(String, String)>,
    /// What the next stack waits for where stacks follow each other.
    previous: Vec<Need>,
}

/// A container to be made, and what it takes the place of.
struct Made<'a> {
    replica: u32,
    /// The step that makes it.
    step: usize,
    /// A running container that gives way to it.
    old: Option<&'a ObservedContainer>,
    order: ReplaceOrder,
}

impl<'a> Builder<'a> {
    fn new(input: &'a RolloutInput<'a>) -> Self {
        Self {
            input,
            steps: Vec::new(),
            kept: Vec::new(),
            changes: Vec::new(),
            refusals: Vec::new(),
            pins: BTreeMap::new(),
            pulls: BTreeMap::new(),
            networks: HashMap::new(),
            volumes: HashMap::new(),
            finished: HashMap::new(),
            displaced: Vec::new(),
            left_networks: Vec::new(),
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
            tidies: false,
        });
        self.steps.len() - 1
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
        let mut created: HashMap<&str, Vec<Made<'_>>> = HashMap::new();
        for service in &services {
            let made = self.create(spec, service, &after_pulls, &networks, &volumes, &created);
            created.insert(&service.name, made);
        }

        let mut before = self.clear_left_over(spec, &after_pulls);
        let mut turn_needs = self.turn_needs(stack);
        if self.input.extent == Extent::All {
            let taken_down = self.take_down(spec, &services, &mut created, &mut turn_needs);
            before.extend(taken_down);
        }
        let begin = self.begin(stack, before, turn_needs);
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
        self.finish(&spec.stack, Turn::Deploy);
    }

    /// The stack's last step waits for all of them, and for the pulls of its images, whichever way they end.
    fn finish(&mut self, stack: &str, turn: Turn) -> usize {
        let needs: Vec<Need> = (0..self.steps.len())
            .filter(|&step| self.steps[step].action.concerns(stack))
            .map(anyhow)
            .collect();
        let mut turn_is_over = needs.clone();
        turn_is_over.retain(|need| !self.trails(need.step));
        let action = Action::FinishStack {
            stack: stack.to_owned(),
            turn,
        };
        let cause = "every step of the stack has ended";
        let finish = self.add(format!("finish {stack}"), action, cause, needs);
        self.finished.insert(stack.to_owned(), finish);
        // Where the next stack begins whatever comes of this one, it need not wait for what trails.
        self.previous = if self.input.continue_on_error {
            turn_is_over
        } else {
            vec![anyhow(finish)]
        };
        finish
    }

    /// Whether a stack is up without it already: it settles, and what was replaced is stopped behind the gate of the new one.
    fn trails(&self, step: usize) -> bool {
        let step = &self.steps[step];
        match step.action {
            Action::AwaitSettled { .. } => true,
            Action::StopContainer { .. } => step.needs.iter().any(|need| {
                let before = &self.steps[need.step].action;
                matches!(
                    before,
                    Action::AwaitHealthy { .. }
                        | Action::AwaitSettled { .. }
                        | Action::AwaitCompleted { .. }
                )
            }),
            _ => false,
        }
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
        created: &HashMap<&str, Vec<Made<'_>>>,
    ) -> Vec<Made<'a>> {
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
            needs.extend(made.map(|made| well(made.step)));
            follows_a_new_one |= created.get(other).is_some_and(|made| !made.is_empty());
        }
        let generation = self.next_generation(spec, service);
        let (order, forbids) = replace::order_of(service);
        let mut made = Vec::new();
        for replica in 1..=service.replicas.max(1) {
            let plain = service.container_name_of(replica);
            let mut needs = needs.clone();
            let old = self.input.observed.container(&plain);
            let mut name = None;
            let mut cause = "the container does not exist".to_owned();
            if let Some(old) = old {
                if !self.is_ours(old) {
                    self.refusals.push(Refusal::ContainerTaken {
                        stack: spec.stack.clone(),
                        name: plain,
                    });
                    continue;
                }
                let differs = match follows_a_new_one {
                    true => Some("what it joins is made anew".to_owned()),
                    false => self.difference(spec, service, replica, old),
                };
                let Some(differs) = differs else {
                    self.keep(spec, service, replica, old);
                    continue;
                };
                cause = differs;
                let runs = old.state == ContainerState::Running;
                if runs || self.input.extent != Extent::Repair {
                    name = Some(replacement_name(&plain, generation));
                    self.displaced.push(Displaced {
                        stack: spec.stack.clone(),
                        service: service.name.clone(),
                        container: plain.clone(),
                        id: old.id.clone(),
                        taken_over: Some((replica, replacement_name(&plain, generation))),
                    });
                } else {
                    let removed = self.remove(
                        &spec.stack,
                        &service.name,
                        old,
                        "what is left of it does not run",
                        after_pulls.to_vec(),
                    );
                    needs.push(well(removed));
                }
            }
            self.tell(spec, service, &plain, old, &cause, order, &forbids);
            let action = Action::CreateContainer {
                stack: spec.stack.clone(),
                service: service.name.clone(),
                replica,
                generation,
                name: name.clone(),
            };
            let key = key_of("create", spec, service, replica);
            made.push(Made {
                replica,
                step: self.add(key, action, cause, needs),
                old: old.filter(|old| name.is_some() && is_up(old.state)),
                order,
            });
        }
        made
    }

    fn keep(
        &mut self,
        spec: &StackSpec,
        service: &ServiceSpec,
        replica: u32,
        old: &ObservedContainer,
    ) {
        self.kept.push(Kept {
            stack: spec.stack.clone(),
            service: service.name.clone(),
            replica,
            container: old.name.clone(),
            health: old.health,
        });
        self.changes.push(Change {
            stack: spec.stack.clone(),
            service: service.name.clone(),
            container: old.name.clone(),
            kind: ChangeKind::Keep,
            cause: "nothing changed".to_owned(),
            order: None,
            downtime: Downtime::None,
            image: None,
        });
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

    /// What must have ended before a stack's turn.
    fn turn_needs(&mut self, stack: &PlannedStack) -> (Vec<Need>, String) {
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
        (needs, cause)
    }

    fn begin(
        &mut self,
        stack: &PlannedStack,
        before: Vec<usize>,
        (mut needs, cause): (Vec<Need>, String),
    ) -> usize {
        needs.extend(before.into_iter().map(well));
        needs.sort_by_key(|need| need.step);
        needs.dedup_by_key(|need| need.step);
        let name = stack.spec.stack.clone();
        self.add(
            format!("begin {name}"),
            Action::BeginStack {
                stack: name,
                turn: Turn::Deploy,
            },
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
        made: &[Made<'_>],
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
            let steps = made.iter().map(|made| {
                let action = Action::RunInit {
                    stack: stack.clone(),
                    service: name.clone(),
                };
                let key = key_of("init", spec, service, 1);
                let cause = "it must end before the services start";
                self.add(key, action, cause, needs_with(made.step))
            });
            let ended: Vec<_> = steps.collect();
            return Gates {
                started: ended.clone(),
                healthy: ended,
            };
        }
        let mut started = Vec::new();
        for made in made {
            let mut start_needs = needs_with(made.step);
            if made.order == ReplaceOrder::StopFirst
                && let Some(old) = made.old
            {
                let cause = "its place must be free before the new one starts";
                let stopped = self.stop(&stack, &name, old, cause, start_needs.clone());
                start_needs.push(well(stopped));
            }
            let action = Action::StartContainer {
                stack: stack.clone(),
                service: name.clone(),
                replica: made.replica,
            };
            let cause = match service.depends_on.as_slice() {
                [] => "it depends on nothing".to_owned(),
                names => {
                    let names: Vec<_> = names.iter().map(|d| d.service.as_str()).collect();
                    format!("it follows {}", names.join(", "))
                }
            };
            let key = key_of("start", spec, service, made.replica);
            started.push(self.add(key, action, cause, start_needs));
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
                stack: stack.clone(),
                service: name.clone(),
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
        for made in made {
            if made.order == ReplaceOrder::StartFirst
                && let Some(old) = made.old
            {
                let cause = "the new one has taken over";
                self.stop(&stack, &name, old, cause, vec![well(gate)]);
            }
        }
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

/// Whether a service counts as running when it has ended well: one that is never restarted, or whose end others wait for.
#[must_use]
pub fn may_end(stack: &StackSpec, service: &ServiceSpec) -> bool {
    let never_restarted = service.restart == crate::spec::RestartPolicy::No;
    service.lifecycle.is_init() || never_restarted || is_awaited_to_end(stack, &service.name)
}

const fn is_up(state: ContainerState) -> bool {
    matches!(
        state,
        ContainerState::Running | ContainerState::Paused | ContainerState::Restarting
    )
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
pub(super) mod samples;
#[cfg(test)]
mod tests;
