//! Networks and volumes: made once, adopted where they are ours, left alone where they are not.

use serde_json::json;
use server::engine::EngineError;

use super::ground::{Ground, on_each_engine};
use super::roles::Role;

#[tokio::test]
async fn a_strangers_network_is_left_alone() {
    on_each_engine(async |ground: &Ground| {
        let network = ground.network("default");
        if let Some(fake) = &ground.fake {
            fake.add_foreign_network(&network.name);
        }
        if let Some(api) = &ground.api {
            let body = json!({ "Name": network.name });
            assert_eq!(
                api.request("POST", "/networks/create", Some(&body)).await.0,
                201
            );
        }
        let owner = ground.stack_owner();
        for error in [
            ground
                .engine
                .create_network(&network, &owner)
                .await
                .unwrap_err(),
            ground
                .engine
                .remove_network(&network.name)
                .await
                .unwrap_err(),
        ] {
            assert!(matches!(error, EngineError::Conflict { .. }), "{error:?}");
            assert!(error.to_string().contains(&network.name), "{error}");
        }
        let mut external = network;
        external.external = true;
        ground
            .engine
            .create_network(&external, &owner)
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn removing_a_network_can_be_repeated_and_waits_for_its_containers() {
    on_each_engine(async |ground: &Ground| {
        let id = ground.one(ground.service("app", Role::Serve)).await;
        ground.engine.start_container(&id).await.unwrap();
        let name = ground.network("default").name;
        let error = ground.engine.remove_network(&name).await.unwrap_err();
        assert!(matches!(error, EngineError::Conflict { .. }), "{error:?}");
        ground.engine.remove_container(&id).await.unwrap();
        for _ in 0..2 {
            ground.engine.remove_network(&name).await.unwrap();
        }
        let observed = ground.engine.observe().await.unwrap();
        assert!(observed.networks.iter().all(|network| network.name != name));
    })
    .await;
}

#[tokio::test]
async fn what_is_external_must_exist() {
    on_each_engine(async |ground: &Ground| {
        let owner = ground.stack_owner();
        let mut network = ground.network("shared");
        network.external = true;
        let mut volume = ground.volume("shared");
        volume.external = true;
        for (error, kind) in [
            (
                ground
                    .engine
                    .create_network(&network, &owner)
                    .await
                    .unwrap_err(),
                "network",
            ),
            (
                ground
                    .engine
                    .create_volume(&volume, &owner)
                    .await
                    .unwrap_err(),
                "volume",
            ),
        ] {
            assert!(matches!(error, EngineError::NotFound { .. }), "{error:?}");
            assert!(
                error
                    .to_string()
                    .contains(&format!("{kind} {}", network.name)),
                "{error}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_volume_that_exists_is_taken_as_it_is() {
    on_each_engine(async |ground: &Ground| {
        let volume = ground.volume("data");
        if let Some(fake) = &ground.fake {
            fake.add_foreign_volume(&volume.name);
        }
        if let Some(api) = &ground.api {
            let body = json!({ "Name": volume.name });
            assert_eq!(
                api.request("POST", "/volumes/create", Some(&body)).await.0,
                201
            );
        }
        ground
            .engine
            .create_volume(&volume, &ground.stack_owner())
            .await
            .unwrap();
        let observed = ground.engine.observe().await.unwrap();
        let found = observed
            .volumes
            .iter()
            .find(|other| other.name == volume.name)
            .unwrap();
        assert_eq!(found.ownership, None);
    })
    .await;
}
