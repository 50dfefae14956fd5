//! What a step costs in the journal: one durable write before it and one after it, each with its event and its record.

use std::time::Instant;

use domain::operation::StepState;
use domain::operation::event::{EventBody, Level};
use domain::operation::step::StepRecord;
use domain::plan::StepKey;
use server::store::Entry;

use crate::LoadError;
use crate::spread::Spread;
use crate::story::{LEASE, at, begin, environment};

pub(crate) async fn run(database_url: &str, steps: u32) -> Result<String, LoadError> {
    let store = crate::open(database_url).await?;
    let environment = environment("unix:///var/run/docker.sock");
    store.insert_environment(&environment).await?;
    let claim = begin(&store, &environment, 1).await?;
    let now = at(1, 2);
    let mut newest = claim.operation.event_seq;
    let mut times = Vec::new();
    for number in 0..steps {
        let key = StepKey::new(format!("start shop-business/service{number}"));
        let mut record = StepRecord {
            key: key.clone(),
            state: StepState::Started,
            attempt: 1,
            failure: None,
            next_at: None,
            started_at: Some(now),
            ended_at: None,
        };
        let started = EventBody::StepStarted {
            step: key.clone(),
            attempt: 1,
        };
        let done = EventBody::StepDone {
            step: key,
            result: None,
        };
        let begun = Instant::now();
        for body in [&started, &done] {
            let level = Level::Info;
            let entries = [Entry::Event { level, body }, Entry::Step(&record)];
            let written = store.append_after(&claim.lease, newest, now, LEASE, &entries);
            newest = written.await?.last_seq;
            record.state = StepState::Done;
            record.ended_at = Some(now);
        }
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    store.close().await;
    let spread = Spread::of(times);
    let spread = spread.ok_or_else(|| LoadError::Unexpected("no steps".to_owned()))?;
    serde_json::to_string(&spread).map_err(|error| LoadError::Unexpected(error.to_string()))
}
