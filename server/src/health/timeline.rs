//! What is recorded of a deployment's health as lines of spans: the whole first, then its parts.

use std::time::Duration;

use domain::health::HealthStatus;
use domain::health::State;
use domain::health::history::{Present, Turn, spans};
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
    mut changes: Vec<HealthTransition>,
    watched: Option<&Watched>,
    silence: Option<&Silence>,
    window: Window,
) -> HealthTimeline {
    // A full page says that older ones were left out.
    let whole = changes.len() < MAX_PAGE as usize;
    changes.reverse();
    let tracks = subjects(stack, &changes, watched, silence)
        .into_iter()
        .map(|subject| track(subject, &changes, whole, window))
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
    changes: &[HealthTransition],
    watched: Option<&Watched>,
    silence: Option<&Silence>,
) -> Vec<Subject> {
    let present = |state: &State| match silence {
        Some(silence) => Present {
            status: HealthStatus::Unknown,
            since: silence.since,
            reason: silence.sentence.to_owned(),
        },
        None => Present {
            status: state.status,
            since: state.since,
            reason: state.reason.clone(),
        },
    };
    let health = watched.map(|watched| &watched.health);
    let part = stack.and_then(|name| {
        let mut stacks = health?.stacks.iter();
        stacks.find(|part| part.name == name)
    });
    let mut subjects = vec![Subject {
        name: match stack {
            Some(name) => part.map_or(name, |part| &part.display_name).to_owned(),
            None => watched
                .map_or("Product", |watched| &watched.display_name)
                .to_owned(),
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
    whole: bool,
    window: Window,
) -> HealthTrack {
    let turns: Vec<Turn> = changes
        .iter()
        .filter(|change| change.stack == subject.stack && change.service == subject.service)
        .map(|change| Turn {
            at: change.at,
            from: change.from,
            to: change.to,
            reason: change.reason.clone(),
        })
        .collect();
    let spans = spans(
        &turns,
        whole,
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
                status: span.status,
                reason: span.reason,
            })
            .collect(),
    }
}
