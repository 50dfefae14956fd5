//! Plans the first roll-out of a product.
//!
//! All images first, each once; then networks, volumes and containers of every stack as early as possible; then stack by stack, services as
//! their dependencies allow, each behind its health gate.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Action, Ended, Need, Observed, ObservedContainer, PLAN_VERSION, Plan, Step, StepKey};
use crate::id::EnvironmentId;
use crate::spec::{Condition, PullPolicy, ServiceSpec, StackSpec};

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
    /// References of the images that the engine has.
    pub images: &'a BTreeSet<String>,
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
            stop_on_failure: !input.continue_on_error,
            undo_from: None,
            undo_because: None,
        })
    } else {
        Err(builder.refusals)
    }
}

/// Positions of the stacks so that each comes after those it depends on; manifest order where nothing is said.
fn stack_order(input: &DeployInput<'_>) -> Result<Vec<usize>, Refusal> {
    if !input.graph {
        return Ok((0..input.stacks.len()).collect());
    }
    let edges: Vec<(&str, Vec<&str>)> = input
        .stacks
        .iter()
        .map(|stack| {
            (
                stack.spec.stack.as_str(),
                stack.depends_on.iter().map(String::as_str).collect(),
            )
        })
        .collect();
    in_order(&edges).map_err(|circle| Refusal::StackCircle { circle })
}

/// Positions in an order where each comes after those it names; names that are not there are passed over.
fn in_order(edges: &[(&str, Vec<&str>)]) -> Result<Vec<usize>, String> {
    let mut order: Vec<usize> = Vec::with_capacity(edges.len());
    let mut placed = vec![false; edges.len()];
    while order.len() < edges.len() {
        let next = (0..edges.len()).find(|&candidate| {
            !placed[candidate]
                && edges[candidate].1.iter().all(|name| {
                    edges
                        .iter()
                        .position(|(other, _)| other == name)
                        .is_none_or(|p| placed[p])
                })
        });
        let Some(next) = next else {
            let left = edges.iter().zip(&placed).filter(|(_, placed)| !**placed);
            return Err(left
                .map(|((name, _), _)| *name)
                .collect::<Vec<_>>()
                .join(", "));
        };
        placed[next] = true;
        order.push(next);
    }
    Ok(order)
}

struct Builder<'a> {
    input: &'a DeployInput<'a>,
    steps: Vec<Step>,
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
                let present = self.input.images.contains(&image);
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
            let cause = if self.input.images.contains(&image) {
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
        let mut created: HashMap<&str, Vec<usize>> = HashMap::new();
        for service in &services {
            let made = self.create(spec, service, &after_pulls, &networks, &volumes, &created);
            created.insert(&service.name, made);
        }

        let begin = self.begin(stack);
        let inits = implicit_inits(spec);
        let mut gates: HashMap<&str, Gates> = HashMap::new();
        for service in &services {
            let mut needs = vec![well(begin)];
            needs.extend(created[service.name.as_str()].iter().copied().map(well));
            needs.extend(dependency_needs(service, &inits, &gates));
            needs.sort_by_key(|need| need.step);
            needs.dedup();
            let made = self.run(spec, service, needs);
            gates.insert(&service.name, made);
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
            let cause = match there.map(|other| &other.ownership) {
                None => "the network does not exist",
                Some(Some(owner)) if owner.product == self.input.product => {
                    "it exists from an earlier deployment"
                }
                Some(_) => {
                    self.refusals.push(Refusal::NetworkTaken { stack, name });
                    continue;
                }
            };
            let action = Action::EnsureNetwork {
                stack,
                network: key.clone(),
            };
            let needs = after_pulls.clone();
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
            let cause = if exists {
                "it exists; its data is kept"
            } else {
                "the volume does not exist"
            };
            let action = Action::EnsureVolume {
                stack: spec.stack.clone(),
                volume: key.clone(),
            };
            let step = self.add(
                format!("volume {}", volume.name),
                action,
                cause,
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
        created: &HashMap<&str, Vec<usize>>,
    ) -> Vec<usize> {
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
        for other in creation_dependencies(service) {
            needs.extend(created.get(other).into_iter().flatten().copied().map(well));
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
                let action = Action::RemoveContainer {
                    stack: spec.stack.clone(),
                    service: service.name.clone(),
                    container: name.clone(),
                    id: old.id.clone(),
                };
                let removed = self.add(
                    format!("remove {name}"),
                    action,
                    "an earlier deployment left it",
                    after_pulls.to_vec(),
                );
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
            made.push(self.add(
                key_of("create", spec, service, replica),
                action,
                cause,
                needs,
            ));
        }
        made
    }

    fn is_ours(&self, container: &ObservedContainer) -> bool {
        container.ownership.as_ref().is_some_and(|owner| {
            owner.product == self.input.product && owner.environment == self.input.environment
        })
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

    fn begin(&mut self, stack: &PlannedStack) -> usize {
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
        let name = stack.spec.stack.clone();
        self.add(
            format!("begin {name}"),
            Action::BeginStack { stack: name },
            cause,
            needs,
        )
    }

    fn settle(&mut self, spec: &StackSpec, service: &ServiceSpec, gate: usize) -> usize {
        let action = Action::AwaitSettled {
            stack: spec.stack.clone(),
            service: service.name.clone(),
        };
        let key = key_of("settled", spec, service, 1);
        let cause = "nothing but its staying up says that it is well";
        self.add(key, action, cause, vec![well(gate)])
    }

    fn run(&mut self, spec: &StackSpec, service: &ServiceSpec, needs: Vec<Need>) -> Gates {
        let (stack, name) = (spec.stack.clone(), service.name.clone());
        if service.lifecycle.is_init() {
            let action = Action::RunInit {
                stack,
                service: name,
            };
            let key = key_of("init", spec, service, 1);
            let step = self.add(key, action, "it must end before the services start", needs);
            return Gates {
                started: vec![step],
                healthy: step,
            };
        }
        let mut started = Vec::new();
        for replica in 1..=service.replicas.max(1) {
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
            started.push(self.add(
                key_of("start", spec, service, replica),
                action,
                cause,
                needs.clone(),
            ));
        }
        let needs: Vec<Need> = started.iter().copied().map(well).collect();
        let awaited_to_end = spec.services.values().any(|other| {
            other.depends_on.iter().any(|dependency| {
                dependency.service == name
                    && dependency.condition == Condition::ServiceCompletedSuccessfully
            })
        });
        let gate = if awaited_to_end {
            let action = Action::AwaitCompleted {
                stack,
                service: name,
            };
            self.add(
                key_of("completed", spec, service, 1),
                action,
                "others wait for its end",
                needs,
            )
        } else {
            let action = Action::AwaitHealthy {
                stack,
                service: name,
            };
            let cause = "a service counts as running only behind its health gate";
            let gate = self.add(key_of("healthy", spec, service, 1), action, cause, needs);
            if has_check(service) {
                gate
            } else {
                self.settle(spec, service, gate)
            }
        };
        Gates {
            started,
            healthy: gate,
        }
    }
}

/// The steps after which a service counts as started, and as healthy or, where that is its end, completed.
struct Gates {
    started: Vec<usize>,
    healthy: usize,
}

/// Whether the product says how to find out that the service is well. The image may still bring a health check.
fn has_check(service: &ServiceSpec) -> bool {
    let check = service.healthcheck.as_ref();
    let test = check.and_then(|check| check.test.as_deref());
    service.probe.is_some() || test.is_some_and(|test| test.first().is_none_or(|how| how != "NONE"))
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
                vec![gate.healthy]
            }
        };
        needs.extend(
            steps
                .into_iter()
                .map(if dependency.required { well } else { anyhow }),
        );
    }
    for init in inits.get(service.name.as_str()).into_iter().flatten() {
        needs.extend(gates.get(init).map(|gate| well(gate.healthy)));
    }
    needs
}

/// Every service follows the stack's one-shots, except those that a one-shot itself needs.
fn implicit_inits(spec: &StackSpec) -> HashMap<&str, Vec<&str>> {
    let inits: Vec<&ServiceSpec> = spec
        .services
        .values()
        .filter(|service| service.lifecycle.is_init())
        .collect();
    let mut needed: BTreeSet<&str> = BTreeSet::new();
    let mut open: Vec<&ServiceSpec> = inits.clone();
    while let Some(service) = open.pop() {
        for name in service
            .depends_on
            .iter()
            .map(|d| d.service.as_str())
            .chain(creation_dependencies(service))
        {
            if needed.insert(name) {
                open.extend(spec.services.get(name));
            }
        }
    }
    spec.services
        .values()
        .filter(|service| !service.lifecycle.is_init() && !needed.contains(service.name.as_str()))
        .map(|service| {
            (
                service.name.as_str(),
                inits.iter().map(|init| init.name.as_str()).collect(),
            )
        })
        .collect()
}

/// Services whose containers must exist before this one's can be made.
fn creation_dependencies(service: &ServiceSpec) -> impl Iterator<Item = &str> {
    let namespaces = [
        &service.network_mode,
        &service.runtime.ipc,
        &service.runtime.pid,
    ];
    let shared = namespaces.into_iter().filter_map(|mode| {
        mode.as_deref()
            .and_then(|mode| mode.strip_prefix("service:"))
    });
    let volumes = service
        .runtime
        .volumes_from
        .iter()
        .filter(|from| !from.starts_with("container:"))
        .filter_map(|from| from.split(':').next());
    shared.chain(volumes)
}

/// The services so that each comes after those it depends on; file order where nothing is said.
fn service_order(spec: &StackSpec) -> Result<Vec<&ServiceSpec>, String> {
    let inits = implicit_inits(spec);
    let edges: Vec<(&str, Vec<&str>)> = spec
        .services
        .values()
        .map(|service| {
            let mut before: Vec<&str> = service
                .depends_on
                .iter()
                .map(|d| d.service.as_str())
                .collect();
            before.extend(creation_dependencies(service));
            before.extend(inits.get(service.name.as_str()).into_iter().flatten());
            (service.name.as_str(), before)
        })
        .collect();
    let order = in_order(&edges)?;
    Ok(order
        .into_iter()
        .filter_map(|position| spec.services.values().nth(position))
        .collect())
}

#[cfg(test)]
mod tests;
