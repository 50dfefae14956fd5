//! The four calls of product deployments.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::test_app::{Answer, TestApp, deploy_request};

/// Nothing here takes long; what hangs shall fail.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn a_deployment_is_answered_when_the_operation_has_ended() {
    let app = TestApp::start().await;
    let path = app.deployments();
    let body = deploy_request();
    let deploy = app.post(&path, &body);
    let work = async {
        let claim = loop {
            // Accepted by the other future, which this one waits for.
            match app.store.operation_page(None, true, 1, 0).await.unwrap().1 {
                0 => tokio::task::yield_now().await,
                _ => break app.claim().await,
            }
        };
        app.finish(&claim).await;
        claim.operation
    };
    let both = async { tokio::join!(deploy, work) };
    let (answer, operation) = tokio::time::timeout(PATIENCE, both).await.unwrap();
    let result = answer.ok();
    let stack = |name: &str, display: &str, prefix: &str, id: &Value| {
        json!({
            "stackName": name, "stackDisplayName": display, "success": true, "deploymentId": id,
            "deploymentStackName": prefix, "serviceCount": 1,
        })
    };
    let results = &result["stackResults"];
    assert_eq!(
        result,
        json!({
            "success": true,
            "message": "Product 'Shop' v1.0.0 deployed successfully (2 stacks).",
            "productDeploymentId": operation.deployment_id,
            "operationId": operation.id,
            "productName": "Shop",
            "productVersion": "1.0.0",
            "status": "Running",
            "sessionId": "session-7",
            "stackResults": [
                stack("Data", "Data", "shop-data", &results[0]["deploymentId"]),
                stack("Web", "Web", "shop-web", &results[1]["deploymentId"]),
            ],
        })
    );
}

#[tokio::test]
async fn who_prefers_so_is_told_where_to_look() {
    let app = TestApp::start().await;
    let headers = [("prefer", "handling=lenient, respond-async")];
    let answer = app
        .post_with(&app.deployments(), deploy_request().to_string(), &headers)
        .await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
    assert_eq!(answer.header("preference-applied"), "respond-async");
    let accepted = answer.json();
    assert_eq!(accepted["success"], true);
    assert_eq!(accepted["sessionId"], "session-7");
    let location = format!(
        "/api/operations/{}",
        accepted["operationId"].as_str().unwrap()
    );
    assert_eq!(answer.header("location"), location);
    let operation = app.get(&location).await.ok();
    assert_eq!(operation["status"], "queued");
    assert_eq!(
        operation["productDeploymentId"],
        accepted["productDeploymentId"]
    );
}

#[tokio::test]
async fn who_waits_for_a_while_is_answered_after_it() {
    let app = TestApp::start().await;
    let headers = [("prefer", "respond-async"), ("prefer", "wait=1")];
    let answer = app
        .post_with(&app.deployments(), deploy_request().to_string(), &headers)
        .await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
    assert_eq!(answer.header("preference-applied"), "respond-async, wait=1");
}

#[tokio::test]
async fn a_server_that_stops_says_that_the_operation_goes_on() {
    let app = TestApp::start().await;
    app.shutdown.cancel();
    let answer = app.post(&app.deployments(), &deploy_request()).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
    assert_eq!(answer.header("preference-applied"), "");
    let message = answer.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("goes on when it runs again"), "{message}");
    assert_eq!(
        app.get(answer.header("location")).await.ok()["status"],
        "queued"
    );
}

#[tokio::test]
async fn a_caller_that_goes_away_changes_nothing() {
    let app = TestApp::start().await;
    let path = app.deployments();
    let body = deploy_request();
    let deploy = app.post(&path, &body);
    let accepted = async {
        while app.store.operation_page(None, true, 1, 0).await.unwrap().1 == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        answer = deploy => panic!("{answer:?}"),
        () = accepted => {}
    }
    let claim = app.claim().await;
    app.finish(&claim).await;
    let shown = app
        .get(&format!("{path}/{}", claim.operation.deployment_id))
        .await
        .ok();
    assert_eq!(shown["status"], "Running");
}

#[tokio::test]
async fn a_deployment_is_listed_and_shown() {
    let app = TestApp::start().await;
    let path = app.deployments();
    let (operation, deployment) = app.accept().await;

    let listed = app.get(&path).await.ok();
    assert_eq!(listed["success"], true);
    assert_eq!(listed["total"], 1);
    let item = &listed["productDeployments"][0];
    assert_eq!(item["productDeploymentId"], deployment);
    assert_eq!(item["productGroupId"], "demo.shop");
    assert_eq!(item["status"], "Deploying");
    assert_eq!(item["totalStacks"], 2);
    assert_eq!(item["completedAt"], Value::Null);
    assert_eq!(item["canUpgrade"], false);
    assert_eq!(item["canRemove"], false);
    assert_eq!(item["activeOperationId"], operation);

    let claim = app.claim().await;
    app.finish(&claim).await;
    for path in [
        format!("{path}/{deployment}"),
        format!("{path}/by-product/demo.shop"),
    ] {
        let shown = app.get(&path).await.ok();
        assert_eq!(shown["productDeploymentId"], deployment);
        assert_eq!(shown["environmentId"], app.environment);
        assert_eq!(shown["productId"], "demo:Shop:1.0.0");
        assert_eq!(shown["status"], "Running");
        assert_eq!(shown["continueOnError"], true);
        assert_eq!(shown["completedStacks"], 2);
        assert_eq!(shown["upgradeCount"], 0);
        assert_eq!(shown["canUpgrade"], true);
        assert!(shown["durationSeconds"].is_f64());
        assert_eq!(shown["stacks"][0]["stackId"], "demo:demo.shop:Data:1.0.0");
        assert_eq!(shown["stacks"][0]["order"], 0);
        assert_eq!(shown["stacks"][1]["status"], "Running");
        // Nothing answers where the engine should be.
        assert_eq!(shown["stacks"][1]["services"], Value::Null);
        let key = shown["sharedVariables"]["API_KEY"].as_str().unwrap();
        assert!(!key.contains("s3cr3t"), "{key}");
    }
}

#[tokio::test]
async fn lists_are_searched_filtered_and_paged() {
    let app = TestApp::start().await;
    app.accept().await;
    let path = app.deployments();
    let count = async |query: &str| {
        let listed = app.get(&format!("{path}?{query}")).await.ok();
        listed["productDeployments"].as_array().unwrap().len()
    };
    assert_eq!(count("search=sHO").await, 1);
    assert_eq!(count("search=blog").await, 0);
    assert_eq!(
        count("status=Deploying&sort=worst-first&unknown=1").await,
        1
    );
    assert_eq!(count("status=Running").await, 0);
    assert_eq!(count("page=2&pageSize=1").await, 0);
    for (query, field) in [
        ("page=two", "page"),
        ("pageSize=-1", "pageSize"),
        ("status=Nice", "status"),
        ("sort=up", "sort"),
    ] {
        let answer = app.get(&format!("{path}?{query}")).await;
        let sentence = answer.refused(400);
        assert!(
            sentence.starts_with(&format!("{field} is not valid: ")),
            "{sentence}"
        );
        assert_eq!(answer.fields()[0].0, field);
    }
}

#[tokio::test]
async fn what_is_not_there_is_said_in_the_known_sentences() {
    let app = TestApp::start().await;
    let path = app.deployments();
    for id in ["nothing", "018f0000-0000-7000-8000-000000000001"] {
        let refused = app.get(&format!("{path}/{id}")).await.refused(404);
        assert_eq!(refused, "Product deployment not found");
    }
    for group in ["demo.shop", "demo:Shop", "demo%3AShop"] {
        let refused = app
            .get(&format!("{path}/by-product/{group}"))
            .await
            .refused(404);
        assert_eq!(
            refused,
            "No active product deployment found for this product"
        );
    }
}

/// Sends a request that differs from a good one; nothing may be written.
async fn refuse(app: &TestApp, change: impl FnOnce(&mut Value)) -> Answer {
    let mut body = deploy_request();
    change(&mut body);
    let answer = app.post(&app.deployments(), &body).await;
    assert_eq!(
        app.store.operation_page(None, false, 1, 0).await.unwrap().1,
        0
    );
    answer
}

#[tokio::test]
async fn what_cannot_be_deployed_is_refused_in_the_known_sentences() {
    let app = TestApp::start().await;
    let answer = refuse(&app, |body| {
        body["productId"] = json!("nonexistent:product:1.0.0")
    })
    .await;
    assert_eq!(
        answer.refused(400),
        "Product 'nonexistent:product:1.0.0' not found in catalog."
    );

    let answer = refuse(&app, |body| {
        body["stackConfigs"][0]["stackId"] = json!("demo:demo.shop:x:1.0.0")
    })
    .await;
    assert_eq!(
        answer.refused(400),
        "Stack 'demo:demo.shop:x:1.0.0' not found in product 'Shop'."
    );

    let answer = refuse(&app, |body| body["stackConfigs"] = json!([])).await;
    assert_eq!(
        answer.refused(400),
        "At least one stack configuration is required."
    );
    assert_eq!(answer.fields()[0].0, "stackConfigs");

    let answer = refuse(&app, |body| {
        body["stackConfigs"][1]["variables"]["WEB_PORT"] = json!("99999")
    })
    .await;
    answer.refused(400);
    assert_eq!(answer.fields()[0].0, "stackConfigs[1].variables.WEB_PORT");

    let answer = refuse(&app, |body| body["sharedVariables"] = json!({})).await;
    answer.refused(400);
    assert_eq!(answer.fields()[0].0, "sharedVariables.API_KEY");

    let answer = refuse(&app, |body| {
        body["stackConfigs"][0]["deploymentStackName"] = json!("Not Valid")
    })
    .await;
    answer.refused(400);
    assert_eq!(answer.fields()[0].0, "stackConfigs[0].deploymentStackName");
}

#[tokio::test]
async fn a_second_deployment_is_refused() {
    let app = TestApp::start().await;
    let (operation, deployment) = app.accept().await;
    let answer = app.post(&app.deployments(), &deploy_request()).await;
    let sentence = answer.refused(400);
    assert!(
        sentence.starts_with("A deployment is already in progress for product 'Shop'."),
        "{sentence}"
    );
    assert_eq!(answer.json()["operationId"], operation);
    assert_eq!(answer.json()["startedBy"], "local operator");

    let claim = app.claim().await;
    app.finish(&claim).await;
    let answer = app.post(&app.deployments(), &deploy_request()).await;
    assert_eq!(
        answer.refused(400),
        "Product 'Shop' is already deployed (status: Running). Use upgrade instead."
    );
    assert_eq!(answer.json()["productDeploymentId"], deployment);
}
