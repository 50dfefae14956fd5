//! Secrets are encrypted in both databases, also those of before; nobody reads them without the key, and a change of keys can be broken
//! off anywhere.

use domain::deployment::ProductDeployment;
use server::secrets::{KeyRing, NotOpened, SecretKey};
use server::store::{NamedKeys, Rotation, Store, StoreError, Unreadable};

use super::database::{Database, everything_in, must_not_hold, test_keys};
use super::on_both;
use super::samples::*;

/// The secret of every sample.
const SECRET: &str = "hunter2";
/// More than two batches.
const MANY: u32 = 120;

on_both! {
    nothing_that_is_stored_holds_a_secret,
    another_key_is_refused_with_the_way_out,
    a_value_in_another_place_is_refused,
    a_value_that_was_changed_is_refused,
    what_an_earlier_version_stored_is_encrypted_at_the_start,
    a_database_gets_another_key,
    a_change_of_keys_goes_on_where_it_was_broken_off,
}

fn key(byte: u8) -> SecretKey {
    SecretKey::from_bytes(&[byte; 32], &format!("file {byte}")).unwrap()
}

fn ring(byte: u8) -> KeyRing {
    KeyRing::of(key(byte))
}

async fn read(store: &Store, number: u32) -> Result<Option<ProductDeployment>, StoreError> {
    store
        .deployment(environment_id(), deployment_id(number))
        .await
}

async fn named(database: &Database) -> NamedKeys {
    Store::named_keys(&database.url).await.unwrap()
}

/// What the database holds, with what is in its files of before.
async fn holds(database: &Database, text: &str) -> bool {
    String::from_utf8_lossy(&everything_in(&database.url).await).contains(text)
}

async fn nothing_that_is_stored_holds_a_secret(database: Database) {
    let claim = claimed_operation(&database.store, 1).await;
    assert_eq!(read(&database.store, 1).await.unwrap(), Some(deployment(1)));
    must_not_hold(&everything_in(&database.url).await, SECRET);
    finish(
        &database.store,
        &claim,
        domain::deployment::ProductStatus::Running,
    )
    .await;
    database.store.close().await;
    must_not_hold(&everything_in(&database.url).await, SECRET);
}

async fn another_key_is_refused_with_the_way_out(database: Database) {
    accepted_operation(&database.store, 1).await;
    database.store.close().await;
    let (right, wrong) = (key(7).id().to_string(), key(8).id().to_string());
    let refused = Store::open(&database.url, ring(8)).await.unwrap_err();
    let said = refused.to_string();
    for part in [
        &format!("is encrypted with secret key {right}"),
        &format!("file 8 has key {wrong}"),
        "--secret-key-file",
    ] {
        assert!(said.contains(part), "{said}");
    }
    for refused in [
        Store::open_to_read(&database.url, &ring(8)).await,
        Store::open_to_read(&database.url, &KeyRing::default()).await,
    ] {
        assert!(matches!(refused, Err(StoreError::KeyMissing { .. })));
    }
    // A new key beside a database that has lost its own would look like the right one.
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("secret.key");
    let lost = KeyRing::in_file(&place).unwrap();
    let refused = Store::open(&database.url, lost).await.unwrap_err();
    let said = refused.to_string();
    let looked = format!("there is no file {}", place.display());
    assert!(said.contains(&looked) && said.contains(&right), "{said}");
    assert!(!place.exists());
    // One of its id that is another.
    database
        .execute(format!("UPDATE secret_keys SET id = '{wrong}'"))
        .await;
    let refused = Store::open(&database.url, ring(8)).await.unwrap_err();
    assert!(matches!(refused, StoreError::KeyCheck { .. }), "{refused}");
    database
        .execute(format!("UPDATE secret_keys SET id = '{right}'"))
        .await;
    let store = Store::open(&database.url, test_keys()).await.unwrap();
    assert_eq!(read(&store, 1).await.unwrap(), Some(deployment(1)));
    store.close().await;
}

fn must_be_changed(column: &str, read: Result<Option<ProductDeployment>, StoreError>) {
    let error = read.unwrap_err();
    let expected = Unreadable::Sealed(NotOpened::Changed);
    assert!(
        matches!(&error, StoreError::Unreadable { reason, .. } if *reason == expected),
        "{error:?}"
    );
    assert!(error.to_string().contains(column), "{error}");
    assert!(!format!("{error} {error:?}").contains(SECRET));
}

async fn a_value_in_another_place_is_refused(database: Database) {
    let store = &database.store;
    for number in 1..=3 {
        accepted_operation(store, number).await;
    }
    let (one, two, three) = (deployment_id(1), deployment_id(2), deployment_id(3));
    database
        .execute(format!(
            "UPDATE releases SET shared_values =
                 (SELECT r.shared_values FROM releases r WHERE r.deployment_id = '{two}')
             WHERE deployment_id = '{one}'"
        ))
        .await;
    must_be_changed("releases.shared_values", read(store, 1).await);
    // Another column, and another stack, of the same release.
    database
        .execute(format!(
            "UPDATE releases SET product = shared_values WHERE deployment_id = '{two}'"
        ))
        .await;
    must_be_changed("releases.product", read(store, 2).await);
    database
        .execute(format!(
            "UPDATE release_stacks SET stack_values =
                 (SELECT r.stack_values FROM release_stacks r WHERE r.deployment_id = '{three}' AND r.stack_name = 'web')
             WHERE deployment_id = '{three}'"
        ))
        .await;
    must_be_changed("release_stacks.stack_values", read(store, 3).await);
}

async fn a_value_that_was_changed_is_refused(database: Database) {
    let store = &database.store;
    accepted_operation(store, 1).await;
    database
        .execute(
            "UPDATE release_stacks SET stack_values = substr(stack_values, 1, length(stack_values) - 1)",
        )
        .await;
    must_be_changed("release_stacks.stack_values", read(store, 1).await);
    database
        .execute("UPDATE releases SET product = 'enc:2:later'")
        .await;
    let error = store
        .product_release(deployment_id(1), 1)
        .await
        .unwrap_err();
    let expected = Unreadable::Sealed(NotOpened::Form);
    assert!(
        matches!(&error, StoreError::Unreadable { reason, .. } if *reason == expected),
        "{error:?}"
    );
}

/// Makes the record what a version left that did not encrypt.
async fn store_in_the_clear(database: &Database, number: u32) {
    let deployment = deployment(number);
    let id = deployment.id;
    let quoted = |json: String| json.replace('\'', "''");
    let product = quoted(serde_json::to_string(&deployment.product).unwrap());
    let shared = quoted(serde_json::to_string(&deployment.shared_values).unwrap());
    let own = quoted(serde_json::to_string(&deployment.stacks[0].values).unwrap());
    database
        .execute(format!(
            "UPDATE releases SET product = '{product}', shared_values = '{shared}' WHERE deployment_id = '{id}';
             UPDATE release_stacks SET stack_values = '{own}' WHERE deployment_id = '{id}'"
        ))
        .await;
}

async fn what_an_earlier_version_stored_is_encrypted_at_the_start(database: Database) {
    for number in 1..=MANY {
        accepted_operation(&database.store, number).await;
    }
    // The last ones were encrypted already when an earlier start was broken off.
    for number in 1..=MANY - 10 {
        store_in_the_clear(&database, number).await;
    }
    assert!(holds(&database, SECRET).await);
    // Read as it is meanwhile.
    assert_eq!(read(&database.store, 1).await.unwrap(), Some(deployment(1)));
    database.execute("DELETE FROM secret_keys").await;
    database.store.close().await;

    let store = Store::open(&database.url, test_keys()).await.unwrap();
    for number in 1..=MANY {
        let there = read(&store, number).await.unwrap();
        assert_eq!(there, Some(deployment(number)));
    }
    must_not_hold(&everything_in(&database.url).await, SECRET);
    store.close().await;
    let current = Some(key(7).id().clone());
    let retiring = Vec::new();
    assert_eq!(named(&database).await, NamedKeys { current, retiring });
    // Not looked for again once it is done.
    store_in_the_clear(&database, 1).await;
    let store = Store::open(&database.url, test_keys()).await.unwrap();
    assert!(holds(&database, SECRET).await);
    store.close().await;
    database
        .execute("UPDATE secret_keys SET is_complete = 0")
        .await;
    let store = Store::open(&database.url, test_keys()).await.unwrap();
    must_not_hold(&everything_in(&database.url).await, SECRET);
    store.close().await;
}

async fn a_database_gets_another_key(database: Database) {
    for number in 1..=3 {
        accepted_operation(&database.store, number).await;
    }
    if database.is_postgres() {
        let refused = Store::rotate_key(&database.url, ring(7), &key(8)).await;
        assert!(
            matches!(refused, Err(StoreError::InUse { connections }) if connections > 0),
            "{refused:?}"
        );
    }
    database.store.close().await;
    // The key of before is needed.
    let refused = Store::rotate_key(&database.url, ring(9), &key(8)).await;
    assert!(
        matches!(refused, Err(StoreError::KeyMissing { .. })),
        "{refused:?}"
    );
    assert_eq!(named(&database).await.current.as_ref(), Some(key(7).id()));

    let rotation = Store::rotate_key(&database.url, ring(7), &key(8)).await;
    // Two values of each release, and one of each of its two stacks.
    let expected = Rotation {
        retired: vec![key(7).id().clone()],
        values: 3 * 4,
    };
    assert_eq!(rotation.unwrap(), expected);
    let current = Some(key(8).id().clone());
    let retiring = Vec::new();
    assert_eq!(named(&database).await, NamedKeys { current, retiring });
    assert!(!holds(&database, key(7).id().as_str()).await);
    let refused = Store::open(&database.url, ring(7)).await;
    assert!(matches!(refused, Err(StoreError::KeyMissing { .. })));
    let store = Store::open(&database.url, ring(8)).await.unwrap();
    for number in 1..=3 {
        let there = read(&store, number).await.unwrap();
        assert_eq!(there, Some(deployment(number)));
    }
    store.close().await;
    // A second time there is nothing to do.
    let again = Store::rotate_key(&database.url, ring(8), &key(8)).await;
    let nothing = Rotation {
        retired: Vec::new(),
        values: 0,
    };
    assert_eq!(again.unwrap(), nothing);
}

async fn a_change_of_keys_goes_on_where_it_was_broken_off(database: Database) {
    for number in 1..=4 {
        accepted_operation(&database.store, number).await;
    }
    database.store.close().await;
    database
        .execute(
            "CREATE TABLE kept_keys AS SELECT * FROM secret_keys; CREATE TABLE kept AS SELECT * FROM releases",
        )
        .await;
    // As it is in the middle: the second half of the releases still has the first key.
    let break_off = async || {
        database
            .execute(format!(
                "UPDATE secret_keys SET is_complete = 0;
                 INSERT INTO secret_keys SELECT id, 'retiring', check_value, 1 FROM kept_keys;
                 UPDATE releases SET
                     product = (SELECT k.product FROM kept k WHERE k.deployment_id = releases.deployment_id),
                     shared_values = (SELECT k.shared_values FROM kept k WHERE k.deployment_id = releases.deployment_id)
                 WHERE deployment_id > '{}'",
                deployment_id(2)
            ))
            .await;
    };
    Store::rotate_key(&database.url, ring(7), &key(8))
        .await
        .unwrap();
    break_off().await;
    let (old, new) = (key(7).id().to_string(), key(8).id().to_string());
    for (given, missing) in [(7, &new), (8, &old)] {
        let refused = Store::open(&database.url, ring(given)).await.unwrap_err();
        let said = refused.to_string();
        assert!(
            said.contains(&format!("secret key {missing}, which was not found")),
            "{said}"
        );
        assert!(said.contains("--old-secret-key-file"), "{said}");
    }
    // A server that is given both goes on with it.
    let store = Store::open(&database.url, ring(8).with(key(7)))
        .await
        .unwrap();
    for number in 1..=4 {
        let there = read(&store, number).await.unwrap();
        assert_eq!(there, Some(deployment(number)));
    }
    store.close().await;
    assert_eq!(named(&database).await.retiring, []);
    let store = Store::open(&database.url, ring(8)).await.unwrap();
    store.close().await;

    // So does the same command again; and another one, which then needs all keys.
    break_off().await;
    let again = Store::rotate_key(&database.url, ring(7), &key(8)).await;
    let expected = Rotation {
        retired: vec![key(7).id().clone()],
        values: 4,
    };
    assert_eq!(again.unwrap(), expected);
    break_off().await;
    let refused = Store::rotate_key(&database.url, ring(8), &key(9)).await;
    assert!(matches!(refused, Err(StoreError::KeyMissing { .. })));
    let third = Store::rotate_key(&database.url, ring(8).with(key(7)), &key(9)).await;
    assert_eq!(third.unwrap().retired.len(), 2);
    // Nothing is encrypted with a key that retires any more: it is not asked for.
    database
        .execute("INSERT INTO secret_keys SELECT id, 'retiring', check_value, 1 FROM kept_keys")
        .await;
    let store = Store::open(&database.url, ring(9)).await.unwrap();
    assert_eq!(read(&store, 4).await.unwrap(), Some(deployment(4)));
    store.close().await;
}
