//! Who gets through the door, and what every answer carries.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use server::api;

use super::test_app::{TestApp, request};

#[tokio::test]
async fn pages_of_other_sites_change_nothing() {
    let app = TestApp::start().await;
    let body = json!({ "name": "Evil", "socketPath": "/x" }).to_string();
    for headers in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("origin", "http://evil.example")],
        &[("origin", "http://localhost:3000")],
        &[("origin", "null")],
    ] {
        let answer = app
            .post_with("/api/environments", body.clone(), headers)
            .await;
        assert!(
            answer
                .refused(403)
                .starts_with("A page of another site may not")
        );
        assert_eq!(
            app.get_with("/api/environments", headers).await.status,
            StatusCode::OK
        );
    }
    let listed = app.get("/api/environments").await.ok();
    assert_eq!(listed["environments"].as_array().unwrap().len(), 1);
    let own = [
        ("origin", "http://localhost:8080"),
        ("sec-fetch-site", "same-origin"),
    ];
    app.post_with("/api/environments", body, &own).await.ok();
}

#[tokio::test]
async fn only_this_machine_is_called_by_its_names() {
    let app = TestApp::start().await;
    let answer = app
        .get_with("/api/environments", &[("host", "evil.example")])
        .await;
    let sentence = answer.refused(421);
    assert!(
        sentence.contains("localhost, 127.0.0.1 and [::1]"),
        "{sentence}"
    );
    assert!(sentence.contains("--insecure-no-auth"), "{sentence}");
    for host in ["127.0.0.1:8080", "[::1]:8080", "localhost"] {
        app.get_with("/api/environments", &[("host", host)])
            .await
            .ok();
    }
}

#[tokio::test]
async fn every_answer_carries_the_id_of_its_request() {
    let app = TestApp::start().await;
    let given = app
        .get_with("/api/environments", &[("x-request-id", "ci-7")])
        .await;
    assert_eq!(given.header("x-request-id"), "ci-7");
    let made = app
        .get_with("/api/nothing", &[("x-request-id", "two words")])
        .await;
    assert_eq!(made.header("x-request-id").len(), 36);
    let refused = app.get_with("/", &[("host", "evil.example")]).await;
    assert_eq!(refused.header("x-request-id").len(), 36);
}

#[tokio::test]
async fn the_server_is_live_and_ready_until_it_stops() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/health/live").await.text, "live");
    assert_eq!(app.get("/health/ready").await.text, "ready");

    app.store.close().await;
    let broken = app.get("/health/ready").await;
    assert_eq!(
        broken.refused(503),
        "Not ready: the database does not work."
    );
    assert_eq!(broken.header("retry-after"), "5");

    app.shutdown.cancel();
    assert_eq!(
        app.get("/health/ready").await.refused(503),
        "Not ready: Windlass is stopping."
    );
    assert_eq!(app.get("/health/live").await.text, "live");
}

#[tokio::test]
async fn a_store_that_fails_is_not_quoted() {
    let app = TestApp::start().await;
    app.store.close().await;
    let sentence = app.get("/api/environments").await.refused(500);
    assert!(
        sentence.starts_with("Something went wrong inside Windlass."),
        "{sentence}"
    );
}

#[tokio::test]
async fn every_documented_operation_is_routed_and_the_document_is_served() {
    let app = TestApp::start().await;
    let document = app.get("/api/openapi.json").await.ok();
    assert_eq!(document, api::openapi());
    assert_eq!(document["openapi"], "3.1.0");
    let mut documented = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            documented.push((method.to_uppercase(), path.clone()));
            assert_parameters_are_those_of(path, operation);
        }
    }
    let mut routed = api::operations();
    documented.sort();
    routed.sort();
    assert_eq!(documented, routed);
    for (method, path) in documented {
        let path = path.replace(['{', '}'], "");
        let method: Method = method.parse().unwrap();
        let answer = app.send(request(method, &path, Body::empty(), &[])).await;
        // Whatever it says, it is not that nobody is there.
        assert!(!answer.text.contains("no-such-endpoint"), "{path}");
        assert_ne!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
}

fn assert_parameters_are_those_of(path: &str, operation: &Value) {
    let in_path = |parameter: &&Value| parameter["in"] == "path";
    let named = operation["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .filter(in_path)
        .count();
    assert_eq!(named, path.matches('{').count(), "{path}");
}
