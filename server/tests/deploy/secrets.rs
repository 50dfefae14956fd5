//! A secret that is deployed is nowhere but in the container: not in the database, not in an event, not in a log line. And a change of
//! keys that is killed in the middle goes on.

use std::fs;

use serde_json::{Value, json};

use super::world::World;
use crate::server_process::program;
use crate::store::database::{everything_now, must_not_hold};

/// Values of the two secrets; nothing else has them.
const SHARED: &str = "canary-shared-7Qx2vRk9";
const OWN: &str = "canary-own-Lm4TzW8pBd";
/// A default that only the manifest has, and a word of a Compose file.
const DEFAULT: &str = "canary-default-Yh3sN6";
const LITERAL: &str = "canary-literal-Pc5gK1";
const SECRETS: [&str; 4] = [SHARED, OWN, DEFAULT, LITERAL];

fn manifest() -> String {
    format!(
        "
metadata: {{name: Vault, productId: test.vault, productVersion: \"1.0.0\"}}
sharedVariables:
  TOKEN: {{type: Password, required: true}}
  SALT: {{type: Password, default: {DEFAULT}}}
stacks:
  one:
    metadata: {{name: One}}
    variables:
      OWN: {{type: Password, required: true}}
    services:
      talks:
        image: windlass-demo/migrate:1.0.0
        environment: {{LOG_LINES: '2', TOKEN: \"${{TOKEN}}\", OWN: \"${{OWN}}\", SALT: \"${{SALT}}\", WORD: {LITERAL}}}
        restart: 'no'
        x-windlass: {{init: true}}
      web:
        image: windlass-demo/web:1.0.0
        environment: {{TOKEN: \"${{TOKEN}}\", OWN: \"${{OWN}}\"}}
"
    )
}

/// Deploys the product; its answer.
fn deploy(world: &World) -> Value {
    let mut request = world.request("test:Vault:1.0.0", &["One"]);
    request["sharedVariables"] = json!({ "TOKEN": SHARED });
    request["stackConfigs"][0]["variables"] = json!({ "OWN": OWN });
    let result = world.deploy(&request).json();
    assert_eq!(result["status"], "Running", "{result:#}");
    result
}

fn world(name: &str) -> Option<World> {
    let world = World::new(name)?;
    let folder = world.catalog().join("vault");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("product.yaml"), manifest()).unwrap();
    Some(world)
}

/// They are in the container, so they were used.
fn must_be_in_the_container(world: &World) {
    let containers = world.engine.containers(&world.project);
    let web = containers
        .iter()
        .find(|container| container["Name"].as_str().unwrap().ends_with("_web"));
    let env = web.unwrap()["Config"]["Env"].to_string();
    assert!(env.contains(SHARED) && env.contains(OWN), "{env}");
}

fn nothing_must_hold_a_secret(mut world: World) {
    world.start();
    let result = deploy(&world);
    must_be_in_the_container(&world);
    let operation = result["operationId"].as_str().unwrap();
    let events = json!(world.events(operation)).to_string();
    for secret in SECRETS {
        must_not_hold(&everything_now(&world.database()), secret);
        must_not_hold(events.as_bytes(), secret);
    }
    world.must_be_sound();
    // Killed, so that the file beside the database is as it was; and once more after a start.
    world.kill();
    for secret in SECRETS {
        must_not_hold(&everything_now(&world.database()), secret);
    }
    world.start();
    let log = world.stop();
    for secret in SECRETS {
        assert!(!log.contains(secret), "{log}");
        must_not_hold(&everything_now(&world.database()), secret);
    }
}

#[test]
fn no_secret_must_be_in_the_database_or_the_log() {
    if let Some(world) = world("canary") {
        nothing_must_hold_a_secret(world);
    }
}

#[test]
fn the_same_must_hold_on_postgresql() {
    if let Some(world) = world("canary-pg") {
        let url = std::env::var("WINDLASS_TEST_DATABASE_URL").unwrap();
        nothing_must_hold_a_secret(world.on_postgres(url));
    }
}

#[test]
fn a_change_of_keys_that_is_killed_must_go_on() {
    let Some(mut world) = world("rotate") else {
        return;
    };
    world.start();
    deploy(&world);
    world.stop();
    let (data, new) = (world.data(), world.folder().join("new.key"));
    let rotate = |failpoint: &str| {
        let arguments = ["key", "rotate", "--new-key-file", new.to_str().unwrap()];
        program()
            .args(arguments)
            .args(["--data-dir", data.to_str().unwrap()])
            .env("WINDLASS_FAILPOINT", failpoint)
            .output()
            .unwrap()
    };
    // The product is encrypted anew, the values are not.
    let killed = rotate("store.encrypt_what_is_stored.after");
    assert_eq!(killed.status.code(), None, "{killed:?}");
    let (old, new_key) = (data.join("secret.key"), new.to_str().unwrap());
    let old = old.to_str().unwrap();
    let with_new = [("WINDLASS_SECRET_KEY_FILE", new_key)];
    for variables in [&[][..], &with_new[..]] {
        assert!(world.try_start(variables).is_err(), "{variables:?}");
    }
    let both = [
        ("WINDLASS_SECRET_KEY_FILE", new_key),
        ("WINDLASS_OLD_SECRET_KEY_FILE", old),
    ];
    world.try_start(&both).unwrap();
    world.stop();
    world.try_start(&with_new).unwrap();
    // What is deployed can still be read: it is deployed again.
    let path = world.deployments_path();
    let all = world.server().get_json(&path);
    let id = all["productDeployments"][0]["productDeploymentId"]
        .as_str()
        .unwrap();
    let again = world
        .server()
        .ask("POST", &format!("{path}/{id}/redeploy"), &[], "{}");
    assert_eq!(again.json()["status"], "Running", "{again:?}");
    must_be_in_the_container(&world);
    for secret in SECRETS {
        must_not_hold(&everything_now(&world.database()), secret);
    }
    world.kill();
}
