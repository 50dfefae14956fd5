//! An upgrade replaces what changed and leaves alone what did not.

use serde_json::json;

use super::deployed::{Deployed, upgrade_to};
use super::world::World;

const BASE: &str = "
services:
  store:
    image: windlass-demo/store:1.0.0
    volumes: [data:/data]
volumes: {data: {}}
";

/// A service that changes, and one that does not.
pub(super) fn site(version: &str) -> String {
    format!(
        "
services:
  web:
    image: windlass-demo/web:{version}
    healthcheck: {{test: [CMD, /demo-service, check], interval: 500ms, timeout: 2s, retries: 60}}
  worker:
    image: windlass-demo/worker:1.0.0
"
    )
}

/// Version 1.0.0 of a shop of two stacks, deployed; further versions by `versions`.
pub(super) fn shop(name: &str, versions: impl FnOnce(&World)) -> Option<Deployed> {
    let world = World::new(name)?;
    world.version(
        "Shop",
        "1.0.0",
        "",
        &[("base", BASE), ("site", &site("1.0.0"))],
    );
    versions(&world);
    let deployed = Deployed::new(world, "test:Shop:1.0.0", &["base", "site"]);
    assert_eq!(deployed.status(), "Running");
    Some(deployed)
}

/// The same with a second version in which only `site/web` differs.
pub(super) fn shop_with_two_versions(name: &str) -> Option<Deployed> {
    shop(name, |world| {
        world.version(
            "Shop",
            "1.1.0",
            "",
            &[("base", BASE), ("site", &site("1.1.0"))],
        );
    })
}

#[test]
fn an_upgrade_must_replace_only_what_changed() {
    let Some(shop) = shop_with_two_versions("up") else {
        return;
    };
    let before = shop.ids();
    let result = shop.upgrade("1.1.0");
    assert_eq!(result["success"], true, "{result:#}");
    assert_eq!(
        result["message"],
        "Product 'Shop' upgraded to v1.1.0 successfully (2 stacks)."
    );
    assert_eq!(
        (&result["previousVersion"], &result["newVersion"]),
        (&json!("1.0.0"), &json!("1.1.0"))
    );
    let after = shop.ids();
    for kept in ["base_store", "site_worker"] {
        assert_eq!(before[kept], after[kept], "{kept}");
    }
    assert_ne!(before["site_web"], after["site_web"]);
    assert_eq!(after.len(), 3, "{after:?}");
    assert_eq!(shop.images()["site_web"], "windlass-demo/web:1.1.0");
    let detail = shop.detail();
    assert_eq!(
        (
            &detail["status"],
            &detail["productVersion"],
            &detail["previousVersion"],
            &detail["upgradeCount"]
        ),
        (
            &json!("Running"),
            &json!("1.1.0"),
            &json!("1.0.0"),
            &json!(1)
        ),
        "{detail:#}"
    );
    assert_eq!(shop.releases(), ["2 succeeded", "1 succeeded"]);
    shop.must_be_sound();
}

#[test]
fn an_upgrade_in_which_nothing_changed_must_touch_nothing() {
    let Some(shop) = shop("up-same", |world| {
        world.version(
            "Shop",
            "1.0.1",
            "",
            &[("base", BASE), ("site", &site("1.0.0"))],
        );
    }) else {
        return;
    };
    let before = shop.ids();
    let plan = shop.plan("upgrade", &upgrade_to("1.0.1"));
    assert_eq!(plan["changesSomething"], false, "{plan:#}");
    let result = shop.upgrade("1.0.1");
    assert_eq!(result["success"], true, "{result:#}");
    assert_eq!(shop.ids(), before);
    assert_eq!(shop.detail()["productVersion"], "1.0.1");
    shop.must_be_sound();
}

#[test]
fn new_stacks_must_come_and_stacks_that_are_gone_must_go() {
    let one = "services: {one: {image: 'windlass-demo/worker:1.0.0'}}";
    let Some(world) = World::new("up-stacks") else {
        return;
    };
    world.version("Shop", "1.0.0", "", &[("base", BASE), ("old", one)]);
    world.version("Shop", "1.1.0", "", &[("base", BASE), ("new", one)]);
    let shop = Deployed::new(world, "test:Shop:1.0.0", &["base", "old"]);
    let before = shop.ids();
    let mut request = upgrade_to("1.1.0");
    let name = format!("{}-new", shop.world.project);
    request["stackConfigs"] = json!([{ "stackId": "new", "deploymentStackName": name }]);
    let result = shop.post("/upgrade", &request);
    assert_eq!(result["success"], true, "{result:#}");
    assert_eq!(shop.stacks(), ["base Running", "new Running"]);
    let after = shop.ids();
    assert_eq!(after.len(), 2, "{after:?}");
    assert_eq!(before["base_store"], after["base_store"]);
    assert!(!after.keys().any(|name| name.contains("old")), "{after:?}");
    shop.must_be_sound();
}

#[test]
fn a_service_that_shares_a_port_must_be_replaced_by_stopping_first() {
    let port = |version: &str| {
        format!(
            "services: {{web: {{image: 'windlass-demo/web:{version}', ports: ['127.0.0.1:39417:8080']}}}}"
        )
    };
    let Some(world) = World::new("up-port") else {
        return;
    };
    world.version("Shop", "1.0.0", "", &[("site", &port("1.0.0"))]);
    world.version("Shop", "1.1.0", "", &[("site", &port("1.1.0"))]);
    let shop = Deployed::new(world, "test:Shop:1.0.0", &["site"]);
    let plan = shop.plan("upgrade", &upgrade_to("1.1.0"));
    let web = &plan["containers"][0];
    assert_eq!(
        (&web["kind"], &web["order"]),
        (&json!("replace"), &json!("stop-first")),
        "{plan:#}"
    );
    let result = shop.upgrade("1.1.0");
    assert_eq!(result["success"], true, "{result:#}");
    assert_eq!(shop.images()["site_web"], "windlass-demo/web:1.1.0");
    assert_eq!(shop.ids().len(), 1);
    shop.must_be_sound();
}

#[test]
fn a_version_that_cannot_follow_must_be_refused() {
    let Some(shop) = shop_with_two_versions("up-not") else {
        return;
    };
    let refused = |version: &str| shop.refused("POST", "/upgrade", &upgrade_to(version));
    assert_eq!(
        refused("1.0.0"),
        (400, "Product is already running version 1.0.0. Use redeploy to roll the same version out again.".to_owned())
    );
    assert_eq!(
        refused("9.9.9"),
        (
            404,
            "Target product 'test:Shop:9.9.9' not found in catalog.".to_owned()
        )
    );
    shop.upgrade("1.1.0");
    assert_eq!(
        refused("1.0.0"),
        (400, "Downgrade from 1.1.0 to 1.0.0 is not supported. Roll back to an earlier release instead.".to_owned())
    );
    shop.must_be_sound();
}
