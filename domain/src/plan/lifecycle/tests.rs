//! Plans of stopping and starting as text.

use super::super::rollout::samples::{ENVIRONMENT, deployed, stack};
use super::*;

fn input<'a>(
    scope: &'a [String],
    specs: &'a [StackSpec],
    observed: &'a Observed,
) -> LifecycleInput<'a> {
    LifecycleInput {
        product: "demo:shop",
        environment: ENVIRONMENT,
        scope,
        specs,
        observed,
        maintenance: None,
    }
}

fn shop() -> (Vec<String>, Vec<StackSpec>, Observed) {
    let stacks = vec![
        stack("infra", &[], &["db:redis:7"]),
        stack(
            "web",
            &[],
            &["!migrate:app:1", "api:app:1", "site:app:1 api=healthy"],
        ),
    ];
    let observed = deployed(&stacks);
    let specs: Vec<StackSpec> = stacks.into_iter().map(|stack| stack.spec).collect();
    let scope = specs.iter().map(|spec| spec.stack.clone()).collect();
    (scope, specs, observed)
}

#[test]
fn dependents_are_stopped_before_what_they_depend_on() {
    let (scope, specs, observed) = shop();
    insta::assert_snapshot!(plan_stop(&input(&scope, &specs, &observed)));
}

#[test]
fn what_cannot_be_rendered_is_stopped_all_the_same() {
    let (scope, _, observed) = shop();
    let plan = plan_stop(&input(&scope, &[], &observed));
    let stops = plan
        .steps
        .iter()
        .filter(|step| step.key.as_str().starts_with("stop "));
    assert_eq!(stops.count(), 3, "{plan}");
}

#[test]
fn one_shots_are_not_started_again() {
    let (scope, specs, mut observed) = shop();
    for container in &mut observed.containers {
        container.state = ContainerState::Exited;
    }
    insta::assert_snapshot!(plan_start(&input(&scope, &specs, &observed)));
}

#[test]
fn a_restart_stops_a_stack_before_it_starts_it() {
    let (_, specs, observed) = shop();
    let scope = ["web".to_owned()];
    insta::assert_snapshot!(plan_restart(&input(&scope, &specs, &observed)));
}

#[test]
fn maintenance_leaves_alone_what_asks_for_it() {
    let (scope, mut specs, observed) = shop();
    let labels = &mut specs[1].services["site"].labels;
    labels.insert(MAINTENANCE.to_owned(), IGNORE.to_owned());
    let plan = plan_stop(&LifecycleInput {
        maintenance: Some(Maintenance { notifies: true }),
        ..input(&scope, &specs, &observed)
    });
    let text = plan.to_string();
    assert!(!text.contains("stop shop-web_site"), "{text}");
    assert!(text.starts_with("#0 notify setter"), "{text}");
}
