//! One service of a stack: what it is at, the state of each of its steps, and the output of a one-shot.

use domain::operation::StepState;
use domain::operation::progress::StepProgress;
use domain::plan::Phase;
use leptos::prelude::*;

use super::Page;
use super::steps::{Moment, StepTime, doing, short, without_output};
use crate::clock::use_now;
use crate::components::{Icon, Look, Output, Terminal};

/// The row of a service.
#[component]
pub fn ServiceRow(
    page: Page,
    stack: StoredValue<String>,
    service: String,
    init: bool,
) -> impl IntoView {
    let feed = page.live.feed;
    let now = use_now();
    let name = StoredValue::new(service.clone());
    let steps = Memo::new(move |_| {
        feed.with(|feed| {
            let stack = stack.with_value(|stack| feed.progress.stack(stack));
            stack.map_or_else(Vec::new, |stack| {
                name.with_value(|name| stack.steps_of(name).map(without_output).collect())
            })
        })
    });
    let state = Memo::new(move |_| steps.with(|steps| state_of(steps)));
    let look = Signal::derive(move || Look::from(state.get()));
    let in_words = move || steps.with(|steps| in_words(steps, now.get()));
    let moment = Memo::new(move |_| steps.with(|steps| telling(steps).map(Moment::of)));
    view! {
        <li class=move || format!("service {}", look.get().tone.class())>
            <Icon glyph=Signal::derive(move || look.get().glyph) />
            <div class="service__name">
                <strong>{service.clone()}</strong>
                {init.then(|| view! { <span class="tag">"init container"</span> })}
            </div>
            <StepTime moment />
            <p class="service__doing soft small">
                <span class="unseen">{move || look.get().word} ": "</span>
                {in_words}
            </p>
            <Chips steps />
            {init.then(|| view! { <InitOutput page stack name service /> })}
        </li>
    }
}

/// One mark for each step, with its whole title for those who ask.
#[component]
fn Chips(steps: Memo<Vec<StepProgress>>) -> impl IntoView {
    let marks = Memo::new(move |_| {
        steps.with(|steps| {
            let shown = steps
                .iter()
                .map(|step| (step.outline.phase, step.state, step.outline.title.clone()));
            let mut marks: Vec<_> = shown.collect();
            // Removing what was replaced and taking over its name are one act to a reader.
            marks.dedup_by(|next, mark| {
                let is_same = (next.0, next.1) == (mark.0, mark.1);
                if is_same {
                    mark.2 = format!("{}, {}", mark.2, next.2);
                }
                is_same
            });
            marks
        })
    });
    let chips = move || {
        let marks = marks.get().into_iter().map(|(phase, state, title)| {
            let look = Look::from(state);
            view! {
                <li class=format!("chip {}", look.tone.class()) title=format!("{title}: {}", look.word)>
                    <Icon glyph=look.glyph />
                    {short(phase)}
                    <span class="unseen">{format!(": {}", look.word)}</span>
                </li>
            }
        });
        marks.collect_view()
    };
    view! { <ul class="chips" aria-label="Steps">{chips}</ul> }
}

/// What a one-shot wrote; nothing before its first line.
#[component]
fn InitOutput(
    page: Page,
    stack: StoredValue<String>,
    name: StoredValue<String>,
    service: String,
) -> impl IntoView {
    let feed = page.live.feed;
    let output = Memo::new(move |_| {
        feed.with(|feed| {
            let stack = stack.with_value(|stack| feed.progress.stack(stack))?;
            let step =
                name.with_value(|name| stack.steps_of(name).find(|step| !step.output.is_empty()))?;
            Some(Output {
                dropped: step.output_dropped,
                lines: step.output.clone(),
            })
        })
        .unwrap_or_default()
    });
    let any = Memo::new(move |_| output.with(|output| !output.lines.is_empty()));
    move || {
        let label = format!("Output of {service}");
        any.get().then(|| {
            view! {
                <div class="service__output">
                    <h3>"Init Container Logs"</h3>
                    <Terminal output label />
                </div>
            }
        })
    }
}

/// The step that tells most about a service: the one that failed, the one at work, the next, the last.
fn telling(steps: &[StepProgress]) -> Option<&StepProgress> {
    let by = |state| steps.iter().find(|step| step.state == state);
    by(StepState::Failed)
        .or_else(|| by(StepState::Started))
        .or_else(|| by(StepState::Unknown))
        .or_else(|| by(StepState::Skipped))
        .or_else(|| by(StepState::Pending))
        .or_else(|| steps.last())
}

/// The state of a service: that of its telling step, but it is pending only before its first step.
fn state_of(steps: &[StepProgress]) -> StepState {
    match telling(steps) {
        None => StepState::Pending,
        Some(step) => step.state,
    }
}

fn in_words(steps: &[StepProgress], now: Option<domain::timestamp::Timestamp>) -> String {
    let Some(step) = telling(steps) else {
        return "Waiting for the plan".to_owned();
    };
    let begun = steps.iter().any(|step| step.started_at.is_some());
    match step.state {
        StepState::Started
            if step.outline.phase == Phase::WaitingForHealth && step.retry_at.is_none() =>
        {
            let waited = now
                .zip(step.started_at)
                .map(|(now, from)| now.since(from).as_secs());
            let title = doing(step, now);
            waited.map_or_else(|| title.clone(), |seconds| format!("{title}, {seconds} s"))
        }
        StepState::Pending if begun => "Ready, waiting for its turn".to_owned(),
        // Why stands above, with the evidence.
        StepState::Failed => format!("{} failed", step.outline.title),
        StepState::Done if step.outline.phase == Phase::WaitingForHealth => step
            .result
            .as_deref()
            .map_or_else(|| "Up".to_owned(), capitalised),
        _ => doing(step, now),
    }
}

fn capitalised(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(rest).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::operation::event::StepOutline;
    use domain::operation::failure::Failure;
    use domain::plan::StepKey;
    use domain::timestamp::Timestamp;
    use std::collections::VecDeque;

    fn step(title: &str, phase: Phase, state: StepState) -> StepProgress {
        StepProgress {
            outline: StepOutline {
                step: StepKey::new(title),
                title: title.to_owned(),
                phase,
                cause: String::new(),
                stack: None,
                service: None,
                waits_for: Vec::new(),
            },
            state,
            attempt: 1,
            started_at: (state != StepState::Pending).then(|| Timestamp::from_millis(1_000)),
            ended_at: None,
            message: None,
            current: 0,
            total: 0,
            result: None,
            failure: None,
            retry_at: None,
            output: VecDeque::new(),
            output_dropped: 0,
            because: None,
            undoes: false,
        }
    }

    fn check(steps: &[StepProgress], state: StepState, words: &str) {
        assert_eq!(state_of(steps), state, "{words}");
        assert_eq!(in_words(steps, Some(Timestamp::from_millis(13_400))), words);
    }

    #[test]
    fn a_service_says_what_it_is_at() {
        use StepState::{Done, Failed, Pending, Started};
        let create = |state| step("Create api", Phase::Preparing, state);
        let start = |state| step("Start api", Phase::StartingServices, state);
        let health = |state| step("Wait until api is healthy", Phase::WaitingForHealth, state);

        check(&[], Pending, "Waiting for the plan");
        check(
            &[create(Pending), start(Pending)],
            Pending,
            "Waiting for its turn",
        );
        check(
            &[create(Done), start(Pending)],
            Pending,
            "Ready, waiting for its turn",
        );
        check(
            &[create(Done), start(Started), health(Pending)],
            Started,
            "Start api",
        );
        check(
            &[start(Done), health(Started)],
            Started,
            "Wait until api is healthy, 12 s",
        );

        let mut healthy = health(Done);
        healthy.result = Some("healthy".to_owned());
        check(&[start(Done), healthy], Done, "Healthy");

        let mut failed = start(Failed);
        failed.failure = Some(Failure::new("the port is taken"));
        check(
            &[create(Done), failed, health(Pending)],
            Failed,
            "Start api failed",
        );
    }

    #[test]
    fn a_retry_says_why_and_when() {
        let mut start = step("Start api", Phase::StartingServices, StepState::Started);
        start.attempt = 2;
        start.failure = Some(Failure::new("the engine did not answer."));
        start.retry_at = Some(Timestamp::from_millis(16_400));
        check(
            &[start],
            StepState::Started,
            "Start api: the engine did not answer. Attempt 2 in 3 s.",
        );
    }
}
