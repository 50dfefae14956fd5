//! The journal of one operation as its runner writes it: everything that one turn has to say goes into one transaction, and only
//! what was written is told to the listeners.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::access::Actor;
use domain::deployment::StackStatus;
use domain::id::OperationId;
use domain::operation::OperationStatus;
use domain::operation::event::{Event, EventBody, Level};
use domain::operation::step::StepRecord;
use domain::plan::Plan;
use domain::release::{ReleaseImage, ReleaseNumber};
use domain::timestamp::Timestamp;
use tokio::time::Instant;

use super::super::lease::LeaseEnd;
use super::super::{Shared, operations};
use super::RunError;
use crate::store::{Entry, Lease};

/// How long a write is tried again while the store does not answer.
const STORE_PATIENCE: Duration = Duration::from_secs(20);

/// One line of a transaction.
pub(super) enum Write {
    Event(Level, EventBody),
    Step(StepRecord),
    Plan(Plan),
    Status(OperationStatus),
    NotBefore(Timestamp),
    Stack {
        deployment: domain::id::DeploymentId,
        stack: String,
        status: StackStatus,
        message: Option<String>,
    },
    Finish {
        deployment: domain::id::DeploymentId,
        end: operations::End,
    },
    Images {
        deployment: domain::id::DeploymentId,
        release: ReleaseNumber,
        images: BTreeMap<String, ReleaseImage>,
    },
    TakeUpDecision,
}

/// The journal of one operation: gathers lines, writes them in one transaction, then tells the listeners.
pub(super) struct Journal {
    pub(super) shared: Arc<Shared>,
    pub(super) lease: Lease,
    pub(super) operation: OperationId,
    /// Number of the newest event, which nobody else changes: a try whose answer was lost is recognised by it.
    pub(super) newest: i64,
    /// Who wants the operation to end, as of the last write.
    pub(super) cancel_by: Option<Actor>,
    pub(super) entries: Vec<Write>,
    /// What those who act on the engine ask.
    pub(super) lease_end: LeaseEnd,
}

impl Journal {
    pub(super) fn push(&mut self, entry: Write) {
        self.entries.push(entry);
    }

    pub(super) fn event(&mut self, level: Level, body: EventBody) {
        self.push(Write::Event(level, body));
    }

    /// Writes everything gathered. While the store does not answer, tries again for as long as the lease may last.
    pub(super) async fn write(&mut self) -> Result<(), RunError> {
        if self.entries.is_empty() {
            return Ok(());
        }
        let mut writes = std::mem::take(&mut self.entries);
        // The end is an event as well, and always the last one.
        if let Some(Write::Finish { end, .. }) = writes.last() {
            let level = match end.status {
                OperationStatus::Succeeded => Level::Info,
                _ => Level::Error,
            };
            let body = EventBody::Finished {
                status: end.status,
                product_status: end.product_status,
                message: end.message.clone(),
            };
            writes.insert(writes.len() - 1, Write::Event(level, body));
        }
        let entries: Vec<Entry<'_>> = writes.iter().map(Write::entry).collect();
        let begun = Instant::now();
        let appended = loop {
            // The time of this try: a lease counted from an earlier one might be over when it is written.
            let now = self.shared.clock.now();
            let asked = Instant::now();
            match self
                .shared
                .store
                .append_after(
                    &self.lease,
                    self.newest,
                    now,
                    self.shared.settings.lease,
                    &entries,
                )
                .await
            {
                Ok(appended) => {
                    self.lease_end.extended(asked, self.shared.settings.lease);
                    break appended;
                }
                Err(error) if error.is_transient() && begun.elapsed() < STORE_PATIENCE => {
                    tracing::warn!(operation.id = %self.operation, error = &error as &dyn std::error::Error, "the journal is written again");
                    tokio::select! {
                        () = self.shared.stop.cancelled() => return Err(error.into()),
                        () = tokio::time::sleep(self.shared.settings.retry_base) => {}
                    }
                }
                Err(error) => return Err(error.into()),
            }
        };
        drop(entries);
        self.newest = appended.last_seq;
        if appended.cancel_by.is_some() {
            self.cancel_by = appended.cancel_by;
        }
        let bodies = writes.into_iter().filter_map(|write| match write {
            Write::Event(level, body) => Some((level, body)),
            _ => None,
        });
        let events = (appended.first_seq..)
            .zip(bodies)
            .map(|(seq, (level, body))| {
                Arc::new(Event {
                    seq,
                    at: appended.at,
                    level,
                    body,
                })
            });
        self.shared.feed.publish(self.operation, events);
        Ok(())
    }

    /// A sign of life; also learns whether someone wants the end.
    pub(super) async fn beat(&mut self) -> Result<(), RunError> {
        let asked = Instant::now();
        match self
            .shared
            .store
            .heartbeat(
                &self.lease,
                self.shared.clock.now(),
                self.shared.settings.lease,
            )
            .await
        {
            Ok(cancel_by) => {
                self.lease_end.extended(asked, self.shared.settings.lease);
                if cancel_by.is_some() {
                    self.cancel_by = cancel_by;
                }
                Ok(())
            }
            // The next write tries longer; a missed beat alone is no reason to leave.
            Err(error) if error.is_transient() => {
                tracing::warn!(operation.id = %self.operation, error = &error as &dyn std::error::Error, "no sign of life could be written");
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl Write {
    fn entry(&self) -> Entry<'_> {
        match self {
            Self::Event(level, body) => Entry::Event {
                level: *level,
                body,
            },
            Self::Step(record) => Entry::Step(record),
            Self::Plan(plan) => Entry::Plan(plan),
            Self::Status(status) => Entry::Status(*status),
            Self::NotBefore(at) => Entry::NotBefore(Some(*at)),
            Self::Stack {
                deployment,
                stack,
                status,
                message,
            } => Entry::Stack {
                deployment: *deployment,
                stack,
                status: *status,
                message: message.as_deref(),
            },
            Self::Finish { deployment, end } => Entry::Finish {
                status: end.status,
                deployment: *deployment,
                product_status: end.product_status,
                message: &end.message,
                error: end.error.as_deref(),
                settlement: &end.settlement,
            },
            Self::Images {
                deployment,
                release,
                images,
            } => Entry::Images {
                deployment: *deployment,
                release: *release,
                images,
            },
            Self::TakeUpDecision => Entry::TakeUpDecision,
        }
    }
}
