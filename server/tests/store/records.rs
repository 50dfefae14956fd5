//! Everything that can be stored reads back, and what cannot be read is named without being quoted.

use domain::access::Actor;
use domain::deployment::{OperationMode, ProductStatus, StackStatus};
use domain::operation::event::{
    EventBody, Level, OutputLine, ServiceOutline, StackOutline, StepOutline, UnwindReason,
};
use domain::operation::failure::Failure;
use domain::operation::step::StepRecord;
use domain::operation::{OperationKind, OperationStatus, StepState};
use domain::plan::{Phase, Plan, StepKey};
use server::store::{Entry, Settlement, StoreError, Unreadable};

use super::database::Database;
use super::on_both;
use super::samples::*;

on_both! {
    deployments_in_every_status,
    operations_and_stacks_in_every_status,
    steps_in_every_state,
    events_of_every_kind,
    what_a_newer_version_wrote_is_named,
    a_plan_of_a_newer_version_stands_in_nobody_s_way,
    no_error_quotes_a_secret,
}

async fn deployments_in_every_status(database: Database) {
    let store = &database.store;
    store.insert_environment(&environment()).await.unwrap();
    for (number, status) in (1..).zip(ProductStatus::ALL) {
        let mut deployment = deployment(number);
        deployment.status = *status;
        deployment.operation_mode = OperationMode::Maintenance;
        deployment.deployed_by = Actor::System;
        deployment.completed_at = Some(at(7));
        deployment.error_message = Some("It’s 50 % broken.".to_owned());
        deployment.continue_on_error = false;
        deployment.previous_version = Some("0.9.0".to_owned());
        deployment.last_upgraded_at = Some(at(8));
        deployment.upgrade_count = 3;
        for (stack, status) in deployment.stacks.iter_mut().zip(StackStatus::ALL) {
            stack.status = *status;
            stack.started_at = Some(at(9));
            stack.completed_at = Some(at(10));
            stack.error_message = Some("no".to_owned());
            stack.is_new_in_upgrade = true;
        }
        accept(store, &operation(number, &deployment), &deployment)
            .await
            .unwrap();
        let read = store
            .deployment(environment_id(), deployment.id)
            .await
            .unwrap();
        assert_eq!(read, Some(deployment));
    }
}

async fn operations_and_stacks_in_every_status(database: Database) {
    let store = &database.store;
    let mut number = 0;
    for status in OperationStatus::ALL {
        number += 1;
        let claim = claimed_operation(store, number).await;
        let entry = if status.is_final() {
            Entry::Finish {
                status: *status,
                deployment: claim.operation.deployment_id,
                product_status: ProductStatus::Failed,
                message: "It ended.",
                error: None,
                settlement: Settlement::nothing(),
            }
        } else {
            Entry::Status(*status)
        };
        store
            .append(&claim.lease, at(2_000), LEASE, &[entry])
            .await
            .unwrap();
        let read = store.operation(claim.operation.id).await.unwrap().unwrap();
        assert_eq!(read.status, *status);
    }
    let claim = claimed_operation(store, number + 1).await;
    for status in StackStatus::ALL {
        let deployment = claim.operation.deployment_id;
        let entry = Entry::Stack {
            deployment,
            stack: "web",
            status: *status,
            message: None,
        };
        store
            .append(&claim.lease, at(2_000), LEASE, &[entry])
            .await
            .unwrap();
        let read = store
            .deployment(environment_id(), deployment)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(read.stacks[1].status, *status);
    }
}

async fn steps_in_every_state(database: Database) {
    let store = &database.store;
    let claim = claimed_operation(store, 1).await;
    let steps: Vec<_> = StepState::ALL
        .iter()
        .enumerate()
        .map(|(index, state)| StepRecord {
            key: StepKey::new(format!("step {index}")),
            state: *state,
            attempt: u32::MAX,
            failure: (index % 2 == 0).then(evidence),
            next_at: Some(at(1)),
            started_at: Some(at(2)),
            ended_at: (index % 2 == 1).then_some(at(3)),
        })
        .collect();
    let entries: Vec<_> = steps.iter().map(Entry::Step).collect();
    store
        .append(&claim.lease, at(2_000), LEASE, &entries)
        .await
        .unwrap();
    assert_eq!(store.steps(claim.operation.id).await.unwrap(), steps);
}

async fn events_of_every_kind(database: Database) {
    let store = &database.store;
    let claim = claimed_operation(store, 1).await;
    let levels = [Level::Detail, Level::Info, Level::Warning, Level::Error];
    let bodies = events();
    let entries: Vec<_> = bodies
        .iter()
        .zip(levels.into_iter().cycle())
        .map(|(body, level)| Entry::Event { level, body })
        .collect();
    store
        .append(&claim.lease, at(2_000), LEASE, &entries)
        .await
        .unwrap();
    let read = store
        .events_after(claim.operation.id, 1, 100)
        .await
        .unwrap();
    assert_eq!(read.len(), bodies.len());
    for ((event, body), level) in read.iter().zip(&bodies).zip(levels.into_iter().cycle()) {
        assert_eq!(
            (&event.body, event.level, event.at),
            (body, level, at(2_000))
        );
    }
}

async fn what_a_newer_version_wrote_is_named(database: Database) {
    let store = &database.store;
    let claim = claimed_operation(store, 1).await;
    database
        .execute("UPDATE operations SET kind = 'teleport'")
        .await;
    let error = store.operation(claim.operation.id).await.unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::Unreadable {
                table: "operations",
                column: "kind",
                reason: Unreadable::Word
            }
        ),
        "{error:?}"
    );
    // It is not claimed either: a newer version shall find it as it is.
    store.release(&claim.lease).await.unwrap();
    assert_eq!(store.claim(NODE, at(2_000), LEASE).await.unwrap(), None);
    database
        .execute("UPDATE operations SET kind = 'deploy'")
        .await;
    assert_eq!(
        store
            .claim(NODE, at(2_000), LEASE)
            .await
            .unwrap()
            .unwrap()
            .lease
            .fence,
        2
    );

    database
        .execute("UPDATE events SET body = '{\"type\":\"sang\"}'")
        .await;
    assert!(matches!(
        store.events_after(claim.operation.id, 0, 1).await,
        Err(StoreError::Unreadable {
            table: "events",
            column: "body",
            reason: Unreadable::Json { .. }
        })
    ));
    database
        .execute("UPDATE stack_deployments SET position = -1")
        .await;
    assert!(matches!(
        store.deployment(environment_id(), deployment_id(1)).await,
        Err(StoreError::Unreadable {
            column: "position",
            reason: Unreadable::Range,
            ..
        })
    ));
}

async fn a_plan_of_a_newer_version_stands_in_nobody_s_way(database: Database) {
    let store = &database.store;
    let claim = claimed_operation(store, 1).await;
    let plan = Plan {
        version: 1,
        steps: Vec::new(),
        ..Plan::default()
    };
    store
        .append(&claim.lease, at(2_000), LEASE, &[Entry::Plan(&plan)])
        .await
        .unwrap();
    store.release(&claim.lease).await.unwrap();
    accepted_operation(store, 2).await;
    database
        .execute("UPDATE operation_plans SET plan = '{\"version\":2,\"graph\":[]}'")
        .await;
    let error = store.claim(NODE, at(2_000), LEASE).await.unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::Unreadable {
                table: "operation_plans",
                ..
            }
        ),
        "{error:?}"
    );
    let other = store.claim(NODE, at(2_000), LEASE).await.unwrap().unwrap();
    assert_eq!(other.operation.id, operation_id(2));
    assert_eq!(store.claim(NODE, at(2_000), LEASE).await.unwrap(), None);
    // A node that understands it takes it when the lease is over.
    database
        .execute("UPDATE operations SET lease_until = 0 WHERE owner IS NULL")
        .await;
    database
        .execute("UPDATE operation_plans SET plan = '{\"version\":1,\"steps\":[]}'")
        .await;
    let again = store.claim(NODE, at(2_000), LEASE).await.unwrap().unwrap();
    assert_eq!(again.operation.plan, Some(plan));
}

async fn no_error_quotes_a_secret(database: Database) {
    let store = &database.store;
    accepted_operation(store, 1).await;
    database
        .execute("UPDATE releases SET shared_values = '\"hunter2\"'")
        .await;
    let error = store
        .deployment(environment_id(), deployment_id(1))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("releases.shared_values"),
        "{error}"
    );
    assert!(
        !format!("{error} {error:?}").contains("hunter2"),
        "{error:?}"
    );
    // PostgreSQL quotes the whole row in the details of a refused one.
    let mut broken = deployment(2);
    broken.stacks[1].stack_name = "infra".to_owned();
    let error = accept(store, &operation(2, &broken), &broken)
        .await
        .unwrap_err();
    assert!(
        !format!("{error} {error:?}").contains("hunter2"),
        "{error:?}"
    );
    let told = format!("{store:?} {broken:?}");
    assert!(
        !told.contains("hunter2") && !told.contains(&database.url),
        "{told}"
    );
}

fn evidence() -> Failure {
    Failure {
        message: "The container exited.".to_owned(),
        hint: Some("Look at its log.".to_owned()),
        exit_code: Some(-1),
        log_lines: vec!["panic: \u{1f525}".to_owned(), String::new()],
        health_output: Some("connection refused".to_owned()),
    }
}

fn events() -> Vec<EventBody> {
    let step = StepKey::new("start web/app");
    let outline = StepOutline {
        step: step.clone(),
        title: "Start app".to_owned(),
        phase: Phase::StartingServices,
        cause: "it does not run".to_owned(),
        stack: Some("web".to_owned()),
        service: None,
        waits_for: Vec::new(),
    };
    vec![
        EventBody::Accepted {
            kind: OperationKind::Deploy,
            actor: Actor::System,
            product_name: "shop".to_owned(),
            product_version: Some("1.0.0".to_owned()),
            previous_version: None,
            environment_name: "local".to_owned(),
            stacks: vec![StackOutline {
                name: "web".to_owned(),
                display_name: "Web".to_owned(),
                deployment_stack_name: "shop-web".to_owned(),
                status: None,
                services: vec![ServiceOutline {
                    name: "migrate".to_owned(),
                    init: true,
                }],
            }],
        },
        EventBody::Claimed {
            node: NODE.to_owned(),
            resumed: true,
        },
        EventBody::Planned {
            steps: vec![outline.clone()],
            kept: Vec::new(),
        },
        EventBody::Unwinding {
            reason: UnwindReason::Cancelled,
            steps: vec![outline],
        },
        EventBody::StepStarted {
            step: step.clone(),
            attempt: 2,
        },
        EventBody::StepProgress {
            step: step.clone(),
            message: "Pulling".to_owned(),
            current: 1 << 40,
            total: 0,
        },
        EventBody::StepOutput {
            step: step.clone(),
            lines: vec![OutputLine {
                stderr: true,
                text: "it's \"fine\"\t\\".to_owned(),
            }],
        },
        EventBody::StepDone {
            step: step.clone(),
            result: None,
        },
        EventBody::StepRetrying {
            step: step.clone(),
            attempt: 3,
            at: at(5),
            failure: evidence(),
        },
        EventBody::StepFailed {
            step: step.clone(),
            failure: Failure::new("no"),
        },
        EventBody::StepSkipped {
            step,
            because: "the image is missing".to_owned(),
        },
        EventBody::StackChanged {
            stack: "web".to_owned(),
            status: StackStatus::Failed,
            message: Some("no".to_owned()),
        },
        EventBody::CancelRequested {
            by: Actor::LocalOperator,
        },
        EventBody::StatusChanged {
            status: OperationStatus::Waiting,
            message: "In a while".to_owned(),
        },
        EventBody::Finished {
            status: OperationStatus::Cancelled,
            product_status: ProductStatus::Failed,
            message: "Cancelled.".to_owned(),
        },
    ]
}
