//! What is done to a deployed product: each answer, each refusal, and who waits for what.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use server::engine::fake::{Fault, Script};

use super::test_app::{Answer, TestApp, deploy_request};

const NOBODY: &str = "018f0000-0000-7000-8000-000000000001";

/// Method and path of every operation, with a body that is right.
fn operations() -> Vec<(Method, &'static str, Value)> {
    let mode = json!({ "mode": "Maintenance" });
    let upgrade = json!({ "targetProductId": "demo:Shop:1.1.0" });
    vec![
        (Method::POST, "/redeploy", json!({})),
        (Method::POST, "/retry", json!({})),
        (Method::POST, "/upgrade", upgrade),
        (Method::POST, "/rollback", json!({})),
        (Method::POST, "/stop-containers", json!({})),
        (Method::POST, "/restart-containers", json!({})),
        (Method::POST, "/restart", json!({})),
        (Method::PUT, "/operation-mode", mode),
        (Method::DELETE, "", json!({})),
        (Method::POST, "/plan", json!({ "operation": "redeploy" })),
    ]
}

#[tokio::test]
async fn what_is_not_deployed_is_not_found() {
    let app = TestApp::start().await;
    for (method, rest, body) in operations() {
        for id in [NOBODY, "nothing"] {
            let path = app.deployment(id, rest);
            let answer = app.call(method.clone(), &path, Some(body.clone())).await;
            assert_eq!(
                answer.refused(404),
                "Product deployment not found",
                "{path}"
            );
            assert_eq!(answer.slug(), "deployment-not-found");
        }
    }
}

#[tokio::test]
async fn while_an_operation_works_every_other_one_conflicts() {
    let app = TestApp::start().await;
    let (operation, deployment) = app.accept().await;
    for (method, rest, body) in operations() {
        let path = app.deployment(&deployment, rest);
        let answer = app.call(method, &path, Some(body)).await;
        let sentence = answer.refused(409);
        assert!(
            sentence.starts_with("Deployment of product 'Shop' is in progress."),
            "{path}: {sentence}"
        );
        assert_eq!(answer.slug(), "operation-in-progress");
        assert_eq!(answer.json()["operationId"], operation);
        assert_eq!(answer.json()["startedBy"], "local operator");
    }
}

#[tokio::test]
async fn a_product_of_another_environment_is_not_found() {
    let app = TestApp::start().await;
    let (_, deployment) = app.accept().await;
    let other = json!({ "name": "Other", "socketPath": "/nonexistent/other.sock" });
    let made = app.post("/api/environments", &other).await.ok();
    let other = made["environment"]["id"].as_str().unwrap().to_owned();
    for (method, rest, body) in operations() {
        let path = format!("/api/environments/{other}/product-deployments/{deployment}{rest}");
        let answer = app.call(method, &path, Some(body)).await;
        answer.refused(404);
    }
}

#[track_caller]
fn check_result(result: &Value, message: &str, status: &str) {
    assert_eq!(result["success"], true, "{result}");
    assert_eq!(result["message"], message);
    assert_eq!(result["status"], status);
    assert_eq!(result["operationStatus"], "succeeded");
    assert_eq!(result["productName"], "Shop");
    assert!(result["operationId"].is_string());
    assert!(result["sessionId"].is_string());
}

#[tokio::test]
async fn a_redeploy_needs_no_body() {
    let app = TestApp::at_work().await;
    let id = app.deploy().await;
    let path = app.deployment(&id, "/redeploy");
    let result = app.call(Method::POST, &path, None).await.ok();
    check_result(&result, "Product redeployed successfully", "Running");
    assert_eq!(result["productDeploymentId"], id);
    assert_eq!(result["productVersion"], "1.0.0");
    assert!(
        result["sessionId"]
            .as_str()
            .unwrap()
            .starts_with("product-redeploy-Shop-")
    );
    let stacks = result["stackResults"].as_array().unwrap();
    assert_eq!(stacks.len(), 2);
    assert_eq!(stacks[1]["stackName"], "Web");
    assert_eq!(stacks[1]["success"], true);
    assert_eq!(stacks[1]["serviceCount"], 1);

    let body =
        json!({ "stackNames": ["Web"], "variables": { "WEB_PORT": "8082" }, "sessionId": "mine" });
    let result = app.post(&path, &body).await.ok();
    check_result(&result, "Product redeployed successfully", "Running");
    assert_eq!(result["sessionId"], "mine");

    let answer = app.post(&path, &json!({ "stackNames": ["Nothing"] })).await;
    assert_eq!(
        answer.refused(404),
        "Stack 'Nothing' not found in this product deployment."
    );
    assert_eq!(answer.slug(), "stack-not-found");
    let answer = app
        .post(&path, &json!({ "variables": { "WEB_PORT": "no" } }))
        .await;
    answer.refused(400);
    assert_eq!(answer.fields()[0].0, "variables.WEB_PORT");
}

#[tokio::test]
async fn what_failed_is_retried_and_nothing_else() {
    let app = TestApp::at_work().await;
    let id = app.deploy().await;
    let retry = app.deployment(&id, "/retry");
    let answer = app.call(Method::POST, &retry, None).await;
    assert_eq!(
        answer.refused(400),
        "Product deployment cannot be retried. Current status: Running"
    );
    assert_eq!(answer.slug(), "status-forbids");
    assert_eq!(answer.json()["productStatus"], "Running");
    let removed = app
        .call(Method::DELETE, &app.deployment(&id, ""), None)
        .await
        .ok();
    check_result(
        &removed,
        "Product 'Shop' v1.0.0 removed successfully (2 stacks).",
        "Removed",
    );

    let broken = Script {
        start_fault: Some(Fault::Refused("no such program".to_owned())),
        ..Script::default()
    };
    app.engine.set_script("page", broken);
    let result = app.post(&app.deployments(), &deploy_request()).await.ok();
    assert_eq!(result["status"], "PartiallyRunning", "{result}");
    let id = result["productDeploymentId"].as_str().unwrap();
    app.engine.set_script("page", Script::default());
    let retry = app.deployment(id, "/retry");
    let result = app.call(Method::POST, &retry, None).await.ok();
    check_result(
        &result,
        "Product 'Shop' v1.0.0 retry succeeded (2 stacks).",
        "Running",
    );
}

#[tokio::test]
async fn containers_are_stopped_and_started_again() {
    let app = TestApp::at_work().await;
    let id = app.deploy().await;
    let stop = app.deployment(&id, "/stop-containers");
    let answer = app.post(&stop, &json!({ "stackNames": ["x", "y"] })).await;
    assert_eq!(
        answer.refused(400),
        "Unknown stack name(s): x, y. Available stacks: Data, Web."
    );
    assert_eq!(answer.fields()[0].0, "stackNames");

    let result = app
        .post(&stop, &json!({ "stackNames": ["Web"] }))
        .await
        .ok();
    assert_eq!(result["success"], true, "{result}");
    assert_eq!(result["status"], "PartiallyRunning");
    assert_eq!(result["totalStacks"], 1);
    assert_eq!(result["stoppedStacks"], 1);
    assert_eq!(result["failedStacks"], 0);
    assert_eq!(result["restartedStacks"], Value::Null);
    assert_eq!(
        result["results"],
        json!([{
            "stackName": "Web", "stackDisplayName": "Web", "success": true, "containersStopped": 1,
            "containersStarted": 0, "error": null,
        }])
    );
    let result = app.call(Method::POST, &stop, None).await.ok();
    assert_eq!(result["status"], "Stopped");

    let answer = app.call(Method::POST, &stop, None).await;
    assert_eq!(
        answer.refused(400),
        "Cannot stop containers. Product deployment status is Stopped, must be Running or PartiallyRunning."
    );
    for rest in ["/restart-containers", "/restart"] {
        let restart = app.deployment(&id, rest);
        let result = app.call(Method::POST, &restart, None).await.ok();
        assert_eq!(result["success"], true, "{result}");
        assert_eq!(result["status"], "Running");
        assert_eq!(result["restartedStacks"], 2);
        assert_eq!(result["stoppedStacks"], Value::Null);
    }
    let restart = app.deployment(&id, "/restart-containers");
    app.call(Method::DELETE, &app.deployment(&id, ""), None)
        .await
        .ok();
    let answer = app.call(Method::POST, &restart, None).await;
    assert_eq!(
        answer.refused(400),
        "Cannot restart containers. Product deployment status is Removed."
    );
}

async fn set_mode(app: &TestApp, id: &str, body: Value) -> Answer {
    let path = app.deployment(id, "/operation-mode");
    app.call(Method::PUT, &path, Some(body)).await
}

#[tokio::test]
async fn maintenance_is_entered_and_left_by_hand() {
    let app = TestApp::at_work().await;
    let id = app.deploy().await;
    let answer = set_mode(&app, &id, json!({ "mode": "Sleep" })).await;
    assert_eq!(
        answer.refused(400),
        "Invalid operation mode 'Sleep'. Valid modes: Normal, Maintenance"
    );
    assert_eq!(answer.fields()[0].0, "mode");
    let observer = json!({ "mode": "Maintenance", "source": "Observer" });
    set_mode(&app, &id, observer).await.refused(400);
    let none = app
        .call(Method::PUT, &app.deployment(&id, "/operation-mode"), None)
        .await;
    none.refused(415);

    let body = json!({ "mode": "maintenance", "reason": "Scheduled database migration" });
    let result = set_mode(&app, &id, body.clone()).await.ok();
    assert_eq!(result["success"], true, "{result}");
    assert_eq!(
        result["message"],
        "Operation mode changed from Normal to Maintenance"
    );
    assert_eq!(result["previousMode"], "Normal");
    assert_eq!(result["newMode"], "Maintenance");
    assert_eq!(result["triggerSource"], "Manual");
    assert_eq!(result["setterError"], Value::Null);
    assert_eq!(result["productDeploymentId"], id);
    let again = set_mode(&app, &id, body).await.ok();
    assert_eq!(again["success"], true);
    assert_eq!(again["operationId"], Value::Null);

    let shown = app.get(&app.deployment(&id, "")).await.ok();
    assert_eq!(shown["status"], "Stopped");
    assert_eq!(shown["operationMode"], "Maintenance");
    assert_eq!(
        shown["maintenanceTrigger"]["reason"],
        "Scheduled database migration"
    );
    assert_eq!(shown["stacks"][0]["status"], "Stopped");
    for (rest, what) in [
        ("/redeploy", "redeployed"),
        ("/restart-containers", "restarted"),
        ("/upgrade", "upgraded"),
        ("/rollback", "rolled back"),
        ("/retry", "retried"),
    ] {
        let body = json!({ "targetProductId": "demo:Shop:1.1.0" });
        let answer = app.post(&app.deployment(&id, rest), &body).await;
        assert_eq!(
            answer.refused(409),
            format!(
                "Product deployment cannot be {what} while it is in maintenance mode. Exit maintenance first."
            )
        );
        assert_eq!(answer.slug(), "in-maintenance");
    }
    let result = set_mode(&app, &id, json!({ "mode": "Normal" })).await.ok();
    assert_eq!(
        result["message"],
        "Operation mode changed from Maintenance to Normal"
    );
    assert_eq!(result["status"], "Running");

    app.call(Method::POST, &app.deployment(&id, "/stop-containers"), None)
        .await
        .ok();
    let answer = set_mode(&app, &id, json!({ "mode": "Maintenance" })).await;
    assert_eq!(
        answer.refused(409),
        "Cannot change operation mode. Product deployment is Stopped, must be Running or PartiallyRunning."
    );
}

#[tokio::test]
async fn a_product_is_removed_with_a_body_or_without() {
    let app = TestApp::at_work().await;
    let id = app.deploy().await;
    let path = app.deployment(&id, "");
    let wrong = json!({ "volumes": ["somebodys-data"] });
    let answer = app.call(Method::DELETE, &path, Some(wrong)).await;
    answer.refused(400);
    assert_eq!(answer.fields()[0].0, "volumes[0]");
    let body = json!({ "sessionId": "bye", "volumes": null });
    let result = app.call(Method::DELETE, &path, Some(body)).await.ok();
    check_result(
        &result,
        "Product 'Shop' v1.0.0 removed successfully (2 stacks).",
        "Removed",
    );
    assert_eq!(result["sessionId"], "bye");
    let answer = app.call(Method::DELETE, &path, None).await;
    assert_eq!(
        answer.refused(400),
        "Product deployment cannot be removed. Current status: Removed"
    );
    let listed = app.get(&app.deployments()).await.ok();
    assert_eq!(listed["total"], 0);
}

#[tokio::test]
async fn who_prefers_so_does_not_wait_for_any_operation() {
    let app = TestApp::at_work().await;
    for (method, rest, body) in operations() {
        if matches!(rest, "/retry" | "/rollback" | "/plan") {
            continue;
        }
        let id = app.deploy().await;
        let headers = [
            ("prefer", "respond-async"),
            ("content-type", "application/json"),
        ];
        let path = app.deployment(&id, rest);
        let request = super::test_app::request(method, &path, body.to_string().into(), &headers);
        let answer = app.send(request).await;
        assert_eq!(
            answer.status,
            StatusCode::ACCEPTED,
            "{path}: {}",
            answer.text
        );
        assert_eq!(answer.header("preference-applied"), "respond-async");
        let accepted = answer.json();
        assert_eq!(accepted["productDeploymentId"], id);
        let operation = accepted["operationId"].as_str().unwrap();
        assert_eq!(
            answer.header("location"),
            format!("/api/operations/{operation}")
        );
        ended(&app, operation).await;
        if rest == "/operation-mode" {
            set_mode(&app, &id, json!({ "mode": "Normal" })).await.ok();
        }
        if !rest.is_empty() {
            app.call(Method::DELETE, &app.deployment(&id, ""), None)
                .await
                .ok();
        }
    }
}

/// Waits until an operation has ended: its stream of events ends then.
async fn ended(app: &TestApp, operation: &str) {
    let path = format!("/api/operations/{operation}/events");
    let headers = [("accept", "text/event-stream")];
    let events = app.get_with(&path, &headers).await;
    assert!(events.text.contains("\"finished\""), "{}", events.text);
}

#[tokio::test]
async fn a_plan_is_shown_and_only_that_one_is_carried_out() {
    let app = TestApp::at_work().await;
    let id = app.deploy().await;
    let plan = app.deployment(&id, "/plan");
    let wanted =
        json!({ "operation": "upgrade", "request": { "targetProductId": "demo:Shop:1.1.0" } });
    let planned = app.post(&plan, &wanted).await.ok();
    assert_eq!(planned["operation"], "upgrade");
    assert_eq!(planned["fromVersion"], "1.0.0");
    assert_eq!(planned["toVersion"], "1.1.0");
    assert_eq!(planned["changesSomething"], true);
    assert_eq!(planned["pulls"], json!(["page:2"]));
    assert_eq!(planned["drift"], json!([]));
    assert_eq!(planned["dataAtRisk"], json!([]));
    let kinds: Vec<&str> = planned["containers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["keep", "replace"]);
    let shown = app.get(&app.deployment(&id, "")).await.ok();
    assert_eq!(shown["productVersion"], "1.0.0", "nothing was begun");

    let upgrade = app.deployment(&id, "/upgrade");
    let mut body = json!({ "targetProductId": "demo:Shop:1.1.0", "planId": "another" });
    let answer = app.post(&upgrade, &body).await;
    assert_eq!(answer.slug(), "plan-stale");
    answer.refused(409);
    body["planId"] = planned["planId"].clone();
    let result = app.post(&upgrade, &body).await.ok();
    assert_eq!(result["success"], true, "{result}");

    for (body, field, sentence) in [
        (json!({}), "operation", "operation is required."),
        (
            json!({ "operation": "upgrade" }),
            "request.targetProductId",
            "request.targetProductId is required.",
        ),
        (
            json!({ "operation": "stop", "request": { "stackNames": 7 } }),
            "request.stackNames",
            "request.stackNames is not of the expected type.",
        ),
    ] {
        let answer = app.post(&plan, &body).await;
        assert_eq!(answer.refused(400), sentence);
        assert_eq!(answer.fields()[0].0, field);
    }
    let answer = app.post(&plan, &json!({ "operation": "deploy" })).await;
    answer.refused(400);
    assert_eq!(answer.fields()[0].0, "operation");
}

#[tokio::test]
async fn nothing_is_decided_where_nobody_asks() {
    let app = TestApp::start().await;
    let (operation, _) = app.accept().await;
    let path = format!("/api/operations/{operation}/decision");
    let answer = app.post(&path, &json!({ "decision": "keep" })).await;
    answer.refused(409);
    assert_eq!(answer.slug(), "nothing-to-decide");
    let claim = app.claim().await;
    app.finish(&claim).await;
    let answer = app.post(&path, &json!({ "decision": "keep" })).await;
    answer.refused(409);
    assert_eq!(answer.slug(), "operation-ended");
    app.post(&path, &json!({ "decision": "perhaps" }))
        .await
        .refused(400);
}
