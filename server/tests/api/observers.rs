//! Maintenance observers over REST.

use serde_json::{Value, json};

use super::test_app::TestApp;

fn path(id: &str) -> String {
    format!("/api/health/deployments/{id}/observer")
}

#[tokio::test]
async fn an_observer_is_shown_and_looks_when_it_is_asked_to() {
    let app = TestApp::start().await;
    let (_, id) = app.accept().await;
    let before = app.get(&path(&id)).await.ok();
    assert_eq!(before["deploymentId"], id);
    assert_eq!(before["hasObserver"], true);
    assert_eq!(before["type"], "file");
    assert_eq!(before["lastResult"], Value::Null);

    let checked = app
        .post(&format!("{}/check", path(&id)), &json!({}))
        .await
        .ok();
    assert_eq!(
        checked["message"],
        "The external source reports normal operation."
    );
    let result = &checked["result"];
    assert_eq!(result["isSuccess"], true);
    assert_eq!(result["isMaintenanceRequired"], false);
    assert_eq!(result["observedValue"], "false");
    assert_eq!(result["errorMessage"], Value::Null);
    assert_eq!(&checked["lastResult"], result);

    let deployment = format!("{}/{id}", app.deployments());
    let detail = app.get(&deployment).await.ok();
    let stack = detail["stacks"][0]["deploymentId"].as_str().unwrap();
    let of_stack = app.get(&path(stack)).await.ok();
    assert_eq!(of_stack["deploymentId"], stack);
    assert_eq!(of_stack["stackName"], "shop-data");
    assert_eq!(&of_stack["lastResult"], result);
    assert_eq!(of_stack["nextCheckAt"], checked["nextCheckAt"]);
}

#[tokio::test]
async fn a_deployment_that_is_not_there() {
    let app = TestApp::start().await;
    for id in ["shop", "018f0000-0000-7000-8000-000000000009"] {
        let shown = app.get(&path(id)).await.refused(404);
        assert_eq!(shown, "Deployment not found");
        let checked = app
            .post(&format!("{}/check", path(id)), &json!({}))
            .await
            .refused(404);
        assert_eq!(checked, "Deployment not found");
    }
}
