//! Output of containers as lines.

use futures::StreamExt;
use server::engine::{EngineError, LogLine, MAX_LOG_LINE};

use super::ground::{Ground, PATIENCE, on_docker, on_each_engine};
use super::roles::{Role, line};

async fn followed(ground: &Ground, id: &str) -> Vec<LogLine> {
    let lines = ground.engine.follow_logs(id).await.unwrap();
    let all = lines.map(|line| line.unwrap()).collect::<Vec<_>>();
    tokio::time::timeout(PATIENCE, all)
        .await
        .expect("the output did not end")
}

#[tokio::test]
async fn lines_of_both_streams_come_in_order_with_their_time() {
    on_each_engine(async |ground: &Ground| {
        for (name, role, stderr) in [
            ("out", Role::Lines(5), false),
            ("err", Role::ErrorLines(5), true),
        ] {
            let id = ground.one(ground.service(name, role)).await;
            ground.run_to_end(&id).await;
            let all = followed(ground, &id).await;
            let expect: Vec<String> = (1..=5).map(|number| line(number, 5)).collect();
            let numbered: Vec<_> = all
                .iter()
                .filter(|line| line.text.contains("log line"))
                .collect();
            assert_eq!(
                numbered.iter().map(|line| &line.text).collect::<Vec<_>>(),
                expect.iter().collect::<Vec<_>>()
            );
            assert!(numbered.iter().all(|line| line.stderr == stderr));
            assert!(all.iter().all(|line| line.at.is_some()));
            assert!(all.iter().is_sorted_by_key(|line| line.at));
            let last = ground.engine.last_log_lines(&id, 2).await.unwrap();
            assert_eq!(last, all[all.len() - 2..]);
        }
    })
    .await;
}

#[tokio::test]
async fn following_sees_lines_while_they_are_written_and_ends_with_the_container() {
    on_each_engine(async |ground: &Ground| {
        let id = ground.one(ground.service("app", Role::Serve)).await;
        if let Some(fake) = &ground.fake {
            fake.set_script("app", Role::Serve.script());
        }
        ground.engine.start_container(&id).await.unwrap();
        let mut lines = ground.engine.follow_logs(&id).await.unwrap();
        if ground.api.is_some() {
            let first = tokio::time::timeout(PATIENCE, lines.next()).await.unwrap();
            assert!(first.unwrap().unwrap().text.starts_with("demo: web"));
        }
        ground.engine.stop_container(&id, None).await.unwrap();
        let end = async { while lines.next().await.transpose().unwrap().is_some() {} };
        tokio::time::timeout(PATIENCE, end)
            .await
            .expect("the output did not end");
    })
    .await;
}

#[tokio::test]
async fn output_of_a_missing_container_is_an_error_at_once() {
    on_each_engine(async |ground: &Ground| {
        let followed = ground.engine.follow_logs("wt-nowhere").await.err().unwrap();
        let last = ground
            .engine
            .last_log_lines("wt-nowhere", 5)
            .await
            .unwrap_err();
        for error in [followed, last] {
            assert!(matches!(error, EngineError::NotFound { .. }), "{error:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_terminal_and_a_line_longer_than_the_engines_buffer() {
    on_docker(async |ground: &Ground| {
        for (name, tty) in [("pipe", false), ("tty", true)] {
            let mut service = ground.service(name, Role::Lines(2));
            service.runtime.tty = tty;
            // Longer than two of the engine's frames of 16 KB.
            let long = "x".repeat(40_000);
            service
                .environment
                .insert("DEMO_NAME".to_owned(), Some(long));
            let id = ground.one(service).await;
            ground.run_to_end(&id).await;
            let all = followed(ground, &id).await;
            assert!(all.len() >= 3, "{}", all.len());
            for line in &all {
                assert_eq!(line.text, "x".repeat(MAX_LOG_LINE), "tty: {tty}");
                assert!(line.at.is_some());
            }

            let mut service = ground.service(&format!("short{name}"), Role::Lines(3));
            service.runtime.tty = tty;
            let id = ground.one(service).await;
            ground.run_to_end(&id).await;
            let all = followed(ground, &id).await;
            let expect: Vec<String> = (1..=3).map(|number| line(number, 3)).collect();
            let numbered = all
                .into_iter()
                .map(|line| line.text)
                .filter(|text| text.contains("log line"));
            assert_eq!(numbered.collect::<Vec<_>>(), expect, "tty: {tty}");
        }
    })
    .await;
}
