//! Upgrades, rollbacks, and the releases between which they go.

use axum::http::Method;
use serde_json::{Value, json};

use super::test_app::TestApp;

async fn upgrade(app: &TestApp, id: &str) -> Value {
    let body = json!({ "targetProductId": "demo:Shop:1.1.0", "stackConfigs": null });
    app.post(&app.deployment(id, "/upgrade"), &body).await.ok()
}

#[tokio::test]
async fn a_product_is_upgraded_in_place() {
    let app = TestApp::at_work().await;
    let id = app.deploy().await;
    let check = app.get(&app.deployment(&id, "/upgrade/check")).await.ok();
    assert_eq!(check["success"], true);
    assert_eq!(
        check["message"],
        "Upgrade available: 1.0.0 -> 1.1.0 (1 version(s) available)"
    );
    assert_eq!(check["upgradeAvailable"], true);
    assert_eq!(check["canUpgrade"], true);
    assert_eq!(check["latestProductId"], "demo:Shop:1.1.0");
    assert_eq!(check["latestHasReleaseNotes"], true);
    assert_eq!(check["availableVersions"][0]["stackCount"], 2);
    assert_eq!(check["newStacks"], json!([]));

    let result = upgrade(&app, &id).await;
    assert_eq!(result["success"], true, "{result}");
    assert_eq!(
        result["message"],
        "Product 'Shop' upgraded to v1.1.0 successfully (2 stacks)."
    );
    assert_eq!(result["productDeploymentId"], id);
    assert_eq!(result["previousVersion"], "1.0.0");
    assert_eq!(result["newVersion"], "1.1.0");
    assert_eq!(result["status"], "Running");
    assert_eq!(result["warnings"], Value::Null);

    let shown = app.get(&app.deployment(&id, "")).await.ok();
    assert_eq!(shown["productVersion"], "1.1.0");
    assert_eq!(shown["previousVersion"], "1.0.0");
    assert_eq!(shown["upgradeCount"], 1);
    let check = app.get(&app.deployment(&id, "/upgrade/check")).await.ok();
    assert_eq!(check["message"], "Already running the latest version");
    assert_eq!(check["availableVersions"], Value::Null);
    assert_eq!(check["canUpgrade"], false);
}

#[tokio::test]
async fn what_cannot_be_upgraded_to_is_refused_in_the_known_sentences() {
    let app = TestApp::at_work().await;
    let id = app.deploy().await;
    let path = app.deployment(&id, "/upgrade");
    let answer = app
        .post(&path, &json!({ "targetProductId": "demo:Shop:9" }))
        .await;
    assert_eq!(
        answer.refused(404),
        "Target product 'demo:Shop:9' not found in catalog."
    );
    assert_eq!(answer.fields()[0].0, "targetProductId");
    let same = json!({ "targetProductId": "demo:Shop:1.0.0" });
    let answer = app.post(&path, &same).await;
    assert!(
        answer
            .refused(400)
            .starts_with("Product is already running version 1.0.0.")
    );
    assert_eq!(answer.slug(), "version-refused");
    let none = json!({ "targetProductId": "demo:Shop:1.1.0", "stackConfigs": [] });
    let answer = app.post(&path, &none).await;
    assert_eq!(
        answer.refused(400),
        "At least one stack configuration is required."
    );
    let unknown =
        json!({ "targetProductId": "demo:Shop:1.1.0", "stackConfigs": [{ "stackId": "x" }] });
    let answer = app.post(&path, &unknown).await;
    assert_eq!(
        answer.refused(400),
        "Stack 'x' not found in product 'Shop'."
    );
    let nothing = app.call(Method::POST, &path, Some(json!({}))).await;
    assert_eq!(nothing.refused(400), "targetProductId is required.");

    upgrade(&app, &id).await;
    let answer = app.post(&path, &same).await;
    assert!(
        answer
            .refused(400)
            .starts_with("Downgrade from 1.1.0 to 1.0.0 is not supported."),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn a_product_returns_to_an_earlier_release() {
    let app = TestApp::at_work().await;
    let id = app.deploy().await;
    let path = app.deployment(&id, "/rollback");
    let answer = app.call(Method::POST, &path, None).await;
    answer.refused(409);
    assert_eq!(answer.slug(), "no-earlier-release");
    upgrade(&app, &id).await;
    let answer = app.post(&path, &json!({ "release": 7 })).await;
    assert!(answer.refused(404).starts_with("Release 7 not found."));
    let answer = app.post(&path, &json!({ "release": 2 })).await;
    assert!(
        answer
            .refused(400)
            .starts_with("The product is at release 2 already.")
    );
    let result = app.call(Method::POST, &path, None).await.ok();
    assert_eq!(result["success"], true, "{result}");
    assert_eq!(result["previousVersion"], "1.1.0");
    assert_eq!(result["newVersion"], "1.0.0");

    let listed = app.get(&app.deployment(&id, "/releases")).await.ok();
    assert_eq!(listed["total"], 3);
    let newest = &listed["releases"][0];
    assert_eq!(newest["number"], 3);
    assert_eq!(newest["rollbackOf"], 1);
    assert_eq!(newest["isCurrent"], true);
    assert_eq!(newest["result"], "succeeded");
    assert_eq!(listed["releases"][1]["canRollBackTo"], true);
    let page = app
        .get(&app.deployment(&id, "/releases?page=2&pageSize=2"))
        .await
        .ok();
    assert_eq!(page["releases"][0]["number"], 1);
}

#[tokio::test]
async fn releases_are_shown_without_secrets_and_compared() {
    let app = TestApp::at_work().await;
    let id = app.deploy().await;
    upgrade(&app, &id).await;
    let shown = app.get(&app.deployment(&id, "/releases/1")).await;
    assert!(!shown.text.contains("s3cr3t"), "{}", shown.text);
    let shown = shown.ok();
    assert_eq!(shown["version"], "1.0.0");
    assert_eq!(shown["stacks"][1]["services"]["page"], "page:1");
    assert_eq!(shown["stacks"][1]["variables"]["WEB_PORT"], "8081");

    let diff = app
        .get(&app.deployment(&id, "/releases/diff?from=1&to=2"))
        .await
        .ok();
    let fields: Vec<String> = diff["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} {} {}", one["stack"], one["field"], one["to"]))
        .collect();
    assert_eq!(
        fields,
        [
            r#""Web" "environment.GREETING" "hello""#,
            r#""Web" "image" "page:2""#,
        ]
    );
    app.get(&app.deployment(&id, "/releases/diff?from=1&to=9"))
        .await
        .refused(404);
    app.get(&app.deployment(&id, "/releases/9"))
        .await
        .refused(404);
    app.get(&app.deployment(&id, "/releases/diff"))
        .await
        .refused(400);
}

#[tokio::test]
async fn release_notes_are_those_of_a_version() {
    let app = TestApp::at_work().await;
    let id = app.deploy().await;
    let path = app.deployment(&id, "/release-notes");
    assert_eq!(app.get(&path).await.refused(400), "Version is required.");
    let missing = app.get(&format!("{path}?version=1.0.0")).await;
    assert_eq!(
        missing.refused(404),
        "No release notes available for this version."
    );
    let notes = app.get(&format!("{path}?version=1.1.0")).await.ok();
    assert_eq!(notes["mode"], "markdown");
    assert_eq!(notes["content"], "# 1.1.0\n");
    assert_eq!(notes["url"], Value::Null);
    assert_eq!(notes["version"], "1.1.0");
}
