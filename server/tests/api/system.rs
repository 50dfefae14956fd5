//! What the server says of itself, of its sources and of engines.

use serde_json::json;

use super::test_app::TestApp;

#[tokio::test]
async fn the_server_says_what_it_is() {
    let app = TestApp::at_work().await;
    let info = app.get("/api/system/info").await.ok();
    assert_eq!(info["success"], true);
    assert_eq!(info["serverVersion"], env!("CARGO_PKG_VERSION"));
    assert_eq!(info["database"], "SQLite");
    assert!(info["uptimeSeconds"].is_u64(), "{info}");
    let engines = info["engines"].as_array().unwrap();
    assert_eq!(engines.len(), 1);
    assert!(engines[0]["version"].is_string(), "{info}");
    assert_eq!(engines[0]["error"], serde_json::Value::Null);
}

#[tokio::test]
async fn an_engine_that_is_silent_is_said_to_be() {
    let app = TestApp::start().await;
    let info = app.get("/api/system/info").await.ok();
    let engine = &info["engines"][0];
    assert_eq!(engine["version"], serde_json::Value::Null);
    assert!(
        engine["error"]
            .as_str()
            .is_some_and(|why| why.ends_with('.')),
        "{info}"
    );
}

#[tokio::test]
async fn sources_are_listed_with_what_they_hold() {
    let app = TestApp::start().await;
    let sources = app.get("/api/stack-sources").await.ok();
    let source = &sources[0];
    assert_eq!(source["id"], "demo");
    assert_eq!(source["type"], "LocalDirectory");
    assert_eq!(source["enabled"], true);
    assert_eq!(source["products"], 1);
    assert!(source["details"]["path"].is_string());
}

#[tokio::test]
async fn a_connection_is_tested_whatever_comes_of_it() {
    let path = "/api/environments/test-connection";
    let app = TestApp::start().await;
    let silent = json!({ "type": "DockerSocket", "dockerHost": "unix:///nonexistent/docker.sock" });
    let tested = app.post(path, &silent).await.ok();
    assert_eq!(tested["success"], false);
    assert_eq!(tested["dockerVersion"], serde_json::Value::Null);
    assert!(!tested["message"].as_str().unwrap().is_empty());

    let app = TestApp::at_work().await;
    let tested = app
        .post(path, &json!({ "socketPath": "/any.sock" }))
        .await
        .ok();
    assert_eq!(tested["success"], true);
    assert!(tested["dockerVersion"].is_string());

    let nothing = app.post(path, &json!({})).await;
    assert_eq!(nothing.refused(400), "Socket path is required");
    let odd = json!({ "type": "SshTunnel", "dockerHost": "ssh://x" });
    app.post(path, &odd).await.refused(400);
}
