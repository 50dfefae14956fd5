//! `onFailure: pause`: nothing is undone and nothing is tidied up until an operator has decided.

use serde_json::json;

use super::deployed::{Deployed, upgrade_to};
use super::world::World;

const BASE: &str =
    "services: {store: {image: 'windlass-demo/store:VERSION', volumes: ['data:/data']}}
volumes: {data: {}}
";

/// A shop whose upgrade waits because the tag of the second stack is missing; the tag.
fn paused(name: &str) -> Option<(Deployed, String, String)> {
    let world = World::new(name)?;
    let registry = std::env::var("WINDLASS_TEST_REGISTRY").unwrap();
    let tag = format!("{registry}/windlass-demo/web:{}", world.project);
    let site = |image: &str| format!("services: {{web: {{image: '{image}'}}}}");
    let (old, new) = (site("windlass-demo/web:1.0.0"), site(&tag));
    let base = |version: &str| BASE.replace("VERSION", version);
    world.version(
        "Shop",
        "1.0.0",
        "",
        &[("base", &base("1.0.0")), ("site", &old)],
    );
    world.version(
        "Shop",
        "1.1.0",
        "onFailure: pause\n",
        &[("base", &base("1.1.0")), ("site", &new)],
    );
    let shop = Deployed::new(world, "test:Shop:1.0.0", &["base", "site"]);
    let operation = shop.begin("POST", "/upgrade", &upgrade_to("1.1.0"));
    shop.until_it_waits(&operation);
    assert_eq!(shop.states()["site_web"], "running");
    Some((shop, operation, tag))
}

#[test]
fn what_is_kept_must_stay_at_the_new_version() {
    let Some((shop, operation, _)) = paused("decide-keep") else {
        return;
    };
    assert_eq!(shop.decide(&operation, "keep").status, 202);
    let ended = shop.world.end_of(&operation);
    assert_eq!(
        (&ended["status"], &ended["productStatus"]),
        (&json!("failed"), &json!("PartiallyRunning")),
        "{ended:#}"
    );
    assert_eq!(shop.stacks(), ["base Running", "site Failed"]);
    assert_eq!(shop.images()["base_store"], "windlass-demo/store:1.1.0");
    assert_eq!(shop.states()["site_web"], "running");
    shop.must_be_sound();
}

#[test]
fn what_is_rolled_back_must_be_as_before() {
    let Some((shop, operation, _)) = paused("decide-back") else {
        return;
    };
    assert_eq!(shop.decide(&operation, "rollback").status, 202);
    let ended = shop.world.end_of(&operation);
    assert_eq!(
        (&ended["status"], &ended["productStatus"]),
        (&json!("failed"), &json!("Running")),
        "{ended:#}"
    );
    assert_eq!(shop.stacks(), ["base Running", "site Running"]);
    assert_eq!(shop.images()["base_store"], "windlass-demo/store:1.0.0");
    assert_eq!(shop.releases(), ["2 rolledBack", "1 succeeded"]);
    assert_eq!(shop.decide(&operation, "keep").status, 409);
    shop.must_be_sound();
}

#[test]
fn what_is_tried_again_must_come_to_its_end() {
    let Some((mut shop, operation, tag)) = paused("decide-retry") else {
        return;
    };
    // The question outlives the server.
    shop.world.kill();
    shop.world.start();
    shop.until_it_waits(&operation);
    let (repository, name) = tag.rsplit_once(':').unwrap();
    let path = format!("/images/windlass-demo/web:1.1.0/tag?repo={repository}&tag={name}");
    assert_eq!(shop.world.engine.ask("POST", &path).0, 201);
    assert_eq!(shop.decide(&operation, "retry").status, 202);
    let ended = shop.world.end_of(&operation);
    assert_eq!(
        (&ended["status"], &ended["productStatus"]),
        (&json!("succeeded"), &json!("Running")),
        "{ended:#}"
    );
    assert_eq!(shop.images()["site_web"], tag);
    assert_eq!(shop.ids().len(), 2);
    shop.must_be_sound();
    shop.world.engine.ask("DELETE", &format!("/images/{tag}"));
}

#[test]
fn a_cancel_instead_of_a_decision_must_bring_everything_back() {
    let Some((shop, operation, _)) = paused("decide-not") else {
        return;
    };
    shop.cancel(&operation);
    let ended = shop.world.end_of(&operation);
    assert_eq!(
        (&ended["status"], &ended["productStatus"]),
        (&json!("cancelled"), &json!("Running")),
        "{ended:#}"
    );
    assert_eq!(shop.images()["base_store"], "windlass-demo/store:1.0.0");
    shop.must_be_sound();
}
