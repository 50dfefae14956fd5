//! Maintenance stops what may be stopped, forbids what would start it, and ends where it began.

use serde_json::json;

use super::deployed::upgrade_to;
use super::stopping::shop;

#[test]
fn maintenance_must_stop_services_and_start_them_again() {
    let Some(shop) = shop("maintain") else {
        return;
    };
    let ids = shop.ids();
    let enter = json!({ "mode": "maintenance", "reason": "new disks" });
    let result = shop.does("PUT", "/operation-mode", &enter);
    assert_eq!(
        (
            &result["success"],
            &result["message"],
            &result["newMode"],
            &result["triggerSource"]
        ),
        (
            &json!(true),
            &json!("Operation mode changed from Normal to Maintenance"),
            &json!("Maintenance"),
            &json!("Manual")
        ),
        "{result:#}"
    );
    let states = shop.states();
    assert_eq!(states["base_store"], "exited");
    assert_eq!(states["site_web"], "exited");
    assert_eq!(
        states["site_page"], "running",
        "its label asks to be left alone"
    );
    let detail = shop.detail();
    assert_eq!(
        (&detail["status"], &detail["operationMode"]),
        (&json!("Stopped"), &json!("Maintenance")),
        "{detail:#}"
    );
    assert_eq!(
        (
            &detail["canExitMaintenance"],
            &detail["canRemove"],
            &detail["canUpgrade"],
            &detail["canRestart"]
        ),
        (&json!(true), &json!(true), &json!(false), &json!(false)),
        "{detail:#}"
    );
    shop.must_be_sound();

    // The mode that it has already is no error, and no operation.
    let again = shop.does("PUT", "/operation-mode", &enter);
    assert_eq!(
        (&again["success"], &again["operationId"]),
        (&json!(true), &json!(null)),
        "{again:#}"
    );
    for (what, method, path, body) in [
        ("redeployed", "POST", "/redeploy", json!({})),
        ("upgraded", "POST", "/upgrade", upgrade_to("1.1.0")),
        ("restarted", "POST", "/restart-containers", json!({})),
        ("rolled back", "POST", "/rollback", json!({})),
    ] {
        let said = format!(
            "Product deployment cannot be {what} while it is in maintenance mode. Exit maintenance first."
        );
        assert_eq!(shop.refused(method, path, &body), (409, said));
    }

    let result = shop.does("PUT", "/operation-mode", &json!({ "mode": "Normal" }));
    assert_eq!(
        result["message"], "Operation mode changed from Maintenance to Normal",
        "{result:#}"
    );
    assert_eq!(shop.ids(), ids);
    let states = shop.states();
    assert_eq!(states["base_store"], "running");
    assert_eq!(states["site_web"], "running");
    assert_eq!(states["base_migrate"], "exited");
    let detail = shop.detail();
    assert_eq!(
        (&detail["status"], &detail["operationMode"]),
        (&json!("Running"), &json!("Normal"))
    );
    shop.must_be_sound();
    let (status, said) = shop.refused("PUT", "/operation-mode", &json!({ "mode": "asleep" }));
    assert_eq!(
        (status, said.as_str()),
        (
            400,
            "Invalid operation mode 'asleep'. Valid modes: Normal, Maintenance"
        )
    );
}

#[test]
fn maintenance_must_begin_only_where_something_runs() {
    let Some(shop) = shop("maintain-not") else {
        return;
    };
    shop.post("/stop-containers", &json!({}));
    let refused = shop.refused("PUT", "/operation-mode", &json!({ "mode": "Maintenance" }));
    let said = "Cannot change operation mode. Product deployment is Stopped, must be Running or PartiallyRunning.";
    assert_eq!(refused, (409, said.to_owned()));
    shop.must_be_sound();
}

#[test]
fn a_product_in_maintenance_must_be_removable() {
    let Some(shop) = shop("maintain-rm") else {
        return;
    };
    shop.does("PUT", "/operation-mode", &json!({ "mode": "Maintenance" }));
    let result = shop.does("DELETE", "", &json!({}));
    assert_eq!(
        (&result["success"], &result["status"]),
        (&json!(true), &json!("Removed")),
        "{result:#}"
    );
    assert_eq!(shop.ids().len(), 0);
    shop.must_be_sound();
}
