//! Changes of health on their way into the record. A store that does not answer holds nothing up: they wait here, in bounds.

use std::collections::VecDeque;

use domain::health::{Change, HealthSource, Tally};
use domain::id::{DeploymentId, EnvironmentId, HealthTransitionId};

use crate::clock::new_id;
use crate::store::{HealthTransition, Store};

/// Changes that may wait; beyond, the oldest are lost.
const MOST_WAITING: usize = 10_000;
/// Changes that are written in one transaction.
const BATCH: usize = 250;

/// What is still to be written.
#[derive(Default)]
pub(super) struct Ledger(VecDeque<HealthTransition>);

/// Whose change it is, and how it was found.
pub(super) struct Found {
    pub(super) environment: EnvironmentId,
    pub(super) deployment: DeploymentId,
    pub(super) source: HealthSource,
    pub(super) operation_active: bool,
    pub(super) tally: Tally,
}

impl Ledger {
    pub(super) fn add(&mut self, found: &Found, changes: Vec<Change>) {
        for change in changes {
            if self.0.len() >= MOST_WAITING {
                self.0.pop_front();
                tracing::warn!("a change of health is not recorded: too many wait");
            }
            self.0.push_back(HealthTransition {
                id: HealthTransitionId::from_uuid(new_id()),
                environment: found.environment,
                deployment: found.deployment,
                stack: change.stack,
                service: change.service,
                from: change.from,
                to: change.to,
                reason: change.reason,
                source: found.source,
                operation_active: found.operation_active,
                tally: found.tally,
                at: change.at,
            });
        }
    }

    /// Writes what waits; what cannot be written now waits for the next time.
    pub(super) async fn write(&mut self, store: &Store) {
        while !self.0.is_empty() {
            let batch: Vec<HealthTransition> = self.0.iter().take(BATCH).cloned().collect();
            match store.record_health_transitions(&batch).await {
                Ok(()) => drop(self.0.drain(..batch.len())),
                Err(error) if error.is_transient() => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "changes of health wait to be recorded"
                    );
                    return;
                }
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "changes of health cannot be recorded"
                    );
                    self.0.drain(..batch.len());
                }
            }
        }
    }
}
