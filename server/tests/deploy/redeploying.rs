//! A redeploy makes everything anew, a retry only what failed.

use serde_json::{Value, json};

use super::deployed::Deployed;
use super::world::World;

const BASE: &str = "
services:
  migrate:
    image: windlass-demo/migrate:1.0.0
    environment: {LOG_LINES: '3'}
    x-windlass: {init: true}
  store:
    image: windlass-demo/store:1.0.0
    volumes: [data:/data]
volumes: {data: {}}
";

const SITE: &str = "services: {web: {image: 'windlass-demo/web:1.0.0'}}";

fn shop(name: &str) -> Option<Deployed> {
    let world = World::new(name)?;
    world.version("Shop", "1.0.0", "", &[("base", BASE), ("site", SITE)]);
    Some(Deployed::new(world, "test:Shop:1.0.0", &["base", "site"]))
}

/// `stack status` of every change that an operation told.
fn changes(shop: &Deployed, result: &Value) -> Vec<String> {
    let events = shop.world.events(result["operationId"].as_str().unwrap());
    let changed = events
        .iter()
        .filter(|event| event["type"] == "stack_changed");
    changed
        .map(|event| {
            format!(
                "{} {}",
                event["stack"].as_str().unwrap(),
                event["status"].as_str().unwrap()
            )
        })
        .collect()
}

#[test]
fn a_redeploy_must_make_everything_anew() {
    let Some(shop) = shop("re") else {
        return;
    };
    let before = shop.ids();
    let result = shop.post("/redeploy", &json!({}));
    assert_eq!(
        result["message"], "Product redeployed successfully",
        "{result:#}"
    );
    let after = shop.ids();
    assert_eq!(
        after.keys().collect::<Vec<_>>(),
        before.keys().collect::<Vec<_>>()
    );
    for (name, id) in &after {
        assert_ne!(before[name], *id, "{name}");
    }
    assert_eq!(
        changes(&shop, &result),
        [
            "base Removing",
            "base Deploying",
            "base Running",
            "site Removing",
            "site Deploying",
            "site Running"
        ]
    );
    let events = shop.world.events(result["operationId"].as_str().unwrap());
    let said: usize = events
        .iter()
        .filter_map(|event| event["lines"].as_array().map(Vec::len))
        .sum();
    assert!(said >= 3, "the one-shot ran again");
    assert_eq!(shop.world.engine.volumes(&shop.world.project).len(), 1);
    assert_eq!(shop.releases(), ["2 succeeded", "1 succeeded"]);
    shop.must_be_sound();
}

#[test]
fn a_redeploy_of_named_stacks_must_leave_the_others_alone() {
    let Some(shop) = shop("re-some") else {
        return;
    };
    let before = shop.ids();
    let result = shop.post("/redeploy", &json!({ "stackNames": ["site"] }));
    assert_eq!(result["success"], true, "{result:#}");
    let after = shop.ids();
    assert_eq!(before["base_store"], after["base_store"]);
    assert_eq!(before["base_migrate"], after["base_migrate"]);
    assert_ne!(before["site_web"], after["site_web"]);
    assert_eq!(
        changes(&shop, &result),
        ["site Removing", "site Deploying", "site Running"]
    );
    let unknown = shop.refused("POST", "/redeploy", &json!({ "stackNames": ["nobody"] }));
    let said = "Stack 'nobody' not found in this product deployment.";
    assert_eq!(unknown, (404, said.to_owned()));
    shop.must_be_sound();
}

#[test]
fn a_retry_must_only_do_what_failed() {
    let registry = std::env::var("WINDLASS_TEST_REGISTRY").unwrap_or_default();
    let Some(world) = World::new("retry") else {
        return;
    };
    // Its image is made while it runs: a tag that is not there, and then is.
    let tag = format!("{registry}/windlass-demo/web:{}", world.project);
    let site = format!("services: {{web: {{image: '{tag}'}}}}");
    world.version("Shop", "1.0.0", "", &[("base", BASE), ("site", &site)]);
    let shop = Deployed::new(world, "test:Shop:1.0.0", &["base", "site"]);
    assert_eq!(shop.status(), "PartiallyRunning");
    assert_eq!(shop.stacks(), ["base Running", "site Failed"]);
    let before = shop.ids();
    let engine = &shop.world.engine;
    let (repository, name) = tag.rsplit_once(':').unwrap();
    let path = format!("/images/windlass-demo/web:1.0.0/tag?repo={repository}&tag={name}");
    assert_eq!(engine.ask("POST", &path).0, 201);

    let result = shop.post("/retry", &json!({}));
    assert_eq!(result["success"], true, "{result:#}");
    assert_eq!(shop.status(), "Running");
    let after = shop.ids();
    assert_eq!(before["base_store"], after["base_store"]);
    assert_eq!(before["base_migrate"], after["base_migrate"]);
    assert_eq!(shop.states()["site_web"], "running");
    assert_eq!(changes(&shop, &result), ["site Deploying", "site Running"]);
    let (status, said) = shop.refused("POST", "/retry", &json!({}));
    assert_eq!(
        said,
        "Product deployment cannot be retried. Current status: Running"
    );
    assert_eq!(status, 400);
    shop.must_be_sound();
    shop.world.engine.ask("DELETE", &format!("/images/{tag}"));
}
