//! A rollback runs what the release ran, whatever became of its source and its tags.

use serde_json::json;

use super::deployed::Deployed;
use super::upgrading::shop_with_two_versions;
use super::world::World;

#[test]
fn a_rollback_must_replace_only_what_changed() {
    let Some(shop) = shop_with_two_versions("back") else {
        return;
    };
    let before = shop.ids();
    shop.upgrade("1.1.0");
    let result = shop.post("/rollback", &json!({}));
    assert_eq!(result["success"], true, "{result:#}");
    assert_eq!(
        result["message"],
        "Product 'Shop' rolled back to v1.0.0 (release 1) successfully (2 stacks)."
    );
    let after = shop.ids();
    assert_eq!(before["base_store"], after["base_store"]);
    assert_eq!(before["site_worker"], after["site_worker"]);
    assert_ne!(before["site_web"], after["site_web"]);
    assert_eq!(shop.images()["site_web"], "windlass-demo/web:1.0.0");
    assert_eq!(shop.detail()["productVersion"], "1.0.0");
    assert_eq!(
        shop.releases(),
        ["3 succeeded", "2 succeeded", "1 succeeded"]
    );
    shop.must_be_sound();
}

#[test]
fn a_release_whose_source_and_tag_are_gone_must_run_again() {
    let Some(world) = World::new("back-gone") else {
        return;
    };
    let tag = format!("{}-web", world.project);
    let retag = |world: &World, version: &str| {
        let path = format!("/images/windlass-demo/web:{version}/tag?repo={tag}&tag=latest");
        assert_eq!(world.engine.ask("POST", &path).0, 201);
    };
    let id_of = |world: &World, image: &str| {
        let (_, image) = world.engine.ask("GET", &format!("/images/{image}/json"));
        image["Id"].as_str().unwrap().to_owned()
    };
    retag(&world, "1.0.0");
    let site = |version: &str| {
        format!(
            "services: {{web: {{image: '{tag}:latest', environment: {{VERSION: '{version}'}}}}}}"
        )
    };
    world.version("Shop", "1.0.0", "", &[("site", &site("1"))]);
    world.version("Shop", "1.1.0", "", &[("site", &site("2"))]);
    let mut shop = Deployed::new(world, "test:Shop:1.0.0", &["site"]);
    retag(&shop.world, "1.1.0");
    let result = shop.upgrade("1.1.0");
    assert_eq!(result["success"], true, "{result:#}");

    // The source is gone, and the tag means another image.
    let gone = shop.world.version_folder("Shop", "1.0.0");
    shop.world.kill();
    std::fs::remove_dir_all(gone).unwrap();
    shop.world.start();
    let result = shop.post("/rollback", &json!({ "release": 1 }));
    assert_eq!(result["success"], true, "{result:#}");
    let containers = shop.world.engine.containers(&shop.world.project);
    assert_eq!(containers.len(), 1);
    let runs = containers[0]["Image"].as_str().unwrap();
    assert_eq!(runs, id_of(&shop.world, "windlass-demo/web:1.0.0"));
    shop.must_be_sound();

    // What was pinned stays pinned.
    let plan = shop.plan("redeploy", &json!({}));
    assert_eq!(plan["pulls"], json!([]), "{plan:#}");
    let result = shop.post("/redeploy", &json!({}));
    assert_eq!(result["success"], true, "{result:#}");
    let containers = shop.world.engine.containers(&shop.world.project);
    assert_eq!(containers[0]["Image"], runs);
    shop.must_be_sound();
    shop.world
        .engine
        .ask("DELETE", &format!("/images/{tag}:latest"));
}

#[test]
fn what_cannot_be_returned_to_must_be_said() {
    let Some(shop) = shop_with_two_versions("back-not") else {
        return;
    };
    let (status, said) = shop.refused("POST", "/rollback", &json!({}));
    assert_eq!(status, 409, "{said}");
    assert!(
        said.starts_with("There is no earlier release that succeeded."),
        "{said}"
    );
    let (status, said) = shop.refused("POST", "/rollback", &json!({ "release": 7 }));
    assert_eq!(
        (status, said.as_str()),
        (
            404,
            "Release 7 not found. It may have been forgotten: only the newest are kept."
        )
    );
    let (status, said) = shop.refused("POST", "/rollback", &json!({ "release": 1 }));
    assert_eq!(status, 400, "{said}");
    shop.must_be_sound();
}
