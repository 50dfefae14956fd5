//! Pulling: from a registry that is not there, and from one that is.

use std::time::Duration;

use domain::name::ImageRef;
use server::engine::{EngineError, Next};
use tokio::sync::mpsc;

use super::ground::{Ground, on_docker};

const STALL: Duration = Duration::from_secs(60);

#[tokio::test]
async fn a_registry_that_does_not_answer_is_worth_another_try() {
    on_docker(async |ground: &Ground| {
        let image: ImageRef = "127.0.0.1:1/nowhere:1".parse().unwrap();
        let error = ground
            .engine
            .pull_image(&image, None, STALL, mpsc::channel(1).0)
            .await
            .unwrap_err();
        assert!(matches!(error, EngineError::PullFailed { .. }), "{error:?}");
        assert_eq!(error.next(), Next::Retry);
    })
    .await;
}

/// The registry is the host and port in `WINDLASS_TEST_REGISTRY`; it holds `demo/web:1.0.0`.
#[tokio::test]
async fn a_registry_gives_what_it_has_and_refuses_what_it_has_not() {
    let Ok(registry) = std::env::var("WINDLASS_TEST_REGISTRY") else {
        println!("WINDLASS_TEST_REGISTRY is not set: not tried with a registry");
        return;
    };
    on_docker(async |ground: &Ground| {
        let unknown: ImageRef = format!("{registry}/demo/web:unknown").parse().unwrap();
        let error = ground
            .engine
            .pull_image(&unknown, None, STALL, mpsc::channel(1).0)
            .await
            .unwrap_err();
        assert!(
            matches!(error, EngineError::PullRefused { .. }),
            "{error:?}"
        );
        assert_eq!(error.next(), Next::GiveUp);

        let image: ImageRef = format!("{registry}/demo/web:1.0.0").parse().unwrap();
        let api = ground.api.as_ref().unwrap();
        api.request("DELETE", &format!("/images/{image}?force=true"), None)
            .await;
        let (sender, mut progress) = mpsc::channel(64);
        let pulled = ground
            .engine
            .pull_image(&image, None, STALL, sender)
            .await
            .unwrap();
        assert!(
            pulled
                .repo_digest
                .as_ref()
                .unwrap()
                .starts_with(image.repository())
        );
        let mut last = None;
        while let Some(next) = progress.recv().await {
            last = Some(next);
        }
        let last = last.unwrap();
        assert!(
            last.layers > 0 && last.layers_done == last.layers,
            "{last:?}"
        );
        // Present already: the same image, at once.
        let again = ground
            .engine
            .pull_image(&image, None, STALL, mpsc::channel(1).0)
            .await
            .unwrap();
        assert_eq!(again, pulled);
        assert_eq!(ground.engine.image(&image).await.unwrap(), Some(pulled));
        api.request("DELETE", &format!("/images/{image}?force=true"), None)
            .await;
    })
    .await;
}
