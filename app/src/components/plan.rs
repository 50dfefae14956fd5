//! What an operation would do, before it does it: for each container what happens, why, and for how long it is away.

use domain::operation::event::StepOutline;
use domain::plan::{Change, ChangeKind, Downtime, ImageChange};
use domain::wire::{Drift, PlanView};
use leptos::prelude::*;

use super::card::Card;
use super::disclosure::Disclosure;
use super::problem_notice::Notice;
use super::status_badge::Tone;

/// The plan: its sentence, what was changed from outside, each stack's containers, and every step behind a summary.
#[component]
pub fn Plan(plan: PlanView) -> impl IntoView {
    let nothing = !plan.changes_something;
    let summary = plan.summary.clone();
    let header = move || {
        view! {
            <h2 id="plan">"Plan"</h2>
            <span class="soft">{summary.clone()}</span>
        }
    };
    let stacks = by_stack(plan.containers)
        .into_iter()
        .map(|(stack, changes)| view! { <StackChanges stack changes /> })
        .collect_view();
    view! {
        {(!plan.drift.is_empty()).then(|| view! { <Drifted drift=plan.drift /> })}
        <Card header flush=true>
            {nothing
                .then(|| {
                    view! { <p class="plan__nothing soft">"No container is touched."</p> }
                })}
            <div class="plan">{stacks}</div>
            <Pulls images=plan.pulls />
            <Steps steps=plan.steps />
        </Card>
    }
}

/// In the order in which the stacks come first.
fn by_stack(changes: Vec<Change>) -> Vec<(String, Vec<Change>)> {
    let mut stacks: Vec<(String, Vec<Change>)> = Vec::new();
    for change in changes {
        match stacks.iter_mut().find(|(name, _)| *name == change.stack) {
            Some((_, of_stack)) => of_stack.push(change),
            None => stacks.push((change.stack.clone(), vec![change])),
        }
    }
    stacks
}

#[component]
fn StackChanges(stack: String, changes: Vec<Change>) -> impl IntoView {
    let label = format!("Containers of the stack {stack}");
    let rows = changes
        .into_iter()
        .map(|change| view! { <Row change /> })
        .collect_view();
    view! {
        <section class="plan__stack">
            <h3>{stack}</h3>
            <ul aria-label=label>{rows}</ul>
        </section>
    }
}

#[component]
fn Row(change: Change) -> impl IntoView {
    let (verb, tone) = words(change.kind);
    let away = downtime(&change);
    let image = change.image.as_ref().and_then(image_words);
    view! {
        <li class=format!("plan__row {tone}")>
            <span class="plan__sign" aria-hidden="true">
                {change.kind.sign()}
            </span>
            <div class="plan__what">
                <p>
                    <span class="plan__verb">{verb}</span>
                    " "
                    <code>{change.container}</code>
                </p>
                <p class="soft small">
                    {change.cause}
                    {away.map(|away| view! { <span class="plan__away">{away}</span> })}
                </p>
                {image.map(|image| view! { <p class="soft small"><code>{image}</code></p> })}
            </div>
        </li>
    }
}

const fn words(kind: ChangeKind) -> (&'static str, &'static str) {
    match kind {
        ChangeKind::Create => ("Create", "tone-good"),
        ChangeKind::Start => ("Start", "tone-good"),
        ChangeKind::Replace => ("Replace", "tone-warn"),
        ChangeKind::Restart => ("Restart", "tone-warn"),
        ChangeKind::Keep => ("Keep", "tone-idle"),
        ChangeKind::Stop => ("Stop", "tone-bad"),
        ChangeKind::Remove => ("Remove", "tone-bad"),
    }
}

/// How long the service is away, where it is.
fn downtime(change: &Change) -> Option<String> {
    match &change.downtime {
        Downtime::None => None,
        Downtime::WhileReplaced { because } if change.kind == ChangeKind::Restart => {
            Some(format!("Away for a moment: {because}"))
        }
        Downtime::WhileReplaced { because } => {
            Some(format!("Away while it is replaced: {because}"))
        }
        Downtime::UntilStarted => Some("Away until it is started again".to_owned()),
        Downtime::ForGood => Some("Gone for good".to_owned()),
    }
}

/// The image before and after, where it is another one.
fn image_words(image: &ImageChange) -> Option<String> {
    fn digest(id: Option<&String>) -> Option<&str> {
        id.map(|id| short(id))
    }
    let old = match (&image.old_reference, digest(image.old_id.as_ref())) {
        (Some(reference), Some(id)) => format!("{reference} ({id})"),
        (Some(reference), None) => reference.clone(),
        (None, _) => return Some(image.reference.clone()),
    };
    let new = match (
        digest(image.new_id.as_ref()),
        digest(image.registry_digest.as_ref()),
    ) {
        (Some(id), _) => format!("{} ({id})", image.reference),
        (None, Some(digest)) => format!("{} (registry has {digest})", image.reference),
        (None, None) => image.reference.clone(),
    };
    Some(match old == new {
        true => new,
        false => format!("{old} → {new}"),
    })
}

/// As many digits as tell two images apart.
fn short(id: &str) -> &str {
    let digits = id.strip_prefix("sha256:").unwrap_or(id);
    digits.get(..12).unwrap_or(digits)
}

#[component]
fn Drifted(drift: Vec<Drift>) -> impl IntoView {
    let what = match drift.len() {
        1 => "One container is not as Windlass left it".to_owned(),
        count => format!("{count} containers are not as Windlass left them"),
    };
    let rows = drift
        .into_iter()
        .map(|drift| {
            view! {
                <li>
                    <code>{drift.container}</code>
                    {format!(": {}", drift.what)}
                </li>
            }
        })
        .collect_view();
    view! {
        <Notice tone=Tone::Warn what>
            <ul class="plan__drift">{rows}</ul>
        </Notice>
    }
}

#[component]
fn Pulls(images: Vec<String>) -> impl IntoView {
    (!images.is_empty()).then(|| {
        let count = images.len();
        let summary = move || {
            let images = if count == 1 { "image" } else { "images" };
            view! { <span>{format!("{count} {images} pulled before anything is stopped")}</span> }
        };
        let images = images
            .into_iter()
            .map(|image| view! { <li><code>{image}</code></li> })
            .collect_view();
        view! {
            <div class="plan__more">
                <Disclosure summary>
                    <ul class="plan__images">{images}</ul>
                </Disclosure>
            </div>
        }
    })
}

#[component]
fn Steps(steps: Vec<StepOutline>) -> impl IntoView {
    (!steps.is_empty()).then(|| {
        let count = steps.len();
        let summary = move || view! { <span>"All steps in order "<span class="soft number">{count}</span></span> };
        let steps = steps
            .into_iter()
            .map(|step| view! { <li>{step.title}</li> })
            .collect_view();
        view! {
            <div class="plan__more">
                <Disclosure summary>
                    <ol class="plan__steps">{steps}</ol>
                </Disclosure>
            </div>
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(old: Option<(&str, &str)>, reference: &str, new: Option<&str>, expected: &str) {
        let image = ImageChange {
            reference: reference.to_owned(),
            old_reference: old.map(|(reference, _)| reference.to_owned()),
            old_id: old.map(|(_, id)| id.to_owned()),
            new_id: new.map(str::to_owned),
            registry_digest: None,
            pulled: true,
        };
        assert_eq!(image_words(&image).as_deref(), Some(expected));
    }

    #[test]
    fn an_image_is_told_with_what_it_was() {
        check(None, "web:2", None, "web:2");
        check(
            Some(("web:1", "sha256:0123456789abcdef")),
            "web:2",
            None,
            "web:1 (0123456789ab) → web:2",
        );
        check(
            Some(("web:1", "sha256:0123456789abcdef")),
            "web:1",
            Some("sha256:0123456789abcdef"),
            "web:1 (0123456789ab)",
        );
    }
}
