//! Bad input: a clear refusal with the field, nothing written, nothing started.

use axum::body::Body;
use axum::http::Method;
use serde_json::json;

use super::test_app::{TestApp, deploy_request, request};

#[tokio::test]
async fn a_body_that_is_not_what_it_should_be_is_refused_by_place_or_field() {
    let app = TestApp::start().await;
    let path = app.deployments();
    let mut typed = deploy_request();
    typed["continueOnError"] = json!("yes");
    let mut nested = deploy_request();
    nested["stackConfigs"][1]["variables"]["WEB_PORT"] = json!(8081);
    for (body, field, sentence) in [
        (
            typed.to_string(),
            Some("continueOnError"),
            "continueOnError must be a boolean, not a string.",
        ),
        (
            nested.to_string(),
            Some("stackConfigs[1].variables.WEB_PORT"),
            "stackConfigs[1].variables.WEB_PORT must be a string, not a number.",
        ),
        ("{}".to_owned(), Some("productId"), "productId is required."),
        ("[]".to_owned(), Some("body"), "body must be an object."),
        (
            "{\n  \"productId\": }".to_owned(),
            None,
            "The body is not valid JSON: expected value at line 2, column 16.",
        ),
        (
            String::new(),
            None,
            "The body is not valid JSON: EOF while parsing a value at line 1, column 0.",
        ),
    ] {
        let answer = app.post_with(&path, body, &[]).await;
        assert_eq!(answer.refused(400), sentence);
        assert_eq!(
            answer.fields().first().map(|(field, _)| field.as_str()),
            field
        );
    }
    assert_eq!(
        app.store.operation_page(None, false, 1, 0).await.unwrap().1,
        0
    );
}

#[tokio::test]
async fn another_media_type_is_refused() {
    let app = TestApp::start().await;
    for media_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ] {
        let headers = [("content-type", media_type)];
        let answer = app
            .post_with(&app.deployments(), deploy_request().to_string(), &headers)
            .await;
        let sentence = answer.refused(415);
        assert!(
            sentence.contains("Content-Type: application/json"),
            "{sentence}"
        );
    }
    assert_eq!(
        app.store.operation_page(None, false, 1, 0).await.unwrap().1,
        0
    );
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_with_the_limit() {
    let app = TestApp::start().await;
    let body = format!("{{\"productId\": \"{}\"}}", "x".repeat(10 << 20));
    let answer = app.post_with(&app.deployments(), body, &[]).await;
    assert_eq!(
        answer.refused(413),
        "The body of a request may have at most 2097152 bytes (2 MiB)."
    );
    // Announced, with a caller that waits to be told to go on.
    let announced = [
        ("content-length", "10485760"),
        ("expect", "100-continue"),
        ("content-type", "application/json"),
    ];
    let endless = Body::from_stream(futures::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let answer = app
        .send(request(
            Method::POST,
            &app.deployments(),
            endless,
            &announced,
        ))
        .await;
    answer.refused(413);
}

#[tokio::test]
async fn what_is_not_routed_is_a_problem_too() {
    let app = TestApp::start().await;
    for path in ["/api", "/api/", "/api/nothing", "/api/environments/x/y/z"] {
        let refused = app.get(path).await.refused(404);
        assert_eq!(
            refused, "There is no such endpoint. GET /api/openapi.json lists all of them.",
            "{path}"
        );
    }
    let answer = app
        .send(request(
            Method::DELETE,
            "/api/environments",
            Body::empty(),
            &[],
        ))
        .await;
    answer.refused(405);
    assert_eq!(answer.header("allow"), "GET,HEAD,POST");
    let answer = app.get("/api/stack-sources/sync").await;
    answer.refused(405);
    assert_eq!(answer.header("allow"), "POST");
    let answer = app.get("/api/products/%ff").await;
    assert!(
        answer.refused(400).starts_with("The path cannot be read"),
        "{}",
        answer.text
    );
}
