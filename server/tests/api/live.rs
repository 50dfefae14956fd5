//! The one stream of a browser's tab: what is being done, that health was looked at, one operation, and one log.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use futures::StreamExt as _;
use serde_json::Value;
use server::engine::Engine as _;
use server::engine::fake::Script;

use super::test_app::{TestApp, request};

const LIVE: (&str, &str) = ("accept", "text/event-stream");
/// Nothing here takes long; what hangs shall fail.
const PATIENCE: Duration = Duration::from_secs(20);
/// The container that writes something.
const STORE: &str = "shop-data_store";

/// A tab that listens.
struct Tab {
    chunks: axum::body::BodyDataStream,
    /// What came and was not looked at: one chunk may hold several frames.
    text: String,
    /// What a browser would come back with.
    id: String,
}

impl Tab {
    async fn open(app: &TestApp, query: &str) -> Self {
        Self::come_back(app, query, "").await
    }

    async fn come_back(app: &TestApp, query: &str, id: &str) -> Self {
        let path = format!("/api/environments/{}/events{query}", app.environment);
        let headers = [LIVE, ("last-event-id", id)];
        let headers = if id.is_empty() {
            &headers[..1]
        } else {
            &headers
        };
        let response = app
            .open(request(Method::GET, &path, Body::empty(), headers))
            .await;
        assert_eq!(response.status(), 200);
        Self {
            chunks: response.into_body().into_data_stream(),
            text: String::new(),
            id: String::new(),
        }
    }

    /// The next frame of this type, with all before it left out.
    async fn next(&mut self, name: &str) -> Value {
        self.next_of(&[name]).await.1
    }

    /// The next frame of one of these types, and which.
    async fn next_of(&mut self, names: &[&str]) -> (String, Value) {
        let found = async {
            loop {
                let frame = self.frame().await;
                let field = |name: &str| frame.lines().find_map(|line| line.strip_prefix(name));
                if let Some(id) = field("id: ") {
                    self.id = id.to_owned();
                }
                let name = field("event: ").unwrap_or_default();
                if names.contains(&name) {
                    let data = serde_json::from_str(field("data: ").unwrap()).unwrap();
                    return (name.to_owned(), data);
                }
            }
        };
        tokio::time::timeout(PATIENCE, found).await.unwrap()
    }

    /// What the container wrote, to its end.
    async fn output(&mut self) -> Vec<String> {
        let mut texts = Vec::new();
        loop {
            let (name, frame) = self.next_of(&["log", "log-end"]).await;
            if name == "log-end" {
                return texts;
            }
            let lines = frame["lines"].as_array().unwrap();
            texts.extend(
                lines
                    .iter()
                    .map(|line| line["text"].as_str().unwrap().to_owned()),
            );
        }
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
    // Each is told as soon as it is known.
    let both = ["activity", "health-notice"];
    let mut first = [tab.next_of(&both).await, tab.next_of(&both).await];
    first.sort_by(|one, other| one.0.cmp(&other.0));
    let [(_, activity), (_, notice)] = first;
    assert_eq!(activity["operations"], Value::from(Vec::<Value>::new()));
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

/// With a container that writes two lines whenever it is started.
async fn with_output() -> (TestApp, String) {
    let app = TestApp::at_work().await;
    let script = Script {
        lines: vec![(false, "one".to_owned()), (false, "two".to_owned())],
        ..Script::default()
    };
    app.engine.set_script("store", script);
    let deployment = app.deploy().await;
    (app, deployment)
}

#[tokio::test]
async fn the_end_of_a_log_is_told_and_the_stream_goes_on() {
    let (app, deployment) = with_output().await;
    let mut tab = Tab::open(&app, &format!("?log={STORE}")).await;
    assert_eq!(tab.next("log").await["lines"][0]["text"], "one");
    app.engine.stop_container(STORE, None).await.unwrap();
    tab.next("log-end").await;
    let stop = app.deployment(&deployment, "/stop-containers");
    app.call(Method::POST, &stop, None).await.ok();
    loop {
        let activity = tab.next("activity").await;
        let mut operations = activity["operations"].as_array().unwrap().iter();
        if operations.any(|operation| operation["kind"] == "stop") {
            break;
        }
    }
}

#[tokio::test]
async fn who_comes_back_to_a_log_misses_nothing_and_an_operation_beside_it_has_no_ids() {
    let (app, deployment) = with_output().await;
    app.engine.stop_container(STORE, None).await.unwrap();
    let stop = app.deployment(&deployment, "/stop-containers");
    let stopped = app.call(Method::POST, &stop, None).await.ok();
    let operation = stopped["operationId"].as_str().unwrap();
    let both = format!("?log={STORE}&operation={operation}&deployment={deployment}");

    let mut tab = Tab::open(&app, &both).await;
    let (mut log_ended, mut operation_ended) = (false, false);
    while !(log_ended && operation_ended) {
        let (name, _) = tab.next_of(&["log-end", "end"]).await;
        log_ended |= name == "log-end";
        operation_ended |= name == "end";
    }
    let last = tab.id;
    assert!(last.ends_with('Z'), "{last} is the time of a line");

    app.engine.start_container(STORE).await.unwrap();
    app.engine.stop_container(STORE, None).await.unwrap();
    let mut from_address = Tab::open(&app, &format!("?log={STORE}&logAfter={last}")).await;
    assert_eq!(from_address.output().await, ["one", "two"]);
    // The id is of the log: the operation is told from where the address says.
    let mut from_id = Tab::come_back(&app, &both, &last).await;
    assert_eq!(from_id.next("operation-event").await["seq"], 1);
    let mut from_id = Tab::come_back(&app, &both, &last).await;
    assert_eq!(from_id.output().await, ["one", "two"]);
    assert_eq!(
        Tab::open(&app, &format!("?log={STORE}"))
            .await
            .output()
            .await
            .len(),
        4
    );
    assert_eq!(
        Tab::open(&app, &format!("?log={STORE}&logTail=1"))
            .await
            .output()
            .await,
        ["two"]
    );
}

#[tokio::test]
async fn a_log_that_cannot_be_told_is_refused_before_anything_is_told() {
    let app = TestApp::at_work().await;
    app.deploy().await;
    let path = format!("/api/environments/{}/events", app.environment);
    let refused = app.get_with(&format!("{path}?log=nobody"), &[LIVE]).await;
    assert_eq!(
        refused.refused(404),
        "Container 'nobody' not found on the engine of this environment."
    );
    let wrong = format!("{path}?log={STORE}&logAfter=yesterday");
    let wrong = app.get_with(&wrong, &[LIVE]).await;
    wrong.refused(400);
    assert_eq!(wrong.fields()[0].0, "logAfter");
    let headers = [LIVE, ("last-event-id", "7")];
    let wrong = app.get_with(&format!("{path}?log={STORE}"), &headers).await;
    wrong.refused(400);
    assert_eq!(wrong.fields()[0].0, "Last-Event-ID");

    let silent = TestApp::start().await;
    let path = format!(
        "/api/environments/{}/events?log={STORE}",
        silent.environment
    );
    silent.get_with(&path, &[LIVE]).await.refused(503);
}
