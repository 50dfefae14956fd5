//! Health as it was seen last, how it changed, and as it changes. No engine answers here: what nobody knows is not claimed.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use domain::health::{HealthSource, HealthStatus, Tally};
use domain::id::HealthTransitionId;
use domain::timestamp::Timestamp;
use futures::StreamExt as _;
use serde_json::Value;
use server::clock::new_id;
use server::store::HealthTransition;

use super::test_app::{TestApp, request};

/// Nothing here takes long; what hangs shall fail.
const PATIENCE: Duration = Duration::from_secs(20);
const NOT_SEEN: &str = "The engine was not looked at yet.";
const NOT_USABLE: &str = "The engine of this environment cannot be used, so nobody knows.";

/// Ids of the deployed product and of its stack Web.
async fn deployed(app: &TestApp) -> (String, String) {
    let (_, deployment) = app.accept().await;
    let claim = app.claim().await;
    app.finish(&claim).await;
    let shown = app
        .get(&format!("{}/{deployment}", app.deployments()))
        .await;
    let stack = shown.ok()["stacks"][1]["deploymentId"].clone();
    (deployment, stack.as_str().unwrap().to_owned())
}

#[tokio::test]
async fn what_nobody_has_looked_at_is_unknown() {
    let app = TestApp::start().await;
    let (deployment, stack) = deployed(&app).await;
    let path = format!("/api/health/{}", app.environment);

    let summary = app.get(&path).await.ok();
    assert_eq!(summary["success"], true);
    let summary = &summary["data"];
    assert_eq!(summary["environmentName"], "Local");
    assert_eq!(summary["totalStacks"], 2);
    assert_eq!(summary["unknownCount"], 2);
    assert_eq!(summary["healthyCount"], 0);
    assert_eq!(summary["stacks"][1]["deploymentId"], stack);
    assert_eq!(summary["stacks"][1]["overallStatus"], "Unknown");
    assert_eq!(summary["stacks"][1]["statusMessage"], NOT_SEEN);
    assert_eq!(summary["stacks"][1]["productDisplayName"], "Shop");

    for (id, name) in [(&deployment, "Shop"), (&stack, "Web")] {
        let detail = app.get(&format!("{path}/deployments/{id}")).await.ok();
        let detail = &detail["data"];
        assert_eq!(&detail["deploymentId"], id);
        assert_eq!(detail["productDeploymentId"], deployment);
        assert_eq!(detail["stackName"], name);
        assert_eq!(detail["currentVersion"], "1.0.0");
        assert_eq!(detail["overallStatus"], "Unknown");
        assert_eq!(detail["self"]["status"], "Unknown");
        assert_eq!(detail["requiresAttention"], true);
        assert_eq!(detail["operationActive"], false);
        assert_eq!(detail["capturedAtUtc"], Value::Null);
    }

    let listed = app.get(&app.deployments()).await.ok();
    let health = &listed["productDeployments"][0]["health"];
    assert_eq!(health["status"], "Unknown");
    assert_eq!(health["reason"], NOT_SEEN);
    assert_eq!(health["wanted"], "running");
}

#[tokio::test]
async fn an_engine_that_does_not_answer_is_said_to() {
    let app = TestApp::start().await;
    let (deployment, _) = deployed(&app).await;
    app.reconciler.start();
    let environment = app.environment.parse().unwrap();
    let mut seen = app.reconciler.follow(environment);
    let silent = seen.wait_for(|seen| seen.silence.is_some());
    drop(
        tokio::time::timeout(PATIENCE, silent)
            .await
            .unwrap()
            .unwrap(),
    );

    let shown = app
        .get(&format!("{}/{deployment}", app.deployments()))
        .await
        .ok();
    assert_eq!(shown["status"], "Running");
    assert_eq!(shown["health"]["status"], "Unknown");
    assert_eq!(shown["health"]["reason"], NOT_USABLE);
    assert_eq!(shown["stacks"][0]["health"]["status"], "Unknown");
    assert_eq!(shown["stacks"][0]["services"], Value::Null);

    let path = format!(
        "/api/health/{}/events?deployment={deployment}",
        app.environment
    );
    let response = app
        .open(request(Method::GET, &path, Body::empty(), &[]))
        .await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut frames = response.into_body().into_data_stream();
    let mut next = async || {
        let frame = tokio::time::timeout(PATIENCE, frames.next()).await.unwrap();
        String::from_utf8(frame.unwrap().unwrap().to_vec()).unwrap()
    };
    assert_eq!(next().await, "retry: 1000\n\n");
    let first = next().await;
    let data = first
        .strip_prefix("id: 1\nevent: health\ndata: ")
        .unwrap_or_else(|| panic!("{first}"));
    let frame: Value = serde_json::from_str(data.trim()).unwrap();
    assert_eq!(frame["complete"], true);
    assert_eq!(frame["engineAnswers"], false);
    app.reconciler.stop().await;
}

#[tokio::test]
async fn changes_are_listed_the_newest_first() {
    let app = TestApp::start().await;
    let (deployment, stack) = deployed(&app).await;
    let change = |at: i64, stack: Option<&str>, service: Option<&str>, to| HealthTransition {
        id: HealthTransitionId::from_uuid(new_id()),
        environment: app.environment.parse().unwrap(),
        deployment: deployment.parse().unwrap(),
        stack: stack.map(str::to_owned),
        service: service.map(str::to_owned),
        from: None,
        to,
        reason: "Because.".to_owned(),
        source: HealthSource::Event,
        operation_active: false,
        tally: Tally {
            healthy: 1,
            total: 2,
        },
        at: Timestamp::from_millis(at),
    };
    let all = [
        change(1, None, None, HealthStatus::Healthy),
        change(2, Some("Web"), Some("page"), HealthStatus::Unhealthy),
        change(3, Some("Web"), None, HealthStatus::Unhealthy),
        change(4, None, None, HealthStatus::Unhealthy),
        change(5, None, None, HealthStatus::NotFound),
    ];
    app.store.record_health_transitions(&all).await.unwrap();
    let list = async |id: &str, what: &str| {
        let path = format!("/api/health/deployments/{id}/{what}");
        let listed = app.get(&path).await.ok();
        let words = |each: &Value| {
            format!(
                "{} {} {}",
                each["stackName"].as_str().unwrap_or("-"),
                each["serviceName"].as_str().unwrap_or("-"),
                each["toStatus"].as_str().unwrap()
            )
        };
        let words: Vec<String> = listed["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(words)
            .collect();
        words.join(", ")
    };
    assert_eq!(
        list(&deployment, "history").await,
        "- - NotFound, - - Unhealthy, - - Healthy"
    );
    assert_eq!(list(&deployment, "history?limit=1").await, "- - NotFound");
    assert_eq!(list(&stack, "history").await, "Web - Unhealthy");
    assert_eq!(
        list(&stack, "transitions").await,
        "Web - Unhealthy, Web page Unhealthy"
    );
    assert_eq!(
        list(&deployment, "transitions?limit=2").await,
        "- - NotFound, - - Unhealthy"
    );
}

#[tokio::test]
async fn what_was_is_shown_without_a_gap() {
    let app = TestApp::start().await;
    let (deployment, stack) = deployed(&app).await;
    let now = server::clock::Clock::system().now();
    let ago = |hours: i64| Timestamp::from_millis(now.millis() - hours * 3_600_000);
    let change = |at: Timestamp, stack: Option<&str>, service: Option<&str>, to| HealthTransition {
        id: HealthTransitionId::from_uuid(new_id()),
        environment: app.environment.parse().unwrap(),
        deployment: deployment.parse().unwrap(),
        stack: stack.map(str::to_owned),
        service: service.map(str::to_owned),
        from: None,
        to,
        reason: "Because.".to_owned(),
        source: HealthSource::Event,
        operation_active: false,
        tally: Tally {
            healthy: 1,
            total: 2,
        },
        at,
    };
    let all = [
        change(ago(30), None, None, HealthStatus::Healthy),
        change(ago(6), None, None, HealthStatus::Unhealthy),
        change(ago(6), Some("Web"), None, HealthStatus::Unhealthy),
        change(ago(6), Some("Web"), Some("page"), HealthStatus::NotFound),
    ];
    app.store.record_health_transitions(&all).await.unwrap();
    let show = async |id: &str, hours: &str| {
        let path = format!("/api/health/deployments/{id}/timeline{hours}");
        let shown = app.get(&path).await.ok()["data"].clone();
        let mut lines = Vec::new();
        for track in shown["tracks"].as_array().unwrap() {
            let spans = track["spans"].as_array().unwrap();
            assert_eq!(spans[0]["fromUtc"], shown["fromUtc"]);
            assert_eq!(spans[spans.len() - 1]["untilUtc"], shown["untilUtc"]);
            for pair in spans.windows(2) {
                assert_eq!(pair[0]["untilUtc"], pair[1]["fromUtc"]);
            }
            let statuses: Vec<_> = spans
                .iter()
                .map(|span| span["status"].as_str().unwrap())
                .collect();
            let part = |name: &str| track[name].as_str().unwrap_or("-").to_owned();
            lines.push(format!(
                "{} {}: {}",
                part("stackName"),
                part("serviceName"),
                statuses.join(" ")
            ));
        }
        lines.join(", ")
    };
    assert_eq!(
        show(&deployment, "").await,
        "- -: Healthy Unhealthy, Web -: Unknown Unhealthy"
    );
    assert_eq!(
        show(&deployment, "?hours=40").await,
        "- -: Unknown Healthy Unhealthy, Web -: Unknown Unhealthy"
    );
    assert_eq!(
        show(&stack, "?hours=1").await,
        "Web -: Unhealthy, Web page: NotFound"
    );
    let unknown = "018f0000-0000-7000-8000-000000000009";
    let path = format!("/api/health/deployments/{unknown}/timeline");
    assert_eq!(
        app.get(&path).await.refused(404),
        format!("Deployment '{unknown}' not found.")
    );
}

#[tokio::test]
async fn what_is_not_there_is_refused_by_name() {
    let app = TestApp::start().await;
    let (deployment, _) = deployed(&app).await;
    let unknown = "018f0000-0000-7000-8000-000000000009";
    let path = format!("/api/health/{}", app.environment);
    for (path, sentence) in [
        (
            format!("/api/health/{unknown}"),
            format!("Environment '{unknown}' not found."),
        ),
        (
            format!("{path}/deployments/{unknown}"),
            format!("Deployment '{unknown}' not found."),
        ),
        (
            format!("{path}/deployments/shop"),
            "Deployment 'shop' not found.".to_owned(),
        ),
        (
            format!("{path}/deployments/{deployment}/services/nothing"),
            format!("Service 'nothing' not found in deployment '{deployment}'."),
        ),
        (
            format!("{path}/events?deployment={unknown}"),
            format!("Deployment '{unknown}' not found."),
        ),
        (
            format!("/api/health/deployments/{unknown}/history"),
            format!("Deployment '{unknown}' not found."),
        ),
        (
            format!("/api/health/deployments/{unknown}/transitions"),
            format!("Deployment '{unknown}' not found."),
        ),
    ] {
        assert_eq!(app.get(&path).await.refused(404), sentence, "{path}");
    }
    let path = format!("/api/health/deployments/{deployment}/history?limit=many");
    let answer = app.get(&path).await;
    answer.refused(400);
    assert_eq!(answer.fields()[0].0, "limit");

    // Another environment's deployment is none of this one's.
    let body = serde_json::json!({ "name": "Second", "socketPath": "/run/docker.sock" });
    let made = app.post("/api/environments", &body).await.ok();
    let second = made["environment"]["id"].as_str().unwrap();
    let path = format!("/api/health/{second}/deployments/{deployment}");
    assert_eq!(
        app.get(&path).await.refused(404),
        format!("Deployment '{deployment}' not found.")
    );
}
