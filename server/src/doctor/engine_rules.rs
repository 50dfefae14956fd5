//! The rules about engines: one container, engine matches record, nothing unknown. Pure, one product at a time.
//!
//! Volumes outlive deployments on purpose, so they are only asked for a deployment that was recorded once. A network keeps the
//! labels of the deployment that made it when a later one takes it over, and so does a container that a later one kept because nothing
//! changed. What a superseded deployment left under a name that the living one has not filled is no finding: it is evidence, and the
//! next deployment takes it away.

use std::collections::BTreeMap;

use domain::deployment::{ProductStatus, StackStatus};
use domain::plan::{
    ContainerState, ObservedContainer, ObservedObject, Ownership, ignores_maintenance,
};
use domain::spec::{Condition, RestartPolicy, ServiceSpec, StackSpec};

use super::report::{Finding, Rule};
use super::snapshot::{Living, ProductView, RecordedStack};

const REMOVE_ALL_BUT_ONE: &str = "Remove all but the one that serves, with `docker rm --force`, and report it with the operation's events.";
const START_OR_DEPLOY: &str =
    "See why with `docker logs` and `docker inspect`; start it again, or deploy the product anew.";
const REMOVE: &str = "Make sure that nothing needs it, then remove it with `docker rm --force`, `docker network rm` or `docker volume rm`.";
const START_THE_NEWER: &str =
    "Use the version of windlass-server that deployed it, or a newer one.";

pub(super) fn examine(view: &ProductView) -> Vec<Finding> {
    let mut findings = one_container(view);
    if let Some(living) = &view.living {
        for stack in &living.stacks {
            findings.extend(stack_matches(view, living, stack));
        }
    }
    findings.extend(nothing_unknown(view));
    findings
}

fn one_container(view: &ProductView) -> Vec<Finding> {
    let mut same: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for (container, owner) in owned(&view.containers) {
        same.entry((
            &owner.stack,
            &owner.service,
            owner.replica,
            owner.generation,
        ))
        .or_default()
        .push(&container.name);
    }
    same.into_iter()
        .filter(|(_, names)| names.len() > 1)
        .map(|((stack, service, replica, generation), names)| Finding {
            rule: Rule::OneContainer,
            subject: format!("service {stack}/{service} of product {}", view.group_id),
            message: format!(
                "{} containers are replica {replica} of generation {generation}: {}.",
                names.len(),
                names.join(", ")
            ),
            advice: REMOVE_ALL_BUT_ONE,
        })
        .collect()
}

fn owned(
    containers: &[ObservedContainer],
) -> impl Iterator<Item = (&ObservedContainer, &Ownership)> {
    containers
        .iter()
        .filter_map(|container| Some((container, container.ownership.as_ref()?)))
}

/// Whether the engine has of a stack what its status says.
fn stack_matches(view: &ProductView, living: &Living, stack: &RecordedStack) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |subject: String, message: String, advice| {
        findings.push(Finding {
            rule: Rule::EngineMatchesRecord,
            subject,
            message,
            advice,
        });
    };
    let of_stack = format!(
        "stack '{}' of deployment {} ({})",
        stack.name, living.id, living.deployment_name
    );
    let of_this: Vec<_> = owned(&view.containers)
        .filter(|(_, owner)| owner.stack == stack.name)
        .collect();
    let mine: Vec<_> = of_this
        .iter()
        .filter(|(_, owner)| owner.deployment == living.id)
        .collect();
    match stack.status {
        StackStatus::Running => {
            let Some(spec) = &stack.spec else {
                find(
                    of_stack,
                    "It is Running, but this version cannot render what was recorded, so that nothing can be compared."
                        .to_owned(),
                    START_THE_NEWER,
                );
                return findings;
            };
            for service in spec.services.values() {
                for replica in 1..=service.replicas.max(1) {
                    let name = service.container_name_of(replica);
                    // A kept one has the labels of an earlier deployment.
                    let of_replica = |(container, owner): &&(&ObservedContainer, &Ownership)| {
                        owner.service == service.name
                            && owner.replica == replica
                            && (owner.deployment == living.id || container.name == name)
                    };
                    let there: Vec<_> = of_this.iter().filter(of_replica).collect();
                    let wrong = match there.as_slice() {
                        [] => Some("It is not there".to_owned()),
                        [(container, owner)] => differs(spec, service, &name, container, owner),
                        several => Some(format!("There are {} of it", several.len())),
                    };
                    if let Some(wrong) = wrong {
                        let message = format!(
                            "{wrong}, but stack '{}' is recorded as Running.",
                            stack.name
                        );
                        find(format!("container {name}"), message, START_OR_DEPLOY);
                    }
                }
            }
        }
        StackStatus::Pending | StackStatus::Removed => {
            for (container, _) in &mine {
                let message = format!(
                    "It is there, but stack '{}' is recorded as {}.",
                    stack.name, stack.status
                );
                find(format!("container {}", container.name), message, REMOVE);
            }
            for network in &view.networks {
                let made_here = network.ownership.as_ref().is_some_and(|owner| {
                    owner.deployment == living.id && owner.stack == stack.name
                });
                if made_here && !is_used_elsewhere(living, stack, &network.name) {
                    let message = format!(
                        "It is there, but stack '{}' is recorded as {}, and no other stack is on it.",
                        stack.name, stack.status
                    );
                    find(format!("network {}", network.name), message, REMOVE);
                }
            }
        }
        StackStatus::Stopped => {
            let may_run = |owner: &Ownership| {
                let spec = stack.spec.as_ref();
                let service = spec.and_then(|spec| spec.services.get(&owner.service));
                living.in_maintenance && service.is_some_and(ignores_maintenance)
            };
            for (container, owner) in &mine {
                if container.state == ContainerState::Running && !may_run(owner) {
                    let message = format!(
                        "It runs, but stack '{}' is recorded as Stopped.",
                        stack.name
                    );
                    let advice = "Stop it, or start the product.";
                    find(format!("container {}", container.name), message, advice);
                }
            }
        }
        // Evidence of a failure may be in any state. Stacks on their way belong to an active operation.
        StackStatus::Failed | StackStatus::Deploying | StackStatus::Removing => {}
    }
    findings
}

/// What is not as recorded of the one container of a replica.
fn differs(
    stack: &StackSpec,
    service: &ServiceSpec,
    name: &str,
    container: &ObservedContainer,
    owner: &Ownership,
) -> Option<String> {
    if container.name != name {
        return Some(format!("It has the name {}", container.name));
    }
    if owner.spec_hash != service.hash() {
        return Some("It was made from another specification".to_owned());
    }
    let (state, exit_code) = (container.state, container.exit_code);
    let ended_well = state == ContainerState::Exited && exit_code == Some(0);
    let runs = state == ContainerState::Running;
    let fits = if service.lifecycle.is_init() {
        ended_well
    } else {
        runs || (ended_well && may_end(stack, service))
    };
    let word = match state {
        ContainerState::Created => "is created and was never started".to_owned(),
        ContainerState::Running => "runs".to_owned(),
        ContainerState::Paused => "is paused".to_owned(),
        ContainerState::Restarting => "is being restarted".to_owned(),
        ContainerState::Removing => "is being removed".to_owned(),
        ContainerState::Exited | ContainerState::Dead => match exit_code {
            Some(code) => format!("has ended with exit code {code}"),
            None => "has ended".to_owned(),
        },
    };
    (!fits).then(|| format!("It {word}"))
}

/// Whether a service counts as running when it has ended well: one that is never restarted, or whose end others wait for.
fn may_end(stack: &StackSpec, service: &ServiceSpec) -> bool {
    let awaited = |other: &ServiceSpec| {
        other.depends_on.iter().any(|dependency| {
            dependency.service == service.name
                && dependency.condition == Condition::ServiceCompletedSuccessfully
        })
    };
    service.restart == RestartPolicy::No || stack.services.values().any(awaited)
}

/// Whether a stack that has begun is on a network that another one declares.
fn is_used_elsewhere(living: &Living, declaring: &RecordedStack, network: &str) -> bool {
    living.stacks.iter().any(|stack| {
        let begun = !matches!(stack.status, StackStatus::Pending | StackStatus::Removed);
        // One that cannot be rendered gets the benefit of the doubt.
        let names = stack
            .spec
            .as_ref()
            .is_none_or(|spec| spec.networks.values().any(|other| other.name == network));
        stack.name != declaring.name && begun && names
    })
}

fn nothing_unknown(view: &ProductView) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |subject: String, why: Option<String>| {
        if let Some(why) = why {
            findings.push(Finding {
                rule: Rule::NothingUnknown,
                subject,
                message: why,
                advice: REMOVE,
            });
        }
    };
    for (container, owner) in owned(&view.containers) {
        let why = unknown_container(view, container, owner);
        find(format!("container {}", container.name), why);
    }
    for network in &view.networks {
        if let Some(owner) = &network.ownership {
            let why = unknown_network(view, network, owner);
            find(format!("network {}", network.name), why);
        }
    }
    for volume in &view.volumes {
        if let Some(owner) = &volume.ownership {
            let recorded = view.others.contains_key(&owner.deployment)
                || view
                    .living
                    .as_ref()
                    .is_some_and(|it| it.id == owner.deployment);
            let why = (!recorded).then(|| unrecorded(owner));
            find(format!("volume {}", volume.name), why);
        }
    }
    findings
}

fn unrecorded(owner: &Ownership) -> String {
    format!(
        "Its labels name deployment {}, which is not recorded.",
        owner.deployment
    )
}

fn unknown_container(
    view: &ProductView,
    container: &ObservedContainer,
    owner: &Ownership,
) -> Option<String> {
    let living = view.living.as_ref();
    if let Some(living) = living.filter(|living| living.id == owner.deployment) {
        let Some(stack) = living.stacks.iter().find(|stack| stack.name == owner.stack) else {
            return Some(format!(
                "Its labels name stack '{}', which deployment {} does not have.",
                owner.stack, living.id
            ));
        };
        // Without the rendered stack nobody can say; that it cannot be rendered is a finding of its own.
        let service = stack.spec.as_ref()?.services.get(&owner.service);
        return match service {
            Some(service) if (1..=service.replicas.max(1)).contains(&owner.replica) => None,
            Some(_) => Some(format!(
                "Its labels name replica {} of service '{}/{}', which has fewer.",
                owner.replica, owner.stack, owner.service
            )),
            None => Some(format!(
                "Its labels name service '{}/{}', which deployment {} does not have.",
                owner.stack, owner.service, living.id
            )),
        };
    }
    let Some(standing) = view.others.get(&owner.deployment) else {
        return Some(unrecorded(owner));
    };
    let has_a_place = standing.status == ProductStatus::Superseded
        && living.is_some_and(|living| has_a_place(living, container, owner));
    (!has_a_place).then(|| left_over(view, owner))
}

/// Whether the living deployment has the name, and kept the container or has not come to it.
fn has_a_place(living: &Living, container: &ObservedContainer, owner: &Ownership) -> bool {
    let stack = living.stacks.iter().find(|stack| stack.name == owner.stack);
    let Some(stack) = stack else {
        return false;
    };
    let Some(spec) = &stack.spec else {
        return true;
    };
    let of_this_name = spec.services.values().find(|service| {
        (1..=service.replicas.max(1))
            .any(|replica| service.container_name_of(replica) == container.name)
    });
    of_this_name.is_some_and(|service| {
        stack.status != StackStatus::Running || owner.spec_hash == service.hash()
    })
}

fn unknown_network(
    view: &ProductView,
    network: &ObservedObject,
    owner: &Ownership,
) -> Option<String> {
    let living = view.living.as_ref();
    let declared = living.is_some_and(|living| {
        living.stacks.iter().any(|stack| {
            stack.spec.as_ref().is_none_or(|spec| {
                spec.networks
                    .values()
                    .any(|other| !other.external && other.name == network.name)
            })
        })
    });
    if living.is_some_and(|living| living.id == owner.deployment) {
        return (!declared).then(|| {
            format!(
                "Its labels name deployment {}, which does not declare it.",
                owner.deployment
            )
        });
    }
    if !view.others.contains_key(&owner.deployment) {
        return Some(unrecorded(owner));
    }
    (!declared).then(|| left_over(view, owner))
}

fn left_over(view: &ProductView, owner: &Ownership) -> String {
    let word = view
        .others
        .get(&owner.deployment)
        .map_or("unknown", |standing| standing.status.as_str());
    format!(
        "It was left by deployment {}, which is {word}.",
        owner.deployment
    )
}

#[cfg(test)]
mod tests;
