//! What only the fake and the double can do: faults on command, the record of calls, and, for the fake, time that a test controls.

use std::time::Duration;

use domain::plan::{ContainerState, Health};
use futures::StreamExt;
use server::engine::docker::DockerEngine;
use server::engine::fake::{Fault, HealthScript, Injection, Script, Verb};
use server::engine::{Engine, EngineError, Next};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;
use tokio::sync::mpsc;

use super::ground::Ground;
use super::roles::{Role, image};
use crate::docker_double::{Call as WireCall, DockerDouble, Fault as WireFault, Verb as WireVerb};

#[tokio::test]
async fn faults_strike_the_calls_they_are_meant_for() {
    let ground = Ground::fake();
    let fake = ground.fake.clone().unwrap();
    fake.inject(Injection::next(2, Fault::Unreachable));
    for _ in 0..2 {
        let error = fake.info().await.unwrap_err();
        assert_eq!(error.next(), Next::Retry);
    }
    assert!(fake.info().await.is_ok());

    let stack = ground.stack([ground.service("app", Role::Serve)]);
    ground.lay(&stack).await;
    fake.inject(Injection::on(Verb::CreateContainer, Fault::DoneButBroken));
    let error = ground.create(&stack, "app").await.unwrap_err();
    assert_eq!(error.next(), Next::Inspect);
    let name = &stack.services["app"].container_name;
    assert!(fake.container(name).is_some(), "it was done");
    assert!(ground.create(&stack, "app").await.is_ok());

    fake.inject(Injection::on(Verb::StartContainer, Fault::NoAnswer));
    fake.start_container(name).await.unwrap_err();
    let container = fake.container(name).unwrap().details.container;
    assert_eq!(container.state, ContainerState::Created);
    let starts: Vec<_> = fake
        .calls()
        .into_iter()
        .filter(|call| call.verb == Verb::StartContainer)
        .collect();
    assert_eq!(starts.len(), 1);
    assert_eq!(&starts[0].object, name);
}

#[tokio::test(start_paused = true)]
async fn lives_follow_the_clock_of_the_test() {
    let ground = Ground::fake();
    let fake = ground.fake.clone().unwrap();
    let service = ground.service("app", Role::Healthy);
    let hour = Duration::from_secs(3600);
    fake.set_script(
        "app",
        Script {
            health: HealthScript::TurnsUnhealthy(hour, 2 * hour),
            start_delay: hour,
            ..Script::default()
        },
    );
    let id = ground.one(service).await;
    let begin = tokio::time::Instant::now();
    fake.start_container(&id).await.unwrap();
    assert_eq!(begin.elapsed(), hour);
    for (wait, health) in [
        (Duration::ZERO, Health::Starting),
        (hour + Duration::from_secs(1), Health::Healthy),
        (hour, Health::Unhealthy),
    ] {
        tokio::time::sleep(wait).await;
        assert_eq!(
            fake.container(&id).unwrap().details.container.health,
            health
        );
    }
}

#[tokio::test(start_paused = true)]
async fn pulls_fail_as_often_as_they_are_told() {
    let fake = Ground::fake().fake.unwrap();
    let image = "app:1".parse().unwrap();
    fake.add_registry_image(&image, 2, Duration::from_secs(5));
    let stall = Duration::from_secs(60);
    for _ in 0..2 {
        let error = fake
            .pull_image(&image, None, stall, mpsc::channel(1).0)
            .await
            .unwrap_err();
        assert_eq!(error.next(), Next::Retry);
    }
    let (sender, mut progress) = mpsc::channel(4);
    fake.pull_image(&image, None, stall, sender).await.unwrap();
    assert_eq!(progress.recv().await.unwrap().layers_done, 0);
    assert_eq!(progress.recv().await.unwrap().layers_done, 1);
    assert!(fake.image(&image).await.unwrap().is_some());
    let unknown = "app:2".parse().unwrap();
    let error = fake
        .pull_image(&unknown, None, stall, mpsc::channel(1).0)
        .await
        .unwrap_err();
    assert!(
        matches!(error, EngineError::PullRefused { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn broken_events_end_with_an_error() {
    let fake = Ground::fake().fake.unwrap();
    let mut events = fake.events().await.unwrap();
    fake.break_events();
    assert!(matches!(
        events.next().await,
        Some(Err(EngineError::Broken { .. }))
    ));
    assert!(events.next().await.is_none());
    assert!(fake.events().await.is_ok());
}

#[tokio::test]
async fn an_engine_that_is_not_there_is_unreachable_and_found_when_it_comes() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("engine.sock");
    let address = format!("unix://{}", socket.display());
    let engine = DockerEngine::connect(&address).unwrap();
    let unreachable = |error: EngineError| {
        assert!(
            matches!(error, EngineError::Unreachable { .. }),
            "{error:?}"
        );
        assert!(error.to_string().contains(&address), "{error}");
        assert_eq!(error.next(), Next::Retry);
    };
    unreachable(engine.info().await.unwrap_err());
    // A socket file that nobody listens at any more.
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    unreachable(engine.observe().await.unwrap_err());

    // One that takes the request and hangs up.
    std::fs::remove_file(&socket).unwrap();
    let listener = UnixListener::bind(&socket).unwrap();
    let (error, ()) = tokio::join!(engine.info(), answer(&listener, ""));
    let error = error.unwrap_err();
    assert!(matches!(error, EngineError::Broken { .. }), "{error:?}");
    assert_eq!(error.next(), Next::Inspect);

    // One that answers.
    let body = r#"{"Version":"28.0.0","ApiVersion":"1.48","Os":"linux","Arch":"amd64"}"#;
    let text = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let (info, ()) = tokio::join!(engine.info(), answer(&listener, &text));
    assert_eq!(info.unwrap().platform, "linux/amd64");
}

/// Answers the next request with these bytes and hangs up.
async fn answer(listener: &UnixListener, text: &str) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut request = Vec::new();
    while !request.windows(4).any(|at| at == b"\r\n\r\n") {
        assert_ne!(
            stream.read_buf(&mut request).await.unwrap(),
            0,
            "no request came"
        );
    }
    stream.write_all(text.as_bytes()).await.unwrap();
}

#[tokio::test]
async fn pulls_that_end_badly_in_the_middle() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("engine.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let engine = DockerEngine::connect(&format!("unix://{}", socket.display())).unwrap();
    let image = "app:1".parse().unwrap();
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunk = |line: &str| format!("{:x}\r\n{line}\n\r\n", line.len() + 1);
    let layer =
        chunk(r#"{"status":"Downloading","id":"a","progressDetail":{"current":1,"total":9}}"#);
    let error = |text: &str| {
        chunk(&format!(
            r#"{{"errorDetail":{{"message":"{text}"}},"error":"{text}"}}"#
        ))
    };
    for (body, expect) in [
        (
            format!("{layer}{}0\r\n\r\n", error("unexpected EOF")),
            "PullFailed",
        ),
        (
            format!("{layer}{}0\r\n\r\n", error("manifest unknown")),
            "PullRefused",
        ),
        // The engine goes away without a word.
        (layer.clone(), "Broken"),
    ] {
        let text = format!("{head}{body}");
        let stall = Duration::from_secs(60);
        let (sender, mut progress) = mpsc::channel(4);
        let pull = engine.pull_image(&image, None, stall, sender);
        let (result, ()) = tokio::join!(pull, answer(&listener, &text));
        let error = result.unwrap_err();
        assert!(format!("{error:?}").starts_with(expect), "{error:?}");
        assert_eq!(progress.recv().await.map(|told| told.current), Some(1));
    }
}

#[tokio::test]
async fn events_end_with_an_error_also_when_the_engine_says_goodbye() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("engine.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let engine = DockerEngine::connect(&format!("unix://{}", socket.display())).unwrap();
    for end in ["0\r\n\r\n", ""] {
        let body = r#"{"SystemTime":"2026-01-02T03:04:05.000000006Z"}"#;
        let text = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let (events, ()) = tokio::join!(engine.events(), answer(&listener, &text));
        let mut events = events.unwrap();
        let text = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{end}");
        let (event, ()) = tokio::join!(events.next(), answer(&listener, &text));
        assert!(
            matches!(event, Some(Err(EngineError::Broken { .. }))),
            "{event:?}"
        );
        assert!(events.next().await.is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_hangs_gives_no_answer() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("engine.sock");
    let _listener = UnixListener::bind(&socket).unwrap();
    let engine = DockerEngine::connect(&format!("unix://{}", socket.display())).unwrap();
    let error = engine.info().await.unwrap_err();
    assert!(matches!(error, EngineError::NoAnswer { .. }), "{error:?}");
    assert_eq!(error.next(), Next::Inspect);

    let image = "app:1".parse().unwrap();
    let stall = Duration::from_secs(300);
    let begin = tokio::time::Instant::now();
    let error = engine
        .pull_image(&image, None, stall, mpsc::channel(1).0)
        .await
        .unwrap_err();
    assert!(matches!(error, EngineError::PullFailed { .. }), "{error:?}");
    assert!(
        error.to_string().contains("nothing moved for 300 s"),
        "{error}"
    );
    assert!(begin.elapsed() >= stall);
}

#[tokio::test]
async fn addresses_that_cannot_be_used_say_what_to_write() {
    let error = DockerEngine::connect("ssh://host").unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("unix:///path"), "{source}");
}

/// What the adapter makes of each fault, and whether the act was done all the same.
#[tokio::test]
async fn faults_of_the_double_reach_the_adapter_as_those_of_an_engine() {
    let moment = Duration::from_millis(200);
    for (fault, expect, done) in [
        (WireFault::Status(500, "it may pass"), "failed", false),
        (WireFault::Status(409, "it is in use"), "conflict", false),
        (WireFault::CloseBefore, "broken", false),
        (WireFault::CloseAfter, "broken", true),
        (WireFault::Hang, "silent", false),
        (WireFault::HangAfter, "silent", true),
    ] {
        let double = DockerDouble::with_images(&[&image()]);
        let mut ground = Ground::docker(&double.address());
        ground.project = "faults".to_owned();
        let id = ground.one(ground.service("app", Role::Serve)).await;
        double.inject(move |call: &WireCall| {
            (call.verb == WireVerb::StartContainer && call.number == 1).then_some(fault)
        });
        let start = tokio::time::timeout(moment, ground.engine.start_container(&id)).await;
        let seen = match start {
            Err(_) => "silent",
            Ok(Err(EngineError::Failed { .. })) => "failed",
            Ok(Err(EngineError::Conflict { .. })) => "conflict",
            Ok(Err(EngineError::Broken { .. })) => "broken",
            Ok(other) => panic!("{fault:?}: {other:?}"),
        };
        assert_eq!(seen, expect, "{fault:?}");
        let starts =
            || double.record(|record| record.times(WireVerb::StartContainer, "faults_app"));
        assert_eq!(starts(), usize::from(done), "{fault:?}");
        for _ in 0..2 {
            ground.engine.start_container(&id).await.unwrap();
            assert_eq!(starts(), 1, "{fault:?}");
        }
    }
}

#[tokio::test]
async fn a_stream_that_the_double_cuts_is_broken() {
    let double = DockerDouble::with_images(&[]);
    let ground = Ground::docker(&double.address());
    double.inject(|call: &WireCall| {
        (call.verb == WireVerb::Events && call.number == 1).then_some(WireFault::Cut)
    });
    let mut events = ground.engine.events().await.unwrap();
    let first = events.next().await;
    assert!(
        matches!(first, Some(Err(EngineError::Broken { .. }))),
        "{first:?}"
    );
}
