//! The events of an operation, as pages and live.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use futures::StreamExt as _;
use serde_json::Value;

use super::test_app::{TestApp, request};

const LIVE: (&str, &str) = ("accept", "text/event-stream");
/// Nothing here takes long; what hangs shall fail.
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn pages_go_on_where_the_last_one_ended() {
    let app = TestApp::start().await;
    let (operation, _) = app.accept().await;
    let path = format!("/api/operations/{operation}/events");
    let claim = app.claim().await;
    app.write_event(&claim, "one").await;
    app.write_event(&claim, "two").await;

    let page = app.get(&format!("{path}?limit=2")).await.ok();
    assert_eq!(numbers(&page), [1, 2]);
    assert_eq!(page["events"][0]["type"], "accepted");
    assert_eq!(
        (&page["nextAfter"], &page["hasMore"], &page["complete"]),
        (&2.into(), &true.into(), &false.into())
    );

    let page = app.get(&format!("{path}?after=2")).await.ok();
    assert_eq!(numbers(&page), [3]);
    assert_eq!(page["hasMore"], false);
    assert_eq!(page["complete"], false);

    app.finish(&claim).await;
    let page = app.get(&format!("{path}?after=3")).await.ok();
    assert_eq!(numbers(&page), [4]);
    assert_eq!(page["complete"], true);
    let page = app.get(&format!("{path}?after=4")).await.ok();
    assert_eq!(numbers(&page), [0; 0]);
    assert_eq!(
        (&page["nextAfter"], &page["complete"]),
        (&4.into(), &true.into())
    );
}

#[tokio::test]
async fn a_number_that_is_none_is_refused_by_name() {
    let app = TestApp::start().await;
    let (operation, _) = app.accept().await;
    let path = format!("/api/operations/{operation}/events");
    let after = "after must be the number of an event: 0 or more.";
    let header = "Last-Event-ID must be the number of an event: 0 or more.";
    assert_eq!(
        app.get(&format!("{path}?after=x")).await.refused(400),
        after
    );
    assert_eq!(
        app.get_with(&format!("{path}?after=-1"), &[LIVE])
            .await
            .refused(400),
        after
    );
    let answer = app.get_with(&path, &[LIVE, ("last-event-id", "abc")]).await;
    assert_eq!(answer.refused(400), header);
    assert_eq!(answer.fields()[0].0, "Last-Event-ID");
    let answer = app.get(&format!("{path}?limit=many")).await;
    answer.refused(400);
    assert_eq!(answer.fields()[0].0, "limit");
}

#[tokio::test]
async fn a_finished_operation_is_told_whole_and_then_ends() {
    let app = TestApp::start().await;
    let (operation, _) = app.accept().await;
    let claim = app.claim().await;
    app.write_event(&claim, "one").await;
    app.finish(&claim).await;
    let path = format!("/api/operations/{operation}/events");

    let answer = tokio::time::timeout(PATIENCE, app.get_with(&path, &[LIVE]))
        .await
        .unwrap();
    assert_eq!(answer.header("content-type"), "text/event-stream");
    assert_eq!(answer.header("cache-control"), "no-cache");
    assert_eq!(answer.header("x-accel-buffering"), "no");
    assert_eq!(
        framing(&answer.text),
        [
            "retry",
            "1 operation-event",
            "2 operation-event",
            "3 operation-event",
            "- end"
        ]
    );
    assert!(
        answer.text.ends_with("event: end\ndata: {}\n\n"),
        "{}",
        answer.text
    );
    let page = app.get(&path).await.ok();
    let data: Vec<Value> = answer
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .take(3)
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    assert_eq!(&Value::from(data), &page["events"]);

    // The header wins over the query, and the query is heeded without it.
    for (query, header, expected) in [
        ("", Some("2"), vec!["retry", "3 operation-event", "- end"]),
        (
            "?after=2",
            None,
            vec!["retry", "3 operation-event", "- end"],
        ),
        (
            "?after=0",
            Some("2"),
            vec!["retry", "3 operation-event", "- end"],
        ),
        ("", Some("3"), vec!["retry", "- end"]),
        ("?after=99", None, vec!["retry", "- end"]),
    ] {
        let mut headers = vec![LIVE];
        headers.extend(header.map(|seen| ("last-event-id", seen)));
        let path = format!("{path}{query}");
        let answer = tokio::time::timeout(PATIENCE, app.get_with(&path, &headers))
            .await
            .unwrap();
        assert_eq!(framing(&answer.text), expected, "{query} {header:?}");
    }
}

#[tokio::test]
async fn events_come_as_they_happen_until_the_end() {
    let app = TestApp::start().await;
    let (operation, _) = app.accept().await;
    let path = format!("/api/operations/{operation}/events");
    let response = app
        .open(request(Method::GET, &path, Body::empty(), &[LIVE]))
        .await;
    let mut frames = response.into_body().into_data_stream();
    let mut next = async || {
        let frame = tokio::time::timeout(PATIENCE, frames.next()).await.unwrap();
        frame.map(|frame| String::from_utf8(frame.unwrap().to_vec()).unwrap())
    };
    assert_eq!(next().await.unwrap(), "retry: 1000\n\n");
    assert!(
        next()
            .await
            .unwrap()
            .starts_with("id: 1\nevent: operation-event\ndata: {")
    );
    let claim = app.claim().await;
    app.write_event(&claim, "one").await;
    assert!(next().await.unwrap().contains("\"message\":\"one\""));
    app.finish(&claim).await;
    assert!(next().await.unwrap().contains("\"type\":\"finished\""));
    assert_eq!(next().await.unwrap(), "event: end\ndata: {}\n\n");
    assert_eq!(next().await, None);
}

#[tokio::test]
async fn a_server_that_stops_lets_its_readers_go_without_an_end() {
    let app = TestApp::start().await;
    let (operation, _) = app.accept().await;
    let path = format!("/api/operations/{operation}/events");
    let reading = app.get_with(&path, &[LIVE]);
    let stop = async { app.shutdown.cancel() };
    let (answer, ()) = tokio::time::timeout(PATIENCE, async { tokio::join!(reading, stop) })
        .await
        .unwrap();
    assert!(!answer.text.contains("event: end"), "{}", answer.text);
}

fn numbers(page: &Value) -> Vec<i64> {
    page["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["seq"].as_i64().unwrap())
        .collect()
}

/// Number and name of each frame.
fn framing(text: &str) -> Vec<String> {
    text.split("\n\n")
        .filter(|frame| !frame.is_empty())
        .map(|frame| {
            let field = |name: &str| {
                frame
                    .lines()
                    .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
            };
            match (field("id"), field("event")) {
                (None, None) => "retry".to_owned(),
                (id, event) => format!("{} {}", id.unwrap_or("-"), event.unwrap_or("-")),
            }
        })
        .collect()
}
