//! What is recorded of a deployment's health as lines of spans: the whole first, then its parts.

use std::time::Duration;

use domain::health::HealthStatus;
use domain::health::history::{self, Present, Turn, spans};
use domain::timestamp::Timestamp;
use domain::wire::{HealthSpan, HealthTimeline, HealthTrack};

use crate::reconcile::{Silence, Watched};
use crate::store::{HealthTransition, MAX_PAGE};

/// The time that is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    from: Timestamp,
    until: Timestamp,
}

impl Window {
    /// The hours before a moment.
    pub(super) fn until(until: Timestamp, hours: u32) -> Self {
        let length = Duration::from_secs(u64::from(hours) * 3600);
        let length = i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
        Self {
            from: Timestamp::from_millis(until.millis().saturating_sub(length)),
            until,
        }
    }
}

/// What is known of a deployment beside its health.
pub(super) struct Deployed {
    pub(super) name: String,
    pub(super) at: Timestamp,
}

/// What a line is about, and how it is now.
struct Subject {
    name: String,
    stack: Option<String>,
    service: Option<String>,
    present: Option<Present>,
}

/// `changes` are the newest first and at most [`MAX_PAGE`].
pub(super) fn timeline(
    stack: Option<&str>,
    deployed: &Deployed,
    mut changes: Vec<HealthTransition>,
    watched: Option<&Watched>,
    silence: Option<&Silence>,
    window: Window,
) -> HealthTimeline {
    // A full page says that older ones were left out.
    let whole = changes.len() < MAX_PAGE as usize;
    let known_since = whole.then_some(deployed.at);
    changes.reverse();
    let tracks = subjects(stack, deployed, &changes, watched, silence)
        .into_iter()
        .map(|subject| track(subject, &changes, known_since, window))
        .collect();
    HealthTimeline {
        from_utc: window.from,
        until_utc: window.until,
        tracks,
    }
}

/// A product and its stacks, or a stack and its services: those there are, and those that there were.
fn subjects(
    stack: Option<&str>,
    deployed: &Deployed,
    changes: &[HealthTransition],
    watched: Option<&Watched>,
    silence: Option<&Silence>,
) -> Vec<Subject> {
    let operation_active = watched.is_some_and(|watched| watched.operation_active);
    let present = |state: &domain::health::State| {
        let (status, since, reason) = match silence {
            Some(silence) => (HealthStatus::Unknown, silence.since, silence.sentence),
            None => (state.status, state.since, state.reason.as_str()),
        };
        Present {
            since,
            state: history::State {
                status,
                reason: reason.to_owned(),
                operation_active,
            },
        }
    };
    let health = watched.map(|watched| &watched.health);
    let part = stack.and_then(|name| {
        let mut stacks = health?.stacks.iter();
        stacks.find(|part| part.name == name)
    });
    let mut subjects = vec![Subject {
        name: match stack {
            Some(name) => part.map_or(name, |part| &part.display_name).to_owned(),
            None => deployed.name.clone(),
        },
        stack: stack.map(str::to_owned),
        service: None,
        present: match stack {
            Some(_) => part.map(|part| present(&part.state)),
            None => health.map(|health| present(&health.state)),
        },
    }];
    match stack {
        Some(name) => {
            let services = part.and_then(|part| part.services.as_ref());
            subjects.extend(services.into_iter().flatten().map(|service| Subject {
                name: service.name.clone(),
                stack: Some(name.to_owned()),
                service: Some(service.name.clone()),
                present: Some(present(&service.state)),
            }));
        }
        None => {
            let stacks = health.map(|health| &health.stacks);
            subjects.extend(stacks.into_iter().flatten().map(|part| Subject {
                name: part.display_name.clone(),
                stack: Some(part.name.clone()),
                service: None,
                present: Some(present(&part.state)),
            }));
        }
    }
    // Parts that are gone have a past all the same.
    for change in changes {
        let is_part = change.service.is_some() == stack.is_some();
        let known =
            |subject: &Subject| subject.stack == change.stack && subject.service == change.service;
        let name = change.service.as_ref().or(change.stack.as_ref());
        if let (true, Some(name), false) = (is_part, name, subjects.iter().any(known)) {
            subjects.push(Subject {
                name: name.clone(),
                stack: change.stack.clone(),
                service: change.service.clone(),
                present: None,
            });
        }
    }
    subjects
}

fn track(
    subject: Subject,
    changes: &[HealthTransition],
    known_since: Option<Timestamp>,
    window: Window,
) -> HealthTrack {
    let turns: Vec<Turn> = changes
        .iter()
        .filter(|change| change.stack == subject.stack && change.service == subject.service)
        .map(|change| Turn {
            at: change.at,
            from: change.from,
            to: history::State {
                status: change.to,
                reason: change.reason.clone(),
                operation_active: change.operation_active,
            },
        })
        .collect();
    let spans = spans(
        &turns,
        known_since,
        subject.present.as_ref(),
        window.from,
        window.until,
    );
    HealthTrack {
        name: subject.name,
        stack_name: subject.stack,
        service_name: subject.service,
        spans: spans
            .into_iter()
            .map(|span| HealthSpan {
                from_utc: span.from,
                until_utc: span.until,
                status: span.state.status,
                reason: span.state.reason,
                operation_active: span.state.operation_active,
            })
            .collect(),
    }
}
