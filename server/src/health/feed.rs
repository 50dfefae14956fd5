//! Snapshots become frames: the first has everything, the following what is not the same value as in the one before.
//!
//! A reader holds the newest snapshot and nothing else, so a slow one misses what came between and never falls behind.

use std::sync::Arc;

use domain::id::{DeploymentId, EnvironmentId};
use domain::wire::HealthFrame;
use futures::Stream;
use futures::stream;
use tokio::sync::watch;

use super::show;
use crate::reconcile::Snapshot;

pub(super) fn frames(
    environment: EnvironmentId,
    only: Option<DeploymentId>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
) -> impl Stream<Item = HealthFrame> + Send + 'static {
    stream::unfold((snapshots, None), move |(mut snapshots, sent)| async move {
        if sent.is_some() {
            // Nobody watches any more: the feed ends, and its reader comes back.
            snapshots.changed().await.ok()?;
        }
        let now = Arc::clone(&snapshots.borrow_and_update());
        let frame = frame(environment, only, sent.as_deref(), &now);
        Some((frame, (snapshots, Some(now))))
    })
}

fn frame(
    environment: EnvironmentId,
    only: Option<DeploymentId>,
    sent: Option<&Snapshot>,
    now: &Snapshot,
) -> HealthFrame {
    // A silence is about everything, its begin and its end.
    let sent = sent.filter(|sent| sent.silence == now.silence);
    let wanted = |id: &DeploymentId| only.is_none_or(|only| only == *id);
    let changed = now.deployments.iter().filter(|(id, watched)| {
        let same = sent
            .and_then(|sent| sent.deployments.get(id))
            .is_some_and(|before| Arc::ptr_eq(before, watched));
        wanted(id) && !same
    });
    let gone = sent
        .iter()
        .flat_map(|sent| sent.deployments.keys())
        .filter(|id| wanted(id) && !now.deployments.contains_key(id));
    HealthFrame {
        environment_id: environment.to_string(),
        complete: sent.is_none(),
        observed_at: now.observed_at,
        source: now.source,
        engine_answers: now.observed_at.is_some() && now.silence.is_none(),
        deployments: changed
            .map(|(_, watched)| show::deployment(watched, now))
            .collect(),
        gone: gone.map(ToString::to_string).collect(),
    }
}

#[cfg(test)]
mod tests {
    use domain::deployment::OperationMode;
    use domain::health::{HealthStatus, ProductHealth, State, Wanted};
    use domain::timestamp::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::reconcile::{Silence, Watched};

    fn id(number: u128) -> DeploymentId {
        DeploymentId::from_uuid(Uuid::from_u128(number))
    }

    fn watched(number: u128) -> (DeploymentId, Arc<Watched>) {
        let watched = Watched {
            id: id(number),
            display_name: "Shop".to_owned(),
            version: None,
            mode: OperationMode::Normal,
            operation_active: false,
            health: ProductHealth {
                state: State {
                    status: HealthStatus::Healthy,
                    reason: String::new(),
                    since: Timestamp::from_millis(1),
                },
                wanted: Wanted::Running,
                stacks: Vec::new(),
            },
        };
        (id(number), Arc::new(watched))
    }

    /// Ids in a frame, and those that are gone.
    fn told(only: Option<u128>, sent: Option<&Snapshot>, now: &Snapshot) -> (bool, usize, usize) {
        let environment = EnvironmentId::from_uuid(Uuid::nil());
        let frame = frame(environment, only.map(id), sent, now);
        (frame.complete, frame.deployments.len(), frame.gone.len())
    }

    #[test]
    fn only_what_changed_is_told_after_the_first_frame() {
        let (one, two) = (watched(1), watched(2));
        let seen = |deployments: &[&(DeploymentId, Arc<Watched>)]| Snapshot {
            deployments: deployments.iter().map(|&each| each.clone()).collect(),
            ..Snapshot::default()
        };
        let both = seen(&[&one, &two]);
        assert_eq!(told(None, None, &both), (true, 2, 0));
        assert_eq!(told(Some(2), None, &both), (true, 1, 0));
        assert_eq!(told(None, Some(&both), &both), (false, 0, 0));
        let changed = seen(&[&one, &watched(2)]);
        assert_eq!(told(None, Some(&both), &changed), (false, 1, 0));
        assert_eq!(told(Some(1), Some(&both), &changed), (false, 0, 0));
        assert_eq!(told(None, Some(&both), &seen(&[&two])), (false, 0, 1));
        let silent = Snapshot {
            silence: Some(Silence {
                sentence: "It is silent.",
                since: Timestamp::from_millis(5),
            }),
            ..both.clone()
        };
        assert_eq!(told(None, Some(&both), &silent), (true, 2, 0));
        assert_eq!(told(None, Some(&silent), &both), (true, 2, 0));
    }

    #[tokio::test]
    async fn a_feed_ends_with_whoever_watches() {
        use futures::StreamExt as _;
        let (sender, snapshots) = watch::channel(Arc::new(Snapshot::default()));
        let environment = EnvironmentId::from_uuid(Uuid::nil());
        let mut frames = std::pin::pin!(frames(environment, None, snapshots));
        assert!(frames.next().await.is_some_and(|frame| frame.complete));
        sender.send_replace(Arc::new(Snapshot::default()));
        assert!(frames.next().await.is_some_and(|frame| !frame.complete));
        drop(sender);
        assert!(frames.next().await.is_none());
    }
}
