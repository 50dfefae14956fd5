//! What comes of a look: what is kept, who is told, and what is never touched.

use std::fs;

use domain::access::Actor;
use domain::deployment::OperationMode;
use domain::maintenance::{CheckOutcome, TriggerSource};
use serde_json::json;
use server::maintenance::ObserverError;

use super::world::World;
use crate::store::database::Database;
use crate::store::on_both;
use crate::store::samples::{at, values};

on_both! {
    a_look_asks_for_the_mode_that_it_sees_until_it_is_there,
    maintenance_of_a_person_is_never_touched,
    a_failing_look_changes_nothing_and_says_so,
    a_variable_without_a_value_is_said_and_no_secret_is,
    a_look_by_hand,
}

async fn a_look_asks_for_the_mode_that_it_sees_until_it_is_there(database: Database) {
    use OperationMode::{Maintenance, Normal};
    let world = World::on(database).await;
    world.write("off");
    let id = world.deploy(1, Some(world.file_observer())).await;
    let poller = world.poller();
    world.look(&poller).await;
    assert_eq!(world.wishes(), []);

    world.write("ON\n");
    world.refuse(true);
    world.pass_seconds(30);
    world.look(&poller).await;
    assert_eq!(world.reasons(), ["The file observer reads 'ON'."]);
    assert_eq!(world.wishes(), [(id, Maintenance)]);
    // It was refused, so the next look asks again, though it sees the same.
    world.refuse(false);
    world.pass_seconds(30);
    world.look(&poller).await;
    assert_eq!(world.wishes(), [(id, Maintenance)]);

    world
        .set_mode(Maintenance, Some(TriggerSource::Observer))
        .await;
    world.pass_seconds(30);
    world.look(&poller).await;
    assert_eq!(world.wishes(), []);

    world.write("off");
    world.pass_seconds(30);
    world.look(&poller).await;
    assert_eq!(world.wishes(), [(id, Normal)]);
    assert_eq!(
        world.state(id).await.last.unwrap().outcome,
        CheckOutcome::Normal
    );
}

async fn maintenance_of_a_person_is_never_touched(database: Database) {
    let world = World::on(database).await;
    let id = world.deploy(1, Some(world.file_observer())).await;
    let poller = world.poller();
    for by in [Some(TriggerSource::Manual), None] {
        world.set_mode(OperationMode::Maintenance, by).await;
        for text in ["off", "on"] {
            world.write(text);
            assert_eq!(world.look(&poller).await, 1);
            world.pass_seconds(30);
        }
    }
    assert_eq!(world.wishes(), []);
    assert!(world.state(id).await.last.is_some());
}

async fn a_failing_look_changes_nothing_and_says_so(database: Database) {
    let world = World::on(database).await;
    fs::create_dir(world.file()).unwrap();
    let id = world.deploy(1, Some(world.file_observer())).await;
    let poller = world.poller();
    world
        .set_mode(OperationMode::Maintenance, Some(TriggerSource::Observer))
        .await;
    for failures in 1..=3 {
        world.look(&poller).await;
        let state = world.state(id).await;
        assert_eq!(
            (state.failures, state.failing_since),
            (failures, Some(at(0)))
        );
        let last = state.last.unwrap();
        assert_eq!(last.outcome, CheckOutcome::Failed);
        assert_eq!(
            last.error_message.unwrap(),
            format!(
                "{} is not a file. Name a file in the manifest.",
                world.file().display()
            )
        );
        world.pass_seconds(30);
    }
    fs::remove_dir(world.file()).unwrap();
    // A word that means neither fails, too.
    world.write("perhaps");
    world.look(&poller).await;
    let state = world.state(id).await;
    assert_eq!((state.failures, state.failing_since), (4, Some(at(0))));
    let last = state.last.unwrap();
    assert_eq!(last.observed_value.as_deref(), Some("perhaps"));
    assert_eq!(
        last.error_message.as_deref(),
        Some(
            "The value is neither 'on' (maintenance) nor 'off' (normal). Correct the source, or maintenanceValue and normalValue."
        )
    );
    assert_eq!(world.wishes(), []);

    world.pass_seconds(30);
    world.write("on");
    world.look(&poller).await;
    let state = world.state(id).await;
    assert_eq!((state.failures, state.failing_since), (0, None));
    assert_eq!(state.last.unwrap().error_message, None);
}

async fn a_variable_without_a_value_is_said_and_no_secret_is(database: Database) {
    let world = World::on(database).await;
    let section = json!({ "observer": {
        "type": "file", "path": "${MODE_FILE}", "maintenanceValue": "on", "pollingInterval": "10s",
    } });
    let broken = world.deploy(1, Some(section)).await;
    let path = world.file();
    let telling = world
        .deploy_with(2, |deployment| {
            deployment.shared_values = values([("DB_PASSWORD", "hunter2-long")]);
            deployment.product.maintenance = Some(json!({ "observer": {
                "type": "file", "path": path, "mode": "content", "maintenanceValue": "on",
            } }));
        })
        .await;
    world.write("the password is hunter2-long");
    let poller = world.poller();
    assert_eq!(world.look(&poller).await, 2);
    let state = world.state(broken).await;
    assert_eq!(state.next_at, at(10_000));
    assert_eq!(
        state.last.unwrap().error_message.as_deref(),
        Some(
            "maintenance.observer.path: The variable 'MODE_FILE' has no value. Give it a value and deploy the product again."
        )
    );
    let last = world.state(telling).await.last.unwrap();
    assert_eq!(
        last.observed_value.as_deref(),
        Some("the password is ••••••")
    );
    let view = world
        .observers()
        .get_observer(&Actor::LocalOperator, &broken.to_string())
        .await
        .unwrap();
    assert_eq!((view.has_observer, view.kind), (true, None));
}

async fn a_look_by_hand(database: Database) {
    let world = World::on(database).await;
    world.write("off");
    let id = world.deploy(1, Some(world.file_observer())).await;
    let without = world.deploy(2, None).await;
    let observers = world.observers();
    let actor = Actor::LocalOperator;
    let before = observers
        .get_observer(&actor, &id.to_string())
        .await
        .unwrap();
    assert_eq!((before.next_check_at, before.last_result), (None, None));

    world.write("on");
    let checked = observers
        .check_observer(&actor, &id.to_string())
        .await
        .unwrap();
    assert!(checked.result.is_success && checked.result.is_maintenance_required);
    assert_eq!(checked.observer.last_result.as_ref(), Some(&checked.result));
    assert_eq!(checked.observer.next_check_at, Some(at(30_000)));
    assert_eq!(world.wishes(), [(id, OperationMode::Maintenance)]);
    // The next look by itself is an interval later.
    let poller = world.poller();
    assert_eq!(world.look(&poller).await, 1);
    assert_eq!(world.state(without).await.last, None);

    let stack = world
        .store()
        .deployment(crate::store::samples::environment_id(), id)
        .await
        .unwrap()
        .unwrap()
        .stacks[1]
        .clone();
    let view = observers
        .get_observer(&actor, &stack.id.to_string())
        .await
        .unwrap();
    assert_eq!(view.deployment_id, stack.id.to_string());
    assert_eq!(view.stack_name, "shop-1-web");
    assert_eq!(view.kind.as_deref(), Some("file"));
    assert!(matches!(
        observers.check_observer(&actor, &without.to_string()).await,
        Err(ObserverError::NotConfigured)
    ));
    for unknown in ["shop", "018f0000-0000-7000-8000-000000000001"] {
        assert!(matches!(
            observers.get_observer(&actor, unknown).await,
            Err(ObserverError::NotFound)
        ));
    }
}
