//! The one stream of a browser's tab: what is being done, that health was looked at, and one operation.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use futures::StreamExt as _;
use serde_json::Value;

use super::test_app::{TestApp, request};

const LIVE: (&str, &str) = ("accept", "text/event-stream");
/// Nothing here takes long; what hangs shall fail.
const PATIENCE: Duration = Duration::from_secs(20);

/// A tab that listens.
struct Tab {
    chunks: axum::body::BodyDataStream,
    /// What came and was not looked at: one chunk may hold several frames.
    text: String,
}

impl Tab {
    async fn open(app: &TestApp, query: &str) -> Self {
        let path = format!("/api/environments/{}/events{query}", app.environment);
        let response = app
            .open(request(Method::GET, &path, Body::empty(), &[LIVE]))
            .await;
        assert_eq!(response.status(), 200);
        Self {
            chunks: response.into_body().into_data_stream(),
            text: String::new(),
        }
    }

    /// The next frame of this type, with all before it left out.
    async fn next(&mut self, name: &str) -> Value {
        let found = async {
            loop {
                let frame = self.frame().await;
                let field = |name: &str| frame.lines().find_map(|line| line.strip_prefix(name));
                if field("event: ") == Some(name) {
                    return serde_json::from_str(field("data: ").unwrap()).unwrap();
                }
            }
        };
        tokio::time::timeout(PATIENCE, found).await.unwrap()
    }

    async fn frame(&mut self) -> String {
        loop {
            if let Some((frame, rest)) = self.text.split_once("\n\n") {
                let (frame, rest) = (frame.to_owned(), rest.to_owned());
                self.text = rest;
                return frame;
            }
            let chunk = self.chunks.next().await.unwrap().unwrap();
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

#[tokio::test]
async fn what_is_being_done_is_told_when_it_begins_and_when_it_ends() {
    let app = TestApp::start().await;
    let mut tab = Tab::open(&app, "").await;
    assert_eq!(
        tab.next("activity").await["operations"],
        Value::from(Vec::<Value>::new())
    );
    let notice = tab.next("health-notice").await;
    assert_eq!(notice["changed"], true);

    let (operation, _) = app.accept().await;
    let at_work = tab.next("activity").await;
    assert_eq!(at_work["operations"][0]["operationId"], operation);
    assert_eq!(at_work["operations"][0]["kind"], "deploy");
    assert_eq!(at_work["operations"][0]["finishedAt"], Value::Null);

    let claim = app.claim().await;
    app.finish(&claim).await;
    let mut ended = tab.next("activity").await;
    while ended["operations"][0]["finishedAt"].is_null() {
        ended = tab.next("activity").await;
    }
    assert_eq!(ended["operations"][0]["steps"], 0);
}

#[tokio::test]
async fn an_operation_is_told_from_where_its_reader_is_to_its_end_and_the_stream_goes_on() {
    let app = TestApp::start().await;
    let (operation, _) = app.accept().await;
    let claim = app.claim().await;
    app.write_event(&claim, "one").await;
    let mut tab = Tab::open(&app, &format!("?operation={operation}&after=1")).await;
    assert_eq!(tab.next("operation-event").await["seq"], 2);
    app.finish(&claim).await;
    assert_eq!(tab.next("operation-event").await["type"], "finished");
    tab.next("end").await;
    // The others go on.
    let mut activity = tab.next("activity").await;
    while activity["operations"][0]["finishedAt"].is_null() {
        activity = tab.next("activity").await;
    }
}

#[tokio::test]
async fn what_is_not_there_or_elsewhere_is_refused_before_anything_is_told() {
    let app = TestApp::start().await;
    let (operation, deployment) = app.accept().await;
    let environment = app.environment.to_string();
    let nobody = uuid::Uuid::nil();
    for (path, status) in [
        (format!("/api/environments/{nobody}/events"), 404),
        (
            format!("/api/environments/{environment}/events?operation={nobody}"),
            404,
        ),
        (
            format!("/api/environments/{environment}/events?deployment={nobody}"),
            404,
        ),
        (
            format!("/api/environments/{nobody}/events?operation={operation}"),
            404,
        ),
        (
            format!("/api/environments/{nobody}/events?deployment={deployment}"),
            404,
        ),
        (
            format!("/api/environments/{environment}/events?operation={operation}&after=x"),
            400,
        ),
    ] {
        let answer = app.get_with(&path, &[LIVE]).await;
        answer.refused(status);
    }
}
