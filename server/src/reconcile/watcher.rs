//! Watches one environment: opens the stream of events, looks at once, and then whenever something happened or it is time.
//!
//! Subscribed first, looked at second, so nothing falls between. An engine that goes away is said to be silent as soon as that is
//! noticed: at once where the stream breaks and cannot be opened again, within a ping and its time-out where it only stopped.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::health::{
    Change, Containers, HealthSource, HealthStatus, ProductHealth, changes, judge, resume,
};
use domain::id::{DeploymentId, EnvironmentId};
use domain::plan::ObservedContainer;
use domain::timestamp::Timestamp;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::Shared;
use super::board::{Board, Silence, Snapshot, Watched};
use super::ends::Ends;
use super::expectations::Expectations;
use super::fingerprint::fingerprints;
use super::ledger::{Found, Ledger};
use super::outage::{Outage, within};
use crate::engine::{ContainerEvent, ContainerEventKind, Engine, EngineError};
use crate::store::{StandingRow, StoreError};

/// First pause before an engine that went away is tried again; it doubles.
const REOPEN_FIRST: Duration = Duration::from_millis(100);
/// A connection that held so long was a good one.
const STEADY: Duration = Duration::from_secs(5);
/// Between two looks at least twice the time that a look takes, but not more than this: changes show within two seconds.
const LONGEST_PACE: Duration = Duration::from_secs(1);

type Events = BoxStream<'static, Result<ContainerEvent, EngineError>>;
/// What was recorded last, by stack and service.
type Recorded = HashMap<(Option<String>, Option<String>), (HealthStatus, Timestamp)>;

pub(super) struct Watcher {
    shared: Arc<Shared>,
    environment: EnvironmentId,
    board: Arc<Board>,
    turns: watch::Receiver<u64>,
    /// How often the engine was looked at.
    looks: u64,
    rows: Vec<StandingRow>,
    expectations: Expectations,
    /// What a product was judged by last.
    judged: HashMap<DeploymentId, u64>,
    ends: Ends,
    ledger: Ledger,
    /// What was recorded before this process looked for the first time; read once.
    recorded: Option<HashMap<DeploymentId, Recorded>>,
}

impl Watcher {
    pub(super) fn new(shared: Arc<Shared>, environment: EnvironmentId, board: Arc<Board>) -> Self {
        Self {
            turns: shared.turns.clone(),
            shared,
            environment,
            board,
            looks: 0,
            rows: Vec::new(),
            expectations: Expectations::default(),
            judged: HashMap::new(),
            ends: Ends::default(),
            ledger: Ledger::default(),
            recorded: None,
        }
    }

    /// Never ends by itself.
    pub(super) async fn run(&mut self) {
        let mut pause = Duration::ZERO;
        loop {
            let (began, looks) = (Instant::now(), self.looks);
            let outage = match self.follow().await {
                Ok(never) => match never {},
                Err(outage) => outage,
            };
            let hopeful = self.looks > looks && outage.is_of_the_stream();
            if hopeful {
                // Whether it was the stream alone is found out next.
                tracing::debug!(environment.id = %self.environment, error = &outage as &dyn std::error::Error, "the engine is asked anew");
            } else {
                self.fall_silent(&outage).await;
            }
            pause = match began.elapsed() > STEADY {
                true => REOPEN_FIRST,
                false => (pause * 2)
                    .max(REOPEN_FIRST)
                    .min(self.shared.settings.reopen_max),
            };
            sleep(pause).await;
        }
    }

    /// Writes what was seen and not yet recorded.
    pub(super) async fn finish(&mut self) {
        self.ledger.write(&self.shared.store).await;
    }

    /// Follows the engine until it goes away.
    async fn follow(&mut self) -> Result<std::convert::Infallible, Outage> {
        let answer = self.shared.settings.answer;
        let engine = self.shared.engines.engine(self.environment).await?;
        let mut events = within(answer, engine.events()).await?;
        self.turns.mark_unchanged();
        let mut looked = self.look(&*engine, HealthSource::Resync).await?;
        loop {
            let (source, heard) = self.next_reason(&*engine, &mut events, looked).await?;
            looked = match source {
                Some(source) => self.look(&*engine, source).await?,
                None => Looked { heard, ..looked },
            };
        }
    }

    /// Waits for a reason to look. None is one where the engine was only asked whether it is there.
    async fn next_reason(
        &mut self,
        engine: &dyn Engine,
        events: &mut Events,
        looked: Looked,
    ) -> Result<(Option<HealthSource>, Instant), Outage> {
        let settings = self.shared.settings.clone();
        let resync = looked.at + settings.resync;
        // What an operation does makes many events; its own end is a reason to look at once.
        let gather = match self.rows.iter().any(|row| row.operation_active) {
            true => settings.gather_while_operating,
            false => settings.gather,
        };
        let mut due: Option<(Instant, HealthSource)> = None;
        loop {
            let ping = looked.heard + settings.ping;
            let wake = due.map_or(resync.min(ping), |(at, _)| at.min(resync));
            tokio::select! {
                event = events.next() => {
                    let event = event.ok_or(Outage::StreamEnded)?;
                    let event = event.map_err(Outage::StreamBroke)?;
                    self.note(event);
                    let at = due.map_or(Instant::now() + gather, |(at, _)| at);
                    due = Some((at.max(looked.not_before()), HealthSource::Event));
                }
                Ok(()) = self.turns.changed() => {
                    let at = Instant::now().max(looked.not_before());
                    let (earlier, source) = due.unwrap_or((at, HealthSource::Resync));
                    due = Some((at.min(earlier), source));
                }
                () = sleep_until(wake) => {
                    let now = Instant::now();
                    if let Some((at, source)) = due
                        && now >= at
                    {
                        return Ok((Some(source), now));
                    }
                    if now >= resync {
                        return Ok((Some(HealthSource::Resync), now));
                    }
                    within(settings.answer, engine.info()).await?;
                    return Ok((None, Instant::now()));
                }
            }
        }
    }

    fn note(&mut self, event: ContainerEvent) {
        if let ContainerEventKind::Died { .. } = event.kind {
            self.ends.add(event.name, Instant::now());
        }
    }

    /// One look at the engine, for all products of the environment.
    async fn look(&mut self, engine: &dyn Engine, source: HealthSource) -> Result<Looked, Outage> {
        let began = Instant::now();
        let observed = within(self.shared.settings.answer, engine.own_containers()).await?;
        let at = self.shared.clock.now();
        if let Err(error) = self.read_record().await {
            // What was recorded last still says what to look for.
            tracing::warn!(environment.id = %self.environment, error = &error as &dyn std::error::Error, "what is deployed cannot be read");
        }
        self.judge_all(&observed, at, source).await;
        self.ledger.write(&self.shared.store).await;
        self.looks += 1;
        let now = Instant::now();
        Ok(Looked {
            at: now,
            heard: now,
            took: now - began,
        })
    }

    async fn read_record(&mut self) -> Result<(), StoreError> {
        let store = &self.shared.store;
        self.rows = store.standings(self.environment).await?;
        if self.recorded.is_none() {
            let mut recorded: HashMap<DeploymentId, Recorded> = HashMap::new();
            for last in store.last_health(self.environment).await? {
                let known = recorded.entry(last.deployment).or_default();
                known.insert((last.stack, last.service), (last.status, last.at));
            }
            self.recorded = Some(recorded);
        }
        Ok(())
    }

    async fn judge_all(
        &mut self,
        observed: &[ObservedContainer],
        at: Timestamp,
        source: HealthSource,
    ) {
        let ends = self.ends.counts(Instant::now());
        let prints = fingerprints(observed, &ends);
        let containers = Containers::of(observed, self.environment);
        let before = self.board.snapshot();
        let rows = std::mem::take(&mut self.rows);
        self.expectations.keep(&rows);
        let mut deployments = std::collections::BTreeMap::new();
        for row in &rows {
            let known = before.deployments.get(&row.id);
            let print = prints.get(row.group_id.as_str()).copied().unwrap_or(0);
            let expected = match self
                .expectations
                .of(&self.shared.store, self.environment, row)
                .await
            {
                Ok(Some(expected)) => expected,
                Ok(None) => continue,
                Err(error) => {
                    tracing::warn!(deployment.id = %row.id, error = &error as &dyn std::error::Error, "a deployment cannot be read");
                    deployments.extend(known.map(|known| (row.id, Arc::clone(known))));
                    continue;
                }
            };
            let basis = basis(row, Arc::as_ptr(&expected).addr(), print);
            let same = self.judged.insert(row.id, basis) == Some(basis);
            if let (Some(known), true) = (known, same) {
                if before.silence.is_some() {
                    let told = vec![heard_again(&known.health, at)];
                    self.ledger.add(&self.found(known, source), told);
                }
                deployments.insert(row.id, Arc::clone(known));
                continue;
            }
            let previous = known.map(|known| &known.health);
            let mut health = judge(&expected, &row.standing, &containers, &ends, previous, at);
            let mut told = self.told(row.id, previous, &mut health);
            if known.is_some() && before.silence.is_some() {
                told.retain(|change| change.stack.is_some());
                told.push(heard_again(&health, at));
            }
            let watched = Watched {
                id: row.id,
                display_name: row.product_display_name.clone(),
                version: row.product_version.clone(),
                mode: row.standing.mode,
                operation_active: row.operation_active,
                health,
            };
            self.ledger.add(&self.found(&watched, source), told);
            let watched = match known {
                Some(known) if **known == watched => Arc::clone(known),
                _ => Arc::new(watched),
            };
            deployments.insert(row.id, watched);
        }
        self.judged.retain(|id, _| deployments.contains_key(id));
        self.rows = rows;
        self.board.publish(Snapshot {
            observed_at: Some(at),
            source,
            silence: None,
            deployments,
        });
    }

    /// What changed since it was seen last, here or by an earlier process.
    fn told(
        &mut self,
        id: DeploymentId,
        previous: Option<&ProductHealth>,
        health: &mut ProductHealth,
    ) -> Vec<Change> {
        if let Some(previous) = previous {
            return changes(Some(previous), health);
        }
        let recorded = self.recorded.as_mut().and_then(|all| all.remove(&id));
        let recorded = recorded.unwrap_or_default();
        resume(health, |stack, service| {
            let subject = (stack.map(str::to_owned), service.map(str::to_owned));
            recorded.get(&subject).copied()
        })
    }

    fn found(&self, watched: &Watched, source: HealthSource) -> Found {
        Found {
            environment: self.environment,
            deployment: watched.id,
            source,
            operation_active: watched.operation_active,
            tally: watched.health.tally(),
        }
    }

    /// Says that nobody knows. Told of each product once; its services are as they were until somebody knows more.
    async fn fall_silent(&mut self, outage: &Outage) {
        let before = self.board.snapshot();
        let sentence = outage.sentence();
        let since = match &before.silence {
            Some(silence) => silence.since,
            None => {
                tracing::warn!(environment.id = %self.environment, error = outage as &dyn std::error::Error, "the engine is silent");
                self.shared.clock.now()
            }
        };
        if before.silence.is_none() {
            for known in before.deployments.values() {
                let change = Change {
                    from: Some(known.health.state.status),
                    to: HealthStatus::Unknown,
                    reason: sentence.to_owned(),
                    ..whole(&known.health, since)
                };
                let found = self.found(known, HealthSource::Resync);
                self.ledger.add(&found, vec![change]);
            }
        }
        self.board.publish(Snapshot {
            silence: Some(Silence { sentence, since }),
            ..Snapshot::clone(&before)
        });
        self.ledger.write(&self.shared.store).await;
    }
}

/// The end of a silence.
fn heard_again(health: &ProductHealth, at: Timestamp) -> Change {
    Change {
        from: Some(HealthStatus::Unknown),
        ..whole(health, at)
    }
}

/// The state of a whole product as a change.
fn whole(health: &ProductHealth, at: Timestamp) -> Change {
    Change {
        stack: None,
        service: None,
        from: None,
        to: health.state.status,
        reason: health.state.reason.clone(),
        at,
    }
}

/// One number for all that a product is judged by.
fn basis(row: &StandingRow, expected: usize, seen: u64) -> u64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    row.standing.status.hash(&mut hasher);
    row.standing.mode.as_str().hash(&mut hasher);
    for (stack, status) in &row.standing.stacks {
        (stack, status.as_str()).hash(&mut hasher);
    }
    (row.operation_active, expected, seen).hash(&mut hasher);
    hasher.finish()
}

/// When the engine was looked at last, and when it was heard.
#[derive(Debug, Clone, Copy)]
struct Looked {
    at: Instant,
    heard: Instant,
    took: Duration,
}

impl Looked {
    /// A large engine is not asked all the time.
    fn not_before(&self) -> Instant {
        self.at + (self.took * 2).min(LONGEST_PACE)
    }
}
