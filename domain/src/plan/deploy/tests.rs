//! Plans as text, refusals by name, and a simulation in which every step fails in turn.

use std::collections::BTreeSet;
use std::time::Duration;

use indexmap::IndexMap;

use super::*;
use crate::operation::StepState;
use crate::operation::event::UnwindReason;
use crate::plan::{
    ContainerState, Health, ObservedObject, Ownership, StackOutcome, plan_unwind, schedule,
    stack_outcome,
};
use crate::spec::{
    Dependency, Lifecycle, NetworkAttachment, NetworkSpec, PullPolicy, RestartPolicy,
};

const ENVIRONMENT: EnvironmentId = EnvironmentId::from_uuid(uuid::Uuid::from_u128(1));

fn service(project: &str, text: &str) -> ServiceSpec {
    // `name:image after(condition) …`
    let mut words = text.split_whitespace();
    let (name, image) = words.next().unwrap().split_once(':').unwrap();
    let init = name.starts_with('!');
    let name = name.trim_start_matches('!');
    let depends_on = words
        .map(|word| {
            let (service, condition) = word.split_once('=').unwrap_or((word, "started"));
            Dependency {
                service: service.to_owned(),
                condition: match condition {
                    "healthy" => Condition::ServiceHealthy,
                    "completed" => Condition::ServiceCompletedSuccessfully,
                    _ => Condition::ServiceStarted,
                },
                required: true,
            }
        })
        .collect();
    ServiceSpec {
        name: name.to_owned(),
        container_name: format!("{project}_{name}"),
        image: image.parse().unwrap(),
        pull_policy: PullPolicy::Missing,
        replicas: 1,
        lifecycle: if init {
            Lifecycle::Init {
                timeout: Duration::from_secs(60),
            }
        } else {
            Lifecycle::Service
        },
        command: None,
        entrypoint: None,
        environment: BTreeMap::new(),
        labels: BTreeMap::new(),
        ports: Vec::new(),
        expose: Vec::new(),
        mounts: Vec::new(),
        files: Vec::new(),
        networks: vec![NetworkAttachment {
            network: "default".to_owned(),
            aliases: Vec::new(),
            ipv4_address: None,
            ipv6_address: None,
            link_local_ips: Vec::new(),
            mac_address: None,
            driver_opts: BTreeMap::new(),
            gw_priority: None,
        }],
        network_mode: None,
        depends_on,
        healthcheck: None,
        probe: None,
        restart: RestartPolicy::UnlessStopped,
        stop_grace_period: None,
        runtime: crate::spec::RuntimeOptions::default(),
    }
}

fn network(name: &str, external: bool) -> NetworkSpec {
    NetworkSpec {
        name: name.to_owned(),
        external,
        driver: None,
        driver_opts: BTreeMap::new(),
        attachable: false,
        internal: false,
        enable_ipv4: None,
        enable_ipv6: false,
        labels: BTreeMap::new(),
        ipam: None,
    }
}

fn stack(name: &str, depends_on: &[&str], services: &[&str]) -> PlannedStack {
    let project = format!("shop-{name}");
    PlannedStack {
        spec: StackSpec {
            stack: name.to_owned(),
            services: services
                .iter()
                .map(|text| {
                    let service = service(&project, text);
                    (service.name.clone(), service)
                })
                .collect(),
            networks: IndexMap::from([(
                "default".to_owned(),
                network(&format!("{project}_default"), false),
            )]),
            volumes: IndexMap::new(),
            project,
        },
        depends_on: depends_on.iter().map(|&name| name.to_owned()).collect(),
    }
}

struct Case {
    stacks: Vec<PlannedStack>,
    graph: bool,
    continue_on_error: bool,
    observed: Observed,
    images: Vec<&'static str>,
}

fn case(stacks: Vec<PlannedStack>) -> Case {
    Case {
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
                };
                (image.to_owned(), present)
            })
            .collect();
        let plan = plan_deploy(&DeployInput {
            product: "demo:shop",
            environment: ENVIRONMENT,
            stacks: &self.stacks,
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
fn nothing_is_pulled_that_is_there() {
    let case = Case {
        images: vec!["redis:7", "app:1"],
        ..case(shop())
    };
    let plan = case.plan().unwrap();
    assert!(!plan.to_string().contains("pull"), "{plan}");
}

/// What the engine has once all of it runs.
fn deployed(stacks: &[PlannedStack]) -> Observed {
    let owner = |stack: &PlannedStack, service: Option<&ServiceSpec>| Ownership {
        product: "demo:shop".to_owned(),
        environment: ENVIRONMENT,
        deployment: crate::id::DeploymentId::from_uuid(uuid::Uuid::from_u128(2)),
        stack: stack.spec.stack.clone(),
        project: stack.spec.project.clone(),
        service: service
            .map(|service| service.name.clone())
            .unwrap_or_default(),
        replica: u32::from(service.is_some()),
        init: service.is_some_and(|service| service.lifecycle.is_init()),
        operation: crate::id::OperationId::from_uuid(uuid::Uuid::from_u128(3)),
        generation: u32::from(service.is_some()),
        spec_hash: service.map(ServiceSpec::hash).unwrap_or_default(),
    };
    let mut observed = Observed::default();
    for stack in stacks {
        for service in stack.spec.services.values() {
            let init = service.lifecycle.is_init();
            observed.containers.push(ObservedContainer {
                id: format!("id of {}", service.container_name),
                name: service.container_name.clone(),
                image: service.image.to_string(),
                image_id: format!("id of {}", service.image),
                state: if init {
                    ContainerState::Exited
                } else {
                    ContainerState::Running
                },
                health: Health::None,
                exit_code: init.then_some(0),
                ownership: Some(owner(stack, Some(service))),
            });
        }
        let networks = stack.spec.networks.values().map(|network| ObservedObject {
            name: network.name.clone(),
            ownership: Some(owner(stack, None)),
        });
        observed.networks.extend(networks);
    }
    observed
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
fn what_an_earlier_deployment_left_goes_before_anything_starts() {
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
    assert!(needs("begin web", "remove shop-web_old"), "{plan}");
    assert!(needs("begin infra", "remove shop-gone_old"), "{plan}");
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
                Action::FinishStack { stack } => match stack_outcome(plan, &states, stack) {
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
            let undo: Vec<_> = undo.iter().map(|step| step.key.as_str()).collect();
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
    let undo = plan_unwind(&plan, &states, UnwindReason::Cancelled);
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
