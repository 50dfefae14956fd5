//! An upgrade that fails leaves the old version serving, or brings it back.

use serde_json::{Value, json};

use super::deployed::{Deployed, Visitor, upgrade_to};
use super::upgrading::{shop, site};
use super::world::step_is;

const BASE: &str = "
services:
  store:
    image: windlass-demo/store:1.0.0
    volumes: [data:/data]
volumes: {data: {}}
";

/// The second version of the site with other lines below its service `web`.
fn site_with(image: &str, environment: &str) -> String {
    site("1.0.0").replace(
        "    image: windlass-demo/web:1.0.0\n",
        &format!("    image: {image}\n    environment: {{{environment}}}\n"),
    )
}

/// A running shop, a visitor of its old version, and a second version that cannot come up.
fn doomed(name: &str, second: &str) -> Option<(Deployed, Visitor)> {
    let shop = shop(name, |world| {
        world.version("Shop", "1.1.0", "", &[("base", BASE), ("site", second)]);
    })?;
    let visitor = shop.visit("site_web");
    Some((shop, visitor))
}

/// The upgrade fails, everything is as before, and nobody noticed.
fn must_return(shop: &Deployed, visitor: Visitor, why: &str) {
    let before = (shop.ids(), shop.states());
    let result = shop.upgrade("1.1.0");
    must_have_returned(shop, &result, before, why);
    visitor.must_have_been_served();
}

type Before = (
    std::collections::BTreeMap<String, String>,
    std::collections::BTreeMap<String, String>,
);

fn must_have_returned(shop: &Deployed, result: &Value, before: Before, why: &str) {
    assert_eq!(
        (
            &result["success"],
            &result["operationStatus"],
            &result["status"]
        ),
        (&json!(false), &json!("failed"), &json!("Running")),
        "{result:#}"
    );
    let said = result["message"].as_str().unwrap();
    assert!(
        said.ends_with("Everything is as it was before: v1.0.0 is Running."),
        "{said}"
    );
    assert_eq!((shop.ids(), shop.states()), before);
    let detail = shop.detail();
    assert_eq!(
        (
            &detail["status"],
            &detail["productVersion"],
            &detail["upgradeCount"]
        ),
        (&json!("Running"), &json!("1.0.0"), &json!(0))
    );
    assert_eq!(shop.stacks(), ["base Running", "site Running"]);
    assert_eq!(shop.releases(), ["2 rolledBack", "1 succeeded"]);
    let events = shop.world.events(result["operationId"].as_str().unwrap());
    let failed = |event: &&Value| {
        event["type"] == "step_failed"
            && event["failure"]["message"]
                .as_str()
                .is_some_and(|said| said.contains(why))
    };
    assert!(
        events.iter().any(|event| failed(&event)),
        "{why}: {events:#?}"
    );
    shop.must_be_sound();
}

#[test]
fn an_image_that_is_missing_must_leave_the_old_version_serving() {
    let registry = std::env::var("WINDLASS_TEST_REGISTRY").unwrap_or_default();
    let missing = site("1.0.0").replace(
        "windlass-demo/web:1.0.0",
        &format!("{registry}/windlass-demo/web:missing"),
    );
    let Some((shop, visitor)) = doomed("bad-tag", &missing) else {
        return;
    };
    must_return(&shop, visitor, "missing");
}

#[test]
fn a_registry_that_is_down_must_leave_the_old_version_serving() {
    let away = site("1.0.0").replace(
        "windlass-demo/web:1.0.0",
        "127.0.0.1:1/windlass-demo/web:1.1.0",
    );
    let Some((shop, visitor)) = doomed("bad-registry", &away) else {
        return;
    };
    must_return(&shop, visitor, "127.0.0.1:1");
}

#[test]
fn an_image_that_crashes_must_leave_the_old_version_serving() {
    let crashes = site_with("windlass-demo/web:1.1.0", "CRASH: '1', EXIT_CODE: '3'");
    let Some((shop, visitor)) = doomed("bad-crash", &crashes) else {
        return;
    };
    must_return(&shop, visitor, "exit code 3");
}

#[test]
fn an_image_that_is_never_healthy_must_leave_the_old_version_serving() {
    let never = site_with("windlass-demo/web:1.1.0", "NEVER_HEALTHY: '1'")
        .replace("retries: 60", "retries: 2");
    let Some((shop, visitor)) = doomed("bad-health", &never) else {
        return;
    };
    must_return(&shop, visitor, "unhealthy");
}

#[test]
fn a_service_that_had_to_stop_first_must_come_back() {
    let port = |image: &str, environment: &str| {
        format!(
            "services: {{web: {{image: '{image}', ports: ['127.0.0.1:39418:8080'], environment: {{{environment}}}}}}}"
        )
    };
    let Some(world) = super::world::World::new("bad-port") else {
        return;
    };
    world.version(
        "Shop",
        "1.0.0",
        "",
        &[
            ("base", BASE),
            ("site", &port("windlass-demo/web:1.0.0", "")),
        ],
    );
    let crashes = port("windlass-demo/web:1.1.0", "CRASH: '1', EXIT_CODE: '3'");
    world.version("Shop", "1.1.0", "", &[("base", BASE), ("site", &crashes)]);
    let shop = Deployed::new(world, "test:Shop:1.0.0", &["base", "site"]);
    let before = (shop.ids(), shop.states());
    let result = shop.upgrade("1.1.0");
    must_have_returned(&shop, &result, before, "exit code 3");
    shop.visit("site_web").must_have_been_served();
}

/// Two stacks that change, of which the second cannot come up.
fn two_of_which_one_fails(name: &str, more: &str) -> Option<Deployed> {
    let crashes = site_with("windlass-demo/web:1.1.0", "CRASH: '1', EXIT_CODE: '3'");
    shop(name, |world| {
        let base = BASE.replace("store:1.0.0", "store:1.1.0");
        world.version(
            "Shop",
            "1.1.0",
            more,
            &[("base", &base), ("site", &crashes)],
        );
    })
}

#[test]
fn what_came_through_must_stay_unless_everything_shall_return() {
    let Some(shop) = two_of_which_one_fails("keep", "") else {
        return;
    };
    let before = shop.ids();
    let result = shop.upgrade("1.1.0");
    assert_eq!(
        (
            &result["success"],
            &result["operationStatus"],
            &result["status"]
        ),
        (&json!(false), &json!("failed"), &json!("PartiallyRunning")),
        "{result:#}"
    );
    assert_eq!(shop.stacks(), ["base Running", "site Failed"]);
    let after = shop.ids();
    assert_ne!(before["base_store"], after["base_store"]);
    assert_eq!(
        before["site_web"], after["site_web"],
        "the old version serves"
    );
    assert_eq!(shop.states()["site_web"], "running");
    shop.must_be_sound();
}

#[test]
fn everything_must_return_where_one_stack_fails_and_that_is_wanted() {
    let Some(shop) = two_of_which_one_fails("return", "onFailure: rollback\n") else {
        return;
    };
    let visitor = shop.visit("site_web");
    must_return(&shop, visitor, "exit code 3");
}

#[test]
fn a_cancelled_upgrade_must_bring_everything_back() {
    let never = site_with("windlass-demo/web:1.1.0", "NEVER_HEALTHY: '1'")
        .replace("retries: 60", "retries: 600");
    let Some(shop) = shop("cancel-up", |world| {
        let base = BASE.replace("store:1.0.0", "store:1.1.0");
        world.version("Shop", "1.1.0", "", &[("base", &base), ("site", &never)]);
    }) else {
        return;
    };
    let visitor = shop.visit("site_web");
    let before = (shop.ids(), shop.states());
    let operation = shop.begin("POST", "/upgrade", &upgrade_to("1.1.0"));
    shop.world.until_event(&operation, |event| {
        step_is(event, "step_started", "healthy site/web")
    });
    let (status, said) = shop.refused("POST", "/upgrade", &upgrade_to("1.1.0"));
    assert_eq!(status, 409, "{said}");
    assert!(
        said.starts_with("Upgrade of product 'Shop' is in progress."),
        "{said}"
    );
    shop.cancel(&operation);
    let ended = shop.world.end_of(&operation);
    assert_eq!(
        (&ended["status"], &ended["productStatus"]),
        (&json!("cancelled"), &json!("Running")),
        "{ended:#}"
    );
    assert_eq!((shop.ids(), shop.states()), before);
    assert_eq!(shop.releases(), ["2 rolledBack", "1 succeeded"]);
    assert_eq!(shop.stacks(), ["base Running", "site Running"]);
    visitor.must_have_been_served();
    shop.must_be_sound();
}
