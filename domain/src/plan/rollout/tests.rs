//! Plans as text, refusals by name, and a simulation in which every step fails in turn.

use std::collections::BTreeSet;

use super::samples::{ENVIRONMENT, deployed, network, stack};
use super::*;
use crate::operation::StepState;
use crate::operation::event::UnwindReason;
use crate::plan::{
    ContainerState, Health, ObservedObject, Ownership, StackOutcome, plan_unwind, schedule,
    stack_outcome,
};
use crate::spec::{PullPolicy, RestartPolicy};

struct Case {
    scope: Vec<String>,
    gone: Vec<String>,
    extent: Extent,
    on_failure: OnFailure,
    wanted_images: BTreeMap<String, ReleaseImage>,
    stacks: Vec<PlannedStack>,
    graph: bool,
    continue_on_error: bool,
    observed: Observed,
    images: Vec<&'static str>,
}

fn case(stacks: Vec<PlannedStack>) -> Case {
    Case {
        scope: stacks.iter().map(|it| it.spec.stack.clone()).collect(),
        gone: Vec::new(),
        extent: Extent::Repair,
        on_failure: OnFailure::Keep,
        wanted_images: BTreeMap::new(),
        stacks,
        graph: false,
        continue_on_error: true,
        observed: Observed::default(),
        images: Vec::new(),
    }
}

impl Case {
    fn plan(&self) -> Result<Plan, Vec<Refusal>> {
        let images = self
            .images
            .iter()
            .map(|&image| {
                let present = PresentImage {
                    id: format!("id of {image}"),
                    has_healthcheck: image.starts_with("checked"),
                    from_registry: !image.starts_with("made"),
                };
                (image.to_owned(), present)
            })
            .collect();
        let plan = plan_rollout(&RolloutInput {
            product: "demo:shop",
            environment: ENVIRONMENT,
            stacks: &self.stacks,
            scope: &self.scope,
            gone: &self.gone,
            extent: self.extent,
            on_failure: self.on_failure,
            wanted_images: &self.wanted_images,
            graph: self.graph,
            continue_on_error: self.continue_on_error,
            observed: &self.observed,
            images: &images,
        });
        if let Ok(plan) = &plan {
            for (position, step) in plan.steps.iter().enumerate() {
                assert!(step.needs.iter().all(|need| need.step < position), "{plan}");
            }
            let keys: BTreeSet<_> = plan.steps.iter().map(|step| &step.key).collect();
            assert_eq!(keys.len(), plan.steps.len(), "keys are unique:\n{plan}");
        }
        plan
    }
}

fn shop() -> Vec<PlannedStack> {
    vec![
        stack("infra", &[], &["db:redis:7"]),
        stack(
            "web",
            &[],
            &["!migrate:app:1", "api:app:1 cache=healthy", "cache:redis:7"],
        ),
    ]
}

#[test]
fn a_product_of_two_stacks() {
    insta::assert_snapshot!(case(shop()).plan().unwrap());
}

#[test]
fn what_waits_says_for_whom() {
    let plan = case(shop()).plan().unwrap();
    let waits: Vec<_> = plan
        .outlines()
        .into_iter()
        .filter(|outline| !outline.waits_for.is_empty())
        .map(|outline| (outline.step.to_string(), outline.waits_for.join(" ")))
        .collect();
    let expected = [
        ("begin web", "infra"),
        ("start web/cache", "migrate"),
        ("start web/api", "migrate cache"),
    ];
    assert_eq!(
        waits,
        expected.map(|(step, names)| (step.to_owned(), names.to_owned()))
    );
}

#[test]
fn nothing_is_pulled_that_is_there() {
    let case = Case {
        images: vec!["redis:7", "app:1"],
        ..case(shop())
    };
    let plan = case.plan().unwrap();
    assert!(!plan.to_string().contains("pull"), "{plan}");
}

fn again(stacks: Vec<PlannedStack>, observed: Observed) -> Case {
    Case {
        observed,
        images: vec!["redis:7", "app:1"],
        ..case(stacks)
    }
}

#[test]
fn what_is_unchanged_is_kept() {
    let plan = again(shop(), deployed(&shop())).plan().unwrap();
    insta::assert_snapshot!(plan);
}

#[test]
fn only_what_changed_or_failed_is_made_anew() {
    let mut observed = deployed(&shop());
    // The cache has died; the image of the others is another one now.
    observed.containers[3].state = ContainerState::Exited;
    observed.containers[3].exit_code = Some(1);
    observed.containers[2].image_id = "an older one".to_owned();
    insta::assert_snapshot!(again(shop(), observed).plan().unwrap());
}

#[test]
fn a_kept_service_that_is_still_starting_is_waited_for() {
    let mut observed = deployed(&shop());
    observed.containers[0].health = Health::Starting;
    let plan = again(shop(), observed).plan().unwrap().to_string();
    assert!(plan.contains("healthy infra/db <- "), "{plan}");
    assert!(!plan.contains("start "), "{plan}");
}

#[test]
fn what_is_not_well_is_not_kept() {
    let spoil: [fn(&mut ObservedContainer); 5] = [
        |container| container.state = ContainerState::Created,
        |container| container.state = ContainerState::Restarting,
        |container| container.health = Health::Unhealthy,
        |container| container.ownership.as_mut().unwrap().spec_hash.clear(),
        |container| container.ownership.as_mut().unwrap().replica = 2,
    ];
    for spoil in spoil {
        let mut observed = deployed(&shop());
        spoil(&mut observed.containers[0]);
        let plan = again(shop(), observed).plan().unwrap();
        assert_eq!(plan.kept.len(), 3, "{plan}");
        assert!(plan.to_string().contains("create infra/db"), "{plan}");
    }
}

#[test]
fn a_service_that_was_told_to_stop_is_not_kept() {
    let mut stacks = shop();
    stacks[0].spec.services["db"].restart = RestartPolicy::No;
    let mut observed = deployed(&stacks);
    observed.containers[0].state = ContainerState::Exited;
    observed.containers[0].exit_code = Some(0);
    let plan = again(stacks, observed).plan().unwrap();
    assert!(plan.to_string().contains("create infra/db"), "{plan}");
}

#[test]
fn what_shares_a_namespace_follows_its_owner() {
    let mut stacks = shop();
    stacks[1].spec.services["api"].network_mode = Some("service:cache".to_owned());
    let mut observed = deployed(&stacks);
    observed.containers[3].state = ContainerState::Exited;
    let plan = again(stacks, observed).plan().unwrap().to_string();
    assert!(plan.contains("create web/api"), "{plan}");
}

#[test]
fn what_nobody_wants_any_more_goes() {
    let mut before = shop();
    before.push(stack("old", &[], &["gone:redis:7"]));
    let mut observed = deployed(&before);
    // Of another environment: none of our business.
    let mut foreign = observed.containers[4].clone();
    foreign.name = "elsewhere".to_owned();
    foreign.ownership.as_mut().unwrap().environment =
        EnvironmentId::from_uuid(uuid::Uuid::from_u128(9));
    observed.containers.push(foreign);
    insta::assert_snapshot!(again(shop(), observed).plan().unwrap());
}

#[test]
fn a_gate_fits_what_is_known_of_checks() {
    let stacks = vec![stack(
        "one",
        &[],
        &[
            "own:app:1",
            "brought:checked:1",
            "none:app:1",
            "unknown:new:1",
        ],
    )];
    let mut case = Case {
        images: vec!["app:1", "checked:1"],
        ..case(stacks)
    };
    let services = &mut case.stacks[0].spec.services;
    services["own"].healthcheck = Some(crate::spec::Healthcheck {
        test: Some(vec!["CMD".to_owned(), "true".to_owned()]),
        interval: None,
        timeout: None,
        retries: None,
        start_period: None,
        start_interval: None,
    });
    let plan = case.plan().unwrap();
    let keys: Vec<_> = plan.steps.iter().map(|step| step.key.as_str()).collect();
    let gates: Vec<_> = keys
        .into_iter()
        .filter(|key| key.starts_with("healthy") || key.starts_with("settled"))
        .collect();
    assert_eq!(
        gates,
        [
            "healthy one/own",
            "healthy one/brought",
            "settled one/none",
            "healthy one/unknown",
            "settled one/unknown"
        ]
    );
}

#[test]
fn what_can_begin_is_offered_in_the_order_of_the_stacks() {
    let plan = again(shop(), Observed::default()).plan().unwrap();
    let mut states = vec![StepState::Pending; plan.steps.len()];
    let keys = |states: &[StepState]| -> Vec<String> {
        let ready = schedule(&plan, states).ready;
        ready
            .iter()
            .map(|&step| plan.steps[step].key.to_string())
            .collect()
    };
    assert_eq!(
        keys(&states),
        [
            "network shop-infra_default",
            "begin infra",
            "network shop-web_default"
        ]
    );
    let made = |key: &str| {
        plan.steps
            .iter()
            .position(|step| step.key.as_str() == key)
            .unwrap()
    };
    states[made("network shop-infra_default")] = StepState::Done;
    assert_eq!(
        keys(&states),
        ["create infra/db", "begin infra", "network shop-web_default"],
        "before the network of a later stack"
    );
}

#[test]
fn a_graph_of_stacks() {
    let stacks = vec![
        stack("web", &["api", "auth"], &["web:app:1"]),
        stack("api", &["infra"], &["api:app:1"]),
        stack("auth", &["infra"], &["auth:app:1"]),
        stack("infra", &[], &["db:app:1"]),
    ];
    let case = Case {
        graph: true,
        images: vec!["app:1"],
        ..case(stacks)
    };
    insta::assert_snapshot!(case.plan().unwrap());
}

#[test]
fn an_init_that_needs_a_service_does_not_wait_for_itself() {
    let stacks = vec![stack(
        "one",
        &[],
        &["api:a:1 db", "!migrate:a:1 db=healthy", "db:a:1"],
    )];
    let plan = Case {
        images: vec!["a:1"],
        ..case(stacks)
    }
    .plan()
    .unwrap();
    let keys: Vec<_> = plan.steps.iter().map(|step| step.key.as_str()).collect();
    let at = |key: &str| keys.iter().position(|other| *other == key).unwrap();
    assert!(at("settled one/db") < at("init one/migrate"));
    assert!(at("init one/migrate") < at("start one/api"));
}

#[test]
fn what_is_not_ours_is_refused_by_name() {
    let container = |name: &str, ownership: Option<Ownership>| ObservedContainer {
        id: "c1".to_owned(),
        name: name.to_owned(),
        image: "other".to_owned(),
        image_id: String::new(),
        state: ContainerState::Running,
        health: Health::None,
        exit_code: None,
        ownership,
    };
    let mut stacks = shop();
    stacks[1]
        .spec
        .networks
        .insert("shared".to_owned(), network("company", true));
    let observed = Observed {
        containers: vec![container("shop-infra_db", None)],
        networks: vec![ObservedObject {
            name: "shop-web_default".to_owned(),
            ownership: None,
        }],
        volumes: Vec::new(),
    };
    let refusals = Case {
        observed,
        ..case(stacks)
    }
    .plan()
    .unwrap_err();
    let text: Vec<_> = refusals.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn what_an_earlier_deployment_left_is_stopped_before_anything_starts() {
    let left = |name: &str, stack: &str, product: &str| ObservedContainer {
        id: format!("id of {name}"),
        name: name.to_owned(),
        image: "old".to_owned(),
        image_id: String::new(),
        state: ContainerState::Running,
        health: Health::None,
        exit_code: None,
        ownership: Some(Ownership {
            product: product.to_owned(),
            environment: ENVIRONMENT,
            deployment: crate::id::DeploymentId::from_uuid(uuid::Uuid::from_u128(2)),
            stack: stack.to_owned(),
            project: format!("shop-{stack}"),
            service: "old".to_owned(),
            replica: 1,
            init: false,
            operation: crate::id::OperationId::from_uuid(uuid::Uuid::from_u128(3)),
            generation: 1,
            spec_hash: String::new(),
        }),
    };
    let containers = vec![
        left("shop-web_old", "web", "demo:shop"),
        left("shop-gone_old", "gone", "demo:shop"),
        left("blog-web_old", "web", "demo:blog"),
    ];
    let case = Case {
        observed: Observed {
            containers,
            ..Observed::default()
        },
        ..case(shop())
    };
    let plan = case.plan().unwrap();
    let position = |key: &str| plan.steps.iter().position(|step| step.key.as_str() == key);
    let needs = |key: &str, other: &str| {
        let step = &plan.steps[position(key).unwrap()];
        step.needs.contains(&well(position(other).unwrap()))
    };
    assert!(needs("begin web", "stop shop-web_old"), "{plan}");
    assert!(needs("begin infra", "stop shop-gone_old"), "{plan}");
    assert!(needs("remove shop-web_old", "finish web"), "{plan}");
    assert_eq!(position("stop blog-web_old"), None, "{plan}");
    assert_eq!(position("remove blog-web_old"), None, "{plan}");
    assert_eq!(
        outcomes(&plan, &simulate(&plan, &[]), &case.stacks),
        "complete complete"
    );
}

#[test]
fn an_external_network_may_come_from_another_stack() {
    let mut stacks = shop();
    stacks[0]
        .spec
        .networks
        .insert("shared".to_owned(), network("shop-web_default", true));
    stacks[0].spec.services[0].networks[0].network = "shared".to_owned();
    let plan = case(stacks).plan().unwrap();
    let made = plan
        .steps
        .iter()
        .position(|step| step.key.as_str() == "network shop-web_default");
    let create = plan
        .steps
        .iter()
        .find(|step| step.key.as_str() == "create infra/db")
        .unwrap();
    assert!(
        create.needs.iter().any(|need| Some(need.step) == made),
        "{plan}"
    );
}

#[test]
fn circles_are_named() {
    let stacks = vec![stack("one", &[], &["a:x:1 b", "b:x:1 a"])];
    let refusals = case(stacks).plan().unwrap_err();
    assert!(matches!(&refusals[..], [Refusal::ServiceCircle { circle, .. }] if circle == "a, b"));
    let stacks = vec![
        stack("one", &["two"], &["a:x:1"]),
        stack("two", &["one"], &["b:x:1"]),
    ];
    let refusals = Case {
        graph: true,
        ..case(stacks)
    }
    .plan()
    .unwrap_err();
    assert!(matches!(&refusals[..], [Refusal::StackCircle { circle }] if circle == "one, two"));
}

/// Runs a plan to its end; the steps in `fail` fail. Returns the states.
fn simulate(plan: &Plan, fail: &[usize]) -> Vec<StepState> {
    let mut states = vec![StepState::Pending; plan.steps.len()];
    loop {
        let next = schedule(plan, &states);
        for (position, because) in &next.skipped {
            assert!(!because.is_empty());
            states[*position] = StepState::Skipped;
        }
        if next.finished {
            return states;
        }
        assert!(!next.ready.is_empty(), "stuck:\n{plan}\n{states:?}");
        for position in next.ready {
            states[position] = match &plan.steps[position].action {
                Action::FinishStack { stack, .. } => match stack_outcome(plan, &states, stack) {
                    StackOutcome::Complete => StepState::Done,
                    StackOutcome::Untouched => StepState::Skipped,
                    StackOutcome::Failed(_) | StackOutcome::Blocked => StepState::Failed,
                },
                _ if fail.contains(&position) => StepState::Failed,
                _ => StepState::Done,
            };
        }
    }
}

fn outcomes(plan: &Plan, states: &[StepState], stacks: &[PlannedStack]) -> String {
    let of = |stack: &PlannedStack| match stack_outcome(plan, states, &stack.spec.stack) {
        StackOutcome::Complete => "complete",
        StackOutcome::Failed(_) => "failed",
        StackOutcome::Blocked => "blocked",
        StackOutcome::Untouched => "untouched",
    };
    stacks.iter().map(of).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_step_may_fail_and_the_plan_still_ends() {
    for continue_on_error in [true, false] {
        let case = Case {
            continue_on_error,
            ..case(shop())
        };
        let plan = case.plan().unwrap();
        assert_eq!(
            outcomes(&plan, &simulate(&plan, &[]), &case.stacks),
            "complete complete"
        );
        let mut lines = Vec::new();
        for position in 0..plan.steps.len() {
            if matches!(plan.steps[position].action, Action::FinishStack { .. }) {
                continue;
            }
            let states = simulate(&plan, &[position]);
            let undo = plan_unwind(&plan, &states, UnwindReason::Failed);
            let undo: Vec<_> = undo.steps.iter().map(|step| step.key.as_str()).collect();
            lines.push(format!(
                "{}: {} | {}",
                plan.steps[position].key,
                outcomes(&plan, &states, &case.stacks),
                undo.join(", ")
            ));
        }
        insta::assert_snapshot!(
            format!("one_failure_continue_{continue_on_error}"),
            lines.join("\n")
        );
    }
}

#[test]
fn a_cancel_takes_back_what_is_not_complete() {
    let case = case(shop());
    let mut plan = case.plan().unwrap();
    let begin = plan
        .steps
        .iter()
        .position(|step| step.key.as_str() == "begin web")
        .unwrap();
    let mut states = simulate(&plan, &[]);
    // The second stack was begun and caught at its one-shot.
    for (position, state) in states.iter_mut().enumerate().skip(begin + 1) {
        *state = if plan.steps[position].key.as_str() == "init web/migrate" {
            StepState::Started
        } else {
            StepState::Pending
        };
    }
    let undo = plan_unwind(&plan, &states, UnwindReason::Cancelled).steps;
    let keys: Vec<_> = undo.iter().map(|step| step.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "discard web/migrate",
            "discard web/cache",
            "discard web/api",
            "discard network web/default"
        ]
    );
    plan.undo_from = Some(plan.steps.len());
    plan.steps.extend(undo);
    states.resize(plan.steps.len(), StepState::Pending);
    let next = schedule(&plan, &states);
    assert_eq!(next.ready.len(), 3, "the network waits for the containers");
}

#[test]
fn an_image_that_must_not_be_pulled_must_be_there() {
    let mut stacks = shop();
    for stack in &mut stacks {
        for service in stack.spec.services.values_mut() {
            service.pull_policy = PullPolicy::Never;
        }
    }
    let refusals = Case {
        images: vec!["redis:7"],
        ..case(stacks)
    }
    .plan()
    .unwrap_err();
    assert!(
        refusals
            .iter()
            .all(|refusal| matches!(refusal, Refusal::ImageMissing { stack, image } if stack == "web" && image == "app:1")),
        "{refusals:?}"
    );
}

/// A product whose services cannot all run beside their replacements: the database writes to a volume, the site has a host port.
fn busy() -> Vec<PlannedStack> {
    let mut stacks = vec![
        stack("infra", &[], &["db:redis:7"]),
        stack(
            "web",
            &[],
            &["!migrate:app:1", "api:app:1", "site:app:1 api=healthy"],
        ),
    ];
    stacks[0].spec.services["db"]
        .mounts
        .push(crate::spec::MountSpec::Volume {
            source: Some("data".to_owned()),
            target: "/data".to_owned(),
            read_only: false,
            nocopy: false,
            subpath: None,
        });
    stacks[1].spec.services["site"]
        .ports
        .push(crate::spec::PortSpec {
            target: 80,
            published: Some("8080".to_owned()),
            host_ip: None,
            protocol: "tcp".to_owned(),
        });
    stacks
}

/// The same with other contents of every service.
fn changed(mut stacks: Vec<PlannedStack>) -> Vec<PlannedStack> {
    for stack in &mut stacks {
        for service in stack.spec.services.values_mut() {
            let environment = &mut service.environment;
            environment.insert("VERSION".to_owned(), Some("2".to_owned()));
        }
    }
    stacks
}

fn upgrade(before: &[PlannedStack], after: Vec<PlannedStack>) -> Case {
    Case {
        extent: Extent::Changed,
        ..again(after, deployed(before))
    }
}

#[test]
fn an_upgrade_replaces_what_changed_and_keeps_the_way_back() {
    let mut after = busy();
    after[1] = changed(busy()).remove(1);
    insta::assert_snapshot!(upgrade(&busy(), after).plan().unwrap());
}

#[test]
fn an_upgrade_that_changes_nothing_touches_nothing() {
    let plan = upgrade(&busy(), busy()).plan().unwrap();
    let acts = plan.steps.iter().filter(|step| {
        !matches!(
            step.action,
            Action::BeginStack { .. } | Action::FinishStack { .. } | Action::RecordImages
        )
    });
    assert_eq!(acts.count(), 0, "{plan}");
    assert_eq!(plan.kept.len(), 4, "{plan}");
}

#[test]
fn a_redeploy_takes_down_what_cannot_run_beside_its_replacement() {
    let case = Case {
        extent: Extent::All,
        scope: vec!["web".to_owned()],
        ..again(busy(), deployed(&busy()))
    };
    insta::assert_snapshot!(case.plan().unwrap());
}

#[test]
fn a_stack_that_is_replaced_hands_on_its_turn_when_it_is_up() {
    let stacks = || {
        let of = |name: &str| stack(name, &[], &["api:app:1"]);
        vec![of("one"), of("two")]
    };
    let plan = |continue_on_error| {
        let case = Case {
            extent: Extent::All,
            continue_on_error,
            ..again(stacks(), deployed(&stacks()))
        };
        case.plan().unwrap()
    };
    let before_second = |plan: &Plan| -> Vec<String> {
        let begin = plan
            .steps
            .iter()
            .find(|step| step.key.to_string() == "take down two");
        let needs = begin.unwrap().needs.iter();
        needs
            .map(|need| plan.steps[need.step].key.to_string())
            .collect()
    };
    // What settles, and what is stopped behind that, goes on beside the next stack.
    let needs = before_second(&plan(true));
    assert!(needs.contains(&"start one/api".to_owned()), "{needs:?}");
    assert!(
        !needs
            .iter()
            .any(|key| key.starts_with("settled") || key.starts_with("stop")),
        "{needs:?}"
    );
    // Where a failure ends everything, the whole stack must have come through.
    assert!(before_second(&plan(false)).contains(&"finish one".to_owned()));
}

#[test]
fn a_redeploy_pulls_nothing_that_no_registry_has() {
    let mut stacks = busy();
    stacks.truncate(1);
    stacks[0].spec.services["db"].image = "made:1".parse().unwrap();
    let case = Case {
        extent: Extent::All,
        images: vec!["made:1"],
        observed: deployed(&stacks),
        ..case(stacks)
    };
    let plan = case.plan().unwrap().to_string();
    assert!(!plan.contains("pull "), "{plan}");
    assert!(plan.contains("create infra/db"), "{plan}");
}

#[test]
fn a_service_may_ask_a_redeploy_to_leave_it_alone() {
    let mut stacks = busy();
    let labels = &mut stacks[0].spec.services["db"].labels;
    labels.insert("rsgo.redeploy".to_owned(), "ignore".to_owned());
    let case = Case {
        extent: Extent::All,
        images: vec!["made:1", "redis:7"],
        scope: vec!["infra".to_owned()],
        observed: deployed(&stacks),
        ..case(stacks)
    };
    let plan = case.plan().unwrap();
    // What its registry has may be newer, which is what it does not want to know.
    assert!(!plan.to_string().contains("create infra/db"), "{plan}");
}

#[test]
fn a_stack_that_is_gone_is_stopped_first_and_removed_last() {
    let mut before = busy();
    before.push(stack("old", &[], &["gone:redis:7"]));
    let case = Case {
        gone: vec!["old".to_owned()],
        ..upgrade(&before, busy())
    };
    insta::assert_snapshot!(case.plan().unwrap());
}

#[test]
fn a_reference_that_means_another_image_by_now_is_pinned() {
    let wanted = |digest: Option<&str>| {
        let image = ReleaseImage {
            id: format!("sha256:{}", "a".repeat(64)),
            digest: digest.map(str::to_owned),
            pinned: None,
        };
        BTreeMap::from([("redis:7".to_owned(), image)])
    };
    let mut stacks = busy();
    stacks.truncate(1);
    let plan = |images: Vec<&'static str>, digest| {
        Case {
            extent: Extent::Changed,
            images,
            wanted_images: wanted(digest),
            ..case(vec![stack("infra", &[], &["db:redis:7"])])
        }
        .plan()
    };
    let digest: &str = &format!("redis@sha256:{}", "b".repeat(64));
    let pulled = plan(vec!["redis:7"], Some(digest)).unwrap();
    assert_eq!(pulled.pins["redis:7"], digest);
    assert!(
        pulled.to_string().contains(&format!("pull {digest}")),
        "{pulled}"
    );
    let refused = plan(vec!["redis:7"], None).unwrap_err();
    assert!(
        matches!(&refused[..], [Refusal::ImageLost { image, .. }] if image == "redis:7"),
        "{refused:?}"
    );
    drop(stacks);
}

/// Undoes a plan one of whose steps failed, and says what is undone and which stacks come back.
fn undone(plan: &Plan, failed: &str, reason: UnwindReason) -> String {
    let failed = plan
        .steps
        .iter()
        .position(|step| step.key.as_str() == failed)
        .unwrap();
    let mut states = simulate(plan, &[failed]);
    if reason == UnwindReason::Cancelled {
        // It was caught there: nothing after it was begun.
        for state in &mut states[failed + 1..] {
            *state = StepState::Pending;
        }
        states[failed] = StepState::Unknown;
    }
    let unwinding = plan_unwind(plan, &states, reason);
    let lines: Vec<String> = unwinding
        .steps
        .iter()
        .map(|step| {
            let needs: Vec<&str> = step
                .needs
                .iter()
                .map(|need| {
                    let position = need.step - plan.steps.len();
                    unwinding.steps[position].key.as_str()
                })
                .collect();
            match needs.is_empty() {
                true => step.key.to_string(),
                false => format!("{} <- {}", step.key, needs.join(", ")),
            }
        })
        .collect();
    format!(
        "{}\ncomes back: {}",
        lines.join("\n"),
        unwinding.returned.join(", ")
    )
}

#[test]
fn an_upgrade_that_fails_brings_the_old_containers_back() {
    let keep = upgrade(&busy(), changed(busy())).plan().unwrap();
    let rollback = Case {
        on_failure: OnFailure::Rollback,
        ..upgrade(&busy(), changed(busy()))
    }
    .plan()
    .unwrap();
    let mut lines = Vec::new();
    for failed in ["settled infra/db", "init web/migrate", "settled web/site"] {
        for (name, plan) in [("keep", &keep), ("rollback", &rollback)] {
            let text = undone(plan, failed, UnwindReason::Failed);
            lines.push(format!("{failed} fails, {name}:\n{text}\n"));
        }
        let text = undone(&keep, failed, UnwindReason::Cancelled);
        lines.push(format!("{failed} is cancelled:\n{text}\n"));
    }
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn what_may_have_to_return_is_kept_until_everything_has_come_through() {
    let check = |on_failure: OnFailure, expected: bool| {
        let case = Case {
            on_failure,
            ..upgrade(&busy(), changed(busy()))
        };
        let plan = case.plan().unwrap();
        let finishes: Vec<usize> = (0..plan.steps.len())
            .filter(|&step| matches!(plan.steps[step].action, Action::FinishStack { .. }))
            .collect();
        let waits = |step: &&Step| {
            let well = |&step: &usize| Need {
                step,
                ended: Ended::Well,
            };
            finishes
                .iter()
                .map(well)
                .all(|need| step.needs.contains(&need))
        };
        let removals = plan
            .steps
            .iter()
            .filter(|step| step.tidies && matches!(step.action, Action::RemoveContainer { .. }));
        let (wait, others): (Vec<_>, Vec<_>) = removals.partition(waits);
        assert_eq!(
            (wait.is_empty(), others.is_empty()),
            (!expected, expected),
            "{plan}"
        );
    };
    check(OnFailure::Keep, false);
    check(OnFailure::Rollback, true);
    check(OnFailure::Pause, true);
}
