//! What says how something is: badges, marks, times, bars, notices.

use domain::deployment::{OperationMode, ProductStatus, StackStatus};
use domain::health::{HealthStatus, Wanted};
use domain::operation::{OperationStatus, StepState};
use leptos::prelude::*;

use super::Piece;
use super::samples::{at, health, output, problem};
use crate::components::{
    Elapsed, HealthBadge, HealthReason, LiveMark, Look, Notice, OverallBar, ProblemNotice,
    ProgressBar, Prose, RelativeTime, Seen, Skeleton, StatusBadge, Terminal, Tone,
};
use crate::live::Link;

const TONES: [(Tone, &str); 5] = [
    (Tone::Good, "Everything is as it should be"),
    (Tone::Warn, "Something needs a look"),
    (Tone::Bad, "Something is broken"),
    (Tone::Busy, "Something is being changed"),
    (Tone::Idle, "There is nothing to do"),
];

/// Badges, bars, notices and texts.
#[component]
pub fn States() -> impl IntoView {
    view! {
        <Badges />
        <HealthBadges />
        <Bars />
        <Notices />
        <Texts />
    }
}

/// Looks in a row, as one kind of badge.
fn badges(looks: Vec<Look>, bare: bool) -> impl IntoView {
    let each = looks
        .into_iter()
        .map(|look| view! { <StatusBadge look bare /> });
    view! { <div class="row">{each.collect_view()}</div> }
}

#[component]
fn Badges() -> impl IntoView {
    use ProductStatus as P;
    let products = [
        P::Deploying,
        P::Running,
        P::PartiallyRunning,
        P::Failed,
        P::Stopped,
        P::Upgrading,
        P::Redeploying,
        P::Removing,
        P::Removed,
        P::Superseded,
    ];
    let mut products: Vec<Look> = products.into_iter().map(Look::from).collect();
    products.push(Look::of_product(P::Stopped, OperationMode::Maintenance));
    let stacks = [
        StackStatus::Pending,
        StackStatus::Deploying,
        StackStatus::Running,
        StackStatus::Failed,
        StackStatus::Stopped,
        StackStatus::Removing,
        StackStatus::Removed,
    ];
    let operations = OperationStatus::ALL.iter().copied().map(Look::from);
    let steps = StepState::ALL.iter().copied().map(Look::from);
    view! {
        <Piece name="badges" title="Status: products, stacks, operations, steps">
            {badges(products, false)}
            {badges(stacks.into_iter().map(Look::from).collect(), false)}
            {badges(operations.collect(), false)}
            {badges(steps.collect(), true)}
        </Piece>
    }
}

#[component]
fn HealthBadges() -> impl IntoView {
    let each = HealthStatus::ALL.iter().map(|status| {
        let health = health(*status, Wanted::Running, false);
        view! { <HealthBadge health=Signal::stored(health) /> }
    });
    let resting = health(HealthStatus::Healthy, Wanted::Stopped, false);
    let changing = health(HealthStatus::Unhealthy, Wanted::Running, true);
    let reason = Signal::stored(changing.clone());
    view! {
        <Piece name="health" title="Health, its reason and its age">
            <div class="row">
                {each.collect_view()} <HealthBadge health=Signal::stored(resting) />
                <HealthBadge health=Signal::stored(changing) />
            </div>
            <div class="row">
                <HealthReason health=reason /> <Seen at=Signal::stored(Some(at(0))) />
                <Seen at=Signal::stored(None) />
            </div>
        </Piece>
    }
}

#[component]
fn Bars() -> impl IntoView {
    let bars = TONES
        .into_iter()
        .zip([100, 62, 41, 18, 0])
        .map(|((tone, _), done)| {
            view! {
                <ProgressBar
                    done=Signal::stored(f64::from(done))
                    of=100.0
                    text=Signal::stored(format!("{done} percent"))
                    label="Progress"
                    tone=Signal::stored(tone)
                    thin=done < 50
                />
            }
        });
    let links = [
        Link::Connecting,
        Link::Live,
        Link::Reconnecting,
        Link::Unavailable,
        Link::Outdated,
    ];
    let marks = links.into_iter().map(|link| {
        view! { <LiveMark link=Signal::stored(link) heard=Signal::stored(Some(at(0))) /> }
    });
    view! {
        <Piece name="progress" title="Progress, connection, times">
            <OverallBar
                done=Signal::stored(66.0)
                of=100.0
                text=Signal::stored("66 percent".to_owned())
                label="Progress of the whole"
                tone=Signal::stored(Tone::Busy)
            />
            {bars.collect_view()}
            <div class="row">{marks.collect_view()}</div>
            <div class="row">
                <RelativeTime at=at(0) /> <Elapsed from=at(0) to=Some(at(192)) />
                <Elapsed from=at(0) to=Some(at(7_260)) />
            </div>
        </Piece>
    }
}

#[component]
fn Notices() -> impl IntoView {
    let each = TONES.into_iter().map(|(tone, what)| {
        view! {
            <Notice
                tone
                what
                why=Some("This is why, in one sentence.".to_owned())
                hint=Some("This is the way out.".to_owned())
            />
        }
    });
    view! {
        <Piece name="notices" title="Notices and problems">
            {each.collect_view()} <ProblemNotice problem=problem() />
        </Piece>
    }
}

const TEXT: &str = "# Changes\n\n## 1.1.0\n\n- the cache is `redis:7`\n- orders are **kept** for a year\n\nA paragraph.\n\n```\nline one\n  line two\n```\n";

#[component]
fn Texts() -> impl IntoView {
    view! {
        <Piece name="texts" title="Prose, output of a program, what stands in">
            <Prose text=TEXT untitled=true />
            <Terminal output=Signal::stored(output()) label="Output of migrate" />
            <Skeleton blocks=1 />
        </Piece>
    }
}
