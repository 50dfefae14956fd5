//! What would stand in the way of a deployment is said before, and nothing is begun.

use serde_json::{Value, json};
use server::engine::Engine as _;

use super::test_app::{TestApp, deploy_request};

async fn precheck(app: &TestApp, request: &Value) -> Value {
    let path = format!("{}/precheck", app.deployments());
    let found = app.post(&path, request).await.ok();
    let none = app.store.operation_page(None, false, 1, 0).await.unwrap().1;
    assert!(none <= 1, "nothing is begun");
    found
}

/// `rule severity`, and the detail where something is wrong.
fn lines(stack: &Value) -> Vec<String> {
    let checks = stack["checks"].as_array().unwrap();
    checks
        .iter()
        .map(|check| {
            let text = |name: &str| check[name].as_str().unwrap().to_owned();
            match check["severity"] == "ok" {
                true => text("rule"),
                false => format!("{} {}: {}", text("rule"), text("severity"), text("detail")),
            }
        })
        .collect()
}

#[tokio::test]
async fn nothing_stands_in_the_way() {
    let app = TestApp::at_work().await;
    let before = app.engine.observe().await.unwrap();
    let found = precheck(&app, &deploy_request()).await;
    assert_eq!(found["canDeploy"], true);
    assert_eq!(found["hasErrors"], false);
    assert_eq!(found["hasWarnings"], false);
    assert_eq!(found["summary"], "All checks passed for 2 stack(s)");
    let stack = &found["stacks"][1];
    assert_eq!(stack["stackId"], "demo:demo.shop:Web:1.0.0");
    assert_eq!(stack["stackName"], "Web");
    assert_eq!(stack["canDeploy"], true);
    assert_eq!(
        lines(stack),
        [
            "VariableValidation",
            "ExistingDeployment",
            "ImageAvailability",
            "PortConflict",
            "NetworkAvailability",
            "VolumeStatus",
        ]
    );
    assert_eq!(stack["checks"][2]["serviceName"], "page");
    assert_eq!(stack["checks"][0]["serviceName"], Value::Null);
    assert_eq!(app.engine.observe().await.unwrap(), before);
}

#[tokio::test]
async fn what_is_taken_or_missing_is_named_with_its_service() {
    let app = TestApp::at_work().await;
    app.engine.add_foreign_port("somebody", 8081);
    app.engine.add_foreign_container("shop-data_store");
    app.engine.add_foreign_network("shop-web_default");
    let mut request = deploy_request();
    request["sharedVariables"] = json!({ "API_KEY": "k", "LOG_LEVEL": "loud" });
    let found = precheck(&app, &request).await;
    assert_eq!(
        found["summary"],
        "2 stack(s) have errors — deployment blocked"
    );
    assert_eq!(
        lines(&found["stacks"][0])[0],
        "VariableValidation error: LOG_LEVEL must be one of: info, debug."
    );

    let found = precheck(&app, &deploy_request()).await;
    assert_eq!(found["canDeploy"], false);
    let data = lines(&found["stacks"][0]);
    assert!(
        data[2]
            .starts_with("ExistingDeployment error: The container name 'shop-data_store' is taken"),
        "{data:?}"
    );
    let web = lines(&found["stacks"][1]);
    assert!(
        web.contains(&"PortConflict error: The host port 8081/tcp is used by the container 'somebody'. Choose another port, or stop that container.".to_owned()),
        "{web:?}"
    );
    assert!(
        web.iter().any(|line| line
            .starts_with("NetworkAvailability error: The network 'shop-web_default' exists")),
        "{web:?}"
    );
}

#[tokio::test]
async fn what_is_deployed_is_no_conflict_with_itself() {
    let app = TestApp::at_work().await;
    app.deploy().await;
    let found = precheck(&app, &deploy_request()).await;
    assert_eq!(
        found["summary"],
        "2 stack(s) have errors — deployment blocked"
    );
    assert_eq!(
        lines(&found["stacks"][1]),
        [
            "VariableValidation",
            "ExistingDeployment error: Product 'Shop' is already deployed (status: Running). Use upgrade instead.",
            "ImageAvailability",
            "PortConflict",
            "NetworkAvailability",
            "VolumeStatus",
        ]
    );
}

#[tokio::test]
async fn what_cannot_be_looked_at_is_part_of_the_answer() {
    let app = TestApp::start().await;
    let found = precheck(&app, &deploy_request()).await;
    let data = lines(&found["stacks"][0]);
    assert!(
        data[2].starts_with("PrecheckExecution error: The Docker engine"),
        "{data:?}"
    );

    let mut request = deploy_request();
    request["productId"] = json!("demo:Nothing:1");
    let found = precheck(&app, &request).await;
    assert_eq!(
        lines(&found["stacks"][0]),
        ["Product error: Product 'demo:Nothing:1' not found in catalog."]
    );

    let mut request = deploy_request();
    request["stackConfigs"][0]["stackId"] = json!("demo:demo.shop:x:1.0.0");
    let found = precheck(&app, &request).await;
    assert_eq!(
        lines(&found["stacks"][0])[0],
        "StackDefinition error: Stack 'demo:demo.shop:x:1.0.0' not found in product 'Shop'."
    );

    let mut request = deploy_request();
    request["stackConfigs"] = json!([]);
    let found = precheck(&app, &request).await;
    assert_eq!(
        lines(&found["stacks"][0]),
        ["StackDefinition error: At least one stack configuration is required."]
    );

    let path = "/api/environments/nowhere/product-deployments/precheck";
    let found = app.post(path, &deploy_request()).await.ok();
    assert_eq!(found["canDeploy"], false);
    assert_eq!(
        lines(&found["stacks"][0]),
        ["PrecheckExecution error: Environment 'nowhere' not found."]
    );
}

#[tokio::test]
async fn a_stack_is_looked_at_alone() {
    let app = TestApp::at_work().await;
    let path = |stack: &str| {
        let environment = &app.environment;
        format!("/api/environments/{environment}/stacks/{stack}/precheck")
    };
    let body = json!({ "stackName": "my-web" });
    let web = path("demo:demo.shop:Web:1.0.0");
    let found = app.post(&web, &body).await.ok();
    assert_eq!(found["canDeploy"], false);
    assert!(lines(&found)[0].starts_with("VariableValidation error: API_KEY is required."));
    let body = json!({ "stackName": "my-web", "variables": { "API_KEY": "k" } });
    let found = app.post(&web, &body).await.ok();
    assert_eq!(found["canDeploy"], true, "{found}");
    assert_eq!(found["summary"], "All checks passed");

    let answer = app.post(&path("demo:demo.shop:Nothing:1.0.0"), &body).await;
    assert_eq!(
        answer.refused(400),
        "Stack 'demo:demo.shop:Nothing:1.0.0' not found in catalog."
    );
}
