//! Changes of health, and what an observer reads of the record.

use std::time::Duration;

use domain::deployment::{OperationMode, ProductStatus, StackStatus};
use domain::health::{HealthSource, HealthStatus, Standing, Tally};
use domain::id::HealthTransitionId;
use server::store::{HealthTransition, Place, Scope, Store};
use uuid::Uuid;

use super::database::Database;
use super::on_both;
use super::samples::*;

fn transition(
    number: u32,
    stack: Option<&str>,
    service: Option<&str>,
    to: HealthStatus,
) -> HealthTransition {
    HealthTransition {
        id: HealthTransitionId::from_uuid(Uuid::from_u128(u128::from(number))),
        environment: environment_id(),
        deployment: deployment_id(1),
        stack: stack.map(str::to_owned),
        service: service.map(str::to_owned),
        from: (number > 1).then_some(HealthStatus::Unknown),
        to,
        reason: format!("Reason “{number}”"),
        source: HealthSource::Event,
        operation_active: number.is_multiple_of(2),
        tally: Tally {
            healthy: number,
            total: 9,
        },
        at: at(i64::from(number)),
    }
}

async fn read(store: &Store, scope: Scope<'_>, limit: u32) -> Vec<HealthTransition> {
    store
        .health_transitions(deployment_id(1), scope, limit)
        .await
        .unwrap()
}

async fn changes_are_read_back_the_newest_first(database: Database) {
    let store = &database.store;
    accepted_operation(store, 1).await;
    let all = [
        transition(1, None, None, HealthStatus::Running),
        transition(2, Some("web"), None, HealthStatus::Degraded),
        transition(3, Some("web"), Some("app"), HealthStatus::Unhealthy),
        transition(4, Some("infra"), Some("app"), HealthStatus::NotFound),
        transition(5, None, None, HealthStatus::Unknown),
    ];
    store.record_health_transitions(&all).await.unwrap();
    store.record_health_transitions(&[]).await.unwrap();
    let pick = |numbers: &[usize]| -> Vec<HealthTransition> {
        numbers
            .iter()
            .map(|number| all[number - 1].clone())
            .collect()
    };
    assert_eq!(
        read(store, Scope::Everything, 9).await,
        pick(&[5, 4, 3, 2, 1])
    );
    assert_eq!(read(store, Scope::Everything, 2).await, pick(&[5, 4]));
    assert_eq!(read(store, Scope::Product, 9).await, pick(&[5, 1]));
    assert_eq!(
        read(store, Scope::StackAndServices("web"), 9).await,
        pick(&[3, 2])
    );
    assert_eq!(read(store, Scope::Stack("web"), 9).await, pick(&[2]));
    assert_eq!(read(store, Scope::Stack("nothing"), 9).await, []);

    let mut last: Vec<_> = store
        .last_health(environment_id())
        .await
        .unwrap()
        .into_iter()
        .map(|last| (last.stack, last.service, last.status, last.at))
        .collect();
    last.sort_by_key(|(.., at)| *at);
    let expected: Vec<_> = pick(&[2, 3, 4, 5])
        .into_iter()
        .map(|change| (change.stack, change.service, change.to, change.at))
        .collect();
    assert_eq!(last, expected);
}

async fn a_change_that_is_known_is_not_recorded_twice(database: Database) {
    let store = &database.store;
    accepted_operation(store, 1).await;
    // As another node would have seen it.
    for number in 1..=3 {
        let seen = transition(number, None, None, HealthStatus::Unhealthy);
        store.record_health_transitions(&[seen]).await.unwrap();
    }
    let back = transition(4, None, None, HealthStatus::Healthy);
    let again = transition(5, None, None, HealthStatus::Unhealthy);
    store
        .record_health_transitions(&[back, again])
        .await
        .unwrap();
    let ids: Vec<u128> = read(store, Scope::Everything, 9)
        .await
        .iter()
        .map(|change| change.id.uuid().as_u128())
        .collect();
    assert_eq!(ids, [5, 4, 1]);
}

async fn old_changes_and_too_many_are_forgotten(database: Database) {
    let store = &database.store;
    accepted_operation(store, 1).await;
    let statuses = [HealthStatus::Healthy, HealthStatus::Unhealthy];
    let many: Vec<_> = (1..=10)
        .map(|number| transition(number, None, None, statuses[number as usize % 2]))
        .collect();
    store.record_health_transitions(&many).await.unwrap();
    let pruned = store
        .prune_health_transitions(at(5), Duration::from_millis(2), 4)
        .await
        .unwrap();
    assert_eq!(pruned, 6);
    let kept: Vec<_> = read(store, Scope::Everything, 99).await;
    let times: Vec<_> = kept.iter().map(|change| change.at).collect();
    assert_eq!(times, [at(10), at(9), at(8), at(7)]);
}

async fn what_is_deployed_is_read_narrow(database: Database) {
    let store = &database.store;
    let claim = claimed_operation(store, 1).await;
    let read = async || store.standings(environment_id()).await.unwrap();
    let rows = read().await;
    let [row] = rows.as_slice() else {
        panic!("{rows:?}");
    };
    let standing = |status, stacks| Standing {
        status,
        mode: OperationMode::Normal,
        stacks: ["infra", "web"]
            .map(|name| (name.to_owned(), stacks))
            .into(),
    };
    assert_eq!(row.id, deployment_id(1));
    assert_eq!(
        row.standing,
        standing(ProductStatus::Deploying, StackStatus::Pending)
    );
    assert!(row.operation_active);
    assert_eq!(row.stack_ids.len(), 2);
    let same = store.standing_of(environment_id(), row.id).await.unwrap();
    assert_eq!(same.as_ref(), Some(row));
    let nothing = store.standing_of(environment_id(), deployment_id(9)).await;
    assert_eq!(nothing.unwrap(), None);

    let edition = row.edition.clone();
    finish(store, &claim, ProductStatus::Running).await;
    let rows = read().await;
    assert_eq!(rows[0].standing.status, ProductStatus::Running);
    assert!(!rows[0].operation_active);
    assert_ne!(rows[0].edition, edition);

    accepted_operation(store, 2).await;
    let claim = store.claim(NODE, at(3_000), LEASE).await.unwrap().unwrap();
    finish(store, &claim, ProductStatus::Removed).await;
    assert_eq!(read().await.len(), 1);
}

async fn an_id_is_a_deployments_or_a_stacks(database: Database) {
    let store = &database.store;
    accepted_operation(store, 1).await;
    let place = |stack: Option<&str>| Place {
        environment: environment_id(),
        deployment: deployment_id(1),
        stack: stack.map(str::to_owned),
    };
    let find = async |id: &str| store.place_of(id).await.unwrap();
    assert_eq!(find(&deployment_id(1).to_string()).await, Some(place(None)));
    let stack = deployment(1).stacks[1].id.to_string();
    assert_eq!(find(&stack).await, Some(place(Some("web"))));
    assert_eq!(find(&deployment_id(9).to_string()).await, None);
}

on_both! {
    changes_are_read_back_the_newest_first,
    a_change_that_is_known_is_not_recorded_twice,
    old_changes_and_too_many_are_forgotten,
    what_is_deployed_is_read_narrow,
    an_id_is_a_deployments_or_a_stacks,
}
