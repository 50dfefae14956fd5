//! What is on an engine, for people; and acts on what is not ours.

use std::collections::BTreeMap;

use domain::plan::ContainerState;
use domain::spec::MountSpec;
use futures::StreamExt as _;
use server::engine::{EngineError, ListedContainer, LogLine, LogRange, NewVolume};

use super::ground::{Ground, PATIENCE, on_each_engine};
use super::roles::{Role, line};

async fn listed(ground: &Ground, id: &str) -> Option<ListedContainer> {
    let all = ground.engine.list_containers().await.unwrap();
    all.into_iter().find(|listed| listed.container.id == id)
}

fn new_volume(ground: &Ground, key: &str) -> NewVolume {
    NewVolume {
        name: format!("{}_{key}", ground.project),
        driver: None,
        labels: BTreeMap::new(),
    }
}

#[tokio::test]
async fn a_container_is_listed_and_described_with_its_volumes() {
    on_each_engine(async |ground: &Ground| {
        let mut service = ground.service("app", Role::Serve);
        service.mounts = vec![MountSpec::Volume {
            source: Some("data".to_owned()),
            target: "/data".to_owned(),
            read_only: true,
            nocopy: false,
            subpath: None,
        }];
        let secret = Some("s3cr3t".to_owned());
        service.environment.insert("API_KEY".to_owned(), secret);
        let id = ground.one(service).await;
        ground.engine.start_container(&id).await.unwrap();
        let name = format!("{}_app", ground.project);
        let running =
            |seen: &domain::plan::ObservedContainer| seen.state == ContainerState::Running;
        ground.listed(&name, running).await;

        let shown = listed(ground, &id).await.unwrap();
        let volume = format!("{}_data", ground.project);
        assert_eq!(shown.volumes, std::slice::from_ref(&volume));
        assert_eq!(shown.container.name, name);
        assert!(shown.status.starts_with("Up"), "{}", shown.status);
        assert!(shown.created_at.is_some());
        assert_eq!(shown.labels["windlass.product"], ground.project);

        let about = ground.engine.describe_container(&name).await.unwrap();
        assert_eq!(about.details.container.id, id);
        assert!(about.variables.contains(&"API_KEY".to_owned()));
        assert!(!format!("{about:?}").contains("s3cr3t"));
        let mount = about.mounts.iter().find(|mount| mount.target == "/data");
        let mount = mount.unwrap();
        assert_eq!(
            (mount.volume.as_deref(), mount.read_only),
            (Some(volume.as_str()), true)
        );
        let network = format!("{}_default", ground.project);
        assert!(!about.networks[&network].is_empty());
        assert_eq!(about.restart_policy, "no");

        let missing = ground.engine.describe_container("wt-nowhere").await;
        assert!(
            matches!(missing, Err(EngineError::NotFound { .. })),
            "{missing:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn a_restart_stops_and_starts_and_starts_what_does_not_run() {
    on_each_engine(async |ground: &Ground| {
        let id = ground.one(ground.service("app", Role::Serve)).await;
        for _ in 0..2 {
            ground.engine.restart_container(&id).await.unwrap();
            let details = ground.engine.inspect_container(&id).await.unwrap();
            assert_eq!(details.container.state, ContainerState::Running);
        }
        let missing = ground.engine.restart_container("wt-nowhere").await;
        assert!(
            matches!(missing, Err(EngineError::NotFound { .. })),
            "{missing:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn what_runs_is_discarded_only_by_force_and_its_volume_stays() {
    on_each_engine(async |ground: &Ground| {
        let id = ground.one(ground.service("app", Role::Serve)).await;
        ground.engine.start_container(&id).await.unwrap();
        let refused = ground.engine.discard_container(&id, false).await;
        assert!(
            matches!(refused, Err(EngineError::Conflict { .. })),
            "{refused:?}"
        );
        ground.engine.discard_container(&id, true).await.unwrap();
        ground.engine.discard_container(&id, true).await.unwrap();
        assert_eq!(listed(ground, &id).await, None);
        let volume = format!("{}_data", ground.project);
        assert!(ground.engine.find_volume(&volume).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test]
async fn volumes_are_made_found_and_discarded_but_not_in_use() {
    on_each_engine(async |ground: &Ground| {
        let new = new_volume(ground, "extra");
        let made = ground.engine.make_volume(&new).await.unwrap();
        assert_eq!(
            (made.name.as_str(), made.driver.as_str()),
            (new.name.as_str(), "local")
        );
        let again = ground.engine.make_volume(&new).await;
        assert!(
            matches!(again, Err(EngineError::Conflict { .. })),
            "{again:?}"
        );
        let all = ground.engine.list_volumes().await.unwrap();
        let found = all.iter().find(|volume| volume.name == new.name).unwrap();
        assert_eq!(found.ownership, None);
        ground
            .engine
            .discard_volume(&new.name, false)
            .await
            .unwrap();
        ground
            .engine
            .discard_volume(&new.name, false)
            .await
            .unwrap();
        assert_eq!(ground.engine.find_volume(&new.name).await.unwrap(), None);

        let mut service = ground.service("app", Role::Serve);
        service.mounts = vec![MountSpec::Volume {
            source: Some("data".to_owned()),
            target: "/data".to_owned(),
            read_only: false,
            nocopy: false,
            subpath: None,
        }];
        ground.one(service).await;
        let volume = format!("{}_data", ground.project);
        for force in [false, true] {
            let refused = ground.engine.discard_volume(&volume, force).await;
            assert!(
                matches!(refused, Err(EngineError::Conflict { .. })),
                "{refused:?}"
            );
        }
        let found = ground.engine.find_volume(&volume).await.unwrap().unwrap();
        assert_eq!(found.ownership, Some(ground.stack_owner()));
    })
    .await;
}

async fn read(ground: &Ground, id: &str, range: LogRange) -> Vec<LogLine> {
    let lines = ground.engine.read_logs(id, range).await.unwrap();
    let all = lines.map(|line| line.unwrap()).collect::<Vec<_>>();
    tokio::time::timeout(PATIENCE, all)
        .await
        .expect("the output did not end")
}

#[tokio::test]
async fn a_range_of_lines_is_read_and_each_line_has_a_name() {
    on_each_engine(async |ground: &Ground| {
        let id = ground.one(ground.service("app", Role::Lines(9))).await;
        ground.run_to_end(&id).await;
        let all = read(ground, &id, LogRange::default()).await;
        let mut names: Vec<_> = all.iter().map(|line| line.nanos.unwrap()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all.len(), "no two lines have the same name");

        let tail = LogRange {
            tail: Some(2),
            follow: true,
            ..LogRange::default()
        };
        // What has ended is followed to its end.
        let last = read(ground, &id, tail).await;
        assert_eq!(last, all[all.len() - 2..]);
        let texts: Vec<_> = all.iter().map(|line| line.text.as_str()).collect();
        assert!(texts.contains(&line(9, 9).as_str()));

        let later = LogRange {
            since: Some(all[0].nanos.unwrap() / 1_000_000_000 + 3600),
            ..LogRange::default()
        };
        assert_eq!(read(ground, &id, later).await, []);
        let earlier = LogRange {
            since: Some(all[0].nanos.unwrap() / 1_000_000_000 - 1),
            ..LogRange::default()
        };
        assert_eq!(read(ground, &id, earlier).await, all);
        let missing = ground
            .engine
            .read_logs("wt-nowhere", LogRange::default())
            .await;
        assert!(matches!(missing.err(), Some(EngineError::NotFound { .. })));
    })
    .await;
}
