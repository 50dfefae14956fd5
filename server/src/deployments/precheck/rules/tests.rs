//! Every rule finds what is in the way, and lets pass what is not.

use domain::id::DeploymentId;
use domain::id::OperationId;
use domain::plan::ObservedObject;
use domain::product::StackTemplate;
use domain::variable::Values;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::catalog::render_stack;

fn spec(name: &str, compose: Value) -> StackSpec {
    let template = StackTemplate {
        id: format!("s:p:{name}"),
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
    render_stack(&template, name, &Values::default()).unwrap()
}

fn environment(number: u128) -> EnvironmentId {
    EnvironmentId::from_uuid(Uuid::from_u128(number))
}

fn ours(product: &str, environment: EnvironmentId) -> Option<Ownership> {
    Some(Ownership {
        product: product.to_owned(),
        environment,
        deployment: DeploymentId::from_uuid(Uuid::nil()),
        stack: "a".to_owned(),
        project: "a".to_owned(),
        service: "web".to_owned(),
        replica: 1,
        init: false,
        operation: OperationId::from_uuid(Uuid::nil()),
        generation: 1,
        spec_hash: String::new(),
    })
}

fn taken(port: u16, protocol: &str, host_ip: &str, ownership: Option<Ownership>) -> PublishedPort {
    PublishedPort {
        container: "other".to_owned(),
        ownership,
        host_ip: host_ip.to_owned(),
        port,
        protocol: protocol.to_owned(),
    }
}

/// Severities of one rule's findings.
#[track_caller]
fn check(rule: Rule, specs: &[StackSpec], seen: &Seen, expected: &[Severity]) {
    let owner = Owner {
        product: "p",
        environment: environment(1),
    };
    let all: Vec<&StackSpec> = specs.iter().collect();
    let found = look(&specs[0], &all, owner, seen);
    let severities: Vec<Severity> = found
        .iter()
        .filter(|finding| finding.rule == rule)
        .map(|finding| finding.severity)
        .collect();
    assert_eq!(severities, expected, "{found:#?}");
}

fn web(ports: &[&str]) -> Value {
    json!({ "services": { "web": { "image": "web:1", "ports": ports } } })
}

#[test]
fn a_port_conflicts_where_somebody_else_has_it() {
    let here = environment(1);
    for (wanted, there, expected) in [
        ("8080:80", taken(8080, "tcp", "", None), Severity::Error),
        (
            "8080:80",
            taken(8080, "tcp", "127.0.0.1", None),
            Severity::Error,
        ),
        ("8080:80", taken(8080, "udp", "", None), Severity::Ok),
        ("8080:80", taken(8081, "tcp", "", None), Severity::Ok),
        (
            "127.0.0.1:8080:80",
            taken(8080, "tcp", "10.0.0.1", None),
            Severity::Ok,
        ),
        (
            "127.0.0.1:8080:80",
            taken(8080, "tcp", "0.0.0.0", None),
            Severity::Error,
        ),
        ("8080-8081:80", taken(8080, "tcp", "", None), Severity::Ok),
        ("80", taken(80, "tcp", "", None), Severity::Ok),
        (
            "8080:80",
            taken(8080, "tcp", "", ours("p", here)),
            Severity::Ok,
        ),
        (
            "8080:80",
            taken(8080, "tcp", "", ours("q", here)),
            Severity::Error,
        ),
        (
            "8080:80",
            taken(8080, "tcp", "", ours("p", environment(2))),
            Severity::Error,
        ),
    ] {
        let seen = Seen {
            ports: vec![there],
            ..Seen::default()
        };
        check(
            Rule::PortConflict,
            &[spec("a", web(&[wanted]))],
            &seen,
            &[expected],
        );
    }
}

#[test]
fn two_stacks_of_one_request_may_not_want_the_same_port() {
    let seen = Seen::default();
    let (one, same) = (spec("a", web(&["80:80"])), spec("b", web(&["80:8080"])));
    check(
        Rule::PortConflict,
        &[one.clone(), same],
        &seen,
        &[Severity::Error],
    );
    let other = spec("b", web(&["81:80"]));
    check(Rule::PortConflict, &[one, other], &seen, &[Severity::Ok]);
}

#[test]
fn an_image_is_found_or_not_or_not_known() {
    use ImageSeen as I;
    for (policy, seen, expected) in [
        ("missing", Some(I::OnEngine), Severity::Ok),
        ("missing", Some(I::InRegistry), Severity::Ok),
        ("missing", Some(I::Nowhere), Severity::Error),
        ("missing", Some(I::Unknown), Severity::Warning),
        ("missing", None, Severity::Warning),
        ("never", Some(I::OnEngine), Severity::Ok),
        ("never", Some(I::InRegistry), Severity::Error),
        ("never", Some(I::Nowhere), Severity::Error),
    ] {
        let compose = json!({ "services": { "web": { "image": "web:1", "pull_policy": policy } } });
        let spec = spec("a", compose);
        let image = spec.services["web"].image.to_string();
        let seen = Seen {
            images: seen.map(|seen| (image, seen)).into_iter().collect(),
            ..Seen::default()
        };
        check(Rule::ImageAvailability, &[spec], &seen, &[expected]);
    }
}

#[test]
fn networks_and_volumes_are_made_or_must_be_there() {
    let of = |external: bool| {
        json!({
            "services": { "web": { "image": "web:1", "networks": ["n"], "volumes": ["v:/v"] } },
            "networks": { "n": { "name": "net", "external": external } },
            "volumes": { "v": { "name": "vol", "external": external } },
        })
    };
    let there = |ownership: Option<Ownership>| Seen {
        observed: Observed {
            networks: vec![ObservedObject {
                name: "net".to_owned(),
                ownership: ownership.clone(),
            }],
            volumes: vec![ObservedObject {
                name: "vol".to_owned(),
                ownership,
            }],
            ..Observed::default()
        },
        ..Seen::default()
    };
    let own = ours("p", environment(1));
    for (external, seen, network, volume) in [
        (false, Seen::default(), Severity::Ok, Severity::Ok),
        (true, Seen::default(), Severity::Error, Severity::Error),
        (true, there(None), Severity::Ok, Severity::Ok),
        (false, there(None), Severity::Error, Severity::Warning),
        (false, there(own), Severity::Ok, Severity::Warning),
    ] {
        let specs = [spec("a", of(external))];
        check(Rule::NetworkAvailability, &specs, &seen, &[network]);
        check(Rule::VolumeStatus, &specs, &seen, &[volume]);
    }
}

#[test]
fn a_network_of_another_stack_of_the_request_may_be_external() {
    let user = json!({
        "services": { "web": { "image": "web:1", "networks": ["n"] } },
        "networks": { "n": { "name": "net", "external": true } },
    });
    let maker = json!({
        "services": { "db": { "image": "db:1", "networks": ["n"] } },
        "networks": { "n": { "name": "net" } },
    });
    let specs = [spec("a", user), spec("b", maker)];
    check(
        Rule::NetworkAvailability,
        &specs,
        &Seen::default(),
        &[Severity::Ok],
    );
}
