//! Operations: list, get, cancel.

use axum::http::StatusCode;
use serde_json::json;

use super::test_app::TestApp;

#[tokio::test]
async fn operations_are_listed_by_environment_and_page() {
    let app = TestApp::start().await;
    let (operation, deployment) = app.accept().await;
    let environment = &app.environment;
    for query in [
        "".to_owned(),
        format!("?environment={environment}"),
        "?page=1&pageSize=1".to_owned(),
    ] {
        let listed = app.get(&format!("/api/operations{query}")).await.ok();
        assert_eq!(listed["success"], true);
        assert_eq!(listed["total"], 1);
        assert_eq!(listed["operations"][0]["operationId"], operation);
    }
    let elsewhere = "/api/operations?environment=018f0000-0000-7000-8000-000000000001";
    assert_eq!(app.get(elsewhere).await.ok()["operations"], json!([]));
    let answer = app.get("/api/operations?environment=nowhere").await;
    answer.refused(400);
    assert_eq!(answer.fields()[0].0, "environment");

    let shown = app.get(&format!("/api/operations/{operation}")).await.ok();
    assert_eq!(shown["productDeploymentId"], deployment);
    assert_eq!(shown["environmentName"], "Local");
    assert_eq!(shown["kind"], "deploy");
    assert_eq!(shown["productStatus"], "Deploying");
    assert_eq!(shown["sessionId"], "session-7");
    assert_eq!(shown["canCancel"], true);
}

#[tokio::test]
async fn an_operation_is_cancelled_until_it_has_ended() {
    let app = TestApp::start().await;
    let (operation, _) = app.accept().await;
    let path = format!("/api/operations/{operation}/cancel");
    for _ in 0..2 {
        let answer = app.post(&path, &json!({})).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
        assert_eq!(answer.json()["cancelRequested"], true);
    }
    let claim = app.claim().await;
    app.finish(&claim).await;
    let answer = app.post(&path, &json!({})).await;
    assert_eq!(
        answer.refused(409),
        "The operation has ended already: it succeeded."
    );
}

#[tokio::test]
async fn an_unknown_operation_is_named() {
    let app = TestApp::start().await;
    for id in ["nothing", "018f0000-0000-7000-8000-000000000001"] {
        let sentence = format!("Operation '{id}' not found.");
        let base = format!("/api/operations/{id}");
        assert_eq!(app.get(&base).await.refused(404), sentence);
        assert_eq!(
            app.get(&format!("{base}/events")).await.refused(404),
            sentence
        );
        let live = [("accept", "text/event-stream")];
        assert_eq!(
            app.get_with(&format!("{base}/events"), &live)
                .await
                .refused(404),
            sentence
        );
        assert_eq!(
            app.post(&format!("{base}/cancel"), &json!({}))
                .await
                .refused(404),
            sentence
        );
    }
}
