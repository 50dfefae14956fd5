//! Pulls of images: the first thing that happens, before anything else is touched.

use domain::operation::StepState;
use domain::operation::progress::StepProgress;
use domain::plan::{Phase, StepKey};
use leptos::prelude::*;

use super::Page;
use super::failure::FailurePanel;
use super::steps::{self, Moment, StepTime};
use crate::components::{Disclosure, Icon, Look, ProgressBar, bytes};

/// All pulls of the plan; open while one is at work or failed.
#[component]
pub fn Images(page: Page) -> impl IntoView {
    let feed = page.live.feed;
    let keys = Memo::new(move |_| {
        feed.with(|feed| {
            pulls(feed.progress.steps())
                .map(|step| step.outline.step.clone())
                .collect::<Vec<_>>()
        })
    });
    let counts = Memo::new(move |_| {
        feed.with(|feed| {
            let done = pulls(feed.progress.steps()).filter(|step| step.state == StepState::Done);
            (done.count(), pulls(feed.progress.steps()).count())
        })
    });
    let open = Memo::new(move |_| {
        feed.with(|feed| {
            pulls(feed.progress.steps())
                .any(|step| matches!(step.state, StepState::Started | StepState::Failed))
        })
    });
    let summary = move || {
        view! {
            <span class="images__summary">
                <h2>"Images"</h2>
                <span class="soft number">
                    {move || {
                        let (done, all) = counts.get();
                        format!("{done} of {all} on the engine")
                    }}
                </span>
            </span>
        }
    };
    move || {
        let keys = keys.get();
        (!keys.is_empty()).then(|| {
            let rows = keys
                .into_iter()
                .map(|key| view! { <Pull page key /> })
                .collect_view();
            view! {
                <Disclosure summary open card=true>
                    <ul class="images">{rows}</ul>
                </Disclosure>
            }
        })
    }
}

fn pulls<'a>(
    steps: impl Iterator<Item = &'a StepProgress>,
) -> impl Iterator<Item = &'a StepProgress> {
    steps.filter(|step| step.outline.phase == Phase::PullingImages)
}

#[component]
fn Pull(page: Page, key: StepKey) -> impl IntoView {
    let feed = page.live.feed;
    let step = Memo::new(move |_| feed.with(|feed| feed.progress.step(&key).cloned()));
    let look = Signal::derive(move || {
        let state = step.with(|step| step.as_ref().map_or(StepState::Pending, |step| step.state));
        Look::from(state)
    });
    let glyph = Signal::derive(move || look.get().glyph);
    let name = move || {
        step.with(|step| {
            let title = step.as_ref().map_or("", |step| step.outline.title.as_str());
            title.strip_prefix("Pull ").unwrap_or(title).to_owned()
        })
    };
    let amount =
        Memo::new(move |_| step.with(|step| step.as_ref().map(|step| (step.current, step.total))));
    let bar = move || {
        let shown = step.with(|step| {
            step.as_ref()
                .is_some_and(|step| step.state == StepState::Started && step.total > 0)
        });
        shown.then(|| {
            let part = move |pick: fn((u64, u64)) -> u64| {
                Signal::derive(move || amount.get().map_or(0.0, |amount| as_length(pick(amount))))
            };
            let text = Signal::derive(move || amount.get().map(describe).unwrap_or_default());
            view! {
                <ProgressBar
                    done=part(|(current, _)| current)
                    of=part(|(_, total)| total)
                    text
                    label="Bytes pulled"
                    thin=true
                />
            }
        })
    };
    let moment = Memo::new(move |_| step.with(|step| step.as_ref().map(Moment::of)));
    view! {
        <li class=move || format!("images__row {}", look.get().tone.class())>
            <Icon glyph />
            <code class="images__name">{name}</code>
            <span class="soft small images__doing">{move || step.with(|step| step.as_ref().map(doing))}</span>
            <StepTime moment />
            <div class="images__bar">{bar}</div>
            <FailurePanel step=Signal::derive(move || step.get().filter(|step| step.state == StepState::Failed)) />
        </li>
    }
}

fn describe((current, total): (u64, u64)) -> String {
    format!("{} of {}", bytes(current), bytes(total))
}

/// What a pull is at, in words.
fn doing(step: &StepProgress) -> String {
    match step.state {
        StepState::Pending => "Waiting".to_owned(),
        StepState::Started if step.retry_at.is_some() => steps::doing(step, None),
        StepState::Started => match (&step.message, step.total) {
            (Some(message), 1..) => format!("{}, {message}", describe((step.current, step.total))),
            (Some(message), 0) => message.clone(),
            (None, _) => "Asking the registry".to_owned(),
        },
        StepState::Done => match step.result.as_deref() {
            Some("already on the engine") => "Already on the engine".to_owned(),
            _ => "Pulled".to_owned(),
        },
        StepState::Skipped => step.because.clone().unwrap_or_else(|| "Skipped".to_owned()),
        state => Look::from(state).word.to_owned(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "the length of a bar")]
const fn as_length(count: u64) -> f64 {
    count as f64
}
