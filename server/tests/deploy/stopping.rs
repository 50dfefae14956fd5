//! Containers are stopped and started again, and stay the same containers.

use serde_json::{Value, json};

use super::deployed::Deployed;
use super::world::World;

pub(super) const BASE: &str = "
services:
  migrate:
    image: windlass-demo/migrate:1.0.0
    x-windlass: {init: true}
  store:
    image: windlass-demo/store:1.0.0
    healthcheck: {test: [CMD, /demo-service, check], interval: 500ms, timeout: 2s, retries: 60}
    volumes: [data:/data]
volumes: {data: {}}
";

pub(super) const SITE: &str = "
services:
  web: {image: 'windlass-demo/web:1.0.0'}
  page: {image: 'windlass-demo/web:1.0.0', labels: {rsgo.maintenance: ignore}}
";

pub(super) fn shop(name: &str) -> Option<Deployed> {
    let world = World::new(name)?;
    world.version("Shop", "1.0.0", "", &[("base", BASE), ("site", SITE)]);
    let shop = Deployed::new(world, "test:Shop:1.0.0", &["base", "site"]);
    assert_eq!(shop.status(), "Running");
    Some(shop)
}

fn started(shop: &Deployed) -> Vec<Value> {
    let containers = shop.world.engine.containers(&shop.world.project);
    containers
        .iter()
        .map(|it| it["State"]["StartedAt"].clone())
        .collect()
}

fn running(shop: &Deployed) -> Vec<String> {
    let states = shop.states().into_iter();
    states
        .filter(|(_, state)| state == "running")
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn a_stopped_product_must_keep_its_containers_and_start_them_again() {
    let Some(shop) = shop("stop") else {
        return;
    };
    let ids = shop.ids();
    let result = shop.post("/stop-containers", &json!({}));
    assert_eq!(
        (&result["success"], &result["status"]),
        (&json!(true), &json!("Stopped")),
        "{result:#}"
    );
    assert_eq!(
        (
            &result["totalStacks"],
            &result["stoppedStacks"],
            &result["failedStacks"]
        ),
        (&json!(2), &json!(2), &json!(0))
    );
    assert_eq!(shop.stacks(), ["base Stopped", "site Stopped"]);
    assert_eq!(running(&shop), Vec::<String>::new());
    assert_eq!(shop.ids(), ids);
    shop.must_be_sound();
    let refused = shop.refused("POST", "/stop-containers", &json!({}));
    let said = "Cannot stop containers. Product deployment status is Stopped, must be Running or PartiallyRunning.";
    assert_eq!(refused, (400, said.to_owned()));

    let result = shop.post("/restart-containers", &json!({}));
    assert_eq!(
        (&result["success"], &result["status"]),
        (&json!(true), &json!("Running")),
        "{result:#}"
    );
    assert_eq!(shop.ids(), ids);
    assert_eq!(running(&shop), ["base_store", "site_page", "site_web"]);
    shop.must_be_sound();
}

#[test]
fn a_restart_must_start_every_service_once_more_and_no_one_shot() {
    let Some(shop) = shop("restart") else {
        return;
    };
    let (ids, before) = (shop.ids(), started(&shop));
    let result = shop.post("/restart-containers", &json!({}));
    assert_eq!(
        (&result["success"], &result["status"]),
        (&json!(true), &json!("Running")),
        "{result:#}"
    );
    assert_eq!(shop.ids(), ids);
    let after = started(&shop);
    let again: Vec<bool> = before.iter().zip(&after).map(|(a, b)| a != b).collect();
    // migrate, store, page, web
    assert_eq!(again, [false, true, true, true]);
    shop.must_be_sound();
}

#[test]
fn a_named_stack_must_be_stopped_alone() {
    let Some(shop) = shop("stop-one") else {
        return;
    };
    let result = shop.post("/stop-containers", &json!({ "stackNames": ["site"] }));
    assert_eq!(result["status"], "PartiallyRunning", "{result:#}");
    assert_eq!(shop.stacks(), ["base Running", "site Stopped"]);
    assert_eq!(running(&shop), ["base_store"]);
    shop.must_be_sound();
    let refused = shop.refused(
        "POST",
        "/stop-containers",
        &json!({ "stackNames": ["nobody"] }),
    );
    let said = "Unknown stack name(s): nobody. Available stacks: base, site.";
    assert_eq!(refused, (400, said.to_owned()));
    let result = shop.post("/restart-containers", &json!({ "stackNames": ["site"] }));
    assert_eq!(result["status"], "Running", "{result:#}");
    shop.must_be_sound();
}
