//! Use cases of operations: look at one, follow it, cancel it.

mod previous_run;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use domain::access::Actor;
use domain::id::OperationId;
use domain::operation::event::{Event, EventBody};
use domain::operation::{Decision, Operation, OperationStatus};
use domain::wire::{OperationList, OperationView, PreviousRun};
use futures::stream::{self, Stream};
use tokio::sync::broadcast;

use crate::clock::Clock;
use crate::orchestrator::Orchestrator;
use crate::store::{CancelOutcome, Store, StoreError};
use previous_run::previous_run;

/// Most lines of a page of operations.
const MAX_PAGE_SIZE: u32 = 200;
/// Most events that one read gives.
pub const EVENTS_PER_PAGE: u32 = 500;
/// How often the journal is read where the operation does not run here: it may run on another node. One reader does it for all.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// The same where it runs here, and events come by themselves.
const LOOK_AGAIN_LIVE: Duration = Duration::from_secs(15);

/// Why an operation cannot be shown or cancelled.
#[derive(Debug, thiserror::Error)]
pub enum OperationError {
    /// There is none with this id.
    #[error("Operation '{0}' not found.")]
    NotFound(String),
    /// It has ended: nothing is left to cancel.
    #[error("The operation has ended already: it {}.", ended(*.0))]
    Ended(OperationStatus),
    /// It does not wait for a decision.
    #[error(
        "The operation does not wait for a decision, or somebody has decided already. Look at it again."
    )]
    NothingToDecide,
    /// The record could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

const fn ended(status: OperationStatus) -> &'static str {
    match status {
        OperationStatus::Succeeded => "succeeded",
        OperationStatus::Cancelled => "was cancelled",
        _ => "failed",
    }
}

/// The use cases of operations.
#[derive(Clone)]
pub struct Operations {
    store: Store,
    orchestrator: Orchestrator,
    clock: Clock,
}

impl Operations {
    /// Over a store and whoever runs the operations here.
    #[must_use]
    pub fn new(store: Store, orchestrator: Orchestrator, clock: Clock) -> Self {
        Self {
            store,
            orchestrator,
            clock,
        }
    }

    /// One operation.
    ///
    /// # Errors
    /// Where there is none.
    pub async fn get_operation(
        &self,
        _actor: &Actor,
        id: &str,
    ) -> Result<OperationView, OperationError> {
        let operation = self.find(id).await?;
        self.view(operation).await
    }

    /// One page of operations, the newest first: `page` counts from 1.
    ///
    /// # Errors
    /// Where the store does not answer.
    pub async fn list_operations(
        &self,
        _actor: &Actor,
        environment: Option<domain::id::EnvironmentId>,
        page: u32,
        page_size: u32,
    ) -> Result<OperationList, OperationError> {
        let page = page.max(1);
        let page_size = page_size.clamp(1, MAX_PAGE_SIZE);
        let offset = (page - 1).saturating_mul(page_size);
        let (found, total) = self
            .store
            .operation_page(environment, false, page_size, offset)
            .await?;
        let mut operations = Vec::with_capacity(found.len());
        for operation in found {
            operations.push(self.view(operation).await?);
        }
        Ok(OperationList {
            success: true,
            operations,
            total,
            page,
            page_size,
        })
    }

    /// How long the last operation of the same kind on the same product took, as far as it is looked for.
    ///
    /// # Errors
    /// Where there is no such operation.
    pub async fn get_previous_run(
        &self,
        _actor: &Actor,
        id: &str,
    ) -> Result<Option<PreviousRun>, OperationError> {
        let operation = self.find(id).await?;
        let Some(previous) = self.store.previous_success(&operation).await? else {
            return Ok(None);
        };
        let steps = self.store.steps(previous.id).await?;
        Ok(previous_run(&previous, &steps))
    }

    /// Its events after a number, and whether more are stored.
    ///
    /// # Errors
    /// Where there is no such operation.
    pub async fn list_events(
        &self,
        _actor: &Actor,
        id: &str,
        after: i64,
        limit: u32,
    ) -> Result<EventsRead, OperationError> {
        let operation = self.find(id).await?;
        let limit = limit.clamp(1, EVENTS_PER_PAGE);
        let events = self.store.events_after(operation.id, after, limit).await?;
        let last = events.last().map_or(after, |event| event.seq);
        let has_more = last < operation.event_seq;
        Ok(EventsRead {
            events,
            has_more,
            complete: !has_more && operation.status.is_final(),
        })
    }

    /// Asks to cancel. Asking twice is asking once; asking while cleaning up is stuck leaves the rest undone.
    ///
    /// # Errors
    /// Where it has ended.
    pub async fn cancel_operation(
        &self,
        actor: &Actor,
        id: &str,
    ) -> Result<OperationView, OperationError> {
        let missing = || OperationError::NotFound(id.to_owned());
        let operation: OperationId = id.parse().map_err(|_| missing())?;
        match self
            .store
            .request_cancel(operation, actor, self.clock.now())
            .await?
        {
            CancelOutcome::Requested | CancelOutcome::AlreadyRequested => {
                tracing::info!(operation.id = %operation, actor = %actor, "cancel requested");
                self.orchestrator.ring_cancel(operation);
                self.get_operation(actor, id).await
            }
            CancelOutcome::AlreadyFinal(status) => Err(OperationError::Ended(status)),
            CancelOutcome::NotFound => Err(missing()),
        }
    }

    /// Decides about an operation that waits for a decision.
    ///
    /// # Errors
    /// Where it does not wait for one.
    pub async fn decide_operation(
        &self,
        actor: &Actor,
        id: &str,
        decision: Decision,
    ) -> Result<OperationView, OperationError> {
        let operation = self.find(id).await?;
        if operation.status.is_final() {
            return Err(OperationError::Ended(operation.status));
        }
        if !self.store.decide(operation.id, decision).await? {
            return Err(OperationError::NothingToDecide);
        }
        tracing::info!(operation.id = %operation.id, actor = %actor, decision = decision.as_str(), "decided");
        self.orchestrator.ring();
        self.get_operation(actor, id).await
    }

    /// Waits for the end; the operation does not care whether anybody waits.
    ///
    /// # Errors
    /// Where the journal cannot be read.
    pub async fn wait_for_end(&self, id: OperationId) -> Result<(), OperationError> {
        use futures::StreamExt as _;
        let operation = self.store.operation(id).await?;
        let after = operation.map_or(0, |operation| operation.event_seq - 1);
        let events = self.follow(id, after.max(0), false);
        futures::pin_mut!(events);
        while let Some(event) = events.next().await {
            event?;
        }
        Ok(())
    }

    /// Every event after a number, as it comes, until the operation has ended.
    ///
    /// # Errors
    /// Where there is no such operation; the stream itself gives an error where the journal cannot be read any more.
    pub async fn follow_operation(
        &self,
        _actor: &Actor,
        id: &str,
        after: i64,
    ) -> Result<impl Stream<Item = Result<Arc<Event>, OperationError>> + Send + use<>, OperationError>
    {
        let operation = self.find(id).await?;
        let over = operation.status.is_final() && operation.event_seq <= after;
        Ok(self.follow(operation.id, after, over))
    }

    /// The same of an operation in an environment.
    ///
    /// # Errors
    /// Where there is no such operation there.
    pub async fn follow_operation_in(
        &self,
        _actor: &Actor,
        environment: &str,
        id: &str,
        after: i64,
    ) -> Result<impl Stream<Item = Result<Arc<Event>, OperationError>> + Send + use<>, OperationError>
    {
        let operation = self.find(id).await?;
        if operation.environment_id.to_string() != environment {
            return Err(OperationError::NotFound(id.to_owned()));
        }
        let over = operation.status.is_final() && operation.event_seq <= after;
        Ok(self.follow(operation.id, after, over))
    }

    fn follow(
        &self,
        id: OperationId,
        after: i64,
        over: bool,
    ) -> impl Stream<Item = Result<Arc<Event>, OperationError>> + Send + use<> {
        let follower = Follower {
            // Subscribed before the journal is read, so that nothing falls between.
            live: self.orchestrator.feed().subscribe(id),
            orchestrator: self.orchestrator.clone(),
            store: self.store.clone(),
            id,
            after,
            waiting: VecDeque::new(),
            caught_up: false,
            ended: over,
        };
        stream::unfold(follower, |mut follower| async {
            let next = follower.next().await.transpose()?;
            follower.ended |= next.is_err();
            Some((next, follower))
        })
    }

    async fn find(&self, id: &str) -> Result<Operation, OperationError> {
        let missing = || OperationError::NotFound(id.to_owned());
        let parsed = id.parse().map_err(|_| missing())?;
        self.store.operation(parsed).await?.ok_or_else(missing)
    }

    async fn view(&self, operation: Operation) -> Result<OperationView, OperationError> {
        let environment = self.store.environment(operation.environment_id).await?;
        let deployment = self
            .store
            .deployment_head(operation.environment_id, operation.deployment_id)
            .await?;
        let Some(deployment) = deployment else {
            return Err(OperationError::NotFound(operation.id.to_string()));
        };
        // Only with a plan: without one it waits for its engine.
        let asks = operation.plan.is_some() && operation.decision.is_none();
        Ok(OperationView {
            operation_id: operation.id.to_string(),
            environment_id: operation.environment_id.to_string(),
            environment_name: environment
                .map(|environment| environment.name)
                .unwrap_or_default(),
            product_group_id: operation.group_id,
            product_deployment_id: operation.deployment_id.to_string(),
            product_name: deployment.product_display_name,
            product_version: deployment.product_version,
            kind: operation.kind,
            status: operation.status,
            product_status: deployment.status,
            actor: operation.actor.to_string(),
            session_id: operation.session_id,
            cancel_requested: operation.cancel_requested,
            can_cancel: operation.status.is_active()
                && (!operation.cancel_requested || operation.status == OperationStatus::Stuck),
            decisions: match operation.status {
                OperationStatus::Waiting if asks => Decision::ALL.to_vec(),
                _ => Vec::new(),
            },
            message: operation.message,
            last_event_id: operation.event_seq,
            created_at: operation.created_at,
            started_at: operation.started_at,
            finished_at: operation.finished_at,
        })
    }
}

/// One page of a journal.
#[derive(Debug, Clone, PartialEq)]
pub struct EventsRead {
    pub events: Vec<Event>,
    /// Whether more are stored already.
    pub has_more: bool,
    /// Whether the operation has ended and this is the last page.
    pub complete: bool,
}

/// Reads the journal, then listens, then reads again where it fell behind.
struct Follower {
    live: broadcast::Receiver<Arc<Event>>,
    orchestrator: Orchestrator,
    store: Store,
    id: OperationId,
    after: i64,
    waiting: VecDeque<Arc<Event>>,
    /// Whether the journal was read to its end since the last gap: from there on listening is enough.
    caught_up: bool,
    ended: bool,
}

impl Follower {
    async fn next(&mut self) -> Result<Option<Arc<Event>>, OperationError> {
        while !self.ended {
            if let Some(event) = self.waiting.pop_front() {
                if event.seq <= self.after {
                    continue;
                }
                if event.seq > self.after + 1 {
                    // Something is missing between: the journal has it.
                    self.waiting.clear();
                    self.caught_up = false;
                    continue;
                }
                self.after = event.seq;
                self.ended = matches!(event.body, EventBody::Finished { .. });
                return Ok(Some(event));
            }
            if self.caught_up {
                self.listen().await?;
            } else {
                self.read().await?;
                if self.waiting.is_empty() {
                    self.leave_if_over().await?;
                }
            }
        }
        Ok(None)
    }

    async fn listen(&mut self) -> Result<(), OperationError> {
        let feed = self.orchestrator.feed();
        let pace = if feed.is_live(self.id) {
            LOOK_AGAIN_LIVE
        } else {
            LOOK_AGAIN
        };
        match tokio::time::timeout(pace, self.live.recv()).await {
            Ok(Ok(event)) => self.waiting.push_back(event),
            Ok(Err(broadcast::error::RecvError::Lagged(_))) => self.caught_up = false,
            Ok(Err(broadcast::error::RecvError::Closed)) => {
                // The run ended or moved; another may follow.
                self.live = feed.subscribe(self.id);
                self.caught_up = false;
            }
            Err(_) if feed.should_look(self.id, self.after, pace) => {
                self.read().await?;
                let feed = self.orchestrator.feed();
                feed.publish(self.id, self.waiting.iter().map(Arc::clone));
            }
            Err(_) => {}
        }
        Ok(())
    }

    async fn read(&mut self) -> Result<(), OperationError> {
        let events = self
            .store
            .events_after(self.id, self.after, EVENTS_PER_PAGE)
            .await?;
        self.caught_up = events.len() < EVENTS_PER_PAGE as usize;
        self.waiting.extend(events.into_iter().map(Arc::new));
        Ok(())
    }

    /// A reader who starts after the last event would wait for ever.
    async fn leave_if_over(&mut self) -> Result<(), OperationError> {
        let operation = self.store.operation(self.id).await?;
        self.ended = operation.is_none_or(|operation| {
            operation.status.is_final() && operation.event_seq <= self.after
        });
        Ok(())
    }
}
