//! What is seen, and what is said of it.

use uuid::Uuid;

use super::*;
use crate::deployment::{OperationMode, ProductStatus, StackStatus};
use crate::id::{DeploymentId, EnvironmentId, OperationId};
use crate::plan::Ownership;

const PRODUCT: &str = "demo.shop";

fn environment() -> EnvironmentId {
    EnvironmentId::from_uuid(Uuid::from_u128(1))
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

/// `web/app shop_web: running`, `… exited 137`, `… running unhealthy`; replica 1.
fn container(text: &str) -> ObservedContainer {
    let (who, how) = text.split_once(": ").unwrap();
    let (service, name) = who.split_once(' ').unwrap();
    let (stack, service) = service.split_once('/').unwrap();
    let mut words = how.split(' ');
    let state = match words.next().unwrap() {
        "running" => ContainerState::Running,
        "exited" => ContainerState::Exited,
        "restarting" => ContainerState::Restarting,
        "created" => ContainerState::Created,
        "paused" => ContainerState::Paused,
        "removing" => ContainerState::Removing,
        "dead" => ContainerState::Dead,
        other => panic!("{other}"),
    };
    let (mut health, mut exit_code) = (Health::None, None);
    match words.next() {
        Some("healthy") => health = Health::Healthy,
        Some("unhealthy") => health = Health::Unhealthy,
        Some("starting") => health = Health::Starting,
        Some(code) => exit_code = Some(code.parse().unwrap()),
        None => {}
    }
    let replica = name
        .split(".g")
        .next()
        .and_then(|plain| plain.rsplit_once('_'))
        .and_then(|(_, number)| number.parse().ok())
        .unwrap_or(1);
    ObservedContainer {
        id: format!("id of {name}"),
        name: name.to_owned(),
        image: "app:1".to_owned(),
        image_id: String::new(),
        state,
        health,
        exit_code,
        ownership: Some(Ownership {
            product: PRODUCT.to_owned(),
            environment: environment(),
            deployment: DeploymentId::from_uuid(Uuid::nil()),
            stack: stack.to_owned(),
            project: format!("shop-{stack}"),
            service: service.to_owned(),
            replica,
            init: false,
            operation: OperationId::from_uuid(Uuid::nil()),
            generation: 1,
            spec_hash: String::new(),
        }),
    }
}

fn service(name: &str, init: bool, containers: &[&str]) -> ExpectedService {
    ExpectedService {
        name: name.to_owned(),
        init,
        image: "app:1".to_owned(),
        containers: containers.iter().map(|&name| name.to_owned()).collect(),
    }
}

fn expected(stacks: Vec<(&str, Vec<ExpectedService>)>) -> ExpectedProduct {
    ExpectedProduct {
        group_id: PRODUCT.to_owned(),
        stacks: stacks
            .into_iter()
            .map(|(name, services)| ExpectedStack {
                id: StackDeploymentId::from_uuid(Uuid::nil()),
                name: name.to_owned(),
                display_name: name.to_uppercase(),
                services: Some(services),
            })
            .collect(),
    }
}

fn standing(status: ProductStatus, stacks: &[(&str, StackStatus)]) -> Standing {
    Standing {
        status,
        mode: OperationMode::Normal,
        stacks: stacks
            .iter()
            .map(|(name, status)| ((*name).to_owned(), *status))
            .collect(),
    }
}

fn look(
    expected: &ExpectedProduct,
    standing: &Standing,
    seen: &[&str],
    before: Option<&ProductHealth>,
    seconds: i64,
) -> ProductHealth {
    let observed: Vec<ObservedContainer> = seen.iter().map(|text| container(text)).collect();
    let containers = Containers::of(&observed, environment());
    judge(
        expected,
        standing,
        &containers,
        &HashMap::new(),
        before,
        at(seconds),
    )
}

fn says(state: &State) -> String {
    format!("{}: {}", state.status.as_str(), state.reason)
}

/// One service of a running stack, with one container.
fn check(init: bool, seen: Option<&str>, says_so: &str) {
    let expected = expected(vec![("web", vec![service("app", init, &["shop_app"])])]);
    let standing = standing(ProductStatus::Running, &[("web", StackStatus::Running)]);
    let seen: Vec<String> = seen
        .iter()
        .map(|how| format!("web/app shop_app: {how}"))
        .collect();
    let seen: Vec<&str> = seen.iter().map(String::as_str).collect();
    let health = look(&expected, &standing, &seen, None, 1);
    let service = &health.stacks[0].services.as_ref().unwrap()[0];
    assert_eq!(says(&service.state), says_so, "{seen:?}");
}

#[test]
fn a_service_is_as_its_container() {
    check(false, Some("running"), "Running: shop_app runs.");
    check(
        false,
        Some("running healthy"),
        "Healthy: The check of shop_app passes.",
    );
    check(
        false,
        Some("running starting"),
        "Degraded: shop_app runs; its check has not passed yet.",
    );
    check(
        false,
        Some("running unhealthy"),
        "Unhealthy: The check of shop_app fails.",
    );
    check(
        false,
        Some("exited 137"),
        "Unhealthy: shop_app ended with exit code 137.",
    );
    check(
        false,
        Some("exited 0"),
        "Unhealthy: shop_app ended with exit code 0.",
    );
    check(false, Some("dead"), "Unhealthy: shop_app ended.");
    check(
        false,
        Some("restarting 1"),
        "Unhealthy: shop_app ended with exit code 1 and is restarted again and again.",
    );
    check(
        false,
        Some("created"),
        "Unhealthy: shop_app was never started.",
    );
    check(false, Some("paused"), "Unhealthy: shop_app is paused.");
    check(
        false,
        Some("removing"),
        "Unhealthy: shop_app is being removed.",
    );
    check(
        false,
        None,
        "NotFound: shop_app does not exist on the engine.",
    );
}

#[test]
fn a_one_shot_that_ended_well_is_good_and_only_a_code_is_a_failure() {
    check(true, Some("exited 0"), "Healthy: shop_app did its work.");
    check(
        true,
        Some("exited 3"),
        "Unhealthy: shop_app ended with exit code 3.",
    );
    check(true, Some("running"), "Running: shop_app does its work.");
    check(true, None, "Healthy: shop_app did its work and is gone.");
}

/// A service of three containers.
fn check_replicas(seen: &[&str], says_so: &str) {
    let names = ["shop_app", "shop_app_2", "shop_app_3"];
    let expected = expected(vec![("web", vec![service("app", false, &names)])]);
    let standing = standing(ProductStatus::Running, &[("web", StackStatus::Running)]);
    let health = look(&expected, &standing, seen, None, 1);
    let service = &health.stacks[0].services.as_ref().unwrap()[0];
    assert_eq!(says(&service.state), says_so, "{seen:?}");
}

#[test]
fn a_service_that_serves_in_part_is_degraded() {
    check_replicas(
        &[
            "web/app shop_app: running",
            "web/app shop_app_2: running",
            "web/app shop_app_3: running",
        ],
        "Running: All 3 containers run.",
    );
    check_replicas(
        &["web/app shop_app: running", "web/app shop_app_3: exited 1"],
        "Degraded: shop_app_2 does not exist on the engine. One more container is not well.",
    );
    check_replicas(
        &["web/app shop_app: exited 1"],
        "Unhealthy: shop_app_2 does not exist on the engine. 2 more containers are not well.",
    );
    check_replicas(
        &[],
        "NotFound: shop_app does not exist on the engine. 2 more containers are not well.",
    );
}

#[test]
fn a_replacement_under_way_counts_as_the_container_that_it_replaces() {
    for (seen, status) in [
        (vec!["web/app shop_app.g2: running healthy"], "Healthy"),
        (
            vec![
                "web/app shop_app: running healthy",
                "web/app shop_app.g2: created",
            ],
            "Healthy",
        ),
        (
            vec![
                "web/app shop_app: exited 0",
                "web/app shop_app.g2: running starting",
            ],
            "Degraded",
        ),
        // Another service's, and another product's name.
        (vec!["web/other shop_app.g2: running"], "NotFound"),
        (vec!["web/app shop_app.old: running"], "NotFound"),
    ] {
        let expected = expected(vec![("web", vec![service("app", false, &["shop_app"])])]);
        let standing = standing(ProductStatus::Running, &[("web", StackStatus::Running)]);
        let health = look(&expected, &standing, &seen, None, 1);
        let service = &health.stacks[0].services.as_ref().unwrap()[0];
        assert_eq!(service.state.status.as_str(), status, "{seen:?}");
    }
}

#[test]
fn containers_of_others_are_not_there() {
    let expected = expected(vec![("web", vec![service("app", false, &["shop_app"])])]);
    let standing = standing(ProductStatus::Running, &[("web", StackStatus::Running)]);
    let ours = container("web/app shop_app: running");
    let owner = ours.ownership.clone().unwrap();
    for ownership in [
        None,
        Some(Ownership {
            product: "other".to_owned(),
            ..owner.clone()
        }),
        Some(Ownership {
            environment: EnvironmentId::from_uuid(Uuid::from_u128(2)),
            ..owner
        }),
    ] {
        let observed = [ObservedContainer {
            ownership,
            ..ours.clone()
        }];
        let containers = Containers::of(&observed, environment());
        let health = judge(
            &expected,
            &standing,
            &containers,
            &HashMap::new(),
            None,
            at(1),
        );
        assert_eq!(health.state.status, HealthStatus::NotFound, "{observed:?}");
    }
}

#[test]
fn a_container_that_ends_again_and_again_is_unhealthy_even_while_it_runs() {
    let expected = expected(vec![("web", vec![service("app", false, &["shop_app"])])]);
    let standing = standing(ProductStatus::Running, &[("web", StackStatus::Running)]);
    let observed = [container("web/app shop_app: running healthy")];
    let containers = Containers::of(&observed, environment());
    for (ends, status) in [
        (CRASH_LOOP_ENDS - 1, HealthStatus::Healthy),
        (CRASH_LOOP_ENDS, HealthStatus::Unhealthy),
    ] {
        let ends = HashMap::from([("shop_app".to_owned(), ends)]);
        let health = judge(&expected, &standing, &containers, &ends, None, at(1));
        assert_eq!(health.state.status, status, "{ends:?}");
    }
}

/// Two stacks of one service each, in statuses and a mode.
fn check_product(
    mode: OperationMode,
    status: ProductStatus,
    stacks: [StackStatus; 2],
    seen: &[&str],
    says_so: &str,
) {
    let expected = expected(vec![
        ("data", vec![service("db", false, &["shop_db"])]),
        ("web", vec![service("app", false, &["shop_app"])]),
    ]);
    let mut standing = standing(status, &[("data", stacks[0]), ("web", stacks[1])]);
    standing.mode = mode;
    let health = look(&expected, &standing, seen, None, 1);
    assert_eq!(says(&health.state), says_so, "{status} {stacks:?} {seen:?}");
}

#[test]
fn the_worst_stack_that_should_run_speaks_for_the_product() {
    use ProductStatus::{Deploying, Failed, PartiallyRunning, Removing, Running, Stopped};
    use StackStatus as S;
    let normal = OperationMode::Normal;
    let (db, app) = (
        "data/db shop_db: running healthy",
        "web/app shop_app: running",
    );
    let both = [S::Running, S::Running];
    check_product(
        normal,
        Running,
        both,
        &[db, app],
        "Running: Everything runs; not everything has a check.",
    );
    check_product(
        normal,
        Running,
        both,
        &[db, "web/app shop_app: running healthy"],
        "Healthy: Everything is as it should be.",
    );
    check_product(
        normal,
        Running,
        both,
        &[db, "web/app shop_app: exited 137"],
        "Unhealthy: WEB: shop_app ended with exit code 137.",
    );
    check_product(
        normal,
        Running,
        both,
        &[db],
        "Unhealthy: WEB: shop_app does not exist on the engine.",
    );
    check_product(
        normal,
        Running,
        both,
        &[],
        "NotFound: DATA: shop_db does not exist on the engine. One more stack is not well.",
    );
    // What has not begun, or was taken back, is no failure of what runs.
    check_product(
        normal,
        Deploying,
        [S::Running, S::Pending],
        &[db, "web/app shop_app: created"],
        "Healthy: Everything is as it should be.",
    );
    check_product(
        normal,
        PartiallyRunning,
        [S::Running, S::Failed],
        &[db, "web/app shop_app: exited 1"],
        "Unhealthy: WEB: shop_app ended with exit code 1.",
    );
    check_product(
        normal,
        PartiallyRunning,
        [S::Running, S::Stopped],
        &[db, "web/app shop_app: exited 0"],
        "Healthy: Everything is as it should be.",
    );
    check_product(
        normal,
        Failed,
        [S::Pending, S::Pending],
        &[],
        "NotFound: It is not deployed.",
    );
    check_product(
        normal,
        Removing,
        [S::Removing, S::Removed],
        &[],
        "NotFound: It is not deployed.",
    );
    // What is stopped on purpose is not ill.
    check_product(
        normal,
        Stopped,
        [S::Stopped, S::Stopped],
        &["data/db shop_db: exited 0", "web/app shop_app: exited 137"],
        "Healthy: It is stopped on purpose.",
    );
    check_product(
        normal,
        Stopped,
        [S::Stopped, S::Stopped],
        &["data/db shop_db: exited 0", app],
        "Degraded: WEB: shop_app runs, although it is stopped on purpose.",
    );
    check_product(
        OperationMode::Maintenance,
        Stopped,
        [S::Stopped, S::Stopped],
        &["data/db shop_db: exited 0"],
        "Healthy: It is in maintenance, and stopped on purpose.",
    );
}

#[test]
fn a_stack_that_cannot_be_read_is_unknown() {
    let mut expected = expected(vec![("web", Vec::new())]);
    expected.stacks[0].services = None;
    let standing = standing(ProductStatus::Running, &[("web", StackStatus::Running)]);
    let health = look(&expected, &standing, &[], None, 1);
    assert_eq!(health.state.status, HealthStatus::Unknown);
}

#[test]
fn a_state_keeps_its_beginning_and_changes_are_told_once() {
    let expected = expected(vec![(
        "web",
        vec![
            service("app", false, &["shop_app"]),
            service("db", false, &["shop_db"]),
        ],
    )]);
    let standing = standing(ProductStatus::Running, &[("web", StackStatus::Running)]);
    let db = "web/db shop_db: running";
    let mut known: Option<ProductHealth> = None;
    let mut told = Vec::new();
    for (seconds, app) in [
        (1, "web/app shop_app: running"),
        (2, "web/app shop_app: running"),
        (3, "web/app shop_app: exited 1"),
        (4, "web/app shop_app: exited 2"),
        (5, "web/app shop_app: running"),
    ] {
        let now = look(&expected, &standing, &[db, app], known.as_ref(), seconds);
        for change in changes(known.as_ref(), &now) {
            told.push(format!(
                "{seconds} {} {} -> {} since {}",
                change
                    .service
                    .or(change.stack)
                    .as_deref()
                    .unwrap_or("product"),
                change.from.map_or("-", HealthStatus::as_str),
                change.to.as_str(),
                change.at.millis() / 1000,
            ));
        }
        known = Some(now);
    }
    assert_eq!(
        told,
        [
            "1 product - -> Running since 1",
            "3 product Running -> Unhealthy since 3",
            "3 web Running -> Unhealthy since 3",
            "3 app Running -> Unhealthy since 3",
            "5 product Unhealthy -> Running since 5",
            "5 web Unhealthy -> Running since 5",
            "5 app Unhealthy -> Running since 5",
        ]
    );
    assert_eq!(
        known.unwrap().tally(),
        Tally {
            healthy: 2,
            total: 2
        }
    );
}

#[test]
fn what_was_recorded_goes_on() {
    let expected = expected(vec![("web", vec![service("app", false, &["shop_app"])])]);
    let standing = standing(ProductStatus::Running, &[("web", StackStatus::Running)]);
    let seen = ["web/app shop_app: running"];
    for (recorded, since, told) in [
        (None, 9, "-"),
        (Some(HealthStatus::Running), 2, "nothing"),
        (Some(HealthStatus::Unknown), 9, "Unknown"),
    ] {
        let mut now = look(&expected, &standing, &seen, None, 9);
        let last = |stack: Option<&str>, _: Option<&str>| match stack {
            None => recorded.map(|status| (status, at(2))),
            Some(_) => None,
        };
        let found = resume(&mut now, last);
        assert_eq!(now.state.since, at(since), "{recorded:?}");
        let from: Vec<&str> = found
            .iter()
            .map(|change| change.from.map_or("-", HealthStatus::as_str))
            .collect();
        assert_eq!(from.first().copied().unwrap_or("nothing"), told);
        assert!(from.len() <= 1);
    }
}

#[test]
fn the_words_are_those_of_the_wire() {
    let words: Vec<&str> = HealthStatus::ALL
        .iter()
        .map(|status| status.as_str())
        .collect();
    assert_eq!(
        words,
        [
            "Healthy",
            "Degraded",
            "Unhealthy",
            "Unknown",
            "NotFound",
            "Running"
        ]
    );
    for status in HealthStatus::ALL {
        assert_eq!(
            serde_json::to_string(status).unwrap(),
            format!("\"{}\"", status.as_str())
        );
        assert_eq!(HealthStatus::parse(status.as_str()), Some(*status));
    }
    for source in [HealthSource::Event, HealthSource::Resync] {
        assert_eq!(
            serde_json::to_string(&source).unwrap(),
            format!("\"{}\"", source.as_str())
        );
        assert_eq!(HealthSource::parse(source.as_str()), Some(source));
    }
}
