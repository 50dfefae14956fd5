//! A plan changes nothing, and what was seen is what is done, or nothing is.

use serde_json::json;

use super::deployed::upgrade_to;
use super::upgrading::shop_with_two_versions;

#[test]
fn what_was_planned_must_be_what_is_done() {
    let Some(shop) = shop_with_two_versions("plan") else {
        return;
    };
    let before = shop.ids();
    let plan = shop.plan("upgrade", &upgrade_to("1.1.0"));
    assert_eq!(shop.ids(), before);
    assert_eq!(shop.releases(), ["1 succeeded"], "nothing was recorded");
    assert_eq!(plan["changesSomething"], true, "{plan:#}");
    let kinds: Vec<String> = plan["containers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            format!(
                "{} {}",
                it["service"].as_str().unwrap(),
                it["kind"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        kinds,
        ["store keep", "web replace", "worker keep"],
        "{plan:#}"
    );
    let mut request = upgrade_to("1.1.0");
    request["planId"] = plan["planId"].clone();
    let result = shop.post("/upgrade", &request);
    assert_eq!(result["success"], true, "{result:#}");
    assert_eq!(before["base_store"], shop.ids()["base_store"]);
    shop.must_be_sound();
}

#[test]
fn a_plan_of_another_reality_must_be_refused() {
    let Some(shop) = shop_with_two_versions("plan-old") else {
        return;
    };
    let plan = shop.plan("upgrade", &upgrade_to("1.1.0"));
    // Somebody removes a container meanwhile.
    let worker = &shop.ids()["site_worker"];
    let path = format!("/containers/{worker}?force=true");
    assert_eq!(shop.world.engine.ask("DELETE", &path).0, 204);
    let mut request = upgrade_to("1.1.0");
    request["planId"] = plan["planId"].clone();
    let (status, said) = shop.refused("POST", "/upgrade", &request);
    assert_eq!(status, 409, "{said}");
    assert!(
        said.contains("what the plan was made from has changed since"),
        "{said}"
    );
    assert_eq!(shop.status(), "Running");

    let plan = shop.plan("upgrade", &upgrade_to("1.1.0"));
    assert_eq!(plan["drift"][0]["what"], "it was removed", "{plan:#}");
    request["planId"] = plan["planId"].clone();
    let result = shop.post("/upgrade", &request);
    assert_eq!(result["success"], true, "{result:#}");
    assert_eq!(shop.ids().len(), 3);
    shop.must_be_sound();
}

#[test]
fn every_operation_must_have_a_plan() {
    let Some(shop) = shop_with_two_versions("plan-all") else {
        return;
    };
    let before = shop.ids();
    for operation in ["redeploy", "stop", "restart", "enter_maintenance", "remove"] {
        let plan = shop.plan(operation, &json!({}));
        assert_eq!(plan["changesSomething"], true, "{operation}: {plan:#}");
        assert!(
            plan["summary"]
                .as_str()
                .unwrap()
                .starts_with("3 containers "),
            "{plan:#}"
        );
    }
    assert_eq!(shop.ids(), before);
    shop.must_be_sound();
}
