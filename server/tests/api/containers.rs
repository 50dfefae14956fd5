//! Single containers and volumes: shown, started, stopped and removed by hand, and refused where an operation has them.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use futures::StreamExt as _;
use serde_json::{Value, json};
use server::engine::Engine as _;
use server::engine::fake::{Fault, Injection, Script, Verb};

use super::test_app::{Answer, TestApp, request};

const PATIENCE: Duration = Duration::from_secs(20);
const STORE: &str = "shop-data_store";

impl TestApp {
    fn at(&self, path: &str) -> String {
        let joint = if path.contains('?') { '&' } else { '?' };
        format!("/api{path}{joint}environment={}", self.environment)
    }

    async fn containers(&self) -> Vec<Value> {
        let listed = self.get(&self.at("/containers")).await.ok();
        listed.as_array().unwrap().clone()
    }

    async fn act(&self, method: Method, path: &str) -> Answer {
        self.call(method, &self.at(path), None).await
    }
}

#[track_caller]
fn done(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text);
    assert_eq!(answer.text, "");
}

fn names(listed: &[Value]) -> Vec<&str> {
    let name = |one: &'_ Value| one["name"].as_str().map(str::len);
    assert!(listed.iter().all(|one| name(one).is_some()));
    listed
        .iter()
        .filter_map(|one| one["name"].as_str())
        .collect()
}

#[tokio::test]
async fn containers_are_listed_with_their_owner_those_in_trouble_first() {
    let app = TestApp::at_work().await;
    let deployment = app.deploy().await;
    app.engine.add_foreign_container("other");
    app.engine.kill("shop-web_page", 3).unwrap();
    let listed = app.containers().await;
    assert_eq!(names(&listed).last(), Some(&STORE));
    let store = listed.iter().find(|one| one["name"] == STORE).unwrap();
    assert_eq!(store["state"], "running");
    assert_eq!(store["image"], "store:1");
    assert_eq!(store["healthStatus"], "none");
    assert_eq!(store["failingStreak"], 0);
    assert_eq!(store["restartCount"], 0);
    assert_eq!(store["labels"]["rsgo.stack"], "shop-data");
    let owner = &store["owner"];
    assert_eq!(owner["productDeploymentId"], deployment);
    assert_eq!(owner["productName"], "Shop");
    assert_eq!(owner["isDeployed"], true);
    assert_eq!(
        (&owner["stack"], &owner["service"]),
        (&json!("Data"), &json!("store"))
    );
    let other = listed.iter().find(|one| one["name"] == "other").unwrap();
    assert_eq!(other["owner"], Value::Null);

    let detail = app.get(&app.at(&format!("/containers/{STORE}"))).await.ok();
    assert_eq!(detail["id"], store["id"]);
    assert_eq!(detail["variables"], json!(["KEY"]));
    assert!(!detail.to_string().contains("s3cr3t-value"), "{detail}");

    let context = app.get(&app.at("/containers/context")).await.ok();
    assert_eq!(context["success"], true);
    let stack = &context["stacks"]["shop-data"];
    assert_eq!(stack["deploymentExists"], true);
    assert_eq!(stack["deploymentId"], deployment);
    assert_eq!(stack["stackDefinitionName"], "Data");
}

#[tokio::test]
async fn what_is_done_by_hand_changes_no_status() {
    let app = TestApp::at_work().await;
    let deployment = app.deploy().await;
    let path = format!("/containers/{STORE}");
    for (act, state) in [
        ("stop", "exited"),
        ("stop", "exited"),
        ("start", "running"),
        ("restart", "running"),
    ] {
        done(&app.act(Method::POST, &format!("{path}/{act}")).await);
        assert_eq!(app.get(&app.at(&path)).await.ok()["state"], state, "{act}");
    }
    let shown = app.get(&app.deployment(&deployment, "")).await.ok();
    assert_eq!(shown["status"], "Running");
    assert_eq!(shown["activeOperationId"], Value::Null);
}

#[tokio::test]
async fn what_belongs_to_a_product_goes_only_by_force() {
    let app = TestApp::at_work().await;
    app.deploy().await;
    let path = format!("/containers/{STORE}");
    let refused = app.act(Method::DELETE, &path).await;
    assert_eq!(refused.slug(), "belongs-to-product");
    assert_eq!(
        refused.refused(409),
        "Container 'shop-data_store' belongs to product 'Shop', which is deployed. Remove the product instead, or remove only this with force."
    );
    done(&app.act(Method::DELETE, &format!("{path}?force=true")).await);
    assert_eq!(
        app.get(&app.at(&path)).await.refused(404),
        format!("Container '{STORE}' not found on the engine of this environment.")
    );

    app.engine.add_foreign_container("other");
    let refused = app.act(Method::DELETE, "/containers/other").await;
    assert_eq!(refused.slug(), "container-runs");
    assert_eq!(
        refused.refused(409),
        "Container 'other' runs. Stop it first, or remove it with force."
    );
    done(&app.act(Method::POST, "/containers/other/stop").await);
    done(&app.act(Method::DELETE, "/containers/other").await);
}

#[tokio::test]
async fn nothing_is_done_by_hand_while_an_operation_works_on_the_product() {
    let app = TestApp::at_work().await;
    app.deploy().await;
    let stuck = Script {
        start_delay: Duration::from_secs(600),
        ..Script::default()
    };
    app.engine.set_script("page", stuck);
    let deployed = app.get(&app.deployments()).await.ok();
    let id = deployed["productDeployments"][0]["productDeploymentId"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = app.deployment(&id, "/redeploy");
    let headers = [("prefer", "respond-async")];
    let accepted = app.post_with(&path, "{}", &headers).await;
    assert_eq!(accepted.status, StatusCode::ACCEPTED, "{}", accepted.text);
    let operation = accepted.json()["operationId"].clone();
    for (method, path) in [
        (Method::POST, format!("/containers/{STORE}/stop")),
        (Method::POST, format!("/containers/{STORE}/start")),
        (Method::DELETE, format!("/containers/{STORE}?force=true")),
    ] {
        let refused = app.act(method, &path).await;
        let sentence = refused.refused(409);
        assert!(
            sentence.starts_with("Redeploy of product 'Shop' is in progress."),
            "{sentence}"
        );
        assert_eq!(refused.slug(), "operation-in-progress");
        assert_eq!(refused.json()["operationId"], operation);
    }
    let listed = app.containers().await;
    let store = listed.iter().find(|one| one["name"] == STORE).unwrap();
    assert_eq!(store["busy"]["operationId"], operation);
}

#[tokio::test]
async fn what_a_gone_deployment_has_left_is_removed() {
    let app = TestApp::at_work().await;
    app.deploy().await;
    let deployed = app
        .act(Method::DELETE, "/containers/orphaned-stacks/shop-data")
        .await;
    assert_eq!(deployed.slug(), "stack-deployed");
    app.act(Method::DELETE, "/containers/orphaned-stacks/nothing")
        .await
        .refused(404);

    let store = app.engine.inspect_container(STORE).await.unwrap();
    let mut owner = store.container.ownership.unwrap();
    owner.product = "demo.gone".to_owned();
    owner.project = "gone-web".to_owned();
    owner.deployment = "018f0000-0000-7000-8000-000000000002".parse().unwrap();
    app.engine.add_container_of("gone-web_page", owner.clone());
    owner.environment = "018f0000-0000-7000-8000-000000000003".parse().unwrap();
    app.engine.add_container_of("gone-web_elsewhere", owner);
    let context = app.get(&app.at("/containers/context")).await.ok();
    assert_eq!(context["stacks"]["gone-web"]["deploymentExists"], false);
    assert_eq!(context["stacks"]["gone-web"]["deploymentId"], Value::Null);

    let removed = app
        .act(Method::DELETE, "/containers/orphaned-stacks/gone-web")
        .await
        .ok();
    assert_eq!(removed, json!({ "success": true, "removedCount": 1 }));
    let listed = app.containers().await;
    // What another server has made is left alone.
    assert!(names(&listed).contains(&"gone-web_elsewhere"));
    assert!(!names(&listed).contains(&"gone-web_page"));
    assert!(names(&listed).contains(&STORE));
}

#[tokio::test]
async fn volumes_are_made_by_hand_and_never_removed_while_in_use() {
    let app = TestApp::at_work().await;
    let made = app
        .post(
            &app.at("/volumes"),
            &json!({ "name": "extra", "labels": { "tier": "back" } }),
        )
        .await
        .ok();
    assert_eq!(made["name"], "extra");
    assert_eq!(made["isOrphaned"], true);
    assert_eq!(made["containerCount"], 0);
    assert_eq!(made["referencedByContainers"], json!([]));
    let taken = app
        .post(&app.at("/volumes"), &json!({ "name": "extra" }))
        .await;
    assert_eq!(taken.refused(409), "A volume named 'extra' exists already.");
    let wrong = app
        .post(&app.at("/volumes"), &json!({ "name": "no good" }))
        .await;
    wrong.refused(400);
    assert_eq!(wrong.fields()[0].0, "name");
    let listed = app.get(&app.at("/volumes")).await.ok();
    assert_eq!(names(listed.as_array().unwrap()), ["extra"]);
    assert_eq!(
        app.get(&app.at("/volumes/extra")).await.ok()["driver"],
        "local"
    );
    done(&app.act(Method::DELETE, "/volumes/extra").await);
    app.act(Method::DELETE, "/volumes/extra").await.refused(404);
    app.get(&app.at("/volumes/extra")).await.refused(404);
}

#[tokio::test]
async fn output_is_given_as_text() {
    let app = TestApp::at_work().await;
    let script = Script {
        lines: vec![
            (false, "one".to_owned()),
            (true, "two\u{1b}[0m".to_owned()),
            (false, "three".to_owned()),
        ],
        ..Script::default()
    };
    app.engine.set_script("store", script);
    app.deploy().await;
    let path = format!("/containers/{STORE}/logs");
    let all = app.get(&app.at(&path)).await;
    assert_eq!(all.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(all.text, "one\ntwo\u{1b}[0m\nthree\n");
    let last = app
        .get(&app.at(&format!("{path}?tail=1&timestamps=true")))
        .await;
    let (at, text) = last.text.split_once(' ').unwrap();
    assert_eq!(text, "three\n");
    let earlier = app
        .get(&app.at(&format!("{path}?timestamps=true")))
        .await
        .text;
    let first = earlier.split(' ').next().unwrap();
    let after = app.get(&app.at(&format!("{path}?after={first}"))).await;
    assert_eq!(after.text, "two\u{1b}[0m\nthree\n");
    assert_eq!(
        app.get(&app.at(&format!("{path}?after={at}"))).await.text,
        ""
    );
    let wrong = app.get(&app.at(&format!("{path}?after=yesterday"))).await;
    wrong.refused(400);
    assert_eq!(wrong.fields()[0].0, "after");
    app.get(&app.at("/containers/nobody/logs"))
        .await
        .refused(404);
}

#[tokio::test]
async fn who_comes_back_to_the_output_misses_nothing() {
    let app = TestApp::at_work().await;
    let script = Script {
        lines: vec![(false, "one".to_owned()), (false, "two".to_owned())],
        ..Script::default()
    };
    app.engine.set_script("store", script);
    app.deploy().await;
    let path = app.at(&format!("/containers/{STORE}/logs"));
    let accept = ("accept", "text/event-stream");
    let live = app
        .open(request(Method::GET, &path, Body::empty(), &[accept]))
        .await;
    assert_eq!(live.headers()["content-type"], "text/event-stream");
    let mut frames = live.into_body().into_data_stream();
    let mut seen = String::new();
    let both = async {
        while !seen.contains("\"two\"") {
            let piece = frames.next().await.unwrap().unwrap();
            seen.push_str(std::str::from_utf8(&piece).unwrap());
        }
    };
    tokio::time::timeout(PATIENCE, both).await.unwrap();
    drop(frames);
    let id = seen
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("id: "))
        .unwrap();

    // It runs a second time, and ends: the reader who comes back gets exactly that.
    app.engine.stop_container(STORE, None).await.unwrap();
    app.engine.start_container(STORE).await.unwrap();
    app.engine.stop_container(STORE, None).await.unwrap();
    let headers = [accept, ("last-event-id", id)];
    let rest = tokio::time::timeout(PATIENCE, app.get_with(&path, &headers))
        .await
        .unwrap();
    assert_eq!(rest.text.matches("\"one\"").count(), 1, "{}", rest.text);
    assert_eq!(rest.text.matches("\"two\"").count(), 1, "{}", rest.text);
    assert!(rest.text.contains("event: end"), "{}", rest.text);
}

#[tokio::test]
async fn numbers_are_told_also_where_the_engine_is_silent() {
    let app = TestApp::at_work().await;
    app.deploy().await;
    let stats = app.get(&app.at("/dashboard/stats")).await.ok();
    assert_eq!(
        stats,
        json!({
            "totalProducts": 1, "totalStacks": 2, "deployedStacks": 2, "notDeployedStacks": 0, "totalContainers": 2,
            "runningContainers": 2, "stoppedContainers": 0, "errorMessage": null,
        })
    );
    let silent = TestApp::start().await;
    let stats = silent.get(&silent.at("/dashboard/stats")).await.ok();
    assert_eq!(stats["totalProducts"], 1);
    assert_eq!(stats["totalContainers"], 0);
    assert!(
        stats["errorMessage"]
            .as_str()
            .unwrap()
            .contains("does not answer")
    );
    let refused = silent.get(&silent.at("/containers")).await;
    refused.refused(503);
    assert_eq!(refused.slug(), "engine-unavailable");
}

#[tokio::test]
async fn an_environment_must_be_named() {
    let app = TestApp::at_work().await;
    for path in [
        "/api/containers",
        "/api/volumes",
        "/api/dashboard/stats",
        "/api/containers/context",
    ] {
        let refused = app.get(path).await;
        assert!(
            refused.refused(400).starts_with("environment is required"),
            "{path}"
        );
        assert_eq!(refused.fields()[0].0, "environment");
        app.get(&format!("{path}?environment=nowhere"))
            .await
            .refused(404);
    }
}

#[tokio::test]
async fn the_engines_reason_is_said() {
    let app = TestApp::at_work().await;
    app.engine.add_foreign_container("other");
    app.engine.stop_container("other", None).await.unwrap();
    app.engine.inject(Injection::on(
        Verb::StartContainer,
        Fault::Conflict("a published port is in use on the host".to_owned()),
    ));
    let refused = app.act(Method::POST, "/containers/other/start").await;
    assert_eq!(refused.slug(), "engine-refused");
    assert!(refused.refused(409).contains("a published port is in use"));
    done(&app.act(Method::POST, "/containers/other/start").await);
}
