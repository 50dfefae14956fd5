//! Pulling: progress from the layers, the stall that no error tells of, and which failures are worth another try.

use std::collections::HashMap;
use std::time::Duration;

use bollard::auth::DockerCredentials;
use bollard::errors::Error;
use bollard::models::CreateImageInfo;
use bollard::query_parameters::CreateImageOptionsBuilder;
use domain::name::ImageRef;
use futures::StreamExt;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::DockerEngine;
use super::call::{Act, at_failpoints};
use crate::engine::{Engine, EngineError, Image, PullProgress};

/// Least time between two progress messages.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(200);

/// An engine downloads few layers at once, over all pulls. A pull whose layers wait for their turn gets so many times the patience; for ever
/// it must not wait, because a layer that hangs before its first byte looks the same.
const PATIENCE_IN_THE_QUEUE: u32 = 10;

/// Most layers that progress is kept for; images have at most 127.
const MAX_LAYERS: usize = 512;

/// What to pull, and how.
pub(super) struct Pull<'a> {
    pub(super) image: &'a ImageRef,
    pub(super) platform: Option<&'a str>,
    pub(super) credentials: Option<DockerCredentials>,
    pub(super) stall: Duration,
    pub(super) progress: mpsc::Sender<PullProgress>,
}

impl Pull<'_> {
    /// Pulls to the end. Dropping the future makes the engine stop pulling.
    pub(super) async fn run(self, engine: &DockerEngine) -> Result<Image, EngineError> {
        let act = Act::new("pull", format!("image {}", self.image));
        at_failpoints(&act, self.read_to_end(engine, &act)).await?;
        engine
            .image(self.image)
            .await?
            .ok_or_else(|| EngineError::PullFailed {
                image: self.image.to_string(),
                message: "the engine ended the pull without an error, but does not have the image"
                    .to_owned(),
            })
    }

    async fn read_to_end(&self, engine: &DockerEngine, act: &Act) -> Result<(), EngineError> {
        let docker = engine.client(act)?;
        // By digest the tag says nothing, and the engine takes the digest in the tag's place.
        let tag = self.image.digest().or(self.image.tag()).unwrap_or("latest");
        let mut options = CreateImageOptionsBuilder::new()
            .from_image(self.image.repository())
            .tag(tag);
        if let Some(platform) = self.platform {
            options = options.platform(platform);
        }
        let mut stream =
            Box::pin(docker.create_image(Some(options.build()), None, self.credentials.clone()));
        let mut layers = Layers::default();
        let mut moved = Instant::now();
        let mut told = None;
        loop {
            let patience = self.patience(&layers);
            let message = match tokio::time::timeout_at(moved + patience, stream.next()).await {
                Ok(Some(Ok(message))) => message,
                Ok(Some(Err(error))) => return Err(self.failure(act, engine.address(), error)),
                Ok(None) => break,
                Err(_) => return Err(self.stalled(patience)),
            };
            if layers.apply(message) {
                moved = Instant::now();
            } else if moved.elapsed() >= patience {
                return Err(self.stalled(patience));
            }
            if told.is_none_or(|at: Instant| at.elapsed() >= PROGRESS_INTERVAL) {
                told = Some(Instant::now());
                // Nobody reading, or not fast enough, is no reason to stop pulling.
                let _ = self.progress.try_send(layers.progress());
            }
        }
        let _ = self.progress.try_send(layers.progress());
        Ok(())
    }

    /// How long nothing may move. Layers that wait behind those of other pulls do not stall.
    fn patience(&self, layers: &Layers) -> Duration {
        if layers.are_queued() {
            self.stall.saturating_mul(PATIENCE_IN_THE_QUEUE)
        } else {
            self.stall
        }
    }

    fn stalled(&self, after: Duration) -> EngineError {
        EngineError::PullFailed {
            image: self.image.to_string(),
            message: format!("nothing moved for {} s", after.as_secs()),
        }
    }

    fn failure(&self, act: &Act, address: &str, error: Error) -> EngineError {
        let (status, message) = match error {
            Error::DockerResponseServerError {
                status_code,
                message,
            } => (status_code, message),
            Error::DockerStreamError { error } => (500, error),
            other => return act.error(address, other),
        };
        let image = self.image.to_string();
        if is_refusal(status, &message) {
            EngineError::PullRefused { image, message }
        } else {
            EngineError::PullFailed { image, message }
        }
    }
}

/// Whether another try would be refused again. What passes decides first: `dial tcp: lookup host: not found` is no missing image.
fn is_refusal(status: u16, message: &str) -> bool {
    const PASSING: &[&str] = &[
        "dial tcp",
        "no such host",
        "connection refused",
        "connection reset",
        "i/o timeout",
        "timeout exceeded",
        "unexpected eof",
        "toomanyrequests",
        "too many requests",
        "no space left on device",
        "service unavailable",
        "bad gateway",
        "received unexpected http status: 5",
    ];
    const REFUSING: &[&str] = &[
        "manifest unknown",
        "not found",
        "does not exist",
        "no basic auth credentials",
        "unauthorized",
        "denied",
        "forbidden",
        "authentication required",
        "no matching manifest",
        "invalid reference",
        "does not match the specified platform",
        "unsupported media type",
        "not implemented",
        "server gave http response to https client",
        "x509:",
    ];
    let lower = message.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if has(PASSING) {
        return false;
    }
    matches!(status, 400 | 401 | 403 | 404) || has(REFUSING)
}

/// What each layer said last.
#[derive(Default)]
struct Layers {
    last: HashMap<String, Layer>,
    other: String,
}

#[derive(Default, PartialEq)]
struct Layer {
    status: String,
    current: i64,
    downloaded: u64,
    total: u64,
    done: bool,
}

impl Layers {
    /// Takes a message; whether anything moved.
    fn apply(&mut self, message: CreateImageInfo) -> bool {
        let status = message.status.unwrap_or_default();
        let detail = message.progress_detail.unwrap_or_default();
        let (current, total) = (detail.current.unwrap_or(0), detail.total.unwrap_or(0));
        let id = match message.id {
            Some(id) if is_layer_status(&status) => id,
            _ => {
                let moved = self.other != status;
                self.other = status;
                return moved;
            }
        };
        if !self.last.contains_key(&id) && self.last.len() >= MAX_LAYERS {
            return true;
        }
        let layer = self.last.entry(id).or_default();
        let moved = layer.status != status || layer.current != current;
        let bytes = |number: i64| u64::try_from(number).unwrap_or(0);
        if status == "Downloading" {
            layer.downloaded = bytes(current);
            layer.total = layer.total.max(bytes(total));
        } else if status == "Download complete" || status == "Pull complete" {
            layer.downloaded = layer.total;
        }
        layer.done |= status == "Pull complete" || status == "Already exists";
        layer.current = current;
        layer.status = status;
        moved
    }

    /// Whether all that is left to download waits for its turn.
    fn are_queued(&self) -> bool {
        const AT_WORK: &[&str] = &[
            "Pulling fs layer",
            "Downloading",
            "Verifying Checksum",
            "Extracting",
            "Retrying",
        ];
        let says = |word: &str| {
            self.last
                .values()
                .any(|layer| layer.status.starts_with(word))
        };
        says("Waiting") && !AT_WORK.iter().any(|word| says(word))
    }

    fn progress(&self) -> PullProgress {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        PullProgress {
            current: self.last.values().map(|layer| layer.downloaded).sum(),
            total: self.last.values().map(|layer| layer.total).sum(),
            layers_done: count(self.last.values().filter(|layer| layer.done).count()),
            layers: count(self.last.len()),
        }
    }
}

/// `Pulling from library/redis` also has an id: the tag.
fn is_layer_status(status: &str) -> bool {
    const WORDS: &[&str] = &[
        "Pulling fs layer",
        "Waiting",
        "Downloading",
        "Verifying Checksum",
        "Download complete",
        "Extracting",
        "Pull complete",
        "Already exists",
        "Retrying",
    ];
    WORDS.iter().any(|word| status.starts_with(word))
}

#[cfg(test)]
mod tests {
    use bollard::models::ProgressDetail;

    use super::*;

    fn message(id: &str, status: &str, current: i64, total: i64) -> CreateImageInfo {
        CreateImageInfo {
            id: Some(id.to_owned()),
            status: Some(status.to_owned()),
            progress_detail: Some(ProgressDetail {
                current: Some(current),
                total: Some(total),
            }),
            ..Default::default()
        }
    }

    #[test]
    fn progress_is_the_sum_of_the_layers() {
        let mut layers = Layers::default();
        for (id, status, current, total, moved) in [
            ("1.0", "Pulling from shop/app", 0, 0, true),
            ("a", "Pulling fs layer", 0, 0, true),
            ("b", "Already exists", 0, 0, true),
            ("a", "Downloading", 10, 100, true),
            ("a", "Downloading", 10, 100, false),
            ("a", "Downloading", 40, 100, true),
        ] {
            assert_eq!(
                layers.apply(message(id, status, current, total)),
                moved,
                "{status} {current}"
            );
        }
        let expect = PullProgress {
            current: 40,
            total: 100,
            layers_done: 1,
            layers: 2,
        };
        assert_eq!(layers.progress(), expect);
        layers.apply(message("a", "Download complete", 0, 0));
        layers.apply(message("a", "Extracting", 5, 100));
        layers.apply(message("a", "Pull complete", 0, 0));
        let expect = PullProgress {
            current: 100,
            total: 100,
            layers_done: 2,
            layers: 2,
        };
        assert_eq!(layers.progress(), expect);
    }

    #[test]
    fn layers_wait_for_their_turn_while_none_is_at_work() {
        let mut layers = Layers::default();
        for (id, status, queued) in [
            ("a", "Pulling fs layer", false),
            ("b", "Pulling fs layer", false),
            ("b", "Waiting", false),
            ("a", "Downloading", false),
            ("a", "Download complete", true),
            ("c", "Already exists", true),
            ("b", "Downloading", false),
            ("b", "Pull complete", false),
        ] {
            layers.apply(message(id, status, 0, 0));
            assert_eq!(layers.are_queued(), queued, "{id} {status}");
        }
    }

    #[test]
    fn failures_of_real_pulls() {
        for (status, message, refused) in [
            (
                404,
                "manifest for 127.0.0.1:5000/app:9 not found: manifest unknown: manifest unknown",
                true,
            ),
            (
                500,
                "Head \"http://127.0.0.1:5000/v2/app/manifests/1\": no basic auth credentials",
                true,
            ),
            (500, "unauthorized: authentication required", true),
            (
                404,
                "pull access denied for app, repository does not exist or may require 'docker login'",
                true,
            ),
            (400, "invalid reference format", true),
            (
                404,
                "no matching manifest for linux/arm64 in the manifest list entries",
                true,
            ),
            (
                500,
                "Get \"http://127.0.0.1:5000/v2/\": dial tcp 127.0.0.1:5000: connect: connection refused",
                false,
            ),
            (
                500,
                "Get \"https://r.test/v2/\": dial tcp: lookup r.test: no such host",
                false,
            ),
            (
                404,
                "failed to resolve reference: dial tcp 127.0.0.1:5000: connect: connection refused",
                false,
            ),
            (500, "unexpected EOF", false),
            (
                500,
                "received unexpected HTTP status: 503 Service Unavailable",
                false,
            ),
            (
                429,
                "toomanyrequests: You have reached your pull rate limit",
                false,
            ),
            (500, "something new", false),
        ] {
            assert_eq!(is_refusal(status, message), refused, "{message}");
        }
    }
}
