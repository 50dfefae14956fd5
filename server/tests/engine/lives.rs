//! What becomes of containers: health, exit codes, restarts, and starts that fail.

use domain::plan::{ContainerState, Health};
use domain::spec::{PortSpec, RestartPolicy};
use server::engine::{ContainerEventKind, EngineError, Next};

use super::ground::{Ground, on_each_docker, on_each_engine};
use super::roles::{PROGRAM, Role};

#[tokio::test]
async fn health_goes_from_starting_to_what_the_check_says() {
    on_each_engine(async |ground: &Ground| {
        for (name, role, health) in [
            ("good", Role::Healthy, Health::Healthy),
            ("bad", Role::NeverHealthy, Health::Unhealthy),
        ] {
            let id = ground.one(ground.service(name, role)).await;
            let mut events = ground.engine.events().await.unwrap();
            ground.engine.start_container(&id).await.unwrap();
            ground
                .wait(&mut events, &id, |kind| {
                    *kind == ContainerEventKind::Started
                })
                .await;
            ground
                .wait(&mut events, &id, |kind| {
                    *kind == ContainerEventKind::Health(health)
                })
                .await;
            let details = ground.engine.inspect_container(&id).await.unwrap();
            assert_eq!(details.container.health, health);
            assert!(details.started_at.is_some());
            let name = format!("{}_{name}", ground.project);
            ground
                .listed(&name, |container| container.health == health)
                .await;
            if ground.api.is_some() {
                let probe = details.health_log.last().unwrap();
                assert_eq!(probe.exit_code == 0, health == Health::Healthy);
                assert!(!probe.output.is_empty());
            }
        }
    })
    .await;
}

#[tokio::test]
async fn exit_codes_come_as_events_and_stay_readable() {
    on_each_engine(async |ground: &Ground| {
        for code in [0, 3] {
            let id = ground
                .one(ground.service(&format!("app{code}"), Role::ExitWith(code)))
                .await;
            assert_eq!(ground.run_to_end(&id).await, i64::from(code));
            let container = ground
                .engine
                .inspect_container(&id)
                .await
                .unwrap()
                .container;
            assert_eq!(container.state, ContainerState::Exited);
            assert_eq!(container.exit_code, Some(code.into()));
        }
    })
    .await;
}

#[tokio::test]
async fn a_crash_loop_counts_its_restarts() {
    on_each_engine(async |ground: &Ground| {
        let mut service = ground.service("app", Role::ExitWith(3));
        service.restart = RestartPolicy::UnlessStopped;
        let id = ground.one(service).await;
        let mut events = ground.engine.events().await.unwrap();
        ground.engine.start_container(&id).await.unwrap();
        for _ in 0..3 {
            ground
                .wait(&mut events, &id, |kind| {
                    *kind == ContainerEventKind::Started
                })
                .await;
            ground
                .wait(&mut events, &id, |kind| {
                    *kind == ContainerEventKind::Died { exit_code: 3 }
                })
                .await;
        }
        assert!(
            ground
                .engine
                .inspect_container(&id)
                .await
                .unwrap()
                .restart_count
                >= 1
        );
        ground.engine.stop_container(&id, None).await.unwrap();
        let container = ground
            .engine
            .inspect_container(&id)
            .await
            .unwrap()
            .container;
        assert_eq!(container.state, ContainerState::Exited);
    })
    .await;
}

#[tokio::test]
async fn a_bad_entry_point_is_refused_for_good() {
    on_each_engine(async |ground: &Ground| {
        let id = ground.one(ground.service("app", Role::BadEntrypoint)).await;
        let error = ground.engine.start_container(&id).await.unwrap_err();
        assert!(matches!(error, EngineError::Refused { .. }), "{error:?}");
        assert!(
            error
                .to_string()
                .contains("does not have the command or entry point"),
            "{error}"
        );
        assert_eq!(error.next(), Next::GiveUp);
        let details = ground.engine.inspect_container(&id).await.unwrap();
        assert!(details.error.is_some(), "{details:?}");
    })
    .await;
}

#[tokio::test]
async fn a_taken_port_is_a_conflict() {
    on_each_engine(async |ground: &Ground| {
        let mut services = [
            ground.service("first", Role::Serve),
            ground.service("second", Role::Serve),
        ];
        for service in &mut services {
            service.ports = vec![PortSpec {
                target: 8080,
                published: Some("38211".to_owned()),
                host_ip: Some("127.0.0.1".to_owned()),
                protocol: "tcp".to_owned(),
            }];
        }
        let stack = ground.stack(services);
        ground.lay(&stack).await;
        let first = ground.create(&stack, "first").await.unwrap();
        let second = ground.create(&stack, "second").await.unwrap();
        ground.engine.start_container(&first).await.unwrap();
        let error = ground.engine.start_container(&second).await.unwrap_err();
        assert!(matches!(error, EngineError::Conflict { .. }), "{error:?}");
        assert!(
            error.to_string().contains("a published port is in use"),
            "{error}"
        );
        ground.engine.remove_container(&first).await.unwrap();
        ground.engine.start_container(&second).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_missing_network_is_named() {
    on_each_engine(async |ground: &Ground| {
        let stack = ground.stack([ground.service("app", Role::Serve)]);
        let name = stack.networks["default"].name.clone();
        // Engines differ in whether the creation or the start finds out.
        let error = match ground.create(&stack, "app").await {
            Ok(id) => ground.engine.start_container(&id).await.unwrap_err(),
            Err(error) => error,
        };
        assert!(matches!(error, EngineError::NotFound { .. }), "{error:?}");
        assert!(
            error.to_string().contains(&format!("network {name}")),
            "{error}"
        );
    })
    .await;
}

#[tokio::test]
async fn commands_in_a_container_tell_their_exit_code() {
    on_each_docker(async |ground: &Ground| {
        let id = ground.one(ground.service("app", Role::Healthy)).await;
        let command = |words: &[&str]| {
            words
                .iter()
                .map(|word| (*word).to_owned())
                .collect::<Vec<_>>()
        };
        let limit = super::ground::PATIENCE;
        let stopped = ground
            .engine
            .exec(&id, &command(&[PROGRAM, "check"]), limit)
            .await;
        assert!(
            matches!(stopped, Err(EngineError::Conflict { .. })),
            "{stopped:?}"
        );
        let mut events = ground.engine.events().await.unwrap();
        ground.engine.start_container(&id).await.unwrap();
        ground
            .wait(&mut events, &id, |kind| {
                *kind == ContainerEventKind::Health(Health::Healthy)
            })
            .await;
        for (words, expect) in [
            (&[PROGRAM, "check"][..], 0),
            (&[PROGRAM, "check", "http://127.0.0.1:1/"][..], 1),
            (&[PROGRAM, "nonsense"][..], 64),
        ] {
            let code = ground
                .engine
                .exec(&id, &command(words), limit)
                .await
                .unwrap();
            assert_eq!(code, expect, "{words:?}");
        }
        let missing = ground
            .engine
            .exec(&id, &command(&["/not/there"]), limit)
            .await;
        assert!(
            matches!(missing, Ok(126 | 127) | Err(EngineError::Refused { .. })),
            "{missing:?}"
        );
        let endless = command(&[PROGRAM, "worker"]);
        let late = ground
            .engine
            .exec(&id, &endless, std::time::Duration::from_secs(1))
            .await;
        assert!(
            matches!(late, Err(EngineError::NoAnswer { .. })),
            "{late:?}"
        );
    })
    .await;
}
