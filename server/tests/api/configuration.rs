//! The values of a deployed product, as a form gets them, and what of a form takes effect.

use serde_json::{Value, json};

use super::test_app::TestApp;

#[track_caller]
fn variable<'v>(view: &'v Value, stack: usize, name: &str) -> &'v Value {
    let variables = view["stacks"][stack]["variables"].as_array().unwrap();
    let found = variables.iter().find(|one| one["name"] == name);
    found.unwrap_or_else(|| panic!("{name} is not in {view}"))
}

#[tokio::test]
async fn another_version_takes_over_what_was_given_and_says_what_is_new() {
    let app = TestApp::at_work().await;
    let id = app.deploy().await;
    let path = app.deployment(&id, "/configuration?target=demo:Shop:1.1.0");
    let view = app.get(&path).await.ok();
    assert_eq!(view["productVersion"], "1.1.0");
    assert_eq!(view["removedVariables"], json!([]));

    let web = &view["stacks"][1];
    assert_eq!(web["isNew"], false);
    assert_eq!(web["newVariables"], json!(["GREETING"]));
    assert_eq!(variable(&view, 1, "GREETING")["defaultValue"], "hello");
    assert_eq!(variable(&view, 1, "WEB_PORT")["defaultValue"], "8081");
    assert_eq!(variable(&view, 0, "LOG_LEVEL")["shared"], true);

    // A secret only says that it has a value.
    let key = variable(&view, 0, "API_KEY");
    assert_eq!(key["defaultValue"], "");
    let kept = view["stacks"][0]["keptVariables"].as_array().unwrap();
    assert!(kept.contains(&json!("API_KEY")), "{kept:?}");
    assert!(!kept.contains(&json!("LOG_LEVEL")), "a default is not kept");
    assert!(!view.to_string().contains("s3cr3t"), "{view}");
}

#[tokio::test]
async fn a_redeploy_changes_one_stack_or_all_of_them() {
    let app = TestApp::at_work().await;
    let id = app.deploy().await;
    let redeploy = app.deployment(&id, "/redeploy");
    let wrong =
        json!({ "stackConfigs": [{ "stackId": "Web", "variables": { "WEB_PORT": "none" } }] });
    let refused = app.post(&redeploy, &wrong).await;
    refused.refused(400);
    let errors = &refused.json()["errors"];
    assert!(
        errors["stackConfigs[0].variables.WEB_PORT"].is_array(),
        "{errors}"
    );

    let body = json!({
        "variables": { "LOG_LEVEL": "debug" },
        "stackConfigs": [{ "stackId": "Web", "variables": { "WEB_PORT": "8082" } }],
    });
    app.post(&redeploy, &body).await.ok();
    let view = app.get(&app.deployment(&id, "/configuration")).await.ok();
    assert_eq!(view["productVersion"], "1.0.0");
    assert_eq!(variable(&view, 1, "WEB_PORT")["defaultValue"], "8082");
    for stack in [0, 1] {
        assert_eq!(variable(&view, stack, "LOG_LEVEL")["defaultValue"], "debug");
    }
    let shown = app.get(&app.deployment(&id, "")).await.ok();
    assert_eq!(shown["sharedVariables"]["LOG_LEVEL"], "debug");
}

#[tokio::test]
async fn stacks_that_differ_are_asked_for_themselves() {
    let app = TestApp::at_work().await;
    let id = app.deploy().await;
    let only_web =
        json!({ "stackConfigs": [{ "stackId": "Web", "variables": { "LOG_LEVEL": "debug" } }] });
    app.post(&app.deployment(&id, "/redeploy"), &only_web)
        .await
        .ok();
    let view = app.get(&app.deployment(&id, "/configuration")).await.ok();
    let levels = [0, 1].map(|stack| {
        let level = variable(&view, stack, "LOG_LEVEL");
        (level["shared"].clone(), level["defaultValue"].clone())
    });
    assert_eq!(
        levels,
        [
            (json!(false), json!("info")),
            (json!(false), json!("debug"))
        ]
    );
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let app = TestApp::at_work().await;
    let id = app.deploy().await;
    let nothing = app.deployment("nothing", "/configuration");
    app.get(&nothing).await.refused(404);
    let no_version = app.deployment(&id, "/configuration?target=demo:Shop:9.0.0");
    app.get(&no_version).await.refused(404);
}
