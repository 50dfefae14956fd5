//! Plans of removal as text.

use super::super::ObservedObject;
use super::super::rollout::samples::{ENVIRONMENT, deployed, stack};
use super::*;

struct Case {
    specs: Vec<StackSpec>,
    stacks: Vec<RemovedStack>,
    observed: Observed,
}

fn shop(web_depends_on: &[&str]) -> Case {
    let planned = vec![
        stack("infra", &[], &["db:redis:7"]),
        stack(
            "web",
            web_depends_on,
            &["!migrate:app:1", "api:app:1", "site:app:1 api=healthy"],
        ),
    ];
    let mut observed = deployed(&planned);
    let owner = observed.networks[0].ownership.clone();
    observed.volumes = ["shop-infra_data", "shop-infra_cache"]
        .map(|name| ObservedObject {
            name: name.to_owned(),
            ownership: owner.clone(),
        })
        .to_vec();
    Case {
        stacks: planned
            .iter()
            .map(|stack| RemovedStack {
                name: stack.spec.stack.clone(),
                depends_on: stack.depends_on.clone(),
            })
            .collect(),
        specs: planned.into_iter().map(|stack| stack.spec).collect(),
        observed,
    }
}

impl Case {
    fn plan(&self, graph: bool, volumes: &[String]) -> Plan {
        let plan = plan_remove(&RemoveInput {
            product: "demo:shop",
            environment: ENVIRONMENT,
            stacks: &self.stacks,
            graph,
            specs: &self.specs,
            observed: &self.observed,
            volumes,
        });
        for (position, step) in plan.steps.iter().enumerate() {
            assert!(step.needs.iter().all(|need| need.step < position), "{plan}");
        }
        plan
    }
}

#[test]
fn stacks_go_in_the_reverse_of_their_order() {
    insta::assert_snapshot!(shop(&[]).plan(false, &[]));
}

#[test]
fn only_volumes_that_are_named_go() {
    let plan = shop(&[])
        .plan(false, &["shop-infra_data".to_owned()])
        .to_string();
    assert!(plan.contains("remove volume shop-infra_data"), "{plan}");
    assert!(!plan.contains("shop-infra_cache"), "{plan}");
}

#[test]
fn in_a_graph_dependents_go_first_and_shared_networks_last() {
    let mut case = shop(&["infra"]);
    let shared = case.specs[0].networks["default"].clone();
    case.specs[1].networks.insert("shared".to_owned(), shared);
    insta::assert_snapshot!(case.plan(true, &[]));
}

#[test]
fn what_no_stack_is_known_to_own_goes_with_the_last() {
    let mut case = shop(&[]);
    case.observed.containers[0]
        .ownership
        .as_mut()
        .unwrap()
        .stack = "forgotten".to_owned();
    let plan = case.plan(false, &[]).to_string();
    assert!(plan.contains("remove shop-infra_db"), "{plan}");
}
