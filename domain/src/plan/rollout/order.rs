//! What comes before what: stacks among each other, services within a stack.

use std::collections::{BTreeSet, HashMap};

use super::{Refusal, RolloutInput};
use crate::spec::{ServiceSpec, StackSpec};

/// Positions of the stacks so that each comes after those it depends on; manifest order where nothing is said.
pub(super) fn stack_order(input: &RolloutInput<'_>) -> Result<Vec<usize>, Refusal> {
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

/// Every service follows the stack's one-shots, except those that a one-shot itself needs.
pub(super) fn implicit_inits(spec: &StackSpec) -> HashMap<&str, Vec<&str>> {
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
pub(super) fn creation_dependencies(service: &ServiceSpec) -> impl Iterator<Item = &str> {
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
pub(super) fn service_order(spec: &StackSpec) -> Result<Vec<&ServiceSpec>, String> {
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
