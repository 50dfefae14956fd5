//! What each kind of operation comes to when nothing is in its way: what it must come to whatever is.

use std::future::Future;

use domain::operation::OperationStatus;
use domain::operation::event::{Event, EventBody};
use futures::{StreamExt as _, stream};

use super::tally::{Tally, full};
use crate::orchestrator::shop::{Case, Picture, Shop};
use crate::orchestrator::world::{WORLDS, output};

/// One undisturbed operation.
#[derive(Debug, Clone)]
pub(super) struct Plain {
    pub(super) case: Case,
    pub(super) before: Picture,
    pub(super) after: Picture,
    pub(super) status: OperationStatus,
    /// Keys of all steps that began, undoing included, in order.
    pub(super) keys: Vec<String>,
    /// How many events its journal has.
    pub(super) events: i64,
    /// What its one-shots said.
    pub(super) output: Vec<String>,
}

impl Plain {
    pub(super) async fn of(case: Case) -> Self {
        let shop = Shop::ready_for(case).await;
        let before = shop.picture().await;
        let orchestrator = shop.orchestrator().await;
        let operation = shop.accept(case, &orchestrator).await;
        let events = shop.until_end(case, &orchestrator, operation).await;
        orchestrator.stop().await;
        let status = shop.world.status(operation).await;
        shop.world.must_have_ended(operation, &events, status).await;
        shop.must_be_sound().await;
        Self {
            case,
            before,
            after: shop.picture().await,
            status,
            keys: keys(&events),
            events: events.last().map_or(0, |event| event.seq),
            output: output(&events),
        }
    }

    /// The end is this one.
    pub(super) async fn must_be_the_end_of(
        &self,
        shop: &Shop,
        operation: domain::id::OperationId,
        what: &str,
    ) {
        let events = shop.world.journal(operation).await;
        shop.world
            .must_have_ended(operation, &events, self.status)
            .await;
        let after = shop.picture().await;
        assert_eq!(after, self.after, "{:?}, {what}: {events:#?}", self.case);
        assert_eq!(output(&events), self.output, "{:?}, {what}", self.case);
        shop.must_be_sound().await;
    }
}

fn keys(events: &[Event]) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for event in events {
        if let EventBody::StepStarted { step, .. } = &event.body {
            let key = step.to_string();
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    keys
}

/// All of them in the long form, else every `step`th, another one in each run.
pub(super) fn some_of<T>(all: Vec<T>, step: usize, seed: u64) -> Vec<T> {
    if full() {
        return all;
    }
    let from = usize::try_from(seed).unwrap_or_default() % step;
    all.into_iter().skip(from).step_by(step).collect()
}

/// Tries every one of these, some side by side, and says so.
pub(super) async fn try_each<T, F>(part: &'static str, all: Vec<T>, try_one: impl Fn(T) -> F)
where
    F: Future<Output = ()>,
{
    let injected = all.len();
    stream::iter(all)
        .map(try_one)
        .buffer_unordered(WORLDS)
        .collect::<()>()
        .await;
    Tally {
        part,
        injected,
        known: injected,
        ..Tally::default()
    }
    .record();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_operation_must_end_as_it_should() {
    let mut ends = Vec::new();
    for case in Case::ALL {
        let plain = Plain::of(*case).await;
        ends.push(format!(
            "{case:?}: {}, {}",
            plain.status.as_str(),
            plain.after.record.join("; ")
        ));
    }
    insta::assert_snapshot!(ends.join("\n"));
}
