//! Pages of deployments and operations.

use domain::deployment::{OperationMode, ProductDeployment, ProductStatus};
use domain::operation::OperationStatus;
use server::store::{DeploymentFilter, DeploymentSort, MAX_PAGE, Store};

use super::database::Database;
use super::on_both;
use super::samples::*;

/// Records a deployment whose operation has ended.
async fn settled(
    store: &Store,
    deployment: &ProductDeployment,
    number: u32,
    status: ProductStatus,
) {
    let operation = operation(number, deployment);
    accept(store, &operation, deployment).await.unwrap();
    let claim = store.claim(NODE, at(1_000), LEASE).await.unwrap().unwrap();
    finish(store, &claim, status).await;
}

/// Five deployments, one removed, one superseded, and one in progress.
async fn fill(store: &Store) {
    store.insert_environment(&environment()).await.unwrap();
    use ProductStatus::*;
    for (number, name, status) in [
        (1, "delta", Running),
        (2, "alpha", Failed),
        (3, "Émile", Stopped),
        (4, "bravo_1", PartiallyRunning),
        (5, "charlie 50%", Running),
        (6, "gone", Removed),
        (7, "older", Superseded),
    ] {
        settled(store, &deployment_of(name, number), number, status).await;
    }
    accepted_operation(store, 8).await;
}

async fn numbers(
    store: &Store,
    filter: &DeploymentFilter,
    limit: u32,
    offset: u32,
) -> (Vec<u32>, u64) {
    let (rows, total) = store
        .deployment_page(environment_id(), filter, limit, offset)
        .await
        .unwrap();
    let numbers = rows
        .iter()
        .map(|row| {
            (1..=8)
                .find(|number| deployment_id(*number) == row.id)
                .unwrap()
        })
        .collect();
    (numbers, total)
}

on_both! {
    deployments_in_every_order,
    deployments_filtered,
    deployments_in_pages,
    a_row_shows_what_the_list_needs,
    operations_in_pages,
    stacks_by_id_and_by_name,
}

async fn deployments_in_every_order(database: Database) {
    let store = &database.store;
    fill(store).await;
    for (sort, expect) in [
        (DeploymentSort::Newest, [8, 5, 4, 3, 2, 1]),
        (DeploymentSort::Oldest, [1, 2, 3, 4, 5, 8]),
        (DeploymentSort::WorstFirst, [2, 4, 8, 3, 5, 1]),
    ] {
        let filter = DeploymentFilter {
            sort,
            ..DeploymentFilter::default()
        };
        assert_eq!(
            numbers(store, &filter, 10, 0).await,
            (expect.to_vec(), 6),
            "{sort:?}"
        );
    }
    // Databases sort letters beyond ASCII differently, so only the others are compared.
    let filter = DeploymentFilter {
        sort: DeploymentSort::Name,
        ..DeploymentFilter::default()
    };
    let (mut by_name, _) = numbers(store, &filter, 10, 0).await;
    by_name.retain(|number| *number != 3);
    assert_eq!(by_name, [2, 4, 5, 1, 8]);
}

async fn deployments_filtered(database: Database) {
    let store = &database.store;
    fill(store).await;
    use ProductStatus::*;
    for (search, statuses, expect) in [
        ("", vec![Running], vec![5, 1]),
        ("", vec![Failed, Deploying], vec![8, 2]),
        ("", vec![Removed], vec![]),
        ("ALPHA", vec![], vec![2]),
        ("émile", vec![], vec![3]),
        ("ÉMI", vec![], vec![3]),
        ("50%", vec![], vec![5]),
        ("%", vec![], vec![5]),
        ("_", vec![], vec![4]),
        ("  bravo  ", vec![], vec![4]),
        ("1.0.0", vec![Running], vec![5, 1]),
        ("'; DROP TABLE events; --", vec![], vec![]),
        ("   ", vec![Stopped], vec![3]),
    ] {
        let filter = DeploymentFilter {
            search: Some(search.to_owned()),
            statuses,
            sort: DeploymentSort::Newest,
        };
        let total = u64::try_from(expect.len()).unwrap();
        assert_eq!(
            numbers(store, &filter, 10, 0).await,
            (expect, total),
            "{filter:?}"
        );
    }
}

async fn deployments_in_pages(database: Database) {
    let store = &database.store;
    fill(store).await;
    let all = DeploymentFilter::default();
    assert_eq!(numbers(store, &all, 2, 0).await, (vec![8, 5], 6));
    assert_eq!(numbers(store, &all, 2, 2).await, (vec![4, 3], 6));
    assert_eq!(numbers(store, &all, 2, 5).await, (vec![1], 6));
    assert_eq!(numbers(store, &all, 2, 6).await, (vec![], 6));
    assert_eq!(numbers(store, &all, 0, 0).await, (vec![], 6));
    assert_eq!(numbers(store, &all, u32::MAX, 0).await.0.len(), 6);
    let elsewhere = "018f0000-0000-7000-8000-000000000001".parse().unwrap();
    let none = store.deployment_page(elsewhere, &all, 10, 0).await.unwrap();
    assert_eq!(none, (vec![], 0));
}

async fn a_row_shows_what_the_list_needs(database: Database) {
    let store = &database.store;
    fill(store).await;
    let (rows, _) = store
        .deployment_page(environment_id(), &DeploymentFilter::default(), 10, 0)
        .await
        .unwrap();
    let row = &rows[0];
    assert_eq!(row.id, deployment_id(8));
    assert_eq!(
        (row.group_id.as_str(), row.product_id.as_str()),
        ("stacks:shop-8", "stacks:shop-8:1.0.0")
    );
    assert_eq!(
        (row.product_name.as_str(), row.product_display_name.as_str()),
        ("shop-8", "The shop-8")
    );
    assert_eq!(
        (row.product_version.as_deref(), row.deployment_name.as_str()),
        (Some("1.0.0"), "shop-8")
    );
    assert_eq!(
        (row.status, row.operation_mode),
        (ProductStatus::Deploying, OperationMode::Normal)
    );
    assert_eq!(
        (
            row.created_at,
            row.completed_at,
            row.error_message.as_deref()
        ),
        (at(8), None, None)
    );
    assert_eq!(
        (row.total_stacks, row.completed_stacks, row.failed_stacks),
        (2, 0, 0)
    );
    assert_eq!(row.active_operation, Some(operation_id(8)));
    assert!(
        rows[1..]
            .iter()
            .all(|row| row.active_operation.is_none() && row.completed_at.is_some())
    );
}

async fn operations_in_pages(database: Database) {
    let store = &database.store;
    fill(store).await;
    let ids = |environment, active, limit, offset| async move {
        let (operations, total) = store
            .operation_page(environment, active, limit, offset)
            .await
            .unwrap();
        (
            operations
                .into_iter()
                .map(|operation| operation.id)
                .collect::<Vec<_>>(),
            total,
        )
    };
    let here = Some(environment_id());
    let elsewhere = Some("018f0000-0000-7000-8000-000000000001".parse().unwrap());
    assert_eq!(
        ids(None, false, 2, 1).await,
        (vec![operation_id(7), operation_id(6)], 8)
    );
    assert_eq!(ids(here, false, 1, 0).await, (vec![operation_id(8)], 8));
    assert_eq!(
        ids(None, true, MAX_PAGE, 0).await,
        (vec![operation_id(8)], 1)
    );
    assert_eq!(ids(here, true, 10, 0).await, (vec![operation_id(8)], 1));
    assert_eq!(ids(elsewhere, false, 10, 0).await, (vec![], 0));
    assert_eq!(ids(elsewhere, true, 10, 0).await, (vec![], 0));
    let (operations, _) = store.operation_page(None, false, 10, 7).await.unwrap();
    assert_eq!(operations[0].status, OperationStatus::Succeeded);
}

async fn stacks_by_id_and_by_name(database: Database) {
    let store = &database.store;
    store.insert_environment(&environment()).await.unwrap();
    let older = deployment_of("shop", 1);
    settled(store, &older, 1, ProductStatus::Removed).await;
    let newer = deployment_of("shop", 2);
    settled(store, &newer, 2, ProductStatus::Running).await;
    let gone = deployment_of("gone", 3);
    settled(store, &gone, 3, ProductStatus::Removed).await;

    let find = async |text: &str| {
        let found = store.find_stack(environment_id(), text).await.unwrap();
        found.map(|place| (place.deployment, place.stack))
    };
    let (old_web, web) = (older.stacks[1].id, newer.stacks[1].id);
    assert_eq!(find("shop-web").await, Some((newer.id, web)));
    assert_eq!(find(&web.to_string()).await, Some((newer.id, web)));
    assert_eq!(find(&old_web.to_string()).await, Some((older.id, old_web)));
    assert_eq!(find("gone-web").await, None);
    assert_eq!(find("web").await, None);
    let elsewhere = "018f0000-0000-7000-8000-000000000001".parse().unwrap();
    assert_eq!(store.find_stack(elsewhere, "shop-web").await.unwrap(), None);

    let place = store.stack_of_id(old_web).await.unwrap().unwrap();
    assert_eq!(
        (place.environment, place.deployment),
        (environment_id(), older.id)
    );
    let nobody = "018f0000-0000-7000-8000-000000000001".parse().unwrap();
    assert_eq!(store.stack_of_id(nobody).await.unwrap(), None);
}
