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
async fn an_operation_is_measured_by_the_last_of_its_kind() {
    let app = TestApp::at_work().await;
    let deployment = app.deploy().await;
    for _ in 0..2 {
        let path = app.deployment(&deployment, "/redeploy");
        app.post(&path, &json!({})).await.ok();
    }
    let listed = app.get("/api/operations").await.ok();
    let ids: Vec<&str> = (0..3)
        .map(|number| {
            listed["operations"][number]["operationId"]
                .as_str()
                .unwrap()
        })
        .collect();
    let [second, first, deploy] = ids.as_slice() else {
        panic!("{listed}");
    };
    let run = async |id: &str| {
        let path = format!("/api/operations/{id}/previous-run");
        app.get(&path).await.ok()["previousRun"].clone()
    };
    let previous = run(second).await;
    assert_eq!(previous["operationId"], *first);
    let stacks = previous["stacks"].as_array().unwrap();
    let names: Vec<_> = stacks.iter().map(|stack| &stack["stackName"]).collect();
    assert_eq!(names, ["Data", "Web"]);
    let total = previous["totalMilliseconds"].as_u64().unwrap();
    for stack in stacks {
        let time = |name: &str| stack[name].as_u64().unwrap();
        assert!(
            time("fromMilliseconds") <= time("toMilliseconds"),
            "{previous}"
        );
        assert!(time("toMilliseconds") <= total, "{previous}");
    }
    // The first of its kind, and another kind.
    assert_eq!(run(first).await, json!(null));
    assert_eq!(run(deploy).await, json!(null));
}

#[tokio::test]
async fn an_unknown_operation_is_named() {
    let app = TestApp::start().await;
    for id in ["nothing", "018f0000-0000-7000-8000-000000000001"] {
        let sentence = format!("Operation '{id}' not found.");
        let base = format!("/api/operations/{id}");
        assert_eq!(app.get(&base).await.refused(404), sentence);
        for rest in ["/events", "/previous-run"] {
            assert_eq!(
                app.get(&format!("{base}{rest}")).await.refused(404),
                sentence
            );
        }
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
