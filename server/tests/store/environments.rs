//! Environments.

use domain::environment::Connection;
use server::store::StoreError;

use super::database::Database;
use super::on_both;
use super::samples::*;

on_both! {
    an_environment_reads_back,
    a_name_is_used_once,
    the_newest_default_takes_the_place,
    an_environment_moves,
}

async fn an_environment_reads_back(database: Database) {
    let store = &database.store;
    assert_eq!(store.environments().await.unwrap(), []);
    assert_eq!(store.default_environment().await.unwrap(), None);
    store.insert_environment(&environment()).await.unwrap();
    assert_eq!(
        store.environment(environment_id()).await.unwrap(),
        Some(environment())
    );
    assert_eq!(store.environments().await.unwrap(), [environment()]);
    store.ping().await.unwrap();
    store.close().await;
    assert!(!store.ping().await.unwrap_err().is_transient());
}

async fn a_name_is_used_once(database: Database) {
    let store = &database.store;
    store.insert_environment(&environment()).await.unwrap();
    let mut other = environment();
    other.id = "018f0000-0000-7000-8000-000000000001".parse().unwrap();
    match store.insert_environment(&other).await {
        Err(StoreError::EnvironmentNameTaken { name }) => assert_eq!(name, "local"),
        other => panic!("{other:?}"),
    }
    assert_eq!(store.environments().await.unwrap(), [environment()]);
    // An id that is used twice is no taken name.
    let mut same_id = environment();
    same_id.name = "other".to_owned();
    assert!(matches!(
        store.insert_environment(&same_id).await,
        Err(StoreError::Statement { .. })
    ));
}

async fn the_newest_default_takes_the_place(database: Database) {
    let store = &database.store;
    store.insert_environment(&environment()).await.unwrap();
    let mut other = environment();
    other.id = "018f0000-0000-7000-8000-000000000001".parse().unwrap();
    other.name = "another".to_owned();
    store.insert_environment(&other).await.unwrap();
    assert_eq!(
        store.default_environment().await.unwrap(),
        Some(other.clone())
    );
    let names: Vec<_> = store
        .environments()
        .await
        .unwrap()
        .into_iter()
        .map(|e| (e.name, e.is_default))
        .collect();
    assert_eq!(
        names,
        [("another".to_owned(), true), ("local".to_owned(), false)]
    );
}

async fn an_environment_moves(database: Database) {
    let store = &database.store;
    let connection = Connection::DockerSocket {
        socket_path: "tcp://127.0.0.1:2375".to_owned(),
    };
    assert!(
        !store
            .move_environment(environment_id(), &connection)
            .await
            .unwrap()
    );
    store.insert_environment(&environment()).await.unwrap();
    assert!(
        store
            .move_environment(environment_id(), &connection)
            .await
            .unwrap()
    );
    let moved = store.environment(environment_id()).await.unwrap().unwrap();
    assert_eq!(moved.connection, connection);
}
