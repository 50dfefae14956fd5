//! The program as scripts see it: exit codes, what goes to which output, against a server that gives answers by heart.
#![expect(clippy::unwrap_used, reason = "what a test cannot do, fails the test")]

mod server;

use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use server::Server;

const ENVIRONMENTS: &str = "GET /api/environments";
const PRODUCT: &str = "GET /api/products/demo:shop:1";
const DEPLOY: &str = "POST /api/environments/e1/product-deployments";
const EVENTS: &str = "GET /api/operations/o1/events?after=";

fn windlass(server: &Server, arguments: &str) -> Output {
    command(server, arguments).output().unwrap()
}

fn command(server: &Server, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_windlass"));
    command
        .args(arguments.split_whitespace())
        .env("WINDLASS_SERVER", server.url())
        .stdin(Stdio::null());
    command
}

#[track_caller]
fn check(output: &Output, code: i32, out: &[&str], notes: &[&str]) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{stdout}\n{stderr}");
    assert_eq!(stdout.lines().collect::<Vec<_>>(), out);
    assert_eq!(stderr.lines().collect::<Vec<_>>(), notes);
}

fn environments() -> Value {
    json!({"success": true, "environments": [{
        "id": "e1", "name": "Local Docker", "type": "DockerSocket", "connectionString": "unix:///x",
        "isDefault": true, "createdAt": "2026-01-01T00:00:00Z",
    }]})
}

fn summary() -> Value {
    json!({
        "id": "demo:shop:1", "groupId": "shop", "sourceId": "demo", "sourceName": "demo",
        "name": "Shop", "description": "", "version": "1", "tags": [], "isMultiStack": false,
        "totalServices": 2, "totalVariables": 0, "lastSyncedAt": "2026-01-01T00:00:00Z",
        "stacks": [{"id": "demo:shop:web:1", "name": "web", "displayName": "Web",
                    "description": "", "dependsOn": [], "services": [], "variables": []}],
    })
}

fn product() -> Value {
    let mut product = summary();
    product["availableVersions"] = json!([]);
    product["warnings"] = json!([]);
    product
}

fn accepted() -> Value {
    json!({"success": true, "message": "Begun.", "operationId": "o1",
           "productDeploymentId": "d1", "sessionId": "s"})
}

fn event(seq: i64, mut body: Value) -> Value {
    body["seq"] = json!(seq);
    body["at"] = json!(format!("2026-01-01T00:00:0{seq}Z"));
    body["level"] = json!("info");
    body
}

fn finished(seq: i64, status: &str, product: &str) -> Value {
    event(
        seq,
        json!({"type": "finished", "status": status, "productStatus": product, "message": "The end."}),
    )
}

fn page(events: &[Value], complete: bool) -> Value {
    let next = events.last().map_or(json!(0), |event| event["seq"].clone());
    json!({"events": events, "nextAfter": next, "hasMore": false, "complete": complete})
}

fn problem(status: u16, slug: &str, member: (&str, &str)) -> Value {
    json!({"type": format!("urn:windlass:problem:{slug}"), "title": "It was refused",
           "status": status, "detail": "For a reason.", "success": false,
           "message": "For a reason.", member.0: member.1})
}

fn ready_to_deploy() -> Server {
    Server::start()
        .answer(ENVIRONMENTS, 200, environments())
        .answer(PRODUCT, 200, product())
}

#[test]
fn products_are_listed_for_people_and_for_programs() {
    let server = Server::start().answer("GET /api/products", 200, json!([summary()]));
    check(
        &windlass(&server, "products"),
        0,
        &[
            "PRODUCT  VERSION  STACKS  SERVICES  ID",
            "Shop     1        1       2         demo:shop:1",
        ],
        &[],
    );
    let output = windlass(&server, "products --json");
    let parsed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(parsed[0]["id"], "demo:shop:1");
    let output = windlass(&server, "products --jsonl");
    assert_eq!(output.stdout.iter().filter(|&&b| b == b'\n').count(), 1);
}

#[test]
fn a_deployment_is_followed_to_its_end() {
    let server = ready_to_deploy()
        .answer(DEPLOY, 202, accepted())
        .answer(
            &format!("{EVENTS}0"),
            200,
            page(
                &[event(
                    1,
                    json!({"type": "stack_changed", "stack": "web", "status": "Running"}),
                )],
                false,
            ),
        )
        // Nothing new, then a server that is being restarted, then the end.
        .answer(
            &format!("{EVENTS}1"),
            200,
            json!({"events": [], "nextAfter": 1, "hasMore": false, "complete": false}),
        )
        .answer(
            &format!("{EVENTS}1"),
            503,
            problem(503, "not-ready", ("x", "y")),
        )
        .answer(
            &format!("{EVENTS}1"),
            200,
            page(&[finished(2, "succeeded", "Running")], true),
        );
    check(
        &windlass(&server, "deploy demo:shop:1 --name mine"),
        0,
        &[
            "    0.0 s  Stack web is Running",
            "    1.0 s  The end. The product is Running.",
        ],
        &["Windlass does not answer; asking again …"],
    );
    let sent = server.body_of(DEPLOY);
    assert_eq!(sent["deploymentName"], "mine");
    assert_eq!(sent["continueOnError"], true);
    assert_eq!(sent["stackConfigs"][0]["stackId"], "demo:shop:web:1");
    assert!(server.head_of(DEPLOY).contains("respond-async"));
}

#[test]
fn a_deployment_that_fails_has_a_code_of_its_own() {
    for status in ["failed", "cancelled"] {
        let server = ready_to_deploy().answer(DEPLOY, 202, accepted()).answer(
            &format!("{EVENTS}0"),
            200,
            page(&[finished(1, status, "Failed")], true),
        );
        check(
            &windlass(&server, "deploy demo:shop:1"),
            7,
            &["    0.0 s  The end. The product is Failed."],
            &[
                "error: the deployment did not succeed",
                "  why: The end.",
                "  hint: `windlass attach o1` shows every step again",
            ],
        );
    }
}

#[test]
fn detached_means_told_how_to_come_back() {
    let server = ready_to_deploy().answer(DEPLOY, 202, accepted());
    check(
        &windlass(&server, "deploy demo:shop:1 --detach"),
        0,
        &["Begun.", "Follow it with `windlass attach o1`."],
        &[],
    );
}

#[test]
fn refusals_have_codes() {
    for (status, slug, member, code, hint) in [
        (
            400,
            "operation-in-progress",
            ("operationId", "o7"),
            9,
            "  hint: follow it with `windlass attach o7`",
        ),
        (
            400,
            "already-deployed",
            ("productDeploymentId", "d7"),
            5,
            "  hint: look at it with `windlass show d7`",
        ),
    ] {
        let server = ready_to_deploy().answer(DEPLOY, status, problem(status, slug, member));
        check(
            &windlass(&server, "deploy demo:shop:1"),
            code,
            &[],
            &["error: It was refused", "  why: For a reason.", hint],
        );
    }
    let cancel = "POST /api/operations/o1/cancel";
    let ended = problem(409, "operation-ended", ("operationStatus", "failed"));
    let server = Server::start().answer(cancel, 409, ended);
    assert_eq!(windlass(&server, "cancel o1").status.code(), Some(9));
    // The server knows nothing else.
    assert_eq!(windlass(&server, "attach o2").status.code(), Some(5));
    assert_eq!(windlass(&server, "deploy x --set A").status.code(), Some(2));
    assert_eq!(windlass(&server, "fly").status.code(), Some(2));
}

#[test]
fn a_slip_in_a_name_is_refused_before_anything_is_sent() {
    let server = ready_to_deploy();
    check(
        &windlass(&server, "deploy demo:shop:1 --set web:PORT=1"),
        2,
        &[],
        &["error: no stack that is meant has a variable 'PORT'"],
    );
    check(
        &windlass(&server, "deploy demo:shop:1 --environment prod"),
        5,
        &[],
        &[
            "error: there is no environment 'prod'",
            "  hint: choose one of: Local Docker",
        ],
    );
}

#[test]
fn a_server_that_is_not_there_is_said_so() {
    let server = Server::start();
    let output = command(&server, "products --server http://127.0.0.1:1")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.starts_with("error: Windlass cannot be reached at http://127.0.0.1:1\n"),
        "{said}"
    );
}

#[test]
fn interrupting_leaves_the_operation_running() {
    let nothing_new = json!({"events": [], "nextAfter": 0, "hasMore": false, "complete": false});
    let server = ready_to_deploy().answer(DEPLOY, 202, accepted()).answer(
        &format!("{EVENTS}0"),
        200,
        nothing_new,
    );
    let child = command(&server, "deploy demo:shop:1")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    server.wait_for(&format!("{EVENTS}0"));
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    check(
        &child.wait_with_output().unwrap(),
        130,
        &[],
        &[
            "error: interrupted; the operation goes on",
            "  hint: follow it with `windlass attach o1`, stop it with `windlass cancel o1`",
        ],
    );
    assert!(!server.was_asked("POST /api/operations/o1/cancel"));
}

#[test]
fn the_help_is_pinned() {
    let server = Server::start();
    for (name, arguments) in [("help", "--help"), ("help_deploy", "deploy --help")] {
        let output = windlass(&server, arguments);
        let text = String::from_utf8(output.stdout).unwrap();
        // The address of this test's server is shown as the value of the variable.
        insta::assert_snapshot!(name, text.replace(&server.url(), "http://…"));
    }
}
