//! Stacks that are deployed one by one: they are stacks of product deployments, and what is done to one leaves the others alone.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use server::engine::Engine as _;
use server::engine::fake::{Fault, Script};

use super::test_app::{Answer, TestApp};

const WEB: &str = "demo:demo.shop:Web:1.0.0";
const DATA: &str = "demo:demo.shop:Data:1.0.0";

async fn deploy(app: &TestApp, stack: &str, name: &str) -> Answer {
    let path = format!(
        "/api/environments/{}/stacks/{stack}/deploy",
        app.environment
    );
    let body = json!({ "stackName": name, "variables": { "API_KEY": "s3cr3t-value" }, "sessionId": "mine" });
    app.post(&path, &body).await
}

async fn compose(app: &TestApp, yaml: &str, version: &str) -> Answer {
    let body = json!({ "stackName": "tool", "yamlContent": yaml, "stackVersion": version, "variables": null });
    app.post(&app.stacks(""), &body).await
}

async fn running(app: &TestApp) -> Vec<String> {
    let observed = app.engine.observe().await.unwrap();
    let mut all: Vec<String> = observed
        .containers
        .iter()
        .map(|container| format!("{} {}", container.name, container.image))
        .collect();
    all.sort();
    all
}

#[tokio::test]
async fn a_stack_is_a_product_deployment_of_one_stack() {
    let app = TestApp::at_work().await;
    let result = deploy(&app, WEB, "my-web").await.ok();
    assert_eq!(result["success"], true, "{result}");
    assert_eq!(result["message"], "Stack 'my-web' deployed successfully.");
    assert_eq!(result["stackName"], "my-web");
    assert_eq!(result["stackVersion"], "1.0.0");
    assert_eq!(result["deploymentSessionId"], "mine");
    assert_eq!(result["errors"], json!([]));
    let service = &result["services"][0];
    assert_eq!(service["serviceName"], "page");
    assert_eq!(service["status"], "running");
    assert!(service["containerId"].is_string());
    assert_eq!(service["ports"], json!(["8080:80/tcp"]));

    let product = app
        .get(&format!("{}/by-product/demo.shop", app.deployments()))
        .await
        .ok();
    assert_eq!(
        product["productDeploymentId"],
        result["productDeploymentId"]
    );
    assert_eq!(product["totalStacks"], 1);

    let listed = app.get(&app.stacks("")).await.ok();
    let item = &listed["deployments"][0];
    assert_eq!(item["deploymentId"], result["deploymentId"]);
    assert_eq!(item["stackName"], "my-web");
    assert_eq!(item["status"], "Running");
    assert_eq!(item["operationMode"], "Normal");
    assert_eq!(item["serviceCount"], 1);

    let id = result["deploymentId"].as_str().unwrap();
    for path in [app.stacks("/my-web"), app.stacks(&format!("/{id}"))] {
        let answer = app.get(&path).await;
        assert!(!answer.text.contains("s3cr3t"), "{}", answer.text);
        let shown = answer.ok();
        assert_eq!(shown["success"], true);
        assert_eq!(shown["deploymentId"], id);
        assert_eq!(shown["environmentId"], app.environment);
        assert_eq!(shown["configuration"]["WEB_PORT"], "8080");
        assert_eq!(shown["initContainerResults"], json!([]));
        assert_eq!(shown["services"][0]["containerName"], "my-web_page");
    }
}

#[tokio::test]
async fn another_stack_joins_the_product_that_is_deployed() {
    let app = TestApp::at_work().await;
    let first = deploy(&app, WEB, "my-web").await.ok();
    let before = app
        .engine
        .container("my-web_page")
        .unwrap()
        .details
        .container
        .id;
    let result = deploy(&app, DATA, "my-data").await.ok();
    assert_eq!(result["success"], true, "{result}");
    assert_eq!(result["productDeploymentId"], first["productDeploymentId"]);
    let after = app
        .engine
        .container("my-web_page")
        .unwrap()
        .details
        .container
        .id;
    assert_eq!(before, after, "the other stack is left alone");
    let id = first["productDeploymentId"].as_str().unwrap();
    let shown = app.get(&app.deployment(id, "")).await.ok();
    assert_eq!(shown["status"], "Running");
    let names: Vec<&str> = shown["stacks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stack| stack["stackName"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Data", "Web"]);

    // Deployed twice, or of another version than its product.
    let answer = deploy(&app, WEB, "my-web").await;
    assert_eq!(
        answer.refused(400),
        "Stack 'Web' is already deployed (status: Running). Use upgrade or redeploy instead."
    );
    assert_eq!(answer.json()["deploymentId"], first["deploymentId"]);
    let answer = deploy(&app, "demo:demo.shop:Web:1.1.0", "my-web").await;
    answer.refused(400);
    assert_eq!(answer.slug(), "version-refused");

    // And out again, one by one.
    let result = app
        .call(Method::DELETE, &app.stacks("/my-data"), None)
        .await
        .ok();
    assert_eq!(result["success"], true, "{result}");
    assert_eq!(
        result["message"],
        "Deployment 'my-data' removed successfully."
    );
    assert_eq!(running(&app).await, ["my-web_page page:1"]);
    let shown = app.get(&app.deployment(id, "")).await.ok();
    assert_eq!(shown["status"], "Running");
    assert_eq!(shown["totalStacks"], 1);
    app.get(&app.stacks("/my-data")).await.refused(404);
    let web = first["deploymentId"].as_str().unwrap();
    let body = json!({ "sessionId": "bye" });
    let last = app.stacks(&format!("/{web}"));
    let result = app.call(Method::DELETE, &last, Some(body)).await.ok();
    assert_eq!(result["success"], true, "{result}");
    assert_eq!(result["deploymentSessionId"], "bye");
    assert_eq!(running(&app).await, Vec::<String>::new());
    let again = app.call(Method::DELETE, &last, None).await.ok();
    assert_eq!(again["success"], true);
    assert_eq!(again["message"], "Deployment 'my-web' was removed already.");
    assert_eq!(again["operationId"], Value::Null);
}

#[tokio::test]
async fn one_stack_is_upgraded_and_rolled_back_while_the_other_is_left_alone() {
    let app = TestApp::at_work().await;
    app.deploy().await;
    let store = app
        .engine
        .container("shop-data_store")
        .unwrap()
        .details
        .container
        .id;
    let check = app.get(&app.stacks("/shop-web/upgrade/check")).await.ok();
    assert_eq!(check["upgradeAvailable"], true);
    assert_eq!(check["canUpgrade"], true);
    assert_eq!(check["currentVersion"], "1.0.0");
    assert_eq!(check["latestStackId"], "demo:demo.shop:Web:1.1.0");
    assert_eq!(check["newVariables"], json!(["GREETING"]));
    let back = app.get(&app.stacks("/shop-web/snapshots")).await.ok();
    assert_eq!(back["canRollback"], false);
    let rollback = app.stacks("/shop-web/rollback");
    let answer = app.call(Method::POST, &rollback, None).await;
    assert!(
        answer
            .refused(400)
            .starts_with("Rollback only available after failed upgrade.")
    );

    let path = app.stacks("/shop-web/upgrade");
    for (stack, status) in [
        ("demo:demo.shop:Web:9", 404),
        ("demo:demo.shop:Web:1.0.0", 400),
        ("demo:demo.shop:Data:1.1.0", 400),
    ] {
        app.post(&path, &json!({ "stackId": stack }))
            .await
            .refused(status);
    }
    let body = json!({ "stackId": "demo:demo.shop:Web:1.1.0", "variables": { "GREETING": "hi" } });
    let result = app.post(&path, &body).await.ok();
    assert_eq!(result["success"], true, "{result}");
    assert_eq!(result["previousVersion"], "1.0.0");
    assert_eq!(result["newVersion"], "1.1.0");
    assert_eq!(result["snapshotId"], "1");
    assert_eq!(result["canRollback"], true);
    assert_eq!(result["rollbackVersion"], "1.0.0");
    assert_eq!(
        running(&app).await,
        ["shop-data_store store:1", "shop-web_page page:2"]
    );
    let shown = app.get(&app.stacks("/shop-web")).await.ok();
    assert_eq!(shown["stackVersion"], "1.1.0");
    assert_eq!(shown["configuration"]["GREETING"], "hi");
    assert_eq!(shown["configuration"]["WEB_PORT"], "8081");
    let other = app.get(&app.stacks("/shop-data")).await.ok();
    assert_eq!(other["stackVersion"], "1.0.0");

    let result = app.call(Method::POST, &rollback, None).await.ok();
    assert_eq!(result["success"], true, "{result}");
    assert_eq!(result["targetVersion"], "1.0.0");
    assert_eq!(result["previousVersion"], "1.1.0");
    assert_eq!(
        running(&app).await,
        ["shop-data_store store:1", "shop-web_page page:1"]
    );
    assert_eq!(
        app.engine
            .container("shop-data_store")
            .unwrap()
            .details
            .container
            .id,
        store
    );
}

#[tokio::test]
async fn a_compose_file_needs_no_source() {
    let app = TestApp::at_work().await;
    let yaml = "services: {main: {image: 'tool:${TAG:-1}', ports: ['9000:9000']}}";
    let result = compose(&app, yaml, "1").await.ok();
    assert_eq!(result["success"], true, "{result}");
    assert_eq!(result["stackName"], "tool");
    assert_eq!(result["stackVersion"], "1");
    assert_eq!(running(&app).await, ["tool_main tool:1"]);

    // The same name again: the file takes the place of the one before.
    let next = "services: {main: {image: 'tool:1', command: [serve]}, page: {image: 'page:1'}}";
    let result = compose(&app, next, "2").await.ok();
    assert_eq!(result["success"], true, "{result}");
    assert_eq!(result["stackVersion"], "2");
    assert_eq!(
        running(&app).await,
        ["tool_main tool:1", "tool_page page:1"]
    );
    let back = app.get(&app.stacks("/tool/snapshots")).await.ok();
    assert_eq!(back["canRollback"], true);
    assert_eq!(back["rollbackTargetVersion"], "1");

    for (yaml, field) in [("services: [", "yamlContent"), ("", "yamlContent")] {
        let answer = compose(&app, yaml, "3").await;
        answer.refused(400);
        assert_eq!(answer.fields()[0].0, field, "{}", answer.text);
    }
    let mut body = json!({ "stackName": "No Name", "yamlContent": next });
    let answer = app.post(&app.stacks(""), &body).await;
    answer.refused(400);
    assert_eq!(answer.fields()[0].0, "stackName");
    body["stackName"] = json!("needs");
    body["yamlContent"] = json!("services: {main: {image: 'tool:1', environment: {A: '${A:?}'}}}");
    let answer = app.post(&app.stacks(""), &body).await;
    answer.refused(400);
    assert_eq!(answer.fields()[0].0, "variables.A");
}

#[tokio::test]
async fn a_file_is_read_without_deploying_it() {
    let app = TestApp::start().await;
    let yaml = "services:\n  a: {image: 'a:${TAG:-1}'}\n  b: {image: 'b:${TAG:-1}', environment: {KEY: '${KEY:?}'}}\n";
    let parsed = app
        .post("/api/deployments/parse", &json!({ "yamlContent": yaml }))
        .await
        .ok();
    assert_eq!(parsed["success"], true);
    assert_eq!(parsed["services"], json!(["a", "b"]));
    let variable = |position: usize| {
        let one = &parsed["variables"][position];
        json!([
            one["name"],
            one["defaultValue"],
            one["isRequired"],
            one["usedInServices"]
        ])
    };
    assert_eq!(variable(0), json!(["TAG", "1", false, ["a", "b"]]));
    assert_eq!(variable(1), json!(["KEY", null, true, ["b"]]));
    let answer = app
        .post(
            "/api/deployments/parse",
            &json!({ "yamlContent": "services: 7" }),
        )
        .await;
    answer.refused(400);
    assert_eq!(answer.slug(), "file-not-usable");
    assert!(
        answer.fields()[0].1.starts_with("compose.yaml:1:"),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let app = TestApp::start().await;
    let gone = "Deployment 'nothing' not found.";
    for (method, rest, body) in [
        (Method::GET, "/nothing", None),
        (Method::GET, "/nothing/snapshots", None),
        (Method::GET, "/nothing/upgrade/check", None),
        (Method::POST, "/nothing/rollback", None),
        (
            Method::POST,
            "/nothing/upgrade",
            Some(json!({ "stackId": WEB })),
        ),
        (Method::POST, "/nothing/mark-failed", None),
        (Method::DELETE, "/nothing", None),
    ] {
        let answer = app.call(method, &app.stacks(rest), body).await;
        assert_eq!(answer.refused(404), gone, "{rest}");
        assert_eq!(answer.slug(), "stack-deployment-not-found");
    }
    let answer = deploy(&app, "demo:demo.shop:Nothing:1.0.0", "x").await;
    assert_eq!(
        answer.refused(400),
        "Stack 'demo:demo.shop:Nothing:1.0.0' not found in catalog."
    );
    let answer = deploy(&app, WEB, "Not Valid").await;
    answer.refused(400);
    assert_eq!(answer.fields()[0].0, "stackName");
    app.get("/api/environments/nowhere/deployments")
        .await
        .refused(404);
}

#[tokio::test]
async fn nothing_is_stuck_unless_an_operation_is() {
    let app = TestApp::start().await;
    let headers = [("prefer", "respond-async")];
    let path = format!("/api/environments/{}/stacks/{DATA}/deploy", app.environment);
    let body = json!({ "stackName": "my-data", "variables": { "API_KEY": "k" } });
    let answer = app.post_with(&path, body.to_string(), &headers).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
    let again = app.post(&path, &body).await;
    assert!(
        again
            .refused(400)
            .starts_with("A deployment is already in progress")
    );
    let answer = app
        .call(Method::POST, &app.stacks("/my-data/mark-failed"), None)
        .await;
    assert!(
        answer
            .refused(400)
            .starts_with("Deployment cannot be marked as failed. Current status: Installing."),
        "{}",
        answer.text
    );
    assert_eq!(answer.slug(), "nothing-stuck");
    for (method, rest) in [
        (Method::POST, "/my-data/rollback"),
        (Method::DELETE, "/my-data"),
    ] {
        let answer = app.call(method, &app.stacks(rest), None).await;
        answer.refused(409);
        assert_eq!(answer.slug(), "operation-in-progress");
    }

    let claim = app.claim().await;
    app.stick(&claim).await;
    let body = json!({ "reason": "the disk is gone" });
    let path = app.stacks("/my-data/mark-failed");
    let result = app.post(&path, &body).await.ok();
    assert_eq!(result["success"], true, "{result}");
    assert_eq!(result["previousStatus"], "Installing");
    assert_eq!(result["operationId"], claim.operation.id.to_string());
    let shown = app
        .get(&format!("/api/operations/{}", claim.operation.id))
        .await
        .ok();
    assert_eq!(shown["cancelRequested"], true);
}

#[tokio::test]
async fn a_stack_that_does_not_come_up_is_what_it_was() {
    let app = TestApp::at_work().await;
    app.deploy().await;
    let broken = Script {
        start_fault: Some(Fault::Refused("no such program".to_owned())),
        ..Script::default()
    };
    app.engine.set_script("page:2", broken);
    let body = json!({ "stackId": "demo:demo.shop:Web:1.1.0" });
    let result = app.post(&app.stacks("/shop-web/upgrade"), &body).await.ok();
    assert_eq!(result["success"], false, "{result}");
    assert_eq!(result["newVersion"], "1.1.0");
    assert_eq!(result["errors"][0], result["message"]);
    let shown = app.get(&app.stacks("/shop-web")).await.ok();
    assert_eq!(shown["stackVersion"], "1.0.0");
    assert_eq!(shown["status"], "Running");
    assert_eq!(
        running(&app).await,
        ["shop-data_store store:1", "shop-web_page page:1"]
    );
}
