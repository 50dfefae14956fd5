//! Environments: list, get, create.

use serde_json::json;

use super::test_app::TestApp;

#[tokio::test]
async fn an_environment_is_made_listed_and_shown() {
    let app = TestApp::start().await;
    let made = app
        .post("/api/environments", &json!({ "name": " Second ", "type": "DockerSocket", "socketPath": "/run/docker.sock" }))
        .await
        .ok();
    assert_eq!(made["success"], true);
    assert_eq!(made["message"], "Environment 'Second' created.");
    let environment = &made["environment"];
    assert_eq!(environment["name"], "Second");
    assert_eq!(environment["type"], "DockerSocket");
    assert_eq!(environment["connectionString"], "unix:///run/docker.sock");
    assert_eq!(environment["isDefault"], false);

    let listed = app.get("/api/environments").await.ok();
    assert_eq!(listed["success"], true);
    let names: Vec<_> = listed["environments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|each| &each["name"])
        .collect();
    assert_eq!(names, ["Local", "Second"]);

    let id = environment["id"].as_str().unwrap();
    assert_eq!(
        &app.get(&format!("/api/environments/{id}")).await.ok(),
        environment
    );
}

#[tokio::test]
async fn a_wrong_environment_is_refused_by_field_and_not_made() {
    let app = TestApp::start().await;
    for (body, field, sentence) in [
        (
            json!({ "name": " ", "socketPath": "/x" }),
            "name",
            "Environment name is required",
        ),
        (
            json!({ "name": "x".repeat(101), "socketPath": "/x" }),
            "name",
            "Environment name must have at most 100 characters",
        ),
        (
            json!({ "name": "a", "type": "Ssh", "socketPath": "/x" }),
            "type",
            "Type must be 'DockerSocket'",
        ),
        (
            json!({ "name": "a" }),
            "socketPath",
            "Socket path is required",
        ),
        (
            json!({ "name": "Local", "socketPath": "/x" }),
            "name",
            "An environment named 'Local' exists already.",
        ),
        (json!({ "socketPath": "/x" }), "name", "name is required."),
        (
            json!({ "name": 7, "socketPath": "/x" }),
            "name",
            "name must be a string, not a number.",
        ),
    ] {
        let answer = app.post("/api/environments", &body).await;
        assert_eq!(answer.refused(400), sentence);
        assert_eq!(answer.fields(), [(field.to_owned(), sentence.to_owned())]);
    }
    let listed = app.get("/api/environments").await.ok();
    assert_eq!(listed["environments"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_unknown_environment_is_named() {
    let app = TestApp::start().await;
    for id in ["nowhere", "018f0000-0000-7000-8000-000000000001"] {
        let sentence = format!("Environment '{id}' not found.");
        let base = format!("/api/environments/{id}");
        assert_eq!(app.get(&base).await.refused(404), sentence);
        let deployments = format!("{base}/product-deployments");
        assert_eq!(app.get(&deployments).await.refused(404), sentence);
        let body = super::test_app::deploy_request();
        assert_eq!(app.post(&deployments, &body).await.refused(404), sentence);
    }
}
