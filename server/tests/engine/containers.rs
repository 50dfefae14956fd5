//! Making, adopting, starting, stopping, renaming and removing containers.

use std::time::Duration;

use domain::plan::{ContainerState, Ownership};
use futures::future::join_all;
use futures::{FutureExt, StreamExt};
use server::engine::{EngineError, NewContainer, Next};

use super::ground::{Ground, PATIENCE, on_each_docker, on_each_engine};
use super::roles::Role;

#[tokio::test]
async fn creating_twice_leaves_what_creating_once_leaves() {
    on_each_engine(async |ground: &Ground| {
        let stack = ground.stack([ground.service("app", Role::Serve)]);
        ground.lay(&stack).await;
        ground.lay(&stack).await;
        let first = ground.create(&stack, "app").await.unwrap();
        let second = ground.create(&stack, "app").await.unwrap();
        assert_eq!(first, second);
        ground.engine.start_container(&first).await.unwrap();
        assert_eq!(ground.create(&stack, "app").await.unwrap(), first);

        let observed = ground.engine.observe().await.unwrap();
        let own: Vec<_> = observed
            .containers
            .iter()
            .filter(|container| container.name.starts_with(&ground.project))
            .collect();
        assert_eq!(own.len(), 1);
        assert_eq!(own[0].state, ContainerState::Running);
        assert_eq!(own[0].ownership, Some(ground.owner(&stack.services["app"])));
        let network = observed
            .networks
            .iter()
            .find(|network| network.name == stack.networks["default"].name)
            .unwrap();
        assert_eq!(network.ownership, Some(ground.stack_owner()));
        let volume = observed
            .volumes
            .iter()
            .find(|volume| volume.name == stack.volumes["data"].name)
            .unwrap();
        assert_eq!(volume.ownership, Some(ground.stack_owner()));
    })
    .await;
}

#[tokio::test]
async fn a_list_and_an_inspection_tell_the_same() {
    on_each_engine(async |ground: &Ground| {
        let id = ground.one(ground.service("app", Role::ExitWith(3))).await;
        let name = format!("{}_app", ground.project);
        for state in [ContainerState::Created, ContainerState::Exited] {
            if state == ContainerState::Exited {
                assert_eq!(ground.run_to_end(&id).await, 3);
            }
            // The lists of old engines lag behind their events.
            let listed = ground
                .listed(&name, |container| container.state == state)
                .await;
            let inspected = ground
                .engine
                .inspect_container(&id)
                .await
                .unwrap()
                .container;
            assert_eq!(listed, inspected);
            assert_eq!(
                listed.exit_code,
                (state == ContainerState::Exited).then_some(3)
            );
        }
    })
    .await;
}

#[tokio::test]
async fn many_at_once_leave_what_one_leaves() {
    on_each_engine(async |ground: &Ground| {
        let stack = ground.stack([ground.service("app", Role::Serve)]);
        join_all((0..8).map(|_| ground.lay(&stack))).await;
        let ids = join_all((0..8).map(|_| ground.create(&stack, "app"))).await;
        let first = ids[0].as_ref().unwrap();
        assert!(
            ids.iter().all(|id| id.as_ref().unwrap() == first),
            "{ids:?}"
        );
        for result in join_all((0..4).map(|_| ground.engine.start_container(first))).await {
            result.unwrap();
        }
        for result in join_all((0..4).map(|_| ground.engine.remove_container(first))).await {
            result.unwrap();
        }
        let observed = ground.engine.observe().await.unwrap();
        assert!(
            !observed
                .containers
                .iter()
                .any(|container| container.id == *first)
        );
        let name = &stack.networks["default"].name;
        let networks = observed
            .networks
            .iter()
            .filter(|network| network.name == *name);
        assert_eq!(networks.count(), 1);
    })
    .await;
}

#[tokio::test]
async fn open_streams_keep_no_call_waiting() {
    on_each_engine(async |ground: &Ground| {
        let id = ground.one(ground.service("app", Role::Serve)).await;
        ground.engine.start_container(&id).await.unwrap();
        let mut events = join_all((0..32).map(|_| ground.engine.events())).await;
        let mut logs = join_all((0..32).map(|_| ground.engine.follow_logs(&id))).await;
        // Streams connect when they are read.
        for stream in &mut events {
            assert!(stream.as_mut().unwrap().next().now_or_never().is_none());
        }
        for stream in &mut logs {
            let _ = stream.as_mut().unwrap().next().now_or_never();
        }
        let calls = join_all((0..32).map(|_| ground.engine.inspect_container(&id)));
        for result in tokio::time::timeout(PATIENCE, calls).await.unwrap() {
            result.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_different_container_of_ours_is_a_conflict() {
    on_each_engine(async |ground: &Ground| {
        let stack = ground.stack([ground.service("app", Role::Serve)]);
        ground.lay(&stack).await;
        let id = ground.create(&stack, "app").await.unwrap();
        let service = &stack.services["app"];
        let owner = || ground.owner(service);
        for ownership in [
            Ownership {
                generation: 2,
                ..owner()
            },
            Ownership {
                spec_hash: "other".to_owned(),
                ..owner()
            },
            Ownership {
                product: "other".to_owned(),
                ..owner()
            },
        ] {
            let new = NewContainer {
                name: service.container_name.clone(),
                stack: &stack,
                service,
                ownership,
            };
            let error = ground.engine.create_container(&new).await.unwrap_err();
            assert!(matches!(error, EngineError::Conflict { .. }), "{error:?}");
            assert!(
                error.to_string().contains(&service.container_name),
                "{error}"
            );
        }
        assert!(ground.engine.inspect_container(&id).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn a_strangers_container_is_named_and_never_touched() {
    on_each_engine(async |ground: &Ground| {
        let stack = ground.stack([ground.service("app", Role::Serve)]);
        ground.lay(&stack).await;
        let name = stack.services["app"].container_name.clone();
        if let Some(fake) = &ground.fake {
            fake.add_foreign_container(&name);
        }
        if let Some(api) = &ground.api {
            let body = serde_json::json!({ "Image": super::roles::image() });
            let path = format!("/containers/create?name={name}");
            assert_eq!(api.request("POST", &path, Some(&body)).await.0, 201);
        }
        let error = ground.create(&stack, "app").await.unwrap_err();
        assert!(matches!(error, EngineError::Conflict { .. }), "{error:?}");
        let text = error.to_string();
        assert!(
            text.contains(&name) && text.contains("did not make"),
            "{text}"
        );

        let error = ground.engine.remove_container(&name).await.unwrap_err();
        assert!(matches!(error, EngineError::Conflict { .. }), "{error:?}");
        let observed = ground.engine.observe().await.unwrap();
        assert_eq!(observed.container(&name).unwrap().ownership, None);
    })
    .await;
}

#[tokio::test]
async fn starting_stopping_and_removing_can_be_repeated() {
    on_each_engine(async |ground: &Ground| {
        let id = ground.one(ground.service("app", Role::Serve)).await;
        let engine = &ground.engine;
        let state = async || engine.inspect_container(&id).await.unwrap().container.state;
        for _ in 0..2 {
            engine.start_container(&id).await.unwrap();
            assert_eq!(state().await, ContainerState::Running);
        }
        for grace in [Some(Duration::from_secs(5)), None] {
            engine.stop_container(&id, grace).await.unwrap();
            assert_eq!(state().await, ContainerState::Exited);
        }
        engine.start_container(&id).await.unwrap();
        for _ in 0..2 {
            engine.remove_container(&id).await.unwrap();
            let gone = engine.inspect_container(&id).await.unwrap_err();
            assert!(matches!(gone, EngineError::NotFound { .. }), "{gone:?}");
        }
        engine.stop_container(&id, None).await.unwrap();
        let missing = engine.start_container(&id).await.unwrap_err();
        assert!(
            matches!(missing, EngineError::NotFound { .. }),
            "{missing:?}"
        );
        assert_eq!(missing.next(), Next::GiveUp);
    })
    .await;
}

#[tokio::test]
async fn a_container_that_does_not_listen_is_killed_after_its_grace() {
    on_each_engine(async |ground: &Ground| {
        let id = ground.one(ground.service("app", Role::Deaf)).await;
        let engine = &ground.engine;
        let mut lines = engine.follow_logs(&id).await.unwrap();
        drop(lines);
        engine.start_container(&id).await.unwrap();
        // Before its first line it has no handler, and the kernel would do the rest.
        if ground.api.is_some() {
            lines = engine.follow_logs(&id).await.unwrap();
            lines.next().await.unwrap().unwrap();
        }
        engine
            .stop_container(&id, Some(Duration::from_secs(1)))
            .await
            .unwrap();
        let container = engine.inspect_container(&id).await.unwrap().container;
        assert_eq!(
            (container.state, container.exit_code),
            (ContainerState::Exited, Some(137))
        );
    })
    .await;
}

#[tokio::test]
async fn renaming_changes_the_name_and_respects_others() {
    on_each_engine(async |ground: &Ground| {
        let stack = ground.stack([
            ground.service("app", Role::Serve),
            ground.service("other", Role::Serve),
        ]);
        ground.lay(&stack).await;
        let id = ground.create(&stack, "app").await.unwrap();
        ground.create(&stack, "other").await.unwrap();
        let name = format!("{}_new", ground.project);
        for _ in 0..2 {
            ground.engine.rename_container(&id, &name).await.unwrap();
            let container = ground
                .engine
                .inspect_container(&name)
                .await
                .unwrap()
                .container;
            assert_eq!((container.id, container.name), (id.clone(), name.clone()));
        }
        let taken = &stack.services["other"].container_name;
        let error = ground
            .engine
            .rename_container(&id, taken)
            .await
            .unwrap_err();
        assert!(matches!(error, EngineError::Conflict { .. }), "{error:?}");
    })
    .await;
}

#[tokio::test]
async fn a_missing_image_is_named() {
    on_each_engine(async |ground: &Ground| {
        let mut service = ground.service("app", Role::Serve);
        service.image = "windlass-demo/nowhere:9".parse().unwrap();
        let stack = ground.stack([service]);
        ground.lay(&stack).await;
        let error = ground.create(&stack, "app").await.unwrap_err();
        assert!(matches!(error, EngineError::NotFound { .. }), "{error:?}");
        assert!(
            error.to_string().contains("image windlass-demo/nowhere:9"),
            "{error}"
        );
        let absent = "windlass-demo/nowhere:9".parse().unwrap();
        assert_eq!(ground.engine.image(&absent).await.unwrap(), None);
        let present = super::roles::image().parse().unwrap();
        let image = ground.engine.image(&present).await.unwrap().unwrap();
        assert!(
            image.has_healthcheck && image.id.starts_with("sha256:"),
            "{image:?}"
        );
        assert_eq!(image.exposed_ports, ["8080/tcp"]);
    })
    .await;
}

#[tokio::test]
async fn a_creation_that_was_interrupted_is_completed() {
    on_each_docker(async |ground: &Ground| {
        let api = ground.api.as_ref().unwrap();
        let mut service = ground.service("app", Role::Serve);
        service.files = vec![super::every_field::file("/run/secrets/key", "pepper")];
        let stack = ground.stack([service]);
        ground.lay(&stack).await;
        let id = ground.create(&stack, "app").await.unwrap();
        // The same container as a crash between creation and upload leaves it: created, without its file.
        let inspected = api.get(&format!("/containers/{id}/json")).await;
        api.request("DELETE", &format!("/containers/{id}"), None).await;
        let mut body = inspected["Config"].clone();
        body["HostConfig"] = inspected["HostConfig"].clone();
        body["NetworkingConfig"] = serde_json::json!({ "EndpointsConfig": { stack.networks["default"].name.clone(): {} } });
        let path = format!("/containers/create?name={}", stack.services["app"].container_name);
        assert_eq!(api.request("POST", &path, Some(&body)).await.0, 201);

        let id = ground.create(&stack, "app").await.unwrap();
        let archive = format!("/containers/{id}/archive?path=/run/secrets/key");
        assert_eq!(api.request("GET", &archive, None).await.0, 200);
    })
    .await;
}

#[tokio::test]
async fn containers_of_services_can_be_joined() {
    on_each_docker(async |ground: &Ground| {
        let mut service = ground.service("side", Role::Serve);
        service.networks.clear();
        service.network_mode = Some("service:app".to_owned());
        service.runtime.volumes_from = vec!["app:ro".to_owned()];
        let stack = ground.stack([ground.service("app", Role::Serve), service]);
        ground.lay(&stack).await;
        let error = ground.create(&stack, "side").await.unwrap_err();
        assert!(matches!(error, EngineError::Refused { .. }), "{error:?}");
        assert!(error.to_string().contains("service 'app'"), "{error}");
        let app = ground.create(&stack, "app").await.unwrap();
        let side = ground.create(&stack, "side").await.unwrap();
        let inspected = ground
            .api
            .as_ref()
            .unwrap()
            .get(&format!("/containers/{side}/json"))
            .await;
        assert_eq!(
            inspected["HostConfig"]["NetworkMode"],
            format!("container:{app}")
        );
        assert_eq!(
            inspected["HostConfig"]["VolumesFrom"][0],
            format!("{app}:ro")
        );
    })
    .await;
}
