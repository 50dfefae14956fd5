//! A removal takes away what was made, in the reverse order, and no data that was not named.

use serde_json::{Value, json};

use super::stopping::shop;

#[test]
fn a_removal_must_go_in_reverse_order_and_keep_volumes() {
    let Some(shop) = shop("rm") else {
        return;
    };
    let result = shop.does("DELETE", "", &json!({}));
    assert_eq!(
        (&result["success"], &result["status"], &result["message"]),
        (
            &json!(true),
            &json!("Removed"),
            &json!("Product 'Shop' v1.0.0 removed successfully (2 stacks).")
        ),
        "{result:#}"
    );
    let events = shop.world.events(result["operationId"].as_str().unwrap());
    let changes: Vec<String> = events
        .iter()
        .filter(|event| event["type"] == "stack_changed")
        .map(|event| {
            format!(
                "{} {}",
                event["stack"].as_str().unwrap(),
                event["status"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        changes,
        [
            "site Removing",
            "site Removed",
            "base Removing",
            "base Removed"
        ]
    );
    let (engine, project) = (&shop.world.engine, &shop.world.project);
    assert_eq!(engine.containers(project), Vec::<Value>::new());
    assert_eq!(engine.networks(project), Vec::<Value>::new());
    assert_eq!(engine.volumes(project).len(), 1);
    shop.must_be_sound();

    // There is room for the product again, with its data.
    let request = shop.world.request("test:Shop:1.0.0", &["base", "site"]);
    let again = shop.world.deploy(&request).json();
    assert_eq!(again["status"], "Running", "{again:#}");
    shop.must_be_sound();
}

#[test]
fn a_volume_must_go_only_by_its_name() {
    let Some(shop) = shop("rm-data") else {
        return;
    };
    let volume = format!("{}-base_data", shop.world.project);
    let plan = shop.plan("remove", &json!({}));
    assert_eq!(plan["dataAtRisk"][0]["volume"], volume.as_str(), "{plan:#}");
    let (status, said) = shop.refused("DELETE", "", &json!({ "volumes": ["somebody-elses"] }));
    assert_eq!(status, 400, "{said}");
    assert!(
        said.contains("is not one that Windlass made for this product"),
        "{said}"
    );
    let result = shop.does("DELETE", "", &json!({ "volumes": [volume] }));
    assert_eq!(result["success"], true, "{result:#}");
    assert_eq!(
        shop.world.engine.volumes(&shop.world.project),
        Vec::<Value>::new()
    );
    shop.must_be_sound();
}

#[test]
fn a_removal_that_fails_must_be_doable_again() {
    let Some(shop) = shop("rm-fails") else {
        return;
    };
    // Somebody else's container uses the data that shall go.
    let (engine, project) = (&shop.world.engine, &shop.world.project);
    let volume = format!("{project}-base_data");
    let body = json!({
        "Image": "windlass-demo/web:1.0.0",
        "HostConfig": { "Binds": [format!("{volume}:/data")] },
    });
    let (status, made) = engine.post(&format!("/containers/create?name={project}-guest"), &body);
    assert_eq!(status, 201, "{made}");
    let request = json!({ "volumes": [volume] });
    let result = shop.does("DELETE", "", &request);
    assert_eq!(
        (&result["success"], &result["operationStatus"]),
        (&json!(false), &json!("failed")),
        "{result:#}"
    );
    assert_ne!(shop.status(), "Removed");
    assert_eq!(shop.stacks(), ["base Failed", "site Removed"]);
    shop.must_be_sound();

    let guest = made["Id"].as_str().unwrap();
    assert_eq!(
        engine
            .ask("DELETE", &format!("/containers/{guest}?force=true"))
            .0,
        204
    );
    let result = shop.does("DELETE", "", &request);
    assert_eq!(
        (&result["success"], &result["status"]),
        (&json!(true), &json!("Removed")),
        "{result:#}"
    );
    assert_eq!(engine.volumes(project), Vec::<Value>::new());
    shop.must_be_sound();
}
