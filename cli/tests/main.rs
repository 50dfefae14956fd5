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

const DEPLOYMENT: &str = "GET /api/environments/e1/product-deployments/d1";

fn detail() -> Value {
    json!({
        "productDeploymentId": "d1", "environmentId": "e1", "productGroupId": "shop", "productId": "demo:shop:1",
        "productName": "shop", "productDisplayName": "Shop", "productVersion": "1", "deploymentName": "mine",
        "status": "Running", "createdAt": "2026-01-01T00:00:00Z", "completedAt": null, "errorMessage": null,
        "continueOnError": true, "totalStacks": 1, "completedStacks": 1, "failedStacks": 0, "previousVersion": null,
        "targetVersion": null, "lastUpgradedAt": null, "upgradeCount": 0, "canRetry": false, "canUpgrade": true,
        "canRemove": true, "canRedeploy": true, "canStop": true, "canRestart": true, "canEnterMaintenance": true,
        "canExitMaintenance": false, "canRollback": false, "operationMode": "Normal", "maintenanceTrigger": null, "durationSeconds": null,
        "stacks": [], "sharedVariables": {}, "activeOperationId": null, "lastOperationId": "o0", "deployedBy": "local operator",
        "release": 1, "health": health(),
    })
}

fn health() -> Value {
    json!({
        "status": "Healthy", "reason": "2 of 2 services are healthy.", "since": null, "observedAt": null,
        "source": "resync", "healthyServices": 2, "totalServices": 2, "wanted": "running", "operationActive": false,
    })
}

fn plan_of(operation: &str, risks: Value) -> Value {
    json!({
        "success": true, "planId": "p1", "operation": operation, "productName": "Shop", "fromVersion": "1",
        "toVersion": "2", "summary": "1 container is replaced.", "changesSomething": true,
        "containers": [{
            "stack": "web", "service": "page", "container": "mine-web_page", "kind": "replace", "cause": "its image changed",
            "downtime": {"kind": "whileReplaced", "because": "it publishes the host port 80"},
        }],
        "pulls": ["page:2"], "dataAtRisk": risks,
        "drift": [{"stack": "web", "service": "page", "container": "mine-web_page", "what": "it does not run"}],
        "steps": [], "text": "",
    })
}

fn check_of(versions: &[&str]) -> Value {
    let version = |text: &&str| {
        json!({"version": text, "productId": format!("demo:shop:{text}"), "sourceId": "demo",
               "stackCount": 1, "releaseNotesUrl": null, "hasReleaseNotes": false})
    };
    let all: Vec<Value> = versions.iter().map(version).collect();
    let latest = versions.first().map(|text| format!("demo:shop:{text}"));
    json!({"success": true, "message": "", "upgradeAvailable": !all.is_empty(), "currentVersion": "1",
           "latestVersion": "2", "latestProductId": latest, "latestReleaseNotesUrl": null,
           "latestHasReleaseNotes": false, "availableVersions": all, "newStacks": null, "removedStacks": null,
           "canUpgrade": true, "cannotUpgradeReason": null})
}

/// A server with a deployed product, which begins what `line` asks for and is done at once.
fn ready_to_change(line: &str) -> Server {
    Server::start()
        .answer(ENVIRONMENTS, 200, environments())
        .answer(DEPLOYMENT, 200, detail())
        .answer(
            &format!("{DEPLOYMENT}/upgrade/check"),
            200,
            check_of(&["3", "2"]),
        )
        .answer(line, 202, accepted())
        .answer(
            &format!("{EVENTS}0"),
            200,
            page(&[finished(1, "succeeded", "Running")], true),
        )
}

#[test]
fn every_change_is_asked_for_and_followed() {
    let plain = json!({"stackNames": [], "sessionId": null, "planId": null});
    let web = json!({"stackNames": ["web"], "sessionId": null, "planId": "p1"});
    for (arguments, verb, path, body) in [
        (
            "redeploy d1 --stack web --set A=1 --stop-on-error --on-failure rollback --plan-id p1",
            "POST",
            "/redeploy",
            json!({"stackNames": ["web"], "variables": {"A": "1"}, "stackConfigs": null, "sessionId": null, "continueOnError": false,
                   "onFailure": "rollback", "planId": "p1"}),
        ),
        (
            "retry d1",
            "POST",
            "/retry",
            json!({"sessionId": null, "continueOnError": true, "planId": null}),
        ),
        (
            "upgrade d1 --to 2",
            "POST",
            "/upgrade",
            json!({"targetProductId": "demo:shop:2", "stackConfigs": null, "sharedVariables": {}, "sessionId": null,
                   "continueOnError": true, "onFailure": null, "planId": null}),
        ),
        (
            "rollback d1 --release 3",
            "POST",
            "/rollback",
            json!({"release": 3, "sessionId": null, "continueOnError": true, "onFailure": null, "planId": null}),
        ),
        ("stop d1", "POST", "/stop-containers", plain),
        (
            "restart d1 --stack web --plan-id p1",
            "POST",
            "/restart-containers",
            web,
        ),
        (
            "maintenance enter d1 --reason disks",
            "PUT",
            "/operation-mode",
            json!({"mode": "Maintenance", "reason": "disks", "source": null, "sessionId": null, "planId": null}),
        ),
        (
            "maintenance exit d1",
            "PUT",
            "/operation-mode",
            json!({"mode": "Normal", "reason": null, "source": null, "sessionId": null, "planId": null}),
        ),
    ] {
        let line = format!("{verb} /api/environments/e1/product-deployments/d1{path}");
        let server = ready_to_change(&line);
        check(
            &windlass(&server, arguments),
            0,
            &["    0.0 s  The end. The product is Running."],
            &[],
        );
        assert_eq!(server.body_of(&line), body, "{arguments}");
        assert!(
            server.head_of(&line).contains("respond-async"),
            "{arguments}"
        );
    }
}

#[test]
fn a_change_that_fails_is_called_by_its_name() {
    let line = "POST /api/environments/e1/product-deployments/d1/rollback";
    let server = Server::start()
        .answer(ENVIRONMENTS, 200, environments())
        .answer(DEPLOYMENT, 200, detail())
        .answer(line, 202, accepted())
        .answer(
            &format!("{EVENTS}0"),
            200,
            page(&[finished(1, "failed", "Running")], true),
        );
    check(
        &windlass(&server, "rollback d1"),
        7,
        &["    0.0 s  The end. The product is Running."],
        &[
            "error: the rollback did not succeed",
            "  why: The end.",
            "  hint: `windlass attach o1` shows every step again",
        ],
    );
    let output = windlass(&server, "rollback d1 --detach --json");
    let parsed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(parsed["operationId"], "o1");
}

#[test]
fn the_newest_version_is_meant_where_none_is_named() {
    let line = "POST /api/environments/e1/product-deployments/d1/upgrade";
    let product = "GET /api/products/demo:shop:3";
    let server = ready_to_change(line).answer(product, 200, self::product());
    assert_eq!(windlass(&server, "upgrade d1").status.code(), Some(0));
    assert_eq!(server.body_of(line)["targetProductId"], "demo:shop:3");
    check(
        &windlass(&server, "upgrade d1 --to 9"),
        5,
        &[],
        &[
            "error: '9' is no version that can be upgraded to",
            "  hint: choose one of: 3, 2",
        ],
    );
    check(
        &windlass(&server, "upgrade d1 --set HOTS=1"),
        2,
        &[],
        &["error: no stack that is meant has a variable 'HOTS'"],
    );
    let server = Server::start()
        .answer(ENVIRONMENTS, 200, environments())
        .answer(DEPLOYMENT, 200, detail())
        .answer(&format!("{DEPLOYMENT}/upgrade/check"), 200, check_of(&[]));
    check(
        &windlass(&server, "upgrade d1"),
        5,
        &[],
        &[
            "error: version 1 is the newest",
            "  hint: `windlass redeploy` rolls the same version out again",
        ],
    );
}

#[test]
fn a_mode_that_it_has_already_is_no_operation() {
    let line = "PUT /api/environments/e1/product-deployments/d1/operation-mode";
    let nothing = json!({"success": true, "message": "It is so already", "productDeploymentId": "d1",
                         "previousMode": "Normal", "newMode": "Normal", "triggerSource": null,
                         "setterError": null, "operationId": null, "status": "Running"});
    let server = Server::start()
        .answer(ENVIRONMENTS, 200, environments())
        .answer(DEPLOYMENT, 200, detail())
        .answer(line, 200, nothing);
    check(
        &windlass(&server, "maintenance exit d1"),
        0,
        &["It is so already"],
        &[],
    );
}

#[test]
fn data_is_lost_only_by_name_and_with_a_word() {
    let line = "DELETE /api/environments/e1/product-deployments/d1";
    let plan = "POST /api/environments/e1/product-deployments/d1/plan";
    let risks = json!([{"volume": "mine-web_data", "stack": "web", "why": "It is removed with all of its data."}]);
    let server = || ready_to_change(line).answer(plan, 200, plan_of("remove", risks.clone()));
    let named = "remove d1 --volume mine-web_data";
    let notes = [
        "1 container is replaced.",
        "mine-web_data: It is removed with all of its data.",
    ];

    let quiet = server();
    let asks =
        "The data of 1 volume(s) is lost for good. Type the deployment's name, mine, to go on:";
    check(
        &windlass(&quiet, named),
        5,
        &[],
        &[
            notes[0],
            notes[1],
            asks,
            "error: not confirmed; nothing was changed",
            "  hint: type mine, or give --yes",
        ],
    );
    assert!(!quiet.was_asked(line));

    let told = server();
    let done = ["    0.0 s  The end. The product is Running."];
    check(
        &windlass(&told, &format!("{named} --yes")),
        0,
        &done,
        &notes,
    );
    assert_eq!(told.body_of(line)["volumes"], json!(["mine-web_data"]));
    assert_eq!(told.body_of(line)["planId"], Value::Null);

    let typed = server();
    let mut child = command(&typed, named)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, b"mine\n").unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    check(&output, 0, &done, &[notes[0], notes[1], asks]);
    assert_eq!(
        typed.body_of(line)["planId"],
        "p1",
        "what was read is what is carried out"
    );

    // Where no data is lost, nobody is asked.
    let plain = server();
    check(&windlass(&plain, "remove d1"), 0, &done, &notes);
}

#[test]
fn a_plan_is_shown_and_nothing_is_begun() {
    let plan = "POST /api/environments/e1/product-deployments/d1/plan";
    let server = ready_to_change("none").answer(plan, 200, plan_of("upgrade", json!([])));
    check(
        &windlass(&server, "plan upgrade d1 --to 2"),
        0,
        &[
            "Upgrade of Shop 1 -> 2",
            "  1 container is replaced.",
            "  ~ mine-web_page: its image changed; away meanwhile: it publishes the host port 80",
            "  pull: page:2",
            "  changed from outside: mine-web_page: it does not run",
            "Carry out exactly this with --plan-id p1",
        ],
        &[],
    );
    let sent = server.body_of(plan);
    assert_eq!(sent["operation"], "upgrade");
    assert_eq!(sent["request"]["targetProductId"], "demo:shop:2");
    let output = windlass(&server, "plan maintenance enter d1 --json");
    let parsed: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(parsed["planId"], "p1");
}

#[test]
fn releases_are_listed_and_compared() {
    let release = |number: u32, rollback_of: Value, current: bool| {
        json!({"number": number, "productId": "demo:shop:1", "version": "1", "result": "succeeded", "message": null,
               "rollbackOf": rollback_of, "isCurrent": current, "canRollBackTo": !current, "operationId": null,
               "createdBy": "local operator", "createdAt": "2026-01-01T00:00:00Z", "endedAt": null})
    };
    let list = json!({"success": true, "releases": [release(2, json!(1), true), release(1, Value::Null, false)],
                      "total": 3, "page": 1, "pageSize": 2});
    let difference =
        json!({"stack": "web", "service": "page", "field": "image", "from": "page:1", "to": null});
    let whole =
        json!({"stack": "db", "service": null, "field": "", "from": null, "to": "deployed"});
    let diff = json!({"from": 1, "to": 2, "fromVersion": "1", "toVersion": "1", "differences": [difference, whole]});
    let server = Server::start()
        .answer(ENVIRONMENTS, 200, environments())
        .answer(DEPLOYMENT, 200, detail())
        .answer(&format!("{DEPLOYMENT}/releases"), 200, list)
        .answer(
            &format!("{DEPLOYMENT}/releases/diff?from=1&to=2"),
            200,
            diff,
        );
    check(
        &windlass(&server, "releases d1"),
        0,
        &[
            "RELEASE  VERSION   RESULT     CREATED                   BY",
            "2 *      1 (as 1)  succeeded  2026-01-01T00:00:00.000Z  local operator",
            "1        1         succeeded  2026-01-01T00:00:00.000Z  local operator",
        ],
        &["2 of 3, page 1"],
    );
    check(
        &windlass(&server, "diff d1 1 2"),
        0,
        &["web/page image: page:1 -> (none)", "db: (none) -> deployed"],
        &[],
    );
    let output = windlass(&server, "diff d1 1 2 --jsonl");
    assert_eq!(output.stdout.iter().filter(|&&b| b == b'\n').count(), 2);
}

#[test]
fn the_help_is_pinned() {
    let server = Server::start();
    for (name, arguments) in [
        ("help", "--help"),
        ("help_deploy", "deploy --help"),
        ("help_upgrade", "upgrade --help"),
        ("help_maintenance", "maintenance --help"),
        ("help_remove", "remove --help"),
        ("help_plan", "plan --help"),
    ] {
        let output = windlass(&server, arguments);
        let text = String::from_utf8(output.stdout).unwrap();
        // The address of this test's server is shown as the value of the variable.
        insta::assert_snapshot!(name, text.replace(&server.url(), "http://…"));
    }
}
