//! Runs one operation to its end: the only writer of its journal.
//!
//! A loop of three things: write what has ended, see what can begin, write that it begins, and only then let it begin. Everything that one
//! turn has to say goes into one transaction. After a crash the same loop starts with the states that the store has: steps that had
//! begun are begun again. The runner knows no kind of operation and takes no decision that is not in the plan.

mod decision;
mod ending;
mod journal;
mod limits;
mod lost;
mod restored;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::deployment::{StackEvent, StackStatus};
use domain::operation::event::{EventBody, Level, UnwindReason};
use domain::operation::failure::Failure;
use domain::operation::step::StepRecord;
use domain::operation::{Operation, OperationStatus, StepState};
use domain::plan::{
    Action, Kept, Plan, StackOutcome, Step, StepKey, Turn, schedule, stack_outcome,
};
use domain::timestamp::Timestamp;
use tokio::sync::mpsc;
use tokio::task::{Id, JoinError};
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::lease::LeaseEnd;
use super::operations::{self, Material, PlanError};
use super::progress::{self, GATHER, Gathered, Note};
use super::redact::Redactor;
use super::steps::{self, Cause, Context, Outcome, Watch};
use super::{EngineUnavailable, Shared};
use crate::engine::Engine;
use crate::store::{Claim, MAX_PAGE, StoreError};
use journal::{Journal, Write};
use limits::{Limits, Tries, Work};

/// Longest pause before undoing that does not work is tried again.
const MAX_UNDO_PAUSE: Duration = Duration::from_secs(600);

/// How a run ended.
pub(super) enum Ended {
    /// The operation is final.
    Finished,
    /// It waits for a time; somebody claims it again then.
    Later,
    /// Windlass is shutting down.
    Stopped,
}

/// Why a run was left. The operation goes on once its lease has ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum RunError {
    #[error("the journal could not be read or written")]
    Store(#[from] StoreError),
    #[error("the record of the operation is not whole: its deployment is missing")]
    DeploymentMissing,
    #[error(transparent)]
    Engine(#[from] EngineUnavailable),
}

pub(super) async fn run(
    shared: &Arc<Shared>,
    claim: Claim,
    stop: CancellationToken,
) -> Result<Ended, RunError> {
    let operation = claim.operation;
    let material = Material::read(&shared.store, &operation)
        .await?
        .ok_or(RunError::DeploymentMissing)?;
    let redactor = redactor(&material);
    let mut run = Run {
        journal: Journal {
            shared: Arc::clone(shared),
            lease: claim.lease,
            operation: operation.id,
            newest: operation.event_seq,
            cancel_by: claim.cancel_by,
            entries: Vec::new(),
            lease_end: LeaseEnd::new(),
        },
        stacks: material
            .deployment
            .stacks
            .iter()
            .map(|stack| (stack.stack_name.clone(), stack.status))
            .collect(),
        cancelled: was_cancelled(&operation),
        plan: operation.plan.clone().unwrap_or_default(),
        records: Vec::new(),
        due: HashMap::new(),
        tries: HashMap::new(),
        heard: HashMap::new(),
        redactor,
        cancel: CancellationToken::new(),
        abandon: claim.abandon,
        operation,
        material,
        stop,
    };
    run.go(claim.resumed).await
}

/// Knows the secrets of what runs and of what shall run.
fn redactor(material: &Material) -> Redactor {
    let deployment = &material.deployment;
    let releases = material.target.iter().chain(&deployment.others);
    let mut products = vec![&deployment.product];
    products.extend(releases.clone().map(|release| &release.product));
    let deployed = deployment.stacks.iter().map(|stack| &stack.values);
    let released = releases.flat_map(|release| {
        let stacks = release.stacks.iter().map(|stack| &stack.values);
        stacks.chain([&release.shared_values])
    });
    let values = deployed.chain([&deployment.shared_values]).chain(released);
    Redactor::new(&products, values)
}

/// Whether an earlier run took up a wish to cancel. A wish that came while a failure was being undone changes nothing.
fn was_cancelled(operation: &Operation) -> bool {
    let undo = operation.plan.as_ref().and_then(|plan| plan.undo_because);
    match undo {
        Some(reason) => reason == UnwindReason::Cancelled,
        None => operation.status == OperationStatus::Cancelling,
    }
}

struct Run {
    journal: Journal,
    operation: Operation,
    material: Material,
    /// In manifest order.
    stacks: Vec<(String, StackStatus)>,
    plan: Plan,
    /// Parallel to the plan's steps.
    records: Vec<StepRecord>,
    /// When steps that wait for another attempt may have it.
    due: HashMap<usize, Instant>,
    /// What steps that wait for another attempt may still try.
    tries: HashMap<usize, Tries>,
    /// Lines of output that the journal had of steps that an earlier run left in the middle.
    heard: HashMap<StepKey, usize>,
    redactor: Redactor,
    /// Tells waiting steps that someone wants the end.
    cancel: CancellationToken,
    /// Whether the request to cancel was taken up.
    cancelled: bool,
    /// Whether the operator leaves undone what cannot be undone.
    abandon: bool,
    stop: CancellationToken,
}

impl Run {
    async fn go(&mut self, resumed: bool) -> Result<Ended, RunError> {
        let node = self.journal.shared.node.clone();
        // While it waits for the engine it is claimed again and again: said once is enough.
        let waiting = self.operation.status == OperationStatus::Waiting;
        if !waiting {
            self.journal
                .event(Level::Info, EventBody::Claimed { node, resumed });
        }
        if self.is_of_a_backup() {
            self.read_states().await?;
            return self.leave().await;
        }
        let shared = Arc::clone(&self.journal.shared);
        let found = shared.engines.engine(self.operation.environment_id).await;
        let engine = match (found, self.operation.plan.is_some()) {
            (Ok(engine), true) => {
                self.read_states().await?;
                engine
            }
            (Ok(engine), false) => match self.make_plan(engine.as_ref()).await? {
                Some(ended) => return Ok(ended),
                None => engine,
            },
            (Err(error), true) => return Err(error.into()),
            (Err(_), false) if self.take_up_cancel() => return self.finish().await,
            (Err(error), false) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                let message = format!("{error}: {}", cause.unwrap_or_default());
                return self.wait_for_engine(&message).await;
            }
        };
        let specs: HashMap<_, _> = match self.material.specs(&self.plan.pins) {
            Ok(specs) => specs
                .into_iter()
                .map(|spec| (spec.stack.clone(), spec))
                .collect(),
            Err(error) => return self.refuse(&error).await,
        };
        let specs = Arc::new(specs);
        let limits = Limits::of(engine.as_ref()).await;
        loop {
            let (notes, mut inbox) = progress::channel();
            // Undoing gets a context of its own: what cancelled the steps must not cancel it as well.
            let context = Arc::new(Context {
                watch: Watch::open(Arc::clone(&engine), &shared.tasks),
                engine: Arc::clone(&engine),
                lease: self.journal.lease_end.watch(),
                specs: Arc::clone(&specs),
                names: Mutex::new(self.names()),
                pins: self.plan.pins.clone(),
                scope: self.material.scope(),
                images: self.images_before(),
                setter: self.material.setter(),
                signals: shared.signals.clone(),
                operation: self.operation.id,
                resumed,
                deployment: self.operation.deployment_id,
                environment: self.operation.environment_id,
                group_id: self.operation.group_id.clone(),
                heard: Mutex::new(self.heard.clone()),
                started: Mutex::default(),
                seen_up: Mutex::default(),
                notes,
                settings: shared.settings.clone(),
                cancel: self.cancel.clone(),
            });
            if let Some(ended) = self.carry_out(&context, &limits, &mut inbox).await? {
                return Ok(ended);
            }
            match self.begin_lost_again(&context).await? {
                Attended::Done(true) => continue,
                Attended::Stopped => return Ok(Ended::Stopped),
                Attended::Done(false) | Attended::Cancelled => {}
            }
            match self.decide().await? {
                decision::Next::Wait => return Ok(Ended::Later),
                decision::Next::Again => continue,
                decision::Next::GoOn => {}
            }
            if self.plan.undo_from.is_some() || !self.begin_undo().await? {
                return self.finish().await;
            }
        }
    }

    /// Looks at the engine and decides; some end where the operation is over, or has to wait.
    async fn make_plan(&mut self, engine: &dyn Engine) -> Result<Option<Ended>, RunError> {
        if self.take_up_cancel() {
            return self.finish().await.map(Some);
        }
        let planned = operations::plan(&self.material, engine);
        let planned = match attended(&mut self.journal, &self.stop, planned).await? {
            Attended::Done(planned) => planned,
            Attended::Stopped => return Ok(Some(Ended::Stopped)),
            Attended::Cancelled => {
                self.take_up_cancel();
                return self.finish().await.map(Some);
            }
        };
        match planned {
            Ok(plan) => {
                tracing::debug!(operation.id = %self.operation.id, "plan:\n{plan}");
                let steps = plan.outlines();
                let kept = plan.kept.iter().map(Kept::outline).collect();
                self.records = plan.steps.iter().map(pending).collect();
                self.journal.push(Write::Plan(plan.clone()));
                self.journal.push(Write::Status(OperationStatus::Running));
                self.journal
                    .event(Level::Info, EventBody::Planned { steps, kept });
                self.plan = plan;
                self.journal.write().await?;
                Ok(None)
            }
            Err(PlanError::Engine(error)) => {
                let failure = steps::explain(&error);
                self.wait_for_engine(&failure.message).await.map(Some)
            }
            Err(error) => self.refuse(&error).await.map(Some),
        }
    }

    /// Nothing was begun: it may wait for as long as the engine needs, and can be cancelled meanwhile.
    async fn wait_for_engine(&mut self, why: &str) -> Result<Ended, RunError> {
        let shared = &self.journal.shared;
        let again = shared.clock.now().plus(shared.settings.retry_max);
        let message = format!("Waiting for the engine. {}", self.redactor.strike(why));
        let status = OperationStatus::Waiting;
        self.journal.push(Write::NotBefore(again));
        self.journal.push(Write::Status(status));
        if self.operation.status != status {
            self.journal
                .event(Level::Warning, EventBody::StatusChanged { status, message });
        }
        self.journal.write().await?;
        Ok(Ended::Later)
    }

    /// The end of an operation that cannot be planned: nothing was begun.
    async fn refuse(&mut self, error: &PlanError) -> Result<Ended, RunError> {
        let sentence = self.redactor.strike(&error.to_string());
        self.bring_back();
        let mut end = self.end();
        end.error = Some(sentence.clone());
        end.message = format!("{} {sentence}", end.message);
        self.finish_with(end).await
    }

    async fn read_states(&mut self) -> Result<(), RunError> {
        let mut known: HashMap<_, _> = self
            .journal
            .shared
            .store
            .steps(self.operation.id)
            .await?
            .into_iter()
            .map(|record| (record.key.clone(), record))
            .collect();
        self.records = self
            .plan
            .steps
            .iter()
            .map(|step| {
                known
                    .remove(&step.key)
                    .map_or_else(|| pending(step), begun_again)
            })
            .collect();
        for position in 0..self.records.len() {
            if let Some(at) = self.records[position].next_at {
                self.postpone(position, at);
            }
        }
        let left_talking = self
            .plan
            .steps
            .iter()
            .zip(&self.records)
            .any(|(step, record)| {
                matches!(step.action, Action::RunInit { .. }) && was_interrupted(record)
            });
        if left_talking {
            self.count_output().await?;
        }
        Ok(())
    }

    /// Counts the lines of output that the journal has, so that following a container again does not record them twice.
    async fn count_output(&mut self) -> Result<(), RunError> {
        let mut after = 0;
        loop {
            let store = &self.journal.shared.store;
            let page = store
                .events_after(self.operation.id, after, MAX_PAGE)
                .await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = last.seq;
            for event in page {
                if let EventBody::StepOutput { step, lines } = event.body {
                    *self.heard.entry(step).or_default() += lines.len();
                }
            }
        }
    }

    /// Lets a step wait for its time, but never longer than the longest pause: the clock may have been set back.
    fn postpone(&mut self, position: usize, at: Timestamp) {
        let shared = &self.journal.shared;
        let pause = at.since(shared.clock.now()).min(shared.settings.retry_max);
        self.due.insert(position, Instant::now() + pause);
    }

    /// Carries the plan out until every step has ended; some end where the run is left before.
    async fn carry_out(
        &mut self,
        context: &Arc<Context>,
        limits: &Limits,
        inbox: &mut mpsc::Receiver<Note>,
    ) -> Result<Option<Ended>, RunError> {
        let mut work = Work::default();
        let mut gathered = Gathered::after(&self.heard);
        let cancel_bell = self.journal.shared.feed.cancel_bell(self.operation.id);
        let mut heartbeat = beats(self.journal.shared.settings.heartbeat());
        let gather = tokio::time::sleep(Duration::ZERO);
        tokio::pin!(gather);
        loop {
            self.take_up_cancel();
            for (level, body) in gathered.take() {
                self.journal.event(level, body);
            }
            let begin = self.advance(&work, limits);
            self.journal.write().await?;
            if self.take_up_cancel() {
                // The write told of a wish to cancel. What it said to begin is not begun: undoing looks at what is there.
                continue;
            }
            for position in begin {
                self.begin(&mut work, context, position);
            }
            if work.is_empty() && (self.all_ended() || self.is_being_cancelled()) {
                return Ok(None);
            }
            let due = self.due.values().min().copied();
            let due_at = due.unwrap_or_else(Instant::now);
            loop {
                tokio::select! {
                    biased;
                    () = self.stop.cancelled() => return Ok(Some(Ended::Stopped)),
                    Some(ended) = work.tasks.join_next_with_id() => {
                        let mut next = Some(ended);
                        while let Some(ended) = next {
                            // What a step said comes before what came of it.
                            while let Ok(note) = inbox.try_recv() {
                                gathered.add(note, &self.redactor);
                            }
                            for (level, body) in gathered.take() {
                                self.journal.event(level, body);
                            }
                            self.ended(&mut work, ended);
                            next = work.tasks.try_join_next_with_id();
                        }
                        break;
                    }
                    () = cancel_bell.notified() => {
                        self.journal.beat().await?;
                        break;
                    }
                    _ = heartbeat.tick() => {
                        self.journal.beat().await?;
                        if self.journal.cancel_by.is_some() && !self.cancelled {
                            break;
                        }
                    }
                    () = tokio::time::sleep_until(due_at), if due.is_some() && !self.is_being_cancelled() => break,
                    // Before the inbox: a step that never stops talking must not keep its words from the journal.
                    () = &mut gather, if !gathered.is_empty() => break,
                    Some(note) = inbox.recv() => {
                        if gathered.is_empty() {
                            gather.as_mut().reset(Instant::now() + GATHER);
                        }
                        gathered.add(note, &self.redactor);
                    }
                }
            }
        }
    }

    /// Whether what was not begun is not begun any more.
    fn is_being_cancelled(&self) -> bool {
        self.cancelled && self.plan.undo_from.is_none()
    }

    /// Writes what follows from what has ended; the steps to begin once that is written.
    fn advance(&mut self, work: &Work, limits: &Limits) -> Vec<usize> {
        let mut room = limits.room(&self.plan, work);
        let mut begin = Vec::new();
        if self.is_being_cancelled() {
            return begin;
        }
        let now = Instant::now();
        self.due.retain(|_, at| *at > now);
        loop {
            let next = schedule(&self.plan, &self.states());
            let mut settled = !next.skipped.is_empty();
            for (position, because) in next.skipped {
                self.skip(position, because);
            }
            for position in next.ready {
                if begin.contains(&position) || self.due.contains_key(&position) {
                    continue;
                }
                match self.plan.steps[position].action.clone() {
                    Action::BeginStack { stack, turn } => {
                        self.start_record(position);
                        self.done_record(position, None);
                        if let Some(event) = turn.begun() {
                            self.change_stack(&stack, event, None);
                        }
                        settled = true;
                    }
                    Action::FinishStack { stack, turn } => {
                        self.finish_stack(position, &stack, turn);
                        settled = true;
                    }
                    action => {
                        if room.take(&action) {
                            self.start_record(position);
                            begin.push(position);
                        }
                    }
                }
            }
            if !settled {
                return begin;
            }
        }
    }

    fn finish_stack(&mut self, position: usize, stack: &str, turn: Turn) {
        match stack_outcome(&self.plan, &self.states(), stack) {
            StackOutcome::Complete => {
                self.start_record(position);
                self.done_record(position, None);
                self.change_stack(stack, turn.done(), None);
            }
            StackOutcome::Untouched => {
                self.skip(position, "the stack's turn never came".to_owned());
            }
            outcome @ (StackOutcome::Failed(_) | StackOutcome::Blocked) => {
                let cause = match outcome {
                    StackOutcome::Failed(first) => self.records[first].failure.as_ref(),
                    _ => None,
                };
                let message = cause.map_or_else(
                    || "something that it needs was not done".to_owned(),
                    |failure| failure.message.clone(),
                );
                self.start_record(position);
                self.fail_record(position, Failure::new(message.clone()), Level::Info);
                if let Some(event) = turn.failed() {
                    self.change_stack(stack, event, Some(message));
                }
            }
        }
    }

    /// Lets a step run on its own task.
    fn begin(&self, work: &mut Work, context: &Arc<Context>, position: usize) {
        let step = self.plan.steps[position].clone();
        let context = Arc::clone(context);
        let task = work
            .tasks
            .spawn(async move { steps::perform(&context, &step).await });
        work.running.insert(task.id(), position);
    }

    fn ended(&mut self, work: &mut Work, ended: Result<(Id, Outcome), JoinError>) {
        let (task, outcome) = match ended {
            Ok(ended) => ended,
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a step ended abnormally"
                );
                let failure = Failure::new("Windlass failed inside this step; its log says where");
                (error.id(), Outcome::GiveUp(failure))
            }
        };
        let Some(position) = work.running.remove(&task) else {
            return;
        };
        match outcome {
            Outcome::Done(result) => self.done_record(position, result),
            Outcome::Recorded(images) => {
                if let Some(target) = &self.material.target {
                    self.journal.push(Write::Images {
                        deployment: self.operation.deployment_id,
                        release: target.number,
                        images,
                    });
                }
                self.done_record(position, None);
            }
            Outcome::GiveUp(failure) => self.give_up(position, failure),
            Outcome::Cancelled => {
                // It was touched and not done: undoing looks at what is there.
                self.records[position].state = StepState::Unknown;
                let record = self.records[position].clone();
                self.journal.push(Write::Step(record));
            }
            Outcome::Retry(failure, cause) => {
                self.retry(position, failure, cause, StepState::Started);
            }
            Outcome::Unknown(failure, cause) => {
                self.retry(position, failure, cause, StepState::Unknown);
            }
        }
    }

    fn retry(&mut self, position: usize, failure: Failure, cause: Cause, state: StepState) {
        let failure = self.strike(failure);
        let attempt = self.records[position].attempt;
        let tries = self.tries.entry(position).or_default();
        let again = tries.failed(attempt, cause);
        // Who leaves the rest undone does not want to wait for it.
        let Some(try_number) = again.filter(|_| !self.abandon) else {
            return self.give_up(position, failure);
        };
        let shared = &self.journal.shared;
        let at = shared.clock.now().plus(shared.backoff(try_number));
        let record = &mut self.records[position];
        record.state = state;
        record.next_at = Some(at);
        record.failure = Some(failure.clone());
        let step = record.key.clone();
        self.journal.push(Write::Step(record.clone()));
        self.journal.event(
            Level::Warning,
            EventBody::StepRetrying {
                step,
                attempt: attempt + 1,
                at,
                failure,
            },
        );
        // Pending lets the schedule offer it again when it is due; the store keeps that it was begun.
        self.records[position].state = StepState::Pending;
        self.postpone(position, at);
    }

    fn give_up(&mut self, position: usize, failure: Failure) {
        let failure = self.strike(failure);
        self.fail_record(position, failure, Level::Error);
    }

    fn strike(&self, mut failure: Failure) -> Failure {
        failure.message = self.redactor.strike(&failure.message);
        for line in &mut failure.log_lines {
            *line = self.redactor.strike(line);
        }
        failure.health_output = failure
            .health_output
            .map(|output| self.redactor.strike(&output));
        failure
    }

    /// Undoing failed: it is tried again and again, slowly, until it works or the operator lets go by cancelling.
    async fn stuck(&mut self, left: &[usize]) -> Result<Ended, RunError> {
        let titles: Vec<_> = left
            .iter()
            .map(|&position| self.plan.steps[position].action.title())
            .collect();
        if self.abandon {
            self.bring_back();
            let mut end = self.end();
            end.add(&format!(
                "Left undone at the operator's word: {}.",
                titles.join("; ")
            ));
            return self.finish_with(end).await;
        }
        // What came after them may come out better, too: a network that was still in use.
        let after = (0..self.plan.steps.len()).filter(|&position| {
            let needs = &self.plan.steps[position].needs;
            needs.iter().any(|need| left.contains(&need.step))
        });
        let again: Vec<usize> = left.iter().copied().chain(after).collect();
        for position in again {
            let record = &mut self.records[position];
            record.state = StepState::Pending;
            record.attempt = 0;
            record.next_at = None;
            let record = record.clone();
            self.journal.push(Write::Step(record));
        }
        let shared = &self.journal.shared;
        let now = shared.clock.now();
        let begun = left.iter().filter_map(|&p| self.records[p].started_at);
        let lasts = begun.min().map_or(Duration::ZERO, |begun| now.since(begun));
        let again = now.plus(undo_pause(shared.settings.undo_again, lasts));
        let message = format!(
            "Cleaning up does not work: {}. It is tried again at {again}; cancel to leave it undone.",
            titles.join("; ")
        );
        let status = OperationStatus::Stuck;
        self.journal.push(Write::NotBefore(again));
        self.journal.push(Write::Status(status));
        self.journal
            .event(Level::Error, EventBody::StatusChanged { status, message });
        self.journal.write().await?;
        Ok(Ended::Later)
    }

    /// Takes up a request to cancel, once; whether it did just now.
    fn take_up_cancel(&mut self) -> bool {
        let too_late = self.plan.undo_from.is_some() || self.only_tidies();
        !too_late && self.heed_cancel()
    }

    /// Takes it up although every step has ended: what failed waits for a decision, and that one is as good.
    fn heed_cancel(&mut self) -> bool {
        if self.cancelled {
            return false;
        }
        let Some(by) = self.journal.cancel_by.clone() else {
            return false;
        };
        self.cancelled = true;
        self.cancel.cancel();
        self.journal
            .push(Write::Status(OperationStatus::Cancelling));
        self.journal
            .event(Level::Warning, EventBody::CancelRequested { by });
        true
    }

    fn all_ended(&self) -> bool {
        let from = self.plan.undo_from.unwrap_or(0);
        self.records
            .iter()
            .zip(&self.plan.steps)
            .enumerate()
            .filter(|(position, (_, step))| *position >= from || step.tidies)
            .all(|(_, (record, _))| record.state.has_ended())
    }

    /// Whether nothing is left but tidying up: then it is too late to cancel.
    fn only_tidies(&self) -> bool {
        let mut left = self.plan.steps.iter().zip(&self.records);
        !self.plan.steps.is_empty()
            && left.all(|(step, record)| step.tidies || record.state.has_ended())
    }

    /// Names of containers that have not taken their plain ones, by stack, service and replica.
    fn names(&self) -> HashMap<(String, String, u32), String> {
        let mut names = HashMap::new();
        for (step, record) in self.plan.steps.iter().zip(&self.records) {
            match &step.action {
                Action::CreateContainer {
                    stack,
                    service,
                    replica,
                    name: Some(name),
                    ..
                } => {
                    let place = (stack.clone(), service.clone(), *replica);
                    names.insert(place, name.clone());
                }
                Action::TakeName {
                    stack,
                    service,
                    replica,
                    ..
                } if record.state == StepState::Done => {
                    names.remove(&(stack.clone(), service.clone(), *replica));
                }
                _ => {}
            }
        }
        names
    }

    fn states(&self) -> Vec<StepState> {
        self.records.iter().map(|record| record.state).collect()
    }

    fn start_record(&mut self, position: usize) {
        let now = self.journal.shared.clock.now();
        let record = &mut self.records[position];
        record.state = StepState::Started;
        record.attempt += 1;
        record.next_at = None;
        record.started_at.get_or_insert(now);
        let (step, attempt) = (record.key.clone(), record.attempt);
        self.journal.push(Write::Step(record.clone()));
        self.journal
            .event(Level::Info, EventBody::StepStarted { step, attempt });
    }

    fn done_record(&mut self, position: usize, result: Option<String>) {
        let step = self.end_record(position, StepState::Done, None);
        self.journal
            .event(Level::Info, EventBody::StepDone { step, result });
    }

    fn fail_record(&mut self, position: usize, failure: Failure, level: Level) {
        let step = self.end_record(position, StepState::Failed, Some(failure.clone()));
        self.journal
            .event(level, EventBody::StepFailed { step, failure });
    }

    fn skip(&mut self, position: usize, because: String) {
        let step = self.end_record(position, StepState::Skipped, None);
        self.journal
            .event(Level::Info, EventBody::StepSkipped { step, because });
    }

    fn end_record(
        &mut self,
        position: usize,
        state: StepState,
        failure: Option<Failure>,
    ) -> domain::plan::StepKey {
        let now = self.journal.shared.clock.now();
        let record = &mut self.records[position];
        record.state = state;
        record.failure = failure;
        record.next_at = None;
        record.ended_at = Some(now);
        self.journal.push(Write::Step(record.clone()));
        self.records[position].key.clone()
    }

    fn change_stack(&mut self, stack: &str, event: StackEvent, message: Option<String>) {
        let Some((_, status)) = self.stacks.iter_mut().find(|(name, _)| name == stack) else {
            return;
        };
        match status.next(event) {
            Ok(next) => {
                *status = next;
                let level = if next == StackStatus::Failed {
                    Level::Error
                } else {
                    Level::Info
                };
                self.journal.push(Write::Stack {
                    deployment: self.operation.deployment_id,
                    stack: stack.to_owned(),
                    status: next,
                    message: message.clone(),
                });
                let stack = stack.to_owned();
                self.journal.event(
                    level,
                    EventBody::StackChanged {
                        stack,
                        status: next,
                        message,
                    },
                );
            }
            // Begun before a crash and begun again: the record is right already.
            Err(error) => tracing::debug!(stack, error = &error as &dyn std::error::Error, "kept"),
        }
    }
}

/// Grows with the time that undoing has not worked for: what does not pass in minutes is not asked for twice a minute all night.
fn undo_pause(first: Duration, lasts: Duration) -> Duration {
    (lasts / 2).clamp(first, MAX_UNDO_PAUSE.max(first))
}

fn pending(step: &Step) -> StepRecord {
    StepRecord {
        key: step.key.clone(),
        state: StepState::Pending,
        attempt: 0,
        failure: None,
        next_at: None,
        started_at: None,
        ended_at: None,
    }
}

/// A step as a new run finds it: what had begun and not ended is begun again. Being interrupted is no failed attempt.
fn begun_again(mut record: StepRecord) -> StepRecord {
    if !record.state.has_ended() {
        if record.state == StepState::Started && record.next_at.is_none() {
            record.attempt = record.attempt.saturating_sub(1);
        }
        record.state = StepState::Pending;
    }
    record
}

/// Whether a step had begun, and waits to be begun again.
fn was_interrupted(record: &StepRecord) -> bool {
    record.state == StepState::Pending && record.started_at.is_some()
}

fn beats(every: Duration) -> Interval {
    let mut beats = tokio::time::interval_at(Instant::now() + every, every);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beats
}

/// What came of work that was done between signs of life.
enum Attended<T> {
    Done(T),
    /// Someone wants the end; the work was dropped.
    Cancelled,
    Stopped,
}

/// Does work that may take longer than a lease lasts.
async fn attended<T>(
    journal: &mut Journal,
    stop: &CancellationToken,
    work: impl Future<Output = T>,
) -> Result<Attended<T>, RunError> {
    let cancel_bell = journal.shared.feed.cancel_bell(journal.operation);
    let mut heartbeat = beats(journal.shared.settings.heartbeat());
    tokio::pin!(work);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(Attended::Stopped),
            done = &mut work => return Ok(Attended::Done(done)),
            () = cancel_bell.notified() => journal.beat().await?,
            _ = heartbeat.tick() => journal.beat().await?,
        }
        if journal.cancel_by.is_some() {
            return Ok(Attended::Cancelled);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_of_undoing_grows_with_its_time() {
        let first = Duration::from_secs(30);
        for (lasts, expected) in [(0, 30), (60, 30), (120, 60), (900, 450), (86_400, 600)] {
            let pause = undo_pause(first, Duration::from_secs(lasts));
            assert_eq!(pause, Duration::from_secs(expected), "{lasts}");
        }
    }
}
