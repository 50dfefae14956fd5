//! When observers look: at their interval, over restarts, and once for all servers on one database.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::json;

use super::world::World;
use crate::signals::plain_server::{PlainServer, Reply};
use crate::store::database::Database;
use crate::store::on_both;
use crate::store::samples::at;

on_both! {
    the_interval_is_kept_over_a_restart,
    two_servers_look_once,
    what_has_no_observer_or_is_gone_is_left_alone,
    another_release_is_looked_at_soon,
    a_clock_that_was_set_back_holds_nothing_up,
    a_stop_breaks_looks_off_and_the_next_start_takes_them_up,
}

async fn the_interval_is_kept_over_a_restart(database: Database) {
    let world = World::on(database).await;
    world.write("off");
    let id = world.deploy(1, Some(world.file_observer())).await;
    let poller = world.poller();
    assert_eq!(world.look(&poller).await, 1);
    assert_eq!(world.state(id).await.next_at, at(30_000));
    assert_eq!(world.look(&poller).await, 0);
    poller.stop().await;

    let restarted = world.poller();
    world.pass_seconds(29);
    assert_eq!(world.look(&restarted).await, 0);
    world.pass_seconds(1);
    assert_eq!(world.look(&restarted).await, 1);
    let state = world.state(id).await;
    assert_eq!(state.last.unwrap().at, at(30_000));
    assert_eq!(state.next_at, at(60_000));
}

async fn two_servers_look_once(database: Database) {
    let world = World::on(database).await;
    let server = PlainServer::answering([Reply::ok("off")]);
    let section = json!({ "observer": {
        "type": "http", "url": server.url("/mode"), "maintenanceValue": "on",
    } });
    for number in 1..=6 {
        world.deploy(number, Some(section.clone())).await;
    }
    let (one, other) = (world.poller(), world.poller());
    let (mine, yours) = tokio::join!(world.look(&one), world.look(&other));
    assert_eq!(mine + yours, 6);
    assert_eq!(server.asked().len(), 6);
    world.pass_seconds(30);
    let (mine, yours) = tokio::join!(world.look(&one), world.look(&other));
    assert_eq!(mine + yours, 6);
    assert_eq!(server.asked().len(), 12);
}

async fn what_has_no_observer_or_is_gone_is_left_alone(database: Database) {
    let world = World::on(database).await;
    world.write("off");
    let gone = world.deploy(1, Some(world.file_observer())).await;
    let without = world.deploy(2, None).await;
    let poller = world.poller();
    assert_eq!(world.look(&poller).await, 2);
    assert_eq!(world.state(without).await.last, None);
    world
        .database
        .execute(format!(
            "UPDATE product_deployments SET status = 'Removed' WHERE id = '{gone}'"
        ))
        .await;
    world.pass_seconds(30);
    assert_eq!(world.look(&poller).await, 0);
    world.pass_seconds(7 * 24 * 60 * 60);
    assert_eq!(world.look(&poller).await, 0);
    assert_eq!(world.state(gone).await.last.unwrap().at, at(0));
}

async fn another_release_is_looked_at_soon(database: Database) {
    let world = World::on(database).await;
    let id = world.deploy(1, None).await;
    let poller = world.poller();
    assert_eq!(world.look(&poller).await, 1);
    world.pass_seconds(60);
    assert_eq!(world.look(&poller).await, 0);
    let release = world.store().product_release(id, 1).await.unwrap().unwrap();
    // As text: what is encrypted is refused in another row.
    let product = serde_json::to_string(&release.product).unwrap();
    world
        .database
        .execute(format!(
            "INSERT INTO releases SELECT deployment_id, 2, operation_id, product_id, product_version, '{}', '{{}}',
                 images, result, message, rollback_of, created_by, created_at, ended_at
             FROM releases WHERE deployment_id = '{id}'",
            product.replace('\'', "''")
        ))
        .await;
    world
        .database
        .execute(format!(
            "UPDATE product_deployments SET release_number = 2 WHERE id = '{id}'"
        ))
        .await;
    assert_eq!(world.look(&poller).await, 1);
    assert_eq!(world.look(&poller).await, 0);
}

async fn a_clock_that_was_set_back_holds_nothing_up(database: Database) {
    let world = World::on(database).await;
    world.write("off");
    world.deploy(1, Some(world.file_observer())).await;
    let poller = world.poller();
    world.pass_seconds(24 * 60 * 60);
    assert_eq!(world.look(&poller).await, 1);
    // As far as clocks of several servers may differ, nothing is due.
    world.pass_seconds(-20);
    assert_eq!(world.look(&poller).await, 0);
    world.pass_seconds(-60 * 60);
    assert_eq!(world.look(&poller).await, 1);
    assert_eq!(world.look(&poller).await, 0);
}

async fn a_stop_breaks_looks_off_and_the_next_start_takes_them_up(database: Database) {
    let world = World::on(database).await;
    let silent = PlainServer::answering([Reply::Silence]);
    let section = json!({ "observer": {
        "type": "http", "url": silent.url("/mode"), "maintenanceValue": "on", "timeout": "2m",
    } });
    let mut ids = BTreeSet::new();
    for number in 1..=10 {
        ids.insert(world.deploy(number, Some(section.clone())).await);
    }
    let poller = world.poller();
    // No more than eight at once.
    assert_eq!(poller.look_around().await.unwrap(), 8);
    assert_eq!(poller.look_around().await.unwrap(), 0);
    let began = Instant::now();
    poller.stop().await;
    assert!(began.elapsed() < Duration::from_secs(30));
    for id in ids {
        let state = world.state(id).await;
        assert_eq!((state.last, state.next_at), (None, at(0)));
    }
}
