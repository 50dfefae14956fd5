//! Pulling: from a registry that is not there, and from one that is.

use std::time::Duration;

use domain::name::ImageRef;
use serde_json::json;
use server::engine::{EngineError, Next};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::ground::{Ground, on_docker};

const STALL: Duration = Duration::from_secs(60);

/// Enough that the engine tells of its progress.
const LAYER_BYTES: u32 = 4 * 1024 * 1024;

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

/// An image of one layer that no engine has yet, as `docker save` writes it.
fn new_image(reference: &str) -> Vec<u8> {
    let digest = |bytes: &[u8]| -> String {
        Sha256::digest(bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    };
    // Hashes of a counter and the unique name: bytes that do not shrink when they are packed.
    let noise: Vec<u8> = (0_u32..LAYER_BYTES / 32)
        .flat_map(|at| Sha256::digest(format!("{reference}{at}")))
        .collect();
    let layer = archive(&[("noise", &noise)]);
    let config = json!({
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{}", digest(&layer))] },
    })
    .to_string();
    let config_name = format!("{}.json", digest(config.as_bytes()));
    let manifest = json!([{
        "Config": config_name,
        "RepoTags": [reference],
        "Layers": ["layer.tar"],
    }])
    .to_string();
    archive(&[
        (&config_name, config.as_bytes()),
        ("layer.tar", &layer),
        ("manifest.json", manifest.as_bytes()),
    ])
}

fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

/// The registry is the host and port in `WINDLASS_TEST_REGISTRY`, as the engine reaches it.
#[tokio::test]
async fn a_registry_gives_what_it_has_and_refuses_what_it_has_not() {
    let Ok(registry) = std::env::var("WINDLASS_TEST_REGISTRY") else {
        println!("WINDLASS_TEST_REGISTRY is not set: not tried with a registry");
        return;
    };
    on_docker(async |ground: &Ground| {
        let repository = format!("{registry}/{}/noise", ground.project);
        let image: ImageRef = format!("{repository}:1").parse().unwrap();
        let api = ground.api.as_ref().unwrap();
        let forget = format!("/images/{image}?force=true");
        let load = new_image(&image.to_string());
        assert_eq!(
            api.send("POST", "/images/load", "application/x-tar", &load)
                .await
                .0,
            200
        );
        let push = format!("/images/{repository}/push?tag=1");
        let (status, answer) = api.request("POST", &push, None).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(status == 200 && !answer.contains("error"), "{answer}");
        assert_eq!(api.request("DELETE", &forget, None).await.0, 200);

        let unknown: ImageRef = format!("{repository}:2").parse().unwrap();
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

        let (sender, mut progress) = mpsc::channel(1024);
        let pulled = ground
            .engine
            .pull_image(&image, None, STALL, sender)
            .await
            .unwrap();
        let digest = pulled.repo_digest.clone().unwrap();
        assert!(
            digest.starts_with(&format!("{repository}@sha256:")),
            "{digest}"
        );
        let mut all = Vec::new();
        while let Some(next) = progress.recv().await {
            all.push(next);
        }
        let last = *all.last().unwrap();
        assert_eq!((last.layers_done, last.layers), (1, 1), "{all:?}");
        assert!(
            last.current == last.total && last.total >= LAYER_BYTES.into(),
            "{all:?}"
        );
        assert!(
            all.iter().is_sorted_by_key(|progress| progress.current),
            "{all:?}"
        );

        // Present already: the same image, at once; and by digest.
        let by_digest: ImageRef = digest.parse().unwrap();
        for reference in [&image, &by_digest] {
            let again = ground
                .engine
                .pull_image(reference, None, STALL, mpsc::channel(1).0)
                .await
                .unwrap();
            assert_eq!(again, pulled, "{reference}");
            assert_eq!(
                ground.engine.image(reference).await.unwrap().as_ref(),
                Some(&pulled)
            );
        }
        assert_eq!(api.request("DELETE", &forget, None).await.0, 200);
    })
    .await;
}
