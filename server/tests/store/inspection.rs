//! What the doctor reads, on whole records and on such as were broken on purpose.

use domain::deployment::{ProductStatus, StackStatus};
use domain::operation::step::StepRecord;
use domain::operation::{OperationStatus, StepState};
use domain::plan::StepKey;
use server::store::{Activity, End, Entry, MigrationFailure, Store, StoreError};

use super::database::{Database, test_keys};
use super::on_both;
use super::samples::*;

on_both! {
    an_operation_and_its_journal_are_read_together,
    steps_without_an_end_are_told_of_final_operations_only,
    pages_follow_each_other,
    deployments_know_their_operation_and_their_stacks,
    a_reader_cannot_write,
    tables_of_another_version_are_refused,
}

async fn an_operation_and_its_journal_are_read_together(database: Database) {
    let store = &database.store;
    let claim = claimed_operation(store, 1).await;
    let running = store.operation_facts(None, 10).await.unwrap().remove(0);
    assert_eq!(running.status, OperationStatus::Running);
    assert_eq!(running.owner.as_deref(), Some(NODE));
    assert!(running.lease_until.is_some() && running.finished_at.is_none());
    assert_eq!(
        (running.event_seq, running.events, running.ends, running.end),
        (1, 1, 0, None)
    );
    assert_eq!((running.first_seq, running.last_seq), (Some(1), Some(1)));
    assert_eq!(running.deployment_status, Some(ProductStatus::Deploying));
    assert!(running.is_newest);

    let end = domain::operation::event::EventBody::Finished {
        status: OperationStatus::Succeeded,
        product_status: ProductStatus::Running,
        message: "done".to_owned(),
    };
    let (said, level) = (
        note("\"type\":\"finished\""),
        domain::operation::event::Level::Info,
    );
    let entries = [
        Entry::Event { level, body: &said },
        Entry::Event { level, body: &end },
    ];
    store
        .append(&claim.lease, at(1_500), LEASE, &entries)
        .await
        .unwrap();
    finish(store, &claim, ProductStatus::Running).await;
    let ended = store.operation_facts(None, 10).await.unwrap().remove(0);
    assert_eq!(ended.status, OperationStatus::Succeeded);
    assert_eq!((ended.owner, ended.lease_until), (None, None));
    assert!(ended.finished_at.is_some());
    assert_eq!((ended.event_seq, ended.events, ended.ends), (3, 3, 1));
    assert_eq!(
        ended.end,
        Some(End {
            status: OperationStatus::Succeeded,
            product_status: ProductStatus::Running
        })
    );
    assert_eq!(ended.deployment_status, Some(ProductStatus::Running));

    database
        .execute("DELETE FROM events WHERE seq = 2; UPDATE operations SET event_seq = 7")
        .await;
    let broken = store.operation_facts(None, 10).await.unwrap().remove(0);
    assert_eq!((broken.event_seq, broken.events), (7, 2));
    assert_eq!((broken.first_seq, broken.last_seq), (Some(1), Some(3)));
    database.execute("DELETE FROM events").await;
    let empty = store.operation_facts(None, 10).await.unwrap().remove(0);
    assert_eq!(
        (empty.events, empty.first_seq, empty.last_seq),
        (0, None, None)
    );
}

async fn steps_without_an_end_are_told_of_final_operations_only(database: Database) {
    let store = &database.store;
    let claim = claimed_operation(store, 1).await;
    let step = |key: &str, state| StepRecord {
        key: StepKey::new(key),
        state,
        attempt: 1,
        failure: None,
        next_at: None,
        started_at: None,
        ended_at: None,
    };
    let steps = [
        step("b", StepState::Started),
        step("a", StepState::Started),
        step("c", StepState::Done),
        step("d", StepState::Unknown),
    ];
    let entries: Vec<_> = steps.iter().map(Entry::Step).collect();
    store
        .append(&claim.lease, at(1_500), LEASE, &entries)
        .await
        .unwrap();
    let running = store.operation_facts(None, 10).await.unwrap().remove(0);
    assert_eq!(running.open_steps, []);
    finish(store, &claim, ProductStatus::Failed).await;
    let failed = store.operation_facts(None, 10).await.unwrap().remove(0);
    let open: Vec<_> = failed
        .open_steps
        .iter()
        .map(|steps| (steps.state, steps.count, steps.example.as_str()))
        .collect();
    assert_eq!(
        open,
        [(StepState::Started, 2, "a"), (StepState::Unknown, 1, "d")]
    );
}

async fn pages_follow_each_other(database: Database) {
    let store = &database.store;
    for number in 1..=3 {
        accepted_operation(store, number).await;
    }
    let first = store.operation_facts(None, 2).await.unwrap();
    let second = store.operation_facts(Some(first[1].id), 2).await.unwrap();
    let ids: Vec<_> = first.iter().chain(&second).map(|each| each.id).collect();
    assert_eq!(ids, [1, 2, 3].map(operation_id));
    let first = store.active_facts(None, 2).await.unwrap();
    let second = store.active_facts(Some(first[1].id), 2).await.unwrap();
    assert_eq!((first.len(), second.len()), (2, 1));
    let environment = environment_id();
    let first = store.deployment_facts(environment, None, 2).await.unwrap();
    let after = Some(first[1].id);
    let second = store.deployment_facts(environment, after, 2).await.unwrap();
    let ids: Vec<_> = first.iter().chain(&second).map(|each| each.id).collect();
    assert_eq!(ids, [1, 2, 3].map(deployment_id));
}

async fn deployments_know_their_operation_and_their_stacks(database: Database) {
    let store = &database.store;
    let claim = claimed_operation(store, 1).await;
    let deploying = Entry::Stack {
        deployment: deployment_id(1),
        stack: "web",
        status: StackStatus::Deploying,
        message: None,
    };
    store
        .append(&claim.lease, at(1_500), LEASE, &[deploying])
        .await
        .unwrap();
    let environment = environment_id();
    let facts = store.deployment_facts(environment, None, 9).await.unwrap();
    assert_eq!(facts[0].active_operation, Some(operation_id(1)));
    assert_eq!(
        facts[0].changing_stacks,
        [("web".to_owned(), StackStatus::Deploying)]
    );
    let activity = store.activity(environment).await.unwrap();
    let expected = |active| Activity {
        operations: 1,
        events: 1,
        active,
    };
    assert_eq!(activity["stacks:shop-1"], expected(true));

    finish(store, &claim, ProductStatus::Failed).await;
    let facts = store.deployment_facts(environment, None, 9).await.unwrap();
    assert_eq!(facts[0].active_operation, None);
    let activity = store.activity(environment).await.unwrap();
    assert_eq!(activity["stacks:shop-1"], expected(false));
    let standing = store.standing(deployment_id(1)).await.unwrap().unwrap();
    assert_eq!(standing.status, ProductStatus::Failed);
    assert_eq!(standing.group_id, "stacks:shop-1");
    assert_eq!(store.standing(deployment_id(9)).await.unwrap(), None);
    database
        .execute("UPDATE product_deployments SET status = 'Superseded'")
        .await;
    let facts = store.deployment_facts(environment, None, 9).await.unwrap();
    assert_eq!(facts, []);
}

async fn a_reader_cannot_write(database: Database) {
    accepted_operation(&database.store, 1).await;
    let reader = Store::open_to_read(&database.url, &test_keys())
        .await
        .unwrap();
    assert_eq!(reader.operation_facts(None, 9).await.unwrap().len(), 1);
    let refused = reader.insert_environment(&environment()).await;
    assert!(
        matches!(refused, Err(StoreError::Statement { .. })),
        "{refused:?}"
    );
    // Nor does it need the writer to be gone, nor stand in its way.
    accepted_operation(&database.store, 2).await;
    assert_eq!(reader.operation_facts(None, 9).await.unwrap().len(), 2);
    reader.close().await;
}

async fn tables_of_another_version_are_refused(database: Database) {
    let refusal = async || match Store::open_to_read(&database.url, &test_keys()).await {
        Err(StoreError::Migrate { source }) => source,
        other => panic!("{other:?}"),
    };
    database
        .execute("UPDATE _sqlx_migrations SET version = 9999 WHERE version = 1")
        .await;
    assert!(matches!(
        refusal().await,
        MigrationFailure::Newer { version: 9999 }
    ));
    database.execute("DELETE FROM _sqlx_migrations").await;
    assert!(matches!(
        refusal().await,
        MigrationFailure::Older { version: 1 }
    ));
    database.execute("DROP TABLE _sqlx_migrations").await;
    assert!(matches!(refusal().await, MigrationFailure::Record { .. }));
}

#[tokio::test]
async fn nothing_is_made_where_there_is_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/data/windlass.db", folder.path().display());
    let refused = Store::open_to_read(&url, &test_keys()).await;
    assert!(
        matches!(refused, Err(StoreError::NoDatabase { .. })),
        "{refused:?}"
    );
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
}
