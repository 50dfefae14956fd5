//! Steps: how long each took, what it is at now, and all of a stack as a list.

use domain::operation::StepState;
use domain::operation::progress::StepProgress;
use domain::plan::{Phase, StepKey};
use domain::timestamp::Timestamp;
use leptos::prelude::*;

use super::Page;
use crate::clock::use_now;
use crate::components::{Elapsed, Icon, Look};

/// When a step began and ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    running: bool,
}

impl Moment {
    pub(super) const fn of(step: &StepProgress) -> Self {
        Self {
            from: step.started_at,
            to: step.ended_at,
            running: matches!(step.state, StepState::Started),
        }
    }
}

/// How long a step took or has been taking; nothing where it was not begun.
#[component]
pub fn StepTime(moment: Memo<Option<Moment>>) -> impl IntoView {
    move || {
        let moment = moment.get()?;
        let from = moment.from?;
        let to = if moment.running {
            None
        } else {
            Some(moment.to?)
        };
        Some(view! { <span class="step-time"><Elapsed from to /></span> })
    }
}

/// What a step is at, in words. `now` tells how long a wait has lasted, and when the next attempt comes.
pub(super) fn doing(step: &StepProgress, now: Option<Timestamp>) -> String {
    match step.state {
        StepState::Pending => "Waiting for its turn".to_owned(),
        StepState::Started => match (step.retry_at, &step.failure, &step.message) {
            (Some(at), Some(failure), _) => {
                let wait = now.map_or(0, |now| at.since(now).as_secs());
                let when = if wait > 0 {
                    format!("in {wait} s")
                } else {
                    "now".to_owned()
                };
                format!(
                    "{}: {} Attempt {} {when}.",
                    step.outline.title,
                    full_stop(&failure.message),
                    step.attempt
                )
            }
            (_, _, Some(message)) => format!("{}: {message}", step.outline.title),
            _ => step.outline.title.clone(),
        },
        StepState::Done => step.result.clone().unwrap_or_else(|| "Done".to_owned()),
        StepState::Failed => step
            .failure
            .as_ref()
            .map_or_else(|| "Failed".to_owned(), |failure| failure.message.clone()),
        StepState::Skipped => step.because.as_ref().map_or_else(
            || "Skipped".to_owned(),
            |because| format!("Skipped: {because}"),
        ),
        StepState::Unknown => {
            "Nobody knows whether it was done; the engine is being asked".to_owned()
        }
        StepState::Undone => "Undone".to_owned(),
    }
}

fn full_stop(sentence: &str) -> String {
    format!("{}.", sentence.trim_end_matches('.'))
}

/// One word for a kind of act.
pub(super) const fn short(phase: Phase) -> &'static str {
    match phase {
        Phase::PullingImages => "Pull",
        Phase::Preparing => "Create",
        Phase::InitializingContainers => "Run",
        Phase::StoppingServices => "Stop",
        Phase::StartingServices => "Start",
        Phase::WaitingForHealth => "Health",
        Phase::Complete => "Finish",
        Phase::CleaningUp => "Clean up",
    }
}

/// Every step of a stack, in the order of the plan, with its cause.
#[component]
pub fn StepList(page: Page, stack: StoredValue<String>) -> impl IntoView {
    let feed = page.live.feed;
    let keys = Memo::new(move |_| {
        feed.with(|feed| {
            let stack = stack.with_value(|name| feed.progress.stack(name));
            let steps = stack.map(|stack| stack.steps.iter().map(|step| step.outline.step.clone()));
            steps
                .map(Iterator::collect::<Vec<StepKey>>)
                .unwrap_or_default()
        })
    });
    view! {
        <ol class="steps">
            <For each=move || keys.get() key=StepKey::clone children=move |key| view! { <StepRow page key /> } />
        </ol>
    }
}

#[component]
fn StepRow(page: Page, key: StepKey) -> impl IntoView {
    let feed = page.live.feed;
    let now = use_now();
    // Without its output, which would be compared line by line.
    let step = Memo::new(move |_| feed.with(|feed| feed.progress.step(&key).map(without_output)));
    let look = Signal::derive(move || {
        let state = step.with(|step| step.as_ref().map_or(StepState::Pending, |step| step.state));
        Look::from(state)
    });
    let moment = Memo::new(move |_| step.with(|step| step.as_ref().map(Moment::of)));
    let title = move || step.with(|step| step.as_ref().map(|step| step.outline.title.clone()));
    let about = move || {
        step.with(|step| {
            step.as_ref().map(|step| match step.state {
                StepState::Pending => format!("because {}", step.outline.cause),
                StepState::Started if step.retry_at.is_none() && step.message.is_none() => {
                    format!("because {}", step.outline.cause)
                }
                StepState::Started => doing(step, now.get()),
                _ => doing(step, None),
            })
        })
    };
    view! {
        <li class=move || format!("steps__row {}", look.get().tone.class())>
            <Icon glyph=Signal::derive(move || look.get().glyph) />
            <span class="unseen">{move || look.get().word}</span>
            <span class="steps__title">{title}</span>
            <span class="steps__about soft small">{about}</span>
            <StepTime moment />
        </li>
    }
}

/// A step for comparing and drawing.
pub(super) fn without_output(step: &StepProgress) -> StepProgress {
    StepProgress {
        outline: step.outline.clone(),
        message: step.message.clone(),
        result: step.result.clone(),
        failure: step.failure.clone(),
        because: step.because.clone(),
        output: std::collections::VecDeque::new(),
        ..*step
    }
}
