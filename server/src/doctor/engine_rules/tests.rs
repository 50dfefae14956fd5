//! Every rule finds its violation, and lets pass what is as it should be.

use std::collections::BTreeMap;

use domain::id::DeploymentId;
use domain::plan::Health;
use domain::product::StackTemplate;
use domain::variable::Values;
use serde_json::{Value, json};

use super::*;
use crate::catalog::render_stack;
use crate::doctor::{Snapshot, examine as examine_all};
use crate::store::Standing;

fn id(number: u32) -> DeploymentId {
    format!("018f0000-0000-7000-8000-00000000000{number}")
        .parse()
        .unwrap()
}

fn stack(name: &str, status: StackStatus, compose: Value) -> RecordedStack {
    let template = StackTemplate {
        id: name.to_owned(),
        name: name.to_owned(),
        display_name: name.to_owned(),
        description: String::new(),
        depends_on: Vec::new(),
        variables: Vec::new(),
        compose,
        files: BTreeMap::new(),
        profiles: Vec::new(),
        services: Vec::new(),
    };
    let spec = render_stack(&template, &format!("shop-{name}"), &Values::default()).unwrap();
    RecordedStack {
        name: name.to_owned(),
        status,
        spec: Some(spec),
    }
}

/// A one-shot, a service that restarts, one that may end, and one of two replicas.
fn base(status: StackStatus) -> RecordedStack {
    stack(
        "base",
        status,
        json!({ "services": {
            "setup": { "image": "setup:1", "x-windlass": { "init": true } },
            "api": { "image": "app:1", "restart": "always" },
            "job": { "image": "app:1", "restart": "no" },
            "twin": { "image": "app:1", "restart": "always", "deploy": { "replicas": 2 } },
        } }),
    )
}

/// The containers of a stack as a deployment makes them.
fn containers(stack: &RecordedStack, deployment: DeploymentId) -> Vec<ObservedContainer> {
    let spec = stack.spec.as_ref().unwrap();
    let mut all = Vec::new();
    for service in spec.services.values() {
        for replica in 1..=service.replicas.max(1) {
            let init = service.lifecycle.is_init();
            all.push(ObservedContainer {
                id: format!("{}{replica}", service.name),
                name: service.container_name_of(replica),
                image: service.image.to_string(),
                image_id: String::new(),
                state: if init {
                    ContainerState::Exited
                } else {
                    ContainerState::Running
                },
                health: Health::None,
                exit_code: init.then_some(0),
                ownership: Some(Ownership {
                    service: service.name.clone(),
                    replica,
                    init,
                    generation: 1,
                    spec_hash: service.hash(),
                    ..owner(&stack.name, deployment)
                }),
            });
        }
    }
    all
}

fn owner(stack: &str, deployment: DeploymentId) -> Ownership {
    Ownership {
        product: "shop".to_owned(),
        environment: "018f0000-0000-7000-8000-000000000000".parse().unwrap(),
        deployment,
        stack: stack.to_owned(),
        project: format!("shop-{stack}"),
        service: String::new(),
        replica: 0,
        init: false,
        operation: "018f0000-0000-7000-8000-000000000000".parse().unwrap(),
        generation: 0,
        spec_hash: String::new(),
    }
}

fn object(name: &str, stack: &str, deployment: DeploymentId) -> ObservedObject {
    ObservedObject {
        name: name.to_owned(),
        ownership: Some(owner(stack, deployment)),
    }
}

fn view(stacks: Vec<RecordedStack>) -> ProductView {
    ProductView {
        group_id: "shop".to_owned(),
        living: Some(Living {
            in_maintenance: false,
            id: id(1),
            deployment_name: "shop".to_owned(),
            stacks,
        }),
        others: BTreeMap::new(),
        containers: Vec::new(),
        networks: Vec::new(),
        volumes: Vec::new(),
    }
}

/// The base stack as it runs.
fn running() -> ProductView {
    let stack = base(StackStatus::Running);
    let containers = containers(&stack, id(1));
    ProductView {
        containers,
        networks: vec![object("shop-base_default", "base", id(1))],
        volumes: vec![object("shop-base_data", "base", id(1))],
        ..view(vec![stack])
    }
}

fn check(view: ProductView, expected: &[(Rule, &str, &str)]) {
    let found = examine_all(&Snapshot {
        products: vec![view],
        ..Snapshot::default()
    });
    let found: Vec<_> = found
        .iter()
        .map(|it| (it.rule, it.subject.as_str(), it.message.as_str()))
        .collect();
    assert_eq!(found, expected);
}

/// The running stack with one container changed.
fn check_changed(
    name: &str,
    change: impl FnOnce(&mut ObservedContainer),
    expected: &[(Rule, &str, &str)],
) {
    let mut view = running();
    let container = view.containers.iter_mut().find(|it| it.name == name);
    change(container.unwrap());
    check(view, expected);
}

const MATCHES: Rule = Rule::EngineMatchesRecord;
const UNKNOWN: Rule = Rule::NothingUnknown;

#[test]
fn what_runs_as_recorded_is_not_found() {
    check(running(), &[]);
    let ended = |container: &mut ObservedContainer| {
        container.state = ContainerState::Exited;
        container.exit_code = Some(0);
    };
    check_changed("shop-base_job", ended, &[]);
}

#[test]
fn a_container_that_is_there_twice_is_found() {
    let mut view = running();
    let mut second = view.containers[1].clone();
    second.name = "shop-base_api-copy".to_owned();
    view.containers.push(second);
    check(
        view,
        &[
            (
                Rule::OneContainer,
                "service base/api of product shop",
                "2 containers are replica 1 of generation 1: shop-base_api, shop-base_api-copy.",
            ),
            (
                MATCHES,
                "container shop-base_api",
                "There are 2 of it, but stack 'base' is recorded as Running.",
            ),
        ],
    );
}

#[test]
fn two_generations_at_rest_are_found() {
    let mut view = running();
    let mut second = view.containers[1].clone();
    second.name = "shop-base_api-2".to_owned();
    if let Some(owner) = &mut second.ownership {
        owner.generation = 2;
    }
    view.containers.push(second);
    check(
        view,
        &[(
            MATCHES,
            "container shop-base_api",
            "There are 2 of it, but stack 'base' is recorded as Running.",
        )],
    );
}

#[test]
fn what_does_not_run_as_recorded_is_found() {
    let api = "container shop-base_api";
    let rest = "but stack 'base' is recorded as Running.";
    for (state, exit_code, word) in [
        (
            ContainerState::Exited,
            Some(0),
            "has ended with exit code 0",
        ),
        (
            ContainerState::Exited,
            Some(3),
            "has ended with exit code 3",
        ),
        (ContainerState::Dead, None, "has ended"),
        (
            ContainerState::Created,
            None,
            "is created and was never started",
        ),
        (ContainerState::Restarting, Some(1), "is being restarted"),
        (ContainerState::Paused, None, "is paused"),
        (ContainerState::Removing, None, "is being removed"),
    ] {
        let change = |container: &mut ObservedContainer| {
            container.state = state;
            container.exit_code = exit_code;
        };
        let message = format!("It {word}, {rest}");
        check_changed("shop-base_api", change, &[(MATCHES, api, &message)]);
    }
    check_changed(
        "shop-base_job",
        |container| {
            container.state = ContainerState::Exited;
            container.exit_code = Some(1);
        },
        &[(
            MATCHES,
            "container shop-base_job",
            &format!("It has ended with exit code 1, {rest}"),
        )],
    );
    check_changed(
        "shop-base_setup",
        |container| container.state = ContainerState::Running,
        &[(
            MATCHES,
            "container shop-base_setup",
            &format!("It runs, {rest}"),
        )],
    );
    check_changed(
        "shop-base_api",
        |container| container.ownership.as_mut().unwrap().spec_hash = "other".to_owned(),
        &[(
            MATCHES,
            api,
            &format!("It was made from another specification, {rest}"),
        )],
    );
    check_changed(
        "shop-base_api",
        |container| container.name = "renamed".to_owned(),
        &[(MATCHES, api, &format!("It has the name renamed, {rest}"))],
    );
}

#[test]
fn a_container_that_is_gone_is_found() {
    let mut view = running();
    view.containers.retain(|it| it.name != "shop-base_twin_2");
    check(
        view,
        &[(
            MATCHES,
            "container shop-base_twin_2",
            "It is not there, but stack 'base' is recorded as Running.",
        )],
    );
}

#[test]
fn an_end_that_others_wait_for_is_running() {
    let stack = stack(
        "base",
        StackStatus::Running,
        json!({ "services": {
            "load": { "image": "app:1", "restart": "on-failure" },
            "web": {
                "image": "app:1",
                "depends_on": { "load": { "condition": "service_completed_successfully" } },
            },
        } }),
    );
    let mut containers = containers(&stack, id(1));
    containers[0].state = ContainerState::Exited;
    containers[0].exit_code = Some(0);
    let view = ProductView {
        containers,
        ..view(vec![stack])
    };
    check(view, &[]);
}

#[test]
fn what_is_there_of_a_stack_that_has_not_begun_is_found() {
    let stack = stack(
        "base",
        StackStatus::Pending,
        json!({ "services": { "api": { "image": "app:1" } } }),
    );
    let mut left = containers(&stack, id(1));
    left[0].state = ContainerState::Created;
    let view = ProductView {
        containers: left,
        networks: vec![object("shop-base_default", "base", id(1))],
        ..view(vec![stack])
    };
    check(
        view,
        &[
            (
                MATCHES,
                "container shop-base_api",
                "It is there, but stack 'base' is recorded as Pending.",
            ),
            (
                MATCHES,
                "network shop-base_default",
                "It is there, but stack 'base' is recorded as Pending, and no other stack is on it.",
            ),
        ],
    );
}

#[test]
fn a_network_of_a_stack_that_was_taken_back_may_serve_another() {
    let declares = |status| {
        stack(
            "base",
            status,
            json!({
                "services": { "api": { "image": "app:1", "networks": ["net"] } },
                "networks": { "net": { "name": "shared" } },
            }),
        )
    };
    let uses = |status| {
        let net = json!({ "net": { "name": "shared", "external": true } });
        let compose = json!({ "services": { "web": { "image": "app:1", "networks": ["net"] } }, "networks": net });
        stack("web", status, compose)
    };
    let with = |uses: RecordedStack| {
        let containers = containers(&uses, id(1));
        ProductView {
            containers: if uses.status == StackStatus::Running {
                containers
            } else {
                Vec::new()
            },
            networks: vec![object("shared", "base", id(1))],
            ..view(vec![declares(StackStatus::Pending), uses])
        }
    };
    check(with(uses(StackStatus::Running)), &[]);
    check(
        with(uses(StackStatus::Pending)),
        &[(
            MATCHES,
            "network shared",
            "It is there, but stack 'base' is recorded as Pending, and no other stack is on it.",
        )],
    );
}

#[test]
fn a_failed_stack_may_keep_evidence() {
    let stack = base(StackStatus::Failed);
    let mut left = containers(&stack, id(1));
    left.truncate(2);
    left[1].state = ContainerState::Exited;
    left[1].exit_code = Some(3);
    let view = ProductView {
        containers: left,
        networks: vec![object("shop-base_default", "base", id(1))],
        ..view(vec![stack])
    };
    check(view, &[]);
}

#[test]
fn a_stopped_stack_that_runs_is_found() {
    let stack = stack(
        "base",
        StackStatus::Stopped,
        json!({ "services": { "api": { "image": "app:1" } } }),
    );
    let containers = containers(&stack, id(1));
    let view = ProductView {
        containers,
        ..view(vec![stack])
    };
    check(
        view,
        &[(
            MATCHES,
            "container shop-base_api",
            "It runs, but stack 'base' is recorded as Stopped.",
        )],
    );
}

#[test]
fn a_record_that_cannot_be_rendered_is_found() {
    let mut view = running();
    view.living.as_mut().unwrap().stacks[0].spec = None;
    check(
        view,
        &[(
            MATCHES,
            "stack 'base' of deployment 018f0000-0000-7000-8000-000000000001 (shop)",
            "It is Running, but this version cannot render what was recorded, so that nothing can be compared.",
        )],
    );
}

#[test]
fn what_no_record_knows_is_found() {
    let mut view = running();
    view.containers = containers(&base(StackStatus::Running), id(2));
    view.containers.truncate(1);
    view.networks = vec![object("stray", "base", id(2))];
    view.volumes = vec![object("stray-data", "base", id(2))];
    view.living = None;
    let message =
        "Its labels name deployment 018f0000-0000-7000-8000-000000000002, which is not recorded.";
    check(
        view,
        &[
            (UNKNOWN, "container shop-base_setup", message),
            (UNKNOWN, "network stray", message),
            (UNKNOWN, "volume stray-data", message),
        ],
    );
}

#[test]
fn what_the_recorded_product_does_not_have_is_found() {
    let shop = "deployment 018f0000-0000-7000-8000-000000000001";
    let added = |change: &dyn Fn(&mut Ownership)| {
        let mut view = running();
        let mut extra = view.containers[1].clone();
        extra.name = "extra".to_owned();
        change(extra.ownership.as_mut().unwrap());
        view.containers.push(extra);
        view
    };
    check(
        added(&|owner| owner.stack = "other".to_owned()),
        &[(
            UNKNOWN,
            "container extra",
            &format!("Its labels name stack 'other', which {shop} does not have."),
        )],
    );
    check(
        added(&|owner| owner.service = "other".to_owned()),
        &[(
            UNKNOWN,
            "container extra",
            &format!("Its labels name service 'base/other', which {shop} does not have."),
        )],
    );
    check(
        added(&|owner| owner.replica = 2),
        &[(
            UNKNOWN,
            "container extra",
            "Its labels name replica 2 of service 'base/api', which has fewer.",
        )],
    );
    let mut view = running();
    view.networks.push(object("extra", "base", id(1)));
    check(
        view,
        &[(
            UNKNOWN,
            "network extra",
            &format!("Its labels name {shop}, which does not declare it."),
        )],
    );
}

fn standing(status: ProductStatus) -> Standing {
    let owner = owner("base", id(2));
    Standing {
        environment_id: owner.environment,
        group_id: owner.product,
        status,
    }
}

#[test]
fn what_an_earlier_deployment_left_is_found() {
    for status in [ProductStatus::Superseded, ProductStatus::Removed] {
        let mut view = running();
        let mut old = containers(&base(StackStatus::Running), id(2));
        old.truncate(2);
        old.remove(0);
        old[0].name = "shop-old_api".to_owned();
        view.containers.extend(old);
        view.networks
            .push(object("shop-old_default", "base", id(2)));
        // Taken over, with the labels of the first owner; and kept on purpose.
        view.networks[0] = object("shop-base_default", "base", id(2));
        view.volumes.push(object("shop-old_data", "base", id(2)));
        view.others.insert(id(2), standing(status));
        let message = format!(
            "It was left by deployment 018f0000-0000-7000-8000-000000000002, which is {status}."
        );
        // It still counts as the same replica, whoever made it.
        check(
            view,
            &[
                (
                    Rule::OneContainer,
                    "service base/api of product shop",
                    "2 containers are replica 1 of generation 1: shop-base_api, shop-old_api.",
                ),
                (UNKNOWN, "container shop-old_api", &message),
                (UNKNOWN, "network shop-old_default", &message),
            ],
        );
    }
}

#[test]
fn what_a_later_deployment_kept_is_not_found() {
    let kept = || {
        let mut view = running();
        view.others
            .insert(id(2), standing(ProductStatus::Superseded));
        for container in &mut view.containers {
            container.ownership.as_mut().unwrap().deployment = id(2);
        }
        view
    };
    check(kept(), &[]);
    let mut changed = kept();
    let api = changed.containers.iter_mut();
    let api = api
        .into_iter()
        .find(|it| it.name == "shop-base_api")
        .unwrap();
    api.ownership.as_mut().unwrap().spec_hash = "another".to_owned();
    check(
        changed,
        &[
            (
                Rule::EngineMatchesRecord,
                "container shop-base_api",
                "It was made from another specification, but stack 'base' is recorded as Running.",
            ),
            (
                Rule::NothingUnknown,
                "container shop-base_api",
                "It was left by deployment 018f0000-0000-7000-8000-000000000002, which is Superseded.",
            ),
        ],
    );
}

#[test]
fn evidence_that_the_next_deployment_takes_away_is_not_found() {
    let with = |living: StackStatus, earlier: ProductStatus| {
        let stack = base(living);
        let mut left = containers(&stack, id(2));
        left.truncate(2);
        let mut view = view(vec![stack]);
        view.containers = left;
        view.networks = vec![object("shop-base_default", "base", id(2))];
        view.others.insert(id(2), standing(earlier));
        view
    };
    check(with(StackStatus::Pending, ProductStatus::Superseded), &[]);
    check(with(StackStatus::Failed, ProductStatus::Superseded), &[]);
    let message =
        "It was left by deployment 018f0000-0000-7000-8000-000000000002, which is Removed.";
    check(
        with(StackStatus::Failed, ProductStatus::Removed),
        &[
            (UNKNOWN, "container shop-base_setup", message),
            (UNKNOWN, "container shop-base_api", message),
        ],
    );
}
