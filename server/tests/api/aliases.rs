//! Addresses that scripts in the wild still use: the same bodies as at the present ones.

use axum::http::Method;

use super::test_app::TestApp;

#[tokio::test]
async fn all_deployments_of_the_default_environment_or_of_one() {
    let app = TestApp::at_work().await;
    app.deploy().await;
    let stacks = app.get(&app.stacks("")).await.ok();
    let products = app.get(&app.deployments()).await.ok();
    for path in [
        "/api/deployments".to_owned(),
        format!("/api/deployments?environment={}", app.environment),
    ] {
        let all = app.get(&path).await.ok();
        assert_eq!(all["success"], true);
        assert_eq!(all["deployments"], stacks["deployments"]);
        assert_eq!(all["productDeployments"], products["productDeployments"]);
    }
    app.get("/api/deployments?environment=nowhere")
        .await
        .refused(404);
}

#[tokio::test]
async fn a_stack_or_a_product_is_removed_by_its_id_alone() {
    let app = TestApp::at_work().await;
    let id = app.deploy().await;
    let stacks = app.get(&app.stacks("")).await.ok();
    let stack = stacks["deployments"][0]["deploymentId"].as_str().unwrap();
    let path = format!("/api/deployments/{stack}?sessionId=mine");
    let result = app.call(Method::DELETE, &path, None).await.ok();
    assert_eq!(result["success"], true, "{result}");
    assert_eq!(result["stackName"], "shop-data");
    assert_eq!(result["deploymentSessionId"], "mine");
    let path = format!("/api/deployments/{id}");
    let result = app.call(Method::DELETE, &path, None).await.ok();
    assert_eq!(result["status"], "Removed", "{result}");
    for unknown in ["nothing", "018f0000-0000-7000-8000-000000000001"] {
        let path = format!("/api/deployments/{unknown}");
        app.call(Method::DELETE, &path, None).await.refused(404);
    }
}

#[tokio::test]
async fn the_catalog_of_an_environment_is_the_catalog() {
    let app = TestApp::start().await;
    let path = format!("/api/environments/{}/catalog", app.environment);
    assert_eq!(
        app.get(&path).await.ok(),
        app.get("/api/products").await.ok()
    );
    app.get("/api/environments/nowhere/catalog")
        .await
        .refused(404);
}
