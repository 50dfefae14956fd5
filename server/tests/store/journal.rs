//! Appends: together or not at all, in order, and never after the end.

use domain::deployment::{ProductStatus, StackStatus};
use domain::operation::event::{EventBody, Level};
use domain::operation::failure::Failure;
use domain::operation::step::StepRecord;
use domain::operation::{OperationStatus, StepState};
use domain::plan::{Plan, StepKey};
use server::store::{DeploymentFilter, Entry, Settlement, StoreError};

use super::database::Database;
use super::on_both;
use super::samples::*;

/// A plan as version 1 stored it, with every kind of step.
const STORED_PLAN: &str = include_str!("plan_v1.json");

fn step(key: &str, state: StepState) -> StepRecord {
    StepRecord {
        key: StepKey::new(key),
        state,
        attempt: 1,
        failure: None,
        next_at: None,
        started_at: Some(at(1)),
        ended_at: None,
    }
}

on_both! {
    events_are_numbered_without_gaps,
    an_append_that_fails_leaves_nothing,
    a_step_has_one_row_and_the_last_word_counts,
    any_number_of_events_and_steps_is_written_together,
    stacks_carry_their_times_and_counts,
    the_end_is_the_end,
    an_operation_ends_by_its_finish_only,
    a_plan_of_version_1_is_still_understood,
    an_append_that_is_made_again_is_written_once,
    an_append_after_somebody_else_is_refused,
}

async fn events_are_numbered_without_gaps(database: Database) {
    let store = &database.store;
    let claim = claimed_operation(store, 1).await;
    let bodies: Vec<EventBody> = (0..60)
        .map(|number| note(&format!("word {number}")))
        .collect();
    let mut next = 2;
    for size in [1, 0, 3, 16, 21, 19] {
        let from = usize::try_from(next - 2).unwrap();
        let entries: Vec<_> = bodies[from..from + size]
            .iter()
            .map(|body| Entry::Event {
                level: Level::Detail,
                body,
            })
            .collect();
        let appended = store
            .append(&claim.lease, at(2_000 + next), LEASE, &entries)
            .await
            .unwrap();
        assert_eq!(appended.first_seq, next);
        next += i64::try_from(size).unwrap();
        assert_eq!(appended.last_seq, next - 1);
    }
    let events = store
        .events_after(claim.operation.id, 1, 500)
        .await
        .unwrap();
    assert_eq!(events.len(), 60);
    for (index, event) in events.iter().enumerate() {
        assert_eq!(event.seq, i64::try_from(index).unwrap() + 2);
        assert_eq!(event.body, bodies[index]);
    }
    assert_eq!(
        store
            .operation(claim.operation.id)
            .await
            .unwrap()
            .unwrap()
            .event_seq,
        61
    );
    // A reader goes on where it was, in pieces.
    let piece = store.events_after(claim.operation.id, 40, 5).await.unwrap();
    assert_eq!(
        piece.iter().map(|event| event.seq).collect::<Vec<_>>(),
        [41, 42, 43, 44, 45]
    );
    assert_eq!(
        store.events_after(claim.operation.id, 61, 5).await.unwrap(),
        []
    );
}

async fn an_append_that_fails_leaves_nothing(database: Database) {
    let store = &database.store;
    let claim = claimed_operation(store, 1).await;
    let (event, record) = (note("never"), step("start web/app", StepState::Started));
    let plan = Plan {
        version: 1,
        steps: Vec::new(),
        ..Plan::default()
    };
    let entries = [
        Entry::Event {
            level: Level::Info,
            body: &event,
        },
        Entry::Step(&record),
        Entry::Plan(&plan),
        Entry::Status(OperationStatus::Compensating),
        Entry::Stack {
            deployment: deployment_id(1),
            stack: "infra",
            status: StackStatus::Running,
            message: None,
        },
        Entry::Stack {
            deployment: deployment_id(1),
            stack: "cellar",
            status: StackStatus::Running,
            message: None,
        },
    ];
    match store.append(&claim.lease, at(2_000), LEASE, &entries).await {
        Err(StoreError::StackUnknown { stack, .. }) => assert_eq!(stack, "cellar"),
        other => panic!("{other:?}"),
    }
    assert_eq!(
        store.operation(claim.operation.id).await.unwrap(),
        Some(claim.operation.clone())
    );
    assert_eq!(store.steps(claim.operation.id).await.unwrap(), []);
    assert_eq!(
        store.events_after(claim.operation.id, 1, 10).await.unwrap(),
        []
    );
    assert_eq!(
        store
            .deployment(environment_id(), deployment_id(1))
            .await
            .unwrap(),
        Some(deployment(1))
    );
    // The number was not used up.
    let appended = store
        .append(&claim.lease, at(2_001), LEASE, &entries[..1])
        .await
        .unwrap();
    assert_eq!(appended.first_seq, 2);
}

async fn a_step_has_one_row_and_the_last_word_counts(database: Database) {
    let store = &database.store;
    let claim = claimed_operation(store, 1).await;
    let started: Vec<_> = (0..50)
        .map(|n| step(&format!("step {n:02}"), StepState::Started))
        .collect();
    let done: Vec<_> = (0..50)
        .map(|n| step(&format!("step {n:02}"), StepState::Done))
        .collect();
    let body = note("on it");
    // Begun and done in one append: one row.
    let entries: Vec<_> = started
        .iter()
        .chain(&done[..25])
        .flat_map(|record| {
            [
                Entry::Event {
                    level: Level::Info,
                    body: &body,
                },
                Entry::Step(record),
            ]
        })
        .collect();
    store
        .append(&claim.lease, at(2_000), LEASE, &entries)
        .await
        .unwrap();
    let steps = store.steps(claim.operation.id).await.unwrap();
    assert_eq!(steps, [&done[..25], &started[25..]].concat());
    let entries: Vec<_> = done[25..].iter().map(Entry::Step).collect();
    store
        .append(&claim.lease, at(2_001), LEASE, &entries)
        .await
        .unwrap();
    assert_eq!(store.steps(claim.operation.id).await.unwrap(), done);
}

/// Few are written in another way than many, where the database can.
async fn any_number_of_events_and_steps_is_written_together(database: Database) {
    let store = &database.store;
    let claim = claimed_operation(store, 1).await;
    let (mut told, mut recorded) = (Vec::new(), Vec::new());
    for (events, steps) in (0..=6).flat_map(|events| (0..=6).map(move |steps| (events, steps))) {
        let bodies: Vec<_> = (0..events)
            .map(|number| note(&format!("{events} and {steps}: {number}")))
            .collect();
        let records: Vec<_> = (0..steps)
            .map(|number| StepRecord {
                // Every second one has all that a record can have.
                failure: (number % 2 == 1).then(|| Failure::new("it's \"odd\"")),
                next_at: (number % 2 == 1).then(|| at(3)),
                ended_at: (number % 2 == 1).then(|| at(2)),
                ..step(&format!("step {events} {steps} {number}"), StepState::Done)
            })
            .collect();
        let entries: Vec<_> = bodies
            .iter()
            .map(|body| Entry::Event {
                level: Level::Info,
                body,
            })
            .chain(records.iter().map(Entry::Step))
            .collect();
        let newest = i64::try_from(told.len()).unwrap() + 1;
        let written = store
            .append_after(&claim.lease, newest, at(2_000), LEASE, &entries)
            .await
            .unwrap();
        assert_eq!(written.first_seq, newest + 1);
        told.extend(bodies);
        recorded.extend(records);
    }
    let operation = claim.operation.id;
    let events = store.events_after(operation, 1, 500).await.unwrap();
    let bodies: Vec<_> = events.iter().map(|event| event.body.clone()).collect();
    assert_eq!(bodies, told);
    assert!(events.iter().all(|event| event.at == at(2_000)));
    recorded.sort_by(|a, b| a.key.as_str().cmp(b.key.as_str()));
    assert_eq!(store.steps(operation).await.unwrap(), recorded);
}

async fn stacks_carry_their_times_and_counts(database: Database) {
    let store = &database.store;
    let claim = claimed_operation(store, 1).await;
    let set = |millis, stack: &'static str, status, message| {
        let lease = &claim.lease;
        async move {
            let entry = Entry::Stack {
                deployment: deployment_id(1),
                stack,
                status,
                message,
            };
            store
                .append(lease, at(millis), LEASE, &[entry])
                .await
                .unwrap();
            let deployment = store
                .deployment(environment_id(), deployment_id(1))
                .await
                .unwrap()
                .unwrap();
            let stack = deployment
                .stacks
                .into_iter()
                .find(|s| s.stack_name == stack)
                .unwrap();
            (
                stack.status,
                stack.started_at,
                stack.completed_at,
                stack.error_message,
            )
        }
    };
    let counts = || async {
        let (rows, _) = store
            .deployment_page(environment_id(), &DeploymentFilter::default(), 1, 0)
            .await
            .unwrap();
        (
            rows[0].total_stacks,
            rows[0].completed_stacks,
            rows[0].failed_stacks,
        )
    };
    use StackStatus::*;
    assert_eq!(counts().await, (2, 0, 0));
    assert_eq!(
        set(10, "infra", Deploying, None).await,
        (Deploying, Some(at(10)), None, None)
    );
    assert_eq!(
        set(20, "infra", Running, None).await,
        (Running, Some(at(10)), Some(at(20)), None)
    );
    assert_eq!(counts().await, (2, 1, 0));
    set(30, "web", Deploying, None).await;
    let failed = Some("It exited with code 1.");
    assert_eq!(
        set(40, "web", Failed, failed).await,
        (
            Failed,
            Some(at(30)),
            Some(at(40)),
            failed.map(str::to_owned)
        )
    );
    assert_eq!(counts().await, (2, 1, 1));
    assert_eq!(
        set(50, "infra", Stopped, None).await,
        (Stopped, Some(at(10)), Some(at(20)), None)
    );
    assert_eq!(
        set(60, "web", Pending, None).await,
        (Pending, None, None, None)
    );
    assert_eq!(
        set(70, "web", Deploying, None).await,
        (Deploying, Some(at(70)), None, None)
    );
    assert_eq!(counts().await, (2, 0, 0));
}

async fn the_end_is_the_end(database: Database) {
    let store = &database.store;
    let claim = claimed_operation(store, 1).await;
    let body = EventBody::Finished {
        status: OperationStatus::Failed,
        product_status: ProductStatus::PartiallyRunning,
        message: "One stack failed.".to_owned(),
    };
    let end = [
        Entry::NotBefore(Some(at(9_000))),
        Entry::Finish {
            status: OperationStatus::Failed,
            deployment: deployment_id(1),
            product_status: ProductStatus::PartiallyRunning,
            message: "One stack failed.",
            error: Some("web: it exited with code 1"),
            settlement: Settlement::nothing(),
        },
        Entry::Event {
            level: Level::Error,
            body: &body,
        },
    ];
    store
        .append(&claim.lease, at(3_000), LEASE, &end)
        .await
        .unwrap();
    let ended = store.operation(claim.operation.id).await.unwrap().unwrap();
    assert_eq!(ended.status, OperationStatus::Failed);
    assert_eq!(ended.message.as_deref(), Some("One stack failed."));
    assert_eq!(
        (ended.finished_at, ended.not_before, ended.event_seq),
        (Some(at(3_000)), None, 2)
    );
    let product = store
        .deployment(environment_id(), deployment_id(1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (product.status, product.completed_at),
        (ProductStatus::PartiallyRunning, Some(at(3_000)))
    );
    assert_eq!(
        product.error_message.as_deref(),
        Some("web: it exited with code 1")
    );

    for entries in [&end[..], &end[2..], &[]] {
        assert!(matches!(
            store.append(&claim.lease, at(3_001), LEASE, entries).await,
            Err(StoreError::FencedOut { .. })
        ));
    }
    assert!(matches!(
        store.heartbeat(&claim.lease, at(3_001), LEASE).await,
        Err(StoreError::FencedOut { .. })
    ));
    assert_eq!(store.claim(NODE, at(900_000), LEASE).await.unwrap(), None);
    assert_eq!(
        store.operation(claim.operation.id).await.unwrap(),
        Some(ended)
    );
}

async fn an_operation_ends_by_its_finish_only(database: Database) {
    let store = &database.store;
    let claim = claimed_operation(store, 1).await;
    let finish = Entry::Finish {
        status: OperationStatus::Stuck,
        deployment: deployment_id(1),
        product_status: ProductStatus::Failed,
        message: "It is stuck.",
        error: None,
        settlement: Settlement::nothing(),
    };
    for entry in [finish, Entry::Status(OperationStatus::Cancelled)] {
        assert!(matches!(
            store.append(&claim.lease, at(2_000), LEASE, &[entry]).await,
            Err(StoreError::StatusMisplaced { .. })
        ));
    }
    let unknown = Entry::Finish {
        status: OperationStatus::Failed,
        deployment: deployment_id(8),
        product_status: ProductStatus::Failed,
        message: "It failed.",
        error: None,
        settlement: Settlement::nothing(),
    };
    assert!(matches!(
        store
            .append(&claim.lease, at(2_000), LEASE, &[unknown])
            .await,
        Err(StoreError::DeploymentUnknown { .. })
    ));
    assert_eq!(
        store.operation(claim.operation.id).await.unwrap(),
        Some(claim.operation)
    );
}

async fn a_plan_of_version_1_is_still_understood(database: Database) {
    let store = &database.store;
    let claim = claimed_operation(store, 1).await;
    let quoted = STORED_PLAN.replace('\'', "''");
    database
        .execute(format!(
            "INSERT INTO operation_plans (operation_id, version, plan) VALUES ('{}', 1, '{quoted}')",
            claim.operation.id
        ))
        .await;
    let plan = store
        .operation(claim.operation.id)
        .await
        .unwrap()
        .unwrap()
        .plan
        .unwrap();
    let stored: serde_json::Value = serde_json::from_str(STORED_PLAN).unwrap();
    assert_eq!(serde_json::to_value(&plan).unwrap(), stored);
    // A claim hands it over, and a later plan takes its place.
    store.release(&claim.lease).await.unwrap();
    let again = store.claim(NODE, at(2_000), LEASE).await.unwrap().unwrap();
    assert_eq!(again.operation.plan.as_ref(), Some(&plan));
    let shorter = Plan {
        version: 1,
        steps: plan.steps[..1].to_vec(),
        ..Plan::default()
    };
    store
        .append(&again.lease, at(2_001), LEASE, &[Entry::Plan(&shorter)])
        .await
        .unwrap();
    assert_eq!(
        store
            .operation(claim.operation.id)
            .await
            .unwrap()
            .unwrap()
            .plan,
        Some(shorter)
    );
}

async fn an_append_that_is_made_again_is_written_once(database: Database) {
    let store = &database.store;
    let claim = claimed_operation(store, 1).await;
    let (one, two) = (note("one"), note("two"));
    let level = Level::Info;
    let entries = [
        Entry::Event { level, body: &one },
        Entry::Event { level, body: &two },
    ];
    let append = async |newest, now| {
        store
            .append_after(&claim.lease, newest, at(now), LEASE, &entries)
            .await
            .unwrap()
    };
    let first = append(1, 2_000).await;
    assert_eq!((first.first_seq, first.last_seq), (2, 3));
    // The same numbers, and the time at which it was written.
    assert_eq!(append(1, 3_000).await, first);
    let events = store.events_after(claim.operation.id, 0, 9).await.unwrap();
    assert_eq!(events.len(), 3);
    assert_eq!(append(3, 3_000).await.first_seq, 4);

    // Also the end, which gives the lease away.
    let end = [
        Entry::Event { level, body: &one },
        Entry::Finish {
            status: OperationStatus::Succeeded,
            deployment: claim.operation.deployment_id,
            product_status: ProductStatus::Running,
            message: "It ended.",
            error: None,
            settlement: Settlement::nothing(),
        },
    ];
    for _ in 0..2 {
        let ended = store
            .append_after(&claim.lease, 5, at(4_000), LEASE, &end)
            .await
            .unwrap();
        assert_eq!((ended.first_seq, ended.last_seq), (6, 6));
    }
    let after = store
        .append_after(&claim.lease, 6, at(4_000), LEASE, &entries)
        .await;
    assert!(
        matches!(after, Err(StoreError::FencedOut { .. })),
        "{after:?}"
    );
}

async fn an_append_after_somebody_else_is_refused(database: Database) {
    let store = &database.store;
    let claim = claimed_operation(store, 1).await;
    let body = note("one");
    let level = Level::Info;
    let entries = [Entry::Event { level, body: &body }];
    store.release(&claim.lease).await.unwrap();
    let other = store.claim("node-b", at(2_000), LEASE).await.unwrap();
    let lease = other.unwrap().lease;
    store
        .append_after(&lease, 1, at(2_000), LEASE, &entries)
        .await
        .unwrap();
    // It looks as if its own try had been written.
    let fenced = store
        .append_after(&claim.lease, 1, at(2_001), LEASE, &entries)
        .await;
    assert!(
        matches!(fenced, Err(StoreError::FencedOut { .. })),
        "{fenced:?}"
    );
    // Nor does a writer that lost count write on.
    let lost = store
        .append_after(&lease, 7, at(2_001), LEASE, &entries)
        .await;
    assert!(
        matches!(lost, Err(StoreError::FencedOut { .. })),
        "{lost:?}"
    );
    // Without events there is nothing to be written twice, and a status may be written again.
    let status = [Entry::Status(OperationStatus::Running)];
    for _ in 0..2 {
        let again = store
            .append_after(&lease, 2, at(2_002), LEASE, &status)
            .await;
        assert_eq!(again.unwrap().last_seq, 2);
    }
}
